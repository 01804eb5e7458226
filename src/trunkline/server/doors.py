"""Everything the gateway serves, as one table. A path that is not in it does not exist.

Refuses to know what the doors do.
"""

from trunkline.core.dialect import Dialect
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.gemini import Gemini
from trunkline.dialects.gemini.embeddings import GeminiEmbeddings
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.openai_responses import OpenAIResponses
from trunkline.gateway.gateway import Gateway
from trunkline.providers.quirks import OPERATIONS, speak
from trunkline.server import gemini_path
from trunkline.server.admin import Admin
from trunkline.server.app import Door
from trunkline.server.auth import Keys
from trunkline.server.chat import Chat
from trunkline.server.count_tokens import CountTokens
from trunkline.server.dashboard import Dashboard
from trunkline.server.health import Health
from trunkline.server.http import Headers
from trunkline.server.live import CALLS, LiveDoors
from trunkline.server.metrics import Metrics
from trunkline.server.models import Models
from trunkline.server.money import KEYS, MoneyDoors
from trunkline.server.quality import QualityDoors


class GatewayDoors:
    """The table of paths. Every door asks for a key but the probes, which show nothing."""

    def __init__(self, gateway: Gateway, keys: Keys) -> None:
        self._openai = OpenAIChat()
        self._responses = OpenAIResponses()
        self._anthropic = AnthropicMessages()
        self._gemini = Gemini()
        health, models = Health(gateway), Models(gateway, keys)
        admin = Admin(gateway, keys, gateway.config.admin_key)
        money = MoneyDoors(gateway, admin)
        quality = QualityDoors(gateway, keys, admin)
        live = LiveDoors(gateway, admin)
        dashboard = Dashboard()
        generate = Chat(gateway, keys, self._gemini, gemini_path.address)
        self._methods: dict[str, dict[str, Door]] = {
            "generateContent": {"POST": generate},
            "streamGenerateContent": {"POST": generate},
            "embedContent": {"POST": Chat(gateway, keys, GeminiEmbeddings(batch=False), gemini_path.address)},
            "batchEmbedContents": {"POST": Chat(gateway, keys, GeminiEmbeddings(), gemini_path.address)},
            "countTokens": {"POST": CountTokens(gateway, keys, self._gemini, self._gemini, gemini_path.address)},
        }
        self._one_key: dict[str, Door] = {"POST": money.change}
        self._below: dict[str, dict[str, Door]] = {
            "/v1/models/": _looked_at(models.one),  # a model's name may hold slashes and colons
            "/v1beta/models/": _looked_at(models.one),
            "/admin/decisions/": {"GET": admin.decision},
            CALLS: {"GET": live.call},
            "/dashboard/": {"GET": dashboard.show},
        }
        operations = [speak(name, {}) for name in OPERATIONS]
        self._table: dict[str, dict[str, Door]] = {
            "/v1/chat/completions": {"POST": Chat(gateway, keys, self._openai)},
            "/v1/responses": {"POST": Chat(gateway, keys, self._responses)},
            "/v1/messages": {"POST": Chat(gateway, keys, self._anthropic)},
            "/v1/messages/count_tokens": {"POST": CountTokens(gateway, keys, self._anthropic, self._anthropic)},
            **{f"/v1{one.path}": {"POST": Chat(gateway, keys, one)} for one in operations},
            "/v1/models": _looked_at(models.list),
            "/v1beta/models": _looked_at(models.list),
            "/v1/feedback": {"POST": quality.feedback},
            "/admin/health": {"GET": admin.health},
            "/admin/quality": {"GET": quality.report},
            "/admin/overview": {"GET": live.overview},
            "/admin/calls": {"GET": live.calls},
            "/admin/events": {"GET": live.events},
            "/admin/decisions": {"GET": admin.decisions},
            "/admin/spend": {"GET": money.spend},
            "/admin/budgets": {"GET": money.budgets},
            "/admin/keys": {"GET": money.keys, "POST": money.create},
            "/metrics": {"GET": Metrics(gateway, admin).show},
            "/livez": _looked_at(health.live),
            "/readyz": _looked_at(health.ready),
            "/health": _looked_at(health.health),
            "/": {"GET": health.live, "HEAD": health.head},
            "/dashboard": {"GET": dashboard.show},
        }

    def find(self, path: str) -> dict[str, Door] | None:
        """The doors of a path by method."""
        found = self._table.get(path)
        if found is not None:
            return found
        if path.startswith(KEYS) and path.endswith(("/revoke", "/rotate")):
            return self._one_key
        if method := gemini_path.method(path):
            return self._methods[method]
        return next((doors for above, doors in self._below.items() if path.startswith(above)), None)

    def dialect(self, path: str, headers: Headers) -> Dialect:
        """By the path; where several dialects share one, by the header that only one of them sends."""
        if path.startswith("/v1/chat/"):
            return self._openai
        if path.startswith("/v1/messages"):
            return self._anthropic
        if path.startswith("/v1/responses"):
            return self._responses
        if path.startswith("/v1beta/") or (path.startswith("/v1/models/") and gemini_path.method(path)):
            return self._gemini
        if path.startswith("/v1/models"):
            return self._by_header({name for name, _ in headers})
        return self._openai

    def _by_header(self, names: set[bytes]) -> Dialect:
        if b"anthropic-version" in names:
            return self._anthropic
        return self._gemini if b"x-goog-api-key" in names else self._openai


def _looked_at(door: Door) -> dict[str, Door]:
    """GET, and HEAD, which is the same: the server keeps the body back."""
    return {"GET": door, "HEAD": door}
