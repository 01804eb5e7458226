"""One entry of LiteLLM's model_list: which provider and model it names, and what it says of them.

Refuses to know other entries, fallbacks and how the pieces become a config.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from trunkline.gateway.litellm_names import known, named
from trunkline.providers.registry import rows

Json = dict[str, Any]
Notes = list[str]

AWS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}
VERTEX = {
    "vertex_project": "project",
    "vertex_ai_project": "project",
    "vertex_location": "region",
    "vertex_ai_location": "region",
}
BENEATH = {"azure": "/openai/v1", "ollama": "/v1", "anthropic": "/v1"}
"""What LiteLLM adds to an address by itself."""
ENDS = ("/chat/completions", "/messages", "/models")
"""What some write at the end of an address, which is a path beneath it."""

ANSWERED = frozenset(
    {"model", "api_key", "api_base", "base_url", "weight", "timeout", "stream_timeout", "rpm", "tpm", "order"}
    | {"aws_region_name", *AWS, *VERTEX, "vertex_credentials", "custom_llm_provider", "litellm_credential_name"}
)
"""Parameters of a deployment that are carried over, or told of elsewhere."""

DOLLARS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
}
"""Dollars a token there, dollars a million tokens here."""

DEAREST = 1_000_000  # dollars a million tokens, as a price of ours has at most
FOREVER = 1e9  # seconds
LIMITS = {"max_input_tokens": "context_window", "max_output_tokens": "max_output"}
ABILITIES = {
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_response_schema": "structured_output",
    "supports_reasoning": "reasoning",
}
TOLD = frozenset({"id", "mode", "litellm_provider", "base_model", "max_tokens", *DOLLARS, *LIMITS, *ABILITIES})


def whose(params: Mapping[str, Any]) -> tuple[str, str]:
    """The provider that a deployment names, in its model's name or beside it, and that provider's name of the model."""
    model, beside = str(params["model"]), params.get("custom_llm_provider")
    if isinstance(beside, str) and beside and not model.startswith(f"{beside}/"):
        return named(f"{beside}/{model}")
    return named(model)


def address(row: str, base: str) -> str:
    """A base URL as ours: without what LiteLLM takes for granted at its end, or with what it adds by itself."""
    url = base.rstrip("/")
    for end in ENDS:
        url = url.removesuffix(end)
    return url if url.endswith("/v1") else url + BENEATH.get(row, "")


def credentials(table: Any) -> Iterator[tuple[str, Json]]:
    """What ``credential_list`` holds, by the names that deployments call it by."""
    for one in table if isinstance(table, list) else ():
        if isinstance(one, dict):
            yield str(one.get("credential_name")), _table(one.get("credential_values"))


def facts(entry: Mapping[str, Any], where: str, notes: Notes) -> Json:
    """What the deployment says of its model, as a row of ``providers.NAME.models``."""
    info, params = _table(entry.get("model_info")), _table(entry.get("litellm_params"))
    said = {**info, **{name: params[name] for name in DOLLARS if name in params}}
    found: Json = {ours: said[theirs] for theirs, ours in LIMITS.items() if _count(said.get(theirs))}
    found |= {ours: said[theirs] for theirs, ours in ABILITIES.items() if isinstance(said.get(theirs), bool)}
    prices = dict(_prices(said, where, notes))
    if {"input", "output"} <= prices.keys():
        found["prices"] = prices
    elif prices:
        notes.append(f"{where}: a price needs input and output; set providers.NAME.models.MODEL.prices")
    if isinstance(base := info.get("base_model"), str) and base:
        found["same_as"] = _catalogued(base)
    notes.extend(f"{where}.model_info.{name}: has no counterpart here" for name in sorted(info.keys() - TOLD))
    return found


def _prices(said: Mapping[str, Any], where: str, notes: Notes) -> Iterator[tuple[str, float]]:
    for theirs, ours in DOLLARS.items():
        if said.get(theirs) is None:
            continue
        try:
            million = Decimal(str(said[theirs])) * 1_000_000
        except ArithmeticError:  # no number, or one without measure
            million = Decimal(-1)
        if million.is_finite() and 0 <= million <= DEAREST and million == round(million, 6):
            yield ours, float(million)
        else:
            notes.append(f"{where}: {theirs} is no number of dollars with at most twelve places; left out")


def timeouts(params: Mapping[str, Any], where: str, notes: Notes) -> Json:
    """``timeout`` is an attempt's whole time here, ``stream_timeout`` a stream's first content."""
    found: Json = {}
    for theirs, ours, most in (("timeout", "total", 86_400.0), ("stream_timeout", "first_content", 3600.0)):
        value = params.get(theirs)
        if value is None:
            continue
        if (seconds := seconds_of(value)) is not None and seconds <= most:
            found[ours] = seconds
        else:
            notes.append(f"{where}.{theirs}: is no number of seconds up to {most:.0f}; left out")
    return found


def seconds_of(value: Any) -> float | None:
    """A number of seconds that can be waited, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0.01:  # NaN too
        return None
    return float(min(value, FOREVER))


SHARES = ("weight", "rpm", "tpm")


def weight(params: Mapping[str, Any], entry: Mapping[str, Any]) -> float | None:
    """Its share of the calls: LiteLLM draws by weight, else by requests or tokens a minute, which may stand outside."""
    for name in SHARES:
        value = params.get(name, entry.get(name))
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf"):
            return value
    return None


def left_over(entry: Mapping[str, Any], params: Mapping[str, Any], where: str) -> Iterator[str]:
    """A note for each field and parameter that nothing here answers to."""
    for name in sorted(map(str, entry.keys() - {"model_name", "litellm_params", "model_info", *SHARES})):
        yield f"{where}.{name}: has no counterpart here"
    for name in sorted(map(str, params.keys() - ANSWERED - DOLLARS.keys())):
        yield f"{where}.litellm_params.{name}: {_INSTEAD.get(name, 'has no counterpart here')}"
    if any({**entry, **params}.get(name) for name in ("rpm", "tpm")):
        yield "model_list: rpm and tpm are taken as weights; a provider's own limits are learned from its headers"


_INSTEAD = {
    "api_version": "the address ends in /openai/v1, which needs none",
    "max_retries": "see recovery.retries",
    "num_retries": "see recovery.retries",
    "max_parallel_requests": "targets learn how much they take at once; see health.concurrency",
    "drop_params": "what a target cannot express is dropped and named",
    "mock_response": "see trunkline simulate",
    "tags": "targets' tags are providers.NAME.tags; requires of a key or a call asks for them",
}


def usual_keys(provider: str) -> frozenset[str]:
    """How its key is written where it comes from the usual variable, which needs no saying here."""
    names = rows()[provider].get("key_env", []) if known(provider) else []
    return frozenset(f"${{{name}}}" for name in names[:1])


def _catalogued(model: str) -> str:
    """Azure's deployments are of OpenAI's models, and the public tables have them there."""
    provider, name = named(model)
    return f"{'openai' if provider in {'azure', ''} else provider}/{name}"


def _table(value: Any) -> Json:
    return {str(name): each for name, each in value.items()} if isinstance(value, dict) else {}


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1_000_000_000
