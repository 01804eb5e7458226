"""The simulator's file: which providers there are, their models, prices, speed, limits and faults.
It refuses what it does not know, and names the file and the field.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard, TypeVar

import msgspec
import yaml
from msgspec import Meta, Struct

from trunkline.simulator.ask import DialectName
from trunkline.simulator.faults import Fault
from trunkline.simulator.prices import Prices
from trunkline.simulator.questions import KINDS

NotNegative = Annotated[float, Meta(ge=0)]
S = TypeVar("S")


class ConfigError(ValueError):
    """The file cannot be used; the message names the file, the field and what is allowed."""


class Spread(Struct, frozen=True, forbid_unknown_fields=True):
    """A log-normal distribution of seconds: half of the waits are below `median`; `sigma` 0 is always the median."""

    median: NotNegative = 0.0
    sigma: Annotated[float, Meta(ge=0, le=5)] = 0.0


class Latency(Struct, frozen=True, forbid_unknown_fields=True):
    """How fast a provider answers. `tokens_per_second` 0 means that all tokens come at once."""

    first_token: Spread = Spread()
    tokens_per_second: NotNegative = 0.0


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Rate limits of a provider; None is no limit (and no headers)."""

    requests_per_minute: Annotated[int, Meta(ge=1)] | None = None
    tokens_per_minute: Annotated[int, Meta(ge=1)] | None = None


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of a provider.

    `quality` is the probability of a right answer per kind of question. `cache` auto finds prompts seen before, always
    reads three quarters of every prompt from the cache, never reads nothing. `reasoning` thinks without being asked.
    `usage_always` sends the usage chunk of a stream unasked. `rejects` names request parameters that are a 400.
    `prefill` is how an OpenAI body asks it to go on with a last assistant message; `prefill_echo` repeats that first.
    """

    context: Annotated[int, Meta(ge=1)] = 128_000
    prices: Prices = Prices()
    quality: dict[str, Annotated[float, Meta(ge=0, le=1)]] = {}
    cache: Literal["auto", "always", "never"] = "auto"
    reasoning: bool = False
    usage_always: bool = False
    rejects: frozenset[str] = frozenset()
    latency: Latency | None = None
    prefill: Literal["never", "prefix", "partial", "continue_final_message", "last"] = "never"
    prefill_echo: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(set(self.quality) - set(KINDS))
        if unknown:
            raise ValueError(f"unknown kind of question `{unknown[0]}` in `quality`; there are {', '.join(KINDS)}")

    def goes_on(self, dialect: DialectName, marks: frozenset[str]) -> bool:
        """Whether a last assistant message is gone on with: Claude's always is, OpenAI's where its marks say so."""
        return dialect in {"anthropic", "bedrock"} or self.prefill == "last" or self.prefill in marks

    def quality_of(self, kind: str) -> float:
        """The probability of a right answer; an unlisted kind has that of `default`, which is 1 if not listed."""
        return self.quality.get(kind, self.quality.get("default", 1.0))


class Batches(Struct, frozen=True, forbid_unknown_fields=True):
    """How batches go: they are done after `seconds`, or expire then. Of those that expire or are cancelled so many
    lines are answered before.
    """

    seconds: NotNegative = 0.0
    expires: bool = False
    answered_before_end: Annotated[int, Meta(ge=0)] = 0


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    """One provider. Without `keys` any key is good, and none too.

    `abandoned` says what a client that leaves early is billed for: the tokens it was sent, or all of the answer.
    `file_id` is the one id that all its files get, as no good provider does.
    """

    models: Annotated[dict[str, Model], Meta(min_length=1)]
    keys: tuple[str, ...] = ()
    dialects: Annotated[tuple[DialectName, ...], Meta(min_length=1)] = (
        "openai",
        "responses",
        "anthropic",
        "gemini",
        "ollama",
        "bedrock",
        "cohere",
    )
    latency: Latency = Latency()
    limits: Limits = Limits()
    faults: tuple[Fault, ...] = ()
    abandoned: Literal["sent", "all"] = "sent"
    batches: Batches = Batches()
    file_id: str | None = None


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `log_sent_bytes` caps how much of each answer the ground-truth log keeps; its hash covers all."""

    providers: Annotated[dict[str, Provider], Meta(min_length=1)]
    seed: int = 0
    log: str | None = None
    log_sent_bytes: Annotated[int, Meta(ge=0)] = 1_000_000
    max_request_bytes: Annotated[int, Meta(ge=1)] = 32 * 1024 * 1024


def load_config(path: str | Path) -> Config:
    """Read a YAML file. Raises ConfigError."""
    try:
        return parse_config(Path(path).read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error


def parse_config(text: str, name: str = "config") -> Config:
    """Read YAML text; `name` stands for the file in errors. Raises ConfigError."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: is not YAML: {' '.join(str(error).split())}") from error
    return read_config(raw, name)


def read_config(raw: Any, name: str = "config") -> Config:
    """Read a config that is decoded already, such as a dict in a test. Raises ConfigError."""
    # From the inside out: the decoder names fields but not dictionary keys, and `providers[...]` would help nobody.
    for provider_name, provider in _items(raw, "providers"):
        here = f"providers.{provider_name}"
        if not provider_name or "/" in provider_name or provider_name in {"v1", "livez"}:
            raise ConfigError(f"{name}: {here}: a provider's name is a part of a path; it cannot be `{provider_name}`")
        for model_name, model in _items(provider, "models"):
            _convert(model, Model, name, f"{here}.models.{model_name}")
        _convert(provider, Provider, name, here)
    return _convert(raw, Config, name, "")


def _items(value: Any, field: str) -> list[tuple[str, Any]]:
    inner = value.get(field) if _is_mapping(value) else None
    return [(str(key), one) for key, one in inner.items()] if _is_mapping(inner) else []


def _is_mapping(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _convert(value: Any, kind: type[S], name: str, here: str) -> S:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$")
        field = f"{here}{where.rstrip('`')}".strip(".") or "the file"
        raise ConfigError(f"{name}: {field}: {said}") from error
