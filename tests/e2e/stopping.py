"""How a gateway that was served inside a test is stopped.

Refuses to let uvicorn find its own way out, which sleeps a tenth of a second, twice.
"""

import asyncio
from contextlib import suppress
from typing import Any

from trunkline.gateway.gateway import Gateway


async def stopped(server: Any, serving: asyncio.Task[None], gateway: Gateway) -> None:
    """Nothing of it listens, is connected or runs any more."""
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    for listener in server.servers:
        listener.close()
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    await gateway.aclose()
