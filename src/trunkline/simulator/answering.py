"""What a model answers: text, thinking or tool calls, right with the probability its quality says.
A pure function of the seed, the model and the question; it refuses to know clocks, prices and dialects.
"""

import re

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.simulator import draw, tokens, wording
from trunkline.simulator.ask import Answer, Ask, Finish, ToolCall
from trunkline.simulator.config import Model
from trunkline.simulator.json_schema import Hints, satisfy
from trunkline.simulator.questions import Question, recognise

_USE_A_TOOL = re.compile(r"\b(?:weather|use (?:the|a|your) tools?|call (?:the|a) tool)\b", re.IGNORECASE)
_ADDED = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)  # by a coding agent: no wish of its user
_BOTH = re.compile(r"\bboth\b", re.IGNORECASE)
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")


class Truth(Struct, frozen=True):
    """What the model makes of a question: the words of its answer, and whether they are right."""

    kind: str
    quality: float
    right: bool
    text: str
    core: str | None = None


def answer(ask: Ask, model: Model, seed: int, *, index: int = 0, at_least: int = 0) -> Answer:
    """Choice number `index` of the answer; its text is padded to `at_least` tokens."""
    truth = judge_and_word(ask, model, seed, index)
    thinking = wording.thinking(ask) if ask.reasoning or model.reasoning else ""
    called = _tools_to_call(ask)
    if called:
        calls = tuple(_call(ask, name, turn, seed, index) for turn, name in enumerate(called))
        whole = Answer(text="", thinking=thinking, calls=calls, finish="tool", kind="tool", quality=1.0, score=1.0)
    else:
        text = _after_prefill(wording.padded(_text(ask, truth), at_least), ask, model)
        whole = Answer(
            text=text,
            thinking=thinking,
            kind=truth.kind,
            quality=truth.quality,
            score=float(truth.right),
        )
    return limited(_stopped(whole, ask.stop), ask.max_tokens, "length")


def judge_and_word(ask: Ask, model: Model, seed: int, index: int = 0) -> Truth:
    """Whether this model knows the answer to this question, and what it says: the same for every asking."""
    question = recognise(ask.prompt)
    kind = question.kind if question else "default"
    core = question.core if question else ask.prompt
    quality = model.quality_of(kind)
    parts = (seed, ask.model, kind, core, *([index] if index else []))
    right = draw.fraction("right", *parts) < quality
    if question is None:
        return Truth(kind, quality, right, wording.plain(ask, seed, index, good=right))
    said = question.right if right else question.wrong(int(draw.fraction("wrong", *parts) * 1000))
    return Truth(kind, quality, right, question.template.replace("{}", said), said)


def limited(whole: Answer, limit: int | None, finish: Finish) -> Answer:
    """The answer cut after `limit` tokens (None: uncut), with its tokens counted. Thinking counts first."""
    thinking, used, cut = _cut(whole.thinking, 0, limit)
    reasoning = used
    text, used, text_cut = _cut(whole.text, used, limit)
    calls: list[ToolCall] = []
    for call in whole.calls:
        arguments, used, arguments_cut = _cut(call.arguments, used, limit)
        cut = cut or arguments_cut
        if arguments or not arguments_cut:
            calls.append(replace(call, arguments=arguments))
    short = cut or text_cut
    return replace(
        whole,
        thinking=thinking,
        text=text,
        calls=tuple(calls),
        output_tokens=used,
        reasoning_tokens=reasoning,
        finish=finish if short else whole.finish,
        stop_sequence=None if short else whole.stop_sequence,
    )


def _cut(text: str, used: int, limit: int | None) -> tuple[str, int, bool]:
    pieces = tokens.split(text)
    if limit is None or used + len(pieces) <= limit:
        return text, used + len(pieces), False
    return "".join(pieces[: limit - used]), limit, True


def _stopped(whole: Answer, stops: tuple[str, ...]) -> Answer:
    found = [(whole.text.find(stop), stop) for stop in stops if stop and stop in whole.text]
    if not found:
        return whole
    at, stop = min(found)
    return replace(whole, text=whole.text[:at], finish="stop_sequence", stop_sequence=stop)


def _text(ask: Ask, truth: Truth) -> str:
    if ask.tool_result is not None:
        return f"The tool answered: {ask.tool_result}"
    if ask.schema is not None or ask.json:
        return _structured(ask, truth)
    seen = f"I see {ask.images} image{'s' if ask.images > 1 else ''}. " if ask.images else ""
    return seen + truth.text


def _after_prefill(text: str, ask: Ask, model: Model) -> str:
    """What is left to say after a prefill, where the model goes on with one."""
    if not ask.prefill or not model.goes_on(ask.dialect, ask.prefill_marks):
        return text
    return (ask.prefill if model.prefill_echo else "") + text.removeprefix(ask.prefill)


def _structured(ask: Ask, truth: Truth) -> str:
    if ask.schema is None:
        return msgspec.json.encode({"answer": truth.core or truth.text}).decode()
    return msgspec.json.encode(satisfy(ask.schema, Hints(truth.core, _names(ask.prompt)))).decode()


def _tools_to_call(ask: Ask) -> list[str]:
    names = [tool.name for tool in ask.tools]
    if not names or ask.tool_choice == "none":
        return []
    if ask.tool_choice.startswith("tool:"):
        names = [name for name in names if name == ask.tool_choice.removeprefix("tool:")]
    elif ask.tool_choice != "required" and (ask.tool_result is not None or not _wants_tool(ask)):
        return []
    wish = _ADDED.sub("", ask.prompt)
    mentioned = [name for name in names if _mentions(wish, name)] or names
    if ask.parallel and _BOTH.search(ask.prompt):
        return (mentioned * 2)[:2]
    return mentioned[:1]


def _wants_tool(ask: Ask) -> bool:
    wish = _ADDED.sub("", ask.prompt)
    return bool(_USE_A_TOOL.search(wish)) or any(_mentions(wish, tool.name) for tool in ask.tools)


def _mentions(prompt: str, name: str) -> bool:
    return name.lower() in prompt.lower() or name.replace("_", " ").lower() in prompt.lower()


def _call(ask: Ask, name: str, turn: int, seed: int, index: int) -> ToolCall:
    schema = next(tool.schema for tool in ask.tools if tool.name == name)
    question: Question | None = recognise(ask.prompt)
    hints = Hints(question.right if question else None, _names(ask.prompt), turn)
    arguments = msgspec.json.encode(satisfy({"type": "object", **schema}, hints)).decode()
    prefix = {"anthropic": "toolu_", "gemini": "", "bedrock": "tooluse_"}.get(ask.dialect, "call_")
    return ToolCall(draw.identifier(prefix, 24, seed, ask.model, ask.salt, name, turn, index), name, arguments)


def _names(prompt: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(match.group(0) for match in _NAME.finditer(prompt[:2000])))[:8]
