"""Everything the gateway serves, as one table. A path that is not in it does not exist.

Refuses to know what the doors do.
"""

from collections.abc import Iterator
from typing import Any

from trunkline.core.dialect import Dialect, Formed
from trunkline.core.errors import CallError
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.gemini import Gemini
from trunkline.dialects.gemini.embeddings import GeminiEmbeddings
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.openai_responses import OpenAIResponses
from trunkline.gateway.gateway import Gateway
from trunkline.providers.quirks import CALLERS, OPERATIONS
from trunkline.server import forms, gemini_array, gemini_path, shapes
from trunkline.server.admin import Admin
from trunkline.server.app import Door, Visit
from trunkline.server.auth import Keys
from trunkline.server.chat import Chat
from trunkline.server.count_tokens import CountTokens
from trunkline.server.dashboard import Dashboard
from trunkline.server.files import FileDoors
from trunkline.server.health import Health
from trunkline.server.house import HouseDoors, Steward
from trunkline.server.http import Headers
from trunkline.server.live import LiveDoors
from trunkline.server.metrics import Metrics
from trunkline.server.models import Models
from trunkline.server.money import Asked, MoneyDoors
from trunkline.server.openapi import document
from trunkline.server.places import Place, Places
from trunkline.server.quality import Feedback, QualityDoors
from trunkline.telemetry.refusals import NOWHERE, Refused

STREAMED = frozenset({"completions", "speech", "transcriptions"})


class GatewayDoors:
    """The table of paths: who may go where is said beside each, and a table with a gap is refused at the start."""

    def __init__(self, gateway: Gateway, keys: Keys, steward: Steward) -> None:
        self.visits = 0
        self._refusals = gateway.metrics.refusals
        self._openai = OpenAIChat()
        self._responses = OpenAIResponses()
        self._anthropic = AnthropicMessages()
        self._gemini = Gemini()
        admin = Admin(gateway, keys, gateway.config.admin_key)
        operators = _operators(gateway, admin, HouseDoors(gateway, steward))
        about = "this table as an OpenAPI document"
        described = Place("/admin/openapi.json", "admin", {"GET": self._described}, about)
        everywhere = [*self._callers(gateway, keys), described, *operators, *_public(gateway)]
        self.places = Places(everywhere, admin.guard)
        self.find = self.places.find

    async def _described(self, visit: Visit) -> None:
        await visit.json(200, document(self.places.all))

    def _callers(self, gateway: Gateway, keys: Keys) -> Iterator[Place]:
        chat = "a chat in OpenAI's dialect, whole or streamed"
        response = "a response in OpenAI's newer dialect, whole or streamed"
        message = "a chat in Anthropic's dialect, whole or streamed"
        counted = CountTokens(gateway, keys, self._anthropic, self._anthropic)
        yield Place("/v1/chat/completions", "caller", {"POST": Chat(gateway, keys, self._openai)}, chat)
        yield Place("/v1/responses", "caller", {"POST": Chat(gateway, keys, self._responses)}, response)
        counts = CountTokens(gateway, keys, self._responses, self._responses)
        yield Place("/v1/responses/input_tokens", "caller", {"POST": counts}, "the tokens of a response's input")
        yield Place("/v1/messages", "caller", {"POST": Chat(gateway, keys, self._anthropic)}, message)
        yield Place("/v1/messages/count_tokens", "caller", {"POST": counted}, "the tokens of a prompt")
        for one in (CALLERS[name]() for name in OPERATIONS):
            form = forms.checked if isinstance(one, Formed) else None
            about = f"{one.path[1:]}, whole{' or streamed' if one.name in STREAMED else ''}"
            yield Place(f"/v1{one.path}", "caller", {"POST": Chat(gateway, keys, one, form)}, about)
        yield from _files(FileDoors(gateway, keys))
        yield from self._googles(gateway, keys)
        yield Place("/v1/feedback", "caller", {"POST": Feedback(gateway, keys).take}, "what an answer was worth")

    def _googles(self, gateway: Gateway, keys: Keys) -> Iterator[Place]:
        models = Models(gateway, keys)
        generate = Chat(gateway, keys, self._gemini, gemini_path.address)
        streamed = gemini_array.either(generate)
        embed = Chat(gateway, keys, GeminiEmbeddings(batch=False), gemini_path.address)
        embed_many = Chat(gateway, keys, GeminiEmbeddings(), gemini_path.address)
        counted = CountTokens(gateway, keys, self._gemini, self._gemini, gemini_path.address)
        for above in ("/v1", "/v1beta"):
            one = f"{above}/models/{{id}}"  # a model's name may hold slashes and colons
            yield Place(f"{one}:generateContent", "caller", {"POST": generate}, "an answer in Gemini's dialect")
            yield Place(f"{one}:streamGenerateContent", "caller", {"POST": streamed}, "the same, streamed", ("alt",))
            yield Place(f"{one}:embedContent", "caller", {"POST": embed}, "a vector in Gemini's form")
            yield Place(f"{one}:batchEmbedContents", "caller", {"POST": embed_many}, "several")
            yield Place(f"{one}:countTokens", "caller", {"POST": counted}, "the tokens of a prompt")
            yield Place(f"{above}/models", "caller", _looked_at(models.list), "the models this caller may name")
            yield Place(one, "caller", _looked_at(models.one), "one of them")

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

    def refused(self, visit: Visit, error: CallError) -> None:
        """Have it counted and written down."""
        place, scope = self.places.at(visit.path), visit.scope
        access, peer = NOWHERE if place is None else place.access, scope.get("client")
        told = (visit.id, scope["method"], visit.path, peer[0] if peer else None)
        self._refusals(Refused(access, error.status, error.kind, *told))

    def _by_header(self, names: set[bytes]) -> Dialect:
        if b"anthropic-version" in names:
            return self._anthropic
        return self._gemini if b"x-goog-api-key" in names else self._openai


