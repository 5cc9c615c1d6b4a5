"""The Atom feed in a file (RFC 4287)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ledger.plugin import CommittedEvent, SinkContext

__all__ = ["update"]

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHAT = {"article.ingested": "", "article.revised": "Revised: ", "article.withdrawn": "Withdrawn: "}


def update(events: Sequence[CommittedEvent], context: SinkContext, of: str = "articles") -> None:
    """Put the events on top of the feed `of` articles or alerts, newest first; one that is there already is replaced."""
    from lxml import etree

    config = context.config
    file = Path(context.home) / Path(config.path).expanduser()
    file.parent.mkdir(parents=True, exist_ok=True)
    entries = {entry.findtext(f"{{{ATOM}}}id"): entry for entry in _present(file)}
    for event in events:
        entry = _alert(event) if event.type == "alert.raised" else _entry(event)
        entries.pop(name := f"urn:newsledger:{event.id}", None)
        entries = {name: entry, **entries}
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    _add(feed, "id", f"urn:newsledger:{of}")
    _add(feed, "title", config.title)
    _add(feed, "updated", events[-1].recorded.isoformat())
    author = _add(feed, "author")
    _add(author, "name", "newsledger")
    feed.extend(list(entries.values())[: config.entries])
    _replace(file, etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _present(file: Path) -> list[Any]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
    try:
        return list(etree.fromstring(file.read_bytes(), parser).iterfind(f"{{{ATOM}}}entry"))
    except (OSError, etree.XMLSyntaxError):
        return []


def _entry(event: CommittedEvent) -> Any:
    from lxml import etree

    payload = event.payload
    entry = etree.Element(f"{{{ATOM}}}entry")
    title = payload.get("title") or payload.get("article", "")
    _add(entry, "id", f"urn:newsledger:{event.id}")
    _add(entry, "title", _WHAT.get(event.type, "") + title)
    _add(entry, "updated", event.recorded.isoformat())
    if published := payload.get("p_time") or payload.get("published"):
        _add(entry, "published", published)
    if url := payload.get("url"):
        _add(entry, "link").set("href", url)
    if outlet := payload.get("outlet"):
        _add(entry, "category").set("term", outlet)
    if summary := payload.get("summary"):
        _add(entry, "summary", summary)
    else:
        _add(entry, "content", payload.get("note") or title)
    return entry


_CHANGES = {
    "first": "first figure, {after}",
    "gone": "no figure any more, it was {before}",
    "moved": "{before} -> {after}",
    "second-root": "a second independent root stands by {after}",
    "dispute-opened": "disputed, {after}",
    "dispute-closed": "disputed no more, {after}",
    "denied": "denied by {roots}",
    "revised": "an article no longer says {before}",
    "corrected": "{before} was corrected",
    "retracted": "{before} was retracted",
}


def _alert(event: CommittedEvent) -> Any:
    from lxml import etree

    payload = {**event.payload, "roots": ", ".join(event.payload.get("roots", ()))}
    what = _CHANGES.get(payload["kind"], payload["kind"]).format_map(payload)
    entry = etree.Element(f"{{{ATOM}}}entry")
    _add(entry, "id", f"urn:newsledger:{event.id}")
    _add(entry, "title", f"{payload['title']}: {what}")
    _add(entry, "updated", event.recorded.isoformat())
    _add(entry, "category").set("term", payload["kind"])
    lines = [f"{payload['slot']}, as recorded at {payload['at']}"]
    if articles := payload.get("articles"):
        lines.append(f"Taken back by {', '.join(articles)}.")
    if still := payload.get("still"):
        lines.append(f"Still reported by {', '.join(still)}.")
    _add(entry, "content", "\n".join(lines))
    return entry


def _add(parent: Any, name: str, text: str = "") -> Any:
    from lxml import etree

    child = etree.SubElement(parent, f"{{{ATOM}}}{name}")
    if text:
        child.text = _NOT_XML.sub("", text)
    return child


def _replace(file: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as handle:
        handle.write(content)
    Path(handle.name).chmod(0o644)
    Path(handle.name).replace(file)
