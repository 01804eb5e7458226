"""What a caller is told where nobody could be asked."""

import pytest

from trunkline.core.call import Call
from trunkline.core.errors import CallError, DeadlineExceeded, NoTarget, RateLimit
from trunkline.core.exchange import Exchange, Target
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.resilience.gate import NEVER
from trunkline.resilience.recovery import Candidate, Stop
from trunkline.routing import verdict

LIMITED = Candidate(Target("a", "m"), ready_at=30.0, limited=True)
LATER = Candidate(Target("b", "m"), ready_at=50.0, limited=True)
BROKEN = Candidate(Target("c", "m"), ready_at=20.0)
FULL = Candidate(Target("d", "m"), ready_at=NEVER)
READY = Candidate(Target("e", "m"), ready_at=10.0)


@pytest.mark.parametrize(
    ("candidates", "kind", "retry_after"),
    [
        ([LIMITED], RateLimit, 20.0),
        ([LATER, LIMITED], RateLimit, 20.0),
        ([LIMITED, BROKEN], NoTarget, 10.0),
        ([LIMITED, FULL], NoTarget, 20.0),
        ([FULL], NoTarget, None),
        ([], NoTarget, None),
        ([READY, LIMITED], DeadlineExceeded, None),
    ],
)
def test_rate_limits_alone_are_a_429_and_anything_beside_them_is_not(
    candidates: list[Candidate], kind: type[CallError], retry_after: float | None
) -> None:
    exchange = Exchange(
        "req_1", Call(b'{"model": "r", "messages": [{"role": "user", "content": "Hi"}]}', OpenAIChat()), 0.0
    )
    error = verdict.of(exchange, Stop("deadline"), [], candidates, 10.0)
    assert (type(error), error.retry_after) == (kind, retry_after)
