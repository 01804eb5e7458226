"""Files through the gateway: where they go, whose they are, and what hostile uploads are told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import openai
import pytest

from tests.e2e.filed import ALICE, BOB, FiledHouse, begun, filed_house, jsonl, line, uploaded
from trunkline.server.run import application
from trunkline.simulator import Simulator

ONE = {"x-trunkline-provider": "one"}


async def raw(
    url: str, method: str, path: str, key: str = ALICE, body: bytes = b"", **headers: str
) -> tuple[int, Any, bytes]:
    """A request without any client's help."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url + path, data=body, headers={"authorization": f"Bearer {key}", **named}) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


def form(content: bytes, purpose: str = "batch", *, edge: str = "edge", more: bytes = b"", first: bool = True) -> bytes:
    """An upload; the purpose stands before the file, or behind it."""
    said = f'--{edge}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n'.encode()
    file = (
        f'--{edge}\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'.encode()
        + content
        + b"\r\n"
    )
    return (said + file if first else file + said) + more + f"--{edge}--\r\n".encode()


KIND = {"content_type": "multipart/form-data; boundary=edge"}


def asked_of(simulator: Simulator, provider: str = "one") -> list[str]:
    """What a provider was asked, by method and path."""
    return [f"{one.method} {one.path}" for one in simulator.log if one.provider == provider]


async def test_a_file_of_another_purpose_goes_where_its_caller_says_and_comes_back_as_it_was(tmp_path: Path) -> None:
    content = bytes(range(256)) * 2000
    async with filed_house(tmp_path) as house, house.client() as gpt:
        file = await gpt.files.create(file=("a.bin", content), purpose="user_data", extra_headers=ONE)
        back = await gpt.files.content(file.id)
        shown = await gpt.files.retrieve(file.id)
        status, headers, _ = await raw(house.url, "GET", f"/v1/files/{file.id}")

    assert back.content == content
    assert back.response.headers["content-type"] == "application/octet-stream"
    assert back.response.headers["x-content-type-options"] == "nosniff"
    assert (shown.bytes, shown.filename, shown.purpose) == (len(content), "a.bin", "user_data")
    assert (status, headers["x-trunkline-provider"]) == (200, "one")


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({}, 400, "say in the header x-trunkline-provider who keeps the file; you may name: one, two"),
        ({"x-trunkline-provider": "plain"}, 400, "x-trunkline-provider is 'plain'; you may name: one, two"),
        ({"x-trunkline-provider": "no\tbody"}, 400, "you may name: one, two"),
    ],
)
async def test_who_says_nothing_of_a_provider_is_told_what_to_write(
    tmp_path: Path, headers: dict[str, str], status: int, told: str
) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        with pytest.raises(openai.APIStatusError) as refused:
            await gpt.files.create(file=("a.bin", b"abc"), purpose="user_data", extra_headers=headers)

        assert asked_of(house.simulator) == []
    assert refused.value.status_code == status
    assert told in str(refused.value)


