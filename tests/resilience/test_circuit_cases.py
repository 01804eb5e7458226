"""Traces of mature circuit breakers, replayed on ours."""

import json
import pathlib
import re

import pytest

from tests.resilience.scenes import ABANDONED, FAILED, FINE, MISTAKEN, circuit_of, ended, half_opened, opened
from trunkline.core.errors import ServerError
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.gate import Rejected

HERE = pathlib.Path(__file__).parent
BOOK = json.loads((HERE / "cases" / "breaker.json").read_text())
STATES = {"C": "closed", "O": "open", "H": "half_open"}
LONG = 10.0
ENDS = {
    "S": FINE,
    "F": FAILED,
    "X": MISTAKEN,
    "R": ABANDONED,
    "SS": ended(seconds=LONG),
    "SF": ended(ServerError("500"), seconds=LONG),
}


class Trace:
    """One circuit, its clock and the calls inside."""

    def __init__(self, start: str, settings: dict[str, object]) -> None:
        self.now = 0.0
        made = {"C": circuit_of, "-": circuit_of, "O": opened, "H": half_opened}[start]
        self.circuit: Circuit = made(**settings)
        self.inside: list[int] = []

    def may_enter(self) -> bool:
        ready = self.circuit.ready_at(self.now) <= self.now
        try:
            self.inside.append(self.circuit.enter(self.now))
        except Rejected:
            assert not ready
            return False
        assert ready
        return True

    def do(self, step: str) -> None:
        if step.startswith("+"):
            self.now += float(step[1:])
        elif step.startswith("A="):
            assert self.may_enter() is (step == "A=true")
        elif step == "begin":
            assert self.may_enter()
        elif step == "?":
            self.circuit.ready_at(self.now)
        elif step == "R" or step.startswith("end "):
            self.circuit.leave(self.inside.pop(0), ENDS[step.removeprefix("end ")], self.now)
        else:
            assert self.may_enter()
            self.circuit.leave(self.inside.pop(), ENDS[step], self.now)


@pytest.mark.parametrize("case", BOOK["cases"], ids=lambda case: case["id"])
def test_the_trace_ends_in_the_same_states(case):
    trace = Trace(case["start"], case["settings"])

    for place, step in enumerate(case["steps"]):
        action, _, state = step.partition(":")
        trace.do(action)
        assert state in ("", *STATES), step
        if state:
            assert trace.circuit.state == STATES[state], (place, step)


def test_every_case_is_replayed_written_out_or_left_out_with_a_reason():
    replayed = [case["id"] for case in BOOK["cases"]]
    ids = replayed + list(BOOK["written_out"]) + list(BOOK["left_out"])

    assert len(ids) == len(set(ids)) == 41
    assert all(reason.endswith(".") for reason in BOOK["left_out"].values())
    for place in BOOK["written_out"].values():
        file, name = place.split("::")
        assert re.search(rf"^(async )?def {name}\(", (HERE / file).read_text(), re.MULTILINE), place
