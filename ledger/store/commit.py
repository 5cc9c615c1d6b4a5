"""What every backend does to append: prepare before the lock, plan under it. No I/O, no SQL, no clock.

`prepare` checks the events, gives ids, salts and commits to payloads, and encodes all of the envelopes that does not depend
on the log's end: everything but version and recorded time. Under its lock a backend then looks up what is recorded already and where the streams stand, and `plan`
decides: which events are new, their positions, versions and final envelopes, and the Merkle frontier after them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec

from ledger.clock import format_time
from ledger.errors import ConflictError, DuplicateEventError, UsageError
from ledger.events.envelope import (
    ENVELOPE_VERSION,
    SALT_BYTES,
    Envelope,
    NewEvent,
    PayloadRef,
    Producer,
    commitment,
    decode_envelope,
)
from ledger.store.protocol import ANY, Appended, Entropy
from ledger.store.tlog import Frontier, Subtree

__all__ = [
    "MAX_PAYLOAD",
    "End",
    "Kind",
    "Plan",
    "Prepared",
    "Recorded",
    "Row",
    "check_key",
    "from_us",
    "id_bytes",
    "plan",
    "prepare",
    "streams_of",
    "to_us",
]

MAX_PAYLOAD = 64 * 1024 * 1024
"""Bytes that one payload may have; what is larger belongs into a body."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANDOM_BYTES = 7
_sha256 = hashlib.sha256
_ORDINALS = 1 << 24


