"""A question, its answer, and what it cost: the shortest program there is.

Refuses an event loop: see stream.py for one.
"""

from pathlib import Path

import trunkline

HOUSE = Path(__file__).with_name("offline.yaml")

with trunkline.open_sync(HOUSE) as gateway:
    answer = gateway.chat("fast", "What is 17 + 25?")
    print(answer.text)
    print(f"{answer.provider}/{answer.model}, {answer.usage.total} tokens, ${answer.cost}")