async def test_another_key_is_told_what_an_id_nobody_had_is_told(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        done = await gpt.batches.retrieve(batch.id)
        file = done.input_file_id
        output = done.output_file_id or ""
        tried = [
            ("GET", "/v1/files/{}", file), ("DELETE", "/v1/files/{}", file), ("GET", "/v1/files/{}/content", file),
            ("GET", "/v1/files/{}/content", output), ("GET", "/v1/batches/{}", batch.id),
            ("POST", "/v1/batches/{}/cancel", batch.id),
        ]  # fmt: skip
        before = len(house.simulator.log)
        for method, path, name in tried:
            other = name[:-6] + "000000"
            theirs = await raw(house.url, method, path.format(name), BOB, x_request_id="same")
            nobodys = await raw(house.url, method, path.format(other), BOB, x_request_id="same")
            assert theirs[0] == nobodys[0] == 404
            assert theirs[2].replace(name.encode(), b"ID") == nobodys[2].replace(other.encode(), b"ID")
        body = json.dumps({"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"})
        status, _, told = await raw(house.url, "POST", "/v1/batches", BOB, body.encode())
        lists = [
            json.loads((await raw(house.url, "GET", f"/v1/{what}", BOB))[2])["data"] for what in ("files", "batches")
        ]

        assert len(house.simulator.log) == before  # nobody asked a provider
        assert (status, json.loads(told)["error"]["code"]) == (404, "object_not_found")
        assert lists == [[], []]
        assert (await gpt.files.retrieve(file)).id == file


@pytest.mark.parametrize("key", ["", "sk-wrong"])
async def test_a_stranger_is_asked_for_a_key_at_every_door_before_it_sends_a_byte(tmp_path: Path, key: str) -> None:
    async with filed_house(tmp_path) as house:
        doors = [place for place in house_places(house) if place[1].startswith(("/v1/files", "/v1/batches"))]
        told = [(await raw(house.url, method, path.replace("{id}", "x"), key))[0] for method, path in doors]

    assert len(told) == 9
    assert set(told) == {401}


def house_places(house: FiledHouse) -> list[tuple[str, str]]:
    places = application(house.gateway).doors.places.all
    return [(method, place.path) for place in places for method in place.doors]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([line(1), b"{"], "line 2: this is no JSON object"),
        ([line(1), b"[1]"], "line 2: this is no JSON object"),
        ([line(1), line(1)], "line 2: the custom_id 'line-1' stands in a line before"),
        ([line(1, custom_id="")], "line 1: `custom_id` must be text of 1 to 512"),
        ([line(1, custom_id="x" * 513)], "line 1: `custom_id` must be text of 1 to 512"),
        ([line(1, custom_id=7)], "line 1: `custom_id` must be text"),
        ([line(1, method="GET")], 'line 1: `method` must be "POST"'),
        ([line(1, url="/v1/files")], "line 1: the url '/v1/files' is none of a batch's"),
        ([line(1), line(2, url="/v1/embeddings")], "line 2: the url is /v1/embeddings, and the first line's is"),
        ([{**line(1), "body": "x"}], "line 1: `body` must be an object"),
        ([{**line(1), "body": {}}], "line 1: "),
        ([line(1, body={"stream": True})], "line 1: `stream` is true"),
        ([line(1, body={"service_tier": "priority"})], "line 1: `service_tier` has no place"),
        ([line(1, body={"max_tokens": "many"})], "line 1: "),
        ([line(1, "nothing")], "line 1: the model "),
        ([line(1, "third")], "line 1: the model 'third' has no target at a provider with batches"),
        (
            [line(1, "same"), line(2, "second")],
            "line 2: the model 'second' has no target at one, where this batch goes",
        ),
        ([], "the file has no line"),
        ([b"", b"  ", b""], "the file has no line"),
        ([b"\xff\xfe"], "line 1: this is no JSON object"),
        ([b"[" * 100_000], "line 1: this is no JSON object"),
        ([b"", line(1), b"x"], "line 3: this is no JSON object"),
    ],
)
async def test_a_line_that_is_wrong_is_named_and_nothing_is_sent(tmp_path: Path, lines: Any, told: str) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        with pytest.raises(openai.APIStatusError) as refused:
            await uploaded(gpt, *lines)

        assert asked_of(house.simulator) == []
        assert [one async for one in gpt.files.list()] == []
    assert refused.value.status_code in {400, 404}
    assert told in str(refused.value)


async def test_limits_hold_for_lines_their_length_and_the_whole(tmp_path: Path) -> None:
    more = "files: {lines: 2, line: 1KiB, largest: 4KiB}"
    async with filed_house(tmp_path, more=more) as house, house.client() as gpt:
        told = []
        for lines in (
            [line(n) for n in range(3)],
            [line(1, text="x" * 1024)],
            [line(n, text="x" * 600) for n in range(9)],
        ):
            with pytest.raises(openai.APIStatusError) as refused:
                await uploaded(gpt, *lines)
            told.append((refused.value.status_code, str(refused.value)))
        assert asked_of(house.simulator) == []

    assert [status for status, _ in told] == [400, 400, 413]
    assert "line 3: a batch has at most 2 lines" in told[0][1]
    assert "line 1: it is over 1024 bytes" in told[1][1]
    assert "raise files.largest" in told[2][1]


