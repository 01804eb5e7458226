"""The dashboard in a real browser: every page, by keyboard and by screen reader, with hostile names in it.

Wants Debian's chromium and chromium-driver; says so and is skipped without them. SCREENSHOTS=folder keeps pictures.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium", reason="selenium is not installed")
if shutil.which("chromedriver") is None or shutil.which("chromium") is None:
    pytest.skip("chromium is not installed (Debian: chromium, chromium-driver)", allow_module_level=True)

from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.dashboard.conftest import ADMIN, ALICE, HOSTILE, KEYED, asked
from tests.e2e.conftest import Build, House
from trunkline.routing.learner import Asked

PAGES = ("overview", "providers", "calls", "decisions", "quality", "spend", "budgets", "keys", "playground")
Browse = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="module")
def chromium() -> Any:
    options = webdriver.ChromeOptions()
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "window-size=1280,900"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield browser
    browser.quit()


class Page:
    """What a person does."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser = browser
        self.url = url

    def enter(self) -> None:
        self.browser.get(f"{self.url}/dashboard")
        self.wait(lambda: self.browser.find_elements(By.ID, "admin-key"))
        self.browser.find_element(By.ID, "admin-key").send_keys(ADMIN + "\n")
        self.wait(lambda: "The last hour" in self.text())

    def leave(self) -> None:
        self.browser.get("about:blank")
        self.browser.get_log("browser")

    def go(self, name: str) -> None:
        self.browser.get(f"{self.url}/dashboard#/{name}")
        self.wait(lambda: self.browser.title == f"trunkline: {name}" and self.browser.find_elements(By.TAG_NAME, "h1"))

    def name_model(self, name: str) -> None:
        self.browser.find_element(By.ID, "caller-key").send_keys(ALICE + Keys.TAB)
        field = self.browser.find_element(By.ID, "model")
        self.wait(lambda: field.get_attribute("value"))  # the first model that this key may use
        field.clear()
        field.send_keys(name)

    def text(self) -> str:
        return str(self.browser.find_element(By.TAG_NAME, "body").text)

    def wait(self, seen: Callable[[], Any], seconds: float = 10) -> Any:
        redrawn = (StaleElementReferenceException,)  # live pages are, each second
        waiting = WebDriverWait(self.browser, seconds, poll_frequency=0.05, ignored_exceptions=redrawn)
        return waiting.until(lambda _: seen())

    def shows(self, *words: str) -> None:
        self.wait(lambda: all(word in self.text() for word in words))

    def picture(self, name: str) -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(f"{folder}/{name}.png")

    def faults(self) -> list[str]:
        """Errors of the console, but those that a refused key and an unknown model must cause."""
        told = [line["message"] for line in self.browser.get_log("browser")]
        return [line for line in told if " 401 (" not in line and " 404 (" not in line]


@pytest.fixture
async def browse(build: Build, chromium: Any) -> AsyncIterator[tuple[House, Browse]]:
    house = await build(more=KEYED)
    page = Page(chromium, house.url)

    async def act(work: Callable[[Page], Any]) -> Any:
        return await asyncio.to_thread(work, page)

    await act(Page.enter)
    yield house, act
    faults = await act(Page.faults)
    await act(Page.leave)
    assert faults == []


Both = tuple[House, Browse]
WIDER = """
return [...document.querySelectorAll("main *, header *")].filter((one) => !one.closest(".scroll table")
  && one.getBoundingClientRect().right > 361).map((one) => one.tagName + "." + one.className)
"""


def wider(browser: Any) -> str:
    """What reaches over the edge of the screen, for whoever has to mend it."""
    return ", ".join(browser.execute_script(WIDER)) or "something reaches over the edge"


