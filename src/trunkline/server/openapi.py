"""The table of paths as an OpenAPI 3.1 document, for tools that make clients and pages of it.

Refuses to describe bodies of the callers' dialects: their vendors do.
"""

from collections.abc import Iterable
from typing import Any

from msgspec.json import schema_components

from trunkline._version import __version__
from trunkline.server.places import Access, Place

KEYS: dict[Access, list[dict[str, list[str]]]] = {
    "caller": [{"callerKey": []}, {"callerHeader": []}],
    "admin": [{"adminKey": []}],
    "public": [],
}
SCHEMES = {
    "callerKey": {"type": "http", "scheme": "bearer", "description": "A virtual key of this house."},
    "callerHeader": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The same, in its own header.",
    },
    "adminKey": {"type": "http", "scheme": "bearer", "description": "The admin_key of the config."},
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to change."},
        "param": {"type": "string"},
        "request_id": {"type": "string"},
    },
}
"""RFC 9457."""
REFERENCE = "#/components/schemas/{name}"


def document(places: Iterable[Place]) -> dict[str, Any]:
    """All paths with who may go there."""
    everywhere = tuple(places)
    schemas = _schemas(everywhere)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "trunkline",
            "version": __version__,
            "license": {"name": "Apache-2.0"},
        },
        "paths": {place.path: _path(place) for place in everywhere},
        "components": {"securitySchemes": SCHEMES, "schemas": {"Problem": PROBLEM, **schemas}},
    }


def _schemas(places: Iterable[Place]) -> dict[str, Any]:
    """Every type that a place answers with or wants, and those inside them."""
    kinds = [kind for place in places for kind in (*place.answers.values(), place.wants) if isinstance(kind, type)]
    return dict(schema_components(kinds, ref_template=REFERENCE)[1])


def _content(kind: Any) -> dict[str, Any]:
    if isinstance(kind, str):
        return {kind: {"schema": {"type": "string"}}}
    schema: dict[str, Any] = {"$ref": REFERENCE.format(name=kind.__name__)} if kind is not None else {"type": "object"}
    return {"application/json": {"schema": schema}}


def _path(place: Place) -> dict[str, Any]:
    parameters = [_parameter(name, "query") for name in place.query]
    if place.parameter is not None:
        parameters.insert(0, {**_parameter(place.parameter, "path"), "required": True})
    operations = {method.lower(): _operation(place, method) for method in place.doors}
    return {"parameters": parameters, **operations} if parameters else operations


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": {"type": "string"}}


def _operation(place: Place, method: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": _identifier(place.path, method),
        "summary": place.about,
        "tags": [place.access],
        "security": KEYS[place.access],
        "responses": {
            "2XX": {"description": place.about},
            "default": {"description": "an error that says what to change"},
        },
    }
    if place.access == "admin":
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        told["responses"]["default"]["content"] = content
        told["responses"]["2XX"]["content"] = _content(place.answers.get(method))
    if method == "POST" and (place.access != "admin" or place.wants is not None):
        told["requestBody"] = {"required": True, "content": _content(place.wants)}
    return told


def _identifier(path: str, method: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in path).split()
    return "_".join([method.lower(), *words])
