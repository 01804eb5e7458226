"""Which targets a model name stands for.

Refuses to know health, prices and quality: the order is the config's.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from trunkline.core.errors import UnknownModel
from trunkline.core.nearest import hint, quoted
from trunkline.providers.endpoint import Endpoint
from trunkline.resilience.hedge import Hedging
from trunkline.resilience.recovery import Recovery
from trunkline.routing.chooser import Chooser

DIRECT_LIMIT = 1024  # endpoints kept for directly named models; callers choose those names, so they are bounded


class Route(Struct, frozen=True):
    """A model name and the endpoints behind it, first choice first; ``total`` seconds for the whole call.

    ``shift``: the cheapest may come first when money runs short.
    """

    name: str
    endpoints: tuple[Endpoint, ...]
    recovery: Recovery = Recovery()
    total: float = 600.0
    hedging: Hedging | None = None
    chooser: Chooser | None = None
    shift: bool = False


class Routes:
    """All names a caller may use: the configured ones, and what ``unlisted`` finds (``provider/model``)."""

    def __init__(self, routes: Iterable[Route], unlisted: Callable[[str], Route | None]) -> None:
        self._routes: Mapping[str, Route] = {route.name: route for route in routes}
        self._unlisted = unlisted
        self._named: dict[str, Route] = {}

    def find(self, model: str) -> Route:
        """The route of a model name. Raises UnknownModel with the nearest names."""
        route = self._routes.get(model) or self._named.get(model)
        return route or self._find_unlisted(model)

    def put(self, route: Route) -> None:
        """From now on this is the route of its name."""
        self._routes = {**self._routes, route.name: route}

    def _find_unlisted(self, model: str) -> Route:
        route = self._unlisted(model)
        if route is None:
            raise UnknownModel(self._unknown(model), param="model")
        if len(self._named) >= DIRECT_LIMIT:
            self._named.pop(next(iter(self._named)))
        self._named[model] = route
        return route

    def _unknown(self, model: str) -> str:
        near = hint(model, self._routes)
        shown = ", ".join(list(self._routes)[:10]) or "no models of its own"
        told = near if near != "." else f"; this house has {shown}."
        return f"the model {quoted(model)} does not exist here{told} GET /v1/models lists all of them"

    def __repr__(self) -> str:
        return f"<Routes [{len(self._routes)} models]>"
