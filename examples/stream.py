"""An answer as it comes, many of them at once, and a stream that breaks and says so.

Refuses to hide the break: what has come is printed, and then the error.
"""

import asyncio
from pathlib import Path

import trunkline

HOUSE = Path(__file__).with_name("offline.yaml")


async def tell(gateway: trunkline.Client, model: str, country: str) -> None:
    """Print the pieces of one answer, and who gave it."""
    said, pieces = "", 0
    try:
        async with gateway.stream(model, f"What is the capital of {country}?") as stream:
            async for text in stream:
                said, pieces = said + text, pieces + 1
            print(f"{said} ({pieces} pieces from {stream.answer.provider}, ${stream.answer.cost})")
    except trunkline.CallError as error:
        print(f"{said} ... broke: {error}")


async def main() -> None:
    """Three at once."""
    async with trunkline.open(HOUSE) as gateway:
        await asyncio.gather(
            tell(gateway, "good", "France"), tell(gateway, "good", "Japan"), tell(gateway, "torn", "Italy")
        )


asyncio.run(main())
