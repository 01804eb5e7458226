"""What spans and histograms say of a call and its attempts, in the words of OpenTelemetry's GenAI conventions.

Read 2026-11, still marked as in development: github.com/open-telemetry/semantic-conventions-genai.
Refuses to know the SDK, and to say a word of a prompt or an answer.
"""

from typing import Any

from trunkline.core.exchange import Attempt, Exchange
from trunkline.core.outcome import Outcome
from trunkline.telemetry.series import Labels

Attributes = dict[str, Any]

PROVIDERS = {
    "gemini": "gcp.gemini", "google": "gcp.gemini", "vertex": "gcp.vertex_ai", "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai", "mistral": "mistral_ai", "xai": "x_ai", "moonshot": "moonshot_ai",
}  # fmt: skip
"""Names of ours that the conventions spell otherwise; openai, anthropic, groq and the others are spelled the same."""
OPERATIONS = {"completions": "text_completion", "moderations": "moderation", "images": "image_generation"}
"""Likewise; the last two are names of ours, since the conventions have none."""
GENERATE = "generate_content"  # a chat, as Google calls it
TOKENS = tuple(4**power for power in range(14))
SECONDS = tuple(0.01 * 2**power for power in range(14))
FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


def provider_name(provider: str) -> str:
    """As the conventions spell it."""
    return PROVIDERS.get(provider, provider)


def operation_of(exchange: Exchange) -> str:
    """What the caller asked for, in the words of its own dialect."""
    dialect = exchange.call.dialect
    if dialect.operation == "chat":
        return GENERATE if dialect.name == "gemini" else "chat"
    return OPERATIONS.get(dialect.operation, dialect.operation)


def operation_at(exchange: Exchange, provider: str) -> str:
    """What a provider was asked for, in its words."""
    asked = operation_of(exchange)
    if asked not in {"chat", GENERATE}:
        return asked
    return GENERATE if provider_name(provider).startswith("gcp.") else "chat"


def of_attempt(exchange: Exchange, attempt: Attempt, outcome: Outcome) -> Attributes:
    """A span of one request to a provider."""
    target = attempt.target
    found: Attributes = {
        "gen_ai.operation.name": operation_at(exchange, target.provider),
        "gen_ai.provider.name": provider_name(target.provider),
        "gen_ai.request.model": target.model,
        **_asked(exchange),
        **ended(outcome),
    }
    if attempt.cost is not None:
        found["trunkline.cost_nano_usd"] = attempt.cost
    return found


def of_call(exchange: Exchange, outcome: Outcome) -> Attributes:
    """The span of a call, whoever answered it."""
    found: Attributes = {
        "gen_ai.operation.name": operation_of(exchange),
        "gen_ai.request.model": exchange.call.envelope.model,
        "trunkline.request_id": exchange.id,
        "trunkline.caller": exchange.call.caller.name,
        "trunkline.attempts": exchange.requests,
        **_asked(exchange),
        **ended(outcome),
    }
    if target := exchange.target:
        found["gen_ai.response.model"] = target.model
        found["gen_ai.provider.name"] = provider_name(target.provider)
    if exchange.cost is not None:
        found["trunkline.cost_nano_usd"] = exchange.cost
    return found


def few(operation: str, labels: Labels, outcome: Outcome) -> Attributes:
    """The labels of a histogram: provider and model from words that are few, never from a caller."""
    provider, model = labels
    found: Attributes = {"gen_ai.operation.name": operation}
    if provider:
        found["gen_ai.provider.name"] = provider_name(provider)
    if model:
        found["gen_ai.request.model"] = model
    if outcome.error:
        found["error.type"] = outcome.error.kind
    return found


def _asked(exchange: Exchange) -> Attributes:
    envelope = exchange.call.envelope
    found: Attributes = {}
    if exchange.call.dialect.operation == "chat":
        found["gen_ai.request.stream"] = envelope.stream
    if envelope.max_tokens is not None:
        found["gen_ai.request.max_tokens"] = envelope.max_tokens
    return found


def ended(outcome: Outcome) -> Attributes:
    """How it ended and what it used; cached and thought tokens are in the sums beside them."""
    found: Attributes = {}
    usage = outcome.usage
    if usage.source != "unknown":
        found["gen_ai.usage.input_tokens"] = usage.prompt
        found["gen_ai.usage.output_tokens"] = usage.completion
        for name, tokens in (
            ("cache_read.input_tokens", usage.cache_read),
            ("cache_creation.input_tokens", usage.cache_write + usage.cache_write_1h),
            ("reasoning.output_tokens", usage.reasoning),
        ):
            if tokens:
                found[f"gen_ai.usage.{name}"] = tokens
    if outcome.finish:
        found["gen_ai.response.finish_reasons"] = (outcome.finish,)
    if outcome.first_content is not None:
        found["gen_ai.response.time_to_first_chunk"] = outcome.first_content
    if outcome.error:
        found["error.type"] = outcome.error.kind
    return found
