"""Counters, histograms and gauges, and what a parser that is not ours reads out of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from trunkline.telemetry.exposition import OPEN, PLAIN, accepted, written
from trunkline.telemetry.series import OTHER, Counter, Gauge, Histogram, Series

HOSTILE = 'a"b\\c\nd{e="f"} 1\n# EOF'


def samples(series: list[Series], kind: str = PLAIN) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    read = read_open if kind == OPEN else read_plain
    text = written(series, kind).decode()
    return {(one.name, tuple(one.labels.items())): one.value for family in read(text) for one in family.samples}


@pytest.mark.parametrize("kind", [PLAIN, OPEN])
def test_a_counter_is_read_back_by_another_parser(kind: str) -> None:
    calls = Counter("llm_requests_total", "Calls.", ("route", "outcome"))

    calls.add(("chat", "ok"))
    calls.add(("chat", "ok"), 2)
    calls.add((HOSTILE, "error"))

    assert samples([calls], kind) == {
        ("llm_requests_total", (("route", "chat"), ("outcome", "ok"))): 3,
        ("llm_requests_total", (("route", HOSTILE), ("outcome", "error"))): 1,
    }


@pytest.mark.parametrize("kind", [PLAIN, OPEN])
def test_a_histogram_says_how_many_were_below_each_bound(kind: str) -> None:
    times = Histogram("seconds", "Times.", ("route",), (0.1, 1.0))

    for value in (0.05, 0.1, 0.5, 7.0, math.nan):
        times.observe(("chat",), value, "req_1")

    found = samples([times], kind)
    assert found["seconds_bucket", (("route", "chat"), ("le", "0.1"))] == 2
    assert found["seconds_bucket", (("route", "chat"), ("le", "1.0"))] == 3
    assert found["seconds_bucket", (("route", "chat"), ("le", "+Inf"))] == 4
    assert found["seconds_count", (("route", "chat"),)] == 4
    assert found["seconds_sum", (("route", "chat"),)] == pytest.approx(7.65)


def test_an_exemplar_names_the_newest_call_of_its_bucket_in_openmetrics_only() -> None:
    times = Histogram("seconds", "Times.", (), (1.0,))
    times.observe((), 0.25, "req_old")
    times.observe((), 0.5, "req_new")

    [family] = read_open(written([times], OPEN).decode())

    exemplar = family.samples[0].exemplar
    assert exemplar is not None
    assert (exemplar.labels, exemplar.value) == ({"trace_id": "req_new"}, 0.5)
    assert b"req_new" not in written([times], PLAIN)


@given(st.lists(st.integers(0, 10**14)))
def test_money_is_written_exactly_however_much_was_added(amounts: list[int]) -> None:
    cost = Counter("llm_cost_dollars_total", "Cost.", ("model",), digits=9)

    for amount in amounts:
        cost.add(("m",), amount)

    line = written([cost]).decode().splitlines()[2:]
    nanos = [int(text.split(" ")[1].replace(".", "")) for text in line]
    assert nanos == ([sum(amounts)] if amounts else [])


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_label_can_break_out_of_its_quotes(one: str, two: str) -> None:
    calls = Counter("calls_total", "Calls.", ("one", "two"))

    calls.add((one, two))

    assert written([calls]).decode().count("\n") == 3  # help, type and one sample
    assert list(samples([calls]).values()) == [1]


def test_label_sets_beyond_the_limit_are_counted_together() -> None:
    calls = Counter("calls_total", "Calls.", ("model",), most=3)
    times = Histogram("seconds", "Times.", ("model",), (1.0,), most=3)

    for number in range(1000):
        calls.add((f"m{number}",))
        times.observe((f"m{number}",), 0.5)

    assert len(calls.values) == len(times.tallies) == 4
    assert calls.values[OTHER,] == sum(times.tallies[OTHER,].counts) == 997


def test_a_gauge_is_read_when_somebody_looks() -> None:
    value = 1.0
    gauge = Gauge("open", "Open calls.", (), lambda: [((), value)])

    first = samples([gauge])
    value = 2.0

    assert (first, samples([gauge])) == ({("open", ()): 1.0}, {("open", ()): 2.0})


def test_openmetrics_is_for_who_asks_for_it() -> None:
    assert accepted(b"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2") == OPEN
    assert accepted(b"text/plain") == accepted(b"*/*") == accepted(b"") == PLAIN
