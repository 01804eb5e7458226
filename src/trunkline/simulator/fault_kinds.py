"""Every kind of fault there is, as a table: its parameters, their defaults and what a caller is left with.
Nothing but the table; how a fault bends an answer is in the rooms named effects.
"""

from typing import Literal

from msgspec import Struct

Harm = Literal["fine", "refused", "torn", "stuck"]
"""fine: a good client gets a whole answer; refused: an error in place of an answer; torn: an answer begins (or a
connection opens) and breaks; stuck: nothing more comes, or nothing but noise, until the client gives up."""


class FaultKind(Struct, frozen=True):
    """`parameters` are names of `Fault` fields in the order of a model name ``fault:KIND:first:second``."""

    harm: Harm
    about: str
    parameters: tuple[str, ...] = ()
    defaults: dict[str, float | int | str] = {}
    billed: bool = True


_AFTER = ("after_events",)
_AT_3: dict[str, float | int | str] = {"after_events": 3}

KINDS: dict[str, FaultKind] = {
    # Instead of an answer.
    "status": FaultKind(
        "refused",
        "an error status with the vendor's body for it, or the body named",
        ("status", "retry_after", "body"),
        {"status": 500},
        billed=False,
    ),
    "body": FaultKind("refused", "a named error body with its own status", ("body", "retry_after"), billed=False),
    "error-200": FaultKind("refused", "an error body under status 200", ("body",), billed=False),
    "empty-200": FaultKind("refused", "status 200 and no body at all", billed=False),
    "empty-choices": FaultKind("refused", "status 200, no choices (content) and no usage", billed=False),
    "login-page": FaultKind("refused", "status 200 and an HTML page of a captive portal", billed=False),
    "redirect": FaultKind("refused", "a 307 to `location` (default: below the path)", ("location",), billed=False),
    "gzip-bomb": FaultKind(
        "refused",
        "a gzip body that inflates to `bytes` bytes",
        ("bytes",),
        {"bytes": 64_000_000},
        billed=False,
    ),
    "reset": FaultKind("torn", "RST before the first byte", billed=False),
    "close": FaultKind("torn", "the connection closes before the first byte", billed=False),
    "silence": FaultKind("stuck", "accepted, and never a byte", billed=False),
    # Late.
    "slow": FaultKind(
        "fine", "the first content comes `seconds` late; the head does not", ("seconds",), {"seconds": 2.0}
    ),
    "slow-head": FaultKind("fine", "everything comes `seconds` late", ("seconds",), {"seconds": 2.0}),
    # Cut short. `after_events` counts content events: 0 is after the preamble, -1 before the first byte of the body.
    "cut": FaultKind("torn", "the HTTP body ends properly, the answer in it does not", _AFTER, _AT_3),
    "drop": FaultKind("torn", "the connection closes without the end of the body", _AFTER, _AT_3),
    "chunk-cut": FaultKind("torn", "RST in the middle of a chunk of the body", _AFTER, _AT_3),
    "stall": FaultKind("stuck", "nothing more comes, the connection stays open", _AFTER, _AT_3),
    "ping-stall": FaultKind(
        "stuck",
        "only pings (comments) come any more",
        ("after_events", "seconds"),
        {"after_events": 3, "seconds": 0.5},
    ),
    "malformed": FaultKind("torn", "an event of broken JSON, then the answer goes on", _AFTER, _AT_3),
    "error-in-stream": FaultKind(
        "torn",
        "an error event inside a 200 stream, then the end; not streamed: error-200",
        ("after_events", "body"),
        {"after_events": 0},
    ),
    "no-finish": FaultKind("torn", "no finish reason, but the closing event", billed=True),
    "no-done": FaultKind("fine", "a finish reason, but no [DONE] (message_stop)"),
    "stale": FaultKind("fine", "a whole answer, then the kept-alive connection closes"),
    # Answers that end otherwise.
    "length": FaultKind(
        "fine", "cut at `tokens` tokens, as by max_tokens; tool arguments too", ("tokens",), {"tokens": 5}
    ),
    "content-filter": FaultKind("fine", "finish reason content_filter (refusal)"),
    # Odd, and to be understood.
    "split": FaultKind("fine", "`bytes` bytes in each chunk and write", ("bytes",), {"bytes": 1}),
    "crlf": FaultKind("fine", "events end lines with CR LF"),
    "cr": FaultKind("fine", "events end lines with CR"),
    "bom": FaultKind("fine", "the body begins with a byte order mark"),
    "odd-sse": FaultKind("fine", "no blank after `data:`, data on two lines, id and retry fields"),
    "comments": FaultKind("fine", "keep-alive comments and pings before and between the events"),
    "unknown-events": FaultKind("fine", "events of unknown type between the known ones"),
    "invalid-utf8": FaultKind("fine", "two bytes inside the text are no UTF-8"),
    "empty-choices-first": FaultKind("fine", "Azure's prompt filter chunk with no choices comes first"),
    "usage-every-chunk": FaultKind("fine", "cumulative usage in every event"),
    "no-usage": FaultKind("fine", "no usage anywhere"),
    "zero-usage": FaultKind("fine", "a usage of explicit zeros"),
    # Not what was asked for, and too much.
    "content-type": FaultKind(
        "refused", "the right body labelled text/plain", ("content_type",), {"content_type": "text/plain"}
    ),
    "unstreamed": FaultKind("refused", "a whole JSON answer where a stream was asked for"),
    "endless": FaultKind("stuck", "content without an end", _AFTER, _AT_3),
    "huge-line": FaultKind("refused", "one event of `bytes` bytes", ("bytes",), {"bytes": 8_000_000}),
}
