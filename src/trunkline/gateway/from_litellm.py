"""A LiteLLM config turned into ours: providers, models with their fallbacks and weights, keys, timeouts.

Refuses to guess: what has no counterpart here is named, with what to do about it.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from trunkline.core.errors import ConfigError
from trunkline.providers.registry import rows

Json = dict[str, Any]

PREFIXES = {
    "azure_ai": "azure",
    "together_ai": "together",
    "fireworks_ai": "fireworks",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "hosted_vllm": "vllm",
    "nvidia_nim": "nvidia",
    "dashscope": "qwen",
    "jina_ai": "jina",
    "lm_studio": "lmstudio",
    "vercel_ai_gateway": "vercel",
    "text-completion-openai": "openai",
}
"""LiteLLM's prefix of a model, where our provider has another name."""

BARE = (("gpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"), ("claude", "anthropic"))
ANSWERED = frozenset({"model", "api_key", "api_base", "base_url", "weight", "timeout", "rpm", "tpm"})
STRATEGIES = {
    "simple-shuffle": "weighted",
    "latency-based-routing": "latency",
    "cost-based-routing": "cost_optimized",
}
HERE_ANYWAY = {
    "general_settings.database_url": "usage and keys are kept in trunkline.db; see ledger",
    "litellm_settings.drop_params": "what a target cannot express is dropped and named; on_unsupported: refuse refuses",
    "litellm_settings.num_retries": "see recovery.retries",
    "litellm_settings.set_verbose": "see log",
    "router_settings.num_retries": "see recovery.retries",
    "router_settings.allowed_fails": "circuits open by rate and by failures in a row; see health",
    "router_settings.cooldown_time": "circuits open by rate and by failures in a row; see health",
    "router_settings.enable_pre_call_checks": "prompts too long for a target's window are never sent to it",
}
"""What needs no setting here, or has one of another kind."""


class Imported(Struct, frozen=True):
    """``config`` is ours, as a document; ``notes`` say what was left out or means something else here."""

    config: Json
    notes: tuple[str, ...]


def imported(document: Any) -> Imported:
    """Our config of a LiteLLM one. Raises ConfigError where the document is none."""
    if not isinstance(document, dict) or not isinstance(document.get("model_list"), list):
        raise ConfigError("this is not LiteLLM's config: it has no model_list")
    importer = _Importer()
    for at, entry in enumerate(document["model_list"]):
        importer.model(entry, f"model_list[{at}]")
    importer.settings(document)
    return importer.done()


