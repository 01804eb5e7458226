"""What callers may leave with providers, and how often the house looks after it.

Refuses to know whose a file is.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.dialect import DialectName

MIB = 1024 * 1024
URLS: Mapping[str, DialectName] = {
    "/v1/chat/completions": "openai",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
    "/v1/completions": "completions",
    "/v1/moderations": "moderations",
}
"""Which operations a batch's line may be, as every provider spells them."""
_BYTES = {"x-unit": "bytes"}
_SECONDS = {"x-unit": "seconds"}


class FilesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes are bytes, times are seconds."""

    largest: Annotated[
        int,
        Meta(
            ge=1024,
            le=1024 * MIB,
            extra_json_schema=_BYTES,
            description="Largest upload, which is kept on disk while it is checked. OpenAI takes 200MB of a batch.",
        ),
    ] = 200 * MIB
    upload_timeout: Annotated[
        float,
        Meta(
            ge=1,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="For an upload to arrive, and again for its provider to take it; in place of "
            "limits.body_timeout. Raise it for slow lines.",
        ),
    ] = 600.0
    lines: Annotated[int, Meta(ge=1, le=1_000_000, description="Requests in one batch. OpenAI takes 50,000.")] = 50_000
    line: Annotated[
        int,
        Meta(
            ge=1024,
            le=256 * MIB,
            extra_json_schema=_BYTES,
            description="Longest line of a batch. Raise it for pictures in base64.",
        ),
    ] = 8 * MIB
    kept: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Files a key may have at once; more are refused, 429.")
    ] = 10_000
    pending: Annotated[
        int, Meta(ge=1, le=100_000, description="Batches of a key that have not ended; more are refused, 429.")
    ] = 100
    poll: Annotated[
        float,
        Meta(
            ge=1,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="How often an open batch is asked after, so that it is billed though nobody fetches it. "
            "Raise it where a provider counts requests.",
        ),
    ] = 60.0
