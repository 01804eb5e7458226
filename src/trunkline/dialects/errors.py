"""What an error of a provider means: one table, by the body's code first and the status second.

Refuses to know which provider sent it, and to decide by the words of a message, save in the rows marked so.
"""

from trunkline.core.dialect import DialectName
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    CallError,
    ContentRefused,
    ContextLengthExceeded,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    QuotaExceeded,
    RateLimit,
    RequestConflict,
    RequestTooLarge,
    ServerError,
    ServerErrorAfterUpload,
    Unsupported,
)
from trunkline.dialects.error_body import Told, read_told
from trunkline.dialects.retry_hints import forbids_retry, retry_after, windows_reset

Headers = list[tuple[bytes, bytes]]

CODES: dict[str, type[CallError]] = {
    # no money or quota left: waiting does not help (OpenAI's come with a 429)
    "insufficient_quota": QuotaExceeded,
    "credit_balance_exhausted": QuotaExceeded,
    "organization_spend_limit_exceeded": QuotaExceeded,
    "project_spend_limit_exceeded": QuotaExceeded,
    "organization_usage_limit_exceeded": QuotaExceeded,
    "enforced_spend_limit_reached": QuotaExceeded,  # Anthropic, error.details.error_code
    "billing_error": QuotaExceeded,
    "billing_not_active": QuotaExceeded,
    "billing_hard_limit_reached": QuotaExceeded,
    "quota_exceeded": QuotaExceeded,
    "insufficient_balance": QuotaExceeded,
    "insufficient_balance_error": QuotaExceeded,  # MiniMax, a 429
    "exceeded_current_quota_error": QuotaExceeded,  # Moonshot, a 429
    "1113": QuotaExceeded,  # Z.AI: in arrears, a 429
    "arrearage": QuotaExceeded,  # Alibaba
    "not_enough_balance": QuotaExceeded,  # Novita, a 403
    # too many requests or tokens in a window
    "rate_limit_exceeded": RateLimit,
    "rate_limit_error": RateLimit,
    "rate_limited": RateLimit,
    "too_many_requests": RateLimit,
    "resource_exhausted": RateLimit,  # google.rpc
    "throttlingexception": RateLimit,  # Bedrock
    # no capacity
    "overloaded_error": ModelOverloaded,
    "overloaded": ModelOverloaded,
    "server_is_overloaded": ModelOverloaded,
    "slow_down": ModelOverloaded,
    "engine_overloaded_error": ModelOverloaded,  # Moonshot, a 429
    "service_unavailable": ModelOverloaded,
    "unavailable": ModelOverloaded,  # google.rpc
    "serviceunavailableexception": ModelOverloaded,  # Bedrock
    "modelnotreadyexception": ModelOverloaded,  # Bedrock, a 429: the model is being loaded
    # the prompt does not fit
    "context_length_exceeded": ContextLengthExceeded,
    "exceed_context_size_error": ContextLengthExceeded,  # llama.cpp
    # content policy
    "content_policy_violation": ContentRefused,
    "content_filter": ContentRefused,  # Azure
    "responsibleaipolicyviolation": ContentRefused,  # Azure, the inner error
    "moderation_blocked": ContentRefused,
    "data_inspection_failed": ContentRefused,  # Alibaba
    "1301": ContentRefused,  # Z.AI
    # our credential
    "invalid_api_key": AuthenticationFailed,
    "authentication_error": AuthenticationFailed,
    "permission_error": AuthenticationFailed,
    "api_key_invalid": AuthenticationFailed,  # Gemini, a 400
    "account_deactivated": AuthenticationFailed,
    "unauthenticated": AuthenticationFailed,  # google.rpc
    "permission_denied": AuthenticationFailed,  # google.rpc
    "accessdeniedexception": AuthenticationFailed,  # Bedrock, and what AWS says of keys and signatures below
    "unrecognizedclientexception": AuthenticationFailed,
    "invalidsignatureexception": AuthenticationFailed,
    "incompletesignatureexception": AuthenticationFailed,
    "missingauthenticationtokenexception": AuthenticationFailed,
    "expiredtokenexception": AuthenticationFailed,
    # the configured model
    "model_not_found": ModelNotFound,
    "model_decommissioned": ModelNotFound,  # Groq
    "deploymentnotfound": ModelNotFound,  # Azure
    "not_found_error": ModelNotFound,  # Anthropic
    "resourcenotfoundexception": ModelNotFound,  # Bedrock
    # Anthropic does not hold this thread of turns (error.details.error_code): its SDK reads that and sends them all
    "thread_not_found": InvalidRequest,
    "thread_already_continued": InvalidRequest,
    "thread_continue_in_flight": InvalidRequest,
    "thread_unsupported_request": InvalidRequest,
    # size and time
    "request_too_large": RequestTooLarge,
    "timeout_error": ServerErrorAfterUpload,  # Anthropic, 504
    "deadline_exceeded": ServerErrorAfterUpload,  # google.rpc
    "modeltimeoutexception": ServerErrorAfterUpload,  # Bedrock, a 408: the model took too long
    # the provider failed inside; a status of 500 and above says how
    "api_error": ServerError,
    "server_error": ServerError,
    "internal_server_error": ServerError,
    "internal": ServerError,  # google.rpc
    "internalserverexception": ServerError,  # Bedrock
    "modelerrorexception": ServerError,  # Bedrock, a 424
    "modelstreamerrorexception": ServerError,  # Bedrock, in a stream
}
"""By ``code``, then ``type``, in lower case. They say more than a status does, so they are asked first."""

