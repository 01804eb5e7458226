"""Every way a call can fail, each class carrying its verdict.

Refuses to know how an error looks on a wire: dialects read and write those forms.

    TrunklineError
    +-- ConfigError                 the house cannot be built; says where and what is allowed
    +-- CallError                   one call, or one attempt of it, failed
        +-- InvalidRequest          the caller must change the request
        |   +-- UnknownModel, UnknownAnswer, UnknownObject, RequestTooLarge, ContextLengthExceeded
        |   +-- ContentRefused, Unsupported
        +-- Unauthorized, Forbidden the caller's own key
        +-- BudgetExceeded, UnknownPrice, StoreUnavailable   no money, or nobody who can count it
        +-- RateLimit, QuotaExceeded, ModelOverloaded, ServerError, ModelNotFound
        |   +-- CallerRateLimit     the caller's own key has had its share
        +-- AuthenticationFailed    the provider refused *our* key
        +-- Network                 nothing usable came back
        |   +-- ConnectFailed, TlsFailed, ConnectTimeout, StaleConnection, FirstContentTimeout, ReadTimeout
        +-- BadReply                it came back, and was not an answer
        |   +-- BrokenStream, StalledStream, ReplyTooLarge
        +-- DeadlineExceeded, NoTarget, ShuttingDown
        +-- CallerGone              the caller left; nobody is to blame
"""

from typing import Any, ClassVar, Literal

from trunkline.core.usage import Usage

Blame = Literal["model", "credential", "endpoint"]


class TrunklineError(Exception):
    """Root of every error this package raises on purpose."""


class ConfigError(TrunklineError):
    """A configuration that cannot be built; the text names the place, the value and what is allowed."""


class CallError(TrunklineError):
    """One call, or one attempt of it, failed.

    Class attributes are the verdict; what is known of this one case is on the instance.

    ``status``         HTTP status the *caller* is shown.
    ``retryable``      the same target may be asked again.
    ``fallback``       another target may be asked (before the first content only).
    ``blames``         what of the provider's side is at fault, None: not the provider.
    ``may_have_cost``  the provider may bill this attempt although nothing usable arrived.
    """

    kind: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: bool = False  # of the class, save where a provider said ``x-should-retry: false``
    fallback: ClassVar[bool] = True
    blames: ClassVar[Blame | None] = None
    may_have_cost: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        provider: str | None = None,
        provider_status: int | None = None,
        retry_after: float | None = None,
        body: bytes | None = None,
        dialect: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param  # the request field at fault, as the caller spelled it
        self.code = code  # the provider's or our machine-readable code
        self.provider = provider  # who said so; None: trunkline itself
        self.provider_status = provider_status
        self.retry_after = retry_after  # seconds
        self.body = body  # the provider's own error body, shown verbatim where the dialect is the caller's
        self.dialect = dialect  # the dialect ``body`` is in
        self.usage: Usage | None = None  # what the attempt used up to here, where more is known than its class says

    @property
    def blames_provider(self) -> bool:
        """True when the provider, not the caller, is at fault."""
        return self.blames is not None


class InvalidRequest(CallError):
    """The request is wrong wherever it goes."""

    kind, status, fallback = "invalid_request", 400, False


class UnknownModel(InvalidRequest):
    """The caller named a model that this house does not have."""

    kind, status = "model_not_found", 404


class UnknownAnswer(InvalidRequest):
    """No answer to this request is known that the caller's key got."""

    kind, status = "answer_not_found", 404


class UnknownObject(InvalidRequest):
    """No file or batch of this id is the caller's: whether it is somebody else's is not said."""

    kind, status = "object_not_found", 404


class RequestTooLarge(InvalidRequest):
    """The body is over a size limit: ours, or the provider's (where another target may take it)."""

    kind, status, fallback = "request_too_large", 413, True


class RequestTimeout(InvalidRequest):
    """The caller did not finish sending its request in time."""

    kind, status = "request_timeout", 408


class ContextLengthExceeded(InvalidRequest):
    """The prompt does not fit this model's window; one with a larger window may take it."""

    kind, fallback = "context_length_exceeded", True


class ContentRefused(InvalidRequest):
    """The provider's content policy refused the request."""

    kind = "content_policy_violation"


class Unsupported(InvalidRequest):
    """The target cannot express a field of the request, and the config says to refuse rather than drop it."""

    kind, fallback = "unsupported_parameter", True


class Unauthorized(CallError):
    """The caller's own key is missing or not known here."""

    kind, status, fallback = "invalid_api_key", 401, False


class Forbidden(CallError):
    """The caller's key is known but may not do this."""

    kind, status, fallback = "permission_denied", 403, False


