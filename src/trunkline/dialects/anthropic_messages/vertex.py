"""Where Claude is asked on Google's cloud: the model in the path, the version in the body.

Refuses to know the rest of a body. Read on docs.cloud.google.com in November 2026, "Claude: request predictions".
"""

from urllib.parse import quote

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from trunkline.core.dialect import Rendered

VERSION = Raw(b'"vertex-2023-10-16"')
COUNTING = "/count-tokens:rawPredict"
"""Counts are asked of a model of this name, and the body names whose they are."""

_FIELDS = msgspec.json.Decoder(dict[str, Raw])


def placed(rendered: Rendered, model: str, *, stream: bool) -> Rendered:
    """A request as it goes to one model."""
    fields = {name: value for name, value in _FIELDS.decode(rendered.body).items() if name != "model"}
    method = "streamRawPredict" if stream else "rawPredict"
    return _sent(rendered, fields, f"/{quote(model, safe='@._-')}:{method}")


def placed_count(rendered: Rendered) -> Rendered:
    """A question for a count."""
    return _sent(rendered, _FIELDS.decode(rendered.body), COUNTING)


def _sent(rendered: Rendered, fields: dict[str, Raw], path: str) -> Rendered:
    body = msgspec.json.encode({"anthropic_version": VERSION, **fields})
    return replace(rendered, body=body, path=path)
