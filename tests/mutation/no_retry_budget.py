"""A pytest plugin that breaks one rule: retries are never too many."""

from trunkline.resilience.retry_budget import RetryBudget


def allows(self: RetryBudget, now: float) -> bool:
    return True


RetryBudget.allows = allows
