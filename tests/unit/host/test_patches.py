from __future__ import annotations

import json

from ledger.host.patches import Definitions
from ledger.plugin import Span


def test_what_is_replaced_is_told_once_and_what_is_added_is_not(monkeypatch):
    known = Definitions()
    assert known.replaced() == []
    monkeypatch.setattr(json, "loads", None)
    monkeypatch.setattr(Span, "covers", lambda self, other: True)
    monkeypatch.setattr(json, "something_new", json.dumps, raising=False)
    assert known.replaced() == ["json.loads", "ledger.plugin.annotations.Span.covers"]
    assert known.replaced() == []
