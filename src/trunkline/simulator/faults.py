"""Which fault strikes which request: by time, by model, by chance, by count, or by a model name that asks for it.
It refuses to know what a fault does to the bytes.
"""

import re
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from trunkline.simulator.ask import Ask, DialectName
from trunkline.simulator.error_bodies import error_body
from trunkline.simulator.fault_kinds import KINDS, FaultKind

PREFIX = "fault:"
_DATE = re.compile(r"date\+\d{1,7}(\.\d{1,6})?")
_PARAMETERS = (
    "status",
    "body",
    "retry_after",
    "seconds",
    "after_events",
    "bytes",
    "tokens",
    "location",
    "content_type",
)


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault and when it strikes. Unset parameters take the defaults of the kind.

    `retry_after` is seconds, ``date+SECONDS`` for an HTTP date, ``ms+MILLISECONDS`` for retry-after-ms alone, or any
    text.
    """

    kind: str
    status: Annotated[int, Meta(ge=100, le=599)] | None = None
    body: str | None = None
    retry_after: int | float | str | None = None
    seconds: Annotated[float, Meta(ge=0)] | None = None
    after_events: Annotated[int, Meta(ge=-1)] | None = None
    bytes: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    tokens: Annotated[int, Meta(ge=1)] | None = None
    location: str | None = None
    content_type: str | None = None

    rate: Annotated[float, Meta(ge=0, le=1)] = 1.0
    models: tuple[str, ...] = ("*",)
    start: Annotated[float, Meta(ge=0)] = msgspec.field(name="from", default=0.0)
    until: float | None = None
    times: Annotated[int, Meta(ge=1)] | None = None
    every: Annotated[int, Meta(ge=1)] = 1
    dialect: DialectName | None = None
    stream: bool | None = None

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ValueError(f"unknown fault kind `{self.kind}`; there are {', '.join(sorted(KINDS))}")
        for name in _PARAMETERS:
            if getattr(self, name) is not None and name not in kind.parameters:
                known = ", ".join(kind.parameters) or "no parameters"
                raise ValueError(f"a fault of kind `{self.kind}` takes {known}, not `{name}`")
        if self.kind == "body" and self.body is None:
            raise ValueError("a fault of kind `body` needs `body`, the name of an error body")
        if self.body is not None:
            error_body(self.body)
        wait = str(self.retry_after)
        if wait.startswith("date+") and not _DATE.fullmatch(wait):
            raise ValueError(f"`retry_after` must be like date+2 (seconds from now), got {wait}")
        for value in (wait, self.location or "", self.content_type or ""):
            if not value.isprintable():
                raise ValueError("a header's value must be printable")

    @property
    def about(self) -> FaultKind:
        """The row of this fault in the table of kinds."""
        return KINDS[self.kind]

    @property
    def label(self) -> str:
        """The fault as a model name would ask for it, for logs: ``fault:cut:3``."""
        given = [self.value(name) for name in self.about.parameters]
        while given and given[-1] is None:
            given.pop()
        return ":".join([PREFIX + self.kind, *("" if value is None else str(value) for value in given)])

    def value(self, name: str) -> int | float | str | None:
        """A parameter, or its default for this kind."""
        given: int | float | str | None = getattr(self, name)
        return self.about.defaults.get(name) if given is None else given

    def number(self, name: str) -> float:
        """A numeric parameter."""
        return float(self.value(name) or 0)

    def matches(self, ask: Ask, now: float) -> bool:
        """Whether this request is one of those the fault is meant for."""
        return (
            self.start <= now < (self.until if self.until is not None else float("inf"))
            and self.dialect in {None, ask.dialect}
            and self.stream in {None, ask.stream}
            and any(fnmatchcase(ask.model, glob) for glob in self.models)
        )


def named(model: str) -> Fault | None:
    """The fault that a model name such as ``fault:status:429:2`` asks for, None for any other name.

    Raises ValueError, which says what is wrong, for a name that begins like a fault and is none.
    """
    if not model.startswith(PREFIX):
        return None
    kind, *values = model.removeprefix(PREFIX).split(":", 3)
    names = KINDS[kind].parameters if kind in KINDS else ()
    if kind in KINDS and len(values) > len(names):
        raise ValueError(f"a fault of kind `{kind}` takes {', '.join(names) or 'no parameters'}")
    given = {name: value for name, value in zip(names, values, strict=False) if value}
    try:
        return msgspec.convert({"kind": kind, **given}, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


class Schedule:
    """The faults of one provider, and how often each has matched and struck."""

    def __init__(self, faults: tuple[Fault, ...], rng: Random) -> None:
        """Chance comes from `rng` alone."""
        self._faults = faults
        self._rng = rng
        self._matched = [0] * len(faults)
        self._struck = [0] * len(faults)

    def strike(self, ask: Ask, now: float) -> Fault | None:
        """The fault for a request at `now` seconds: the one in the model's name, else the first in turn."""
        asked_for = named(ask.model)
        if asked_for is not None:
            return asked_for
        for number, fault in enumerate(self._faults):
            if fault.matches(ask, now) and self._turn(number, fault):
                return fault
        return None

    def _turn(self, number: int, fault: Fault) -> bool:
        self._matched[number] += 1
        if self._matched[number] % fault.every or (fault.times is not None and self._struck[number] >= fault.times):
            return False
        if fault.rate < 1 and self._rng.random() >= fault.rate:
            return False
        self._struck[number] += 1
        return True