def to_us(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


@functools.lru_cache(maxsize=1024)
def from_us(microseconds: int) -> datetime:
    """The inverse of `to_us`."""
    return _EPOCH + timedelta(microseconds=microseconds)


class Kind(msgspec.Struct, frozen=True, eq=False):
    """What events of one append have in common, and how their envelopes say it.

    The texts stand between id and stream, between causes and commitment, and between that and the size.
    """

    type: str
    producer: Producer
    before_stream: str
    before_commitment: str
    before_size: str


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """An event that is ready for `plan`. `head` and `tail` are its envelope before and after version and time.

    `named` tells whether the caller gave the id, so that it may be recorded already.
    """

    new: NewEvent
    kind: Kind
    id: str
    raw_id: bytes
    named: bool
    salt: bytes
    head: str
    tail: str


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event that the log holds under an id that is appended again."""

    position: int
    envelope: bytes
    salt: bytes | None


class End(msgspec.Struct, frozen=True):
    """The end of the log as read under the lock. `recorded_us` is 0 while the log is empty."""

    frontier: Frontier
    recorded_us: int

    @property
    def position(self) -> int:
        """The last position, 0 while the log is empty."""
        return self.frontier.size


class Row(msgspec.Struct, frozen=True, gc=False):
    """A new event as it is to be stored."""

    position: int
    version: int
    envelope: bytes
    prepared: Prepared


class Plan(msgspec.Struct, frozen=True):
    """What to write: rows, the end after them, and the subtrees that they complete.

    `appended` is what the caller gets once it is durable.
    """

    rows: list[Row]
    end: End
    appended: Appended
    subtrees: list[Subtree]


_encode = msgspec.json.Encoder().encode
_BARE = ',"stream":"","version":0,"recorded_at":"","published_at":null,"causes":[],'


@functools.lru_cache(maxsize=1024)
def _kind(type_name: str, schema: int, media_type: str, producer: Producer) -> Kind:
    """What events of one type, schema, media type and producer have in common. Raises UnicodeEncodeError."""
    payload = PayloadRef("", media_type, 0)
    bare = Envelope(ENVELOPE_VERSION, "", type_name, schema, "", 0, "", None, (), producer, payload)
    before, _, rest = _encode(bare).decode().partition(_BARE)
    end, _, size = rest.rpartition('"commitment":""')
    return Kind(
        type_name,
        producer,
        before.removeprefix('{"v":1,"id":"'),
        f'{end}"commitment":"',
        f'"{size.removesuffix("0}}")}',
    )


class _Form:
    """The parts of the envelopes of one append that its events have in common, each encoded and checked once."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, int, str, Producer], Kind] = {}
        self._streams: dict[str, str] = {}

    def kind(self, new: NewEvent, number: int) -> Kind:
        """What `new` shares with others of its type, schema, media type and producer."""
        given = (new.type, new.schema, new.media_type, new.producer)
        found = self._kinds.get(given)
        if found is None:
            _check_kind(new, number)
            with _unicode(new, number):
                found = self._kinds[given] = _kind(*given)
        return found

    def stream(self, new: NewEvent, number: int) -> str:
        """The name of its stream as JSON."""
        found = self._streams.get(new.stream)
        if found is None:
            if not (new.stream.isprintable() and new.stream):
                raise _unprintable(new, number)
            with _unicode(new, number):
                found = self._streams[new.stream] = _encode(new.stream).decode()
        return found


@contextmanager
def _unicode(new: NewEvent, number: int) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise UsageError("A text is not Unicode", which=_which(new, number), fix=str(error)) from error


def _published(new: NewEvent) -> str | None:
    """The published time of an event as its envelope says it."""
    return None if new.published_at is None else format_time(new.published_at)


def prepare(events: Sequence[NewEvent], *, entropy: Entropy, now: datetime) -> list[Prepared]:
    """Check `events` and do all work that needs no lock. Raises UsageError naming the event that cannot be appended.

    Events without an id get one: 48 bits of milliseconds of `now`, 24 of their number in the append, 56 of chance.
    """
    if len(events) >= _ORDINALS:
        raise UsageError("Too many events for one append", which=str(len(events)), fix="Append them in parts")
    salts = entropy(SALT_BYTES * len(events))
    randoms = entropy(_RANDOM_BYTES * len(events)) if any(not new.id for new in events) else b""
    stamp = (max(to_us(now), 0) // 1000).to_bytes(6, "big")
    form = _Form()
    prepared = []
    last: object = None
    for number, new in enumerate(events):
        given = (new.type, new.schema, new.media_type, new.producer)
        if given != last:
            kind, last = form.kind(new, number), given
        stream = form.stream(new, number)
        payload = new.payload
        causes = new.causes
        if new.id or causes or len(payload) > MAX_PAYLOAD:
            _check(new, number)
        if new.id:
            raw_id, event_id = bytes.fromhex(new.id), new.id
        else:
            chance = randoms[number * _RANDOM_BYTES : (number + 1) * _RANDOM_BYTES]
            raw_id = stamp + number.to_bytes(3, "big") + chance
            event_id = raw_id.hex()
        salt = salts[number * SALT_BYTES : (number + 1) * SALT_BYTES]
        digest = _sha256(salt)
        digest.update(payload)
        published = "null" if new.published_at is None else f'"{format_time(new.published_at)}"'
        named = '["' + '","'.join(causes) + '"]' if causes else "[]"
        head = f'{{"v":{ENVELOPE_VERSION},"id":"{event_id}{kind.before_stream},"stream":{stream},"version":'
        tail = (
            f'","published_at":{published},"causes":{named},{kind.before_commitment}{digest.hexdigest()}'
            f"{kind.before_size}{len(payload)}}}}}"
        )
        prepared.append(Prepared(new, kind, event_id, raw_id, bool(new.id), salt, head, tail))
    return prepared


def _which(new: NewEvent, number: int) -> str:
    return f"event {number} of the append, type {new.type!r}, stream {new.stream!r}"


def _unprintable(new: NewEvent, number: int) -> UsageError:
    return UsageError("Type and stream of an event are non-empty printable texts", which=_which(new, number))


def _check_kind(new: NewEvent, number: int) -> None:
    if not (new.type.isprintable() and new.type):
        raise _unprintable(new, number)
    if new.schema < 1:
        raise UsageError("Schema versions count from 1", which=f"{_which(new, number)}, schema {new.schema}")


def _check(new: NewEvent, number: int) -> None:
    if len(new.payload) > MAX_PAYLOAD:
        raise UsageError(
            "A payload is too large",
            which=f"{_which(new, number)}, {len(new.payload)} bytes",
            fix=f"Keep payloads under {MAX_PAYLOAD} bytes; put large content into a body",
        )
    for event_id in (new.id, *new.causes) if new.id else new.causes:
        if id_bytes(event_id) is None:
            raise UsageError(
                "An event id is 32 lower-case hex digits", which=f"{event_id!r} in {_which(new, number)}"
            )


def id_bytes(event_id: str) -> bytes | None:
    """The 16 bytes of an event id, None for a text that is no id."""
    try:
        raw = bytes.fromhex(event_id)
    except ValueError:
        return None
    return raw if len(raw) == 16 and raw.hex() == event_id else None


def check_key(text: str) -> str:
    """`text` if a lookup key, its value, or a part of a task can be kept as it is; raises UsageError otherwise."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError("A key is not Unicode text", which=repr(text), fix=str(error)) from error
    if "\x00" in text:
        raise UsageError("A key cannot contain a NUL character", which=repr(text))
    return text


def streams_of(prepared: Iterable[Prepared], expected: Mapping[str, int]) -> list[str]:
    """The streams whose versions `plan` needs, each once, in order of appearance."""
    names = dict.fromkeys([item.new.stream for item in prepared])
    names.update(dict.fromkeys(expected))
    return list(names)


def plan(
    prepared: Sequence[Prepared],
    *,
    recorded: Mapping[bytes, Recorded],
    versions: Mapping[str, int],
    expected: Mapping[str, int],
    end: End,
    now: datetime,
) -> Plan:
    """Decide what the append writes.

    `recorded` holds the events already in the log by id, `versions` the last version of every stream of `streams_of` (0
    for a new one). The recorded time is `now`, but never before the last one. Raises DuplicateEventError, ConflictError.

    A repeated append is no conflict: `expected` is not asked when nothing is new, nor for a stream whose events in this
    append are all recorded already.
    """
    recorded_us = max(to_us(now), end.recorded_us)
    gap = f',"recorded_at":"{format_time(from_us(recorded_us))}'
    reached = dict(versions)
    repeated: set[str] = set()
    here: dict[bytes, tuple[int, Prepared]] = {}
    rows: list[Row] = []
    leaves: list[bytes] = []
    positions: list[int] = []
    position = end.position
    for item in prepared:
        stream = item.new.stream
        if item.named:
            known = _known(item, recorded.get(item.raw_id), here.get(item.raw_id))
            if known:
                repeated.add(stream)
                positions.append(known)
                continue
            here[item.raw_id] = (position + 1, item)
        position += 1
        reached[stream] = version = reached[stream] + 1
        envelope = f"{item.head}{version}{gap}{item.tail}".encode()
        leaves.append(_sha256(b"\x00" + envelope).digest())
        rows.append(Row(position, version, envelope, item))
        positions.append(position)
    if rows or not prepared:
        _check_expected(expected, versions, reached, repeated)
    frontier, subtrees = end.frontier.grow(leaves)
    return Plan(
        rows,
        End(frontier, recorded_us if rows else end.recorded_us),
        Appended(tuple(positions), tuple([item.id for item in prepared]), len(rows)),
        subtrees,
    )


def _known(item: Prepared, stored: Recorded | None, earlier: tuple[int, Prepared] | None) -> int:
    """The position of the event that has this id already, 0 when there is none."""
    if stored is not None:
        if not _same_as_stored(item, stored):
            raise _duplicate(item.new.id, stored.position)
        return stored.position
    if earlier is not None:
        position, other = earlier
        if msgspec.structs.replace(item.new, published_at=None) != msgspec.structs.replace(
            other.new, published_at=None
        ) or _published(item.new) != _published(other.new):
            raise _duplicate(item.new.id, position)
        return position
    return 0


def _same_as_stored(item: Prepared, stored: Recorded) -> bool:
    """Whether the recorded event is this one. Of a redacted payload only the size can still be compared."""
    new, envelope = item.new, decode_envelope(stored.envelope)
    return (
        envelope.type == new.type
        and envelope.schema == new.schema
        and envelope.stream == new.stream
        and envelope.published_at == _published(new)
        and envelope.causes == new.causes
        and envelope.producer == new.producer
        and envelope.payload.media_type == new.media_type
        and envelope.payload.size == len(new.payload)
        and (stored.salt is None or commitment(stored.salt, new.payload) == envelope.payload.commitment)
    )


def _duplicate(event_id: str, position: int) -> DuplicateEventError:
    return DuplicateEventError(
        "An event with this id but other content is recorded already",
        which=f"{event_id} at position {position}",
        fix="Give the new event an id of its own",
    )


def _check_expected(
    expected: Mapping[str, int],
    versions: Mapping[str, int],
    reached: Mapping[str, int],
    repeated: Container[str],
) -> None:
    for stream, wanted in expected.items():
        found = versions[stream]
        if wanted < ANY:
            raise UsageError("Not an expected version", which=f"{wanted} for stream {stream!r}")
        only_repeated = stream in repeated and reached[stream] == found
        if wanted not in (ANY, found) and not only_repeated:
            raise ConflictError(
                "A stream is not at the expected version",
                which=f"{stream}: expected {wanted}, found {found}",
                fix="Read the stream again and decide anew",
            )