async def test_a_key_has_so_many_files_and_open_batches_and_no_more(tmp_path: Path) -> None:
    more = "files: {kept: 3, pending: 1}"
    async with filed_house(tmp_path, more=more, one={"batches": {"seconds": 3600}}) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1))
        asked: Any = {"input_file_id": file.id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        tried = await asyncio.gather(*(gpt.batches.create(**asked) for _ in range(3)), return_exceptions=True)
        files = await asyncio.gather(*(uploaded(gpt, line(1)) for _ in range(4)), return_exceptions=True)
        async with house.client(BOB) as other:
            assert await uploaded(other, line(1))
        sent = len(house.simulator.site.batches["one"].kept)

    assert [type(one).__name__ for one in tried].count("RateLimitError") == 2
    assert [type(one).__name__ for one in files].count("RateLimitError") == 2
    assert sent == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (form(jsonl(line(1)), first=False), KIND, 200),
        (form(jsonl(line(1)) + b"--edge\r\n"), KIND, 400),
        (form(jsonl(line(1)))[:-10], KIND, 400),
        (form(jsonl(line(1))) + b"x" * 100, KIND, 400),
        (form(jsonl(line(1)), edge="other"), KIND, 400),
        (form(jsonl(line(1)), more=form(b"", "vision")[:-10]), KIND, 400),
        (form(jsonl(line(1))).replace(b'; filename="a.jsonl"', b""), KIND, 400),
        (form(b"abc", "no such purpose"), {**KIND, "x_trunkline_provider": "one"}, 400),
        (b"", KIND, 400),
        (b"{}", {"content_type": "application/json"}, 415),
        (b"--edge\r\n" * 1000, KIND, 400),
    ],
)
async def test_a_form_that_two_could_read_differently_is_refused(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int
) -> None:
    async with filed_house(tmp_path) as house:
        answered, _, told = await raw(house.url, "POST", "/v1/files", body=body, **headers)

    assert answered == status, told


async def test_an_upload_that_ends_half_way_leaves_nothing(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        host, _, port = house.url.removeprefix("http://").rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ALICE}\r\ncontent-length: 100000\r\n"
        writer.write(
            head.encode() + b"content-type: multipart/form-data; boundary=edge\r\n\r\n" + form(jsonl(line(1)))[:100]
        )
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.1)

        assert asked_of(house.simulator) == []
        assert [one async for one in gpt.files.list()] == []


async def test_two_providers_that_give_one_id_are_told_apart_by_name(tmp_path: Path) -> None:
    same = {"file_id": "file-the-same"}
    two = {"x-trunkline-provider": "two"}
    async with filed_house(tmp_path, one=same, two=same) as house, house.client() as gpt, house.client(BOB) as bob:
        await gpt.files.create(file=("a", b"of one"), purpose="user_data", extra_headers=ONE)
        await bob.files.create(file=("a", b"of two"), purpose="user_data", extra_headers=two)
        alone = await gpt.files.content("file-the-same")
        other = await bob.files.content("file-the-same")
        with pytest.raises(openai.APIStatusError) as twice:
            await gpt.files.create(file=("a", b"stolen"), purpose="user_data", extra_headers=two)
        still = await bob.files.retrieve("file-the-same")

    assert (alone.content, other.content) == (b"of one", b"of two")
    assert twice.value.status_code == 502  # the provider gave bob's id again
    assert still.id == "file-the-same"


async def test_a_key_with_one_id_at_two_providers_must_say_which(tmp_path: Path) -> None:
    same = {"file_id": "file-the-same"}
    two = {"x-trunkline-provider": "two"}
    async with filed_house(tmp_path, one=same, two=same) as house, house.client() as gpt:
        for where in (ONE, two):
            content = where["x-trunkline-provider"].encode()
            await gpt.files.create(file=("a", content), purpose="user_data", extra_headers=where)
        with pytest.raises(openai.BadRequestError, match="say whose you mean in x-trunkline-provider"):
            await gpt.files.content("file-the-same")
        told = [(await gpt.files.content("file-the-same", extra_headers=where)).content for where in (ONE, two)]

    assert told == [b"one", b"two"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "ID"}}]}]},
        ),
        ("/v1/responses", {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "ID"}]}]}),
        ("/v1/responses", {"input": "x", "tools": [{"type": "code_interpreter", "container": {"file_ids": ["ID"]}}]}),
    ],
)
@pytest.mark.parametrize("disguise", [False, True])
async def test_a_chat_cannot_read_another_keys_file(
    tmp_path: Path, path: str, body: dict[str, Any], disguise: bool
) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        file = await gpt.files.create(file=("a.pdf", b"secret"), purpose="user_data", extra_headers=ONE)
        text = json.dumps({"model": "same", **body}).replace("ID", file.id)
        text = text.replace("file_id", "f\\u0069le\\u005fid") if disguise else text
        before = len(house.simulator.log)
        theirs = await raw(house.url, "POST", path, BOB, text.encode(), content_type="application/json")
        asked = len(house.simulator.log) - before
        await raw(house.url, "POST", path, ALICE, text.encode(), content_type="application/json")
        reached = len(house.simulator.log) - before
        unknown = text.replace(file.id, "file-nobodys")
        await raw(house.url, "POST", path, BOB, unknown.encode(), content_type="application/json")

    assert (theirs[0], json.loads(theirs[2])["error"]["code"]) == (404, "object_not_found")
    assert (asked, reached) == (0, 1)
    assert len(house.simulator.log) - before == 2


