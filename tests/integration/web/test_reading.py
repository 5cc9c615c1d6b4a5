"""What a reader of the pages sees: figures, timelines, articles, and the two clocks."""

from __future__ import annotations

import csv
import io
import re

import pytest
from lxml import html

from ledger.projections.browse import Browser

HTML = {"accept": "text/html"}
FIRST_EVENING = "2025-01-30T20:00:00Z"


def page(client, path):
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return html.fromstring(answer.text)


def words(node):
    return " ".join(node.text_content().split())


def test_the_start_page_shows_disputed_figures_first(client):
    rows = page(client, "/").xpath("//tr[@data-row]")
    assert "killed about 1,000 400–1,000 8 2 of 3" in words(rows[0])
    assert "National Intelligence Service v US officials" in words(rows[0])
    assert [("disputed" in (row.get("class") or "")) for row in rows] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_figures_can_be_narrowed_down(client):
    assert len(page(client, "/?disputed=1").xpath("//tr[@data-row]")) == 2
    assert len(page(client, "/?measure=captured").xpath("//tr[@data-row]")) == 1
    assert len(page(client, "/?q=troops+front").xpath("//tr[@data-row]")) == 1
    assert "No figure fits" in client.get("/?q=zebra", headers=HTML).text


def test_a_figure_says_why_and_who_and_links_each_report_to_its_sentence(client):
    tree = page(client, "/figures/killed")
    text = words(tree)
    assert "more roots stand by it (2 against 1)" in text
    assert "document retracted" in text
    points = tree.xpath("//*[local-name()='svg'][contains(@class,'timeline')]//*[local-name()='a']")
    assert len(points) == 9
    assert all(point.get("aria-label") for point in points)
    for href in {point.get("href") for point in points}:
        path, _, anchor = href.partition("#")
        assert page(client, path).xpath(f"//*[@id='{anchor}']"), href


def test_every_point_of_the_drawing_is_a_row_of_the_table(client):
    tree = page(client, "/figures/killed")
    drawn = sorted(point.get("href") for point in tree.xpath("//*[local-name()='svg']//*[local-name()='a']"))
    listed = sorted(link.get("href") for link in tree.xpath("//section[@id='reports']//a[@class='quote']"))
    assert drawn == listed


def test_a_corrected_claim_is_struck_through_and_stays(client):
    tree = page(client, "/figures/killed")
    assert [words(node) for node in tree.xpath("//section[@id='reports']//tr[@class='gone']//s")] == ["3,200"]


def test_a_status_is_drawn_in_lanes(client):
    labels = page(client, "/figures/presence").xpath("//*[local-name()='text']/text()")
    assert "at the front" in labels
    assert "withdrawn" in labels


def test_going_back_on_the_recorded_clock(client):
    text = words(page(client, f"/figures/killed?at={FIRST_EVENING}"))
    assert "As it stood, recorded by 2025-01-30 20:00" in text
    assert "Reports4" in text
    rows = page(client, f"/?at={FIRST_EVENING}").xpath("//tr[@data-row]")
    assert any("killed 300 300–1,000 4" in words(row) for row in rows)


def test_going_back_on_the_published_clock(client):
    text = words(page(client, "/figures/killed?published=2025-01-30T12:00:00Z"))
    assert "published by 2025-01-30 12:00" in text
    assert "Reports2" in text


def test_the_moment_follows_to_every_link_of_the_page(client):
    tree = page(client, f"/?at={FIRST_EVENING}")
    links = [one.get("href") for one in tree.xpath("//main//a") if one.get("href").startswith("/figures/")]
    assert links
    assert all("at=2025-01-30T20:00:00Z" in link for link in links)


@pytest.mark.parametrize("path", ["/", "/figures/killed", "/articles"])
def test_the_permanent_link_shows_the_same(client, path):
    tree = page(client, path)
    (link,) = [one.get("href") for one in tree.xpath("//footer//a") if one.text == "Permanent link"]
    assert "at=2025-02-07T20:00:00Z" in link
    rows = [[words(row) for row in one.xpath("//main//tr[@data-row]")] for one in (tree, page(client, link))]
    assert rows[0] == rows[1]


def test_earlier_steps_through_the_changes(client):
    href = page(client, "/").xpath("//a[@rel='prev']")[0].get("href")
    assert "at=2025-02-05T18:00:00Z" in href
    again = page(client, href)
    assert "at=2025-02-03T18:00:00Z" in again.xpath("//a[@rel='prev']")[0].get("href")
    assert "at=2025-02-07T20:00:00Z" in again.xpath("//a[@rel='next']")[0].get("href")


def test_twins_say_what_the_page_says(client):
    table = list(csv.DictReader(io.StringIO(client.get("/figures.csv").text)))
    assert {row["slot"] for row in table} == {
        "killed",
        "deployed",
        "losses",
        "presence",
        "wounded",
        "captured",
    }
    figures = client.get("/figures.json").json()["figures"]
    assert [one["slot"] for one in figures] == [row["slot"] for row in table]
    reports = list(csv.DictReader(io.StringIO(client.get("/figures/killed.csv").text)))
    assert len(reports) == 9
    assert {row["processor"] for row in reports} == {"claims"}
    state = client.get("/figures/killed.json").json()
    assert (state["best"]["point"], state["reports"]) == (1000, 8)


