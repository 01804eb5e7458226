"""Pictures and files as blocks: their formats by Bedrock's words, and names that it takes.

Refuses to fetch anything: an address elsewhere than in S3 cannot be sent.
"""

import re
from base64 import b64encode
from typing import Any

from trunkline.core.chat import Document, Image

Json = dict[str, Any]

IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_REFUSED = re.compile(r"[^0-9A-Za-z \-()\[\]]+")  # of a document's name: letters, digits, blanks, - ( ) [ ]
_BLANKS = re.compile(r"\s+")
LONGEST_NAME = 180  # characters, of 200; the rest is for a number


def image_block(image: Image) -> Json | None:
    """The block, None for a picture that cannot be sent."""
    kind = _format(IMAGES, image.media_type, image.url, "png")
    source = _source(image.url, image.data)
    return None if kind is None or source is None else {"image": {"format": kind, "source": source}}


def document_block(document: Document, name: str) -> Json | None:
    """The block, None for a file that cannot be sent. ``name`` is one that no other of the request has."""
    kind = "txt" if document.text is not None else _format(DOCUMENTS, document.media_type, document.url, "pdf")
    data = document.data if document.text is None else b64encode(document.text.encode()).decode()
    source = _source(document.url, data)
    return None if not kind or not source else {"document": {"format": kind, "name": name, "source": source}}


class Names:
    """Names for the documents of one request: of the characters that are taken, and each only once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, given: str | None) -> str:
        """A name as near to the given one as there is."""
        stem = (given or "").rpartition(".")[0] or given or ""
        plain = _BLANKS.sub(" ", _REFUSED.sub(" ", stem)).strip()[:LONGEST_NAME].strip() or "document"
        name, number = plain, 1
        while name in self._taken:
            number += 1
            name = f"{plain} ({number})"
        self._taken.add(name)
        return name


def _format(formats: dict[str, str], media_type: str | None, url: str | None, usual: str) -> str | None:
    if media_type is not None:
        return formats.get(media_type.partition(";")[0].strip().lower())
    ending = (url or "").rpartition(".")[2].lower().replace("jpg", "jpeg")
    return ending if ending in formats.values() else usual


def _source(url: str | None, data: str | None) -> Json | None:
    if url is None:
        return {"bytes": data} if data else None
    return {"s3Location": {"uri": url}} if url.startswith("s3://") else None
