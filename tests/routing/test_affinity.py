"""Sessions are remembered a while, by what callers say of them; and what that saves is part of a cost."""

import json
from typing import Any

import pytest

from trunkline.core.call import Call, Caller
from trunkline.core.exchange import Target
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config, Route, RouteTarget
from trunkline.gateway.gateway import Gateway
from trunkline.providers.provider import Provider, Speech
from trunkline.routing import affinity
from trunkline.routing.affinity import CACHE_SECONDS, Affinity, session_of
from trunkline.routing.strategies import CostOptimized

HERE, THERE = Target("a", "m"), Target("b", "m")
SESSION = ("me", "m", "s")


def call(headers: dict[str, str] | None = None, **fields: Any) -> Call:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hello."}], **fields}).encode()
    sent = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Call(body, OpenAIChat(), caller=Caller("me"), headers=sent)


@pytest.mark.parametrize(
    "asked",
    [
        call({"x-trunkline-session": "s"}),
        call({"x-claude-code-session-id": "s"}),
        call({"session-id": "s"}),
        call(prompt_cache_key="s"),
        call(user="s"),
        call(metadata={"session_id": "s"}),
    ],
    ids=["header", "claude code", "codex", "cache key", "user", "metadata"],
)
def test_a_session_is_named_in_any_of_the_usual_ways(asked: Call) -> None:
    assert session_of(asked, asked.request) == SESSION


def test_anthropics_user_id_names_one_too() -> None:
    body = {
        "model": "m",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "Hi"}],
        "metadata": {"user_id": "s"},
    }
    asked = Call(json.dumps(body).encode(), AnthropicMessages(), caller=Caller("me"))

    assert session_of(asked, asked.request) == SESSION


def test_who_says_nothing_has_none_and_nobody_shares_anothers() -> None:
    stranger = Call(call(user="s").body, OpenAIChat(), caller=Caller("other"))

    assert session_of(call(), call().request) is None
    assert session_of(stranger, stranger.request) != SESSION


def test_a_session_is_forgotten_when_its_cache_is() -> None:
    now = [0.0]
    seen = Affinity(lambda: now[0])
    seen.saw(SESSION, HERE, 5_000)

    now[0] = CACHE_SECONDS
    assert seen.last(SESSION) is not None
    now[0] = CACHE_SECONDS + 1
    assert seen.last(SESSION) is None


def test_short_prompts_are_cached_nowhere_and_keep_their_session() -> None:
    seen = Affinity(lambda: 0.0)
    seen.saw(SESSION, HERE, 100)

    last = seen.last(SESSION)

    assert last is not None
    assert (last.target, last.cached) == (HERE, 0)


def test_the_oldest_session_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "MOST_SESSIONS", 2)
    seen = Affinity(lambda: 0.0)
    for name in ("1", "2", "1", "3"):
        seen.saw(("me", "m", name), THERE, 1)

    assert len(seen) == 2
    assert seen.last(("me", "m", "2")) is None
    assert seen.last(("me", "m", "1")) is not None


def test_what_a_warm_cache_saves_is_part_of_the_cost() -> None:
    provider = Provider("openai", "https://api.openai.com/v1", {"openai": Speech()}, auth="none", catalogue="openai")
    targets = tuple(RouteTarget(f"openai/{model}") for model in ("gpt-5", "gpt-5.1"))  # one price, cached at a tenth
    gateway = Gateway(Config({"openai": provider}, models={"m": Route(targets, strategy=CostOptimized(0.5))}))
    long = call(user="s", messages=[{"role": "user", "content": "The harbour lies still. " * 2_000}])
    cold = gateway.route(long, seed=1)
    chooser = gateway._routes.find("m").chooser
    assert chooser is not None

    chooser.served(cold, Target("openai", "gpt-5"))
    warm = gateway.route(long, seed=1)

    assert [str(one.candidate.target) for one in cold.ranked] == ["openai/gpt-5.1", "openai/gpt-5"]
    assert str(warm.target) == "openai/gpt-5"
    first = warm.ranked[0].candidate
    assert first.warm > 1_024
    assert cold.cost is not None
    assert warm.cost is not None
    assert cold.cost - warm.cost == pytest.approx(0.9 * 1_250 * first.warm, rel=0.01)
