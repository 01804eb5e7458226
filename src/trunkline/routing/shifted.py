"""A route with its cheaper targets first, for the share of calls that a budget presses for.

Refuses to know budgets: it is told how hard they press.
"""

from msgspec.structs import replace

from trunkline.core.exchange import Exchange
from trunkline.routing.routes import Route


def shifted(route: Route, exchange: Exchange, pressure: float, draw: float) -> Route:
    """The same targets, the cheapest for this call first, where ``draw`` (0 to 1) is below ``pressure``.

    A share of the calls and not all of them: as they shift the money lasts longer, and the pressure falls again.
    Targets of unknown cost come last, in their order.
    """
    if draw >= pressure:
        return route
    costs = {endpoint: endpoint.expect(exchange.call) for endpoint in route.endpoints}
    ordered = sorted(route.endpoints, key=lambda one: (costs[one] is None, costs[one] or 0))
    first = route.endpoints[0]
    if ordered[0] is not first:
        exchange.passed.append(f"{first.target}: dearer, and a budget runs out")
    return replace(route, endpoints=tuple(ordered))
