"""What routing knows of a route's targets before any call: facts, ability, tags, from the config and the catalogue.

Refuses to know strategies.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trunkline.catalog.tariff import Tariff
from trunkline.core.errors import ConfigError, TrunklineError
from trunkline.core.exchange import Target
from trunkline.gateway.config import Config, Route
from trunkline.providers.endpoint import Endpoint
from trunkline.providers.provider import Tariffs
from trunkline.routing.candidates import Profile
from trunkline.routing.prior import Ability, ability

if TYPE_CHECKING:
    from trunkline.quality.judge import Behind, Form
    from trunkline.routing.fitted import Fitted


def profile(config: Config, endpoint: Endpoint) -> Profile:
    """One endpoint's. Raises KeyError for a provider that is not configured."""
    target = endpoint.target
    facts = config.facts(target)
    able = ability(facts.same_as or target.model, facts.quality, _output_dollars(endpoint.tariff))
    return Profile(endpoint, facts, able, frozenset(config.providers[target.provider].tags))


def ability_of(config: Config, target: Target, book: Tariffs | None) -> Ability:
    """What is known of a target before anything was scored, without an endpoint of it."""
    tariff = config.providers[target.provider].tariff(target.model, book)
    return ability(target.model, config.facts(target).quality, _output_dollars(tariff))


def judged_by(config: Config, targets: Sequence[Target]) -> "Behind":
    """Who judges, and the most that all of them are known to take of a verdict's form: unknown ones get a schema."""
    from trunkline.quality.judge import Behind  # noqa: PLC0415 - who judges nothing loads no judge

    form: Form = "json" if any(config.facts(target).structured_output is False for target in targets) else "schema"
    if any(_drops(config, target, "response_format") for target in targets):
        form = "plain"
    return Behind(tuple(map(str, targets)), form)


def _drops(config: Config, target: Target, parameter: str) -> bool:
    """Whether a provider's row says that it refuses a parameter of OpenAI's dialect, which judges are asked in."""
    spoken = config.providers[target.provider].dialects.get("openai")
    return spoken is not None and parameter in spoken.quirks.get("drop", ())


def fitted_of(name: str, route: Route) -> "Fitted | None":
    """The policy of a route. Raises ConfigError naming the route for a file or a pool that will not do."""
    if route.policy is None:
        return None
    from trunkline.routing.fitted import Fitted  # noqa: PLC0415 - it leads to numpy

    try:
        return Fitted.load(Path(route.policy), [step.target for step in route.targets])
    except TrunklineError as error:
        raise ConfigError(f"models.{name}.policy: {error}") from error


def _output_dollars(tariff: Tariff | None) -> float | None:
    """Per million tokens, by the first price it lists; None without one, and for what costs nothing."""
    if tariff is None:
        return None
    price = tariff.standard[0].price
    return float(price.dollars(price.output)) or None
