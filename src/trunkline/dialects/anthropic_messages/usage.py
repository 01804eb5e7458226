"""Token counts in Anthropic's words: its ``input_tokens`` leaves out what a cache served or stored.

Refuses to know where the counts stood: in a whole answer, at a stream's start or at its end.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import asdict, replace

from trunkline.core.usage import UNKNOWN_USAGE, Usage, UsageSource
from trunkline.dialects.counts import Count, told


class CacheCreation(Struct, frozen=True):
    """Tokens stored, by how long they stay."""

    ephemeral_5m_input_tokens: Count = 0
    ephemeral_1h_input_tokens: Count = 0


class OutputDetails(Struct, frozen=True):
    """What part of the output was thinking."""

    thinking_tokens: Count = 0


class WireUsage(Struct, frozen=True):
    """``usage`` as Anthropic sends it; None where a field was left out, which is not zero."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None

    def usage(self, source: UsageSource = "reported") -> Usage:
        """The counts in disjoint buckets."""
        hour = self.cache_creation.ephemeral_1h_input_tokens if self.cache_creation else 0
        stored = self.cache_creation_input_tokens
        if stored is None:
            stored = hour + (self.cache_creation.ephemeral_5m_input_tokens if self.cache_creation else 0)
        output = self.output_tokens or 0
        thinking = min(self.output_tokens_details.thinking_tokens if self.output_tokens_details else 0, output)
        return Usage(
            input=self.input_tokens or 0,
            cache_read=self.cache_read_input_tokens or 0,
            cache_write=max(stored - hour, 0),
            cache_write_1h=hour,
            output=output - thinking,
            reasoning=thinking,
            source=source,
        )


_DECODER = msgspec.json.Decoder(WireUsage)


def read_usage(raw: Raw) -> WireUsage | None:
    """The counts; None where none were told, or none that can be read: an answer is worth more than its counts."""
    return told(_DECODER, raw)


class Tally:
    """The counts of a stream: those of its start, overwritten by the cumulative ones of its end.

    Until ``message_delta`` the output count is a placeholder, so the usage is called estimated.
    """

    __slots__ = ("_seen", "usage")

    def __init__(self) -> None:
        self._seen: WireUsage | None = None
        self.usage = UNKNOWN_USAGE

    def add(self, raw: Raw, *, final: bool) -> Usage:
        """Take the ``usage`` of ``message_start``, or the ``final`` one of ``message_delta``; what it comes to."""
        wire = read_usage(raw)
        if wire is not None:
            told = {name: value for name, value in asdict(wire).items() if value is not None}
            self._seen = replace(self._seen, **told) if self._seen else wire
        if self._seen is not None:
            self.usage = self._seen.usage("reported" if final else "estimated")
        return self.usage


UNTOLD_AT_THE_END = frozenset({"cache_creation", "inference_geo", "service_tier"})


def write_last_usage(usage: Usage) -> dict[str, Any]:
    """``usage`` of a ``message_delta``, which does not tell how long what was stored stays."""
    told = write_usage(usage)
    return {name: value for name, value in told.items() if name not in UNTOLD_AT_THE_END}


def write_usage(usage: Usage) -> dict[str, Any]:
    """``usage`` as an Anthropic caller expects it."""
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "server_tool_use": None,
        "inference_geo": None,
        "service_tier": None,
    }
