"""Batches in OpenAI's form: a file of requests that are answered later, and cost half.
It refuses to answer a line itself: the provider does, as it answers a request of its own.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from trunkline.simulator import draw
from trunkline.simulator.config import Batches as Settings
from trunkline.simulator.files import Files, Json, page
from trunkline.simulator.prices import Usage
from trunkline.simulator.refusals import Refused, invalid_json, openai_error

BATCHES = "/v1/batches"
_ENDPOINTS = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/moderations")
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_DAY = 86_400


class Line(Struct, frozen=True):
    """What became of one line: the status and the body it was answered with, the tokens and nano-dollars it cost."""

    status: int
    body: Json
    usage: Usage = Usage()
    cost: int = 0


Answer = Callable[[str, bytes, float], Line]
"""Answers a request: its path, its body, the second it is answered in."""


class Batch(Struct):
    """One batch; `shown` is what the vendor says of it, `billed` its tokens and `cost` nano-dollars at full price."""

    shown: Json
    lines: list[Json]
    begun: float
    billed: Usage = Usage()
    cost: int = 0


class Batches:
    """The batches of one provider. `epoch` is the wall time of second 0."""

    def __init__(self, seed: int, name: str, settings: Settings, files: Files, epoch: float, answer: Answer) -> None:
        """`answer` answers the lines."""
        self._parts = (seed, name, "batch")
        self._settings = settings
        self._files = files
        self._epoch = epoch
        self._answer = answer
        self.kept: dict[str, Batch] = {}

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes, now: float) -> Json:
        """The object a request is answered with. Raises Refused."""
        name, _, what = path.removeprefix(BATCHES).strip("/").partition("/")
        if not name and method == "POST":
            return self._create(body, now)
        if not name and method == "GET":
            return page([self._look(batch, now).shown for batch in self.kept.values()], query)
        if name not in self.kept:
            raise Refused(openai_error(f"No batch found with id '{name}'.", status=404))
        batch = self._look(self.kept[name], now)
        if method == "GET" and not what:
            return batch.shown
        if method == "POST" and what == "cancel":
            return self._cancel(batch, now)
        raise Refused(openai_error(f"Invalid URL ({method} {path})", status=404))

    def _create(self, body: bytes, now: float) -> Json:
        try:
            asked = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Refused(invalid_json("openai")) from error
        if asked.get("endpoint") not in _ENDPOINTS:
            raise Refused(openai_error("Invalid endpoint", param="endpoint"))
        if asked.get("completion_window") != "24h":
            raise Refused(openai_error("Invalid completion_window", param="completion_window"))
        file = self._files.find(str(asked.get("input_file_id")))
        if file.shown["purpose"] != "batch":
            raise Refused(openai_error("Invalid file purpose for batch", param="input_file_id"))
        name, wall = draw.identifier("batch_", 24, *self._parts, len(self.kept)), int(self._epoch + now)
        lines, errors = _lines(file.content, asked["endpoint"])
        shown: Json = {
            "id": name, "object": "batch", "endpoint": asked["endpoint"], "errors": None,
            "input_file_id": asked["input_file_id"], "completion_window": "24h", "status": "validating",
            "output_file_id": None, "error_file_id": None, "created_at": wall, "in_progress_at": None,
            "expires_at": wall + _DAY, "finalizing_at": None, "completed_at": None, "failed_at": None,
            "expired_at": None, "cancelling_at": None, "cancelled_at": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0}, "metadata": asked.get("metadata"),
        }  # fmt: skip
        self.kept[name] = Batch(shown, [] if errors else lines, now)
        if errors:
            shown["errors"] = {"object": "list", "data": errors}
        return {**shown, "errors": None}  # they are found out later

    def _look(self, batch: Batch, now: float) -> Batch:
        """The batch as it has become."""
        shown = batch.shown
        if shown["status"] in _ENDED:
            return batch
        if shown["errors"]:
            self._end(batch, "failed", now, 0)
        elif shown["status"] == "cancelling":
            self._end(batch, "cancelled", now, self._settings.answered_before_end)
        elif now - batch.begun < self._settings.seconds:
            shown["status"] = "in_progress"
            shown["in_progress_at"] = int(self._epoch + batch.begun)
            shown["request_counts"]["total"] = len(batch.lines)
        elif self._settings.expires:
            self._end(batch, "expired", now, self._settings.answered_before_end)
        else:
            self._end(batch, "completed", now, len(batch.lines))
        return batch

    def _cancel(self, batch: Batch, now: float) -> Json:
        if batch.shown["status"] in _ENDED:
            told = f"Cannot cancel a batch with status '{batch.shown['status']}'."
            raise Refused(openai_error(told, status=409))
        batch.shown["status"], batch.shown["cancelling_at"] = "cancelling", int(self._epoch + now)
        return dict(batch.shown)

    def _end(self, batch: Batch, status: str, now: float, count: int) -> None:
        """Answer the first `count` lines; the rest is told as not done."""
        wall, shown = int(self._epoch + now), batch.shown
        good: list[Json] = []
        bad: list[Json] = []
        for number, line in enumerate(batch.lines):
            told = {"id": f"batch_req_{number}", "custom_id": line["custom_id"], "response": None, "error": None}
            if number >= count:
                bad.append({**told, "error": {"code": f"batch_{status}", "message": "This request was not executed."}})
                continue
            made = self._answer(line["url"], msgspec.json.encode(line["body"]), now)
            told["response"] = {"status_code": made.status, "request_id": f"req_{number}", "body": made.body}
            (good if made.status == 200 else bad).append(told)
            _bill(batch, made)
        name = shown["id"]
        for field, rows, kind in (("output_file_id", good, "output"), ("error_file_id", bad, "error")):
            if rows:
                content = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
                shown[field] = self._files.put(content, f"{name}_{kind}.jsonl", "batch_output", wall)
        shown["request_counts"] = {"total": len(batch.lines), "completed": len(good), "failed": len(bad)}
        shown["status"], shown[f"{status}_at"] = status, wall
        shown["usage"] = {
            "input_tokens": batch.billed.prompt, "output_tokens": batch.billed.output,
            "total_tokens": batch.billed.prompt + batch.billed.output,
            "input_tokens_details": {"cached_tokens": batch.billed.cache_read},
            "output_tokens_details": {"reasoning_tokens": batch.billed.reasoning},
        }  # fmt: skip


def _bill(batch: Batch, made: Line) -> None:
    one, other = batch.billed, made.usage
    batch.billed = Usage(
        input=one.input + other.input,
        cache_read=one.cache_read + other.cache_read,
        cache_write=one.cache_write + other.cache_write,
        output=one.output + other.output,
        reasoning=one.reasoning + other.reasoning,
    )
    batch.cost += made.cost


def _lines(content: bytes, endpoint: str) -> tuple[list[Json], list[Json]]:
    """The requests of a file, or what is wrong with it."""
    lines: list[Json] = []
    errors: list[Json] = []
    seen: set[str] = set()
    for number, raw in enumerate(content.splitlines(), 1):
        try:
            line = msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError:
            errors.append({"code": "invalid_json_line", "message": "not parseable as JSON", "line": number})
            continue
        if line.get("url") != endpoint:
            errors.append({"code": "mismatched_url", "message": "the url is not the endpoint", "line": number})
        elif not line.get("custom_id") or line["custom_id"] in seen:
            errors.append({"code": "duplicate_custom_id", "message": "custom_id is not unique", "line": number})
        elif not isinstance(line.get("body"), dict):
            errors.append({"code": "missing_body", "message": "no body", "line": number})
        seen.add(str(line.get("custom_id")))
        lines.append(line)
    if not lines:
        errors.append({"code": "empty_file", "message": "The file is empty.", "line": None})
    return lines, errors
