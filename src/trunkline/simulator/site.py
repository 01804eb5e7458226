"""All simulated providers behind one port: which path is whose, and what is played for a request.
Pure but for the providers' state; it refuses to know sockets and clocks.
"""

import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.simulator import (
    anthropic_request,
    anthropic_wire,
    aws_signature,
    azure_path,
    bedrock_request,
    cohere_request,
    gemini_request,
    gemini_wire,
    native_embeddings,
    ollama_request,
    ollama_wire,
    openai_request,
    openai_wire,
    operations,
    refusals,
    responses_request,
)
from trunkline.simulator.ask import Ask, DialectName
from trunkline.simulator.batches import BATCHES, Batches, Line
from trunkline.simulator.config import Config
from trunkline.simulator.files import FILES, Files
from trunkline.simulator.http_reader import Request
from trunkline.simulator.limits import rfc3339
from trunkline.simulator.performance import Performance, Playwright
from trunkline.simulator.prices import Tariff, Usage
from trunkline.simulator.provider import SimulatedProvider
from trunkline.simulator.refusals import Refused
from trunkline.simulator.script import Piece, Script, with_header
from trunkline.simulator.vertex_paths import as_vendors_own

_CHAT, _MESSAGES, _COUNT, _MODELS = "/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens", "/v1/models"
_RESPONSES = "/v1/responses"
_OLLAMA, _TAGS, _COHERE = "/api/chat", "/api/tags", "/v2/chat"
_CHATS = frozenset({_CHAT, _RESPONSES, _MESSAGES, _COUNT, _OLLAMA, _COHERE})
_GEMINI = re.compile(r"/v1(?:beta)?/models/(?P<model>.+):(?P<method>generateContent|streamGenerateContent|countTokens)")
_BEDROCK = re.compile(r"(?:/v1)?/model/(?P<model>.+)/converse(?P<stream>-stream)?")

_FILED = re.compile(rf"(?:{FILES}|{BATCHES})(?:/|$)")

_LISTING = re.compile(r"/v1(?:beta)?/models(?:/|$)")


class _Place(Struct, frozen=True):
    """A path taken apart."""

    provider: SimulatedProvider
    path: str
    dialect: DialectName


