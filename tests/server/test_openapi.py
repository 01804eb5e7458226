"""The OpenAPI document tells the truth: what the operator's doors answer is laid beside the schemas it gives."""

import asyncio
from typing import Any

from jsonschema import Draft202012Validator

from tests.e2e.conftest import Build, House

ADMIN = "sk-admin-0123456789abcdef"
ALICE = "sk-house-alice-0123456789"
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
FULL = f"""
admin_key: {ADMIN}
keys: [{{name: alice, key: {ALICE}, team: blue, budget: 5}}]
budgets: [{{name: everything, limit: 5, window: month, hard: false}}]
quality: {{}}
"""
CHOSEN = """
models:
  openai: [oa/sim]
  chosen: {targets: [oa/sim, an/sim], strategy: cost_optimized}
  down-then-up: [dead/sim, an/sim]
"""


async def busy(build: Build) -> House:
    """A house that has something to tell at every door."""
    house = await build(more=FULL, routes=CHOSEN)
    for model in ("openai", "chosen", "down-then-up", "nobody"):
        body = {"model": model, "messages": [{"role": "user", "content": "What is 2 + 2?"}]}
        await house.post("/v1/chat/completions", body, {"x-api-key": ALICE})
    return house


async def told(house: House, method: str, path: str, body: Any = None) -> Any:
    async with house.http.request(method, house.url + path, headers=OPERATOR, json=body) as response:
        assert response.status < 300, (path, await response.text())
        return await response.json()


async def document(house: House) -> dict[str, Any]:
    found: dict[str, Any] = await told(house, "GET", "/admin/openapi.json")
    return found


def against(said: dict[str, Any], schema: dict[str, Any], answer: Any) -> list[str]:
    whole = {**schema, "components": said["components"]}
    return [f"{error.json_path}: {error.message}"[:300] for error in Draft202012Validator(whole).iter_errors(answer)]


def content(said: dict[str, Any], path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = said["paths"][path][method.lower()]["responses"]["2XX"]["content"]
    return found


async def test_every_answer_of_the_operators_doors_is_as_the_document_says(build: Build) -> None:
    house = await busy(build)
    said = await document(house)
    chosen = next(exchange for exchange in house.ended if exchange.decision is not None)
    asked = [
        ("POST", "/admin/keys", "/admin/keys", {"name": "bob", "budget_usd": "2", "models": ["openai"], "team": "red"}),
        ("POST", "/admin/keys", "/admin/keys", {"name": "eve"}),
        ("POST", "/admin/keys/{name}/rotate", "/admin/keys/bob/rotate", None),
        ("POST", "/admin/keys/{name}/revoke", "/admin/keys/eve/revoke", None),
        ("GET", "/admin/keys", "/admin/keys", None),
        ("GET", "/admin/health", "/admin/health", None),
        ("GET", "/admin/overview", "/admin/overview", None),
        ("GET", "/admin/models", "/admin/models?direct=true", None),
        ("GET", "/admin/config", "/admin/config", None),
        ("GET", "/admin/quality", "/admin/quality", None),
        ("GET", "/admin/calls", "/admin/calls", None),
        ("GET", "/admin/calls/{id}", f"/admin/calls/{chosen.id}", None),
        ("GET", "/admin/decisions", "/admin/decisions", None),
        ("GET", "/admin/decisions", "/admin/decisions?details=true", None),
        ("GET", "/admin/decisions/{id}", f"/admin/decisions/{chosen.id}", None),
        ("GET", "/admin/spend", "/admin/spend?by=provider", None),
        ("GET", "/admin/spend", "/admin/spend?by=day", None),
        ("GET", "/admin/budgets", "/admin/budgets", None),
        ("POST", "/admin/drain", "/admin/drain", None),
    ]

    faults: dict[str, list[str]] = {}
    for method, template, path, body in asked:
        answer = await told(house, method, path, body)
        schema = content(said, template, method)["application/json"]["schema"]
        if found := against(said, schema, answer):
            faults[f"{method} {path}"] = found

    assert faults == {}
    apart = {"/admin/openapi.json", "/admin/reload", "/admin/events"}  # itself; wants a file; a stream
    assert {path for path in said["paths"] if path.startswith("/admin")} - apart == {one[1] for one in asked}


async def test_every_call_in_the_list_has_its_story_as_the_document_says(build: Build) -> None:
    house = await busy(build)
    said = await document(house)

    for line in (await told(house, "GET", "/admin/calls"))["calls"]:
        story = await told(house, "GET", f"/admin/calls/{line['id']}")
        assert against(said, content(said, "/admin/calls/{id}", "GET")["application/json"]["schema"], story) == []


async def test_errors_are_problems_as_the_document_says(build: Build) -> None:
    house = await busy(build)
    said = await document(house)
    problem = said["paths"]["/admin/calls/{id}"]["get"]["responses"]["default"]["content"]["application/problem+json"]

    async with house.http.get(f"{house.url}/admin/calls/nobody", headers=OPERATOR) as response:
        assert response.status == 404
        assert against(said, problem["schema"], await response.json()) == []


async def test_a_key_is_wanted_as_the_document_says(build: Build) -> None:
    house = await busy(build)
    said = await document(house)
    wanted = said["paths"]["/admin/keys"]["post"]["requestBody"]["content"]["application/json"]["schema"]

    assert against(said, wanted, {"name": "bob", "models": ["openai"], "budget_usd": "2.50"}) == []
    assert against(said, wanted, {"name": "bob", "colour": "red"})
    assert against(said, wanted, {})


async def test_every_schema_is_one_and_every_reference_leads_somewhere(build: Build) -> None:
    said = await document(await build(more=FULL))

    schemas = said["components"]["schemas"]
    assert len(schemas) > 20
    for name, schema in schemas.items():
        await asyncio.to_thread(Draft202012Validator.check_schema, schema)
        assert schema.get("description") or name == "Problem", name
    text = str(said)
    assert all(f"#/components/schemas/{name}'" in text for name in schemas)
    references = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert references == set(schemas)


async def test_what_is_no_json_says_what_it_is(build: Build) -> None:
    said = await document(await build(more=FULL))

    assert set(content(said, "/admin/events", "GET")) == {"text/event-stream"}
    assert set(content(said, "/metrics", "GET")) == {"text/plain"}
