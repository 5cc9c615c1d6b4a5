"""A ledger with a short story that goes on as tests tell it: articles of invented outlets, read by the real processors."""

from __future__ import annotations

import pytest

from ledger import open_ledger
from ledger.clock import FixedClock

REGISTRY = b"""{
 "config": {"story": "flood", "title": "The flood", "window_days": 3, "fresh_days": 1},
 "slots": {"dead": {"subject": "people", "measure": "killed", "scope": "Ilm valley", "period": "cumulative",
                    "kind": "cumulative", "unit": "persons", "default": true}},
 "sources": {"coast-guard": {"name": "Coast Guard", "aliases": ["the coast guard"], "party": "state", "reliability": "B"},
             "red-cross": {"name": "Red Cross", "aliases": ["the Red Cross"], "party": "relief", "reliability": "B"}},
 "outlets": {"post": {"name": "The Post", "host": "post.example", "kind": "newspaper"},
             "daily": {"name": "The Daily", "host": "daily.example", "kind": "newspaper"}}
}"""


class Newsroom:
    """Records articles hour by hour."""

    def __init__(self, ledger, folder):
        self.ledger = ledger
        self._folder = folder

    def publish(self, hour, outlet, name, text, *, process=True):
        at = f"2031-05-04T{hour:02}:00:00Z"
        self.ledger.clock.set(at)
        file = self._folder / f"{outlet}-{name}-{hour}.txt"
        file.write_text(f"The flood\n\n{text}\n")
        self.ledger.ingest(
            file, outlet=outlet, url=f"https://{outlet}.example/{name}", published=at, process=process
        )

    def at(self, hour):
        self.ledger.clock.set(f"2031-05-04T{hour:02}:00:00Z")

    def kinds(self):
        return [(each.raised.kind, each.raised.slot) for each in self.ledger.alerts.list()]

    def dead(self):
        return self.ledger.state().get("dead")


@pytest.fixture
def newsroom(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    with open_ledger(tmp_path / "home", clock=FixedClock("2031-05-04T06:00:00Z"), isolate="never") as ledger:
        ledger.sources.set(REGISTRY, by="test", reason="the story")
        yield Newsroom(ledger, folder)
