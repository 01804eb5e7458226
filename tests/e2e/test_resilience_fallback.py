"""Who is asked when a target fails before its first content, seen from outside and in the providers' own log."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import Build, House
from trunkline.core.errors import ConfigError

QUICK = "{backoff: {base: 0.01, cap: 0.05}}"  # the advice, with waits that suit a test
PAIR = "models: {r: [oa/sim, spare/sim]}"
DIALECTS = ["openai", "anthropic"]
LONG = "word " * 9000  # tokens: over sim's window, far below sim-thinker's


def down(status: int = 503, **more: Any) -> dict[str, Any]:
    return {"faults": [{"kind": "status", "status": status, **more}]}


async def asked(house: House, count: int) -> list[str]:
    """Who was asked, in the order in which the providers were done with it."""
    entries = await house.logged(count)
    return [str(entry.provider) for entry in entries]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_after_a_timeout_of_the_first_target_another_answers(build: Build, dialect: str, stream: bool) -> None:
    hung = {"faults": [{"kind": "silence", "times": 1}]}
    house = await build(patience=0.3, routes=PAIR, recovery=QUICK, oa=hung)
    status, headers, _ = await house.ask(dialect, "r", stream=stream)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "spare", "2")
    assert sorted(await asked(house, 2)) == ["oa", "spare"]
    _, control, _ = await house.ask(dialect, "r", stream=stream)
    assert (control["x-trunkline-provider"], control["x-trunkline-attempts"]) == ("oa", "1")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("first", ["dead/sim", "oa/fault:status:500", "oa/fault:status:529", "oa/fault:body:html_502"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_headers_and_body_name_who_really_answered(build: Build, dialect: str, first: str, stream: bool) -> None:
    alone = f'{{targets: ["{first}"], recovery: {{max_attempts: 1}}}}'
    route = f'models: {{r: ["{first}", spare/sim-thinker], alone: {alone}}}'
    house = await build(routes=route, recovery=QUICK)
    status, headers, body = await house.ask(dialect, "r", stream=stream)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-model"]) == (200, "spare", "sim-thinker")
    assert headers["x-trunkline-attempts"] == "2"
    assert headers["x-trunkline-trail"].startswith(first)
    assert b'"model":"sim-thinker"' in body
    assert (await house.ask(dialect, "alone", stream=stream))[0] >= 500


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_prompt_over_the_window_goes_only_to_a_larger_window(build: Build, dialect: str) -> None:
    routes = "models: {r: [oa/sim, an/sim, spare/sim-thinker], small: [oa/sim, an/sim]}"
    house = await build(routes=routes, recovery=QUICK)
    status, headers, _ = await house.ask(dialect, "r", text=LONG)
    assert (status, headers["x-trunkline-provider"]) == (200, "spare")
    assert await asked(house, 2) == ["oa", "spare"]  # an's window is no larger
    status, headers, body = await house.ask(dialect, "small", text=LONG)
    assert (status, headers["x-trunkline-attempts"]) == (400, "1")
    assert "8000" in json.loads(body)["error"]["message"]  # the provider's own words
    assert (await house.ask(dialect, "small"))[0] == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_a_content_policy_refusal_falls_back_only_where_the_route_allows_it(build: Build, stream: bool) -> None:
    targets = 'targets: ["oa/fault:body:azure_content_filter", spare/sim]'
    routes = f"models: {{no: {{{targets}}}, yes: {{{targets}, recovery: {{content_policy_fallback: true}}}}}}"
    house = await build(routes=routes, recovery=QUICK)
    refused, _, _ = await house.chat("no", stream=stream)
    allowed, headers, _ = await house.chat("yes", stream=stream)
    assert (refused, allowed, headers["x-trunkline-provider"]) == (400, 200, "spare")
    assert await asked(house, 3) == ["oa", "oa", "spare"]


async def test_a_route_in_circles_is_refused_when_the_house_is_built(build: Build) -> None:
    with pytest.raises(ConfigError, match="is there twice"):
        await build(routes="models: {r: [oa/sim, an/sim, oa/sim]}")


@pytest.mark.parametrize("stream", [False, True])
async def test_each_target_has_two_turns_and_then_the_call_ends(build: Build, stream: bool) -> None:
    recovery = "{retries: 0, max_attempts: 50, backoff: {base: 0.01, cap: 0.05}}"
    house = await build(routes="models: {r: [oa/sim, an/sim]}", recovery=recovery, oa=down(), an=down(times=3))
    status, headers, _ = await house.chat("r", stream=stream)
    assert (status, headers["x-trunkline-attempts"]) == (503, "4")
    assert sorted(await asked(house, 4)) == ["an", "an", "oa", "oa"]
    status, headers, _ = await house.chat("r", stream=stream)  # the control: an is back before its second turn ends
    assert (status, headers["x-trunkline-provider"]) == (200, "an")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_when_all_targets_fail_before_content_the_status_is_a_real_one(
    build: Build, dialect: str, stream: bool
) -> None:
    house = await build(routes=PAIR, recovery=QUICK, oa=down(models=["sim"]), spare=down(529, models=["sim"]))
    status, headers, body = await house.ask(dialect, "r", stream=stream)
    assert status == 503
    assert headers["content-type"].startswith("application/json")
    assert {"oa/sim", "spare/sim"} <= {word.strip(":;") for word in json.loads(body)["error"]["message"].split()}
    count = int(headers["x-trunkline-attempts"])
    assert len(await house.logged(count)) == count == 6
    assert (await house.ask(dialect, "oa/sim-thinker", stream=stream))[0] == 200


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_refused_credential_is_not_shown_to_the_same_provider_again_and_the_caller_sees_no_401(
    build: Build, dialect: str, status: int, stream: bool
) -> None:
    routes = "models: {alone: [oa/sim], same: [oa/sim, oa/sim-thinker, spare/sim]}"
    house = await build(routes=routes, recovery=QUICK, oa=down(status, times=2))
    shown, headers, body = await house.ask(dialect, "alone", stream=stream)
    assert (shown, headers["x-trunkline-attempts"]) == (502, "1")
    assert b"0123456789" not in body
    shown, headers, _ = await house.ask(dialect, "same", stream=stream)
    assert (shown, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "spare", "2")
    assert await asked(house, 3) == ["oa", "oa", "spare"]
    shown, headers, _ = await house.ask(dialect, "alone", stream=stream)
    assert (shown, headers["x-trunkline-attempts"]) == (200, "1")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_retries_and_fallbacks_can_be_switched_off_per_request_and_per_route(
    build: Build, dialect: str, stream: bool
) -> None:
    routes = "models: {r: [oa/sim, spare/sim], once: {targets: [oa/sim, spare/sim], recovery: {max_attempts: 1}}}"
    house = await build(routes=routes, recovery=QUICK, oa=down())
    path, body = (
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]})
        if dialect == "openai"
        else ("/v1/messages", {"max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]})
    )
    once = {"x-trunkline-max-attempts": "1"}
    per_request = await house.post(path, {"model": "r", "stream": stream, **body}, once)
    per_route = await house.post(path, {"model": "once", "stream": stream, **body})
    assert [(status, headers["x-trunkline-attempts"]) for status, headers, _ in (per_request, per_route)] == [
        (503, "1"),
        (503, "1"),
    ]
    assert await asked(house, 2) == ["oa", "oa"]
    status, headers, _ = await house.post(path, {"model": "r", "stream": stream, **body})
    assert (status, headers["x-trunkline-attempts"]) == (200, "2")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_after_its_own_retries_the_gateway_tells_the_callers_sdk_not_to_retry(build: Build, dialect: str) -> None:
    house = await build(routes="models: {r: [oa/sim], good: [spare/sim]}", recovery=QUICK, oa=down())
    _, failed, _ = await house.ask(dialect, "r")
    _, fine, _ = await house.ask(dialect, "good")
    _, unasked, _ = await house.ask(dialect, "no-such-model")
    assert int(failed["x-trunkline-attempts"]) > 1
    assert failed["x-should-retry"] == "false"
    assert "x-should-retry" not in fine
    assert "x-should-retry" not in unasked


KEYS = """
keys:
  - {name: free, key: free-0123456789abcdef}
  - {name: kept, key: kept-0123456789abcdef, targets: ["oa/*", "an/sim"]}
