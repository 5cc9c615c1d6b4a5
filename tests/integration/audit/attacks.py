"""What an insider can do to a sealed ledger and to its plugins, and what catches it. `make attacks` prints both tables."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ledger.audit.integrity import check_integrity
from ledger.audit.keys import Signer
from ledger.audit.newsledger_verify import COSIGNATURE, parse_note
from ledger.audit.sealing import Sealer
from ledger.audit.tiles import tile_path
from ledger.audit.witness import Witness, request_body
from ledger.clock import FixedClock
from ledger.events import Producer, new_event
from ledger.events.types import FeedAdded, FeedFetched
from ledger.store import LEDGER_FILE, open_store
from ledger.store.tlog import Frontier, leaf_hash
from tests.integration.audit import installed

EVENTS = 600
WHO = Producer("newsledger", "0.1.0")
CLOCK = FixedClock("2031-05-04T07:00:00Z")
WITNESS = Signer("w.example", bytes([1]) * 32, COSIGNATURE)


class Found(NamedTuple):
    """The layers that caught an attack: the ledger's own, an outside checkpoint, and the answer of a witness."""

    own: tuple[str, ...]
    outside: bool
    witness: int


def build(home: Path, *, word: str = "title", events: int = EVENTS) -> None:
    """A ledger with some feeds and bodies; `word` makes another history of the same length."""
    store = open_store(f"sqlite:///{home / LEDGER_FILE}", clock=CLOCK)
    bodies = store.put_bodies([(f"a document, {word} {at}".encode(), "text/plain") for at in range(3)])
    new = [
        FeedAdded(feed=f"f-{at:012x}", url=f"https://o{at}.example/", outlet=f"o{at}", title=f"{word} {at}")
        for at in range(events - 3)
    ]
    fetched = [
        FeedFetched(feed="f-0", url="https://o0.example/", outcome="changed", body=body) for body in bodies
    ]
    store.append([new_event(event, stream=f"feed:{event.feed}", producer=WHO) for event in [*new, *fetched]])
    store.close()


def seal(home: Path) -> bytes:
    """Sign a checkpoint over what is there; gives it."""
    store = open_store(f"sqlite:///{home / LEDGER_FILE}", clock=CLOCK)
    sealer = Sealer(home, store, WHO)
    if not sealer.key_file.exists():
        sealer.new_key("desk.example/log")
    sealer.seal()
    signed = sealer.read(sealer.sizes()[-1])
    store.close()
    return signed


def _open(home: Path) -> sqlite3.Connection:
    database = sqlite3.connect(home / LEDGER_FILE)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{name}"')
    return database


def _change(home: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    database = _open(home)
    with database:
        for sql, values in statements:
            database.execute(sql, values)
    database.close()


def _frontier(home: Path, upto: int | None = None) -> None:
    """Make the head and what is sealed fit the rows, as somebody does who knows the format."""
    database = _open(home)
    rows = database.execute("SELECT envelope FROM events ORDER BY position").fetchall()[:upto]
    frontier, subtrees = Frontier().grow([leaf_hash(row[0]) for row in rows])
    with database:
        database.execute("DELETE FROM subtrees")
        database.executemany("INSERT INTO subtrees VALUES (?, ?, ?)", subtrees)
        database.execute("UPDATE head SET frontier = ?, position = ?", (frontier.to_bytes(), frontier.size))
    database.close()


def edit_row(home: Path) -> None:
    _change(
        home,
        (
            "UPDATE events SET envelope = CAST(replace(CAST(envelope AS TEXT), 'feed.added', 'feed.adder') AS BLOB) WHERE position = 77",
            (),
        ),
    )


def edit_row_as_text(home: Path) -> None:
    """What a database browser does: the value becomes text."""
    _change(
        home,
        ("UPDATE events SET envelope = replace(CAST(envelope AS TEXT), 'a', 'b') WHERE position = 77", ()),
    )


def edit_row_and_head(home: Path) -> None:
    edit_row(home)
    _frontier(home)


def edit_row_head_and_tiles(home: Path) -> None:
    edit_row_and_head(home)
    store = open_store(f"sqlite:///{home / LEDGER_FILE}", clock=CLOCK)
    Sealer(home, store, WHO).tiles.extend(store.leaf_hashes, store.head().position, rebuild=True)
    store.close()


def swap_payloads(home: Path) -> None:
    database = _open(home)
    first, second = database.execute("SELECT payload, salt FROM events WHERE position IN (10, 11)").fetchall()
    with database:
        for position, pair in ((10, second), (11, first)):
            database.execute("UPDATE events SET payload = ?, salt = ? WHERE position = ?", (*pair, position))
    database.close()


def drop_payload(home: Path) -> None:
    _change(home, ("UPDATE events SET payload = NULL, salt = NULL WHERE position = 10", ()))


def edit_body(home: Path) -> None:
    _change(home, ("UPDATE bodies SET data = ?, codec = 0, size = 4 WHERE id = 1", (b"else",)))


def drop_body(home: Path) -> None:
    _change(home, ("UPDATE bodies SET data = NULL, salt = NULL WHERE id = 1", ()))


def swap_rows(home: Path) -> None:
    database = _open(home)
    first, second = database.execute(
        "SELECT envelope, payload, salt FROM events WHERE position IN (10, 11)"
    ).fetchall()
    with database:
        for position, row in ((10, second), (11, first)):
            database.execute(
                "UPDATE events SET envelope = ?, payload = ?, salt = ? WHERE position = ?", (*row, position)
            )
    database.close()


def cut_tail(home: Path) -> None:
    _change(home, ("DELETE FROM events WHERE position > 500", ()))
    _frontier(home)


def edit_tile(home: Path) -> None:
    path = home / "log" / tile_path(0, 1)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def edit_checkpoint(home: Path) -> None:
    path = home / "log" / "checkpoints" / str(EVENTS + 1)
    path.write_bytes(path.read_bytes().replace(f"\n{EVENTS + 1}\n".encode(), f"\n{EVENTS}\n".encode()))


def rewrite_and_sign(home: Path) -> None:
    """The insider's best: another history of the same length, under the real key."""
    (home / LEDGER_FILE).unlink()
    shutil.rmtree(home / "log")
    build(home, word="other", events=EVENTS + 1)
    seal(home)


def cut_and_sign(home: Path) -> None:
    cut_tail(home)
    shutil.rmtree(home / "log")
    seal(home)


ATTACKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "edit a row": (edit_row, "store"),
    "edit a row in a database browser": (edit_row_as_text, "store"),
    "edit a row and the head": (edit_row_and_head, "checkpoints"),
    "edit a row, the head and all tiles": (edit_row_head_and_tiles, "checkpoints"),
    "exchange two rows": (swap_rows, "store"),
    "exchange two payloads": (swap_payloads, "store"),
    "delete a payload quietly": (drop_payload, "store"),
    "edit a body": (edit_body, "store"),
    "delete a body quietly": (drop_body, "store"),
    "edit a tile": (edit_tile, "tiles"),
    "edit a checkpoint": (edit_checkpoint, "checkpoints"),
    "cut the tail": (cut_tail, "checkpoints"),
    "cut the tail and sign again": (cut_and_sign, "outside"),
    "rewrite everything and sign again": (rewrite_and_sign, "outside"),
}
"""Each attack with the first layer that has to catch it."""


