"""A LiteLLM config turned into ours: providers, models with fallbacks and weights, prices, keys, budgets, timeouts.

Refuses to guess: what has no counterpart here is named, with what to do about it.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from trunkline.core.errors import ConfigError
from trunkline.gateway import litellm_deployment as deployment
from trunkline.gateway.litellm_deployment import Json, seconds_of
from trunkline.gateway.litellm_names import PREFIXES, known
from trunkline.gateway.litellm_settings import (
    CALLBACKS,
    FALLBACKS,
    HERE_ANYWAY,
    MOST_RETRIES,
    RETRIES,
    SHORTEST_KEY,
    STRATEGIES,
    WINDOWS,
)
from trunkline.providers import registry


class Imported(Struct, frozen=True):
    """``config`` is ours, as a document; ``notes`` say what was left out or means something else here."""

    config: Json
    notes: tuple[str, ...]


def imported(document: Any) -> Imported:
    """Our config of a LiteLLM one. Raises ConfigError where the document is none."""
    if not isinstance(document, dict) or not isinstance(document.get("model_list"), list):
        within = (
            "; import the files that its include names" if isinstance(document, dict) and "include" in document else ""
        )
        raise ConfigError(f"this is not LiteLLM's config: it has no model_list{within}")
    importer = _Importer(document.get("credential_list"))
    for at, entry in enumerate(document["model_list"]):
        importer.model(entry, f"model_list[{at}]")
    importer.settings(document)
    return importer.done()


class _Importer:
    """Collects; every place of the old config is either carried over or noted."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = dict(deployment.credentials(credentials))
        self._direct = False
        self._providers: dict[str, Json] = {}
        self._facts: dict[str, Json] = {}
        self._targets: dict[str, dict[str, Json]] = {}
        self._weights: dict[str, dict[str, float]] = {}
        self._fallbacks: dict[str, list[str]] = {}
        self._aliases: dict[str, str] = {}
        self._budget: Json = {}
        self._budgets: list[Json] = []
        self._rest: Json = {}
        self._strategy = "weighted"
        self._notes: list[str] = []

    def model(self, entry: Any, where: str) -> None:
        """One deployment."""
        params = entry.get("litellm_params") if isinstance(entry, dict) else None
        if not isinstance(params, dict) or not isinstance(params.get("model"), str):
            self._notes.append(f"{where}: has no litellm_params.model; left out")
            return
        params = {**self._credentials.get(str(params.get("litellm_credential_name")), {}), **params}
        if params["model"] == "*":
            self._wild(where, "PROVIDER")
            return
        found = self._provider(params, where)
        if found is None:
            return
        provider, model = found
        self._notes.extend(deployment.left_over(entry, params, where))
        facts = deployment.facts(entry, where, self._notes)
        name = str(entry.get("model_name") or params["model"])
        if "*" in name or "*" in model:
            self._wild(where, provider)
            return
        if facts:
            self._facts.setdefault(provider, {})[model] = facts
        self._target(name, f"{provider}/{model}", params, where)
        weight = deployment.weight(params, entry)
        if weight is not None:
            self._weights.setdefault(name, {})[f"{provider}/{model}"] = weight

    def _wild(self, where: str, provider: str) -> None:
        self._direct = True
        self._notes.append(f"{where}: needs no entry: callers may name any model as {provider}/MODEL; see direct")

    def _target(self, name: str, target: str, params: Json, where: str) -> None:
        targets = self._targets.setdefault(name, {})
        if target in targets:
            self._notes.append(f"{where}: is a second time {target} under {name}; asked as one")
        targets[target] = deployment.timeouts(params, f"{where}.litellm_params", self._notes)

    def _provider(self, params: Json, where: str) -> tuple[str, str] | None:
        """The provider of a deployment, made where it is new, and its name of the model."""
        row, model = deployment.whose(params)
        base = params.get("api_base") or params.get("base_url")
        if not model:
            self._notes.append(f"{where}: {params['model']!r} names no model of its provider's; left out")
            return None
        if not known(row) and not base:
            whose = f"the provider {row!r} is not known by name here; left out, add it with its url"
            self._notes.append(f"{where}: {whose if row else f'whose {model} is, its name does not tell; left out'}")
            return None
        if row == "openai" and base and not registry.known(row).has(model):
            row = ""  # a server that speaks as OpenAI's does, and has nothing else of it
        table = self._table(row, base, params.get("api_key"), where) | self._signed(params, where)
        for name, present in self._providers.items():
            if present == table:
                return name, model
        name = self._new_name(row if known(row) and not (base and row == "openai") else _host(str(base)))
        self._providers[name] = table
        return name, model

    def _table(self, row: str, base: Any, key: Any, where: str) -> Json:
        table: Json = {"like": row} if known(row) else {"dialect": "openai"}
        if base:
            url = deployment.address(row, self._value(base, f"{where}.api_base"))
            table["url"] = url
            if url.partition("}")[2] and url.startswith("${"):
                self._notes.append(
                    f"{where}.api_base: what its variable holds must not end in / or in {url.partition('}')[2]}"
                )
            if row == "ollama":  # its own dialect has its own address, and refuses prompts that others cut
                table["dialects"] = {"ollama": {"url": f"{url.removesuffix('/v1')}/api"}, "openai": {}}
            if not row and not key:
                key = "os.environ/OPENAI_API_KEY"
                self._notes.append(f"{where}: has no api_key, so it is sent OPENAI_API_KEY; auth: none sends none")
        if key and (held := self._value(key, f"{where}.api_key")) not in deployment.usual_keys(row):
            table["key"] = held
        return table

    def _signed(self, params: Json, where: str) -> Json:
        """What a provider at AWS or Google has besides: region, project, and what says who pays."""
        table: Json = {
            ours: self._value(params[theirs], f"{where}.{theirs}")
            for theirs, ours in deployment.VERTEX.items()
            if params.get(theirs)
        }
        if file := params.get("vertex_credentials"):
            if isinstance(file, dict) or str(file).lstrip().startswith("{"):
                self._notes.append(
                    f"{where}.vertex_credentials: stand in the file; save them, and write google: {{file: PATH}}"
                )
            else:
                table["google"] = {"file": self._value(file, f"{where}.vertex_credentials")}
        if params.get("aws_region_name"):
            table["region"] = self._value(params["aws_region_name"], where)
        aws = {
            ours: self._value(params[theirs], f"{where}.{theirs}")
            for theirs, ours in deployment.AWS.items()
            if params.get(theirs)
        }
        return {**table, "aws": aws} if aws else table

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
        if where.endswith("_key"):
            self._notes.append(f"{where}: stands in the file; ${{NAME}} or file:PATH would keep it out")
        return text.replace("$", "$$")

    def settings(self, document: Mapping[str, Any]) -> None:
        """Everything beside the models."""
        for section, table in document.items():
            if section in {"model_list", "credential_list"}:
                continue
            if section == "environment_variables":
                self._notes.append("environment_variables: set them where the gateway is started")
            elif not isinstance(table, dict):
                self._notes.append(f"{section}: has no counterpart here")
            else:
                for name, value in table.items():
                    self._setting(f"{section}.{name}", value)

    def _setting(self, where: str, value: Any) -> None:
        match where.partition(".")[2]:
            case name if name in FALLBACKS:
                self._fall_back(name, where, value)
            case "request_timeout" | "timeout" if (seconds := seconds_of(value)) is not None:
                self._rest["timeouts"] = {"total": min(seconds, 86_400.0)}
            case "num_retries" if where in RETRIES and isinstance(value, int) and value >= 0:
                self._rest.setdefault("recovery", {})["retries"] = min(value, MOST_RETRIES)
            case "master_key":
                self._master(value, where)
            case "routing_strategy" if isinstance(value, str) and value in STRATEGIES:
                self._strategy = STRATEGIES[value]
            case "routing_strategy":
                self._notes.append(f"{where}: {value} is unknown here, calls are drawn by weight; see strategy")
            case "model_group_alias":
                self._alias(value, where)
            case name:
                self._further(name, where, value)

    def _further(self, name: str, where: str, value: Any) -> None:
        match name:
            case "max_budget" | "budget_duration":
                self._budget[name] = value
            case "provider_budget_config":
                self._provider_budgets(value, where)
            case "callbacks" | "success_callback" | "failure_callback":
                self._called_back(value, where)
            case _:
                self._notes.append(f"{where}: {HERE_ANYWAY.get(where, 'has no counterpart here')}")

    def _master(self, value: Any, where: str) -> None:
        """It opens LiteLLM's admin doors and calls models; here these are two things, with one value until changed."""
        key = self._value(value, where)
        if not key.startswith("${") and len(key) < SHORTEST_KEY:
            self._notes.append(
                f"{where}: is shorter than {SHORTEST_KEY} characters; TRUNKLINE_MASTER_KEY must hold a longer one"
            )
            key = "${TRUNKLINE_MASTER_KEY}"
        self._rest["admin_key"] = key
        self._rest["keys"] = [{"name": "master", "key": key}]
        self._notes.append(f"{where}: is admin_key and the first of keys here; other keys: trunkline keys create NAME")

    def _fall_back(self, kind: str, where: str, value: Any) -> None:
        if kind == "default_fallbacks":
            value = [{"*": value}]
        if kind == "context_window_fallbacks":
            self._notes.append(f"{where}: joined with the other fallbacks; too long a prompt skips small windows")
        if kind == "content_policy_fallbacks":
            self._rest.setdefault("recovery", {})["content_policy_fallback"] = True
            self._notes.append(f"{where}: joined with the other fallbacks, and recovery.content_policy_fallback is set")
        for one in value if isinstance(value, list) else []:
            for name, others in one.items() if isinstance(one, dict) else ():
                after = self._fallbacks.setdefault(str(name), [])
                after.extend(str(other) for other in (others if isinstance(others, list) else [others]))

    def _alias(self, value: Any, where: str) -> None:
        for alias, meant in value.items() if isinstance(value, dict) else ():
            name = meant.get("model") if isinstance(meant, dict) else meant
            self._aliases[str(alias)] = str(name)
            if isinstance(meant, dict) and meant.get("hidden"):
                self._notes.append(f"{where}.{alias}: is listed here like any other")

    def _provider_budgets(self, value: Any, where: str) -> None:
        rules: Json = value if isinstance(value, dict) else {}
        for name, said in rules.items():
            table: Json = said if isinstance(said, dict) else {}
            row = PREFIXES.get(name, name)
            limit, window = table.get("budget_limit"), table.get("time_period")
            self._limit(row, limit, window, f"{where}.{name}", {"per": "provider", "only": [row]})

    def _limit(self, name: str, limit: Any, window: Any, where: str, rest: Json) -> None:
        ours = WINDOWS.get(str(window or "30d"))
        if ours is None or isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= 0:
            self._notes.append(f"{where}: {limit} in {window} is no budget here; they are by day or month, see budgets")
            return
        self._budgets.append({"name": name, "limit": limit, **rest, "window": ours})
        self._notes.append(f"{where}: begins with each calendar {ours} here, UTC unless zone says else")

    def _called_back(self, value: Any, where: str) -> None:
        for name in value if isinstance(value, list) else [value]:
            self._notes.append(f"{where}: {name}: {CALLBACKS.get(str(name), 'has no counterpart here; see otel')}")

    def done(self) -> Imported:
        """All of it, as a document."""
        models = {name: self._route(name) for name in self._targets}
        for alias, name in self._aliases.items():
            if name in models:
                models[alias] = models[name]
            else:
                self._notes.append(f"router_settings.model_group_alias.{alias}: {name!r} is no model of this config")
        if "max_budget" in self._budget:
            window = self._budget.get("budget_duration")
            self._limit("all", self._budget["max_budget"], window, "litellm_settings.max_budget", {})
        if self._budgets:
            self._rest["budgets"] = self._budgets
        providers = {name: self._short(name, table) for name, table in self._providers.items()}
        if not self._direct:  # there, only the names that are listed can be called
            self._rest["direct"] = False
        models = self._renamed(models) if self._direct else models
        return Imported({"providers": providers, "models": models, **self._rest}, tuple(dict.fromkeys(self._notes)))

    def _renamed(self, models: Json) -> Json:
        """No name hides a provider's own model, where any can be called: one that is just that needs no entry."""
        found: Json = {}
        for name, targets in models.items():
            if name.partition("/")[0] not in self._providers or "/" not in name:
                found[name] = targets
            elif targets == [name]:
                self._notes.append(f"{name}: needs no entry: callers may name that provider's own; see direct")
            else:
                free = name.replace("/", "-")
                while free in models or free in found:
                    free += "-2"
                found[free] = targets
                self._notes.append(f"{name}: is {free} here, since callers may name that provider's own; see direct")
        return found

    def _route(self, name: str) -> Any:
        own = self._targets[name]
        timeouts = dict(own)
        for other in self._others(name):
            for target, theirs in self._targets[other].items():
                timeouts.setdefault(target, theirs)
        targets = [{"model": each, "timeouts": its} if its else each for each, its in timeouts.items()]
        if len(own) == 1:
            return targets
        if self._strategy != "weighted":
            return {"targets": targets, "strategy": self._strategy}
        weights = {each: self._weights.get(name, {}).get(each, 1) if each in own else 0 for each in timeouts}
        return {"targets": targets, "strategy": {"kind": "weighted", "weights": weights}}

    def _others(self, name: str) -> Iterator[str]:
        """The models that come after it: its own fallbacks, or everybody's."""
        for other in self._fallbacks.get(name, self._fallbacks.get("*", [])):
            meant = self._aliases.get(other, other)
            if meant in self._targets:
                yield meant
            else:
                self._notes.append(f"fallbacks of {name}: {other!r} is no model of this config")

    def _short(self, name: str, table: Json) -> Json | None:
        """A row under its own name need not say which row it is; one with nothing to say is null."""
        said = {field: value for field, value in table.items() if field != "like" or value != name}
        if name in self._facts:
            said["models"] = self._facts[name]
        return said or None


def _host(url: str) -> str:
    """A provider's name, from where it is."""
    try:
        host = urlsplit(url).hostname or "provider"
    except ValueError:  # no address at all; trunkline check says so
        host = "provider"
    name = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in host.lower())
    return name.strip("._-") or "provider"
