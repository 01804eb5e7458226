"""Secrets put wherever a secret can be, a wide run, and then every place the house writes or says anything is searched.

Refuses to forgive: whatever holds a canary and is not where it was put is a leak.
"""

import asyncio
import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
from msgspec import Struct

from tests.attack import overspend
from tests.attack.calls import DIALECTS, PATHS, Ask, call
from tests.attack.house import House, Process

LOUD = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG); "
    "from trunkline.cli.main import cli; sys.argv[0] = 'trunkline'; cli()"
)
"""The program at its most talkative: everything any library of it would log, down to debug."""

CANARIES = {
    "provider key in the config": "sk-canary-literal-4c1f9a7be2d0",
    "provider key in the environment": "sk-canary-environ-8e20d1c64fa9",
    "provider key in a file": "sk-canary-secretfile-a01b5de7c3f4",
    "virtual key in the config": "sk-canary-virtual-17d0c5a9e3b8",
    "admin key": "sk-canary-admin-b8f1e60a72cd",
    "pepper": "canary-pepper-4fd3c8e1a95702b6",
    "proxy credentials": "canary-proxy-c2e9a7d410f8",
    "caller's unknown key": "sk-canary-unknown-90ac7be3d215",
    "caller's cookie": "canary-cookie-5d7e1f0c8ab2",
    "caller's own header": "canary-header-e07c3a9d16f5",
    "key in a query": "canary-query-3b8f6d0e7c1a",
    "URL credentials in a config": "canary-urlpass-6c9a1e0d4f7b",
}
PLANTED = ("trunkline.json", "bad.json", "provider.secret", "simulated.json")
PROVIDERS = ("truth.jsonl", "simulator.log")  # providers are told their keys, and log what they like
MADE = "virtual key made by command"
DOORS = ("/", "/livez", "/readyz", "/health", "/metrics", "/v1/models", "/admin/health", "/admin/spend", "/admin/keys",
         "/admin/budgets", "/admin/nothing")  # fmt: skip
FAULTS = ("status:401", "status:403", "status:429", "status:500", "cut", "drop", "reset", "malformed", "login-page",
          "error-200", "error-in-stream", "redirect", "content-type", "huge-line", "silence")  # fmt: skip


class Leak(Struct, frozen=True):
    """A canary where it should not be."""

    what: str
    where: str


class Found(Struct, frozen=True):
    """``said``: bytes that were searched; ``planted``: how many of the ``canaries`` the same search finds at home."""

    leaks: list[Leak]
    canaries: int
    planted: int
    said: int
    calls: int
    places: list[str]


def providers() -> dict[str, Any]:
    """Three providers, each of whose keys is given to the gateway in another way."""
    keys = [CANARIES[f"provider key in {place}"] for place in ("the config", "the environment", "a file")]
    simulated = overspend.providers()
    for row, key in zip(simulated.values(), keys, strict=True):
        row.update(keys=[key], faults=[], latency={})
    return simulated


def config(folder: Path) -> dict[str, Any]:
    return {
        "models": {"fast": ["a/m", "b/m", "c/m"]},
        "keys": [{"name": "caller", "key": CANARIES["virtual key in the config"], "budget": "100"}],
        "admin_key": CANARIES["admin key"],
        "ledger": {"path": str(folder / "ledger.db"), "pepper": CANARIES["pepper"]},
        "budgets": [{"name": "all", "limit": "0.2", "when_short": "shrink"}],
        "timeouts": {"connect": 2, "first_content": 0.5, "idle": 0.5, "answer": 0.7, "total": 3},
    }


class Loud(House):
    """A house whose gateway logs everything, and whose providers' keys come by three ways."""

    def written(self) -> Path:
        path = super().written()
        config = json.loads(path.read_text())
        secret = self.folder / "provider.secret"
        secret.write_text(CANARIES["provider key in a file"])
        secret.chmod(0o600)
        config["providers"]["b"]["key"] = "${CANARY_KEY}"
        config["providers"]["c"]["key"] = f"file:{secret}"
        path.write_text(json.dumps(config))
        return path

    async def start(self, *, wait: bool = True) -> Process:
        command = [sys.executable, "-c", LOUD, "serve", "-c", str(self.written())]
        environ = {
            "CANARY_KEY": CANARIES["provider key in the environment"],
            "HTTPS_PROXY": f"http://user:{CANARIES['proxy credentials']}@127.0.0.1:9",
        }
        gateway = Process(command, self.folder / "gateway.log", environ)
        self.gateways.append(gateway)
        self.urls.append(await gateway.url())
        await self.ready(self.urls[-1])
        return gateway


