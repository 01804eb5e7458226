"""Asks a model for the house's own purposes: judging, canaries, shadows. Its calls go the same way as any caller's.

Refuses to hide them: they are metered, limited and recorded like all others, and the ledger knows what they were for.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from trunkline.core.call import Call, Caller
from trunkline.core.chat import Completion
from trunkline.core.errors import ContentRefused, ContextLengthExceeded, InvalidRequest, RequestTooLarge
from trunkline.core.exchange import Exchange, Handler
from trunkline.core.money import Nanos
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.quality.judge import Said
from trunkline.quality.prompts import Prompt

OURSELVES = Caller("trunkline-quality", tags=("quality",))
_DIALECT = OpenAIChat()


class Asked:
    """One call that has been answered."""

    __slots__ = ("completion", "exchange")

    def __init__(self, exchange: Exchange, completion: Completion) -> None:
        self.exchange = exchange
        self.completion = completion

    @property
    def cost(self) -> Nanos | None:
        """Nano-dollars over all attempts; None where it is not known."""
        return self.exchange.cost


class Asking:
    """Calls through ``handle``; ``clock`` is the house's, in seconds."""

    __slots__ = ("_clock", "_handle", "caller")

    def __init__(self, handle: Handler, clock: Callable[[], float], caller: Caller = OURSELVES) -> None:
        self._handle = handle
        self._clock = clock
        self.caller = caller

    async def ask(self, model: str, prompt: Prompt, **options: Any) -> Asked:
        """The answer of a model to messages in OpenAI's form. Raises CallError."""
        fields: Mapping[str, Any] = {**options, "model": model, "messages": prompt}
        return await self.send(Call(msgspec.json.encode(fields), _DIALECT, caller=self.caller))

    async def send(self, call: Call) -> Asked:
        """The answer to a call. Raises CallError."""
        exchange = Exchange("qual_" + os.urandom(12).hex(), call, self._clock())
        exchange.purpose = "judge"
        reply = await self._handle(exchange)
        try:
            return Asked(exchange, await reply.completion())
        finally:
            await reply.aclose()
            exchange.let_go()


class ModelJudge:
    """A model of this house as a judge; ``name`` is provider/model, by which its family is known."""

    __slots__ = ("_asking", "_model", "name", "structured")

    def __init__(self, asking: Asking, model: str, name: str | None = None) -> None:
        self._asking = asking
        self._model = model
        self.name = name or model
        self.structured = True  # until its provider refuses a schema

    async def ask_for(self, prompt: Prompt, most_tokens: int, schema: dict[str, Any]) -> Said:
        """Its words, held to a JSON schema where its provider can; one that refuses is not asked so again."""
        if self.structured:
            form = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}
            try:
                asked = await self._asking.ask(
                    self._model, prompt, max_completion_tokens=most_tokens, response_format=form
                )
            except (ContentRefused, ContextLengthExceeded, RequestTooLarge):
                raise
            except InvalidRequest:
                self.structured = False
            else:
                return Said(asked.completion.text, asked.cost)
        return await self.ask(prompt, most_tokens)

    async def ask(self, prompt: Prompt, most_tokens: int) -> Said:
        """Its words. Raises CallError. No temperature is asked for: models that think refuse one."""
        asked = await self._asking.ask(self._model, prompt, max_completion_tokens=most_tokens)
        return Said(asked.completion.text, asked.cost)

    def __repr__(self) -> str:
        return f"<ModelJudge {self.name}>"
