"""The page in a browser: read, filtered, clicked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from patternproof.report.html import render
from patternproof.report.json import report
from tests.report.judged import CATALOGUE, SETTINGS, judged
from tests.report.test_hostile import MARKUP, told

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SERIOUS = ("serious", "critical")
everywhere = pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = os.environ.get("PATTERNPROOF_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"unavailable: none of {', '.join(BROWSERS)} is installed, and PATTERNPROOF_CHROMIUM names none")
    playwright = pytest.importorskip("playwright.sync_api", reason="unavailable: playwright is not installed")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page from disk, in a browser that may go nowhere; whatever goes wrong in it fails the test."""
    wrong: list[str] = []
    (tmp_path / "report.html").write_text(render([report(judged(), SETTINGS)]), encoding="utf-8")
    context = browser.new_context(offline=True, permissions=["clipboard-read", "clipboard-write"])
    opened = context.new_page()
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    opened.goto((tmp_path / "report.html").as_uri())
    yield opened
    context.close()
    assert wrong == []


def shown(page: Any) -> list[str]:
    return [each.get_attribute("id") for each in page.locator(".requirement").all() if each.is_visible()]


def test_filters_leave_what_is_asked_for_and_can_be_taken_back(page: Any) -> None:
    assert shown(page) == list(CATALOGUE)
    page.get_by_label("failed", exact=True).check()
    assert shown(page) == ["CB-02", "CB-07", "CB-09"]
    page.get_by_label("Level").select_option("should")
    assert shown(page) == ["CB-07"]
    assert page.locator("#count").inner_text() == f"1 of {len(CATALOGUE)} shown"
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("searchbox").fill("two ways")
    assert shown(page) == ["CB-02"]
    assert page.locator(".chips a:visible").count() == 1


def test_a_failure_opens_from_the_table_with_its_picture(page: Any) -> None:
    picture = page.locator("#CB-02 svg")
    assert not picture.is_visible()
    page.get_by_role("link", name="CB-02: failed").click()
    picture.wait_for(state="visible")
    assert "31 s pass" in picture.text_content()


def test_a_failure_opens_by_the_keyboard_alone(page: Any) -> None:
    page.locator("#CB-02 > summary").focus()
    page.keyboard.press("Enter")
    page.locator("#CB-02 svg").wait_for(state="visible")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.requirement').id") == "CB-02"


def test_the_command_is_copied(page: Any) -> None:
    page.locator("#CB-02 > summary").click()
    button = page.locator("#CB-02 button").first
    button.click()
    page.wait_for_function("document.querySelector('#CB-02 button').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "replay this"


def test_an_address_with_a_requirement_opens_it(page: Any) -> None:
    page.get_by_label("failed", exact=True).check()
    page.evaluate("location.hash = '#CB-01'")
    page.locator("#CB-01 table").wait_for(state="visible")


def test_all_is_open_on_paper(page: Any) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".requirement:not([open])").count() == 0


def test_paper_is_white_and_has_nothing_to_click(page: Any) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator("form, button").filter(visible=True).count()


def test_what_an_implementation_says_is_not_run(page: Any, tmp_path: Path) -> None:
    (tmp_path / "hostile.html").write_text(render([told(MARKUP)]), encoding="utf-8")
    page.goto((tmp_path / "hostile.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.title() != "owned"
    assert page.locator("#CB-01 .said").first.inner_text() == MARKUP
    assert page.locator("img").count() == 0


@everywhere
def test_nothing_is_wider_than_the_window(page: Any, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_several_reports_side_by_side_have_no_serious_barrier_either(page: Any, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="unavailable: axe is not installed")
    (tmp_path / "both.html").write_text(render([report(judged(), SETTINGS)] * 2), encoding="utf-8")
    page.goto((tmp_path / "both.html").as_uri())
    page.get_by_role("link", name="failed").last.click()
    page.locator("#a2-CB-09 table").wait_for(state="visible")
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS] == []


@everywhere
def test_no_serious_barrier_is_found(page: Any, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="unavailable: axe is not installed")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    found = axe.Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS] == []