class Site:
    """The providers of one config. `epoch` is the wall time of second 0."""

    def __init__(self, config: Config, *, epoch: float = 0.0) -> None:
        """Fresh providers: full limits, empty caches, no fault spent."""
        self.config = config
        self.epoch = epoch
        self.providers = {
            name: SimulatedProvider(name, provider, seed=config.seed) for name, provider in config.providers.items()
        }
        self._writers = {name: Playwright(provider, epoch) for name, provider in self.providers.items()}
        self.files = {name: Files(config.seed, name, one.file_id) for name, one in config.providers.items()}
        self.batches = {name: self._batches(name) for name in self.providers}

    def perform(self, request: Request, now: float) -> Performance:
        """What is played for a request that arrived at `now` seconds."""
        request = as_vendors_own(azure_path.plain(request))
        place = self._place(request)
        if place is None:
            return Performance(script=self._page(request))
        writer = self._writers[place.provider.name]
        try:
            return self._at(place, writer, request, now)
        except Refused as refused:
            return writer.refuse(refused.refusal, place.dialect, now)

    def refuse(self, request: Request | None, status: int, reason: str, now: float) -> Performance:
        """What is played for bytes that are no request, or one (its head is known) with too large a body."""
        place = self._place(request) if request else None
        if place and request and status == 413:
            writer = self._writers[place.provider.name]
            return writer.refuse(refusals.too_large(place.dialect), place.dialect, now)
        return Performance(script=_json(status, {"error": {"message": reason}}))

    def _place(self, request: Request) -> _Place | None:
        first, _, rest = request.path.lstrip("/").partition("/")
        provider, path = self.providers.get(first), f"/{rest}"
        if provider is None and len(self.providers) == 1 and first == "v1":
            provider, path = next(iter(self.providers.values())), request.path
        if provider is None:
            return None
        path = unquote(path).rstrip("/")
        return _Place(provider, path, _spoken(path, request))

    def _at(self, place: _Place, writer: Playwright, request: Request, now: float) -> Performance:
        provider, dialect = place.provider, place.dialect
        if not place.path and request.method in {"GET", "HEAD"}:
            return Performance(script=_json(200, _card(provider)), provider=provider.name)
        if dialect not in provider.config.dialects:
            raise Refused(refusals.unknown_path(dialect, request.method, place.path))
        _check_key(place, request, self.epoch + now)
        listing = place.path == _TAGS or (_LISTING.match(place.path) and not _GEMINI.fullmatch(place.path))
        if listing:
            return writer.page(self._models(place), dialect, now)
        if _FILED.match(place.path):
            return self._filed(place, writer, request, now)
        return self._served(place, writer, request, now)

    def _served(self, place: _Place, writer: Playwright, request: Request, now: float) -> Performance:
        """The answer of a model."""
        provider, dialect = place.provider, place.dialect
        if place.path in native_embeddings.PATHS and request.method == "POST":
            return self._embed(place, writer, request, now)
        if place.path in operations.PATHS and request.method == "POST":
            return self._operate(place, writer, request, now)
        gemini, bedrock = _GEMINI.fullmatch(place.path), _BEDROCK.fullmatch(place.path)
        if place.path not in _CHATS and gemini is None and bedrock is None:
            raise Refused(refusals.unknown_path(dialect, request.method, place.path))
        if request.method != "POST":
            raise Refused(refusals.wrong_method(dialect, request.method))
        ask = _ask(place, request)
        if place.path == _COUNT:
            return writer.page({"input_tokens": provider.count(ask)}, dialect, now)
        if gemini and gemini["method"] == "countTokens":
            return writer.page({"totalTokens": provider.count(ask)}, dialect, now)
        return writer.play(ask, request.path, now)

    def _filed(self, place: _Place, writer: Playwright, request: Request, now: float) -> Performance:
        """What is done with a file or a batch."""
        name, query = place.provider.name, dict(parse_qsl(urlsplit(request.target).query))
        if place.path.startswith(BATCHES):
            told = self.batches[name].answer(request.method, place.path, query, request.body, now)
            return writer.page(told, "openai", now)
        kind, wall = request.header("content-type") or "", self.epoch + now
        found = self.files[name].answer(request.method, place.path, query, request.body, kind, wall)
        if isinstance(found, dict):
            return writer.page(found, "openai", now)
        page = writer.page({}, "openai", now)
        headers = with_header(page.script.headers, "content-type", "application/octet-stream")
        return replace(page, script=replace(page.script, headers=headers, pieces=(Piece(found, "body"),)))

    def _batches(self, name: str) -> Batches:
        """One provider's, whose lines it answers as requests of their own."""

        def answer(path: str, body: bytes, now: float) -> Line:
            kind = (("content-type", "application/json"),)
            request = Request(method="POST", target=path, path=path, headers=kind, body=body)
            place = _Place(self.providers[name], path, _spoken(path, request))
            writer = self._writers[name]
            try:
                made = self._served(place, writer, request, now)
            except Refused as refused:
                made = writer.refuse(refused.refusal, place.dialect, now)
            told = msgspec.json.decode(made.script.body, type=dict[str, Any])
            return Line(made.script.status, told, made.usage, made.tariff.cost(made.usage))

        config = self.config.providers[name]
        return Batches(self.config.seed, name, config.batches, self.files[name], self.epoch, answer)

    def _operate(self, place: _Place, writer: Playwright, request: Request, now: float) -> Performance:
        """An operation besides chats; a model whose name ends in `floats` knows no base64."""
        asked = operations.read(place.path, request.body, request.header("content-type") or "")
        models = place.provider.config.models
        if asked["model"] not in models:
            raise Refused(refusals.unknown_model("openai", asked["model"]))
        page = _operated(writer, place.path, asked, now)
        tariff = Tariff.of(models[asked["model"]].prices)
        usage = Usage(input=operations.counted(asked), output=operations.written(place.path, asked))
        return replace(page, model=asked["model"], usage=usage, tariff=tariff)

    def _embed(self, place: _Place, writer: Playwright, request: Request, now: float) -> Performance:
        """Embeddings in a vendor's own form."""
        asked = native_embeddings.read(place.path, request.body)
        model = place.provider.config.models.get(asked.model)
        if model is None:
            raise Refused(refusals.unknown_model(place.dialect, asked.model))
        count = native_embeddings.counted(asked, model.context)
        page = writer.page(native_embeddings.answer(asked, count), place.dialect, now)
        return replace(page, model=asked.model, usage=Usage(input=count), tariff=Tariff.of(model.prices))

    def _models(self, place: _Place) -> dict[str, Any]:
        names = list(place.provider.config.models)
        if place.path == _TAGS:
            return ollama_wire.models(names, rfc3339(self.epoch))
        wanted = place.path.removeprefix("/v1beta").removeprefix("/v1").removeprefix("/models").lstrip("/")
        if wanted and wanted not in names:
            raise Refused(refusals.unknown_model(place.dialect, wanted))
        if place.dialect == "gemini":
            return gemini_wire.model(wanted) if wanted else gemini_wire.models(names)
        if place.dialect == "anthropic":
            born = rfc3339(self.epoch)
            return anthropic_wire.model(wanted, born) if wanted else anthropic_wire.models(names, born)
        created, owner = int(self.epoch), place.provider.name
        return openai_wire.model(wanted, created, owner) if wanted else openai_wire.models(names, created, owner)

    def _page(self, request: Request) -> Script:
        if request.path == "/livez":
            return _json(200, {"status": "ok"})
        if request.path == "/":
            return _json(200, {"providers": {name: _card(provider) for name, provider in self.providers.items()}})
        names = ", ".join(f"/{name}/v1" for name in self.providers)
        return _json(404, {"error": {"message": f"No provider is at {request.path}. There are {names}."}})


