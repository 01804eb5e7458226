"""A price book as a file: read with every row checked, written whole or not at all, one line for each model.

Refuses to know where its prices come from.
"""

import contextlib
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from trunkline.catalog.book import BookModel, PriceBookError, PriceList, checked

DEFAULT_NAME = "trunkline-prices.json"
LARGEST = 64 * 1024 * 1024  # bytes; two hundred times the largest book known


def read_list(path: Path) -> PriceList:
    """The book of a file. Raises PriceBookError where there is none, or one that cannot be used."""
    return as_list(_bytes(path), path)


def as_list(written: bytes, path: Path) -> PriceList:
    """The book of a file's content. Raises PriceBookError naming the model whose row is wrong."""
    try:
        return checked(msgspec.json.decode(written, type=PriceList))
    except (msgspec.DecodeError, PriceBookError) as error:
        raise PriceBookError(f"{path}: {_wrong_model(written) or error}") from error


def read_json(path: Path) -> tuple[bytes, Any]:
    """A file of anybody's: its bytes and its JSON, numbers with a point as exact decimals. Raises PriceBookError."""
    written = _bytes(path)
    try:
        return written, msgspec.json.Decoder(float_hook=Decimal).decode(written)
    except (msgspec.DecodeError, RecursionError) as error:
        raise PriceBookError(f"{path} is not JSON: {error}") from error


def write_list(path: Path, prices: PriceList) -> None:
    """Put a book in the place of the old one at once: a reader sees the one or the other, also after a crash."""
    try:
        temporary = _beside(path, lines(prices))
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
    except OSError as error:
        raise PriceBookError(f"{path} cannot be written: {error.strerror}; name another place with --to") from error
    _sync_folder(path.parent)


def lines(prices: PriceList) -> bytes:
    """The document, one line for each model, so that two versions of it can be compared line by line."""
    encode = msgspec.json.encode
    providers = []
    for name, listed in prices.providers.items():
        models = b",\n".join(b"  %b: %b" % (encode(model), encode(rows)) for model, rows in listed.models.items())
        like = b'"like": %b, ' % encode(listed.like) if listed.like else b""
        providers.append(b' %b: {%b"models": {\n%b\n }}' % (encode(name), like, models))
    head = b'{"form": %b, "source": %b, "as_of": %b,\n"providers": {\n' % (
        encode(prices.form),
        encode(prices.source),
        encode(prices.as_of),
    )
    return head + b",\n".join(providers) + b"\n}}\n"


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            written = file.read(LARGEST + 1)
    except OSError as error:
        raise PriceBookError(f"{path} cannot be read: {error.strerror}") from error
    if len(written) > LARGEST:
        raise PriceBookError(f"{path} is larger than {LARGEST // 2**20} MiB: no price book is")
    return written


def _wrong_model(written: bytes) -> str | None:
    """Which model cannot be read, since the decoder's path leaves out names; None where it is not a model."""
    with contextlib.suppress(msgspec.DecodeError, RecursionError, TypeError, AttributeError, KeyError):
        for provider, listed in msgspec.json.decode(written)["providers"].items():
            for name, model in listed["models"].items():
                try:
                    msgspec.convert(model, BookModel)
                except msgspec.ValidationError as error:
                    return f"{provider}/{name}: {error}"
    return None


def _beside(path: Path, content: bytes) -> Path:
    """A finished file in the same folder, on the disk."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # prices are no secret, and the gateway may run as somebody else
    except BaseException:
        temporary.unlink()
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # a system that cannot open folders orders its writes by itself
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
