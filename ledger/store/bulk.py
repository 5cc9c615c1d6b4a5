"""Verifying a log in an SQLite file in bulk: in stretches, side by side, and only as far as everything is in order.

An envelope that its own columns and payload give again byte for byte needs no decoding; any other one is decoded and compared
field by field. What is not in order is not described here: `verify_store` then reads the log event by event and finds the words.
A process of its own checks a share of the stretches: `python -m ledger.store.bulk` reads a `Share` and writes a line for each.
"""

from __future__ import annotations

import functools
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from ledger.clock import format_time
from ledger.errors import LedgerError
from ledger.events.codec import decode
from ledger.events.envelope import (
    Envelope,
    Producer,
    StoredEvent,
    commitment,
    decode_envelope,
)
from ledger.events.types import PayloadRedacted
from ledger.store.commit import from_us
from ledger.store.protocol import IndexRow
from ledger.store.tlog import GROUP, Frontier, group_root

__all__ = ["Checked", "check_log_in_bulk", "differences"]

_STRETCH = 128 * GROUP
_PAGE = 4 * GROUP
_ALONE = 50_000
"""Events that are checked sooner than another process has started."""
_MOST_PROCESSES = 8
_MOST_TIMES = 4096
_LAST_ID = 2**62

_ROWS = """
    SELECT e.envelope, e.salt, e.payload, s.name, e.version, e.type, e.producer, e.event_id, e.recorded_at
    FROM events AS e CROSS JOIN streams AS s ON s.id = e.stream
    WHERE e.position > ? AND e.position <= ? ORDER BY e.position
"""
_OUT_OF_ORDER = """
    WITH several AS (
        SELECT stream FROM events WHERE stream > ? AND stream <= ? GROUP BY stream
        HAVING count(*) > 1 OR min(version) <> 1
    )
    SELECT 1 FROM (
        SELECT version, position, lag(version, 1, 0) OVER streams AS before, lag(position, 1, 0) OVER streams AS after
        FROM several JOIN events USING (stream) WINDOW streams AS (PARTITION BY stream ORDER BY version)
    ) WHERE version <> before + 1 OR position <= after LIMIT 1
"""

_BEGIN = '","published_at":'
_NOTHING = f'{_BEGIN}null,"causes":[]'
_MIDDLE = re.compile(
    rf'{_BEGIN}(?:null|"[0-9]{{4}}-[0-9T:.+Z-]{{6,28}}"),"causes":\[(?:"[0-9a-f]{{32}}"(?:,"[0-9a-f]{{32}}")*)?\]'
).fullmatch
_ESCAPED = re.compile(r'["\\\x00-\x1f]').search
_MEDIA = '","media_type":"application/json","size":'
_NEVER = "\0"
"""In no envelope: stands for a name that JSON writes in another way than it is kept."""


class _OtherwiseError(Exception):
    """Something is not in order."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a log that is in order gives: its tree, and what the orders of redactions leave to compare.

    `roots` and `rows` are for each full group of 256 leaves: its root, and the SHA-256 over its leaf hashes as a tile joins them.
    """

    frontier: Frontier
    roots: tuple[bytes, ...]
    rows: tuple[bytes, ...]
    redacted: frozenset[int]
    bodies: frozenset[str]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one process does: of the log's first `position` events each `step`th stretch from `first` on, and of the streams a part."""

    path: str
    position: int
    stretch: int
    first: int
    step: int
    stops: tuple[int, ...]


