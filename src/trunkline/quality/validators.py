"""Free labels: what a program can see of an answer without asking anybody, on every answer.

Refuses to say that an answer is good: it can only be shown unusable (``spoiled``) or striking (a refusal, another
language, a cut). Every check looks at a bounded part of the answer and never raises.
"""

import ast
import asyncio
import json
import re
import unicodedata
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from trunkline.core.chat import ChatRequest, Completion
from trunkline.quality.json_schema import problems
from trunkline.quality.linear_pattern import AT_ONCE, Effort, TooMuchWorkError

MOST_READ = 64 * 1024  # characters
MOST_PARSED = 16 * 1024  # characters of an answer's program text; about 10 ms for Python's parser
UNDECIDED = "undecided"
SHORTEST_REPEATED = 400  # characters; shorter texts repeat themselves honestly
_FENCE = re.compile(r"```([A-Za-z0-9_+-]*)[^\n]*\n(.*?)```", re.DOTALL)
_REFUSAL = re.compile(
    r"^\W*(?:(?:i'?m |i am )?sorry|i apologi[sz]e|unfortunately)?[,.!\s]*(?:but )?"
    r"(?:(?:i|we) (?:can'?t|cannot|am (?:not able|unable)|won'?t|must decline)|i'm (?:not able|unable))\b",
    re.IGNORECASE,
)
_STRAIGHT = {ord("\N{RIGHT SINGLE QUOTATION MARK}"): "'"}


class Finding(Struct, frozen=True):
    """``check`` is its name; ``spoiled``: nobody can use such an answer; else it is only counted. ``told`` is why."""

    check: str
    spoiled: bool
    told: str = ""


class Answered(Struct, frozen=True):
    """What a check looks at."""

    request: ChatRequest
    answer: Completion
    text: str
    effort: Effort


Check = Callable[[Answered], Iterator[Finding]]


def findings(
    request: ChatRequest, answer: Completion, more: tuple[Check, ...] = (), effort: Effort | None = None
) -> tuple[Finding, ...]:
    """Everything that strikes in one answer; ``more`` are checks of the operator's own.

    What comes to no end within the effort, which all of them share, is ``undecided``: neither found nor not.
    """
    answered = Answered(request, answer, answer.text[:MOST_READ], effort or Effort())
    return tuple(finding for check in (*CHECKS, *more) for finding in _ended(check, answered))


async def seen(request: ChatRequest, answer: Completion, more: tuple[Check, ...] = ()) -> tuple[Finding, ...]:
    """The same, and callers are not held up: what is not done at once is done anew in a thread."""
    found = findings(request, answer, more, at_once := Effort(AT_ONCE))
    return await asyncio.to_thread(findings, request, answer, more) if at_once.spent else found


def _ended(check: Check, one: Answered) -> Iterator[Finding]:
    try:
        yield from check(one)
    except TooMuchWorkError:
        yield Finding(UNDECIDED, spoiled=False, told=f"{getattr(check, '__name__', 'a check')} did not come to an end")


def spoiled(found: tuple[Finding, ...]) -> bool:
    """True when one of them makes the answer unusable."""
    return any(finding.spoiled for finding in found)


def empty(one: Answered) -> Iterator[Finding]:
    """Neither a word nor a tool call."""
    if not one.text.strip() and not one.answer.tool_calls:
        yield Finding("empty", spoiled=True)


def structured(one: Answered) -> Iterator[Finding]:
    """JSON where JSON was asked for, of the schema that was given."""
    asked = one.request.output
    if asked is None or one.answer.tool_calls or one.answer.finish == "content_filter":
        return
    value, fault = _json(one.answer.text[: 16 * MOST_READ])
    if fault:
        yield Finding("json", spoiled=True, told=fault)
    elif asked.kind == "schema" and (wrong := problems(value, asked.schema, one.effort)):
        yield Finding("schema", spoiled=True, told="; ".join(wrong))


