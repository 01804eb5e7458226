"""The reference names everything there is: a new command, path, error, name or field without its line fails here."""

import inspect
import re
from pathlib import Path

import click
import pytest
from msgspec import Struct, structs

import trunkline
from trunkline.cli.main import COMMANDS, cli
from trunkline.core import errors
from trunkline.core.errors import CallError, TrunklineError
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.providers.provider import Provider
from trunkline.server.auth import KEY_HEADERS
from trunkline.server.run import application

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
HOUSE = Config(providers={"own": Provider(name="own", url="http://127.0.0.1:1/v1", dialects={"openai": {}})})  # type: ignore[dict-item]
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def text(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def section(page: str, heading: str) -> str:
    found = re.search(rf"^## `{re.escape(heading)}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section `{heading}`"
    return found[0]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_a_section_with_all_its_options(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None

    said = section(text("cli.md"), f"trunkline {name}")

    options = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
    assert [option for option in options if not re.search(rf"`{option}[` ]", said)] == []


def test_every_path_is_listed_with_its_methods() -> None:
    places = application(Gateway(HOUSE)).doors.places.all

    rows = dict(re.findall(r"^\| `(/[^`]*)` \| ([A-Z, ]+) \|", text("http.md"), re.MULTILINE))

    assert rows == {place.path: ", ".join(place.doors) for place in places}


def test_every_header_of_an_answer_is_listed() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src/trunkline/server").glob("*.py"))
    written = set(re.findall(r'\(b"(x-trunkline-[a-z-]+|(?:x-)?request-id|retry-after[a-z-]*)"', source))

    assert len(written) > 8
    assert {header for header in written if f"`{header}`" not in text("http.md")} == set()


def test_every_header_that_carries_a_key_is_named() -> None:
    assert [header for header in KEY_HEADERS if header.decode() not in text("http.md").lower()] == []


def test_every_error_stands_in_the_table_with_its_own_verdict() -> None:
    classes = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CallError)]
    expected = {
        kind.__name__: (str(kind.status), kind.kind, "yes" if kind.fallback else "no")
        for kind in classes
        if kind is not CallError
    }

    rows = re.findall(
        r"^\| `(\w+)` \| (\d+) \| `(\w+)` \| `\w+` \| `\w+` \| (yes|no) \|", text("http.md"), re.MULTILINE
    )

    assert {name: (status, code, onward) for name, status, code, onward in rows} == expected
    others = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, TrunklineError)]
    assert [kind.__name__ for kind in others if f"`{kind.__name__}`" not in text("http.md")] == []


def test_every_public_name_has_a_row() -> None:
    page = text("library.md")

    assert [name for name in trunkline.__all__ if not re.search(rf"^\| `{name}[`(]", page, re.MULTILINE)] == []


@pytest.mark.parametrize("name", ["Answer", "Client", "Stream"])
def test_every_public_method_of_what_one_holds_is_named(name: str) -> None:
    public = [attribute for attribute in vars(getattr(trunkline, name)) if not attribute.startswith("_")]
    page = text("library.md")

    assert [attribute for attribute in public if attribute != "gateway" and f"`{attribute}" not in page] == []


def fields(kind: type[Struct], seen: set[type[Struct]]) -> set[str]:
    seen.add(kind)
    found: set[str] = set()
    for field in structs.fields(kind):
        found.add(field.encode_name)
        for inner in structs_in(field.type):
            if inner not in seen:
                found |= fields(inner, seen)
    return found


def structs_in(kind: object) -> list[type[Struct]]:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return [kind]
    return [found for argument in getattr(kind, "__args__", ()) for found in structs_in(argument)]


def test_every_field_of_the_config_is_in_its_reference() -> None:
    names = fields(Config, set())
    page = text("config.md")

    assert {"listen", "first_content", "prices", "on_unsupported", "key_env"} <= names
    assert sorted(name for name in names if f"`{name}`" not in page and f"{name}`" not in page) == []


def test_every_page_can_be_reached_from_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.name != "README.md"]

    assert [page for page in pages if f"({page})" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    said = page.read_text("utf-8")
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([\w-]+))?\)", said)

    for link, anchor in links:
        target = (page.parent / link).resolve() if link else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_decision_is_short_and_says_context_decision_consequence(page: Path) -> None:
    said = page.read_text("utf-8")

    assert len(said.splitlines()) <= 40
    parts = [said.find(f"**{part}.**") for part in ("Context", "Decision", "Consequence")]
    assert -1 not in parts
    assert parts == sorted(parts)
