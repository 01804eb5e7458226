"""A provider that fails, the next one that answers, and every attempt by name.

Refuses to retry by itself: the house has one loop for that.
"""

from pathlib import Path

import trunkline

HOUSE = Path(__file__).with_name("offline.yaml")

with trunkline.open_sync(HOUSE) as gateway:
    answer = gateway.chat("unlucky", "What is 9 - 4?")
    for attempt in answer.attempts:
        ended = attempt.outcome.error if attempt.outcome and attempt.outcome.error else "answered"
        print(f"{attempt.target}: {ended}")
    print(answer.text)
    try:
        gateway.chat("lucky", "What is 9 - 4?")
    except trunkline.UnknownModel as error:
        print(error)
