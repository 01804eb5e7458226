"""The reference says what the code does: a field without its row, or with another default, fails here."""

import re
from pathlib import Path

from msgspec import structs

from trunkline import breaker
from trunkline.resilience.circuit_settings import CircuitSettings

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "resilience.md").read_text("utf-8")


def test_every_setting_of_a_circuit_has_its_row_and_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE))

    assert rows == {field.name: str(field.default) for field in structs.fields(CircuitSettings)}


async def test_the_example_runs_as_it_stands():
    block = re.search(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None
    lines = "".join(f"    {line}\n" for line in block[1].splitlines())
    said = []

    async def ask(text):
        said.append(text)
        return "hi"

    scope = {"ask": ask}
    exec(f"async def example():\n{lines}    return answer\n", scope)  # noqa: S102 - the page's own program
    answer = await scope["example"]()

    assert (answer, said) == ("hi", ["Say hi."] * 3)


def test_every_public_method_of_the_breaker_is_named():
    public = [name for name in vars(breaker.CircuitBreaker) if not name.startswith("_")]

    assert [name for name in public if name not in PAGE] == []
