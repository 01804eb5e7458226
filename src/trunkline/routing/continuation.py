"""Who goes on with a text that broke off after its commit: one other request, by prefill, or nobody.

Refuses to know what the caller has seen of it, and to be asked twice for one answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.core.call import Call
from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import Continuable
from trunkline.core.errors import CallError
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.reply import Reply
from trunkline.providers.endpoint import Endpoint
from trunkline.routing.routes import Route

NOT_PLAIN = frozenset({"n", "logprobs", "top_logprobs", "audio", "modalities"})
"""Fields of a request whose answer is more than one text, save where they ask for one text in so many words."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """The rest of a route's targets, for one call. ``most`` requests may be made for it in all."""

    exchange: Exchange
    route: Route
    most: int
    clock: Callable[[], float]

    async def ask(self, broken: Attempt, text: str, dropped: tuple[str, ...]) -> Reply | None:
        """The answer that goes on after ``text``; None where nobody may be asked or nobody answers.

        ``dropped`` names what the caller was told that the first target could not express: no more may be lost now.
        """
        exchange = self.exchange
        call = self._prefilled(broken, text)
        endpoint = None if call is None else self._next(call, broken.target, dropped)
        if call is None or endpoint is None:
            return None
        endpoint.health.retries.deposit(self.clock())
        known = len(exchange.attempts)
        asked, exchange.call = exchange.call, call
        try:
            reply = await endpoint(exchange)
        except CallError:
            return None
        finally:
            exchange.call = asked
            for attempt in exchange.attempts[known:]:
                attempt.continues = broken
        return reply

    def _prefilled(self, broken: Attempt, text: str) -> Call | None:
        call = self.exchange.call
        dialect = call.dialect
        if self.exchange.requests >= self.most or not isinstance(dialect, Continuable) or not plain(call.request):
            return None
        spent = broken.outcome.usage.completion if broken.outcome else 0
        body = dialect.prefilled(call.body, text, spent)
        return None if body is None else call.with_body(body)

    def _next(self, call: Call, broken: Target, dropped: tuple[str, ...]) -> Endpoint | None:
        """The first of the others that is ready and can; the one that broke only if nobody else can."""
        now = self.clock()
        ready = [endpoint for endpoint in self.route.endpoints if endpoint.ready_at(now) <= now]
        ready.sort(key=lambda endpoint: endpoint.target == broken)
        return next((endpoint for endpoint in ready if endpoint.continues(call, dropped)), None)


def plain(request: ChatRequest) -> bool:
    """True where the answer is one text: nothing that a seam could spoil, or that goes on only from the inside."""
    forced = request.tool_choice is not None and request.tool_choice.mode in ("any", "tool")
    shaped = request.output is not None or request.reasoning is not None
    extra = request.extra
    more = any(extra[name] and not (name == "n" and extra[name] == 1) for name in NOT_PLAIN.intersection(extra))
    return not (forced or shaped or more)
