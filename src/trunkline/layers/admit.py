"""Lets a call in only if its caller's key may use the model it names.

Refuses to know how a key was proved: the edge does that.
"""

from trunkline.core.call import Caller
from trunkline.core.errors import Forbidden
from trunkline.core.exchange import Exchange, Handler
from trunkline.core.reply import Reply


class Admit:
    """Holds callers to the models of their keys."""

    __slots__ = ("inner",)

    def __init__(self, inner: Handler) -> None:
        self.inner = inner

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler. Raises Forbidden."""
        allowed(exchange.call.caller, exchange.call.envelope.model)
        return await self.inner(exchange)


def allowed(caller: Caller, model: str) -> None:
    """Raises Forbidden where the caller's key may not use a model."""
    if not caller.may_use(model):
        listed = ", ".join(caller.models or ()) or "none"
        raise Forbidden(f"the key {caller.name!r} may not use the model {model!r}; it may use: {listed}", param="model")
