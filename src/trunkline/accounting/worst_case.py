"""The most a call can cost, said before it is sent: more tokens than it can have, at the dearest price it can meet.

Refuses to guess low: what rests on these numbers is a promise never to overspend.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.price import Price
from trunkline.catalog.tariff import Tariff
from trunkline.core.call import Call
from trunkline.core.chat import Document, Foreign, Image, Part, ToolResult
from trunkline.core.errors import InvalidRequest
from trunkline.core.exchange import Target
from trunkline.core.money import Nanos
from trunkline.providers.estimate import estimate

# gpt-4o-mini counts 2,833 tokens and 5,667 for each of up to 8 tiles; others count far less.
MOST_PER_IMAGE = 50_000
MOST_PER_DOCUMENT = 500_000  # a file by its address or id: 100 pages at Anthropic, each as text and as a picture
SOON = 60.0  # seconds between holding money and sending; an hour of the day may end between, and its price with it
WITH_TOOLS = 1_024  # the vendors' own words around tools; Anthropic's largest is 804
MOST_TOKENS = 4_096  # of an answer, where neither the caller nor the catalogue says
MOST_CHOICES = 128

MOST_HELD = 1_000_000  # turns that the provider holds: the largest window there is

_HELD = re.compile(rb'"(?:previous_response_id|conversation|item_reference|cached_?[cC]ontent)"')
_CHOICES = re.compile(rb'"candidate_?[cC]ount"\s*:\s*(\d{1,3})')
_OPENED = re.compile(rb"image|file|document|audio|video|\\u00")
_LIMITS = re.compile(
    rb'"(?:max_tokens|max_completion_tokens|max_?[oO]utput_?[tT]okens|candidate_?[cC]ount|n)"\s*:|\\u00'
)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


class Offer(Struct, frozen=True):
    """A target and what is known of it; ``tariff`` None: what it costs is not known."""

    target: Target
    tariff: Tariff | None = None
    max_output: int | None = None
    context_window: int | None = None

    @property
    def price_version(self) -> str:
        """Which prices these are, for records."""
        return "" if self.tariff is None else self.tariff.version

    def prices(self, now: float) -> tuple[Price, ...]:
        """Every price a call that begins now, or soon after, may be charged by; ``now`` in seconds since 1970."""
        tariff = self.tariff
        if tariff is None:
            return ()
        services, moments = (None, *tariff.services), (now, now + SOON)
        return tuple(dict.fromkeys(tariff.price(moment, service) for service in services for moment in moments))


class Size(Struct, frozen=True):
    """How large a call can become: tokens of prompt, tokens of each answer (None: unlimited), and how many answers.

    ``plain`` is False where the body says a limit more than once, or in disguise: providers could read it otherwise.
    """

    prompt: int
    answer: int | None
    choices: int = 1
    plain: bool = True


def size(call: Call) -> Size:
    """The bounds of a call. A token is at least one byte, so the body's length bounds the tokens of all its text."""
    body = call.body
    if call.dialect.operation != "chat":
        asked = call.envelope
        return Size(len(body), asked.max_tokens, asked.choices, plain=asked.plain)
    prompt = len(body) + (WITH_TOOLS if b'"tools"' in body or b"\\u00" in body else 0)
    prompt += MOST_HELD if _HELD.search(body) else 0
    if _OPENED.search(body):
        prompt += _beyond_bytes(call)
    limits = _LIMITS.findall(body)
    if len(limits) <= 1 and b'"n"' not in body and b'ount"' not in body and b"\\u00" not in body:
        return Size(prompt, call.envelope.max_tokens)
    if call.dialect.name == "gemini":
        choices = max([1, *(int(found) for found in _CHOICES.findall(body))])
        return Size(prompt, call.envelope.max_tokens, choices, plain=len(limits) <= 1)
    fields = _FIELDS.decode(body)
    said = [_count(fields.get(name)) for name in ("max_tokens", "max_completion_tokens", "max_output_tokens")]
    answer = max([count for count in said if count is not None], default=None)
    choices = min(_count(fields.get("n")) or 1, MOST_CHOICES) if call.dialect.name == "openai" else 1
    return Size(prompt, answer, max(choices, 1), plain=len(limits) <= 1)


def _beyond_bytes(call: Call) -> int:
    """Tokens that the body's bytes do not bound: of pictures and files."""
    try:
        return sum(_more(part) for message in call.request.messages for part in message.parts)
    except InvalidRequest:  # a provider may take what we cannot read; any of the words could be a file
        return len(_OPENED.findall(call.body)) * MOST_PER_DOCUMENT


def _count(raw: Raw | None) -> int | None:
    try:
        value: Any = None if raw is None else msgspec.json.decode(raw)
    except msgspec.DecodeError:  # 1e400 is beyond all numbers: no provider takes it either
        return None
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _more(part: Part) -> int:
    """Tokens of a part that its bytes in the body do not bound."""
    match part:
        case Image():
            return MOST_PER_IMAGE
        case Document():
            return MOST_PER_DOCUMENT if part.text is None else 0
        case Foreign():
            return MOST_PER_DOCUMENT
        case ToolResult():
            return sum(map(_more, part.content))
        case _:
            return 0


def longest(offer: Offer, size: Size) -> int:
    """The limit that is set on the answer of a call that sets none: all the model can give, if that is known."""
    most = offer.max_output or MOST_TOKENS
    if offer.context_window is None:
        return most
    prompt = size.prompt // 4  # a limit over what the window leaves is refused by some, so here the likely count
    return max(1, min(most, offer.context_window - prompt))


def cost(prices: Iterable[Price], size: Size, answer: int) -> Nanos:
    """What a call with answers of so many tokens costs at most."""
    tokens = answer * size.choices
    return max((estimate(ModelFacts(price=price), size.prompt, tokens).high or 0 for price in prices), default=0)


def affordable(prices: Iterable[Price], size: Size, answer: int, left: Nanos) -> int:
    """The longest answer, up to ``answer`` tokens, that so much money is enough for; 0 when not even the prompt is."""
    listed = tuple(prices)
    low, high = 0, answer
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if cost(listed, size, middle) <= left else (low, middle - 1)
    return low


def capped(call: Call, answer: int) -> Call:
    """The same call with this limit on its answer, said once; every other field stays the bytes it was."""
    return call.with_body(call.dialect.limit_answer(call.body, answer))
