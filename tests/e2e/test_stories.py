"""Whole stories, told by different hands, from feeds to the reported state.

A story file holds polls, a registry, the reports with their revisions, and what a careful reader makes of them: the state that they
end in, or the claims of each revision, one a line, from which the state follows:

    SLOT VALUE KIND ROOT [probable|possible] [@SAID_AT] [via=OUTLET] [cites=DOCUMENT]

VALUE is 12, ~12, >=12, <=12, 12-15 or "a category"; a denial has none.
"""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

import ledger_attribution
import ledger_claims
import ledger_entities
import ledger_numbers
import ledger_syntax
from ledger import open_ledger
from ledger.clock import parse_time
from ledger.config import load_settings
from ledger.plugin import Claim, Notice
from ledger.state import load_registry, reported_state
from ledger.state.model import Document, StateClaim, Value
from ledger.state.reports import Report
from ledger.state.resolve import resolve
from ledger.state.written import read_claims
from ledger.testing import FakeWeb, FixedClock, annotate, article

STORIES = Path(__file__).with_name("stories")
WINDOW = 4


def address(story: dict[str, Any], document: dict[str, Any]) -> str:
    return f"https://{story['registry']['outlets'][document['outlet']]['host']}/{document['id']}"


def paragraphs(version: dict[str, Any]) -> str:
    return "".join(f"<p>{html.escape(each)}</p>\n" for each in version["text"])


