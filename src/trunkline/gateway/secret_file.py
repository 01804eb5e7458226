"""A secret as a config names it: the text itself, or ``file:PATH``.

Refuses to show the text in any message.
"""

from pathlib import Path
from typing import Any

from trunkline.core.errors import ConfigError
from trunkline.core.nearest import quoted
from trunkline.core.secret import Secret
from trunkline.gateway.interpolation import FromEnvironment

_LARGEST = 16 * 1024  # bytes; the longest real credentials are tokens of a few kilobytes
_FILE = "file:"


def read_secret(value: Any, folder: Path) -> Secret:
    """Raises ConfigError for what is no text, a file that cannot be read, and text that cannot travel in a header.

    A variable whose *value* starts with ``file:`` is not followed: only the config's writer says what to read.
    """
    if not isinstance(value, str):
        raise ConfigError("a key must be text: ${NAME}, file:PATH, or the key in quotes")
    written = value.written if isinstance(value, FromEnvironment) else value
    text = _content(folder / value.removeprefix(_FILE)) if written.startswith(_FILE) else str(value)
    if not text:
        raise ConfigError("the key is empty; leave the field out, or set what it is taken from")
    if not text.isascii() or not text.isprintable() or text != text.strip():
        raise ConfigError("the key has spaces around it, line breaks or characters beyond printable ASCII")
    return Secret(text)


def _content(path: Path) -> str:
    shown = quoted(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"the secret file {shown} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST:
        raise ConfigError(f"the secret file {shown} is larger than 16 KiB, which no key is")
    text = content.decode("latin-1").removesuffix("\n").removesuffix("\r")
    if not text:
        raise ConfigError(f"the secret file {shown} is empty")
    return text