class BudgetExceeded(CallError):
    """A hard budget has too little left for this call at this target; a cheaper one may still be asked.

    402 and not 429: vendors' clients send a 429 again by themselves, which helps nobody before the window ends.
    """

    kind, status = "budget_exceeded", 402


class UnknownPrice(CallError):
    """A hard budget applies and nobody knows what this target costs."""

    kind, status = "unknown_price", 402


class StoreUnavailable(CallError):
    """The store did not answer in time, or cannot write. Nothing was sent: no call is made that cannot be metered."""

    kind, status, fallback = "store_unavailable", 503, False

    def __init__(self, message: str, *, retry_after: float | None = 1.0, **known: Any) -> None:
        super().__init__(message, retry_after=retry_after, **known)


class RateLimit(CallError):
    """Too many requests or tokens in a window; ``retry_after`` says when to come back, if the provider did."""

    kind, status, retryable = "rate_limit", 429, True


class CallerRateLimit(RateLimit):
    """The caller's own key has had its share; nobody was asked."""

    retryable, fallback = False, False


class QuotaExceeded(CallError):
    """The account behind our credential has no money or quota left; waiting does not help."""

    kind, status, blames = "quota_exceeded", 502, "credential"


class ModelOverloaded(CallError):
    """The provider has no capacity for this model now (529, ``overloaded_error``, ``server_is_overloaded``)."""

    kind, status, retryable, blames = "overloaded", 503, True, "model"


class ServerError(CallError):
    """The provider failed inside (500, 502, 504, 520 to 524, an HTML error page)."""

    kind, status, retryable, blames = "server_error", 502, True, "model"


class ServerErrorAfterUpload(ServerError):
    """A proxy in front of the provider gave up (502, 504, 524) after it had the request: it may be billed."""

    may_have_cost = True


class RequestConflict(CallError):
    """The provider said 409: the same request again may pass, and nobody's health is in doubt."""

    kind, status, retryable = "conflict", 502, True


class ModelNotFound(CallError):
    """The provider does not have the configured model: the config or the account is wrong, not the caller."""

    kind, status, blames = "provider_model_not_found", 502, "model"


class AuthenticationFailed(CallError):
    """The provider refused *our* credential. The caller sees a 502: its own key is fine."""

    kind, status, blames = "provider_authentication_failed", 502, "credential"


class Network(CallError):
    """Nothing usable came back over the network."""

    kind, status, retryable = "network", 502, True
    blames: ClassVar[Blame | None] = "endpoint"


class ConnectFailed(Network):
    """No connection: DNS, refused, unreachable. Nothing was sent."""

    kind = "connect_failed"


class TlsFailed(ConnectFailed):
    """The server's certificate or handshake is wrong. Never retried on the same target, verification never off."""

    kind, retryable = "tls_failed", False


class ConnectTimeout(ConnectFailed):
    """No connection within the connect timeout. Nothing was sent."""

    kind, status = "connect_timeout", 504


class StaleConnection(Network):
    """A kept-alive connection was closed by the server before it answered a byte: safe to send again, once."""

    kind, blames = "stale_connection", None


class FirstContentTimeout(Network):
    """The provider took the request and sent no content in time; it may bill it."""

    kind, status, blames, may_have_cost = "first_content_timeout", 504, "model", True


class ReadTimeout(Network):
    """The provider's bytes stopped coming before the deadline of a transport read; it may bill the request."""

    kind, status, blames, may_have_cost = "read_timeout", 504, "model", True


class ConnectionLost(Network):
    """The connection ended after the request was sent and before the answer was whole; it may be billed."""

    kind, may_have_cost = "connection_lost", True


class BadReply(CallError):
    """The provider answered, and it was not an answer: wrong content type, broken JSON, an empty or foreign body."""

    kind, status, blames, may_have_cost = "bad_reply", 502, "model", True


class BrokenStream(BadReply):
    """The stream ended without its terminator, or a frame of it could not be read. Before its content it may be asked
    for again, of another target first: the next one is as a rule whole.
    """

    kind, retryable = "broken_stream", True


class StalledStream(BadReply):
    """The stream sent no content for longer than the idle timeout; pings are not progress."""

    kind, status = "stalled_stream", 504


class ReplyTooLarge(BadReply):
    """The answer passed a limit on bytes, line length or events."""

    kind = "reply_too_large"


class DeadlineExceeded(CallError):
    """The call's own deadline ended before any target answered."""

    kind, status, fallback = "deadline_exceeded", 504, False


class NoTarget(CallError):
    """No target can take this call now."""

    kind, status, fallback = "no_target", 503, False


class ShuttingDown(CallError):
    """The gateway is draining and takes no new calls."""

    kind, status, fallback = "shutting_down", 503, False


class CallerGone(CallError):
    """The caller left before the answer ended."""

    kind, status, fallback, may_have_cost = "caller_gone", 499, False, True
