"""One trunk line to every LLM: a library and a gateway with one engine.

    async with trunkline.open("trunkline.yaml") as gateway:
        answer = await gateway.chat("fast", "Say hi in one word.")

The names in ``__all__`` are public; everything else is private and may change.
"""

from typing import TYPE_CHECKING, Any

from trunkline._version import __version__
from trunkline.breaker import CircuitBreaker, ExponentialBackoff
from trunkline.client import Answer, Client, Dollars, Stream, open  # noqa: A004 - trunkline.open is the front door
from trunkline.core.chat import Completion, ToolUse
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
from trunkline.core.usage import Usage
from trunkline.gateway.config import Config
from trunkline.quality.rubric import Criterion, Rubric
from trunkline.sync import SyncClient, SyncStream, open_sync

if TYPE_CHECKING:
    from trunkline.quality.judge import Evaluation, QualityEvaluator
    from trunkline.quality.pairwise import PairwiseEvaluator

_JUDGING = {"Evaluation": "judge", "QualityEvaluator": "judge", "PairwiseEvaluator": "pairwise"}


def __getattr__(name: str) -> Any:
    """Who judges nothing loads no judge."""
    if name not in _JUDGING:
        raise AttributeError(f"module 'trunkline' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415

    return getattr(import_module(f"trunkline.quality.{_JUDGING[name]}"), name)


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