def _files(doors: FileDoors) -> Iterator[Place]:
    door = doors.door
    every, listed = ("limit", "after", "order"), "those of this caller's key, as they were last seen"
    files = {"POST": door(doors.upload), "GET": door(doors.files)}
    about = f"leave a file with a provider, in a form; {listed}"
    yield Place("/v1/files", "caller", files, about, (*every, "purpose"), wants="multipart/form-data")
    content = "the bytes of a file"
    yield Place("/v1/files/{id}/content", "caller", {"GET": door(doors.content)}, content)
    yield Place("/v1/files/{id}", "caller", {"GET": door(doors.file), "DELETE": door(doors.delete)}, "one of them")
    batches = {"POST": door(doors.create), "GET": door(doors.batches)}
    yield Place("/v1/batches", "caller", batches, f"begin a batch of a file's requests; {listed}", every)
    yield Place("/v1/batches/{id}/cancel", "caller", {"POST": door(doors.cancel)}, "have a batch cancelled")
    yield Place("/v1/batches/{id}", "caller", {"GET": door(doors.batch)}, "one of them, as its provider sees it now")


def _operators(gateway: Gateway, admin: Admin, house: HouseDoors) -> Iterator[Place]:
    money, live = MoneyDoors(gateway), LiveDoors(gateway)

    def at(path: str, about: str, answer: Any, door: Door, *query: str) -> Place:
        return Place(path, "admin", {"GET": door}, about, query, {"GET": answer})

    def post(path: str, about: str, answer: Any, door: Door) -> Place:
        return Place(path, "admin", {"POST": door}, about, (), {"POST": answer})

    yield at("/admin/health", "every target asked so far: its state, why, until when", shapes.HouseStatus, admin.health)
    models = "every route: targets, prices, abilities, strategy"
    yield at("/admin/models", models, shapes.Models, house.models, "direct")
    yield at("/admin/config", "the config as it was read, without its secrets", None, house.config)
    yield post("/admin/reload", "read the config again; no call is dropped", shapes.Reloaded, house.reload)
    ending = "take no new calls, end the open ones, then the process"
    yield post("/admin/drain", ending, shapes.Status, house.drain)
    yield at("/admin/quality", "what is believed of each model", None, QualityDoors(gateway).report)
    hour = "the last hour in sum and by minute, and each target"
    yield at("/admin/overview", hour, shapes.Overview, live.overview)
    yield at("/admin/calls", "the newest calls", shapes.Calls, live.calls, "limit", "search")
    story = "one of them: every request with its timing and cost"
    yield at("/admin/calls/{id}", story, shapes.CallStory, live.call)
    told = "server-sent events: calls as they end, and the overview"
    yield at("/admin/events", told, "text/event-stream", live.events)
    yield at("/admin/decisions", "the newest decisions", shapes.Decisions, admin.decisions, "details")
    decided = "one of them: candidates, predictions, and what came of it"
    yield at("/admin/decisions/{id}", decided, None, admin.decision)
    asked = Asked.__struct_fields__
    yield at("/admin/spend", "where the money went", shapes.Spending, money.spend, *asked)
    yield at("/admin/budgets", "where each budget stands", shapes.Budgets, money.budgets)
    yield _keys(money)
    yield post("/admin/keys/{name}/revoke", "end a key", shapes.KeyEnded, money.change)
    rotated = "end a key and make another that may do the same"
    yield post("/admin/keys/{name}/rotate", rotated, shapes.KeyMade, money.change)
    yield at("/metrics", "figures for Prometheus", "text/plain", Metrics(lambda: gateway).show)


def _keys(money: MoneyDoors) -> Place:
    doors = {"GET": money.keys, "POST": money.create}
    answers = {"GET": shapes.KeysShown, "POST": shapes.KeyMade}
    return Place("/admin/keys", "admin", doors, "the keys of the ledger; POST makes one", (), answers, shapes.KeyWanted)


def _public(gateway: Gateway) -> Iterator[Place]:
    health, dashboard = Health(gateway), Dashboard()
    yield Place("/livez", "public", _looked_at(health.live), "200 while the process turns")
    yield Place("/readyz", "public", _looked_at(health.ready), "200 when new calls are welcome, else 503")
    yield Place("/health", "public", _looked_at(health.health), "the same, with version, uptime and calls")
    yield Place("/", "public", {"GET": health.live, "HEAD": health.head}, "what coding agents look at first")
    # the pages hold no figure and no secret: they ask the doors above, with the operator's key
    yield Place("/dashboard", "public", {"GET": dashboard.show}, "the dashboard")
    yield Place("/dashboard/{file}", "public", {"GET": dashboard.show}, "one of its files")


def _looked_at(door: Door) -> dict[str, Door]:
    """GET, and HEAD, which is the same: the server keeps the body back."""
    return {"GET": door, "HEAD": door}