def run(attack: str, folder: Path) -> Found:
    """Build and seal a ledger, have it witnessed, attack it, and verify."""
    home = folder / "home"
    home.mkdir()
    build(home)
    outside = seal(home)
    store = open_store(f"sqlite:///{home / LEDGER_FILE}", clock=CLOCK)
    sealer = Sealer(home, store, WHO)
    witness = Witness(folder / "witness", WITNESS, [sealer.key()], lambda: 1)
    assert witness.add_checkpoint(request_body(0, (), outside)).status == 200
    assert check_integrity(store, sealer, outside=[outside]).holds, "before the attack everything holds"
    store.close()
    ATTACKS[attack][0](home)
    store = open_store(f"sqlite:///{home / LEDGER_FILE}", clock=CLOCK)
    sealer = Sealer(home, store, WHO)
    own = check_integrity(store, sealer)
    both = check_integrity(store, sealer, outside=[outside])
    status = _ask(witness, sealer)
    store.close()
    layers = tuple(sorted({finding.layer for finding in own.findings}))
    return Found(layers, any(finding.layer == "outside" for finding in both.findings), status)


def _ask(witness: Witness, sealer: Sealer) -> int:
    """What a witness that cosigned the true log answers to the newest checkpoint now."""
    signed = sealer.read(sealer.sizes()[-1])
    size, old = int(parse_note(signed).text.split("\n")[1]), EVENTS + 1
    proof = sealer.tree(size).consistency(old) if old <= size <= sealer.sizes()[-1] and old < size else ()
    return witness.add_checkpoint(request_body(old, proof, signed)).status


def main() -> int:
    """Print the table; 1 when an attack was not caught by the layer that has to."""
    missed = 0
    print(f"{'attack on ' + str(EVENTS) + ' sealed events':42} {'caught by own layers':28} outside  witness")
    for attack, (_, layer) in ATTACKS.items():
        with tempfile.TemporaryDirectory() as folder:
            found = run(attack, Path(folder))
        caught = found.outside if layer == "outside" else layer in found.own
        missed += not caught
        print(
            f"{attack:42} {', '.join(found.own) or 'nothing':28} {'caught' if found.outside else '-':8} "
            f"{'-' if found.witness == 200 else found.witness}{'' if caught else '   MISSED'}"
        )
    print(f"\n{'done to a plugin that was used':42} {'audit of the past':18} named by")
    for attack, expected in installed.ATTACKS.items():
        with tempfile.TemporaryDirectory() as folder:
            outcome, named = installed.run(attack, Path(folder))
        caught = outcome == expected.outcome and bool(named)
        missed += not caught
        print(f"{attack:42} {outcome:18} {named}{'' if caught else '   MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
