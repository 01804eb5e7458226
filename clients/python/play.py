"""Plays a client's scenes against the gateway, before a provider of each dialect, and says how each went.

Refuses to know any client. A scene is a function that is handed a model, returns when all is well and raises otherwise;
its name says what it shows. The result of each is one line of JSON on standard output.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

GATEWAY = os.environ.get("TRUNKLINE_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("TRUNKLINE_KEY", "sk-trunkline-clients")
PROVIDERS = os.environ.get("TRUNKLINE_MODELS", "openai responses anthropic gemini").split()
"""The models of the gateway; each stands for a provider that speaks the dialect of that name and no other."""

FORCING = [name for name in PROVIDERS if name != "ollama"]
"""Those that can be told that a tool must be called. Ollama cannot: `x-trunkline-dropped` says so, and it may talk."""

SUM = "What is 17 + 25?"
TOLD = "17 + 25 = 42."
WEATHER = "What is the weather in Paris?"
BOTH = "What is the weather in both Paris and London?"

ILL = {"limited": "-limited", "cut": "-cut", "unknown": "-unknown"}
"""Scenes of this name are handed a model that is out of requests, breaks off, or does not exist."""

Scene = Callable[[Any], None]


def play(
    dialects: dict[str, Callable[[str], Any]], scenes: Iterable[Scene], providers: Iterable[str] = PROVIDERS
) -> None:
    """Play each scene in each of the caller's dialects, of which the client's own model is made by name."""
    for dialect, model in dialects.items():
        for provider in providers:
            for scene in scenes:
                name = scene.__name__
                _say(dialect, provider, name, lambda s=scene, m=model, p=provider, n=name: s(m(p + ILL.get(n, ""))))


def refuses(kind: type[Exception], ask: Callable[[], Any]) -> Exception:
    """The error of the client's own kind that ``ask`` ends with."""
    try:
        told = ask()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised; the answer was {told!r}")


def same(found: object, wanted: object) -> None:
    """Both are equal, or else it says how they differ."""
    if found != wanted:
        raise AssertionError(f"{found!r} is not {wanted!r}")


def _say(dialect: str, provider: str, scene: str, act: Callable[[], None]) -> None:
    began, why = time.monotonic(), ""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever a client raises is the result
        why = f"{type(error).__name__}: {error}"
        traceback.print_exc(file=sys.stderr)
    seconds = round(time.monotonic() - began, 3)
    line = {"dialect": dialect, "provider": provider, "scene": scene, "why": why, "seconds": seconds}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