async def test_every_page_shows_and_none_has_a_serious_fault_of_accessibility(browse: Both) -> None:
    house, act = browse
    for model in ("openai", "down-then-up", "all-down", HOSTILE):
        await asked(house, model)

    def look(page: Page) -> dict[str, list[str]]:
        found = {}
        for name in PAGES:
            page.go(name)
            page.picture(name)
            violations = Axe().run(page.browser)["violations"]
            found[name] = [one["id"] for one in violations if one["impact"] in {"serious", "critical"}]
        return found

    assert await act(look) == {name: [] for name in PAGES}


async def test_dark_and_at_phone_width_nothing_is_wider_than_the_screen_or_hard_to_read(browse: Both) -> None:
    house, act = browse
    for model in ("openai", "down-then-up", HOSTILE):
        await asked(house, model)

    def look(page: Page) -> dict[str, Any]:
        browser, found = page.browser, {}
        media = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        try:
            for name in PAGES:
                page.go(name)
                page.picture(f"{name}-dark-phone")
                wide = browser.execute_script("return document.documentElement.scrollWidth")
                violations = Axe().run(browser)["violations"]
                serious = [one["id"] for one in violations if one["impact"] in {"serious", "critical"}]
                found[name] = (wide <= 360 or f"{wide} {wider(browser)}", serious)
        finally:
            browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        return found

    assert await act(look) == {name: (True, []) for name in PAGES}


HOSTILE_ROUTE = "models: {openai: [oa/sim], both: {targets: [oa/sim, an/sim], strategy: cost_optimized}}"


async def test_hostile_names_and_prompts_stay_texts_on_every_page(build: Build, chromium: Any) -> None:
    house = await build(more=LOOKED_AT, routes=HOSTILE_ROUTE)
    house.gateway.open()
    for model in (HOSTILE, f"oa/{HOSTILE}", "openai", "both"):
        await asked(house, model, f"Say this: {HOSTILE}")
    operator = {"authorization": f"Bearer {ADMIN}"}
    made, _, _ = await house.post("/admin/keys", {"name": "evil", "models": [HOSTILE]}, operator)
    refused = [
        (await house.post("/admin/keys", {"name": "worse", **field}, operator))[0]
        for field in ({"tags": [HOSTILE]}, {"team": HOSTILE})
    ]
    page = Page(chromium, house.url)

    def look() -> tuple[set[str], list[str]]:
        page.enter()
        shown = set()
        for name in PAGES:
            page.go(name)
            page.wait(lambda: page.browser.find_elements(By.CSS_SELECTOR, "main table, main form, main .empty"))
            assert page.browser.title == f"trunkline: {name}"
            assert page.browser.find_elements(By.CSS_SELECTOR, "main img, main script, main iframe") == []
            shown |= {name} if HOSTILE in page.text() else set()
        page.go("playground")
        page.name_model("openai")
        prompt = page.browser.find_element(By.ID, "prompt")
        prompt.clear()
        prompt.send_keys(HOSTILE)
        page.browser.find_element(By.CSS_SELECTOR, "form button").click()
        page.shows("Answered by oa/sim")
        assert page.browser.find_elements(By.CSS_SELECTOR, "main img") == []
        title, faults = page.browser.title, page.faults()
        page.leave()
        return shown | {title}, faults

    shown, faults = await asyncio.to_thread(look)
    assert (made, refused, faults) == (201, [400, 400], [])
    assert shown == {"overview", "calls", "keys", "providers", "spend", "trunkline: playground"}


TIGHT = KEYED.replace("limit: 5, window: month, hard: false", "limit: 0.0003, window: month, hard: true")


