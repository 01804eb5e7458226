"""A tool: the model asks for it, the program runs it, the model answers with what came of it.

Refuses to care that the provider speaks Anthropic's dialect: the program speaks OpenAI's.
"""

import json
from pathlib import Path

import trunkline

HOUSE = Path(__file__).with_name("offline.yaml")
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def get_weather(city: str) -> str:
    """The weather, made up."""
    return f"18 degrees and sunny in {city}"


with trunkline.open_sync(HOUSE) as gateway:
    messages: list[dict[str, object]] = [{"role": "user", "content": "What is the weather in Paris? Use the tool."}]
    answer = gateway.chat("good", messages, tools=[TOOL])
    for call in answer.tool_calls:
        function = {"name": call.name, "arguments": call.arguments}
        messages.append(
            {"role": "assistant", "tool_calls": [{"id": call.id, "type": "function", "function": function}]}
        )
        result = get_weather(**json.loads(call.arguments))
        print(f"{call.name}({call.arguments}) = {result}")
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    print(gateway.chat("good", messages, tools=[TOOL]).text)