async def test_a_batchs_line_cannot_read_another_keys_file(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt, house.client(BOB) as bob:
        file = await gpt.files.create(file=("a.pdf", b"secret"), purpose="user_data", extra_headers=ONE)
        content = [{"type": "file", "file": {"file_id": file.id}}]
        with pytest.raises(openai.NotFoundError, match="is yours"):
            await uploaded(bob, line(1, body={"messages": [{"role": "user", "content": content}]}))


async def test_keys_are_held_to_their_models_targets_and_tags_line_by_line(tmp_path: Path) -> None:
    keys = f"""
keys:
  - {{name: alice, key: {ALICE}, models: [same, fast], targets: ["two/*"]}}
  - {{name: bob, key: {BOB}, requires: [eu]}}
"""
    async with filed_house(tmp_path, keys=keys) as house, house.client() as alice, house.client(BOB) as bob:
        hers = await uploaded(alice, line(1, "fast"))
        his = await uploaded(bob, line(1, "fast"))
        kept = [name for name in ("one", "two") for _ in house.simulator.site.files[name].kept]
        for gpt, model in ((alice, "large"), (alice, "same"), (bob, "second")):
            with pytest.raises(openai.APIStatusError, match="line 1"):
                await uploaded(gpt, line(1, model))
        with pytest.raises(openai.PermissionDeniedError):
            await alice.files.create(file=("a", b"a"), purpose="user_data", extra_headers=ONE)

    assert sorted(kept) == ["one", "two"]
    assert hers.id != his.id


async def test_what_is_known_here_and_gone_at_its_provider_is_not_found_in_our_words(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        file = await uploaded(gpt, line(1))
        house.simulator.site.files["one"].kept.clear()
        for ask in (gpt.files.retrieve, gpt.files.content, gpt.files.delete):
            with pytest.raises(openai.NotFoundError, match="is yours"):
                await ask(file.id)
        left = [one async for one in gpt.files.list()]

    assert left == []


async def test_an_open_house_has_one_owner(tmp_path: Path) -> None:
    async with filed_house(tmp_path, keys="") as house, house.client("any") as one, house.client("other") as two:
        file = await uploaded(one, line(1))

        assert (await two.files.retrieve(file.id)).id == file.id


async def test_a_keys_requests_a_minute_hold_for_files_too(tmp_path: Path) -> None:
    keys = f"keys: [{{name: alice, key: {ALICE}, requests_per_minute: 2}}]"
    async with filed_house(tmp_path, keys=keys) as house:
        told = [(await raw(house.url, "GET", "/v1/files"))[0] for _ in range(3)]

    assert told == [200, 200, 429]


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=x", "order=up", "after=" + "x" * 257, "x" * 5000])
async def test_a_lists_parameters_have_limits(tmp_path: Path, query: str) -> None:
    async with filed_house(tmp_path) as house:
        assert (await raw(house.url, "GET", f"/v1/files?{query}"))[0] == 400
        assert (await raw(house.url, "GET", "/v1/files/..%2F..%2Fsecret"))[0] == 404
        assert (await raw(house.url, "GET", "/v1/files/" + "x" * 3000))[0] == 404


async def test_what_a_batch_writes_is_its_owners_however_many_files_it_has(tmp_path: Path) -> None:
    async with filed_house(tmp_path, more="files: {kept: 1}") as house, house.client() as gpt:
        batch = await begun(gpt, line(1))
        done = await gpt.batches.retrieve(batch.id)
        text = (await gpt.files.content(done.output_file_id or "")).text

    assert "42" in text


async def test_lists_go_on_page_by_page(tmp_path: Path) -> None:
    async with filed_house(tmp_path) as house, house.client() as gpt:
        made = [(await uploaded(gpt, line(1))).id for _ in range(5)]
        newest = [one.id async for one in gpt.files.list(limit=2)]
        oldest = [one.id async for one in gpt.files.list(limit=2, order="asc", purpose="batch")]

    assert newest == made[::-1]
    assert oldest == made
