"""Secrets come from files and variables, add no structure, and are seen nowhere."""

import os
import pickle

import pytest
from rich.console import Console

from trunkline.cli.house_tree import house_tree
from trunkline.core.secret import Secret

CANARY = "sk-canary-do-not-show-9d1f"


def test_a_secret_file_is_read_next_to_the_config_without_its_last_line_break(house, tmp_path):
    (tmp_path / "steady.key").write_text(CANARY + "\n")
    config = house("providers: {mine: {url: 'http://127.0.0.1:1', key: 'file:steady.key'}}\n")
    assert config.providers["mine"].key.reveal() == CANARY


def test_a_secret_file_may_stand_in_a_folder_of_the_environment(house, tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "key").write_text(CANARY)
    config = house(
        "providers: {mine: {url: 'http://127.0.0.1:1', key: 'file:${CREDENTIALS}/key'}}\n",
        {"CREDENTIALS": str(tmp_path / "inside")},
    )
    assert config.providers["mine"].key.reveal() == CANARY


def test_a_variable_cannot_name_a_file_to_read(house, tmp_path):
    (tmp_path / "other").write_text(CANARY)
    config = house("providers: {mine: {url: 'http://127.0.0.1:1', key: '${K}'}}\n", {"K": "file:other"})
    assert config.providers["mine"].key.reveal() == "file:other"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"x" * 20_000, "is larger than 16 KiB, which no key is"),
        (b"two\nlines\n", "the key has spaces around it, line breaks or characters beyond printable ASCII"),
        (b"\xff\xfe", "the key has spaces around it, line breaks or characters beyond printable ASCII"),
    ],
)
def test_a_secret_file_that_holds_no_key_is_refused_with_its_line(mistakes, tmp_path, content, expected):
    if content is not None:
        (tmp_path / "k").write_bytes(content)
    told = mistakes("providers:\n  mine:\n    url: http://127.0.0.1:1\n    key: file:k\n")
    assert len(told) == 1
    assert told[0].startswith("trunkline.yaml:4: providers.mine.key: the ")
    assert told[0].endswith(expected)


@pytest.mark.parametrize("value", ["x: {y: z}", "[a, b]", "a\nkeys: []", "*alias", "!!python/object:x y", "${OTHER}"])
def test_a_variable_adds_no_structure_whatever_it_holds(house, value):
    config = house("providers: {openai: }\nmodels: {m: 'openai/x'}\nlisten: 127.0.0.1:80\n", {"OPENAI_API_KEY": "k"})
    text = "providers: {mine: {url: 'http://127.0.0.1:1', auth: none, catalogue: '${V}'}}\n"
    assert house(text, {"V": value}).providers["mine"].catalogue == value
    assert config.keys == ()


def test_defaults_and_dollars_are_written_out(house):
    config = house(
        "providers: {mine: {url: 'http://${HOST:-127.0.0.1}:${PORT:-1}', auth: none, catalogue: 'a$$b${EMPTY:-}c'}}\n",
        {"PORT": "9"},
    )
    assert config.providers["mine"].url == "http://127.0.0.1:9"
    assert config.providers["mine"].catalogue == "a$bc"


def test_a_variable_may_stand_for_a_number_and_a_switch(house):
    config = house(
        "providers: {openai: }\ndirect: ${D}\nlimits: {connections: '${N}', body: '${B}'}\ntimeouts: {idle: '${I}'}\n",
        {"OPENAI_API_KEY": "k", "D": "false", "N": "7", "B": "2MiB", "I": "9"},
    )
    assert (config.direct, config.limits.connections, config.limits.body, config.timeouts.idle) == (
        False, 7, 2 * 1024 * 1024, 9.0
    )  # fmt: skip


def test_a_value_of_the_environment_is_not_shown_when_it_is_wrong(mistakes):
    told = mistakes(
        "providers: {openai: }\nlimits: {connections: '${N}'}\nlisten: '::${L}'\nmodels: {m: 'x/${L}'}\n",
        {"OPENAI_API_KEY": CANARY, "N": CANARY, "L": CANARY},
    )
    assert '"${N}" is not allowed' in "\n".join(told)
    assert '"::${L}" is not host:port' in "\n".join(told)
    assert CANARY not in "\n".join(told)


def test_credentials_in_a_url_are_refused_and_not_shown(mistakes):
    told = mistakes(f"providers: {{mine: {{url: 'https://me:{CANARY}@host/v1', auth: none}}}}\n")
    assert "//****@host" in told[0]
    assert CANARY not in told[0]


def test_a_key_in_a_urls_query_is_refused_and_not_shown(mistakes):
    told = mistakes(f"providers: {{mine: {{url: 'https://host/v1?api-key={CANARY}', auth: none}}}}\n")
    assert "//host/v1?****" in told[0]
    assert CANARY not in "".join(told)


def test_a_key_that_cannot_be_read_is_told_once(mistakes):
    told = mistakes("providers: {openai: {key: 'file:/no/such/file'}}\n")
    assert len(told) == 1
    assert "/no/such/file" in told[0]


def test_no_secret_is_in_the_tree_a_repr_or_a_pickle(house):
    config = house(
        "providers:\n  openai:\n  mine: {url: 'http://127.0.0.1:1', key: '${K}'}\n"
        "keys: [{name: ci, key: '${K}-virtual'}]\n",
        {"OPENAI_API_KEY": CANARY + "-env", "K": CANARY},
    )
    console = Console(record=True, width=200, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - kept by the console
    console.print(house_tree(config, "here"))
    console.file.close()
    shown = console.export_text() + repr(config) + str(config.providers["openai"].key)
    assert CANARY not in shown
    assert CANARY[:12] not in shown
    assert "****-env" in shown, "the last four characters of a long key tell it from others"
    with pytest.raises(TypeError):
        pickle.dumps(config.keys[0].key)


def test_a_short_secret_shows_nothing_of_itself():
    assert str(Secret("sk-steady")) == "****"
    assert repr(Secret("sk-steady")) == "Secret('****')"
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert not Secret("")