"""
FREE, KEPT = ({"authorization": f"Bearer {name}-0123456789abcdef"} for name in ("free", "kept"))


def hello(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_fallback_target_that_the_callers_key_may_not_use_is_skipped_and_reported(
    build: Build, stream: bool
) -> None:
    house = await build(KEYS, routes="models: {r: [oa/sim, spare/sim, an/sim]}", recovery=QUICK, oa=down())
    body = hello("r", stream=stream)
    _, free, _ = await house.post("/v1/chat/completions", body, FREE)  # the control: the one that is skipped is healthy
    status, kept, _ = await house.post("/v1/chat/completions", body, KEPT)
    assert (free["x-trunkline-provider"], status, kept["x-trunkline-provider"]) == ("spare", 200, "an")
    assert "spare/sim: not for the key 'kept'" in kept["x-trunkline-trail"]
    assert "not for the key" not in free["x-trunkline-trail"]
    assert kept["x-trunkline-attempts"] == "2"
    assert await asked(house, 4) == ["oa", "spare", "oa", "an"]


async def test_the_error_names_the_targets_that_the_callers_key_kept_it_from(build: Build) -> None:
    routes = "models: {r: [oa/sim, spare/sim], only: [spare/sim]}"
    house = await build(KEYS, routes=routes, recovery="{max_attempts: 1}", oa=down())
    status, headers, body = await house.post("/v1/chat/completions", hello("r"), KEPT)
    assert (status, headers["x-trunkline-attempts"]) == (503, "1")
    assert "spare/sim: not for the key 'kept'" in json.loads(body)["error"]["message"]
    status, headers, body = await house.post("/v1/chat/completions", hello("only"), KEPT)
    assert (status, headers["x-trunkline-attempts"]) == (403, "0")
    assert "its targets are: oa/*, an/sim" in json.loads(body)["error"]["message"]
    assert (await house.post("/v1/chat/completions", hello("only"), FREE))[0] == 200


async def test_a_count_of_tokens_too_comes_from_a_target_of_the_callers_key(build: Build) -> None:
    house = await build(KEYS, routes="models: {r: [spare/sim, an/sim]}", recovery=QUICK)
    path = "/v1/messages/count_tokens"
    _, free, _ = await house.post(path, hello("r"), FREE)
    _, kept, _ = await house.post(path, hello("r"), KEPT)
    assert (free["x-trunkline-provider"], kept["x-trunkline-provider"]) == ("spare", "an")
