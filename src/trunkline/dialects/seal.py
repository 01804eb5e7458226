"""Signatures of thoughts on their way through callers of another dialect.

Refuses to open them: they mean something only to the vendor that made them, so each carries its origin with it.
"""

MARK = "trunkline."


def seal(signature: str, origin: str, home: str) -> str:
    """A signature as a caller of the dialect ``home`` is given it."""
    return signature if origin == home else f"{MARK}{origin}.{signature}"


def unseal(told: str, home: str) -> tuple[str, str]:
    """What a caller of ``home`` sent back: the signature and its origin."""
    if not told.startswith(MARK):
        return told, home
    origin, _, signature = told.removeprefix(MARK).partition(".")
    return signature, origin