def _operated(writer: Playwright, path: str, asked: dict[str, Any], now: float) -> Performance:
    """A page of JSON, or of sound, or a stream."""
    if (events := operations.audio_stream(path, asked)) is not None:
        page = writer.page({}, "openai", now)
        headers = with_header(page.script.headers, "content-type", "text/event-stream")
        return replace(page, script=Script(headers=headers, pieces=tuple(events), streamed=True))
    told = operations.sound(path, asked)
    if told is not None:
        page = writer.page({}, "openai", now)
        script = replace(page.script, pieces=(Piece(told[1], "body"),))
        return replace(page, script=replace(script, headers=with_header(script.headers, "content-type", told[0])))
    if path == "/v1/completions" and asked.get("stream") is True:
        page = writer.page({}, "openai", now)
        headers = with_header(page.script.headers, "content-type", "text/event-stream")
        return replace(page, script=Script(headers=headers, pieces=tuple(operations.stream(asked)), streamed=True))
    return writer.page(operations.answer(path, asked, floats=asked["model"].endswith("floats")), "openai", now)


def _ask(place: _Place, request: Request) -> Ask:
    salt = sha256(request.body).hexdigest()
    if place.path == _CHAT:
        return openai_request.read_request(request.body, salt)
    if place.path == _OLLAMA:
        return ollama_request.read_request(request.body, salt)
    if place.path == _COHERE:
        return cohere_request.read_request(request.body, salt)
    if place.path == _RESPONSES:
        return responses_request.read_request(request.body, salt)
    if gemini := _GEMINI.fullmatch(place.path):
        stream = gemini["method"] == "streamGenerateContent"
        return gemini_request.read_request(request.body, salt, gemini["model"], stream=stream)
    if bedrock := _BEDROCK.fullmatch(place.path):
        streamed = bedrock["stream"] is not None
        return bedrock_request.read_request(request.body, salt, bedrock["model"], stream=streamed)
    version = request.header("anthropic-version")
    return anthropic_request.read_request(request.body, salt, version, counting=place.path == _COUNT)


def _spoken(path: str, request: Request) -> DialectName:
    """Which dialect a path is of; the list of models is claimed by three, told apart by their headers."""
    if path.startswith(_RESPONSES):
        return "responses"
    if path.startswith("/api/"):
        return "ollama"
    if _BEDROCK.fullmatch(path):
        return "bedrock"
    if path.startswith("/v2/"):
        return "cohere"
    if _GEMINI.fullmatch(path) or path.startswith("/v1beta") or request.header("x-goog-api-key") is not None:
        return "gemini"
    if path.startswith(_MESSAGES):
        return "anthropic"
    told = not path.startswith(_CHAT) and request.header("anthropic-version") is not None
    return "anthropic" if told else "openai"


def _check_key(place: _Place, request: Request, now: float) -> None:
    keys = place.provider.config.keys
    if place.dialect == "bedrock" and keys and aws_signature.signs(request):
        if fault := aws_signature.wrong(request, keys, now):
            raise Refused(refusals.wrong_key(place.dialect, None, fault))
        return
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    given = request.header("x-goog-api-key") if place.dialect == "gemini" else None
    given = (
        given
        or request.header("x-api-key")
        or request.header("api-key")
        or (token.strip() if scheme.lower() == "bearer" else None)
    )
    if keys and given not in keys:
        raise Refused(refusals.wrong_key(place.dialect, given))


def _card(provider: SimulatedProvider) -> dict[str, Any]:
    """A provider in a few lines of JSON, without its keys."""
    models = {
        name: {"context": model.context, "prices": model.prices, "quality": model.quality}
        for name, model in provider.config.models.items()
    }
    return {
        "dialects": provider.config.dialects,
        "base_urls": {"openai": f"/{provider.name}/v1", "anthropic": f"/{provider.name}"},
        "models": models,
        "faults": [fault.label for fault in provider.config.faults],
    }


def _json(status: int, value: Any) -> Script:
    data = msgspec.json.encode(value)
    return Script(status=status, headers=(("content-type", "application/json"),), pieces=(Piece(data, "body"),))
