"""A log that was tampered with is found out, and the first position that differs is named."""

from __future__ import annotations

import pytest

from ledger.errors import CorruptionError
from ledger.events import NewEvent, new_event
from ledger.events.types import ArticleIngested, BodyRef
from ledger.store import MemoryStore, open_store
from ledger.store.verify import check_log, verify_store
from tests.integration.store.logs import CORE, event, fill, redact, tamper

MISSING = BodyRef("00" * 32, "text/plain", 3)


def test_an_untouched_log_holds_and_progress_is_told(store):
    fill(store)
    told = []
    found = verify_store(store, lambda done, total: told.append((done, total)))
    assert (found.holds, found.position, found.root) == (True, 12, store.head().root)
    assert (found.redacted, found.bodies, found.first) == (0, 2, None)
    assert told[-1] == (12, 12)


def test_an_empty_log_holds(store):
    assert verify_store(store).holds


def test_a_redacted_log_holds(store):
    fill(store)
    (key, _) = store.body_keys()
    redact(store, [4, 7], [key])
    found = verify_store(store)
    assert (found.problems, found.redacted, found.bodies) == ((), 2, 1)


TAMPERED = {
    "payload": ("UPDATE events SET payload = x'00' WHERE position = 5", 5, "commits to"),
    "salt": ("UPDATE events SET salt = zeroblob(16) WHERE position = 6", 6, "commits to"),
    "no payload": ("UPDATE events SET payload = NULL, salt = NULL WHERE position = 7", 7, "no event orders"),
    "half a payload": ("UPDATE events SET payload = NULL WHERE position = 7", 7, "Only one"),
    "type": ("INSERT INTO types VALUES (9, 'x'); UPDATE events SET type = 9 WHERE position = 3", 3, "type"),
    "stream": ("UPDATE events SET stream = 2, version = 99 WHERE position = 4", 4, "stream"),
    "version": ("UPDATE events SET version = 99 WHERE position = 9", 9, "version"),
    "time": ("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 2", 2, "recorded time"),
    "id": ("UPDATE events SET event_id = zeroblob(16) WHERE position = 8", 8, "event id"),
    "producer": ("UPDATE producers SET version = '2'", 1, "producer"),
    "missing": ("DELETE FROM events WHERE position = 5", 5, "Missing"),
    "cut off": ("DELETE FROM events WHERE position > 10", 11, "ends here"),
    "unreadable": ("UPDATE events SET envelope = x'7b' WHERE position = 6", 6, "cannot be read"),
}


@pytest.mark.parametrize(("statement", "position", "what"), TAMPERED.values(), ids=TAMPERED)
def test_the_first_position_that_differs_is_named(store, path, statement, position, what):
    fill(store)
    tamper(path, *statement.split(";"))
    found = verify_store(store)
    assert not found.holds
    assert found.first == position
    assert any(problem.position == position and what in problem.what for problem in found.problems)


def swap_causes(path):
    tamper(
        path,
        """UPDATE events SET envelope = CAST(replace(CAST(envelope AS TEXT), '"causes":[]', '"causes":["00"]') AS BLOB)
           WHERE position = 6""",
    )


def test_a_changed_envelope_changes_the_root(store, path):
    fill(store)
    swap_causes(path)
    found = verify_store(store)
    assert found.root != store.head().root
    assert "root of the head" in found.problems[0].what


def test_roots_known_from_outside_say_where(store, path, clock):
    roots = {}
    for n in range(5):
        store.append([event(f"{n}/{k}") for k in range(2)])
        roots[store.head().position] = store.head().root
    assert verify_store(store, roots=roots).holds
    swap_causes(path)
    assert verify_store(store, roots=roots).first == 5
    assert verify_store(store, roots={4: roots[4]}).first == 5
    assert not verify_store(store, roots={99: "00" * 32}).holds


def test_a_rewritten_log_is_only_seen_by_a_root_from_outside(tmp_path, clock):
    honest, forged = (MemoryStore(clock) for _ in range(2))
    honest.append([event("12 injured")])
    forged.append([event("2 injured")])
    known = {1: honest.head().root}
    assert verify_store(forged).holds
    assert not verify_store(forged, roots=known).holds


