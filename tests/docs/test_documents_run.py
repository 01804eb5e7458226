"""What the documents show is run as it stands: programs, commands and configs, against a real gateway and simulator.

The one thing changed is the address: providers are the simulator, and the gateway listens on a free port.
"""

import asyncio
import os
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
import pytest
import yaml

from trunkline.cli.demo.child import running
from trunkline.cli.main import COMMANDS, cli
from trunkline.core.errors import CallError
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway import config_source

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    "docs/quickstart.md",
    "docs/how-to/pay-less.md",
    "docs/how-to/come-from-litellm.md",
    "docs/how-to/come-from-openrouter-or-portkey.md",
    "docs/reference/library.md",
    "docs/reference/http.md",
    "docs/reference/cli.md",
]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
KEYS = {
    "OPENAI_API_KEY": "sk-of-openai-for-tests",
    "ANTHROPIC_API_KEY": "sk-of-anthropic-for-tests",
    "TRUNKLINE_CI_KEY": "tl-of-ci-for-tests",
}
SPOKEN = {"openai": "openai", "anthropic": "anthropic"}
ADDRESS = "http://127.0.0.1:8080"
RUN = ("check", "ask", "models", "spend", "keys")  # the commands that end by themselves
PATIENCE = 60.0


class Block(NamedTuple):
    """A fenced block of a document."""

    language: str
    text: str


def blocks(document: str, *languages: str) -> list[Block]:
    said = (ROOT / document).read_text("utf-8")
    found = [Block(*match) for match in re.findall(r"^```(\w+)\n(.*?)^```$", said, re.MULTILINE | re.DOTALL)]
    return [block for block in found if block.language in languages]


def commands(document: str) -> list[str]:
    joined = "\n".join(block.text.replace("\\\n", " ") for block in blocks(document, "sh"))
    return [line.split("   #")[0].strip() for line in joined.splitlines() if line.strip()]


class House(NamedTuple):
    """Where the documents' house runs: its folder, its URL, its environment."""

    folder: Path
    url: str
    environ: Mapping[str, str]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    """The config of the quickstart, its providers simulated, its gateway running."""
    config = yaml.safe_load(blocks("docs/quickstart.md", "yaml")[0].text)
    targets = [
        target for route in config["models"].values() for target in ([route] if isinstance(route, str) else route)
    ]
    simulated: dict[str, Any] = {name: {"dialects": [SPOKEN[name]], "models": {}} for name in config["providers"]}
    for provider, _, model in (target.partition("/") for target in targets):
        simulated[provider]["models"][model] = {}
    (folder / "simulator.yaml").write_text(yaml.safe_dump({"providers": simulated}))
    script_folder = str(Path(sys.executable).parent)
    environ = {
        **os.environ,
        **KEYS,
        "TRUNKLINE_LEDGER": f"{folder}/trunkline.db",
        "PATH": f"{script_folder}{os.pathsep}{os.environ['PATH']}",
    }
    async with running(
        "simulator", "simulate", "-c", f"{folder}/simulator.yaml", "--port", "0", environ=environ
    ) as clouds:
        config["providers"] = {name: {"url": f"{clouds.url}/{name}/v1"} for name in simulated}
        (folder / "trunkline.yaml").write_text(yaml.safe_dump(config))
        serve = ("serve", "-c", f"{folder}/trunkline.yaml", "--listen", "127.0.0.1:0")
        async with running("gateway", *serve, environ=environ) as gateway:
            yield House(folder, gateway.url, environ)


async def run(house: House, *argv: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=house.folder, env=house.environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    said = out.decode()
    assert process.returncode == 0, f"{argv[-1]}\nended with {process.returncode}:\n{said}"
    return said


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_programs_and_commands_of_a_document_run(document: str, tmp_path: Path) -> None:
    programs = blocks(document, "python")
    lines = [line for line in commands(document) if runs(line)]
    assert programs or lines

    async with opened(tmp_path) as house:
        said = [
            await run(house, sys.executable, "-c", program.text.replace(ADDRESS, house.url)) for program in programs
        ]
        said += [await run(house, "sh", "-c", strict(line).replace(ADDRESS, house.url)) for line in lines]

    assert all(each.strip() for each in said)
    assert not any("Traceback" in each for each in said)


def runs(line: str) -> bool:
    return line.startswith(("curl ", "echo ")) or line.split()[1] in RUN


def strict(line: str) -> str:
    return re.sub(r"^curl ", "curl -sS --fail-with-body --max-time 30 ", line)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_stay_up_or_install_are_at_least_right(document: str) -> None:
    for line in commands(document):
        program, *arguments = line.split()
        match program:
            case "trunkline":
                assert arguments[0] in COMMANDS, line
                command = cli.get_command(click.Context(cli), arguments[0])
                assert command is not None
                command.make_parser(click.Context(command)).parse_args(arguments[1:])
            case "make":
                assert re.search(rf"^{arguments[0]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE), line
            case "pip":
                assert installable(arguments[-1].strip("'")), line
            case _:
                assert program in {"curl", "echo"}, line


def installable(wanted: str) -> bool:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    name, _, extra = wanted.rstrip("]").partition("[")
    return name == project["name"] and (not extra or extra in project["optional-dependencies"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_configs_of_a_document_are_good(document: str, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(document, "yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block.text)

        config = config_source.load(path, KEYS)

        unknown = [
            str(step.target)
            for route in config.models.values()
            for step in route.targets
            if not config.providers[step.target.provider].has(step.target.model)
        ]
        assert unknown == [], "a model of the documents is in the catalogue"


def test_error_bodies_of_the_http_reference_are_real_ones() -> None:
    _, openai, anthropic = (msgspec.json.decode(block.text) for block in blocks("docs/reference/http.md", "json"))

    first = OpenAIChat().parse_error(404, [], msgspec.json.encode(openai), "gateway")
    second = AnthropicMessages().parse_error(404, [], msgspec.json.encode(anthropic), "gateway")

    assert [type(error) is not CallError and "fsat" in error.message for error in (first, second)] == [True, True]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
async def test_example_runs_offline(example: Path, tmp_path: Path) -> None:
    config = str(ROOT / "examples/simulator.yaml")
    async with running("simulator", "simulate", "-c", config, "--port", "0", environ=os.environ) as clouds:
        house = House(tmp_path, "", {**os.environ, "SIMULATOR_URL": clouds.url})

        said = await run(house, sys.executable, "-W", "error", str(example))

    assert re.search(EXPECTED[example.stem], said), said


EXPECTED = {
    "chat": r"17 \+ 25 = 4\d[\s\S]* tokens, \$0\.0",
    "stream": r"Paris\.[^\n]* pieces from dear[\s\S]*|[\s\S]*broke: ",
    "tools": r'get_weather\({"city":"Paris"}\) = 18 degrees[\s\S]*sunny in Paris',
    "structured": r"'city': 'Paris'",
    "fallback": r'flaky/fault:status:503: [\s\S]*dear/sim-large: answered[\s\S]*did you mean "unlucky"\?',
}
