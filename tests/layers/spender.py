"""A process that spends until it is killed: ``python -m tests.layers.spender STORE PROVIDER_LOG``.

Each request a provider receives is a line in the log before it is answered; each answer a caller has seen is a line of
output.
"""

import asyncio
import os
import random
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.accounting.scenes import PRICED, SMALL, exchange
from tests.layers.scenes import Endpoint
from trunkline.accounting.budgets import BudgetRule
from trunkline.accounting.purse import Purse
from trunkline.core.call import Call
from trunkline.core.errors import ServerError
from trunkline.core.exchange import Exchange
from trunkline.layers.budget import Budget
from trunkline.stores.opening import wall_millis
from trunkline.stores.sqlite import SqliteStore

CALLERS = 20


class Provider(Endpoint):
    """Notes what it receives, thinks, and fails one time in five."""

    def __init__(self, log: int) -> None:
        super().__init__(SMALL)
        self.log = log

    async def __call__(self, exchange: Exchange, *, panic: bool = False, call: Call | None = None) -> Any:
        os.write(self.log, f"{exchange.id} {len(exchange.attempts) + 1}\n".encode())
        return await super().__call__(exchange)

    async def _answer(self) -> Any:
        await asyncio.sleep(random.random() * 0.005)
        if random.random() < 0.2:
            raise ServerError("the provider answered 500")
        return await super()._answer()


async def main(path: Path, log: int) -> None:
    store = SqliteStore(path, wall_millis)
    purse = Purse(store, [BudgetRule(name="all", limit=Decimal(1000))], wall=wall_millis)
    budget = Budget(Provider(log), PRICED, purse)

    async def caller(name: str) -> None:
        number = 0
        while True:
            number += 1
            asked = exchange(f"{os.getpid()}-{name}-{number}", max_tokens=5)
            for _ in range(3):
                try:
                    reply: Any = await budget(asked)
                except ServerError:
                    continue
                await asyncio.sleep(random.random() * 0.005)
                reply.end()
                os.write(1, f"{asked.id} {len(asked.attempts)}\n".encode())
                break

    await asyncio.gather(*[caller(f"c{number}") for number in range(CALLERS)])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), os.open(sys.argv[2], os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)))
