"""Asks a model for the house's own purposes: judging, canaries, shadows. Its calls go the same way as any caller's.

Refuses to hide them: they are metered, limited and recorded like all others, and the ledger knows what they were for.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from trunkline.core.call import Call, Caller
from trunkline.core.chat import Completion
from trunkline.core.errors import ContentRefused, ContextLengthExceeded, InvalidRequest, RequestTooLarge, UnknownModel
from trunkline.core.exchange import Exchange, Handler
from trunkline.core.ids import new_id
from trunkline.core.money import Nanos
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.quality.judge import Behind, Form, Said
from trunkline.quality.prompts import Prompt

OURSELVES = Caller("trunkline-quality", tags=("quality",))
_DIALECT = OpenAIChat()
_STRICTEST_FIRST: tuple[Form, ...] = ("schema", "json", "plain")
_WEAKER: dict[Form, Form] = {"schema": "json", "json": "plain"}


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
        exchange = Exchange("qual_" + new_id(12), call, self._clock())
        exchange.purpose = "judge"
        reply = await self._handle(exchange)
        try:
            return Asked(exchange, await reply.completion())
        finally:
            await reply.aclose()
            exchange.let_go()


class ModelJudge:
    """A model of this house as a judge, by a name that callers use.

    ``behind``   who answers to it; by their names its family is known, or its families where it is a route.
    ``refused``  what providers have refused, by name, for whoever asks the same judge again.
    """

    __slots__ = ("_asking", "_form", "_model", "_refused", "name", "names")

    def __init__(
        self,
        asking: Asking,
        model: str,
        behind: Behind | None = None,
        *,
        refused: MutableMapping[str, Form] | None = None,
    ) -> None:
        self._asking = asking
        self._model = model
        self.names = (model,) if behind is None else behind.names
        self.name = self.names[0]
        self._form: Form = "schema" if behind is None else behind.form
        self._refused: MutableMapping[str, Form] = {} if refused is None else refused

    @property
    def form(self) -> Form:
        """How it is held to the form of a verdict: by a schema, by asking for JSON, or by words alone."""
        return _weakest(self._form, self._refused.get(self.name, "schema"))

    async def ask_for(self, prompt: Prompt, most_tokens: int, schema: dict[str, Any]) -> Said:
        """Its words, held to a JSON schema where its provider can, to JSON where it knows no schemas.

        A form that is refused is not asked for again once a weaker one was taken. Raises CallError.
        """
        form, asked_for = self.form, self.form
        while (weaker := _WEAKER.get(form)) is not None:
            try:
                said = await self._ask(prompt, most_tokens, response_format=_response_format(form, schema))
            except (ContentRefused, ContextLengthExceeded, RequestTooLarge, UnknownModel):
                raise
            except InvalidRequest:
                form = weaker
            else:
                return self._taken(said, asked_for, form)
        return self._taken(await self.ask(prompt, most_tokens), asked_for, form)

    def _taken(self, said: Said, asked_for: Form, form: Form) -> Said:
        if form != asked_for:
            self._refused[self.name] = form
        return said

    async def ask(self, prompt: Prompt, most_tokens: int) -> Said:
        """Its words. Raises CallError. No temperature is asked for: models that think refuse one."""
        return await self._ask(prompt, most_tokens)

    async def _ask(self, prompt: Prompt, most_tokens: int, **options: Any) -> Said:
        asked = await self._asking.ask(self._model, prompt, max_completion_tokens=most_tokens, **options)
        return Said(asked.completion.text, asked.cost)

    def __repr__(self) -> str:
        return f"<ModelJudge {self.name} [{self.form}]>"


def _weakest(one: Form, other: Form) -> Form:
    return one if _STRICTEST_FIRST.index(one) >= _STRICTEST_FIRST.index(other) else other


def _response_format(form: Form, schema: dict[str, Any]) -> dict[str, Any]:
    if form == "json":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}