def test_a_damaged_body_and_a_lost_one_are_found(store, path):
    fill(store)
    tamper(
        path,
        "UPDATE bodies SET data = substr(data, 1, 10) WHERE id = 1",
        "UPDATE bodies SET data = NULL WHERE id = 2",
    )
    kinds = [problem.what for problem in verify_store(store).problems]
    assert len(kinds) == 2
    assert "cannot be unpacked" in kinds[0]
    assert "no event orders" in kinds[1]
    with pytest.raises(CorruptionError):
        store.get_body(next(store.body_keys()))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM head",
        "UPDATE head SET frontier = x'00'",
        "UPDATE head SET position = 11",
        "UPDATE head SET position = 13",
    ],
)
def test_a_damaged_head_is_found(store, path, statement):
    fill(store)
    tamper(path, statement)
    assert not verify_store(store).holds


def test_an_event_past_the_head_is_found(store, path):
    fill(store)
    tamper(
        path,
        "INSERT INTO events SELECT 13, stream, 99, type, producer, x'00', 0, envelope, x'', x'' FROM events LIMIT 1",
    )
    assert verify_store(store).first == 13


def test_a_log_that_lost_its_head_does_not_get_a_new_one(store, path, url, clock):
    fill(store)
    store.close()
    tamper(path, "DELETE FROM head")
    with pytest.raises(CorruptionError, match="no head row"):
        open_store(url, clock=clock)


def test_reading_a_log_with_a_hole_is_refused(store, path):
    fill(store)
    tamper(path, "DELETE FROM events WHERE position = 5")
    with pytest.raises(CorruptionError, match="position 5"):
        list(store.read())
    with pytest.raises(CorruptionError, match="position 5"):
        list(store.leaf_hashes(0, 12))
    tamper(path, "DELETE FROM events WHERE position > 10")
    with pytest.raises(CorruptionError, match="position 11"):
        list(store.read(5))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE subtrees SET root = zeroblob(32) WHERE number = 1",
        "INSERT INTO subtrees VALUES (1, 2, zeroblob(32))",
    ],
)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_sealed_root_that_the_events_do_not_give_is_named(store, path, statement, damaged):
    store.append([event(str(n)) for n in range(600)])
    number = 1 if "UPDATE" in statement else 2
    tamper(path, statement, *(["UPDATE events SET payload = x'00' WHERE position = 9"] if damaged else []))
    found = verify_store(store)
    told = f"The sealed root over the events {number * 256 + 1} to {number * 256 + 256} is not what they give"
    assert [problem.what for problem in found.problems if problem.position == 0] == [told]
    assert found.first == (9 if damaged else None)


def test_what_an_older_release_did_not_seal_is_no_problem(store, path):
    store.append([event(str(n)) for n in range(600)])
    tamper(path, "DELETE FROM subtrees WHERE number = 0")
    assert verify_store(store).holds
    assert store.root_at(600) == store.head().root


class TestCheckLog:
    def article(self, text, **more):
        return ArticleIngested(
            article="a-1",
            revision=1,
            hash="ab",
            url="https://x.example/",
            outlet="x",
            title="T",
            text=text,
            **more,
        )

    def test_counts_types_unknown_and_redacted(self, store):
        fill(store, 3)
        (text,) = store.put_bodies([(b"Flood.", "text/plain")])
        store.append([new_event(self.article(text), stream="article:a-1", producer=CORE)])
        redact(store, [1])
        found = check_log(store)
        assert found.holds
        assert found.types == {"article.ingested": 1, "note.made": 3, "payload.redacted": 1}
        assert (found.unknown, found.redacted, found.position) == ({"note.made v1": 2}, 1, 5)

    def test_names_what_cannot_be_decoded_and_what_is_missing(self, store):
        bad = NewEvent(type="article.ingested", stream="article:a-1", payload=b'{"article":1}', producer=CORE)
        store.append([bad, new_event(self.article(MISSING), stream="article:a-2", producer=CORE)])
        found = check_log(store)
        assert [problem.position for problem in found.problems] == [1, 2]
        assert MISSING.key in found.problems[1].what
