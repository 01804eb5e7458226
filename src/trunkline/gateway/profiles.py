"""What routing knows of a route's targets before any call: facts, ability, tags, from the config and the catalogue.

Refuses to know strategies.
"""

from trunkline.catalog.tariff import Tariff
from trunkline.gateway.config import Config
from trunkline.providers.endpoint import Endpoint
from trunkline.routing.candidates import Profile
from trunkline.routing.prior import ability


def profile(config: Config, endpoint: Endpoint) -> Profile:
    """One endpoint's. Raises KeyError for a provider that is not configured."""
    target = endpoint.target
    facts = config.facts(target)
    able = ability(target.model, facts.quality, _output_dollars(endpoint.tariff))
    return Profile(endpoint, facts, able, frozenset(config.providers[target.provider].tags))


def _output_dollars(tariff: Tariff | None) -> float | None:
    """Per million tokens, by the first price it lists; None without one, and for what costs nothing."""
    if tariff is None:
        return None
    price = tariff.standard[0].price
    return float(price.dollars(price.output)) or None
