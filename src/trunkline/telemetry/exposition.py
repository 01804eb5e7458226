"""Series as text: Prometheus 0.0.4 for whoever asks plainly, OpenMetrics 1.0 (with exemplars) for who accepts it.

Sources: prometheus.io/docs/instrumenting/exposition_formats and the OpenMetrics specification, both read 2026-11.
Refuses to know what is counted.
"""

from collections.abc import Iterable, Iterator

from trunkline.telemetry.series import Counter, Exemplar, Gauge, Histogram, Labels, Series, Tally

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
HELP_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n"})
LONGEST_EXEMPLAR = 100  # characters of an id; the standard allows 128 for names and values of an exemplar together


def accepted(accept: bytes) -> str:
    """The content type to answer with."""
    return OPEN if b"application/openmetrics-text" in accept else PLAIN


def written(series: Iterable[Series], content_type: str = PLAIN) -> bytes:
    """All series as one document."""
    modern = content_type == OPEN
    lines = [line for one in series for line in _family(one, modern=modern)]
    if modern:
        lines.append("# EOF")
    return ("\n".join(lines) + "\n").encode()


def _family(one: Series, *, modern: bool) -> Iterator[str]:
    family = one.name.removesuffix("_total") if modern and one.kind == "counter" else one.name
    yield f"# HELP {family} {one.help.translate(HELP_ESCAPES)}"
    yield f"# TYPE {family} {one.kind}"
    if isinstance(one, Counter):
        for labels, count in list(one.values.items()):
            yield f"{one.name}{_labels(one.labels, labels)} {_decimal(count, one.digits)}"
    elif isinstance(one, Gauge):
        for labels, value in one.read():
            yield f"{one.name}{_labels(one.labels, labels)} {_number(value)}"
    else:
        for labels, tally in list(one.tallies.items()):
            yield from _buckets(one, labels, tally, modern=modern)


def _buckets(one: Histogram, labels: Labels, tally: Tally, *, modern: bool) -> Iterator[str]:
    total = 0
    bounds = [*(_number(bound) for bound in one.bounds), "+Inf"]
    for bound, count, exemplar in zip(bounds, tally.counts, tally.exemplars, strict=True):
        total += count
        mark = _exemplar(exemplar) if modern and exemplar else ""
        yield f"{one.name}_bucket{_labels((*one.labels, 'le'), (*labels, bound))} {total}{mark}"
    named = _labels(one.labels, labels)
    yield f"{one.name}_sum{named} {_number(tally.sum)}"
    yield f"{one.name}_count{named} {total}"


def _exemplar(exemplar: Exemplar) -> str:
    name = exemplar.id[:LONGEST_EXEMPLAR].translate(ESCAPES)
    return f' # {{trace_id="{name}"}} {_number(exemplar.value)} {exemplar.at:.3f}'


def _labels(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    pairs = ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in zip(names, values, strict=True))
    return f"{{{pairs}}}"


def _decimal(count: int, digits: int) -> str:
    """An integer with its decimal point, exactly."""
    if not digits:
        return str(count)
    whole, part = divmod(count, 10**digits)
    return f"{whole}.{part:0{digits}d}"


def _number(value: float) -> str:
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value))
