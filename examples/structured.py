"""An answer that is JSON of a given form.

Refuses to parse prose: the schema travels to the provider in whatever dialect it speaks.
"""

import json
from pathlib import Path

import trunkline

HOUSE = Path(__file__).with_name("offline.yaml")
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "inhabitants": {"type": "integer"}},
    "required": ["city", "inhabitants"],
    "additionalProperties": False,
}

with trunkline.open_sync(HOUSE) as gateway:
    answer = gateway.chat(
        "good",
        "I live in Paris. Which city is that, and how many people live there?",
        response_format={"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": SCHEMA}},
    )
    print(json.loads(answer.text))
