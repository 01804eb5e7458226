"""The contract of a ledger: nothing lost, nothing twice, sums that agree with the records."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.stores.scenes import ENGINES, NOW, record
from trunkline.core.usage import Usage
from trunkline.stores.memory import MemoryStore
from trunkline.stores.ports import Store
from trunkline.stores.records import HOUR, UsageQuery, UsageRecord, UsageSum

ALL = UsageQuery()
AMONG = {
    "openai": record("openai", at=NOW - 3),
    "anthropic": record("anthropic", at=NOW - 2, provider="anthropic", model="large", key="bob", team="research"),
    "tagged": record("tagged", at=NOW - 1, tags=("night", "batch")),
}


async def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    whole = record(
        "whole",
        attempt=3,
        purpose="judge",
        team="research",
        tags=("night", 'a "quoted" tag, ünïcode \N{SNOWMAN}'),
        usage=Usage(1, 2, 3, 4, 5, 6, "estimated"),
        price_version="2026-11-01",
        outcome="broken_stream",
        first_content=7,
        decision='{"strategy":"balanced","seed":7}',
    )

    await store.usage.append([whole])

    assert await store.usage.read(ALL) == [whole]


async def test_an_unknown_cost_stays_unknown(store: Store) -> None:
    await store.usage.append([record(cost=None, booked=50), record("b", cost=0, booked=0)])

    (total,) = await store.usage.sum(ALL, "total")

    assert (total.cost, total.unknown, total.at_most, total.attempts) == (0, 1, 50, 2)


async def test_a_record_written_again_stands_once(store: Store) -> None:
    await store.usage.append([record(), record()])
    await store.usage.append([record()])

    assert await store.usage.read(ALL) == [record()]
    assert (await store.usage.sum(ALL, "total"))[0].attempts == 1


async def test_records_are_read_newest_first_and_no_more_than_asked_for(store: Store) -> None:
    await store.usage.append([record("old", at=NOW - 1), record("new"), record("older", at=NOW - 2)])

    found = await store.usage.read(UsageQuery(limit=2))

    assert [one.id for one in found] == ["new", "old"]


async def test_a_time_is_half_open(store: Store) -> None:
    await store.usage.append([record("before", at=NOW - 1), record("in", at=NOW), record("after", at=NOW + 10)])
    query = UsageQuery(since=NOW, until=NOW + 10)

    assert [one.id for one in await store.usage.read(query)] == ["in"]
    assert (await store.usage.sum(query, "total"))[0].attempts == 1


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (UsageQuery(provider="anthropic"), ["anthropic"]),
        (UsageQuery(model="small"), ["tagged", "openai"]),
        (UsageQuery(key="bob"), ["anthropic"]),
        (UsageQuery(team="research"), ["anthropic"]),
        (UsageQuery(tag="batch"), ["tagged"]),
        (UsageQuery(tag="bat"), []),
        (UsageQuery(provider="openai", key="bob"), []),
    ],
)
async def test_a_query_names_what_it_wants(store: Store, query: UsageQuery, names: list[str]) -> None:
    await store.usage.append(list(AMONG.values()))

    assert [one.id for one in await store.usage.read(query)] == names
    assert sum(line.attempts for line in await store.usage.sum(query, "total")) == len(names)


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("total", {"": 3}),
        ("provider", {"anthropic": 1, "openai": 2}),
        ("model", {"large": 1, "small": 2}),
        ("target", {"anthropic/large": 1, "openai/small": 2}),
        ("route", {"fast": 3}),
        ("key", {"bob": 1, "ci": 2}),
        ("team", {"": 2, "research": 1}),
        ("tag", {"batch": 1, "night": 1}),
        ("purpose", {"call": 3}),
    ],
)
async def test_sums_have_a_line_a_group(store: Store, by: str, lines: dict[str, int]) -> None:
    await store.usage.append(list(AMONG.values()))

    found = await store.usage.sum(ALL, by)  # type: ignore[arg-type]

    assert {line.group: line.attempts for line in found} == lines
    assert [line.group for line in found] == sorted(lines)


async def test_a_failed_attempt_that_another_followed_is_absorbed_and_its_cost_is_waste(store: Store) -> None:
    failed = record("one", request="req", outcome="server_error", cost=30)
    answer = record("two", request="req", attempt=2, at=NOW + 1, cost=100)
    await store.usage.append([failed, answer])

    assert await store.usage.read(ALL) == [answer, replace(failed, absorbed=True)]
    (total,) = await store.usage.sum(ALL, "total")
    assert (total.calls, total.attempts, total.failed, total.cost, total.wasted) == (1, 2, 1, 130, 30)


async def test_hedges_and_judges_are_no_calls_of_anybody(store: Store) -> None:
    await store.usage.append([record("call"), record("judge", purpose="judge"), record("hedge", purpose="hedge")])

    assert {line.group: line.calls for line in await store.usage.sum(ALL, "purpose")} == {
        "call": 1,
        "hedge": 0,
        "judge": 0,
    }


async def test_hostile_names_are_only_names(store: Store) -> None:
    hostile = ["'; DROP TABLE usage; --", '"]}', "%", "ü\N{SNOWMAN}", "\\u0000", "a/b"]
    await store.usage.append([record(f"{number}", model=name) for number, name in enumerate(hostile)])

    assert [line.group for line in await store.usage.sum(ALL, "model")] == sorted(hostile)
    for name in hostile:
        assert len(await store.usage.read(UsageQuery(model=name))) == 1


@st.composite
def records(draw: st.DrawFn) -> list[UsageRecord]:
    count = draw(st.integers(min_value=0, max_value=12))
    return [
        record(
            f"id{number}",
            at=NOW + draw(st.integers(min_value=-60 * HOUR, max_value=60 * HOUR)),
            model=draw(st.sampled_from(["small", "large"])),
            tags=draw(st.sampled_from([(), ("a",), ("a", "b"), ("b", "a")])),
            cost=draw(st.none() | st.integers(min_value=0, max_value=10**12)),
            outcome=draw(st.sampled_from(["ok", "server_error"])),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "memory"])
@given(
    written=records(),
    since=st.integers(min_value=-60 * HOUR, max_value=60 * HOUR),
    length=st.integers(min_value=0, max_value=90 * HOUR),
    by=st.sampled_from(["total", "model", "tag"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_sums_of_any_time_are_those_of_the_twin_in_memory(
    engine: str, tmp_path_factory: pytest.TempPathFactory, written: list[UsageRecord], since: int, length: int, by: str
) -> None:
    store, twin = ENGINES[engine](tmp_path_factory.mktemp("store")), MemoryStore()
    query = UsageQuery(since=NOW + since, until=NOW + since + length)
    try:
        await store.usage.append(written)
        await twin.usage.append(written)

        found: list[UsageSum] = await store.usage.sum(query, by)  # type: ignore[arg-type]

        assert found == await twin.usage.sum(query, by)  # type: ignore[arg-type]
        assert await store.usage.read(query) == await twin.usage.read(query)
    finally:
        await store.aclose()


async def test_the_attempts_of_a_request_are_found_by_it_the_first_one_first(store: Store) -> None:
    first, second = record("one", request="req_x", attempt=1), record("two", request="req_x", attempt=2, at=NOW - 1)
    await store.usage.append([second, first, record("other", request="req_y")])

    assert await store.usage.of("req_x") == [replace(first, absorbed=True), second]
    assert await store.usage.of("req_z") == []
