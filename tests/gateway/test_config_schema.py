"""The JSON Schema accepts what the loader accepts and refuses what it refuses."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from trunkline.gateway.config_schema import schema
from trunkline.gateway.config_source import load
from trunkline.gateway.document import read_document
from trunkline.gateway.yaml_document import parse_yaml

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("trunkline.*"))
ENVIRON = {"OPENAI_API_KEY": "k" * 20, "ANTHROPIC_API_KEY": "a" * 20}
SCHEMA = schema()


def accepts(text):
    return Draft202012Validator(SCHEMA).is_valid(plain(parse_yaml(text, "f")[0]))


def plain(value):
    """Decimals as JSON has them."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int)) else float(value)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_accepted_by_the_schema_and_by_the_loader(path):
    assert list(Draft202012Validator(SCHEMA).iter_errors(plain(read_document(path).tree))) == []
    assert load(path, ENVIRON).providers


@pytest.mark.parametrize(
    "text",
    [
        "providers: {openai: }",
        "providers: {mine: 'http://127.0.0.1:1'}",
        "providers: {mine: {url: 'http://127.0.0.1:1', dialect: openai, key_env: MY_KEY}}",
        "providers: {mine: {url: '${URL}', dialects: [openai, anthropic]}}",
        "providers: {mine: {like: openai, dialects: {openai: {quirks: {drop: [n]}}}}}",
        "providers: {mine: {like: openai, models: {m: {prices: {input: 0.15, output: '0.6'}}}}}",
        "providers: {openai: }\nmodels: {a: openai/a, b: [openai/a], c: {targets: [{model: openai/a}]}}",
        "providers: {openai: }\ntimeouts: {idle: 30s, total: 20}\nlimits: {body: 32 MiB, connections: '${N}'}",
        "providers: {openai: }\ndirect: ${D}\nlimits:",
    ],
)
def test_every_form_people_may_write_is_accepted(text):
    assert accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "models: {}",
        "providers: {}",
        "providers: {openai: }\nmodles: {}",
        "providers: {openai: {kye: x}}",
        "providers: {mine: {url: 'ftp://host'}}",
        "providers: {mine: {like: nobody}}",
        "providers: {mine: {dialect: antropic}}",
        "providers: {openai: }\ntimeouts: {idle: soon}",
        "providers: {openai: }\ntimeouts: {idle: -1}",
        "providers: {openai: }\nlimits: {body: 32 megs}",
        "providers: {openai: }\nmodels: {a: []}",
        "providers: {openai: }\nmodels: {a: {targets: [openai/a], on_unsupported: maybe}}",
        "providers: {openai: }\nkeys: [{name: ci}]",
        "providers: {openai: {models: {m: {prices: {input: -1, output: 0}}}}}",
    ],
)
def test_what_the_loader_refuses_by_its_form_the_schema_refuses_too(text):
    assert not accepts(text)


def test_every_field_says_what_it_is_for():
    for name, part in SCHEMA["$defs"].items():
        forms = [part, *part.get("anyOf", [])]
        for form in forms:
            for field, about in form.get("properties", {}).items():
                assert about.get("description"), f"{name}.{field}"
