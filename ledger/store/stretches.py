"""One stretch of a log: every row compared with its envelope, and the tree over it. It holds, or it does not.

An envelope that its own columns and payload give again byte for byte needs no decoding; any other one is decoded and compared
field by field.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec

from ledger.clock import format_time
from ledger.events.codec import decode
from ledger.events.envelope import Envelope, Producer, StoredEvent, commitment, decode_envelope
from ledger.events.types import PayloadRedacted
from ledger.store.commit import from_us
from ledger.store.protocol import IndexRow
from ledger.store.rows import OtherwiseError, Row, Rows
from ledger.store.tlog import GROUP, Frontier, group_root

__all__ = ["Reader", "Stretch", "check_stretch", "differences"]

_MOST_TIMES = 4096

_NOTHING = '","published_at":null,"causes":[]'
_MIDDLE = re.compile(
    rb'","published_at":(?:null|"[0-9]{4}-[0-9T:.+Z-]{6,28}"),"causes":\[(?:"[0-9a-f]{32}"(?:,"[0-9a-f]{32}")*)?\]'
).fullmatch
_ESCAPED = re.compile(r'["\\\x00-\x1f]').search
_MEDIA = '","media_type":"application/json","size":'
_NOTHING_SAID = _NOTHING.encode()


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
    """The rows of a log, with the names that they refer to as envelopes write them."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.types = rows.types()
        self.producers = rows.producers()
        self.heads = {number: _head(name, 1) for number, name in self.types.items()}
        self.tails = {number: _tail(producer) for number, producer in self.producers.items()}
        self.times = _Times()
        self.redacting = {number for number, name in self.types.items() if name == PayloadRedacted.TYPE}
        self._types_to_decode = self.redacting | {
            number for number, name in self.types.items() if _ESCAPED(name)
        }
        self._producers_to_decode = {
            number
            for number, one in self.producers.items()
            if _ESCAPED(f"{one.name}{one.version}{one.identity}")
        }

    def any_to_decode(self, rows: Sequence[Row]) -> bool:
        """Whether `is_to_decode` holds for any of the rows."""
        return bool(
            _ESCAPED("".join([row[3] for row in rows]))
            or (self._types_to_decode and not self._types_to_decode.isdisjoint([row[5] for row in rows]))
            or (
                self._producers_to_decode
                and not self._producers_to_decode.isdisjoint([row[6] for row in rows])
            )
        )

    def is_to_decode(self, row: Row) -> bool:
        """Whether a row lacks its payload, orders a redaction, or has a name that JSON writes in another way than it is kept."""
        _, salt, payload, stream, _, kind, producer, _, _ = row
        return (
            salt is None
            or payload is None
            or kind in self._types_to_decode
            or producer in self._producers_to_decode
            or _ESCAPED(stream) is not None
        )


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

    def page(self, after: int, rows: Sequence[Row]) -> None:
        """Compare the rows after `after` with their envelopes. Raises OtherwiseError."""
        expected = self._expected(rows)
        if expected == [row[0] for row in rows]:
            return
        for at, (row, text) in enumerate(zip(rows, expected, strict=True), after + 1):
            if text is None or not _differs_in_the_middle(row[0], text):
                self._slowly(at, row)

    def _expected(self, rows: Sequence[Row]) -> list[bytes | None]:
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

    def _slowly(self, at: int, row: Row) -> None:
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
    begin = after
    for rows in reader.rows.pages(after, upto):
        sums.page(begin, rows)
        times = [row[8] for row in rows]
        if times != sorted(times) or (recorded and times[0] < recorded[1]):
            raise OtherwiseError("recorded before the event that precedes it")
        recorded = [recorded[0] if recorded else times[0], times[-1]]
        group = [sha256(b"\0" + row[0]).digest() for row in rows]
        if len(group) < GROUP:
            edge = group
        else:
            roots.append(group_root(group))
            rows_digests.append(sha256(b"".join(group)).digest())
        for stop in stops:
            if begin < stop < begin + GROUP:
                at_stops[stop] = Frontier().extend(group[: stop - begin]).hashes
        begin += len(rows)
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
