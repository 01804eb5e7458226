"""What a vendor's API answers when it refuses a request: status, headers and body in the vendor's words.
It refuses to decide who is refused.
"""

import math
from typing import Any

from msgspec import Struct

from trunkline.simulator.ask import DialectName
from trunkline.simulator.bare_body import bare_body
from trunkline.simulator.google_body import google_body
from trunkline.simulator.limits import Denied, go_duration

BARE: frozenset[DialectName] = frozenset({"ollama", "cohere"})
"""Dialects whose errors have no codes."""


class Refusal(Struct, frozen=True):
    """An error answer. `body` is a JSON object without a request id; that is added when it is sent."""

    status: int
    body: dict[str, Any]
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """Raised while a request is read; carries the answer."""

    def __init__(self, refusal: Refusal) -> None:
        """`refusal` is what the client gets."""
        super().__init__(refusal.body)
        self.refusal = refusal


def openai_error(
    message: str,
    *,
    status: int = 400,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
) -> Refusal:
    """An error object of the OpenAI API."""
    return Refusal(status, {"error": {"message": message, "type": kind, "param": param, "code": code}})


def anthropic_error(message: str, *, status: int = 400, kind: str = "invalid_request_error") -> Refusal:
    """An error object of the Anthropic API."""
    return Refusal(status, {"type": "error", "error": {"type": kind, "message": message}})


def google_error(message: str, *, status: int = 400) -> Refusal:
    """An error object of Google's APIs."""
    return Refusal(status, google_body(message, status))


def bare_error(dialect: DialectName, message: str, *, status: int = 400) -> Refusal:
    """An error told in words alone; of a dialect whose errors have codes, OpenAI's."""
    told = bare_body(dialect, message)
    if told is None:
        return openai_error(message, status=status)
    told.pop("id", None)  # which request it was is added when it is sent
    return Refusal(status, told)


def bedrock_error(message: str, *, status: int = 400, name: str = "ValidationException") -> Refusal:
    """An error object of AWS Bedrock; its name stands in a header."""
    return Refusal(status, {"message": message}, (("x-amzn-errortype", f"{name}:http://internal.amazon.com/"),))


def invalid(dialect: DialectName, message: str) -> Refusal:
    """A request that cannot be carried out, in so many words."""
    wrong = {"anthropic": anthropic_error, "gemini": google_error, "bedrock": bedrock_error}.get(dialect)
    return wrong(message) if wrong else bare_error(dialect, message)


def no_threads() -> Refusal:
    """The request wants the API to hold the conversation, and this model does not; the SDK then sends it whole."""
    refusal = anthropic_error("thread: this model does not support message threads")
    refusal.body["error"]["details"] = {"error_code": "thread_unsupported_request", "unsupported": ["model"]}
    return refusal


def invalid_json(dialect: DialectName) -> Refusal:
    """The body is no JSON object."""
    if dialect in BARE:
        return bare_error(dialect, "invalid JSON in the request body")
    if dialect == "bedrock":
        return bedrock_error("Unable to parse the request body", name="SerializationException")
    if dialect == "gemini":
        return google_error("Invalid JSON payload received.")
    if dialect == "anthropic":
        return anthropic_error("The request body is not valid JSON")
    return openai_error("We could not parse the JSON body of your request. (HINT: is it a JSON object in UTF-8?)")


def wrong_key(dialect: DialectName, key: str | None, signature: str = "UnrecognizedClientException") -> Refusal:
    """No key, or not one of this provider's; `signature` is AWS's name for what is wrong with one."""
    if dialect in BARE:
        return bare_error(dialect, "unauthorized", status=401)
    if dialect == "bedrock":
        return bedrock_error("The security token included in the request is invalid.", status=403, name=signature)
    if dialect == "gemini":
        told = google_error("API key not valid. Please pass a valid API key.", status=400 if key else 403)
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        told.body["error"]["details"] = [{**info, "domain": "googleapis.com"}]
        return told
    if dialect == "anthropic":
        message = "x-api-key header is required" if key is None else "invalid x-api-key"
        return anthropic_error(message, status=401, kind="authentication_error")
    if key is None:
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer"
            " auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        return openai_error(message, status=401)
    shown = f"{key[:3]}***{key[-4:]}" if len(key) > 8 else "***"
    where = "You can find your API key at https://platform.openai.com/account/api-keys."
    return openai_error(f"Incorrect API key provided: {shown}. {where}", status=401, code="invalid_api_key")


def unknown_model(dialect: DialectName, model: str) -> Refusal:
    """The provider has no such model."""
    if dialect in BARE:
        return bare_error(dialect, f"model '{model}' not found", status=404)
    if dialect == "bedrock":
        return bedrock_error("The provided model identifier is invalid.")
    if dialect == "gemini":
        return google_error(f"models/{model} is not found for API version v1beta.", status=404)
    if dialect == "anthropic":
        return anthropic_error(f"model: {model}", status=404, kind="not_found_error")
    message = f"The model `{model}` does not exist or you do not have access to it."
    return openai_error(message, status=404, code="model_not_found")


