"""The pages in a browser: journeys by keyboard, with and without JavaScript, axe in light and dark, nothing from elsewhere."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.web.access import TokenBook

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

READING = (
    "/", "/?at=2025-01-30T20:00:00Z", "/figures/killed", "/figures/presence", "/changes?since=2025-01-30", "/changes/killed?since=2025-01-30",
    "/articles", "/search?q=kursk", "/sources", "/reviews", "/reviews/new?slot=killed&root=us-officials", "/feeds", "/audit", "/events/5",
    "/exports", "/login", "/nothing",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-web")
    if CHROMIUM is None:
        pytest.skip("needs a chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def reader(request, site, browser) -> Iterator[Any]:
    yield from opened(site, browser, script=request.param)


@pytest.fixture
def person(site, browser) -> Iterator[Any]:
    yield from opened(site, browser)


def opened(site, browser, *, script: bool = True, dark: bool = False) -> Iterator[Any]:
    """A page that notes what leaves the host and what the console says; both have to be nothing."""
    context = browser.new_context(
        base_url=site.address, java_script_enabled=script, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    said: list[str] = []
    page.on("request", lambda one: said.append(one.url) if not one.url.startswith(site.address) else None)
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert [one for one in said if "404" not in one and "403" not in one] == []


def main(page) -> str:
    return " ".join(page.locator("main").inner_text().split())


def to(page, name: str, **options: Any) -> None:
    """Press Tab until a link, button or field of that name has the focus."""
    for _ in range(250):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement;"
            " return (e.labels && e.labels[0] ? e.labels[0].innerText : e.getAttribute('aria-label') || e.innerText || '').trim() }"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached by Tab")


def follow(page, name: str) -> None:
    to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_why_this_figure_and_not_another(reader):
    reader.goto("/")
    follow(reader, "North Korean soldiers killed, Kursk region")
    reader.wait_for_url("**/figures/killed")
    assert "about 1,000" in main(reader)
    assert "more roots stand by it (2 against 1)" in main(reader)


def test_who_first_said_it(reader):
    reader.goto("/figures/killed")
    assert "Halden Wire Service" in reader.locator("#reports tbody tr").first.inner_text()
    follow(reader, "KYIV (HWS) - About 1,000")
    reader.wait_for_url("**/articles/*")
    assert "Western officials put North Korean dead" in main(reader)


def test_back_to_a_day_on_either_clock_by_keyboard(reader):
    person = reader
    person.goto("/figures/killed")
    to(person, "Recorded by")
    person.keyboard.type("2025-01-30 20:00")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert "at=2025-01-30" in person.url
    assert person.locator(".headline .figure").inner_text() == "300"
    follow(person, "Back to now")
    to(person, "Published by")
    person.keyboard.type("2025-01-30")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert person.locator(".headline .figure").inner_text() == "about 1,000"


def test_what_changed_since_yesterday_and_why_by_keyboard(reader):
    reader.goto("/?at=2025-02-06")
    follow(reader, "What changed in the last day")
    assert "What changed since 2025-02-05 00:00" in main(reader)
    follow(reader, "causes")
    assert "new evidence" in main(reader)


def test_following_a_correction(reader, site):
    reader.goto("/figures/killed")
    assert reader.locator("#reports tr.gone s").inner_text() == "3,200"
    (name,) = [name for title, name in site.articles.items() if title.startswith("RETRACTED")]
    reader.goto(f"/articles/{name}")
    follow(reader, "What changed between the revisions")
    assert reader.locator("ins, del").count() > 0


def test_keys_move_through_rows_and_search(person):
    person.goto("/")
    person.keyboard.press("j")
    person.keyboard.press("j")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert person.url.endswith("/figures/deployed")
    person.keyboard.press("/")
    person.keyboard.type("kursk")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert "/search?q=kursk" in person.url


def test_reject_and_undo_and_add_a_feed_by_keyboard(person, site):
    person.goto("/figures/killed")
    permanent = person.get_by_role("link", name="Permanent link", exact=True).get_attribute("href")
    before = main(person)
    site.ledger.clock.advance(30 * 86400)
    secret = TokenBook(site.ledger.settings.home).add(
        "kim", ("read", "review", "ingest"), site.ledger.clock.now()
    )
    person.goto("/figures/killed")
    follow(person, "reject US officials")
    assert "1 of 2" in main(person)
    follow(person, "Sign in")
    to(person, "Token")
    person.keyboard.type(secret)
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert "1 of 2" in main(person), "what was thought of is still there after signing in"
    to(person, "Why")
    person.keyboard.type("Misheard")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert "in force" in main(person)
    person.goto("/figures/killed")
    assert "1 of 2" in main(person)
    person.goto(permanent)
    assert main(person) == before, "the link shows the same a month of events later"
    follow(person, "Back to now")
    follow(person, "Reviews")
    follow(person, "reject")
    to(person, "Why")
    person.keyboard.type("Heard right")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert "taken back" in main(person)
    follow(person, "Feeds")
    to(person, "Address of the feed")
    person.keyboard.type("https://tarsiannews.example/feed.xml")
    with person.expect_navigation():
        person.keyboard.press("Enter")
    assert "tarsiannews.example" in main(person)


def test_finding_a_broken_plugin_by_keyboard(person):
    person.goto("/")
    follow(person, "Feeds")
    failures = person.get_by_role("region", name="Failures, table")
    assert "ValueError: no wave has a height here" in failures.inner_text()
    assert "fragile 1.0" in failures.inner_text()
    follow(person, "a-")
    assert "RETRACTED" in person.locator("h1").inner_text()
    assert "fragile 1.0, revision 2: " in main(person)
    assert "no wave has a height here" in main(person)


def test_a_broken_plugin_is_told_without_script(reader):
    reader.goto("/feeds")
    row = reader.get_by_role("region", name="Processors, table").locator("tr", has_text="fragile")
    assert row.locator(".bad").first.inner_text() == "1"


def test_an_audit_can_be_printed(person, tmp_path: Path):
    person.goto("/audit")
    assert "as it was committed to" in main(person)
    person.emulate_media(media="print")
    assert not person.locator(".top nav").is_visible()
    assert person.pdf(path=tmp_path / "audit.pdf").startswith(b"%PDF")


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_the_screen(person, site, width):
    person.set_viewport_size({"width": width, "height": 800})
    for path in (*READING, *(f"/articles/{name}" for name in list(site.articles.values())[:2])):
        person.goto(path)
        assert person.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(site, browser, dark):
    axe = pytest.importorskip(
        "axe_playwright_python.base", reason="needs axe-playwright-python: make test-web"
    )
    script = (Path(axe.__file__).parent / "axe.min.js").read_text()
    for page in opened(site, browser, dark=dark):
        for path in (*READING, *(f"/articles/{name}" for name in list(site.articles.values())[:3])):
            page.goto(path)
            page.evaluate(script)
            found = page.evaluate("() => axe.run()")
            shown = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
            assert shown == [], path