def page(document: dict[str, Any], version: dict[str, Any]) -> str:
    title = html.escape(document["title"])
    modified = version.get("modified", version["published"])
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta property="article:published_time" content="{version["published"]}">
<meta property="article:modified_time" content="{modified}"></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>{title}</h1>
{paragraphs(version)}</article><aside><h3>Most read</h3><ul><li><a href="/1">35 dead in coach crash</a></li></ul></aside>
</body></html>"""


def rss(story: dict[str, Any], items: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    entries = "".join(
        f"<item><title>{html.escape(document['title'])}</title><link>{address(story, document)}</link>"
        f"<pubDate>{format_datetime(datetime.fromisoformat(version['published']))}</pubDate>"
        f"<description>{html.escape(version['text'][0])}</description></item>"
        for document, version in items
    )
    return f'<rss version="2.0"><channel><title>x</title><link>https://x.example/</link>{entries}</channel></rss>'


def atom(story: dict[str, Any], items: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    entries = "".join(
        f'<entry><title>{html.escape(document["title"])}</title><link href="{address(story, document)}"/>'
        f"<id>{address(story, document)}</id><published>{version['published']}</published>"
        f"<updated>{version.get('modified', version['published'])}</updated>"
        f'<content type="html">{html.escape(paragraphs(version))}</content></entry>'
        for document, version in items
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><id>urn:x</id>'
        f"<updated>2031-01-01T00:00:00Z</updated>{entries}</feed>"
    )


def show(web: FakeWeb, story: dict[str, Any], poll: int) -> None:
    """Put the feeds and pages of one poll on the web: each feed holds the newest reports of its outlet."""
    for outlet, kind in story["formats"].items():
        items = []
        for document in (each for each in story["documents"] if each["outlet"] == outlet):
            out = [version for version in document["versions"] if version["poll"] <= poll]
            if out:
                items.append((document, out[-1]))
                web.set(
                    address(story, document),
                    page(document, out[-1]).encode(),
                    content_type="text/html; charset=utf-8",
                )
        newest = sorted(items, key=lambda item: item[1]["published"], reverse=True)[:WINDOW]
        body = rss(story, newest) if kind == "rss" else atom(story, newest)
        web.set(feed(story, outlet), body.encode(), content_type=f"application/{kind}+xml")


def feed(story: dict[str, Any], outlet: str) -> str:
    return f"https://{story['registry']['outlets'][outlet]['host']}/feed.xml"


@pytest.mark.parametrize("name", ["ferry", "flood", "front"])
def test_a_story_ends_in_the_state_that_a_careful_reader_expects(name: str, tmp_path: Path) -> None:
    story = load(name)
    found = played(story, tmp_path)
    for slot, expected in story["expected"].items():
        have = {key: found[slot][key] for key in expected if key != "best"}
        have["best"] = found[slot]["best"]["point"]
        assert have == expected, slot


TOLD = ["epidemic", "mine", "plant", "protest", "siege", "wildfire"]
FIELDS = [
    "best",
    "low",
    "high",
    "high_open",
    "modality",
    "reports",
    "roots",
    "best_roots",
    "independent_roots",
    "best_independent_roots",
    "parties",
    "best_parties",
    "circular",
    "disputed",
    "first_seen",
    "best_first_seen",
    "last_change",
]


@pytest.mark.parametrize("name", TOLD)
def test_each_report_makes_the_claims_that_a_careful_reader_finds(name: str) -> None:
    story = load(name)
    registry = load_registry(json.dumps(story["registry"]).encode())
    made = resolve(reports(story), registry)
    wanted = told(story)
    for have, want in zip(sorted(made, key=lambda each: each.id), wanted, strict=True):
        assert (have.id, have.corrects) == (want.id, want.corrects)
        assert stated(have, set(registry.slots)) == stated(want, set(registry.slots)), have.id
    polls = [parse_time(poll) for poll in story["polls"]]
    assert compared(reported_state(made, registry, polls=polls).to_dict(), registry.slots) == compared(
        reported_state(wanted, registry, polls=polls).to_dict(), registry.slots
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", TOLD)
def test_a_story_that_is_told_claim_by_claim_ends_in_its_state(name: str, tmp_path: Path) -> None:
    story = load(name)
    registry = load_registry(json.dumps(story["registry"]).encode())
    wanted = reported_state(told(story), registry, polls=[parse_time(poll) for poll in story["polls"]])
    found = {"slots": list(played(story, tmp_path).values())}
    assert compared(found, registry.slots) == compared(wanted.to_dict(), registry.slots)


def load(name: str) -> dict[str, Any]:
    story: dict[str, Any] = json.loads((STORIES / f"{name}.json").read_text("utf-8"))
    return story


def played(story: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """The slots, by id, of a ledger that has read the story poll by poll."""
    registry = tmp_path / "registry.json"
    registry.write_text(json.dumps(story["registry"]), "utf-8")
    web, clock = FakeWeb(), FixedClock(story["polls"][0])
    home = tmp_path / "home"
    home.mkdir()
    with open_ledger(settings=load_settings(home), clock=clock, transport=web, isolate="never") as opened:
        opened.sources.load(registry)
        for outlet in story["formats"]:
            opened.feeds.add(feed(story, outlet), outlet=outlet)
        for number, recorded_at in enumerate(story["polls"]):
            clock.set(recorded_at)
            show(web, story, number)
            assert not opened.poll(force=True).errors
        return {slot["id"]: slot for slot in json.loads(json.dumps(opened.state().to_dict()))["slots"]}


def reports(story: dict[str, Any]) -> list[Report]:
    """The reports of a story as they stand in a ledger, read by the processors without one."""
    plugins = (ledger_syntax, ledger_numbers, ledger_entities, ledger_attribution)
    providers = [processor for plugin in plugins for processor in plugin.ledger_processors()]
    (claims,) = ledger_claims.ledger_processors()
    made = []
    for document in story["documents"]:
        url, published = address(story, document), document["versions"][0]["published"]
        for number, version in enumerate(document["versions"], 1):
            text = "\n\n".join(version["text"])
            read = article(
                text, title=document["title"], published=published, url=url, outlet=document["outlet"]
            )
            found = annotate(claims, read, providers=providers)
            made.append(
                Report(
                    article=document["id"],
                    outlet=document["outlet"],
                    url=url,
                    revision=number,
                    hash=read.hash,
                    title=document["title"],
                    text=text,
                    recorded_at=parse_time(story["polls"][version["poll"]]),
                    p_time=datetime.fromisoformat(version.get("modified", version["published"])).astimezone(
                        UTC
                    ),
                    published=datetime.fromisoformat(published),
                    claims=tuple(each for each in found if isinstance(each, Claim)),
                    notices=tuple(each for each in found if isinstance(each, Notice)),
                )
            )
    return made


_LINE = re.compile(r'(\S+) (?:(>=|<=|~|)(?:"([^"]+)"|([\d.]+)(?:-([\d.]+))?) )?(\w+) (\S+)(.*)')
_OPERATORS = {"": "exact", "~": "approx", ">=": "min", "<=": "max"}


def told(story: dict[str, Any]) -> tuple[Document, ...]:
    """The documents of a story with the claims that a reader wrote down."""
    documents = []
    for document in story["documents"]:
        versions = [
            {
                "n": number,
                "recorded_at": story["polls"][version["poll"]],
                "p_time": datetime.fromisoformat(version.get("modified", version["published"]))
                .astimezone(UTC)
                .isoformat(),
                "status": version.get("status", "live"),
                "claims": [written(line, document["outlet"]) for line in version["claims"]],
            }
            for number, version in enumerate(document["versions"], 1)
        ]
        documents.append(
            {
                "id": document["id"],
                "outlet": document["outlet"],
                "url": address(story, document),
                "corrects": document.get("corrects"),
                "versions": versions,
            }
        )
    return read_claims(json.dumps({"documents": sorted(documents, key=lambda each: each["id"])})).documents


def written(line: str, outlet: str) -> dict[str, Any]:
    match = _LINE.fullmatch(line)
    assert match, line
    slot, operator, category, number, upto, kind, root, rest = match.groups()
    value: dict[str, Any] | None = None
    if category:
        value = {"op": "category", "point": category}
    elif upto:
        value = {"op": "range", "point": float(number), "lo": float(number), "hi": float(upto)}
    elif number:
        value = {"op": _OPERATORS[operator], "point": float(number)}
    options = dict(re.findall(r"(@|via=|cites=)(\S+)", rest))
    level = next((word for word in ("probable", "possible") if word in rest), "asserted")
    return {
        "slot": slot,
        "value": value,
        "kind": kind,
        "root": root,
        "modality": "predicted" if kind == "forecast" else level,
        "chain": [outlet, *([options["via="]] if "via=" in options else []), root],
        "cites": options.get("cites="),
        "said_at": options.get("@"),
    }


def stated(document: Document, slots: set[str]) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Status and claims of each revision on the declared slots; whether a source is told again or anew the state decides."""
    return [
        (version.status, sorted({fact(claim) for claim in version.claims if claim.slot in slots}, key=str))
        for version in document.versions
    ]


def fact(claim: StateClaim) -> tuple[object, ...]:
    kind = "primary" if claim.kind == "background" else claim.kind
    return claim.slot, amount(claim.value), kind, claim.root, claim.modality, claim.said_at.isoformat()


def amount(value: Value | None) -> tuple[object, ...]:
    if value is None:
        return ()
    return value.op, value.point if isinstance(value.point, str) else float(value.point or 0), value.hi


def compared(state: dict[str, Any], slots: object) -> dict[str, dict[str, object]]:
    """The fields of the declared slots that a story is judged by."""
    assert isinstance(slots, dict)
    found = {}
    for slot in json.loads(json.dumps(state))["slots"]:
        if slot["id"] in slots:
            best = slot["best"] or {}
            found[slot["id"]] = {key: slot[key] for key in FIELDS} | {
                "best": (best.get("op"), best.get("point"))
            }
    return found
