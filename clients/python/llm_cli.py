"""llm, Simon Willison's: models are listed in `extra-openai-models.yaml`, with an `api_base` that ends in /v1."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from play import GATEWAY, KEY, SUM, TOLD, play, same

FOLDER = Path(tempfile.mkdtemp())
SCHEMA = json.dumps({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})


def llm(*words: str) -> str:
    """What the command says."""
    program = str(Path(sys.executable).parent / "llm")
    environ = {**os.environ, "LLM_USER_PATH": str(FOLDER), "TRUNKLINE_KEY": KEY}
    done = subprocess.run([program, *words], env=environ, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    return done.stdout.strip()


def known(model: str) -> str:
    able = "supports_schema: true, supports_tools: true"
    row = f"- {{model_id: tl-{model}, model_name: {model}, api_base: {GATEWAY}/v1, api_key_name: trunkline, {able}}}\n"
    with (FOLDER / "extra-openai-models.yaml").open("a") as file:
        file.write(row)
    (FOLDER / "keys.json").write_text(json.dumps({"trunkline": KEY}))
    return f"tl-{model}"


def stream(model: str) -> None:
    same(llm("-m", model, SUM), TOLD)


def answer(model: str) -> None:
    same(llm("-m", model, "--no-stream", SUM), TOLD)


def structured(model: str) -> None:
    same(list(json.loads(llm("-m", model, "--schema", SCHEMA, "Describe Paris"))), ["name"])


def tools(model: str) -> None:
    code = "def get_weather(city: str) -> str:\n    return 'sunny, 21'"
    said = llm("-m", model, "--functions", code, "What is the weather in Paris?")
    same(said, "The tool answered: sunny, 21")


play({"openai": known}, [answer, stream, structured, tools])
