"""Everything that is asked of a ledger's proofs and replays, in one place: `Ledger.audits`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from ledger.audit.bundle import Bundle, article_events, slot_events, write_bundle
from ledger.audit.integrity import Integrity, check_integrity, read_outside, read_policy
from ledger.audit.keys import read_vkey
from ledger.audit.newsledger_verify import COSIGNATURE, Checkpoint, Key
from ledger.audit.redact import find_event
from ledger.audit.rows import row_receipt, seal_view
from ledger.audit.sealing import Seal, Sealer
from ledger.audit.witness import ask_witness
from ledger.clock import Clock, parse_time
from ledger.config import Settings
from ledger.errors import InputError, NotFoundError, UsageError
from ledger.events import Producer, StoredEvent
from ledger.host import Host
from ledger.projections import Views
from ledger.store import Store

__all__ = ["Auditor", "Receipt"]

Progress = Callable[[int, "int | None"], None]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as a file: `kind` is `event` or `row`; `entry` is what an event's proof is about, empty for a row."""

    kind: str
    position: int
    name: str
    content: bytes
    entry: bytes = b""


class Auditor:
    """Sealing, proving, verifying and replaying one open ledger."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        views: Views,
        host: Callable[[], Host],
        clock: Clock,
        producer: Producer,
    ) -> None:
        self.settings = settings
        self.store = store
        self.views = views
        self.host = host
        self.clock = clock
        self.producer = producer
        self.sealer = Sealer(settings.home, store, producer)

    # -- sealing and proving -----------------------------------------------------------------------------------

    def seal(self) -> Seal:
        """Record the root over the reported state, then sign a checkpoint over everything. Raises NotFoundError without a key."""
        self.sealer.key()
        seal_view(self.store, self.views, self.producer)
        return self.sealer.seal()

    def checkpoint(self, at: str | datetime | int | None = None) -> bytes:
        """The newest signed checkpoint; with `at` (a size, or a time) the newest that signs no more than was recorded then."""
        sizes = self.sealer.sizes()
        limit = None if at is None else self.position(at)
        fitting = [size for size in sizes if limit is None or size <= limit]
        if not fitting:
            raise NotFoundError(
                "No checkpoint was signed", which=str(at or "yet"), fix="Run `newsledger seal`"
            )
        return self.sealer.read(fitting[-1])

    def position(self, at: str | datetime | int) -> int:
        """The last position at a time, or the position itself when it is a number. Raises UsageError."""
        if isinstance(at, int) or (isinstance(at, str) and at.isdecimal()):
            return int(at)
        return self.store.position_at(parse_time(at))

    def prove(self, subject: str) -> Receipt:
        """The receipt of an event (id or position) or of a figure's row (slot id); seals first where it must."""
        try:
            event = find_event(self.store, subject)
        except NotFoundError:
            if subject.isdecimal():
                raise
            return self._prove_row(subject)
        proof = self.sealer.prove(event.position, self.sealer.covering(event.position))
        return Receipt(
            kind="event",
            position=event.position,
            name=f"event-{event.position}.tlog-proof",
            content=proof.to_bytes(),
            entry=event.raw,
        )

    def _prove_row(self, slot: str) -> Receipt:
        seal, _, rows = seal_view(self.store, self.views, self.producer)
        proof = self.sealer.prove(seal.position, self.sealer.covering(seal.position))
        receipt = row_receipt(seal, rows, slot, proof)
        return Receipt(
            kind="row",
            position=seal.position,
            name=f"{_file_name(slot)}.row-receipt",
            content=receipt.to_bytes(),
        )

    def bundle(self, subject: str, path: Path, *, withhold_texts: bool = False) -> Bundle:
        """Write the evidence of a figure (slot), an article (id or URL) or one event (id or position)."""
        events: Sequence[StoredEvent]
        row = None
        if (slot := self.views.state().get(subject)) is not None:
            seal, _, rows = seal_view(self.store, self.views, self.producer)
            events, row = slot_events(self.store, slot), (seal, rows, subject)
        elif (article := self._article(subject)) is not None:
            events = article_events(self.store, article)
        else:
            try:
                events = [find_event(self.store, subject)]
            except NotFoundError as error:
                raise NotFoundError(
                    "No figure, article or event of this name",
                    which=subject,
                    fix="See `newsledger state` and `newsledger search`",
                ) from error
        return write_bundle(path, self.store, self.sealer, events, row=row, withhold_texts=withhold_texts)

    def _article(self, subject: str) -> str | None:
        if subject.isdecimal():
            return None
        self.views.catch_up()
        found = self.views.article(subject)
        return found.article.article if found is not None else None

    # -- verifying ---------------------------------------------------------------------------------------------

    def verify(
        self,
        *,
        outside: Sequence[Path] = (),
        policy: Path | None = None,
        since: int = 0,
        progress: Progress | None = None,
    ) -> Integrity:
        """Check every layer that there is; see `check_integrity`. Raises InputError for a file that cannot be read."""
        return check_integrity(
            self.store,
            self.sealer,
            outside=[read_outside(path) for path in outside],
            policy=read_policy(policy) if policy is not None else None,
            since=since,
            progress=progress,
        )

    def cosign(self, url: str, vkey: str) -> Checkpoint:
        """Have a witness cosign the newest checkpoint and keep its signature with it. Raises FetchError, InputError."""
        key = read_vkey(vkey)
        if key.kind != COSIGNATURE:
            raise InputError(
                "Not the key of a witness", which=key.name, fix="Its kind must be 04, a cosignature"
            )
        last = self.sealer.latest()
        if last is None:
            raise UsageError("There is no checkpoint to cosign", which=url, fix="Run `newsledger seal` first")
        size = last[0].size
        signature = ask_witness(
            url, key, self.sealer.read(size), lambda old: self.sealer.tree(size).consistency(old)
        )
        self.sealer.add_cosignatures(size, [signature])
        return last[0]

    def known_keys(self) -> list[Key]:
        """The public keys of this ledger's log, retired ones included."""
        return self.sealer.known_keys()


def _file_name(text: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "-" for one in text)[:100]
