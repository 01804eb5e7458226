"""Embeddings in Cohere's and Ollama's own forms.
It refuses what the vendors refuse: a purpose that is not named, too many texts, a text that does not fit.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from trunkline.simulator import tokens
from trunkline.simulator.operations import vector
from trunkline.simulator.refusals import Refused, bare_error

COHERE, OLLAMA = "/v2/embed", "/api/embed"
PATHS = frozenset({COHERE, OLLAMA})
_DIMENSIONS = 8
Json = dict[str, Any]


class _Cohere(Struct, forbid_unknown_fields=True):
    model: str
    input_type: Literal["search_document", "search_query", "classification", "clustering", "image"]
    texts: Annotated[list[str], Meta(min_length=1, max_length=96)]
    embedding_types: tuple[Literal["float", "int8", "uint8", "binary", "ubinary", "base64"], ...] = ("float",)
    truncate: Literal["NONE", "START", "END"] = "END"
    output_dimension: Annotated[int, Meta(ge=1, le=4096)] = _DIMENSIONS
    max_tokens: int | None = None
    priority: int = 0

    @property
    def cut(self) -> bool:
        return self.truncate != "NONE"


class _Ollama(Struct, forbid_unknown_fields=True):
    model: str
    input: str | list[str]
    truncate: bool = True
    dimensions: Annotated[int, Meta(ge=1, le=4096)] = _DIMENSIONS
    keep_alive: Any = None
    options: Json = {}

    @property
    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input

    @property
    def cut(self) -> bool:
        return self.truncate


Asked = _Cohere | _Ollama


def read(path: str, body: bytes) -> Asked:
    """The request. Raises Refused in the vendor's words."""
    try:
        if path == COHERE:
            return msgspec.json.decode(body, type=_Cohere)
        return msgspec.json.decode(body, type=_Ollama)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if path == COHERE:
            raise Refused(bare_error("cohere", f"invalid request: {error}")) from error
        raise Refused(bare_error("ollama", str(error))) from error


def counted(asked: Asked, window: int | None) -> int:
    """The tokens that are read. Raises Refused where a text does not fit and may not be cut."""
    found = [tokens.count(text) for text in asked.texts]
    if window is not None and not asked.cut and max(found) > window:
        if isinstance(asked, _Cohere):
            words = f"too many tokens: total number of tokens in a text cannot exceed {window}"
            raise Refused(bare_error("cohere", words))
        raise Refused(bare_error("ollama", "the input length exceeds the context length"))
    return sum(found if window is None else (min(one, window) for one in found))


def answer(asked: Asked, count: int) -> Json:
    """The vectors, in the vendor's form."""
    if isinstance(asked, _Cohere):
        found = [vector(text, asked.output_dimension) for text in asked.texts]
        return {
            "id": "embed-1",
            "embeddings": {"float": found},
            "texts": asked.texts,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": count}},
            "response_type": "embeddings_by_type",
        }
    found = [vector(text, asked.dimensions) for text in asked.texts]
    return {"model": asked.model, "embeddings": found, "total_duration": 14143917, "load_duration": 1019500,
            "prompt_eval_count": count}  # fmt: skip
