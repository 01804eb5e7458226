"""What a caller sent, kept as it came and opened only if somebody asks.

Refuses to know where it will go.
"""

from fnmatch import fnmatchcase
from typing import Literal, TypeGuard

from msgspec import Struct

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import Dialect, Envelope, ProviderDialect, Rendered
from trunkline.core.money import Nanos


class CallerLimits(Struct, frozen=True):
    """How much a caller may ask for; None is without limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None


Priority = Literal["low", "normal", "high"]


class Caller(Struct, frozen=True):
    """Who is calling: the name of its virtual key, and what that key may do.

    ``models``  that it may use; None: all.
    ``team``    and ``tags`` are whose budgets its calls count against, and how the ledger groups them.
    ``budget``  nano-dollars it may spend in a calendar month, UTC; None: no limit of its own.
    ``targets`` that may serve it, as ``provider/model``; None: all that a model's name stands for.
    ``requires``  tags that every target of its calls must have, as where data may go: ``eu``, ``zero-retention``.
    ``priority`` when money runs short: whose calls go to cheaper targets first, and whose last.
    """

    name: str
    models: tuple[str, ...] | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    budget: Nanos | None = None
    limits: CallerLimits = CallerLimits()
    targets: tuple[str, ...] | None = None
    requires: tuple[str, ...] = ()
    priority: Priority = "normal"

    def may_use(self, model: str) -> bool:
        """True when the key's list of models (with ``*`` and ``?``) has this one, or there is no list."""
        return self.models is None or any(fnmatchcase(model, allowed) for allowed in self.models)

    def may_reach(self, target: str) -> bool:
        """True when a target, written ``provider/model``, may serve this caller."""
        return self.targets is None or any(fnmatchcase(target, allowed) for allowed in self.targets)


ANYONE = Caller("anyone")


class Call:
    """One request in its caller's own bytes and dialect.

    ``headers``   the caller's headers, names in lower case; a dialect says which may travel on.
    ``max_attempts``  the most requests to providers this call may make; None: as its route says.
    ``strategy``  the routing strategy asked for, by name; None: the route's own.
    ``requires``  tags that whoever is asked must have, beside those its caller's key requires.
    ``deadline``  the time by which the answer must have ended, on the house's clock, in seconds.
    """

    __slots__ = (
        "_request", "body", "caller", "deadline", "dialect", "envelope", "headers", "max_attempts", "requires",
        "strategy",
    )  # fmt: skip

    def __init__(
        self,
        body: bytes,
        dialect: Dialect,
        *,
        caller: Caller = ANYONE,
        deadline: float = float("inf"),
        headers: list[tuple[bytes, bytes]] | None = None,
        max_attempts: int | None = None,
        strategy: str | None = None,
        requires: tuple[str, ...] = (),
    ) -> None:
        self.body = body
        self.dialect = dialect
        self.envelope: Envelope = dialect.peek(body)
        self.caller = caller
        self.deadline = deadline
        self.headers = headers or []
        self.max_attempts = max_attempts
        self.strategy = strategy
        self.requires = requires
        self._request: ChatRequest | None = None

    @property
    def request(self) -> ChatRequest:
        """The request opened; parsed at the first look. Raises InvalidRequest."""
        if self._request is None:
            self._request = self.dialect.parse_request(self.body)
        return self._request

    def speaks(self, dialect: ProviderDialect) -> TypeGuard[Dialect]:
        """True when the caller's bytes can travel verbatim to a provider of this dialect."""
        return self.dialect.name == dialect.name and self.dialect.operation == dialect.operation

    def render(self, dialect: ProviderDialect, model: str) -> Rendered:
        """The bytes for a provider: the caller's own, re-addressed, or a translation."""
        if self.speaks(dialect):
            return dialect.readdress(self.body, self.envelope, model)
        return dialect.write_request(self.request, model)

    def with_body(self, body: bytes) -> "Call":
        """The same call with other bytes in the same dialect. Raises InvalidRequest."""
        return Call(
            body,
            self.dialect,
            caller=self.caller,
            deadline=self.deadline,
            headers=self.headers,
            max_attempts=self.max_attempts,
            strategy=self.strategy,
            requires=self.requires,
        )

    def __repr__(self) -> str:
        kind = "stream" if self.envelope.stream else "whole"
        return f"<Call {self.envelope.model!r} [{self.dialect.name} | {kind} | {len(self.body)} bytes]>"