async def test_a_budget_is_hit_before_ones_eyes(build: Build, chromium: Any) -> None:
    house = await build(more=TIGHT)
    page = Page(chromium, house.url)

    def look() -> None:
        page.enter()
        page.go("budgets")
        page.shows("everything", "calls are refused", "0 %")

    await asyncio.to_thread(look)
    body = {"model": "openai", "max_tokens": 20, "messages": [{"role": "user", "content": "Tell a story. " * 40}]}
    alice = {"authorization": f"Bearer {ALICE}"}
    statuses = [(await house.post("/v1/chat/completions", body, alice))[0] for _ in range(20)]

    def hit() -> list[str]:
        page.wait(lambda: float(page.browser.find_element(By.CSS_SELECTOR, "td.number").text.rstrip(" %")) > 50)
        page.picture("budget-hit")
        page.go("overview")
        page.shows("budget exceeded")
        page.browser.execute_script("document.querySelector('main td a').click()")
        page.shows("Outcome", "budget exceeded", "No provider was asked")
        page.picture("budget-hit-call")
        violations = Axe().run(page.browser)["violations"]
        told = page.faults()
        page.leave()
        return [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] + told

    assert await asyncio.to_thread(hit) == []
    assert {statuses[0], statuses[-1]} == {200, 402}


SAVING = "models: {chosen: [oa/sim-free, oa/sim]}"


async def test_what_choosing_saves_is_shown_against_always_the_dearest(build: Build, chromium: Any) -> None:
    house = await build(more=KEYED, routes=SAVING)
    assert await asked(house, "chosen") == 200
    page = Page(chromium, house.url)

    def look() -> list[str]:
        page.enter()
        page.shows("Saved today", "always oa/sim: $0.0000")
        page.picture("saved-today")
        page.go("spend")
        page.shows("Always the dearest", "oa/sim: $0.0000", "saved")
        told = page.faults()
        page.leave()
        return told

    assert await asyncio.to_thread(look) == []
    assert [str(exchange.target) for exchange in house.ended] == ["oa/sim-free"]


async def test_a_call_appears_while_one_looks_and_tells_its_story(browse: Both) -> None:
    house, act = browse

    await act(lambda page: page.shows("No call has ended"))
    await asked(house, "down-then-up")

    def look(page: Page) -> None:
        page.shows("down-then-up", "an/sim")
        page.browser.find_element(By.LINK_TEXT, "down-then-up").click()
        page.shows("Requests to providers", "dead/sim", "connect failed", "overloaded", "503")
        page.picture("call")

    await act(look)


async def test_a_circuit_opens_and_closes_before_ones_eyes(browse: Both) -> None:
    house, act = browse
    await act(lambda page: page.go("providers"))

    for _ in range(2):
        await asked(house, "all-down")
    await act(lambda page: page.shows("open", "circuit open for"))
    await act(lambda page: page.picture("circuit-open"))

    def closes(page: Page) -> None:
        page.wait(lambda: "circuit open for" not in page.text())

    await act(closes)


async def test_a_key_is_made_used_and_revoked(browse: Both) -> None:
    house, act = browse

    def make(page: Page) -> str:
        page.go("keys")
        page.browser.find_element(By.ID, "key-name").send_keys("bob")
        page.browser.find_element(By.ID, "key-models").send_keys("openai\n")
        shown = page.wait(lambda: page.browser.find_elements(By.ID, "made-key"))
        return str(shown[0].text)

    key = await act(make)
    used = await calling(house, key)

    def revoke(page: Page) -> None:
        page.go("overview")
        page.go("keys")
        assert key not in page.text()
        page.browser.find_element(By.CSS_SELECTOR, '[aria-label="Revoke bob"]').click()
        page.browser.switch_to.alert.accept()
        page.shows("revoked")

    await act(revoke)
    assert (used, await calling(house, key)) == (200, 401)


async def calling(house: House, key: str) -> int:
    body = {"model": "openai", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}
    return (await house.post("/v1/chat/completions", body, {"authorization": f"Bearer {key}"}))[0]


async def test_the_playground_streams_an_answer_and_says_who_gave_it(browse: Both) -> None:
    _, act = browse

    def play(page: Page) -> str:
        page.go("playground")
        page.name_model("openai")
        page.browser.find_element(By.CSS_SELECTOR, "form button").click()
        page.shows("Answered by oa/sim in 1 request, for about $")
        page.picture("playground-answer")
        return str(page.browser.find_element(By.ID, "answer").text)

    assert len(await act(play)) > 3


