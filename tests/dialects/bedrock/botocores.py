"""botocore's own model of the API: what it takes for a request, and what it reads out of an answer."""

from base64 import b64decode
from typing import Any, cast

import botocore.session
from botocore import parsers, serialize, validate
from botocore.eventstream import EventStream
from botocore.model import OperationModel, Shape

Json = dict[str, Any]
_MODEL = botocore.session.get_session().get_service_model("bedrock-runtime")


def operation(*, stream: bool) -> OperationModel:
    return _MODEL.operation_model("ConverseStream" if stream else "Converse")


def botocores_request(model: str, body: Json, *, stream: bool = False) -> Json:
    """What botocore would send for the same parameters; it refuses those that its model does not have."""
    asked = operation(stream=stream)
    shape = cast("Any", asked.input_shape)
    params = {"modelId": model, **{name: unpacked(value, shape.members[name]) for name, value in body.items()}}
    report = validate.ParamValidator().validate(params, shape)
    assert not report.has_errors(), report.generate_report()
    return cast("Json", serialize.create_serializer("rest-json").serialize_to_request(params, asked))


def unpacked(value: Any, shape: Shape) -> Any:
    """Parameters as botocore's users write them: bytes where the wire has base64. KeyError for an unknown name."""
    known: Any = shape
    if known.type_name == "blob":
        return b64decode(value)
    if known.type_name == "structure" and not getattr(known, "is_document_type", False):
        return {name: unpacked(inner, known.members[name]) for name, inner in value.items()}
    if known.type_name == "list":
        return [unpacked(inner, known.member) for inner in value]
    return value


class _Raw:
    """Bytes as botocore's HTTP client hands them out."""

    def __init__(self, data: bytes, size: int) -> None:
        self._pieces = [data[at : at + size] for at in range(0, len(data), size)]

    def stream(self) -> Any:
        return iter(self._pieces)

    def close(self) -> None:
        pass


def botocores_answer(body: bytes, status: int = 200, headers: Json | None = None) -> Json:
    parser = parsers.create_parser("rest-json")
    response = {"body": body, "headers": headers or {}, "status_code": status}
    return cast("Json", parser.parse(response, operation(stream=False).output_shape))


def botocores_events(data: bytes, size: int = 7) -> list[Json]:
    shape = cast("Any", operation(stream=True).output_shape).members["stream"]
    parser = parsers.EventStreamJSONParser()
    return list(EventStream(_Raw(data, size), shape, parser, "ConverseStream"))
