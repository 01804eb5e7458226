"""A caller's trace is taken as it is, a new one begins where there is none, and nonsense is not passed on."""

import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.trace import trace_of

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{ID}-{SPAN}-01"


def of(value: str, state: str | None = None):
    headers = [(b"traceparent", value.encode("latin-1"))]
    return trace_of(headers if state is None else [*headers, (b"tracestate", state.encode())])


def test_a_valid_parent_is_taken_with_its_state_and_flags():
    trace = of(f"00-{ID}-{SPAN}-00", "vendor=1")

    assert (trace.id, trace.parent, trace.flags) == (ID, SPAN, "00")
    assert trace.headers("1" * 16) == [
        (b"traceparent", f"00-{ID}-{'1' * 16}-00".encode()),
        (b"tracestate", b"vendor=1"),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        GOOD.upper(),
        f"ff-{ID}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        GOOD + "-more",
        GOOD + "x",
        GOOD[:-1],
        f"01-{ID}-{SPAN}-01x",
        " " + GOOD,
    ],
)
def test_what_is_not_a_valid_parent_begins_a_new_trace(value):
    trace = of(value, "vendor=1")

    assert trace.parent is None
    assert trace.id != ID
    assert trace.state == b""
    assert re.fullmatch("[0-9a-f]{32}", trace.id)


def test_a_later_version_may_say_more():
    assert of(f"01-{ID}-{SPAN}-01-more").id == ID


@given(st.binary(max_size=80))
def test_no_header_can_break_out_of_the_line(value):
    [(_, told)] = trace_of([(b"traceparent", value)]).headers("1" * 16)

    assert re.fullmatch(rb"00-[0-9a-f]{32}-1{16}-[0-9a-f]{2}", told)


FORKED = """
import os
from trunkline.core.trace import new_span, trace_of
if not (child := os.fork()):
    print(new_span(), trace_of([]).id, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(new_span(), trace_of([]).id)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_draws_other_ids():
    drawn = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, check=True).stdout.split()

    assert len(drawn) == len(set(drawn)) == 4
