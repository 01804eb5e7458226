"""A route as one caller may use it: without the targets that its key keeps it from.

Refuses to hide that: who was left out stands in the exchange, and in the error when nobody is left.
"""

from msgspec.structs import replace

from trunkline.core.errors import Forbidden
from trunkline.core.exchange import Exchange
from trunkline.routing.routes import Route


def permitted(route: Route, exchange: Exchange) -> Route:
    """The route with the endpoints that the caller's key allows, in the same order. Raises Forbidden without any."""
    caller = exchange.call.caller
    allowed = tuple(endpoint for endpoint in route.endpoints if caller.may_reach(str(endpoint.target)))
    if len(allowed) == len(route.endpoints):
        return route
    exchange.passed += [
        f"{endpoint.target}: not for the key {caller.name!r}" for endpoint in route.endpoints if endpoint not in allowed
    ]
    if not allowed:
        told, allowance = "; ".join(exchange.passed), ", ".join(caller.targets or ())
        raise Forbidden(
            f"the key {caller.name!r} may not use any target of the model {route.name!r} ({told}); "
            f"its targets are: {allowance}",
            param="model",
        )
    return replace(route, endpoints=allowed)
