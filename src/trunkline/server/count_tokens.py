"""The door that counts a prompt's tokens without asking a model.

Refuses to bill from what it says: where it is an estimate, its header says so.
"""

from trunkline.core.call import Call
from trunkline.core.dialect import Counting, Dialect
from trunkline.core.errors import CallError, Forbidden
from trunkline.core.tokens import prompt_tokens
from trunkline.dialects.held import refuse_held
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import Visit
from trunkline.server.auth import Keys
from trunkline.server.chat import Address, facts
from trunkline.server.http import read_body


class CountTokens:
    """``POST /v1/messages/count_tokens`` and Gemini's ``:countTokens``; ``dialect`` must count tokens too."""

    __slots__ = ("_address", "_counting", "_dialect", "_gateway", "_keys")

    def __init__(
        self, gateway: Gateway, keys: Keys, dialect: Dialect, counting: Counting, address: Address | None = None
    ) -> None:
        self._address = address
        self._counting = counting
        self._gateway = gateway
        self._keys = keys
        self._dialect = dialect

    async def __call__(self, visit: Visit) -> None:
        """``{"input_tokens": n}``: the provider's own count where the first target has one, else an estimate."""
        try:
            await self._count(visit)
        except CallError as error:
            await visit.fail(error, facts(None, None))

    async def _count(self, visit: Visit) -> None:
        headers = visit.scope["headers"]
        caller = await self._keys.caller(headers)
        limits = self._gateway.limits
        body = await read_body(visit.scope, visit.receive, limits.body)
        if self._address is not None:
            body = self._address(visit, body)
        call = Call(body, self._dialect, caller=caller, headers=headers)
        if not caller.may_use(call.envelope.model):
            raise Forbidden(f"the key {caller.name!r} may not use this model", param="model")
        request = self._counting.parse_count(body)
        counted = await self._gateway.count_tokens(call)
        told = dict(facts(None, None))
        if counted is None:
            refuse_held(request.extra)  # turns that a provider holds are not here to be counted
            answer = self._counting.write_count(prompt_tokens(request))
        else:
            target, answer = counted
            told[b"x-trunkline-provider"] = target.provider.encode("ascii", "replace")
            told[b"x-trunkline-model"] = target.model.encode("ascii", "replace")
            told[b"x-trunkline-attempts"] = b"1"
        told[b"x-trunkline-token-source"] = b"estimated" if counted is None else b"provider"
        await visit.bytes(200, answer, list(told.items()))
