"""Nobody walks past the table of paths: what is not classified starts nothing, the operator's asks for its key."""

import re
from random import Random
from typing import Any, cast

import pytest
from yarl import URL

from tests.e2e.conftest import Build
from trunkline.server.app import Visit
from trunkline.server.places import Access, Place, Places, Unclassified
from trunkline.server.run import application

ADMIN = "sk-admin-0123456789abcdef"
ALICE = "sk-house-alice-0123456789"
KEYED = f"admin_key: {ADMIN}\nkeys: [{{name: alice, key: {ALICE}}}]"


async def nothing(_: Visit) -> None: ...


def place(path: str, access: Any) -> Place:
    return Place(path, cast("Access", access), {"GET": nothing}, "")


@pytest.mark.parametrize(
    ("path", "access"),
    [
        ("/new", None),
        ("/new", ""),
        ("/new", "everybody"),
        ("/admin", "public"),
        ("/admin/new", "caller"),
        ("/metrics", "public"),
    ],
)
def test_a_path_that_is_not_or_wrongly_classified_starts_nothing(path: str, access: Any) -> None:
    with pytest.raises(Unclassified, match=path):
        Places([place(path, access)], nothing)


def test_a_name_in_braces_stands_for_anything_but_nothing() -> None:
    places = Places([place("/keys/{name}/revoke", "caller"), place("/keys/{name}", "caller")], nothing)

    found = [places.find(path) for path in ("/keys/a/b/revoke", "/keys/a", "/keys//revoke", "/keys/", "/keys")]

    first, second = (one.doors for one in places.all)
    assert found == [first, second, second, None, None]


async def test_every_path_of_the_operators_refuses_all_keys_but_theirs(build: Build) -> None:
    house = await build(KEYED)
    table = application(house.gateway).doors.places.all
    theirs = [one for one in table if one.access == "admin"]

    for one in theirs:
        path = one.path.replace("{id}", "any").replace("{name}", "any")
        for method in one.doors:
            for key in ({}, {"x-api-key": ALICE}, {"authorization": "Bearer wrong"}, {"x-api-key": ADMIN + "0"}):
                async with house.http.request(method, house.url + path, headers=key) as response:
                    told = await response.json(content_type=None)
                    assert (path, response.status, told["type"]) == (path, 401, "urn:trunkline:error:invalid_api_key")
                    assert response.content_type == "application/problem+json"
    assert len(theirs) > 12


async def test_every_path_of_the_callers_refuses_strangers_and_the_operators_key(build: Build) -> None:
    house = await build(KEYED)
    table = application(house.gateway).doors.places.all
    theirs = [one for one in table if one.access == "caller"]

    for one in theirs:
        for method in set(one.doors) - {"HEAD"}:
            for key in ({}, {"x-api-key": ADMIN}, {"x-api-key": "wrong"}):
                url = f"{house.url}{one.path.replace('{id}', 'any')}?alt=sse"
                async with house.http.request(method, url, json={"model": "openai"}, headers=key) as response:
                    assert (one.path, method, response.status) == (one.path, method, 401)
    assert not house.simulator.log
    assert len(theirs) > 10


async def test_what_is_public_names_no_provider_and_no_model(build: Build) -> None:
    house = await build(KEYED)
    table = application(house.gateway).doors.places.all

    for path in (one.path for one in table if one.access == "public" and one.parameter is None):
        async with house.http.get(house.url + path) as response:
            assert response.status == 200
            text = await response.text()
            assert not any(name in text for name in ("an/sim", "sk-", "claude", "dead/sim"))


async def test_the_openapi_document_says_every_path_with_who_may_go_there(build: Build) -> None:
    house = await build(KEYED)
    table = application(house.gateway).doors.places.all

    async with house.http.get(house.url + "/admin/openapi.json", headers={"x-api-key": ADMIN}) as response:
        said = await response.json()

    operations = {
        (path, method.upper()): one
        for path, item in said["paths"].items()
        for method, one in item.items()
        if method != "parameters"
    }
    schemes = said["components"]["securitySchemes"]
    ids = [one["operationId"] for one in operations.values()]
    assert said["openapi"].startswith("3.1")
    assert set(operations) == {(one.path, method) for one in table for method in one.doors}
    assert len(ids) == len(set(ids))
    for (path, method), one in operations.items():
        assert one["responses"]
        assert one["summary"]
        assert {name for asked in one["security"] for name in asked} <= set(schemes)
        assert one["security"] or not path.startswith(("/admin", "/v1"))
        asked = [each["name"] for each in said["paths"][path].get("parameters", ()) if each["in"] == "path"]
        assert asked == re.findall(r"{(\w+)}", path), (path, method)


DISGUISES = (
    "/admin/keys",
    "//admin/keys",
    "/admin//keys",
    "/admin/keys/",
    "/admin/./keys",
    "/livez/../admin/keys",
    "/%61dmin/keys",
    "/admin%2fkeys",
    "/ADMIN/keys",
    "/admin/keys;/livez",
    "/admin/keys%00",
    "/admin/keys?x=/livez",
    "/dashboard/../admin/keys",
    "/v1/models/../../admin/keys",
    "/dashboard/%2e%2e/admin/keys",
    "/metrics/",
    "/metrics%20",
    "/admin/keys#/livez",
)
PRETENCES: tuple[dict[str, str], ...] = (
    {},
    {"x-api-key": ALICE},
    {"authorization": "Basic YWRtaW46YWRtaW4="},
    {"authorization": "Bearer "},
    {"authorization": f"Bearer {ADMIN[:-1]}"},
    {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "host": "localhost"},
    {"x-original-url": "/livez", "x-rewrite-url": "/livez", "x-http-method-override": "GET"},
)


async def test_no_disguise_of_a_path_and_no_pretence_opens_an_operators_door(build: Build) -> None:
    house = await build(KEYED)

    for path in DISGUISES:
        for headers in PRETENCES:
            for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"):
                url = URL(house.url + path, encoded=True)
                async with house.http.request(method, url, headers=headers) as response:
                    text = await response.text()
                    assert response.status in {401, 404, 405}, (method, path, headers, response.status)
                    assert "hint" not in text
                    assert "llm_" not in text


PIECES = (
    "/",
    "v1",
    "v1beta",
    "admin",
    "models",
    "keys",
    "x:generateContent",
    "..",
    "%2e",
    "%00",
    "dashboard",
    "metrics",
    "livez",
)


async def test_whatever_a_stranger_sends_breaks_nothing_and_reaches_nobody(build: Build) -> None:
    house, rng = await build(KEYED), Random(7)
    public = {one.path for one in application(house.gateway).doors.places.all if one.access == "public"}

    for _ in range(1500):
        path = "/" + "/".join(rng.choices(PIECES, k=rng.randint(0, 5)))
        method, body = rng.choice(("GET", "POST", "PUT", "HEAD")), rng.randbytes(rng.randint(0, 40))
        async with house.http.request(method, URL(house.url + path, encoded=True), data=body) as response:
            await response.read()
            open_to_all = {200} if path in public else set[int]()
            assert response.status in {400, 401, 404, 405} | open_to_all, (method, path, response.status)

    assert not house.simulator.log
    async with house.http.get(f"{house.url}/livez") as response:
        assert response.status == 200
