"""What the operator's doors answer, as types: the OpenAPI document is made of them, and tests lay answers beside them.

Refuses to make an answer: rooms below do, and whoever adds a field there says so here.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from trunkline.providers.health import TargetStatus
from trunkline.stores.key_rows import KeyScope
from trunkline.telemetry.live import Sums


class Shape(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer, whole: no field that is not named here."""


class Status(Shape, frozen=True, kw_only=True):
    """``status`` in a word."""

    status: str


class HouseStatus(Status, frozen=True, kw_only=True):
    """``ok`` or ``draining``, a few figures, and every target asked so far."""

    version: str
    uptime_seconds: float
    calls_open: int
    calls_ended: int
    targets: list[TargetStatus]


class MinuteSums(Sums, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The calls that ended in the minute that began ``at``."""

    at: str


class Overview(HouseStatus, frozen=True, kw_only=True):
    """The last hour in sum, and each minute of it in which a call ended; known ``since`` the process started."""

    since: str
    hour: Sums
    minutes: list[MinuteSums]


class TriedShortly(Shape, frozen=True, kw_only=True):
    """An attempt in a line: ``outcome`` is ok, open, or the kind of its error."""

    target: str
    outcome: str
    seconds: float | None


class Tried(TriedShortly, frozen=True, kw_only=True):
    """An attempt in a story: when it ``began`` in seconds after the call, and what it cost in exact dollars."""

    began: float
    purpose: str
    cost_usd: str | None
    first_content_seconds: float | UnsetType | None = UNSET
    status: int | UnsetType | None = UNSET


class CallFacts(Shape, frozen=True, kw_only=True):
    """One ended call, as its line in the log."""

    at: str
    id: str
    trace: str
    caller: str
    asked: str
    outcome: Literal["ok", "error", "abandoned"]
    provider: str | None
    model: str | None
    stream: bool
    attempts: int
    seconds: float
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    first_content_seconds: float | UnsetType = UNSET
    error: str | UnsetType = UNSET


class CallLine(CallFacts, frozen=True, kw_only=True):
    """The same, with its attempts where there was more than one."""

    tried: list[TriedShortly] | UnsetType = UNSET


class Seen(Shape, frozen=True, kw_only=True):
    """What a check saw in an answer; ``spoiled``: nobody can use such an answer."""

    check: str
    spoiled: bool
    told: str


class Opinion(Shape, frozen=True, kw_only=True):
    """One score of an answer; ``at`` is Unix milliseconds, ``score`` null where it could not be judged."""

    at: int
    source: Literal["judge", "validator", "user", "gold"]
    by: str
    score: float | None
    weight: float
    label: str
    comment: str


class AnswerQuality(Shape, frozen=True, kw_only=True):
    """What is known of an answer's quality; ``kind`` is the kind of its prompt."""

    looked_at: bool
    kind: str | None
    found: list[Seen]
    scores: list[Opinion]


class CallStory(CallFacts, frozen=True, kw_only=True):
    """The same with everything there is to tell."""

    tried: list[Tried]
    passed: list[str]
    usage_source: Literal["reported", "estimated", "unknown"]
    decision: str | None
    quality: AnswerQuality | None


class Calls(Shape, frozen=True, kw_only=True):
    """The newest first."""

    calls: list[CallLine]


class Decisions(Shape, frozen=True, kw_only=True):
    """Request ids, the newest first; with ``?details=true`` what was decided."""

    decisions: list[str]
    newest: list[dict[str, Any]] | UnsetType = UNSET


class OfferedTarget(Shape, frozen=True, kw_only=True):
    """A target of a route: what it takes, what it can do, and its price per million tokens in exact dollars."""

    provider: str
    model: str
    context_window: int | None
    max_output: int | None
    abilities: dict[str, bool | None]
    usd_per_million_tokens: dict[str, Any] | None
    as_of: str | None


class Offered(Shape, frozen=True, kw_only=True):
    """What callers may name; of a route also how it chooses."""

    name: str
    targets: list[OfferedTarget]
    route: bool
    strategy: Any = UNSET
    callers_may_ask_for: list[str] | UnsetType = UNSET


class Models(Shape, frozen=True, kw_only=True):
    """Everything callers may name."""

    models: list[Offered]


class Reloaded(Status, frozen=True, kw_only=True):
    """How much the config has now."""

    providers: int
    models: int


class SpendLine(Shape, frozen=True, kw_only=True):
    """What one group cost, in exact dollars; ``unknown`` requests cost at most so much more."""

    group: str
    calls: int
    attempts: int
    failed: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost_usd: str
    average_usd: str | None
    unknown: int
    unknown_at_most_usd: str
    wasted_usd: str


class Elsewhere(Shape, frozen=True, kw_only=True):
    """The same tokens at another target."""

    target: str
    cost_usd: str
    saved_usd: str


class Spending(Shape, frozen=True, kw_only=True):
    """A time's spending, in groups and in sum, and what it would have been elsewhere."""

    since_ms: int
    until_ms: int
    by: str
    lines: list[SpendLine]
    total: SpendLine
    always_the_dearest: Elsewhere | None
    always_the_default: Elsewhere | None


class BudgetAccount(Shape, frozen=True, kw_only=True):
    """One account of a budget in its present window."""

    budget: str
    subject: str
    limit_usd: str
    spent_usd: str
    held_usd: str
    begins_ms: int
    ends_ms: int
    hard: bool


class Budgets(Shape, frozen=True, kw_only=True):
    """Every account that was used, in the order of the config."""

    budgets: list[BudgetAccount]


class KeyShown(KeyScope, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key, by the last characters that people know it by: never the key."""

    id: str
    name: str
    hint: str
    created_ms: int
    state: Literal["stands", "revoked", "expired"]
    revoked_ms: int | None


class KeysShown(Shape, frozen=True, kw_only=True):
    """Every key of the ledger, ended ones too."""

    keys: list[KeyShown]


class KeyMade(Shape, frozen=True, kw_only=True):
    """The only place where a key is ever shown."""

    name: str
    key: str


class KeyWanted(KeyScope, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key to be made: its name and what it may do."""

    name: str


class KeyEnded(Shape, frozen=True, kw_only=True):
    """A key that no longer opens anything."""

    name: str
    state: Literal["revoked"]