class _Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Of the events after `after`: their tree in groups, the leaves that fill no group, roots at sizes that were asked for."""

    after: int
    count: int
    roots: tuple[bytes, ...]
    rows: tuple[bytes, ...]
    edge: tuple[bytes, ...]
    at_stops: dict[int, tuple[bytes, ...]]
    without_payload: tuple[int, ...]
    ordered_positions: tuple[int, ...]
    ordered_bodies: tuple[str, ...]
    recorded: tuple[int, int]


def differences(row: IndexRow, envelope: Envelope) -> Iterator[str]:
    """Where the columns beside an envelope say something else than it does."""
    pairs = (
        ("event id", row.id, envelope.id),
        ("type", row.type, envelope.type),
        ("stream", row.stream, envelope.stream),
        ("version", row.version, envelope.version),
        ("recorded time", _time_text(row.recorded_at), envelope.recorded_at),
        ("producer", row.producer, envelope.producer),
    )
    for name, column, said in pairs:
        if column != said:
            yield f"The index has {name} {column!r}, and the envelope {said!r}"


_time_text = functools.lru_cache(maxsize=1024)(format_time)
"""The events of one append share their time."""


class _Reader:
    """One connection with the names that events refer to."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)
        self.types: dict[int, str] = dict(self._connection.execute("SELECT id, name FROM types"))
        self.producers = {
            number: Producer(*names)
            for number, *names in self._connection.execute(
                "SELECT id, name, version, identity FROM producers"
            )
        }
        self.heads = {number: _head(name, 1) for number, name in self.types.items()}
        self.tails = {number: _tail(producer) for number, producer in self.producers.items()}
        self.times = _Times()
        self.redacting = {number for number, name in self.types.items() if name == PayloadRedacted.TYPE}

    def close(self) -> None:
        self._connection.close()

    def page(self, after: int, upto: int) -> list[tuple[Any, ...]]:
        """The rows after `after`, all of them. Raises _OtherwiseError when one is missing."""
        rows = self._connection.execute(_ROWS, (after, upto)).fetchall()
        if len(rows) != upto - after:
            raise _OtherwiseError("a row is missing")
        return rows

    def check_streams(self, part: int, parts: int) -> None:
        """Whether the events of a stream are numbered in the order of the log, for one part of the streams."""
        (last,) = self._connection.execute("SELECT coalesce(max(stream), 0) FROM events").fetchone()
        bounds = [last * at // parts for at in (part, part + 1)]
        first = bounds[0] if part else -_LAST_ID
        if self._connection.execute(_OUT_OF_ORDER, (first, bounds[1])).fetchone():
            raise _OtherwiseError("a stream is out of order")


class _Times(dict[int, str]):
    """The text of a time by what its column holds; the events of one append share theirs."""

    def __missing__(self, us: int) -> str:
        if len(self) > _MOST_TIMES:
            self.clear()
        text = self[us] = format_time(from_us(us))
        return text


def _head(name: str, schema: int) -> str:
    return _NEVER if _ESCAPED(name) else f'","type":"{name}","schema":{schema},"stream":"'


def _tail(producer: Producer) -> str:
    if _ESCAPED(f"{producer.name}{producer.version}{producer.identity}"):
        return _NEVER
    return f',"producer":{msgspec.json.encode(producer).decode()},"payload":{{"commitment":"'


class _Sums:
    """What has been seen of one stretch."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self.without_payload: list[int] = []
        self.ordered_positions: list[int] = []
        self.ordered_bodies: list[str] = []

    def page(self, after: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Compare the rows after `after` with their envelopes. Raises _OtherwiseError."""
        heads, tails, times = self._reader.heads, self._reader.tails, self._reader.times
        redacting = self._reader.redacting
        plain = _ESCAPED("".join([row[3] for row in rows])) is None
        for at, row in enumerate(rows, after + 1):
            envelope, salt, payload, stream, version, kind, producer, raw_id, us = row
            if plain and payload is not None and salt is not None and kind not in redacting:
                text, digest = envelope.decode(), sha256(salt + payload).hexdigest()
                head = f'{{"v":1,"id":"{raw_id.hex()}{heads[kind]}{stream}","version":{version},"recorded_at":"{times[us]}'
                tail = f"{tails[producer]}{digest}{_MEDIA}{len(payload)}}}}}"
                if text == f"{head}{_NOTHING}{tail}" or (
                    text.startswith(head)
                    and text.endswith(tail)
                    and _MIDDLE(text, len(head), len(text) - len(tail))
                ):
                    continue
            self._slowly(at, row)

    def _slowly(self, at: int, row: tuple[Any, ...]) -> None:
        raw, salt, payload, stream, version, kind, producer, raw_id, us = row
        envelope = decode_envelope(raw)
        found = IndexRow(
            position=at,
            envelope=raw,
            salt=salt,
            payload=payload,
            id=raw_id.hex(),
            type=self._reader.types[kind],
            stream=stream,
            version=version,
            recorded_at=from_us(us),
            producer=self._reader.producers[producer],
        )
        if any(differences(found, envelope)):
            raise _OtherwiseError("a column differs")
        self._reader.heads[kind] = _head(envelope.type, envelope.schema)
        if salt is None and payload is None:
            self.without_payload.append(at)
        elif (
            commitment(salt, payload) != envelope.payload.commitment or len(payload) != envelope.payload.size
        ):
            raise _OtherwiseError("a payload differs")
        elif kind in self._reader.redacting:
            order = decode(StoredEvent(at, envelope, raw, payload, salt))
            if isinstance(order, PayloadRedacted):
                self.ordered_positions += [one for one in order.positions if 0 < one < at]
                self.ordered_bodies += order.bodies


def _check_stretch(reader: _Reader, after: int, upto: int, stops: Sequence[int]) -> _Stretch:
    sums = _Sums(reader)
    roots, rows_digests = [], []
    edge: list[bytes] = []
    at_stops: dict[int, tuple[bytes, ...]] = {}
    recorded: list[int] = []
    for begin in range(after, upto, _PAGE):
        rows = reader.page(begin, min(begin + _PAGE, upto))
        sums.page(begin, rows)
        times = [row[8] for row in rows]
        if times != sorted(times) or (recorded and times[0] < recorded[1]):
            raise _OtherwiseError("recorded before the event that precedes it")
        recorded = [recorded[0] if recorded else times[0], times[-1]]
        leaves = [sha256(b"\0" + row[0]).digest() for row in rows]
        for first in range(0, len(leaves), GROUP):
            group = leaves[first : first + GROUP]
            if len(group) < GROUP:
                edge = group
            else:
                roots.append(group_root(group))
                rows_digests.append(sha256(b"".join(group)).digest())
            for stop in stops:
                if begin + first < stop < begin + first + GROUP:
                    at_stops[stop] = Frontier().extend(group[: stop - begin - first]).hashes
    return _Stretch(
        after=after,
        count=upto - after,
        roots=tuple(roots),
        rows=tuple(rows_digests),
        edge=tuple(edge),
        at_stops=at_stops,
        without_payload=tuple(sums.without_payload),
        ordered_positions=tuple(sums.ordered_positions),
        ordered_bodies=tuple(sums.ordered_bodies),
        recorded=(recorded[0], recorded[1]),
    )


def _work(share: Share) -> Iterator[_Stretch]:
    with closing(_Reader(share.path)) as reader:
        for after in range(share.first * share.stretch, share.position, share.step * share.stretch):
            upto = min(after + share.stretch, share.position)
            yield _check_stretch(reader, after, upto, [stop for stop in share.stops if after < stop <= upto])
        reader.check_streams(share.first, share.step)


_FAULTS = (
    _OtherwiseError,
    LedgerError,
    msgspec.MsgspecError,
    OSError,
    sqlite3.Error,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    OverflowError,
)
"""What rows that are not in order end in."""


def check_log_in_bulk(
    path: Path,
    position: int,
    root: str,
    roots: Mapping[int, str],
    *,
    jobs: int = 0,
    stretch: int = _STRETCH,
    progress: Callable[[int, int], None] | None = None,
) -> Checked | None:
    """Check the first `position` events of the log in the file at `path` against its head's `root` and other known `roots`.

    `jobs` processes do it, `stretch` events (a multiple of 256) at a time; 0 means one for each core, as far as the log is long
    enough. None when anything is not in order.
    """
    stops = tuple(sorted(size for size in roots if size % GROUP and size < position))
    if any(size > position for size in roots):
        return None
    jobs = jobs or min(_cores(), _MOST_PROCESSES, max(1, position // _ALONE))
    shares = [
        Share(path=str(path), position=position, stretch=stretch, first=at, step=jobs, stops=stops)
        for at in range(jobs)
    ]
    try:
        found = sorted(_gather(shares, position, progress), key=lambda one: one.after)
        return _joined(found, position, root, roots)
    except _FAULTS:
        return None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gather(
    shares: Sequence[Share], position: int, progress: Callable[[int, int], None] | None
) -> list[_Stretch]:
    found: list[_Stretch] = []
    lock, failed = threading.Lock(), threading.Event()

    def take(stretches: Iterator[_Stretch]) -> None:
        try:
            for one in stretches:
                with lock:
                    found.append(one)
                    if progress is not None:
                        progress(sum(stretch.count for stretch in found), position)
        except _FAULTS:
            failed.set()

    others = [threading.Thread(target=take, args=(_elsewhere(share, failed),)) for share in shares[1:]]
    for thread in others:
        thread.start()
    take(_work(shares[0]))
    for thread in others:
        thread.join()
    if failed.is_set():
        raise _OtherwiseError("found by a share")
    return found


def _elsewhere(share: Share, failed: threading.Event) -> Iterator[_Stretch]:
    """The stretches of a share, checked by another process. Raises _OtherwiseError when that ends otherwise than well."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "ledger.store.bulk"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(share))
        process.stdin.close()
        for line in process.stdout:
            if failed.is_set():
                process.kill()
            yield msgspec.json.decode(line, type=_Stretch)
    if process.returncode:
        raise _OtherwiseError(f"the process ended with {process.returncode}")


def _joined(found: Sequence[_Stretch], position: int, root: str, roots: Mapping[int, str]) -> Checked:
    frontier, recorded = Frontier(), 0
    without: set[int] = set()
    ordered: set[int] = set()
    bodies: set[str] = set()
    for one in found:
        if one.after != frontier.size or one.recorded[0] < recorded:
            raise _OtherwiseError("stretches do not go together")
        frontier, recorded = _extended(frontier, one, roots), one.recorded[1]
        without.update(one.without_payload)
        ordered.update(one.ordered_positions)
        bodies.update(one.ordered_bodies)
    if (frontier.size, frontier.root().hex()) != (position, root) or without - ordered:
        raise _OtherwiseError("the root differs, or a payload is gone")
    return Checked(
        frontier=frontier,
        roots=tuple(hash_ for one in found for hash_ in one.roots),
        rows=tuple(hash_ for one in found for hash_ in one.rows),
        redacted=frozenset(without),
        bodies=frozenset(bodies),
    )


def _extended(frontier: Frontier, one: _Stretch, roots: Mapping[int, str]) -> Frontier:
    """The frontier after a stretch. Raises _OtherwiseError when a root that is known does not come out."""

    def compare(reached: Frontier) -> None:
        if roots.get(reached.size, root := reached.root().hex()) != root:
            raise _OtherwiseError("a root that is known does not come out")

    stops = sorted(one.at_stops)
    for group in (*one.roots, None):
        while stops and (group is None or stops[0] < frontier.size + GROUP):
            size = stops.pop(0)
            compare(Frontier(size, (*frontier.hashes, *one.at_stops[size])))
        if group is not None:
            frontier = frontier.extend((group,), height=GROUP.bit_length() - 1)
            if frontier.size in roots:
                compare(frontier)
    frontier = frontier.extend(one.edge)
    compare(frontier)
    return frontier


def main() -> int:
    """Check a share that standard input names; 1 when anything is not in order."""
    share = msgspec.json.decode(sys.stdin.buffer.read(), type=Share)
    try:
        for one in _work(share):
            sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
            sys.stdout.buffer.flush()
    except _FAULTS:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
