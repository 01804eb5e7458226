"""Which part of a prompt a model has seen before: prefixes of at least 1,024 tokens, in steps of 128.
It refuses to keep prompts: it remembers hashes, and only so many.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Literal

from trunkline.simulator import tokens
from trunkline.simulator.ask import Ask
from trunkline.simulator.prices import Usage

_SHORTEST = 1024  # both vendors' documented minimum
_STEP = 128
_MOST_PREFIXES = 20_000
_IMAGE_TOKENS = 256
_MARKED = frozenset({"anthropic", "bedrock"})  # cache what their callers mark


def input_tokens(ask: Ask) -> int:
    """All input tokens of a request; an image counts as 256."""
    return tokens.count(ask.counted) + _IMAGE_TOKENS * ask.images


class PromptCache:
    """The prefixes one provider has seen, the oldest forgotten first."""

    def __init__(self) -> None:
        """Empty."""
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def read(self, ask: Ask, mode: Literal["auto", "always", "never"]) -> Usage:
        """The input buckets of a request, and remember its prompt.

        OpenAI caches by itself and charges no write; Anthropic and Bedrock cache up to the last mark and charge for it.
        """
        total = input_tokens(ask)
        if mode == "always":
            return Usage(input=total - total * 3 // 4, cache_read=total * 3 // 4)
        if mode == "never" or total < _SHORTEST or (ask.dialect in _MARKED and ask.cache_mark is None):
            return Usage(input=total)
        pieces = tokens.split(ask.counted[: ask.cache_mark] if ask.dialect in _MARKED else ask.counted)
        known, length = self._longest_known(ask.model, pieces)
        if ask.dialect not in _MARKED or length < _SHORTEST:
            return Usage(input=total - known, cache_read=known)
        return Usage(input=total - length, cache_read=known, cache_write=length - known)

    def _longest_known(self, model: str, pieces: list[str]) -> tuple[int, int]:
        """How many of the leading tokens were seen before, and how many there are; in whole steps."""
        known, length = 0, len(pieces) // _STEP * _STEP
        running = blake2b(model.encode("utf-8", "surrogatepass"), digest_size=16)
        for end in range(_STEP, length + 1, _STEP):
            running.update("\x1f".join(pieces[end - _STEP : end]).encode("utf-8", "surrogatepass"))
            if end >= _SHORTEST and self._remember(running.digest()):
                known = end
        return known, length

    def _remember(self, digest: bytes) -> bool:
        seen = digest in self._seen
        self._seen[digest] = None
        self._seen.move_to_end(digest)
        if len(self._seen) > _MOST_PREFIXES:
            self._seen.popitem(last=False)
        return seen