class _Importer:
    """Collects; every place of the old config is either carried over or noted."""

    def __init__(self) -> None:
        self._providers: dict[str, Json] = {}
        self._targets: dict[str, list[str]] = {}
        self._weights: dict[str, dict[str, float]] = {}
        self._fallbacks: dict[str, list[str]] = {}
        self._rest: Json = {}
        self._strategy = "weighted"
        self._notes: list[str] = []

    def model(self, entry: Any, where: str) -> None:
        """One deployment."""
        params = entry.get("litellm_params") if isinstance(entry, dict) else None
        if not isinstance(params, dict) or not isinstance(params.get("model"), str):
            self._notes.append(f"{where}: has no litellm_params.model; left out")
            return
        found = self._provider(params, where)
        if found is None:
            return
        provider, model = found
        name, target = str(entry.get("model_name") or params["model"]), f"{provider}/{model}"
        targets = self._targets.setdefault(name, [])
        if target not in targets:
            targets.append(target)
        weight = params.get("weight") or params.get("rpm") or params.get("tpm")
        if isinstance(weight, int | float):
            self._weights.setdefault(name, {})[target] = weight
        for extra in sorted(params.keys() - ANSWERED):
            self._notes.append(f"{where}.litellm_params.{extra}: has no counterpart here")

    def _provider(self, params: Json, where: str) -> tuple[str, str] | None:
        """The provider of a deployment, made where it is new, and its name of the model."""
        prefix, slash, model = params["model"].partition("/")
        if not slash:
            prefix, model = _bare(params["model"]), params["model"]
        row = PREFIXES.get(prefix, prefix)
        base = params.get("api_base") or params.get("base_url")
        if row not in rows() and not base:
            self._notes.append(f"{where}: the provider {prefix!r} is not known by name here; add it with its url")
            return None
        table = self._table(row, base, params.get("api_key"), where)
        for name, present in self._providers.items():
            if present == table:
                return name, model
        name = self._new_name(row if row in rows() and not (base and row == "openai") else _host(str(base)))
        self._providers[name] = table
        return name, model

    def _table(self, row: str, base: Any, key: Any, where: str) -> Json:
        table: Json = {"like": row} if row in rows() else {"dialect": "openai"}
        if base:
            url = self._value(base, f"{where}.api_base").rstrip("/")
            table["url"] = f"{url}/openai/v1" if row == "azure" and not url.endswith("/v1") else url
        if key:
            table["key"] = self._value(key, f"{where}.api_key")
        return table

    def _new_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._providers:
            name, number = f"{wanted}-{number}", number + 1
        return name

    def _value(self, value: Any, where: str) -> str:
        """``os.environ/NAME`` is our ``${NAME}``; a key written out is taken over, and noted."""
        text = str(value)
        if text.startswith("os.environ/"):
            return f"${{{text.removeprefix('os.environ/')}}}"
        if where.endswith("api_key"):
            self._notes.append(f"{where}: stands in the file; ${{NAME}} or file:PATH would keep it out")
        return text.replace("$", "$$")

    def settings(self, document: Mapping[str, Any]) -> None:
        """Everything beside the models."""
        for section in document.keys() - {"model_list"}:
            table = document[section]
            if not isinstance(table, dict):
                self._notes.append(f"{section}: has no counterpart here")
                continue
            for name, value in table.items():
                self._setting(f"{section}.{name}", value)

    def _setting(self, where: str, value: Any) -> None:
        match where:
            case "litellm_settings.fallbacks" | "router_settings.fallbacks":
                self._fall_back(value)
            case "litellm_settings.context_window_fallbacks" | "router_settings.context_window_fallbacks":
                self._fall_back(value)
                self._notes.append(f"{where}: joined with the other fallbacks; too long a prompt skips small windows")
            case "litellm_settings.request_timeout" | "router_settings.timeout":
                self._rest["timeouts"] = {"total": float(value)}
            case "general_settings.master_key":
                self._rest["admin_key"] = self._value(value, where)
            case "router_settings.routing_strategy" if value in STRATEGIES:
                self._strategy = STRATEGIES[value]
            case _:
                told = HERE_ANYWAY.get(where, "has no counterpart here")
                self._notes.append(f"{where}: {told}")

    def _fall_back(self, value: Any) -> None:
        for one in value if isinstance(value, list) else []:
            for name, others in one.items() if isinstance(one, dict) else ():
                self._fallbacks.setdefault(name, []).extend(str(other) for other in others)

    def done(self) -> Imported:
        """All of it, as a document."""
        models = {name: self._route(name) for name in self._targets}
        providers = {name: _short(name, table) for name, table in self._providers.items()}
        return Imported({"providers": providers, "models": models, **self._rest}, tuple(self._notes))

    def _route(self, name: str) -> Any:
        own = self._targets[name]
        after = [target for other in self._others(name) for target in self._targets.get(other, ())]
        targets = list(dict.fromkeys([*own, *after]))
        if len(own) == 1:
            return targets
        if self._strategy != "weighted":
            return {"targets": targets, "strategy": self._strategy}
        weights = {target: self._weights.get(name, {}).get(target, 1) for target in own}
        weights |= {target: 0 for target in targets if target not in own}
        return {"targets": targets, "strategy": {"kind": "weighted", "weights": weights}}

    def _others(self, name: str) -> Iterator[str]:
        for other in self._fallbacks.get(name, self._fallbacks.get("*", [])):
            if other in self._targets:
                yield other
            else:
                self._notes.append(f"fallbacks of {name}: {other!r} is no model of this config")


def _bare(model: str) -> str:
    return next((provider for start, provider in BARE if model.startswith(start)), model)


def _host(url: str) -> str:
    """A provider's name, from where it is."""
    host = urlsplit(url).hostname or "provider"
    name = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in host.lower())
    return name.strip("._-") or "provider"


def _short(name: str, table: Json) -> Json | None:
    """A row under its own name need not say which row it is; one with nothing to say is null."""
    said = {field: value for field, value in table.items() if field != "like" or value != name}
    return said or None