class Wide:
    """Every door, every way to show a key, every fault, in both dialects; all that was said is kept."""

    def __init__(self, house: House, made: str) -> None:
        self.house = house
        self.made = made
        self.said: list[tuple[str, bytes]] = []
        self.shown: list[tuple[str, bytes]] = [("what callers and the environment showed", _shown(made).encode())]
        self._numbers = iter(range(10**6))

    async def run(self) -> None:
        keys = [CANARIES["virtual key in the config"], self.made, CANARIES["caller's unknown key"]]
        for key in keys:
            for dialect in DIALECTS:
                await self._calls(key, dialect)
        for name in ("authorization", "x-api-key", "api-key", "x-goog-api-key"):
            await self._shown(name)
        for door in DOORS:
            for key in (CANARIES["admin key"], *keys, ""):
                await self._door(door, key)

    async def _calls(self, key: str, dialect: str) -> None:
        models = ("fast", "no-such-model", *(f"{name}/fault:{fault}" for name in "abc" for fault in FAULTS))
        asks = [
            Ask(f"m0005-{next(self._numbers)}", model, "Repeat exactly: hello", key, dialect, manner, 200)
            for model in models
            for manner in ("whole", "stream")
        ]
        for seen in await asyncio.gather(*[call(self.house.http, self.house.urls[-1], ask) for ask in asks]):
            self.said.append((f"answer to {seen.ask.model}", seen.said))

    async def _shown(self, header: str) -> None:
        """A right and a wrong key in each header that may carry one, beside headers nobody asked for."""
        for key in (self.made, CANARIES["caller's unknown key"]):
            value = f"Bearer {key}" if header == "authorization" else key
            headers = {
                header: value,
                "cookie": "session=" + CANARIES["caller's cookie"],
                "x-internal-token": CANARIES["caller's own header"],
                "content-type": "application/json",
            }
            url = f"{self.house.urls[-1]}{PATHS['openai']}?key={CANARIES['key in a query']}"
            body = {"model": "fast", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}
            for data in (json.dumps(body), "{broken", json.dumps({**body, "model": "b/fault:status:400"})):
                async with self.house.http.post(url, data=data, headers=headers) as response:
                    await self._keep(f"{response.status} with {header}", response)

    async def _door(self, path: str, key: str) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        url = f"{self.house.urls[-1]}{path}?key={CANARIES['key in a query']}"
        async with self.house.http.get(url, headers=headers) as response:
            await self._keep(f"GET {path}", response)

    async def _keep(self, what: str, response: aiohttp.ClientResponse) -> None:
        shown = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        self.said.append((what, shown.encode() + b"\n" + await response.read()))


async def attack(folder: Path) -> Found:
    """Plant the canaries, run widely, stop everything, search."""
    house = Loud(folder, providers(), config(folder))
    async with house:
        await house.start()
        made = await _command(folder, "keys", "create", "made", "-c", str(folder / "trunkline.json"))
        canary = next((word for word in made.split() if word.startswith("sk-trunkline-")), "")
        assert canary, made
        wide = Wide(house, canary)
        await wide.run()
    wide.said += [
        (f"trunkline {' '.join(words)}", (await _command(folder, *words)).encode()) for words in _commands(folder)
    ]
    wide.said += [(str(path.name), path.read_bytes()) for path in _files(folder)]
    canaries = {**CANARIES, MADE: canary}
    leaks = sorted(_leaks(wide.said, canaries), key=str)
    planted = {leak.what for leak in _leaks([*wide.shown, *_planted(folder)], canaries)}
    places = sorted({where for where, _ in wide.said})
    return Found(leaks, len(canaries), len(planted), sum(len(text) for _, text in wide.said), len(wide.said), places)


def _shown(made: str) -> str:
    """The canaries that stand in no file: in headers, in the environment, in the command's one answer."""
    kinds = ("proxy credentials", "caller's unknown key", "caller's cookie", "caller's own header", "key in a query")
    return " ".join([made, *(CANARIES[kind] for kind in kinds)])


def _commands(folder: Path) -> list[list[str]]:
    """What a person would run on this house, and a config with a password in a URL, which is refused."""
    config = str(folder / "trunkline.json")
    bad = folder / "bad.json"
    address = f"http://user:{CANARIES['URL credentials in a config']}@127.0.0.1:9/v1"
    bad.write_text(json.dumps({"providers": {"x": {"url": address, "dialect": "openai"}}}))
    return [
        ["check", "-c", config],
        ["models", "-c", config],
        ["spend", "-c", config],
        ["spend", "-c", config, "--by", "key", "--json"],
        ["keys", "list", "-c", config],
        ["check", "-c", str(bad)],
        ["serve", "-c", str(bad)],
    ]


async def _command(folder: Path, *words: str) -> str:
    """What a command says, errors too."""
    environ = {"CANARY_KEY": CANARIES["provider key in the environment"]}
    process = Process([sys.executable, "-c", LOUD, *words], folder / "command.out", environ)
    async with asyncio.timeout(60):
        while process.alive:
            await asyncio.sleep(0.02)
    text = process.text()
    process.said.unlink()
    return text


def _files(folder: Path) -> Iterator[Path]:
    """Whatever the house has written: not what the canaries were planted in, nor the providers' own log."""
    return (path for path in folder.rglob("*") if path.is_file() and path.name not in {*PLANTED, *PROVIDERS})


def _planted(folder: Path) -> list[tuple[str, bytes]]:
    return [(name, (folder / name).read_bytes()) for name in PLANTED]


def _leaks(said: list[tuple[str, bytes]], canaries: dict[str, str]) -> Iterator[Leak]:
    for what, canary in canaries.items():
        plain = canary.encode()
        forms = (plain, base64.b64encode(plain), plain.hex().encode(), plain[:-4])
        for where, text in said:
            if any(form in text for form in forms):
                yield Leak(what, where)
