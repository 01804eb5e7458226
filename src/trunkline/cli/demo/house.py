"""The house of the demo: the simulated providers, the local model and the gateway, each a process of its own.

Refuses to know what is asked of it.
"""

import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from trunkline.cli.demo.child import Child, running
from trunkline.local import is_installed

CLOUDS = Path(__file__).with_name("clouds.yaml")
HOUSE = Path(__file__).with_name("house.yaml")
LEARN_CLOUDS = Path(__file__).with_name("learn_clouds.yaml")
LEARN = Path(__file__).with_name("learn.yaml")
HOST = "127.0.0.1"
USUAL_PORT = 8080
WITHOUT_LOCAL = "the local model is not installed, so it is left out: pip install 'trunkline[local]'"

Tell = Callable[[str], None]


class Plan(Struct, frozen=True):
    """The two files a house is built from: its simulated providers, ``what`` they are, and its gateway."""

    clouds: Path = CLOUDS
    gateway: Path = HOUSE
    what: str = "one flaky, one dear"


TOUR = Plan()
LEARNING = Plan(LEARN_CLOUDS, LEARN, "one cheap, one dear")


class House(Struct, frozen=True):
    """What runs. ``url`` is the gateway's; ``has_local`` says whether the real model is there."""

    children: tuple[Child, ...]
    url: str
    has_local: bool


@asynccontextmanager
async def open_house(
    port: int | None, starting: Tell, note: Tell, *, local: bool = True, plan: Plan = TOUR
) -> AsyncGenerator[House]:
    """Everything started, in order, and stopped at the end. ``port`` None: 8080, or a free one where that is taken.
    ``local`` False leaves the local model out even where it is installed.

    ``starting`` hears what is being started, ``note`` what has come of it. Raises ChildFailed.
    """
    has_local = local and is_installed()
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="trunkline-demo-"))
        environ["TRUNKLINE_LEDGER"] = f"{folder}/trunkline.db"  # not among the files of whoever looks
        children: list[Child] = []

        async def start(name: str, what: str, *arguments: str) -> str:
            starting(f"starting {name} ({what})")
            child = await stack.enter_async_context(running(name, *arguments, environ=environ))
            children.append(child)
            note(f"{name:<20} {child.url:<30} {what}, up in {child.took:.1f} s")
            return child.url

        environ["SIMULATOR_URL"] = await start(
            "simulated providers", plan.what, "simulate", "-c", str(plan.clouds), "--port", "0"
        )
        if has_local:
            environ["LOCAL_URL"] = await start("local model", "a real one", "local", "--port", "0")
        elif local:
            note(WITHOUT_LOCAL)
        listen = f"{HOST}:{_port(port, note)}"
        url = await start("gateway", "what clients talk to", "serve", "-c", str(plan.gateway), "--listen", listen)
        yield House(tuple(children), url, has_local)


def _port(wanted: int | None, note: Tell) -> int:
    if wanted is not None:
        return wanted
    if is_free(USUAL_PORT):
        return USUAL_PORT
    note(f"port {USUAL_PORT} is taken, so the gateway takes a free one; --port N chooses")
    return 0


def is_free(port: int) -> bool:
    """True when a server could listen on this port of the loopback address now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True
