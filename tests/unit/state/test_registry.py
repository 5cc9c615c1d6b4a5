"""The source registry as a file."""

from __future__ import annotations

import json

import pytest

from ledger.errors import ConfigError
from ledger.state import Parameters, dump_registry, load_registry

FILE = {
    "config": {"story": "flood", "title": "Ilm flood", "window_days": 5, "feed_items": 4},
    "slots": {
        "dead": {"subject": "people", "measure": "killed", "scope": "Norvia", "period": "cumulative", "kind": "cumulative",
                 "unit": "persons", "default": True},
        "dam": {"subject": "Hale dam", "measure": "integrity", "scope": "Norvia", "period": "current", "kind": "status",
                "unit": "category", "categories": {"intact": ["sound"], "cracked": ["leaking"]}},
    },
    "sources": {"army": {"name": "Army", "aliases": ["the army"], "party": "state", "reliability": "B"}},
    "outlets": {"post": {"name": "Ilm Post", "host": "ilmpost.example", "kind": "newspaper"}},
}  # fmt: skip


def test_a_registry_is_written_as_it_was_read() -> None:
    registry = load_registry(json.dumps(FILE))
    written = json.loads(dump_registry(registry))
    assert {**written, "config": {key: written["config"][key] for key in FILE["config"]}} == FILE
    assert load_registry(dump_registry(registry)) == registry


def test_parameters_that_the_file_leaves_out_come_from_the_settings() -> None:
    registry = load_registry(FILE, Parameters(fresh_days=2, window_days=9))
    assert (registry.parameters.fresh_days, registry.parameters.window_days) == (2, 5)


def test_unregistered_roots_are_graded_f_and_speak_for_themselves() -> None:
    registry = load_registry(FILE)
    assert (registry.grade("army"), registry.party("army")) == ("B", "state")
    assert (registry.grade("nobody"), registry.party("nobody")) == ("F", "nobody")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"slots": {"dead": {"kind": "heap"}}}, "slots.dead.kind"),
        ({"slots": {"dead": 3}}, "slots.dead"),
        ({"sources": {"army": {"reliability": "very"}}}, "sources.army.reliability"),
        ({"sources": {"army": {"aliases": 3}}}, "sources"),
        ({"outlets": []}, "outlets"),
        ({"outlets": [1]}, "outlets"),
        ({"config": {"window_days": -1}}, "config.window_days"),
        ({"config": {"window_days": "long"}}, "config"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, object], named: str) -> None:
    if change == {"outlets": []}:
        assert load_registry(change).outlets == {}
        return
    with pytest.raises(ConfigError, match=named):
        load_registry(json.dumps(change))


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff"])
def test_a_file_that_is_no_registry_is_refused(text: bytes) -> None:
    with pytest.raises(ConfigError, match="registry"):
        load_registry(text)
