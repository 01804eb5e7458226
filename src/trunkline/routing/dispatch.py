"""The innermost handler: walks a route's endpoints until one answers.

Refuses to know dialects and bytes, and decides nothing itself: ``recovery`` does.
"""

from trunkline.core.errors import CallError
from trunkline.core.exchange import Exchange
from trunkline.core.reply import Reply
from trunkline.routing import recovery
from trunkline.routing.routes import Routes


class Dispatch:
    """One loop over the targets of the call's model; the number of requests on the providers' bills is its count."""

    __slots__ = ("routes",)

    def __init__(self, routes: Routes) -> None:
        self.routes = routes

    async def __call__(self, exchange: Exchange) -> Reply:
        """The first answer that begins. Raises UnknownModel, or the most actionable of the targets' errors."""
        for endpoint in self.routes.find(exchange.call.envelope.model).endpoints:
            try:
                return await endpoint(exchange)
            except CallError as error:
                if not recovery.goes_on(error):
                    raise
        raise recovery.verdict(exchange.attempts)