def test_changes_since_a_day_name_figures_and_causes(client):
    tree = page(client, "/changes?since=2025-02-05T12:00:00Z&at=2025-02-05T19:00:00Z")
    rows = [words(row) for row in tree.xpath("//tr[@data-row]")]
    assert any("killed" in row and "300–1,000 → 400–1,000" in row for row in rows)
    causes = page(client, "/changes/killed?since=2025-02-01T19:00:00Z&at=2025-02-04T00:00:00Z")
    assert "revision by the publisher" in words(causes)


def test_an_article_shows_marks_and_cards(client, ledger):
    (name,) = [row.article for row in ledger.views.articles() if row.title.startswith("Seoul counts")]
    tree = page(client, f"/articles/{name}")
    assert len(tree.xpath("//article[contains(@class,'card')]")) == 3
    card = words(tree.xpath("//article[contains(@class,'card')]")[0])
    assert re.match("1 North Korean soldiers? killed, Kursk region: 300", card)
    assert "Root: National Intelligence Service" in card
    assert "read by claims" in card
    assert words(tree.xpath("//p[@class='body']")[0]).startswith(
        "South Korea's National Intelligence Service says 300"
    )
    difference = page(client, f"/articles/{name}?show=diff")
    assert difference.xpath("//ins | //del")


def test_a_claim_of_an_older_text_says_where_its_sentence_is_now(client, ledger):
    (name,) = [row.article for row in ledger.views.articles() if row.title.startswith("Seoul counts")]
    shown = words(page(client, f"/articles/{name}?revision=1"))
    assert "In the newest text its sentence" in shown
    assert "In the newest text" not in words(page(client, f"/articles/{name}"))


def test_an_article_at_a_past_moment_shows_what_was_known(client, ledger):
    (name,) = [row.article for row in ledger.views.articles() if row.title.startswith("Seoul counts")]
    assert len(page(client, f"/articles/{name}?at={FIRST_EVENING}").xpath("//tr[@data-row]")) == 1
    answer = client.get(f"/articles/{name}?at=2025-01-29T20:00:00Z", headers=HTML)
    assert answer.status_code == 404
    assert "was not recorded then" in answer.text


def test_search_finds_articles_figures_and_names(client):
    text = words(page(client, "/search?q=kursk"))
    for expected in ("Figures", "Names", "Articles", "North Korean soldier"):
        assert expected in text
    assert "No article holds all these words" in client.get("/search?q=zebra", headers=HTML).text
    assert client.get("/search?q=%22%27)(", headers=HTML).status_code in (200, 400)


def test_an_event_shows_its_payload_and_causes(client):
    text = words(page(client, "/events/5"))
    assert "Payload" in text
    assert client.get("/events/5.json").json()["position"] == 5
    assert client.get("/events/999999", headers=HTML).status_code == 404


def test_an_unchanged_page_is_not_sent_again(client):
    first = client.get("/figures/killed")
    again = client.get("/figures/killed", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/figures/nope", 404),
        ("/nothing", 404),
        ("/?at=yesterday", 400),
        ("/?page=x", 400),
        ("/articles/zzzzzzz", 404),
    ],
)
def test_errors_are_sentences(client, path, status):
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    problem = client.get(path)
    assert problem.headers["content-type"].startswith("application/problem+json")
    assert problem.json()["status"] == status


def test_browser_agrees_with_the_state(ledger):
    browser = Browser(ledger.views)
    assert [line.slot for line in browser.lines()] == [slot.id for slot in ledger.state().slots]
    steps = browser.steps(["killed"])["killed"]
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert len(steps) == len(ledger.state().get("killed").figure_history)


@pytest.mark.parametrize(
    "time", ["0001-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z"]
)
@pytest.mark.parametrize(
    "path", ["/?at={}", "/?published={}", "/changes?at={}", "/changes?since={}", "/audit?at={}"]
)
def test_the_ends_of_the_calendar_are_moments_too(client, path, time):
    assert client.get(path.format(time.replace("+", "%2B")), headers=HTML).status_code == 200


def test_causes_of_a_figure_that_nobody_reports_on_are_not_found(client):
    assert client.get("/changes/nothing.of.this.kind", headers=HTML).status_code == 404


def test_what_has_one_cause_names_it_once(client):
    page = html.fromstring(client.get("/changes/killed?since=2025-02-01", headers=HTML).text)
    causes = page.xpath("//tbody/tr/td[@rowspan][1]")
    assert len(page.xpath("//tbody/tr")) > len(causes) > 0
    assert sum(int(one.get("rowspan")) for one in causes) == len(page.xpath("//tbody/tr"))


def test_every_parameter_stays_when_the_clocks_are_set(client, ledger):
    (name,) = {row.article for row in ledger.views.articles(limit=1)}
    page = html.fromstring(client.get(f"/articles/{name}?layers=claim&layers=name", headers=HTML).text)
    assert page.xpath("//form[@class='asof']/input[@name='layers']/@value") == ["claim", "name"]
    (permanent,) = page.xpath("//a[text()='Permanent link']/@href")
    assert "layers=claim&layers=name" in permanent


def test_steps_of_a_figure_keep_the_other_clock(client):
    page = html.fromstring(client.get("/figures/killed?published=2025-02-02", headers=HTML).text)
    links = page.xpath("//section[@id='history']//a/@href")
    assert links
    assert all("published=2025-02-02" in link for link in links)


def test_a_page_that_is_about_the_present_has_no_clocks(client):
    for path in ("/login", "/reviews/new"):
        assert "Recorded by" not in client.get(path, headers=HTML).text


def test_a_page_without_an_answer_leads_back_to_now(client):
    page = client.get("/figures/killed?at=2001-01-01", headers=HTML)
    assert page.status_code == 404
    assert "Back to now" in page.text
