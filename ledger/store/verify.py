"""Does a log hold what it committed to: every check that needs nothing but the store itself.

`verify_store` recomputes the Merkle root from the stored bytes and compares payloads, bodies and index columns with what
the envelopes say. `check_log` decodes every payload, as a release must be able to before it is trusted with the log.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from ledger.errors import CorruptionError
from ledger.events.codec import Redacted, Unknown, decode
from ledger.events.envelope import Envelope, StoredEvent, commitment, decode_envelope
from ledger.events.types import ArticleRevision, BodyRef, FeedFetched, PayloadRedacted
from ledger.store.bulk import Checked, check_log_in_bulk
from ledger.store.protocol import Head, IndexRow, Store
from ledger.store.rows import Where
from ledger.store.stretches import differences
from ledger.store.tlog import GROUP, Frontier, group_root, leaf_hash

__all__ = [
    "LogCheck",
    "Problem",
    "Progress",
    "Verifiable",
    "Verification",
    "check_log",
    "verify_log",
    "verify_store",
]

Progress = Callable[[int, int], None]
"""Called now and then with the number of events done and the number of all."""

_STEP = 4096
_ANY_NUMBER = 2**62
_MOST_PROBLEMS = 100


class Problem(msgspec.Struct, frozen=True):
    """Something that does not hold. `position` is 0 when it concerns no single event."""

    position: int
    what: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of `verify_store`: what was looked at, the root recomputed from the stored bytes, what does not hold.

    Problems are in the order of the log, at most 100; `first` is the first position that differs, if any is known.
    """

    position: int
    root: str
    redacted: int
    bodies: int
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether everything is as it was committed to."""
        return not self.problems

    @property
    def first(self) -> int | None:
        """The first position that differs."""
        return min((problem.position for problem in self.problems if problem.position), default=None)


class LogCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of `check_log`: events by type, those of types this release does not know, those without payload."""

    position: int
    types: dict[str, int]
    unknown: dict[str, int]
    redacted: int
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether this release can read all of the log."""
        return not self.problems


class Verifiable(Protocol):
    """What verifying asks of a log: a part of `Store`."""

    def head(self) -> Head: ...  # noqa: D102 - as in Store

    def index_rows(self, after: int = 0, *, upto: int | None = None) -> Iterator[IndexRow]: ...  # noqa: D102

    def sealed(self, level: int, start: int, end: int) -> Iterator[tuple[int, bytes]]: ...  # noqa: D102

    def body_keys(self) -> Iterator[str]: ...  # noqa: D102

    def get_body(self, key: str) -> bytes | None: ...  # noqa: D102


def verify_store(
    store: Verifiable,
    progress: Progress | None = None,
    *,
    roots: Mapping[int, str] | None = None,
    jobs: int = 0,
) -> Verification:
    """Recompute and compare everything up to the present head; never raises for a log that does not hold.

    `roots` are roots known from elsewhere, such as a signed checkpoint kept outside: size of the log -> hex root. They
    narrow down where an envelope was changed, which the log's own root can only say of the whole. `jobs` processes check a log
    in a database; 0 means as many as there are cores, when it is long enough.
    """
    return verify_log(store, progress, roots=roots, jobs=jobs)[0]


def verify_log(
    store: Verifiable,
    progress: Progress | None = None,
    *,
    roots: Mapping[int, str] | None = None,
    jobs: int = 0,
) -> tuple[Verification, Checked | None]:
    """As `verify_store`, with the tree of the log when it was checked in bulk and holds."""
    known = dict(roots or {})
    try:
        head = store.head()
    except CorruptionError as error:
        lost = Problem(0, str(error))
        return Verification(position=0, root="", redacted=0, bodies=0, problems=(lost,)), None
    where: Where | None = getattr(store, "where", None)
    checked = None
    if where is not None:
        checked = check_log_in_bulk(where, head.position, head.root, known, jobs=jobs, progress=progress)
    checker = _Checker(known)
    if checked is not None:
        checker.take(checked)
    else:
        _read_all(store, checker, head, progress)
    _check_end(store, checker, head)
    _check_sealed(store, checker)
    bodies = sum(1 for _ in checker.bodies(store))
    if progress:
        progress(head.position, head.position)
    problems = sorted(checker.problems, key=lambda problem: problem.position or head.position + 1)
    found = Verification(
        position=checker.frontier.size,
        root=checker.frontier.root().hex(),
        redacted=len(checker.without_payload),
        bodies=bodies,
        problems=tuple(problems),
    )
    return found, checked


def _read_all(store: Verifiable, checker: _Checker, head: Head, progress: Progress | None) -> None:
    try:
        for row in store.index_rows(upto=head.position):
            checker.event(row)
            if progress and row.position % _STEP == 0:
                progress(row.position, head.position)
        checker.end(head.position, head.root)
    except CorruptionError as error:
        checker.problem(checker.frontier.size + 1, f"It cannot be read: {error}")
    except (TypeError, ValueError, OverflowError):
        checker.problem(
            checker.frontier.size + 1, "A column holds a value of a kind that newsledger does not write"
        )


def _check_end(store: Verifiable, checker: _Checker, head: Head) -> None:
    try:
        for row in itertools.islice(store.index_rows(head.position), 1):
            if row.position > store.head().position:
                checker.problem(row.position, "It lies past the head of the log")
    except CorruptionError as error:
        checker.problem(head.position + 1, f"It cannot be read: {error}")


def _check_sealed(store: Verifiable, checker: _Checker) -> None:
    """Compare the subtrees that were sealed as the log grew with those that its events give."""
    level, roots, span = 1, checker.groups, GROUP
    while True:
        for number, root in store.sealed(level, 0, _ANY_NUMBER):
            if number >= len(roots) or root != roots[number]:
                first, last = number * span + 1, (number + 1) * span
                checker.problem(0, f"The sealed root over the events {first} to {last} is not what they give")
        if not roots:
            return
        whole = len(roots) // GROUP * GROUP
        roots = [group_root(roots[at : at + GROUP]) for at in range(0, whole, GROUP)]
        level, span = level + 1, span * GROUP


class _Checker:
    """What has been seen of the log so far."""

    def __init__(self, roots: dict[int, str]) -> None:
        self.frontier = Frontier()
        self.groups: list[bytes] = []
        self.problems: list[Problem] = []
        self.without_payload: set[int] = set()
        self._roots = roots
        self._last_proven = 0
        self._versions: Counter[str] = Counter()
        self._recorded: datetime | None = None
        self._ordered_positions: set[int] = set()
        self._ordered_bodies: set[str] = set()

    def take(self, checked: Checked) -> None:
        """What was found in bulk."""
        self.frontier = checked.frontier
        self.groups = list(checked.roots)
        self.without_payload = set(checked.redacted)
        self._ordered_bodies = set(checked.bodies)

    def problem(self, position: int, what: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(position, what))

    def event(self, row: IndexRow) -> None:
        """Check one event against its envelope and its place."""
        at = row.position
        if at != self.frontier.size + 1:
            self.problem(self.frontier.size + 1, f"Missing; the next event found is at position {at}")
        row = self._of_bytes(row)
        self.frontier, completed = self.frontier.grow((leaf_hash(row.envelope),))
        self.groups += [one.root for one in completed if one.level == 1]
        self._check_root()
        try:
            envelope = decode_envelope(row.envelope)
        except CorruptionError as error:
            self.problem(at, str(error))
            return
        for what in differences(row, envelope):
            self.problem(at, what)
        self._versions[envelope.stream] += 1
        if envelope.version != self._versions[envelope.stream]:
            self.problem(
                at,
                f"Version {envelope.version} of its stream is number {self._versions[envelope.stream]} in the log",
            )
        if self._recorded is not None and row.recorded_at < self._recorded:
            self.problem(at, "Recorded before the event that precedes it")
        self._recorded = row.recorded_at
        self._payload(row, envelope)

    def _of_bytes(self, row: IndexRow) -> IndexRow:
        """A database holds what it is given: text where bytes belong was put there by somebody else."""
        values: dict[str, object] = {name: getattr(row, name) for name in ("envelope", "payload", "salt")}
        foreign = {name: value for name, value in values.items() if isinstance(value, str)}
        for name in foreign:
            self.problem(row.position, f"Its {name} is text where bytes belong: another program wrote it")
        if not foreign:
            return row
        return msgspec.structs.replace(row, **{name: str(value).encode() for name, value in foreign.items()})

    def _check_root(self) -> None:
        size = self.frontier.size
        known = self._roots.get(size)
        if known is None:
            return
        if known == self.frontier.root().hex():
            self._last_proven = size
        else:
            self.problem(
                self._last_proven + 1, f"The first {size} events do not give the root that is known for them"
            )

    def _payload(self, row: IndexRow, envelope: Envelope) -> None:
        if row.payload is None or row.salt is None:
            self.without_payload.add(row.position)
            if (row.payload is None) != (row.salt is None):
                self.problem(row.position, "Only one of payload and salt is there")
            return
        if commitment(row.salt, row.payload) != envelope.payload.commitment:
            self.problem(row.position, "The payload is not the one that the envelope commits to")
        elif len(row.payload) != envelope.payload.size:
            self.problem(row.position, "The payload has another size than the envelope says")
        elif envelope.type == PayloadRedacted.TYPE:
            self._order(row, envelope)

    def _order(self, row: IndexRow, envelope: Envelope) -> None:
        try:
            order = decode(StoredEvent(row.position, envelope, row.envelope, row.payload, row.salt))
        except CorruptionError as error:
            self.problem(row.position, str(error))
            return
        if isinstance(order, PayloadRedacted):
            self._ordered_positions.update(at for at in order.positions if 0 < at < row.position)
            self._ordered_bodies.update(order.bodies)

    def end(self, position: int, root: str) -> None:
        """Check what only shows when the whole log was seen."""
        for at in sorted(self.without_payload - self._ordered_positions):
            self.problem(at, "The payload is gone, and no event orders its redaction")
        if self.frontier.size != position:
            self.problem(self.frontier.size + 1, f"The log ends here, and its head says {position}")
        elif self.frontier.root().hex() != root:
            self.problem(
                self._last_proven + 1 if self._last_proven else 0,
                "The stored envelopes do not give the root of the head: one of them was changed",
            )
        for size in sorted(size for size in self._roots if size > self.frontier.size):
            self.problem(self.frontier.size + 1, f"A root is known for {size} events, and the log has fewer")

    def bodies(self, store: Verifiable) -> Iterator[str]:
        """Check all bodies; gives the keys of those that are there."""
        try:
            for key in store.body_keys():
                try:
                    content = store.get_body(key)
                except CorruptionError as error:
                    self.problem(0, str(error))
                    continue
                if content is not None:
                    yield key
                elif key not in self._ordered_bodies:
                    self.problem(0, f"Body {key} is gone, and no event orders its redaction")
        except CorruptionError as error:
            self.problem(0, f"The bodies cannot be read: {error}")


def check_log(store: Store, progress: Progress | None = None) -> LogCheck:
    """Decode every payload and look up every body that events name. Raises CorruptionError where the log breaks off."""
    position = store.head().position
    bodies = set(store.body_keys())
    types: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    redacted = 0
    problems: list[Problem] = []
    for stored in store.read(upto=position):
        types[stored.type] += 1
        try:
            event = decode(stored)
        except CorruptionError as error:
            problems.append(Problem(stored.position, str(error)))
            continue
        if isinstance(event, Unknown):
            unknown[f"{event.type} v{event.schema}"] += 1
        elif isinstance(event, Redacted):
            redacted += 1
        else:
            problems.extend(
                Problem(stored.position, f"Body {body.key} is not in the ledger")
                for body in _bodies_of(event)
                if body.key not in bodies
            )
        if progress and stored.position % _STEP == 0:
            progress(stored.position, position)
    if progress:
        progress(position, position)
    return LogCheck(
        position=position,
        types=dict(sorted(types.items())),
        unknown=dict(sorted(unknown.items())),
        redacted=redacted,
        problems=tuple(problems[:_MOST_PROBLEMS]),
    )


def _bodies_of(event: object) -> Iterator[BodyRef]:
    if isinstance(event, ArticleRevision):
        yield event.text
        if event.raw is not None:
            yield event.raw
    elif isinstance(event, FeedFetched) and event.body is not None:
        yield event.body
