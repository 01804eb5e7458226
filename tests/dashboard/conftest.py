"""A keyed house with a ledger and a budget, and calls of all kinds behind it."""

from tests.e2e.conftest import Build, House, build, house  # noqa: F401 - fixtures

ADMIN = "sk-admin-0123456789abcdef"
ALICE = "sk-house-alice-0123456789"
KEYED = f"""
admin_key: {ADMIN}
keys: [{{name: alice, key: {ALICE}, team: blue}}]
budgets: [{{name: everything, limit: 5, window: month, hard: false}}]
health: {{circuit_breaker: {{consecutive: 2, open_seconds: 1, open_jitter: 0}}}}
"""
HOSTILE = """<img src=x onerror="document.title='taken'">"""


async def asked(at: House, model: str, text: str = "What is 2 + 2?") -> int:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    status, _, _ = await at.post("/v1/chat/completions", body, {"authorization": f"Bearer {ALICE}"})
    return status
