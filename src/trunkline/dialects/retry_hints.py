"""When a provider says to come back: the headers of an error answer as seconds to wait.

Refuses to decide whether anybody waits. Garbage, zero, the past and more than a year are no hint.
"""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache

Headers = list[tuple[bytes, bytes]]

LONGEST = 366 * 86400.0
EPOCH = 1e9  # seconds; a larger number is no wait but a date since 1970

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
# RFC 9110, 5.6.7: the form to send, and the two obsolete ones that must still be read.
HTTP_DATES = (
    re.compile(rf"{WEEKDAY}, (?P<day>\d\d) (?P<month>\w{{3}}) (?P<year>\d{{4}}) (?P<time>\d\d:\d\d:\d\d) gmt"),
    re.compile(rf"{WEEKDAY}\w*, (?P<day>\d\d)-(?P<month>\w{{3}})-(?P<year>\d\d) (?P<time>\d\d:\d\d:\d\d) gmt"),
    re.compile(rf"{WEEKDAY} (?P<month>\w{{3}}) (?P<day>[ \d]\d) (?P<time>\d\d:\d\d:\d\d) (?P<year>\d{{4}})"),
)
DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|us|ns|[dhms]))+")  # Go's form: "6m0s", "1.5s", "250ms"
DURATION_STEP = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|[dhms])")
LONGEST_RESET = 64  # characters
UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
WINDOW = re.compile(
    r"(?:x-ratelimit-(?P<part>remaining|reset)-(?P<window>[\w-]+)"
    r"|anthropic-ratelimit-(?P<window2>[\w-]+)-(?P<part2>remaining|reset))"
)


def retry_after(headers: Headers, now: float | None = None) -> float | None:
    """Seconds from ``retry-after-ms`` or ``retry-after`` (a number or a date); ``now`` in Unix seconds for dates.

    A date is measured against the answer's own Date header where there is one, so that clocks need not agree.
    """
    told = _told(headers)
    milliseconds = _number(told.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _hint(milliseconds / 1000)
    value = told.get("retry-after", "")
    seconds = _number(value)
    return _hint(seconds) if seconds is not None else _until(_http_date(value), told.get("date", ""), now)


def forbids_retry(headers: Headers) -> bool:
    """The provider said ``x-should-retry: false``, as both vendors' SDKs read it: asking it again is in vain."""
    return _told(headers).get("x-should-retry", "").lower() == "false"


def windows_reset(headers: Headers, now: float | None = None) -> float | None:
    """Seconds until the rate limit windows that are used up open again, or all of them if none says it is.

    ``x-ratelimit-reset-*`` holds a duration or a number of seconds, ``anthropic-ratelimit-*-reset`` an RFC 3339 time.
    """
    told = _told(headers)
    resets: dict[str, float] = {}
    spent = set()
    for name, value in told.items():
        if (found := WINDOW.fullmatch(name)) is None:
            continue
        window = found["window"] or found["window2"]
        if "remaining" in (found["part"], found["part2"]):
            spent |= {window} if _number(value) == 0 else set()
        elif (seconds := until_reset(value, told.get("date", ""), now)) is not None:
            resets[window] = seconds
    waits = [resets[window] for window in spent if window in resets] or list(resets.values())
    return max(waits, default=None)


def until_reset(value: str, date: str = "", now: float | None = None) -> float | None:
    """Seconds until a window opens again, from one reset header: a duration, seconds or an RFC 3339 time.

    ``date`` is the answer's own Date header, ``now`` Unix seconds: one of them is what a time is measured against.
    """
    if len(value) > LONGEST_RESET:
        return None
    if (seconds := seconds_of(value)) is not None:
        return seconds
    seconds = _number(value)
    if seconds is not None and seconds > EPOCH:  # a date: OpenRouter's in milliseconds
        return _until(seconds / 1000 if seconds > EPOCH * 1000 else seconds, date, now)
    return _hint(seconds) if seconds is not None else _until(_rfc3339(value), date, now)


def seconds_of(duration: str) -> float | None:
    """A duration like ``6m0s``, ``1.5s`` or ``250ms`` in seconds; None for anything else."""
    return None if len(duration) > LONGEST_RESET else _seconds_of(duration)


@lru_cache(maxsize=1024)  # nearly every answer tells two of them, and they come again
def _seconds_of(duration: str) -> float | None:
    if DURATION.fullmatch(duration) is None:
        return None
    return _hint(sum(float(amount) * UNITS[unit] for amount, unit in DURATION_STEP.findall(duration)))


def _told(headers: Headers) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, value in headers}


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _hint(seconds: float) -> float | None:
    return seconds if 0 < seconds <= LONGEST else None


def _until(moment: float | None, date: str, now: float | None) -> float | None:
    sent = _http_date(date)
    reference = now if sent is None else sent
    return None if moment is None or reference is None else _hint(moment - reference)


def _http_date(value: str) -> float | None:
    for form in HTTP_DATES:
        if found := form.fullmatch(value.lower()):
            return _moment(found)
    return None


def _moment(date: re.Match[str]) -> float | None:
    hour, minute, second = (int(part) for part in date["time"].split(":"))
    year = int(date["year"].rjust(4, "@").replace("@@", "20"))  # RFC 850's two digits; no such server is older
    try:
        month = MONTHS.index(date["month"]) + 1
        return datetime(year, month, int(date["day"]), hour, minute, min(second, 59), tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _rfc3339(value: str) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