VAGUE_CODES: dict[str, type[CallError]] = {
    "invalid_request_error": InvalidRequest,
    "invalid_argument": InvalidRequest,
    "badrequesterror": InvalidRequest,  # vLLM
    "validationexception": InvalidRequest,  # Bedrock
    "requests": RateLimit,  # OpenAI's ``type`` of a 429: which window was hit
    "tokens": RateLimit,
}
"""Types that providers put on almost anything (OpenAI: on a 401 and a 404 too): asked last, when no status decides."""

SERVERS = 500
"""From here on the status says more than ``server_error`` does: overloaded (529), or billed perhaps (504)."""

INSIDE_A_REPLY = (0, 200)
"""The status of an error told by a frame of a stream, or by the body of a reply that looked fine."""

STATUSES: tuple[tuple[int, int, type[CallError]], ...] = (
    (300, 399, BadReply),  # a redirect is never followed with credentials
    (401, 401, AuthenticationFailed),
    (402, 402, QuotaExceeded),
    (403, 403, AuthenticationFailed),
    (404, 405, ModelNotFound),  # no such model, or no such path: the config is wrong, not the caller
    (408, 408, ServerError),
    (409, 409, RequestConflict),
    (410, 410, ModelNotFound),
    (413, 413, RequestTooLarge),
    (424, 424, ServerError),  # Bedrock's ModelErrorException
    (429, 429, RateLimit),
    (498, 498, ModelOverloaded),  # Groq: flex capacity exceeded
    (499, 499, ServerError),  # we did not leave, so something between did
    (400, 499, InvalidRequest),
    (502, 502, ServerErrorAfterUpload),
    (503, 503, ModelOverloaded),
    (504, 504, ServerErrorAfterUpload),
    (524, 524, ServerErrorAfterUpload),  # Cloudflare gave up on a provider that has the request
    (529, 529, ModelOverloaded),
    (500, 599, ServerError),
)
"""First match wins."""

