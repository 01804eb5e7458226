"""The simulator's own tokenizer: words, punctuation and blanks, about four characters a token.
It refuses to imitate a vendor's vocabulary: counts only have to be repeatable and add up.
"""

import re

# Every character is a blank, a word character or neither, so the pieces of a text always join to the text.
_PIECE = re.compile(r"\s?\w{1,6}|\s?[^\w\s]|\s{1,8}")


def split(text: str) -> list[str]:
    """The tokens of a text; ``"".join(split(text)) == text``."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(_PIECE.findall(text))
