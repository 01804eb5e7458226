"""Which target served a session last, and how much of its prompt that provider has probably cached.

Refuses to exclude anybody and to remember forever: it is a hint, bounded in number and in time.
"""

from collections.abc import Callable

from msgspec import Struct

from trunkline.core.call import Call
from trunkline.core.chat import ChatRequest
from trunkline.core.exchange import Target

MOST_SESSIONS = 10_000
CACHE_SECONDS = 300.0  # OpenAI and Anthropic both keep a prefix at least five minutes after its last use
LEAST_CACHED = 1_024  # tokens; shorter prompts are cached by neither
LONGEST_NAME = 256  # characters of a session's name that count
HEADERS = (b"x-trunkline-session", b"x-session-id", b"x-claude-code-session-id", b"session-id")  # the last: Codex

Session = tuple[str, str, str]
"""Caller's name, model asked for, the session's own name: one caller cannot steer another's calls."""


class Seen(Struct, frozen=True):
    """Who answered, on how many prompt tokens, and when."""

    target: Target
    tokens: int
    at: float

    @property
    def cached(self) -> int:
        """Prompt tokens that its provider has probably cached."""
        return self.tokens if self.tokens >= LEAST_CACHED else 0


class Affinity:
    """The newest call of each session; the oldest session gives way."""

    __slots__ = ("_clock", "_seen")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[Session, Seen] = {}

    def last(self, session: Session | None) -> Seen | None:
        """Who served a session last; None once nothing of it can be cached any more."""
        seen = self._seen.get(session) if session else None
        return seen if seen and self._clock() - seen.at <= CACHE_SECONDS else None

    def saw(self, session: Session, target: Target, tokens: int) -> None:
        """A session was served."""
        self._seen.pop(session, None)
        if len(self._seen) >= MOST_SESSIONS:
            self._seen.pop(next(iter(self._seen)))
        self._seen[session] = Seen(target, tokens, self._clock())

    def __len__(self) -> int:
        return len(self._seen)


def session_of(call: Call, request: ChatRequest) -> Session | None:
    """What a call says of its session: a header, the cache key, the user; None when it says nothing."""
    name = _header(call) or request.extra.get("prompt_cache_key") or request.user or _metadata(request)
    if not isinstance(name, str) or not name:
        return None
    return (call.caller.name, call.envelope.model, name[:LONGEST_NAME])


def _header(call: Call) -> str | None:
    return next((value.decode("latin-1") for name, value in call.headers if name in HEADERS and value), None)


def _metadata(request: ChatRequest) -> object:
    metadata = request.extra.get("metadata")
    return metadata.get("session_id") or metadata.get("user_id") if isinstance(metadata, dict) else None
