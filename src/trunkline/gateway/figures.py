"""What a house tells of its money, its cache and its callers' rates: budgets, holds, the ledger's line, refusals.

Refuses to ask a store: what the house knows anyway is shown.
"""

from collections.abc import Mapping

from trunkline.accounting.purse import Purse
from trunkline.accounting.rates import Rates
from trunkline.core.money import NANOS_PER_USD
from trunkline.layers.cache import Cache
from trunkline.telemetry.series import Gauge, Readings, Series


def rate_series(rates: Rates) -> list[Series]:
    """Callers that were turned away for coming too often."""

    def refused() -> Readings:
        for limit, count in rates.refused.items():
            yield (limit,), float(count)

    about = "Calls refused by the limits of their keys: requests, tokens or concurrent."
    return [Gauge("llm_rate_limit_refusals_total", about, ("limit",), refused, "counter")]


def cache_series(cache: Cache) -> list[Series]:
    """Answers that were shown again, and what they take and save."""

    def answers() -> Readings:
        for result, count in cache.counts.items():
            yield (result,), float(count)

    def kept() -> Readings:
        yield (), float(cache.answers.taken)

    def saved() -> Readings:
        yield (), cache.saved / NANOS_PER_USD

    asked = "Requests on routes with a cache: shown an answer again (hit), asked anew (miss), or kept out (bypass)."
    return [
        Gauge("llm_cache_requests_total", asked, ("result",), answers, "counter"),
        Gauge("llm_cache_bytes", "Memory that kept answers take.", (), kept),
        Gauge("llm_cache_saved_dollars_total", "What the hits cost when they were asked.", (), saved, "counter"),
    ]


def batch_series(counts: Mapping[str, int]) -> list[Series]:
    """Batches that began and ended."""

    def seen() -> Readings:
        for status, count in sorted(counts.items()):
            yield (status,), float(count)

    about = "Batches that this process saw begin (begun), and end: completed, failed, expired, cancelled."
    return [Gauge("llm_batches_total", about, ("status",), seen, "counter")]


def money_series(purse: Purse) -> list[Series]:
    """Where the house's money is; amounts are shown here and counted elsewhere, hence floats."""

    def remaining() -> Readings:
        for budget, nanos in purse.remaining().items():
            yield (budget,), nanos / NANOS_PER_USD

    def limits() -> Readings:
        for rule in purse.rules:
            yield (rule.name,), rule.nanos / NANOS_PER_USD

    def of_keys() -> Readings:
        for key, nanos in purse.remaining_of_keys().items():
            yield (key,), nanos / NANOS_PER_USD

    def holds() -> Readings:
        yield (), float(len(purse.held))

    def held() -> Readings:
        yield (), sum(purse.held.values()) / NANOS_PER_USD

    def unsettled() -> Readings:
        yield (), float(purse.unsettled)

    left = "What is left of the fullest account of a budget in its present window, as this process last saw it."
    own = "What is left of a key's own budget this month, of the 50 fullest, as this process last saw it."
    return [
        Gauge("llm_budget_remaining_dollars", left, ("budget",), remaining),
        Gauge("llm_budget_limit_dollars", "The limit of a budget in each window.", ("budget",), limits),
        Gauge("llm_key_budget_remaining_dollars", own, ("key",), of_keys),
        Gauge("llm_holds", "Attempts that this process holds money for now.", (), holds),
        Gauge("llm_held_dollars", "What it holds for them.", (), held),
        Gauge("llm_ledger_queue_depth", "Attempts that have ended and are not in the ledger yet.", (), unsettled),
    ]
