"""A config as a tree to look at: who answers, under which names, for how much; never a secret.

Refuses to check anything.
"""

from collections.abc import Iterator

from msgspec import structs
from rich.markup import escape
from rich.tree import Tree

from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.price import Price
from trunkline.gateway.config import Config, VirtualKey
from trunkline.gateway.listen import address, is_loopback
from trunkline.gateway.listing import Offer, offers
from trunkline.gateway.units import duration_text, size_text
from trunkline.providers.provider import Provider, Tariffs
from trunkline.providers.timeouts import Timeouts


def house_tree(config: Config, source: str, book: Tariffs | None = None, now: float = 0.0) -> Tree:
    """The whole house, with the prices of ``book`` at ``now``, seconds since 1970."""
    tree = Tree(f"[bold]trunkline[/] from {escape(source)}")
    tree.add(_listen(config))
    _branch(tree, "providers", [provider_line(provider) for provider in config.providers.values()])
    _models(tree, [offer for offer in offers(config, book, now) if offer.route])
    if config.direct:
        count = sum(len(provider.model_names) for provider in config.providers.values())
        tree.add(f"direct: provider/model for any model of theirs, {count} of them known")
    _branch(tree, "keys", [_key(key) for key in config.keys])
    _branch(tree, "money", list(_money(config)))
    _branch(tree, "timeouts", [_times(config.timeouts)])
    _branch(tree, "limits", list(_limits(config)))
    return tree


def _branch(tree: Tree, name: str, lines: list[str]) -> None:
    if lines:
        branch = tree.add(f"[bold]{name}[/]")
        for line in lines:
            branch.add(line)


def _listen(config: Config) -> str:
    host, _ = address(config.listen)
    who = f"{len(config.keys)} keys" if config.keys else "open: no keys"
    reach = "this machine only" if is_loopback(host) else "other machines too"
    return f"listen: {escape(config.listen)} [dim]({reach}, {who})[/]"


def provider_line(provider: Provider) -> str:
    """``openai: https://api.openai.com/v1 (openai) key from OPENAI_API_KEY, ****abcd``, the end of long keys only."""
    spoken = ", ".join(
        name if provider.dialects[name].url is None else f"{name} at {provider.base_url(name)}"
        for name in provider.dialects
    )
    named = f"[bold]{escape(provider.name)}[/]: {escape(provider.address)}"
    return f"{named} [dim]({escape(spoken)})[/] {_credential(provider)}"


def _credential(provider: Provider) -> str:
    if provider.key is None and provider.google is not None:
        return f"tokens of {escape(provider.google.told)}"
    if provider.key is None:
        return "no key" if provider.aws is None else f"signed with the keys of {escape(provider.aws.access_key_id)}"
    source = f" from {escape(provider.key_env[0])}," if provider.key_env else ""
    return f"key{source} {escape(str(provider.key))}"


def _models(tree: Tree, routes: list[Offer]) -> None:
    if not routes:
        return
    branch = tree.add("[bold]models[/]")
    for offer in routes:
        name = branch.add(f"[bold]{escape(offer.name)}[/]")
        for target, facts in offer.steps:
            name.add(f"{escape(str(target))} [dim]{escape(facts_line(facts))}[/]")


def facts_line(facts: ModelFacts) -> str:
    """``400,000 tokens, $0.25 in / $2 out per million``."""
    window = "window unknown" if facts.context_window is None else f"{facts.context_window:,} tokens"
    return f"{window}, {price_text(facts.price)}"


def price_text(price: Price | None) -> str:
    """Dollars per million tokens in and out; a price that is not known says so."""
    if price is None:
        return "price unknown"
    more = f", dearer over {price.tiers[0].over:,} tokens" if price.tiers else ""
    return f"${dollars(price, price.input)} in / ${dollars(price, price.output)} out per million{more}"


def dollars(price: Price, rate: int) -> str:
    """A rate of a price as dollars per million tokens, exactly."""
    return f"{price.dollars(rate).normalize():f}"


def _key(key: VirtualKey) -> str:
    allowed = "every model" if key.models is None else ", ".join(key.models)
    by = "" if key.targets is None else f", served by {', '.join(key.targets)} only"
    return f"{escape(key.name)} [dim]may use {escape(allowed + by)}[/]"


def _money(config: Config) -> Iterator[str]:
    ledger = config.ledger
    if ledger is None:
        yield "ledger: trunkline.db where the gateway is started; none in the library"
    else:
        yield f"ledger: {escape(ledger.path or 'in memory') if ledger.keep else 'off'}"
    if config.prices is not None:
        yield f"prices: {escape(config.prices)}"
    for rule in config.budgets:
        whose = "all together" if rule.per == "total" else f"each {rule.per}"
        only = f" of {', '.join(rule.only)}" if rule.only else ""
        kind = "" if rule.hard else ", warned only"
        yield f"budget {escape(rule.name)}: ${rule.limit:f} a {rule.window} for {whose}{escape(only)}{kind}"


def _times(timeouts: Timeouts) -> str:
    said = structs.asdict(timeouts)
    slowest = said.pop("slowest")
    told = [f"{name} {duration_text(value)}" for name, value in said.items()]
    return ", ".join([*told, f"slowest {slowest:g} tokens/s"])


def _limits(config: Config) -> Iterator[str]:
    limits = config.limits
    yield f"body {size_text(limits.body)} within {duration_text(limits.body_timeout)}"
    yield f"headers within {duration_text(limits.header_timeout)}, drain {duration_text(limits.drain)}"
    yield f"{limits.connections:,} connections, {limits.provider_connections:,} to each provider"
