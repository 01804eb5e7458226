"""Files of every kind become values; hostile ones are refused cheaply and with their line."""

import time
from decimal import Decimal

import pytest

from trunkline.core.errors import ConfigError
from trunkline.gateway.document import Document, read_document
from trunkline.gateway.yaml_document import parse_yaml


def yaml(text):
    return parse_yaml(text, "f.yaml")[0]


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "f.yaml")
    return str(caught.value)


def test_scalars_are_read_as_yaml_1_2_reads_them():
    assert yaml("[1, -2, 0.15, 1e3, true, false, null, ~, no, on, 0x10, '1', 1_000, 12:30, 2026-11-22]") == [
        1, -2, Decimal("0.15"), Decimal("1e3"), True, False, None, None,
        "no", "on", "0x10", "1", "1_000", "12:30", "2026-11-22",
    ]  # fmt: skip


def test_every_place_has_its_line():
    _, lines = parse_yaml("a:\n  b:\n    - 1\n    - c: 2\n", "f.yaml")
    assert (lines[("a",)], lines[("a", "b")], lines[("a", "b", 0)], lines[("a", "b", 1, "c")]) == (1, 2, 3, 4)


def test_a_place_without_a_line_has_that_of_the_place_around_it(tmp_path):
    document = Document("f.yaml", tmp_path, {}, {("a",): 3})
    assert document.place(("a", "b", 0)) == "f.yaml:3: a.b[0]"
    assert document.place(("c",)) == "f.yaml: c"


def test_anchors_and_merges_work():
    assert yaml("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: *x") == {
        "a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}, "e": {"b": 1, "c": 2}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a is there twice; the first one would be lost"),
        ("a:\n\tb: 1\n", ("f.yaml:2: is not YAML: a tab or a stray character where a value should start; indent with "
         "spaces and quote the value")),
        ("a: [1\nb: 2\n", "f.yaml:2: is not YAML: did not find expected ',' or ']'"),
        ("a: !!python/object:os.system x\n", ("f.yaml:1: the tag tag:yaml.org,2002:python/object:os.system is not "
         "allowed; write the plain value")),
        ("a: 1\n---\nb: 2\n", "f.yaml:2: a second document starts here; a config is one document"),
        ("a: &a [*a]\n", "f.yaml:1: *a stands for nothing yet, or for something it is part of"),
        ("[a]: 1\n", "f.yaml:1: a name must be plain text"),
        ("a: \x01\n", "f.yaml:1: is not YAML: control characters are not allowed"),
    ],
)  # fmt: skip
def test_what_is_no_config_is_refused_with_its_line(text, expected):
    assert refusal(text) == expected


def test_deep_nesting_is_refused_and_not_recursed_into():
    began = time.perf_counter()
    assert refusal("[" * 100_000) == "f.yaml:1: values are nested more than 32 deep"
    assert time.perf_counter() - began < 5, "it took as long as the whole file"


def test_an_alias_bomb_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "with its aliases the file has more than 100000 values" in refusal("\n".join(lines))


def test_a_file_of_very_many_values_is_refused():
    assert "there are more than 100000 values" in refusal("- x\n" * 100_001)


def test_an_empty_file_says_what_it_needs(tmp_path):
    assert told(tmp_path, b"", "a.yaml") == "a.yaml: the file is empty; it needs at least providers: {openai: {}}"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.yaml", b"- 1\n", "a.yaml:1: the file must be a table of names and values, like providers: ..."),
        ("a.yaml", b"a: 1\nb: \xff\n", "a.yaml:2: the file is not UTF-8; save it as UTF-8"),
        ("a.yaml", b"#" * (1024 * 1024 + 1), "a.yaml: the file is larger than 1 MiB, which no config needs"),
        ("a.ini", b"", "a.ini: a config is a .yaml, .yml, .toml or .json file"),
        ("a.toml", b"a = \n", "a.toml: is not TOML: Invalid value (at line 1, column 5)"),
    ],
)
def test_a_file_that_cannot_be_one_is_refused(tmp_path, name, content, expected):
    assert told(tmp_path, content, name) == expected


def test_deeply_nested_toml_is_refused_too(tmp_path):
    assert told(tmp_path, b"a = " + b"[" * 100_000, "a.toml") == "a.toml: the values are nested too deeply"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere.yaml: cannot be read: No such file"):
        read_document(tmp_path / "nowhere.yaml")


def test_toml_and_json_are_read_without_floats(tmp_path):
    (tmp_path / "a.toml").write_text("price = 0.15")
    (tmp_path / "a.json").write_text('{"price": 0.15}')
    for name in ("a.toml", "a.json"):
        assert read_document(tmp_path / name).tree == {"price": Decimal("0.15")}


def told(folder, content, name):
    (folder / name).write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_document(folder / name)
    return str(caught.value)
