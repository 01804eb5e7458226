"""Operations besides chats, in OpenAI's form: embeddings, completions, rerank, moderations, images and sound.
It refuses to make sense: what it answers follows from the bytes it is asked about, and is the same every time.
"""

import struct
from base64 import b64encode
from email import message_from_bytes
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from trunkline.simulator import tokens
from trunkline.simulator.openai_request import StreamOptions, mistyped
from trunkline.simulator.refusals import Refused, invalid_json, openai_error
from trunkline.simulator.script import Piece, event

Json = dict[str, Any]
FORMS = ("/v1/audio/transcriptions", "/v1/audio/translations", "/v1/images/edits", "/v1/images/variations")
PATHS = (
    "/v1/embeddings", "/v1/completions", "/v1/rerank", "/v1/moderations", "/v1/images/generations",
    "/v1/audio/speech", *FORMS,
)  # fmt: skip
SOUND = bytes(range(256)) * 4  # no text in any encoding, as sound is
PICTURE = 272  # tokens
SPOKEN = 101  # tokens of a speech
WORDS = (" and", " so", " on")
_DIMENSIONS = 8


Said = str | list[str | int | list[int] | dict[str, Any]]
"""Words, tokens, or several of either; a picture or a document is an object."""


class _Fields(Struct, frozen=True):
    """The fields that are read, and what may stand in them."""

    model: str
    input: Said | None = None
    prompt: Said | None = None
    query: str | None = None
    documents: list[str | dict[str, Any]] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=4096)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None


def read(path: str, body: bytes, kind: str) -> Json:
    """The request; ``kind`` is its content type. Raises Refused."""
    asked = _form(body, kind) if path in FORMS else _json(body)
    if not isinstance(asked.get("model"), str):
        raise Refused(openai_error("you must provide a model parameter"))
    return asked


def _form(body: bytes, kind: str) -> Json:
    """The fields of a form by the standard library's reader of mails; a file is its number of bytes."""
    mail = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    if not mail.is_multipart():
        raise Refused(openai_error("the body is no form"))
    asked: Json = {}
    for part in mail.walk():
        name = part.get_param("name", header="content-disposition")
        if name and isinstance(told := part.get_payload(decode=True), bytes):
            asked[str(name)] = len(told) if part.get_filename() else told.decode("utf-8", "replace")
    return asked


