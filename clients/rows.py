"""The clients that are tried, as one table: what each is called, where it lives and how it is pointed at a gateway.

Refuses to know how they are installed or run.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REQUIREMENTS = HERE.parent / "requirements"


@dataclass(frozen=True)
class Client:
    """One client.

    ``package``  as its registry calls it, and ``title`` as people do.
    ``room``     the environment it lives in: a requirement file ``requirements/clients-ROOM.txt``, or a folder here
                 with a ``package.json``.
    ``program``  the file that plays its scenes, from this folder.
    ``base``     what it takes as its base URL, and where.
    ``light``    whether it is in every run of CI; the others install more than half a gigabyte each.
    """

    title: str
    package: str
    room: str
    program: str
    base: str
    light: bool = False

    @property
    def program_name(self) -> str:
        """What a command line calls it: its program's file, such as ``openai_sdk``."""
        return Path(self.program).stem

    @property
    def npm(self) -> bool:
        """Whether npm installs it."""
        return (HERE / self.room / "package.json").exists()

    @property
    def version(self) -> str:
        """The one that is locked."""
        if self.npm:
            return str(json.loads((HERE / self.room / "package.json").read_text())["dependencies"][self.package])
        locked = (REQUIREMENTS / f"clients-{self.room}.txt").read_text()
        found = re.findall(rf"^{re.escape(self.package)}(?:\[.*\])?==(\S+)", locked, re.MULTILINE)
        if not found:
            raise LookupError(f"{self.package} is not in requirements/clients-{self.room}.txt: run `make lock`")
        return str(found[-1])  # an older one stands first, for platforms that the newest has left


V1 = "`URL/v1`"
ORIGIN = "`URL`"

CLIENTS = (
    Client("openai, Python", "openai", "newest", "python/openai_sdk.py", f"{V1}, `base_url`", light=True),
    Client("anthropic, Python", "anthropic", "newest", "python/anthropic_sdk.py", f"{ORIGIN}, `base_url`", light=True),
    Client(
        "google-genai, Python", "google-genai", "newest", "python/google_genai.py",
        f"{ORIGIN}, `http_options`", light=True,
    ),
    Client(
        "LangChain, OpenAI and Anthropic", "langchain-openai", "newest", "python/langchain_chat.py",
        f"{V1}, and {ORIGIN} for `ChatAnthropic`", light=True,
    ),
    Client(
        "pydantic-ai", "pydantic-ai-slim", "newest", "python/pydantic_agents.py",
        f"{V1} for `OpenAIProvider`, {ORIGIN} for the others", light=True,
    ),
    Client(
        "openai-agents", "openai-agents", "newest", "python/openai_agents.py",
        f"{V1}, of its `AsyncOpenAI`", light=True,
    ),
    Client("llm", "llm", "newest", "python/llm_cli.py", f"{V1}, `api_base` in `extra-openai-models.yaml`", light=True),
    Client("instructor", "instructor", "older", "python/instructor_models.py", f"{V1}, of its client", light=True),
    Client(
        "LlamaIndex, OpenAILike", "llama-index-llms-openai-like", "older", "python/llama_index_llms.py",
        f"{V1}, `api_base`", light=True,
    ),
    Client(
        "litellm, the SDK", "litellm", "litellm", "python/litellm_sdk.py",
        f"{V1} for `openai/MODEL`, {ORIGIN} for `anthropic/MODEL`; `api_base`",
    ),
    Client("aider", "aider-chat", "aider", "python/aider_cli.py", f"{V1}, `OPENAI_API_BASE`"),
    Client("openai, Node", "openai", "node", "node/openai.mjs", f"{V1}, `baseURL`"),
    Client("anthropic, Node", "@anthropic-ai/sdk", "node", "node/anthropic.mjs", f"{ORIGIN}, `baseURL`"),
    Client("google-genai, Node", "@google/genai", "node", "node/google.mjs", f"{ORIGIN}, `httpOptions.baseUrl`"),
    Client(
        "Vercel AI SDK", "ai", "node", "node/vercel_ai.mjs", f"{V1}; `URL/v1beta` for `@ai-sdk/google`; `baseURL`",
    ),
    Client(
        "Claude Code", "@anthropic-ai/claude-code", "agents", "agents/claude_code.py",
        f"{ORIGIN}, `ANTHROPIC_BASE_URL`",
    ),
    Client("Codex", "@openai/codex", "agents", "agents/codex.py", f"{V1}, `base_url` in `config.toml`"),
)  # fmt: skip