async def test_a_refusal_in_the_playground_is_told_in_the_gateways_words(browse: Both) -> None:
    _, act = browse

    def play(page: Page) -> None:
        page.go("playground")
        page.name_model("nobody")
        page.browser.find_element(By.CSS_SELECTOR, "form button").click()
        page.shows("does not exist here")

    await act(play)


async def test_the_pages_are_reached_by_keyboard_alone(browse: Both) -> None:
    _, act = browse

    def walk(page: Page) -> list[str]:
        page.go("overview")
        page.browser.execute_script("document.querySelector('.skip').focus()")
        seen = []
        for _ in PAGES:
            page.browser.switch_to.active_element.send_keys(Keys.TAB)
            seen.append(page.browser.execute_script("return document.activeElement.textContent"))
        page.browser.switch_to.active_element.send_keys(Keys.ENTER)
        page.wait(lambda: page.browser.title == "trunkline: playground")
        return seen

    assert [name.lower() for name in await act(walk)] == list(PAGES)


CHOOSING = """
models:
  openai: [oa/sim]
  chosen:
    targets: [oa/sim, an/sim]
    strategy: cost_optimized
"""
LOOKED_AT = KEYED + "\nquality: {checks: [{name: has_price, matches: '[$]'}]}\n"


async def test_a_decision_is_told_on_its_page_and_in_the_story_of_its_call(build: Build, chromium: Any) -> None:
    house = await build(more=LOOKED_AT, routes=CHOOSING)
    page = Page(chromium, house.url)
    await asyncio.to_thread(page.enter)
    assert await asked(house, "chosen", HOSTILE) == 200
    [exchange] = house.ended
    assert house.gateway.quality is not None
    await house.gateway.quality.watch.settled()

    def look() -> list[str]:
        page.go("decisions")
        page.shows(exchange.id, "cost optimized", "100 %")
        page.browser.find_element(By.LINK_TEXT, exchange.id).click()
        page.shows("Decided by cost optimized on chosen", "Candidates", "an/sim", "Would have cost")
        page.picture("decision")
        violations = Axe().run(page.browser)["violations"]
        page.browser.find_element(By.LINK_TEXT, "the call's story").click()
        page.shows("Requests to providers", "Decided by cost optimized on chosen")
        page.shows("The answer's quality", "check has price", "without [$]", "Scores of it")
        page.picture("call-with-decision")
        return [one["id"] for one in violations if one["impact"] in {"serious", "critical"}]

    faults = await asyncio.to_thread(look)
    told = await asyncio.to_thread(page.faults)
    await asyncio.to_thread(page.leave)
    assert (faults, told) == ([], [])


async def test_quality_is_shown_with_its_intervals_and_says_what_to_do_where_it_is_not_looked_at(
    build: Build, chromium: Any
) -> None:
    plain = await build(more=KEYED)
    house = await build(more=LOOKED_AT, routes=CHOOSING)
    assert house.gateway.quality is not None
    house.gateway.quality.book.score("req_1", "oa/sim", Asked("code"), "judge", "judge", 0.75)

    def look() -> list[str]:
        page = Page(chromium, plain.url)
        page.enter()
        page.go("quality")
        page.shows("Write quality: {} in the config")
        page = Page(chromium, house.url)
        page.enter()
        page.go("quality")
        page.shows("oa/sim", "code", "95 of 100 between", "hardly known", "no judge is named")
        page.picture("quality-looked-at")
        violations = Axe().run(page.browser)["violations"]
        told = page.faults()
        page.leave()
        return [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] + told

    assert await asyncio.to_thread(look) == []


async def test_what_today_cost_and_saved_is_on_the_first_page(build: Build, chromium: Any) -> None:
    house = await build(more=LOOKED_AT)
    assert await asked(house, "openai") == 200
    page = Page(chromium, house.url)

    def look() -> None:
        page.enter()
        page.shows("Cost today")
        page.picture("overview-today")
        page.leave()

    await asyncio.to_thread(look)
