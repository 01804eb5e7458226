"""How many tokens a call used, in buckets that never overlap.

Refuses to know how a dialect spells them: OpenAI's prompt count includes cached tokens, Anthropic's does not.
"""

from typing import Literal

from msgspec import Struct

UsageSource = Literal["reported", "estimated", "unknown"]
SOURCES: tuple[UsageSource, ...] = ("reported", "estimated", "unknown")


class Usage(Struct, frozen=True):
    """Disjoint token buckets; ``total`` is their sum.

    ``input``           prompt tokens that no cache served or stored.
    ``cache_read``      prompt tokens served from the provider's cache.
    ``cache_write``     prompt tokens stored into the provider's cache for five minutes (or the provider's default).
    ``cache_write_1h``  prompt tokens stored for an hour (Anthropic's dearer kind).
    ``output``          tokens of the visible answer, tool calls included.
    ``reasoning``       output tokens spent thinking, where the provider tells them apart; billed as output.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    output: int = 0
    reasoning: int = 0
    source: UsageSource = "reported"

    @property
    def prompt(self) -> int:
        """All prompt tokens: what OpenAI calls ``prompt_tokens``."""
        return self.input + self.cache_read + self.cache_write + self.cache_write_1h

    @property
    def completion(self) -> int:
        """All output tokens: what both vendors bill as output."""
        return self.output + self.reasoning

    @property
    def total(self) -> int:
        """Every token of the call, each counted once."""
        prompt = self.input + self.cache_read + self.cache_write + self.cache_write_1h
        return prompt + self.output + self.reasoning

    def plus(self, other: "Usage") -> "Usage":
        """Both, bucket by bucket; known no better than the worse known of the two."""
        return Usage(
            self.input + other.input,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.cache_write_1h + other.cache_write_1h,
            self.output + other.output,
            self.reasoning + other.reasoning,
            self.source if SOURCES.index(self.source) >= SOURCES.index(other.source) else other.source,
        )


UNKNOWN_USAGE = Usage(source="unknown")
