"""What the scenes of money are made of: prices, calls, exchanges and attempts that ended."""

from decimal import Decimal
from typing import Any

import msgspec

from trunkline.accounting.worst_case import Offer
from trunkline.catalog.published import PublishedPrice
from trunkline.catalog.tariff import Tariff
from trunkline.core.call import ANYONE, Call, Caller
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat

NOW = 1_795_000_000_000
OPENAI, ANTHROPIC = OpenAIChat(), AnthropicMessages()
SMALL, LARGE = Target("openai", "small"), Target("anthropic", "large")
PRICE = PublishedPrice(input=Decimal(1), output=Decimal(10)).price()
"""1,000 nano-dollars a token in, 10,000 a token out."""
PRICED = Offer(SMALL, Tariff.always(PRICE, "v1"), max_output=1_000)
FREE = Offer(Target("local", "free"), Tariff.always(PublishedPrice(input=Decimal(0), output=Decimal(0)).price(), "v1"))
UNPRICED = Offer(Target("own", "unknown"))


def body(**fields: Any) -> bytes:
    said: dict[str, Any] = {"model": "fast", "messages": [{"role": "user", "content": "Say hi."}], **fields}
    return msgspec.json.encode({name: value for name, value in said.items() if value is not None})


def call(raw: bytes | None = None, *, dialect: Any = OPENAI, caller: Caller = ANYONE, **fields: Any) -> Call:
    return Call(body(**fields) if raw is None else raw, dialect, caller=caller)


def exchange(name: str = "req_1", **fields: Any) -> Exchange:
    return Exchange(name, call(**fields), 0.0)


def attempt(outcome: Outcome | None, cost: int | None = None, target: Target = SMALL) -> Attempt:
    made = Attempt(target, 0.0)
    made.outcome, made.cost = outcome, cost
    return made


def ended(usage: Usage | None = None, **other: Any) -> Outcome:
    return Outcome(usage or Usage(input=10, output=5), 1.25, 0.5, **other)
