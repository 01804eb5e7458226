"""Every provider known by name answers in its own shape, and is understood: one file a row, read by its own adapter.

The shapes are the documentation's, and say where and when it was read; nothing here was recorded from a server.
"""

from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from tests.spoken import Wired
from trunkline.core import errors
from trunkline.core.dialect import DialectName, Framed, ProviderDialect
from trunkline.core.events import Gathering
from trunkline.core.usage import Usage
from trunkline.providers.headroom import headroom
from trunkline.providers.registry import known, rows

SHAPES = Path(__file__).parent / "shapes"
WALL = 1_700_000_000.0  # when the answers came
Json = dict[str, Any]
every = pytest.mark.parametrize("name", sorted(rows()))


def shape(name: str) -> Json:
    path = SHAPES / f"{name}.yaml"
    assert path.is_file(), f"{name} is a provider known by name, and has no {path.name} in {SHAPES.name}/: write it"
    told: Json = yaml.safe_load(path.read_text())
    return told


def adapter(name: str, told: Json) -> ProviderDialect:
    assert told["dialect"] in get_args(DialectName)
    return known(name).dialect(told["dialect"])


def used(told: Json) -> Usage:
    return Usage(**told["means"]["usage"])


def test_no_shape_is_of_a_provider_that_nobody_knows():
    assert {path.stem for path in SHAPES.glob("*.yaml")} <= set(rows())


@every
def test_a_shape_says_where_and_when_it_was_read(name: str):
    told = shape(name)

    assert told["docs"].startswith("https://")
    assert date.fromisoformat(told["read"])


@every
def test_a_providers_answer_is_read_with_its_words_and_its_usage(name: str):
    told = shape(name)
    dialect, body = adapter(name, told), told["answer"].encode()

    seen, answer = dialect.sight(body), dialect.read_completion(body)

    assert seen.usage == answer.usage == used(told)
    if "vectors" in told["means"]:
        assert [part.wire["vectors"] for part in answer.parts] == [told["means"]["vectors"]]  # type: ignore[union-attr]
    else:
        assert (answer.text, answer.thoughts) == (told["means"]["text"], told["means"].get("thoughts", ""))
        assert answer.finish == "stop"


@every
def test_a_providers_stream_is_read_to_its_end_with_its_words_and_its_usage(name: str):
    told = shape(name)
    dialect = adapter(name, told)
    if "stream" not in told:  # vectors are not streamed, and frames of bytes are no text to stand in a file
        assert dialect.operation != "chat" or isinstance(dialect, Framed)
        return
    wired, stream = Wired(dialect), told["stream"].encode()
    gathering = Gathering()

    for event in wired.events(stream):
        gathering.add(event)

    answer = gathering.completion()
    assert (answer.text, answer.thoughts) == (told["means"]["text"], told["means"].get("thoughts", ""))
    assert (answer.finish, answer.usage) == ("stop", used(told))
    assert wired.scanned(stream).usage == used(told)


@every
def test_a_providers_error_is_known_for_what_it_is(name: str):
    told = shape(name)
    error, means = told["error"], told["means"]
    headers = [(key.encode(), value.encode()) for key, value in error["headers"].items()]

    found = adapter(name, told).parse_error(error["status"], headers, error["body"].encode(), name, WALL)

    assert type(found) is getattr(errors, means["error"]), found
    assert (
        found.retry_after == pytest.approx(means["retry_after"])
        if "retry_after" in means
        else found.retry_after is None
    )
    assert means.get("says", "") in str(found)


@every
def test_a_providers_headers_say_what_is_left(name: str):
    told = shape(name)
    headers = [(key.encode(), value.encode()) for key, value in told["headers"].items()]

    found = headroom(dict(headers).get, lambda: WALL)

    expected = told["means"].get("headroom", {})
    assert {window: [left.remaining, left.reset, left.limit] for window, left in found.items()} == {
        window: pytest.approx(figures) for window, figures in expected.items()
    }
