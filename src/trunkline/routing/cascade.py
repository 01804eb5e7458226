"""Asks the probes of a cascade side by side and looks at their answers: agreeing ones are accepted.

Refuses to choose whom to ask, and to show anything before it is accepted.
"""

import asyncio
from collections.abc import Sequence
from itertools import combinations

import msgspec
from msgspec import Struct

from trunkline.core.call import Call
from trunkline.core.chat import Completion
from trunkline.core.errors import CallError
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.reply import Reply
from trunkline.providers.endpoint import Endpoint
from trunkline.routing import agreement
from trunkline.routing.complexity import Complexity
from trunkline.routing.fitted import Answered, Opinion
from trunkline.routing.strategies.by_answer import Cascade

PROBE = "probe"


class Probed(Struct, frozen=True):
    """What the probes said. ``accepted``: the answer to show; ``spare``: one to show if nobody better answers.

    ``attempt`` is theirs; ``asked`` requests were made in all, ``note`` says how it went.
    """

    accepted: Reply | None
    spare: Reply | None
    attempt: Attempt | None
    asked: int
    note: str


async def probed(
    exchange: Exchange, probes: Sequence[Endpoint], rule: Cascade, complexity: Complexity, seconds: float
) -> Probed:
    """Ask all probes for whole answers, for at most ``seconds``; every one of them is an attempt on the bill.

    What fails, is late, or cannot be read disagrees. The answer shown is the last probe's: callers put the best there.
    """
    aside = exchange.aside(whole(exchange.call), PROBE)
    before = len(exchange.attempts)
    answers = await _asked(aside, probes, seconds)
    exchange.nearing = aside.nearing
    answered = [(endpoint, reply) for endpoint, reply in zip(probes, answers, strict=True) if reply is not None]
    note = f"{len(probes)} probes agree"
    if len(answered) < len(probes):
        disagree: str | None = f"{len(probes) - len(answered)} of {len(probes)} probes did not answer"
    else:
        disagree = _disagreement([await reply.completion() for _, reply in answered], rule, complexity)
    made = exchange.attempts[before:]
    if not answered:
        return Probed(None, None, None, len(made), disagree or note)
    endpoint, spare = answered[-1]
    attempt = next((one for one in made if one.target == endpoint.target), None)
    return Probed(None if disagree else spare, spare, attempt, len(made), disagree or note)


async def consulted(
    exchange: Exchange, probes: Sequence[Endpoint], opinion: Opinion, rule: Cascade, seconds: float
) -> Probed:
    """Ask as a fitted policy says: the first probes side by side, then one after the other, until an answer will do or
    the best is worth its price.

    The policy hears the answers in its own order, so what is shown is what it would show had it asked one by one. Each
    has ``rule.wait``, all of them ``seconds``. A probe that cannot be asked ends it: the policy was fitted on answers,
    not on their absence.
    """
    aside = exchange.aside(whole(exchange.call), PROBE)
    before = len(exchange.attempts)
    targets = [endpoint.target for endpoint in probes]
    replies: dict[Target, Reply] = {}
    said: list[Answered] = []
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    accept, ask, chance = opinion.verdict(said)
    while ask in targets:
        wave = _next(probes[targets.index(ask) :], opinion.best, 1 if said else rule.at_once)
        replies |= await _answered(aside, wave, min(rule.wait, until - loop.time()))
        for target in [endpoint.target for endpoint in wave]:
            if target != ask:
                break
            if target not in replies:
                ask = None
                break
            said.append(Answered(target, await replies[target].completion()))
            accept, ask, chance = opinion.verdict(said)
    exchange.nearing = aside.nearing
    made = exchange.attempts[before:]
    shown = accept or next(reversed(replies), None)
    spare = replies.get(shown) if shown is not None else None
    attempt = next((one for one in made if one.target == shown), None)
    note = f"{len(said)} of {len(probes)} probes heard, right with {chance:.0%}"
    return Probed(spare if accept is not None else None, spare, attempt, len(made), note)


def whole(call: Call) -> Call:
    """The same call for an answer in one piece: nothing of a probe's answer may be shown before it is accepted."""
    if not call.envelope.stream:
        return call
    fields = msgspec.json.decode(call.body)
    fields.pop("stream", None)
    fields.pop("stream_options", None)
    return call.with_body(msgspec.json.encode(fields))


def _next(probes: Sequence[Endpoint], best: Target, most: int) -> list[Endpoint]:
    """Who is asked now: the first, and of those after it only who is asked for little money."""
    first, *others = probes
    return [first, *(endpoint for endpoint in others[: most - 1] if endpoint.target != best)]


async def _answered(aside: Exchange, probes: Sequence[Endpoint], seconds: float) -> dict[Target, Reply]:
    """Who answered in time, in the order of asking."""
    replies = zip(probes, await _asked(aside, probes, seconds), strict=True)
    return {endpoint.target: reply for endpoint, reply in replies if reply is not None}


async def _asked(aside: Exchange, probes: Sequence[Endpoint], seconds: float) -> list[Reply | None]:
    """The probes' replies in their order; whoever failed or is late has none, and is stopped."""
    asking = [asyncio.ensure_future(_answer(endpoint, aside)) for endpoint in probes]
    try:
        await asyncio.wait(asking, timeout=seconds)
    finally:
        for one in asking:
            one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    return [None if one.cancelled() or one.exception() else one.result() for one in asking]


async def _answer(endpoint: Endpoint, aside: Exchange) -> Reply | None:
    try:
        return await endpoint(aside)
    except CallError:
        return None  # its attempt says how it failed


def _disagreement(answers: Sequence[Completion], rule: Cascade, complexity: Complexity) -> str | None:
    """Why the answers do not count as one, in words; None when every two of them agree."""
    kind = agreement.kind_of(complexity)
    for one, other in combinations(answers, 2):
        found = agreement.compare(kind, one, other, rule.similarity)
        if not found.agrees:
            return f"{len(answers)} probes disagree ({found.kind}, similarity {found.similarity:.2f})"
    return None