def tool_calls(one: Answered) -> Iterator[Finding]:
    """Calls of tools that exist, with arguments that fit; and a call where one was demanded."""
    offered = {tool.name: tool for tool in one.request.tools}
    for call in one.answer.tool_calls[:64]:
        if call.name not in offered:
            yield Finding("unknown_tool", spoiled=True, told=call.name[:80])
            continue
        value, fault = _json(call.arguments[: 16 * MOST_READ] or "{}")
        wrong = [fault] if fault else problems(value, offered[call.name].parameters, one.effort)
        if wrong:
            yield Finding("tool_arguments", spoiled=True, told=f"{call.name}: {'; '.join(wrong)}")
    choice = one.request.tool_choice
    if choice is not None and choice.mode in {"any", "tool"} and not one.answer.tool_calls:
        yield Finding("no_tool_call", spoiled=True)


def truncated(one: Answered) -> Iterator[Finding]:
    """Cut at a limit. Spoiled only where the caller set no limit of its own: one that did asked for the cut."""
    if one.answer.finish in {"length", "context_window"}:
        yield Finding("truncated", spoiled=one.request.max_tokens is None)


def refused(one: Answered) -> Iterator[Finding]:
    """Says that it will not. It may be right to: only the rate of it is watched."""
    if one.answer.finish == "content_filter" or _REFUSAL.match(one.text[:200].translate(_STRAIGHT)):
        yield Finding("refusal", spoiled=False)


def repeated(one: Answered) -> Iterator[Finding]:
    """The same words over and over: a text that shrinks to a twentieth has fallen into a loop."""
    tail = one.text[-4_000:].encode(errors="replace")
    if len(tail) < SHORTEST_REPEATED or len(zlib.compress(tail[-SHORTEST_REPEATED:], 1)) > SHORTEST_REPEATED / 3:
        return  # nearly every answer, for a tenth of the time
    if len(zlib.compress(tail)) < len(tail) / 20:
        yield Finding("repetition", spoiled=True)


def other_language(one: Answered) -> Iterator[Finding]:
    """Another script than the last question's. A translation is one, too: only the rate of it is watched."""
    asked = next((message.text for message in reversed(one.request.messages) if message.role == "user"), "")
    question, answer = script(asked[-2_000:]), script(one.text[:2_000])
    if question and answer and question != answer:
        yield Finding("other_script", spoiled=False, told=f"{question} was answered in {answer}")


def code_parses(one: Answered) -> Iterator[Finding]:
    """Fenced Python and JSON that no parser takes; counted, since a snippet may be meant as one."""
    left = MOST_PARSED
    for language, body in _FENCE.findall(one.text)[:16]:
        parses = _CODE.get(language.lower())
        if parses is None or len(body) > left:
            continue
        left -= len(body)
        if fault := parses(body):
            yield Finding("code", spoiled=False, told=fault)


CHECKS: tuple[Check, ...] = (
    empty, structured, tool_calls, truncated, refused, repeated, other_language, code_parses,
)  # fmt: skip


def script(text: str) -> str | None:
    """The commonest alphabet of a text with at least twelve letters, as Unicode names it: latin, cyrillic, cjk, ..."""
    letters = [character for character in text[:400] if character.isalpha()][:100]
    if len(letters) < 12:
        return None
    if text[:400].isascii():
        return "latin"
    counted = Counter(unicodedata.name(letter, "?").split()[0] for letter in letters)
    name = counted.most_common(1)[0][0].lower()
    return "cjk" if name in {"cjk", "hiragana", "katakana"} else name


def _json(text: str) -> tuple[Any, str]:
    """The value, and why it is none."""
    try:
        return json.loads(text), ""
    except (ValueError, RecursionError) as error:
        return None, f"no JSON: {str(error)[:120] or type(error).__name__}"


def _python(body: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes in other people's code
            ast.parse(body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"no Python: {str(error)[:120]}"
    return ""


_CODE: dict[str, Callable[[str], str]] = {
    "python": _python,
    "py": _python,
    "python3": _python,
    "json": lambda body: _json(body)[1],
}
