"""Thought signatures, which Google seals and wants back on the parts they came on.

Refuses to show it another vendor's: the field holds base64, so what is sealed here is base64 of the common seal.
"""

from base64 import b64decode, b64encode
from binascii import Error

from trunkline.dialects.seal import MARK, seal, unseal

HOME = "gemini"
OURS = b64encode(b"trunkline").decode()
"""How every foreign signature begins, once it is base64: nine bytes are twelve letters, whatever follows them."""

UNSIGNED = b64encode(b"skip_thought_signature_validator").decode()
"""What a call made by another model carries: Google documents it for exactly that, and refuses one with nothing."""


def told(signature: str, origin: str) -> str:
    """A signature as a caller of this dialect is given it."""
    if origin == HOME:
        return signature
    return b64encode(seal(signature, origin, HOME).encode()).decode()


def heard(text: str | None) -> tuple[str | None, str]:
    """The signature a caller sent back and its origin; None for none."""
    if not text or text == UNSIGNED:
        return None, HOME
    if not text.startswith(OURS):
        return text, HOME
    try:
        inner = b64decode(text.replace("-", "+").replace("_", "/") + "==").decode()
    except (Error, UnicodeDecodeError):
        return text, HOME
    return unseal(inner, HOME) if inner.startswith(MARK) else (text, HOME)
