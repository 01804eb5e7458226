"""One trunk line to every LLM: a library and a gateway with one engine.

    async with trunkline.open("trunkline.yaml") as gateway:
        answer = await gateway.chat("fast", "Say hi in one word.")

The names in ``__all__`` are public; everything else is private and may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from trunkline._version import __version__
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    BrokenStream,
    CallError,
    ConfigError,
    ContentRefused,
    ContextLengthExceeded,
    DeadlineExceeded,
    InvalidRequest,
    ModelOverloaded,
    Network,
    RateLimit,
    StalledStream,
    TrunklineError,
    UnknownModel,
)

if TYPE_CHECKING:
    from trunkline.breaker import CircuitBreaker, ExponentialBackoff
    from trunkline.client import Answer, Client, Dollars, Stream, open  # noqa: A004 - trunkline.open is the front door
    from trunkline.core.chat import Completion, ToolUse
    from trunkline.core.usage import Usage
    from trunkline.gateway.config import Config
    from trunkline.quality.judge import Evaluation, QualityEvaluator
    from trunkline.quality.pairwise import PairwiseEvaluator
    from trunkline.quality.rubric import Criterion, Rubric
    from trunkline.sync import SyncClient, SyncStream, open_sync

_ROOMS = {
    "breaker": ("CircuitBreaker", "ExponentialBackoff"),
    "client": ("Answer", "Client", "Dollars", "Stream", "open"),
    "core.chat": ("Completion", "ToolUse"),
    "core.usage": ("Usage",),
    "gateway.config": ("Config",),
    "quality.judge": ("Evaluation", "QualityEvaluator"),
    "quality.pairwise": ("PairwiseEvaluator",),
    "quality.rubric": ("Criterion", "Rubric"),
    "sync": ("SyncClient", "SyncStream", "open_sync"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """A name is loaded when it is first used: whoever only catches errors, or judges nothing, loads no gateway."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'trunkline' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"trunkline.{_ROOM_OF[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "Answer",
    "AuthenticationFailed",
    "BadReply",
    "BrokenStream",
    "CallError",
    "CircuitBreaker",
    "Client",
    "Completion",
    "Config",
    "ConfigError",
    "ContentRefused",
    "ContextLengthExceeded",
    "Criterion",
    "DeadlineExceeded",
    "Dollars",
    "Evaluation",
    "ExponentialBackoff",
    "InvalidRequest",
    "ModelOverloaded",
    "Network",
    "PairwiseEvaluator",
    "QualityEvaluator",
    "RateLimit",
    "Rubric",
    "StalledStream",
    "Stream",
    "SyncClient",
    "SyncStream",
    "ToolUse",
    "TrunklineError",
    "UnknownModel",
    "Usage",
    "__version__",
    "open",
    "open_sync",
]
