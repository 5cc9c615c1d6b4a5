"""One stretch of a log in an SQLite file: every row compared with its envelope, and the tree over it. It holds, or it does not.

An envelope that its own columns and payload give again byte for byte needs no decoding; any other one is decoded and compared
field by field.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from ledger.clock import format_time
from ledger.events.codec import decode
from ledger.events.envelope import Envelope, Producer, StoredEvent, commitment, decode_envelope
from ledger.events.types import PayloadRedacted
from ledger.store.commit import from_us
from ledger.store.protocol import IndexRow
from ledger.store.tlog import GROUP, Frontier, group_root

__all__ = ["OtherwiseError", "Reader", "Stretch", "check_stretch", "differences"]

_PAGE = GROUP
"""Rows that are held at once. Few enough that they stay in the cache of a processor: four times as many cost a tenth more."""
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

_NOTHING = '","published_at":null,"causes":[]'
_MIDDLE = re.compile(
    rb'","published_at":(?:null|"[0-9]{4}-[0-9T:.+Z-]{6,28}"),"causes":\[(?:"[0-9a-f]{32}"(?:,"[0-9a-f]{32}")*)?\]'
).fullmatch
_ESCAPED = re.compile(r'["\\\x00-\x1f]').search
_MEDIA = '","media_type":"application/json","size":'
_NOTHING_SAID = _NOTHING.encode()


class OtherwiseError(Exception):
    """Something is not in order."""


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
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


class Reader:
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
        self._types_to_decode = {
            number for number, name in self.types.items() if _ESCAPED(name)
        } | self.redacting
        self._producers_to_decode = {
            number
            for number, one in self.producers.items()
            if _ESCAPED(f"{one.name}{one.version}{one.identity}")
        }

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()

    def page(self, after: int, upto: int) -> list[tuple[Any, ...]]:
        """The rows after `after`, all of them. Raises OtherwiseError when one is missing."""
        rows = self._connection.execute(_ROWS, (after, upto)).fetchall()
        if len(rows) != upto - after:
            raise OtherwiseError("a row is missing")
        return rows

    def any_to_decode(self, rows: Sequence[tuple[Any, ...]]) -> bool:
        """Whether `is_to_decode` holds for any of the rows."""
        return bool(
            _ESCAPED("".join([row[3] for row in rows]))
            or (self._types_to_decode and not self._types_to_decode.isdisjoint([row[5] for row in rows]))
            or (
                self._producers_to_decode
                and not self._producers_to_decode.isdisjoint([row[6] for row in rows])
            )
        )

    def is_to_decode(self, row: tuple[Any, ...]) -> bool:
        """Whether a row lacks its payload, orders a redaction, or has a name that JSON writes in another way than it is kept."""
        _, salt, payload, stream, _, kind, producer, _, _ = row
        return (
            salt is None
            or payload is None
            or kind in self._types_to_decode
            or producer in self._producers_to_decode
            or _ESCAPED(stream) is not None
        )

    def check_streams(self, part: int, parts: int) -> None:
        """Whether the events of a stream are numbered in the order of the log, for one part of the streams."""
        (last,) = self._connection.execute("SELECT coalesce(max(stream), 0) FROM events").fetchone()
        bounds = [last * at // parts for at in (part, part + 1)]
        first = bounds[0] if part else -_LAST_ID
        if self._connection.execute(_OUT_OF_ORDER, (first, bounds[1])).fetchone():
            raise OtherwiseError("a stream is out of order")


class _Times(dict[int, str]):
    """The text of a time by what its column holds; the events of one append share theirs."""

    def __missing__(self, us: int) -> str:
        if len(self) > _MOST_TIMES:
            self.clear()
        text = self[us] = format_time(from_us(us))
        return text


def _head(name: str, schema: int) -> str:
    return f'","type":"{name}","schema":{schema},"stream":"'


def _tail(producer: Producer) -> str:
    return f',"producer":{msgspec.json.encode(producer).decode()},"payload":{{"commitment":"'


def _differs_in_the_middle(envelope: bytes, expected: bytes) -> bool:
    """Whether an envelope is the expected one but for when it was published and what caused it, well formed."""
    head, _, tail = expected.partition(_NOTHING_SAID)
    return (
        envelope.startswith(head)
        and envelope.endswith(tail)
        and _MIDDLE(envelope, len(head), len(envelope) - len(tail)) is not None
    )


class _Sums:
    """What has been seen of one stretch."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.without_payload: list[int] = []
        self.ordered_positions: list[int] = []
        self.ordered_bodies: list[str] = []

    def page(self, after: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """Compare the rows after `after` with their envelopes. Raises OtherwiseError."""
        expected = self._expected(rows)
        if expected == [row[0] for row in rows]:
            return
        for at, (row, text) in enumerate(zip(rows, expected, strict=True), after + 1):
            if text is None or not _differs_in_the_middle(row[0], text):
                self._slowly(at, row)

    def _expected(self, rows: Sequence[tuple[Any, ...]]) -> list[bytes | None]:
        """The envelopes that columns and payloads give if nothing says when the events were published and what caused them.

        None for rows that only decoding their envelopes can compare.
        """
        reader = self._reader
        heads, tails, times = reader.heads, reader.tails, reader.times
        if reader.any_to_decode(rows):
            rows = [(*row[:2], None, *row[3:]) if reader.is_to_decode(row) else row for row in rows]
        return [
            f'{{"v":1,"id":"{raw_id.hex()}{heads[kind]}{stream}","version":{version},"recorded_at":"{times[us]}'
            f"{_NOTHING}{tails[producer]}{sha256(salt + payload).hexdigest()}{_MEDIA}{len(payload)}}}}}".encode()
            if payload is not None
            else None
            for _, salt, payload, stream, version, kind, producer, raw_id, us in rows
        ]

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
            raise OtherwiseError("a column differs")
        self._reader.heads[kind] = _head(envelope.type, envelope.schema)
        if salt is None and payload is None:
            self.without_payload.append(at)
        elif (
            commitment(salt, payload) != envelope.payload.commitment or len(payload) != envelope.payload.size
        ):
            raise OtherwiseError("a payload differs")
        elif kind in self._reader.redacting:
            order = decode(StoredEvent(at, envelope, raw, payload, salt))
            if isinstance(order, PayloadRedacted):
                self.ordered_positions += [one for one in order.positions if 0 < one < at]
                self.ordered_bodies += order.bodies


def check_stretch(reader: Reader, after: int, upto: int, stops: Sequence[int]) -> Stretch:
    """Check the events after `after`, a multiple of 256, up to `upto`; `stops` are sizes between at which a root is known.

    Raises OtherwiseError, and whatever rows end in that are not what newsledger writes.
    """
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
            raise OtherwiseError("recorded before the event that precedes it")
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
    return Stretch(
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