WORDS: tuple[tuple[DialectName, int, str, type[CallError]], ...] = (
    # Anthropic says ``invalid_request_error`` for these and gives no code: the words are all there is.
    ("anthropic", 400, "credit balance is too low", QuotaExceeded),
    ("anthropic", 400, "prompt is too long", ContextLengthExceeded),
    ("anthropic", 400, "exceed context limit", ContextLengthExceeded),  # input length plus max_tokens
    ("anthropic", 400, "blocked by content filtering policy", ContentRefused),
    ("gemini", 400, "exceeds the maximum number of tokens allowed", ContextLengthExceeded),
    # Bedrock says ``ValidationException`` for all of these, and ``ThrottlingException`` for the last.
    ("bedrock", 400, "input is too long for requested model", ContextLengthExceeded),
    ("bedrock", 400, "prompt is too long", ContextLengthExceeded),
    ("bedrock", 400, "exceed context limit", ContextLengthExceeded),
    ("bedrock", 400, "blocked by content filtering policy", ContentRefused),
    ("bedrock", 400, "provided model identifier is invalid", ModelNotFound),
    ("bedrock", 400, "on-demand throughput isn", ModelNotFound),
    ("bedrock", 429, "too many tokens per day", QuotaExceeded),
    # vLLM says ``BadRequestError`` and the status as its code, under OpenAI's own sentence.
    ("openai", 400, "maximum context length", ContextLengthExceeded),
    # Ollama says nothing but words: its own, and those of the llama.cpp inside.
    ("ollama", 400, "exceeds the context length", ContextLengthExceeded),
    ("ollama", 400, "context size", ContextLengthExceeded),
    ("cohere", 400, "too many tokens: max tokens", InvalidRequest),  # a limit above the model's own
    ("cohere", 400, "too many tokens", ContextLengthExceeded),
    ("cohere", 429, "limited to 1000 api calls / month", QuotaExceeded),
    ("ollama", 400, "does not support", Unsupported),  # tools, thinking, images: another model may
)


def classify(status: int, code: str | None = None, kind: str | None = None) -> type[CallError]:
    """The class an error stands for; ``status`` may be one of INSIDE_A_REPLY."""
    for word in (code, kind):
        found = CODES.get(word.lower()) if word else None
        if found and not (found is ServerError and status >= SERVERS):
            return found
    if status in INSIDE_A_REPLY and code and code.isdecimal() and len(code) == len("429"):
        status = int(code)  # OpenRouter and llama.cpp: the code is the status
    for first, last, found in STATUSES:
        if first <= status <= last:
            return found
    for word in (code, kind):
        if word and (found := VAGUE_CODES.get(word.lower())):
            return found
    return ServerError


def provider_error(
    dialect: DialectName, status: int, headers: Headers, body: bytes, *, provider: str | None, now: float | None = None
) -> CallError:
    """The error that an answer stands for, whatever shape its body has, with its retry hint in seconds."""
    told = read_told(body)
    found = classify(status, told.code, told.kind)
    if found in (InvalidRequest, RateLimit):
        found = _by_words(dialect, status, told) or found
    if found is AuthenticationFailed and told.flagged:
        found = ContentRefused
    if found is RateLimit and told.daily:
        found = QuotaExceeded
    hint = retry_after(headers, now)
    if hint is None and found is RateLimit:
        hint = windows_reset(headers, now) or told.retry_after
    error = found(
        _message(found, status, told),
        param=told.param,
        code=_telling(told.code) or _telling(told.kind),
        provider=provider,
        provider_status=status,
        retry_after=hint,
        body=body if told.dialect == dialect else None,
        dialect=dialect if told.dialect == dialect else None,
    )
    if found.retryable and forbids_retry(headers):
        error.retryable = False
    return error


def _message(found: type[CallError], status: int, told: Told) -> str:
    """The provider's words, save about our credential: some providers repeat the key in them."""
    if found is AuthenticationFailed:
        said = " ".join(word for word in (str(status), told.code or told.kind) if word)
        return f"the provider refused the gateway's credential ({said}); the caller's own key is fine"
    return told.message or f"the provider answered {status} without an error message"


def _telling(word: str | None) -> str | None:
    """A code that says more than the class does; Anthropic's ``invalid_request_error`` is said of too long a prompt."""
    return None if word is None or word.lower() in VAGUE_CODES else word


def _by_words(dialect: DialectName, status: int, told: Told) -> type[CallError] | None:
    words = told.message.lower()
    for spoken, code, marker, found in WORDS:
        if spoken == dialect and status in (code, *INSIDE_A_REPLY) and marker in words:
            return found
    return None
