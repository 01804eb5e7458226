"""Answers that are no JSON: sound, words and subtitles, and which of what a provider calls them is told on.

Refuses to hand on a type that a browser would run.
"""

import re

from trunkline.core.dialect import Operation

MEDIA: frozenset[Operation] = frozenset({"speech", "transcriptions", "translations"})
"""The operations whose answers are not always JSON."""
_TOLD = re.compile(
    rb"(?:audio/[a-z0-9.+-]{1,64}|text/(?:plain|vtt|srt)|application/(?:x-subrip|ogg))(?:; ?[a-z0-9-]+=[a-z0-9-]+)*",
    re.IGNORECASE,
)


def media_type(operation: Operation, told: bytes | None) -> bytes | None:
    """The content type of an answer for its caller; None: it is JSON, as most are."""
    if operation not in MEDIA or told is None or told.lower().startswith(b"application/json"):
        return None
    return told if _TOLD.fullmatch(told) else b"application/octet-stream"
