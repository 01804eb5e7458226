"""What types cannot say of a config: names that must exist, keys that must be there, quirks a dialect must have.

Refuses to change anything; it answers with what is wrong and where.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import msgspec

from trunkline.accounting.budgets import BudgetRule
from trunkline.core.dialect import DialectName
from trunkline.core.errors import ConfigError
from trunkline.core.nearest import hint, quoted
from trunkline.files.settings import URLS
from trunkline.gateway.config import Config, Route
from trunkline.gateway.document import Where
from trunkline.gateway.listen import address, is_loopback
from trunkline.providers.provider import Provider
from trunkline.providers.quirks import DIALECTS
from trunkline.quality.rubric import built_in
from trunkline.quality.settings import QualitySettings

Problem = tuple[Where, str]

PATHS_OF_THEIR_OWN = frozenset({"gemini", "bedrock"})
SHORTEST_KEY = 16  # characters; below 2**64 guesses a key can be found by trying


def problems(config: Config, configured: Iterable[str]) -> Iterator[Problem]:
    """Everything wrong across fields. ``configured`` names all providers, those too whose own table is wrong."""
    yield from _listen(config.listen)
    if config.metrics.listen is not None:
        yield from _listen(config.metrics.listen, ("metrics", "listen"))
    for name, provider in config.providers.items():
        yield from _provider(("providers", name), provider)
    names = tuple(configured)
    for name, route in config.models.items():
        yield from _name(name, names, direct=config.direct)
        yield from _route(("models", name), route, names)
    yield from _keys(config)
    yield from _budgets(config.budgets)
    limited = config.budgets or any(key.budget is not None for key in config.keys)
    if config.ledger is not None and not config.ledger.keep and limited:
        yield ("ledger",), "is off, and budgets need one: without it nobody knows what was spent"
    if config.quality is not None:
        yield from _quality(config, config.quality)


def _quality(config: Config, quality: QualitySettings) -> Iterator[Problem]:
    rubrics = {*built_in(), *(rubric.name for rubric in quality.rubrics)}
    if quality.rubric not in rubrics:
        yield ("quality", "rubric"), f"{quoted(quality.rubric)} is no rubric{hint(quality.rubric, rubrics)}"
    yield from _own_checks(config, quality)
    asked: list[tuple[Where, str]] = [(("quality", "judges", place), name) for place, name in enumerate(quality.judges)]
    asked += [(("quality", "canaries", "models", place), name) for place, name in enumerate(quality.canaries.models)]
    for place, shadow in enumerate(quality.shadows):
        asked.append((("quality", "shadows", place, "candidate"), shadow.candidate))
        if shadow.route not in config.models:
            near = hint(shadow.route, config.models)
            yield ("quality", "shadows", place, "route"), f"{quoted(shadow.route)} is no route in models{near}"
    for where, name in asked:
        if config.route(name) is None:
            yield where, f"{quoted(name)} is no model of this house: name a route in models, or provider/model"


def _own_checks(config: Config, quality: QualitySettings) -> Iterator[Problem]:
    names = [check.name for check in quality.checks]
    for place, check in enumerate(quality.checks):
        if check.name in names[:place]:
            yield ("quality", "checks", place, "name"), f"{quoted(check.name)} is the name of two checks; rename one"
        for route in check.routes:
            if not config.direct and route not in config.models:
                near = hint(route, config.models)
                yield ("quality", "checks", place, "routes"), f"{quoted(route)} is no route in models{near}"


def _budgets(budgets: Iterable[BudgetRule]) -> Iterator[Problem]:
    names = Counter(rule.name for rule in budgets)
    for index, rule in enumerate(budgets):
        if names[rule.name] > 1:
            yield ("budgets", index, "name"), f"{quoted(rule.name)} is the name of {names[rule.name]} budgets"


def _listen(listen: str, where: Where = ("listen",)) -> Iterator[Problem]:
    try:
        address(listen)
    except ConfigError as error:
        yield where, str(error).removeprefix("listen: ")


def _provider(where: Where, provider: Provider) -> Iterator[Problem]:
    if not provider.has_key and _wants_key(provider):
        yield where, _no_key(provider)
    if provider.query is not None and provider.dialects.keys() & PATHS_OF_THEIR_OWN:
        yield (*where, "query"), "stands behind one path, and the dialects gemini and bedrock have one for each request"
    if provider.aws is not None and "bedrock" not in provider.dialects:
        yield (*where, "aws"), "signs requests to Bedrock, and this provider does not speak the dialect bedrock"
    if provider.google is not None and provider.google.ways != 1:
        yield (*where, "google"), "says where tokens come from in one way: file, command or metadata"
    if "{project}" in provider.address:
        yield (*where, "project"), "is missing: write it, or set GOOGLE_CLOUD_PROJECT"
    if provider.key is not None and provider.auth == "none":
        yield (*where, "auth"), "is none, yet there is a key; leave one of the two out"
    yield from _filing(where, provider)
    for name, speech in provider.dialects.items():
        yield from _quirks((*where, "dialects", name, "quirks"), name, speech.quirks)


def _filing(where: Where, provider: Provider) -> Iterator[Problem]:
    if provider.keeps_files and "openai" not in provider.dialects:
        yield (*where, "files"), "and batches are of the dialect openai, and this provider does not speak it"
    for taken in provider.batches:
        if taken not in URLS.values() or taken not in provider.spoken:
            told = f"has {taken}: a batch takes what its provider speaks of {', '.join(URLS.values())}"
            yield (*where, "batches"), told


def _wants_key(provider: Provider) -> bool:
    host = urlsplit(provider.address).hostname or ""
    return provider.needs_key and not is_loopback(host)


def _no_key(provider: Provider) -> str:
    if provider.key_env:
        pair = ("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",) if "bedrock" in provider.dialects else ()
        if "{project}" in provider.url:
            pair = ("GOOGLE_APPLICATION_CREDENTIALS",)
        names = " or ".join((*provider.key_env, *pair))
        return f"has no key: set the environment variable {names}, or write key: ${{NAME}} or key: file:PATH"
    return "has no key: write key: ${NAME} or key: file:PATH, or auth: none if it wants none"


def _quirks(where: Where, name: DialectName, quirks: dict[str, object]) -> Iterator[Problem]:
    known = {field.name: field.type for field in fields(DIALECTS[name])}
    for quirk, value in quirks.items():
        if quirk not in known:
            yield (*where, quirk), f"unknown quirk{hint(quirk, known)} The dialect {name} has: {', '.join(known)}"
            continue
        try:
            msgspec.convert({quirk: value}, DIALECTS[name])
        except msgspec.ValidationError as error:
            yield (*where, quirk), str(error).split(" - at ")[0]


def _name(name: str, providers: tuple[str, ...], *, direct: bool) -> Iterator[Problem]:
    prefix = name.partition("/")[0]
    if not name or not name.isprintable() or name != name.strip():
        yield ("models", name), f"{quoted(name)} is no name a caller can send"
    elif direct and "/" in name and prefix in providers:
        hidden = f"would hide the provider {quoted(prefix)}'s own model of that name"
        yield ("models", name), f"{hidden}; choose another name, or set direct: false"


def _route(where: Where, route: Route, providers: tuple[str, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, step in enumerate(route.targets):
        place = (*where, "targets", index)
        provider = step.target.provider
        if provider not in providers:
            unknown = f"{quoted(step.model)} names the provider {quoted(provider)}, which is not configured"
            yield place, f"{unknown}{hint(provider, providers)} Configured: {', '.join(providers)}"
        if step.model in seen:
            yield place, f"{quoted(step.model)} is there twice; a target is asked once per call"
        seen.add(step.model)


def _keys(config: Config) -> Iterator[Problem]:
    names = Counter(key.name for key in config.keys)
    texts = Counter(key.key for key in config.keys)
    for index, key in enumerate(config.keys):
        where: Where = ("keys", index)
        if names[key.name] > 1:
            yield (*where, "name"), f"{quoted(key.name)} is the name of {names[key.name]} keys; each needs its own"
        if texts[key.key] > 1:
            yield (*where, "key"), f"{quoted(key.name)} shares its key with another; each caller needs its own"
        if len(key.key.reveal()) < SHORTEST_KEY:
            yield (*where, "key"), f"is shorter than {SHORTEST_KEY} characters, so it can be guessed; make a longer one"
        for pattern in key.models or ():
            yield from _pattern((*where, "models"), pattern, config)
        for pattern in key.targets or ():
            yield from _target_pattern((*where, "targets"), pattern, tuple(config.providers))


def _pattern(where: Where, pattern: str, config: Config) -> Iterator[Problem]:
    prefix, slash, _ = pattern.partition("/")
    names = (*config.models, *config.providers)
    if "*" in prefix or "?" in prefix or "[" in prefix or (slash and prefix in config.providers):
        return
    if config.route(pattern) is None:
        yield where, f"{quoted(pattern)} is no model of this config{hint(pattern, names)} Models: {', '.join(names)}"


def _target_pattern(where: Where, pattern: str, providers: tuple[str, ...]) -> Iterator[Problem]:
    provider, slash, _ = pattern.partition("/")
    if not any(fnmatchcase(name, provider) for name in providers):
        none = f"{quoted(pattern)} is no target of this config{hint(provider, providers)}"
        yield where, f"{none} Write provider/model or provider/*; providers: {', '.join(providers)}"
    elif not slash and not provider.endswith("*"):
        yield where, f"{quoted(pattern)} matches no target; write {quoted(f'{pattern}/*')} for all models of it"