def _json(body: bytes) -> Json:
    try:
        asked = msgspec.json.decode(body, type=dict[str, Any])
        msgspec.convert(asked, _Fields)
    except msgspec.ValidationError as error:
        raise Refused(mistyped(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(invalid_json("openai")) from error
    return asked


def sound(path: str, asked: Json) -> tuple[str, bytes] | None:
    """Content type and bytes of an answer that is no JSON; None: it is."""
    if path == "/v1/audio/speech":
        return "audio/mpeg", SOUND
    if path.startswith("/v1/audio/") and asked.get("response_format") == "srt":
        return "text/plain; charset=utf-8", b"1\n00:00:00,000 --> 00:00:01,000\nGr\xc3\xbc\xc3\x9fe\n"
    return None


def audio_stream(path: str, asked: Json) -> list[Piece] | None:
    """Sound, or words in one, as events; None: nobody asked for them, or the model knows none (``floats``)."""
    speech = path == "/v1/audio/speech" and asked.get("stream_format") == "sse"
    words = path == "/v1/audio/transcriptions" and asked.get("stream") == "true"
    if not (speech or words) or asked["model"].endswith("floats"):
        return None
    kind = "speech.audio" if speech else "transcript.text"
    parts = [b64encode(SOUND[:512]).decode(), b64encode(SOUND[512:]).decode()] if speech else ["Grü", "ße"]
    pieces = [
        event({"type": f"{kind}.delta", "audio" if speech else "delta": one}, "content", f"{kind}.delta", 1)
        for one in parts
    ]
    if asked["model"].endswith("torn"):
        return pieces
    text = {} if speech else {"text": "Grüße"}
    usage = {} if asked["model"].endswith("always") else {"usage": _names(counted(asked), written(path, asked))}
    return [*pieces, event({"type": f"{kind}.done", **text, **usage}, "end", f"{kind}.done")]


def stream(asked: Json) -> list[Piece]:
    """A completion's events; a model whose name ends in `torn` ends before the answer does."""
    head = {"id": "cmpl-1", "object": "text_completion", "created": 0, "model": asked["model"]}
    usage = bool((asked.get("stream_options") or {}).get("include_usage"))

    def chunk(text: str, finish: str | None) -> Piece:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        return event({**head, "choices": [choice], **({"usage": None} if usage else {})}, "content", "", 1)

    pieces = [chunk(word, None) for word in WORDS]
    if asked["model"].endswith("torn"):
        return pieces
    pieces.append(chunk("", "stop"))
    if usage:
        pieces.append(event({**head, "choices": [], "usage": _usage(counted(asked), len(WORDS))}, "usage"))
    return [*pieces, Piece(b"data: [DONE]\n\n", "done")]


def written(path: str, asked: Json) -> int:
    """The tokens of an answer that are billed."""
    if path.startswith("/v1/images/"):
        return PICTURE
    if path == "/v1/audio/speech" and asked.get("stream_format") == "sse":
        return SPOKEN
    return len(WORDS) if path == "/v1/completions" and asked.get("stream") else 0


def _names(count: int, output: int) -> Json:
    return {"input_tokens": count, "output_tokens": output, "total_tokens": count + output}


def _usage(count: int, output: int) -> Json:
    return {"prompt_tokens": count, "completion_tokens": output, "total_tokens": count + output}


def counted(asked: Json) -> int:
    """The tokens that are billed."""
    return sum(_counted(asked.get(name)) for name in ("input", "prompt", "query", "documents"))


def _counted(said: Any) -> int:
    match said:
        case str():
            return tokens.count(said)
        case int():
            return 1
        case list():
            return sum(map(_counted, said))
        case dict():
            return _counted(said.get("text")) if isinstance(said.get("text"), str) else 0
        case _:
            return 0


def answer(path: str, asked: Json, *, floats: bool = False) -> Json:
    """The answer; ``floats`` is a provider that knows no base64."""
    count = counted(asked)
    if path == "/v1/embeddings":
        return _embeddings(asked, count, floats=floats)
    usage = _usage(count, 0)
    match path:
        case "/v1/completions":
            choice = {"index": 0, "text": " and so on", "logprobs": None, "finish_reason": "stop"}
            return {"id": "cmpl-1", "object": "text_completion", "created": 0, "model": asked["model"],
                    "choices": [choice], "usage": usage}  # fmt: skip
        case "/v1/rerank":
            found = [{"index": at, "relevance_score": 1 / (at + 1)} for at in range(len(asked.get("documents") or ()))]
            return {"id": "rerank-1", "model": asked["model"], "results": found, "usage": usage}
        case "/v1/moderations":
            said = {"flagged": False, "categories": {}, "category_scores": {}}
            return {"id": "modr-1", "model": asked["model"], "results": [said]}
        case "/v1/audio/transcriptions" | "/v1/audio/translations":
            return {"text": "Grüße", "usage": {"type": "tokens", **_names(count, 0)}}
        case _:
            return {"created": 0, "data": [{"b64_json": "iVBORw0KGgo="}], "usage": _names(count, PICTURE)}


def _embeddings(asked: Json, count: int, *, floats: bool) -> Json:
    inputs = asked.get("input")
    if not inputs:
        raise Refused(openai_error("'input' must not be empty", param="input"))
    size = asked.get("dimensions") or _DIMENSIONS
    single = isinstance(inputs, str) or isinstance(inputs[0], int)  # words, or their tokens
    vectors = [vector(text, size) for text in ([inputs] if single else inputs)]
    packed = asked.get("encoding_format") == "base64" and not floats
    rows = [
        {
            "object": "embedding",
            "index": at,
            "embedding": b64encode(struct.pack(f"<{size}f", *one)).decode() if packed else one,
        }
        for at, one in enumerate(vectors)
    ]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": rows, "model": asked["model"], "usage": usage}


def vector(text: Any, size: int) -> list[float]:
    """A text's: numbers that float32 holds exactly, so that no form of them loses any."""
    return [(sha256(f"{text}/{at}".encode()).digest()[0] - 128) / 128 for at in range(size)]