def unknown_path(dialect: DialectName, method: str, path: str) -> Refusal:
    """The vendor has no such endpoint."""
    if dialect in BARE:
        return bare_error(dialect, "404 page not found", status=404)
    if dialect == "bedrock":
        return bedrock_error(
            "Unable to determine service/operation name to be authorized", status=404, name="UnknownOperationException"
        )
    if dialect == "gemini":
        return google_error(f"{method} {path} was not found on this server.", status=404)
    if dialect == "anthropic":
        return anthropic_error("Not found", status=404, kind="not_found_error")
    return openai_error(f"Invalid URL ({method} {path})", status=404)


def wrong_method(dialect: DialectName, method: str) -> Refusal:
    """The endpoint wants another method."""
    if dialect in BARE:
        return bare_error(dialect, "405 method not allowed", status=405)
    if dialect == "bedrock":
        return bedrock_error("Method not allowed", status=405, name="UnknownOperationException")
    if dialect == "gemini":
        return google_error(f"Method {method} not allowed.", status=405)
    if dialect == "anthropic":
        return anthropic_error("Method Not Allowed", status=405)
    return openai_error(f"Not allowed to {method} on this endpoint. (HINT: use POST)", status=405)


def too_large(dialect: DialectName) -> Refusal:
    """The body is larger than the vendor reads."""
    if dialect in BARE:
        return bare_error(dialect, "http: request body too large", status=413)
    if dialect == "bedrock":
        return bedrock_error("Request size limit exceeded.", status=413, name="RequestEntityTooLargeException")
    if dialect == "gemini":
        return google_error("Request payload size exceeds the limit.", status=413)
    if dialect == "anthropic":
        return anthropic_error("Request exceeds the maximum size", status=413, kind="request_too_large")
    return openai_error("Maximum request body size exceeded.", status=413, code="request_too_large")


def too_long(dialect: DialectName, tokens: int, context: int) -> Refusal:
    """The prompt does not fit the model's window."""
    if dialect in BARE:
        if dialect == "ollama":
            return bare_error(dialect, "the input length exceeds the context length")
        said = f"total number of tokens in the prompt cannot exceed {context} - received {tokens}"
        return bare_error(dialect, f"too many tokens: {said}.")
    if dialect == "bedrock":
        return bedrock_error("Input is too long for requested model.")
    if dialect == "gemini":
        return google_error(
            f"The input token count ({tokens}) exceeds the maximum number of tokens allowed ({context})."
        )
    if dialect == "anthropic":
        return anthropic_error(f"prompt is too long: {tokens} tokens > {context} maximum")
    message = (
        f"This model's maximum context length is {context} tokens. However, your messages resulted in {tokens} tokens."
        " Please reduce the length of the messages."
    )
    return openai_error(message, param="messages", code="context_length_exceeded")


def unsupported_parameter(dialect: DialectName, name: str) -> Refusal:
    """The model does not take this parameter."""
    if dialect in BARE:
        return bare_error(dialect, f"the model does not support {name}")
    if dialect == "bedrock":
        return bedrock_error(f"Malformed input request: #: extraneous key [{name}] is not permitted")
    if dialect == "gemini":
        return google_error(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    if dialect == "anthropic":
        return anthropic_error(f"{name}: Extra inputs are not permitted")
    hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
    message = f"Unsupported parameter: '{name}' is not supported with this model.{hint}"
    return openai_error(message, param=name, code="unsupported_parameter")


def invalid_schema(dialect: DialectName, reason: str) -> Refusal:
    """A tool's or an output's schema cannot be followed."""
    if dialect in BARE:
        return bare_error(dialect, f"invalid JSON schema: {reason}")
    if dialect == "bedrock":
        return bedrock_error(f"The model returned the following errors: invalid schema: {reason}")
    if dialect == "gemini":
        return google_error(f"Invalid schema: {reason}")
    if dialect == "anthropic":
        return anthropic_error(f"tools.0.input_schema: JSON schema is invalid: {reason}")
    return openai_error(f"Invalid schema: {reason}", code="invalid_function_parameters")


def rate_limited(dialect: DialectName, model: str, denied: Denied) -> Refusal:
    """A rate limit is exhausted; the headers say when to come back."""
    seconds = str(max(1, math.ceil(denied.wait)))
    if dialect in BARE:
        return bare_error(dialect, "too many requests, please try again later", status=429)
    if dialect == "bedrock":
        return bedrock_error(
            "Too many requests, please wait before trying again.", status=429, name="ThrottlingException"
        )
    if dialect == "gemini":
        told = google_error("Resource has been exhausted (e.g. check quota).", status=429)
        info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}
        told.body["error"]["details"] = [info]
        return told
    if dialect == "anthropic":
        message = (
            f"This request would exceed your organization's rate limit of {denied.limit:,} {denied.what} per minute."
            " For details, refer to: https://docs.claude.com/en/api/rate-limits."
        )
        body = anthropic_error(message, kind="rate_limit_error").body
        return Refusal(429, body, (("retry-after", seconds), ("x-should-retry", "true")))
    short = {"requests": "RPM", "tokens": "TPM"}[denied.what]
    message = (
        f"Rate limit reached for {model} in organization org-simulated on {denied.what} per min ({short}):"
        f" Limit {denied.limit}, Used {denied.used}, Requested {denied.requested}."
        f" Please try again in {go_duration(denied.wait)}."
        " Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    body = openai_error(message, kind=denied.what, code="rate_limit_exceeded").body
    milliseconds = str(math.ceil(denied.wait * 1000))
    return Refusal(429, body, (("retry-after", seconds), ("retry-after-ms", milliseconds)))
