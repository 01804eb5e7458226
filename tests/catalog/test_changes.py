"""What a new book changes is told, and what looks wrong in it is not taken unseen."""

from decimal import Decimal

import pytest

from trunkline.catalog.book import BookModel, BookProvider, BookRow, PriceList
from trunkline.catalog.changes import alarms, changes
from trunkline.catalog.published import PublishedTier


def row(dollars, **condition):
    return BookRow(input=Decimal(dollars), output=Decimal(dollars), **condition)


def listed(*rows):
    return books({"own": {"m": rows}})


def books(providers):
    models = {
        name: BookProvider({model: BookModel(rows) for model, rows in rows_of.items()})
        for name, rows_of in providers.items()
    }
    return PriceList("test 1", "2026-11-22", models)


def told(old, new):
    return [str(change) for change in changes(old, new).changed]


def test_the_same_prices_change_nothing():
    found = changes(listed(row(1)), listed(row("1.000")))

    assert (found.added, found.removed, found.changed) == ((), (), ())


def test_models_that_come_and_go_are_named():
    found = changes(books({"a": {"x": (row(1),)}}), books({"a": {"y": (row(1),)}, "b": {"x": (row(1),)}}))

    assert found.added == ("a/y", "b/x")
    assert found.removed == ("a/x",)


def test_a_changed_rate_is_told_with_old_and_new_and_what_falls_back_to_it():
    old, new = BookRow(input=Decimal(1), output=Decimal(4)), BookRow(input=Decimal("1.5"), output=Decimal(4))

    assert told(listed(old), listed(new))[0] == "own/m input 1 -> 1.5"
    assert "own/m output" not in str(told(listed(old), listed(new)))


@pytest.mark.parametrize(
    "more",
    [
        row(2, since="2030-01-01"),
        row(2, daily="01:00-02:00"),
        row(2, service="batch"),
        row(1, tiers=(PublishedTier(over=1000, input=Decimal(2)),)),
        row(1, request=Decimal("0.01")),
    ],
)
def test_a_price_under_any_condition_is_compared_both_ways(more):
    plain, richer = listed(row(1)), listed(row(1), more) if more.tiers == () and not more.request else listed(more)

    assert told(plain, richer) != []
    assert told(richer, plain) != []


@pytest.mark.parametrize(
    ("old", "new", "alarmed"),
    [(1, 3, False), (1, "3.01", True), (3, 1, False), ("3.01", 1, True), (1, 0, True), (0, 1, True)],
)
def test_a_jump_of_more_than_three_times_or_to_nothing_raises_an_alarm(old, new, alarmed):
    before, after = listed(row(old)), listed(row(new))

    said = alarms(before, changes(before, after))

    assert bool(said) is alarmed
    assert not alarmed or f"own/m input {old} -> {new}" in said[0]


def test_a_jump_in_a_price_that_only_comes_later_raises_an_alarm_now():
    before, after = listed(row(1)), listed(row(1), row(0, since="2030-01-01"))

    assert len(alarms(before, changes(before, after))) == 1


@pytest.mark.parametrize(("lost", "alarmed"), [(5, False), (6, True)])
def test_losing_more_than_one_in_twenty_models_raises_an_alarm(lost, alarmed):
    before = books({"own": {f"m{number}": (row(1),) for number in range(100)}})
    after = books({"own": {f"m{number}": (row(1),) for number in range(lost, 100)}})

    assert alarms(before, changes(before, after)) == ([f"{lost} of 100 models are gone"] if alarmed else [])


def test_losing_all_of_one_provider_raises_an_alarm_however_small_it_is():
    many = {f"m{number}": (row(1),) for number in range(100)}
    before, after = books({"big": many, "small": {"x": (row(1),)}}), books({"big": many})

    assert alarms(before, changes(before, after)) == ["no model is left of small"]
