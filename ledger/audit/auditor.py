"""Everything that is asked of a ledger's proofs and replays, in one place: `Ledger.audits`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from ledger.audit.bundle import Bundle, article_events, slot_events, write_bundle
from ledger.audit.integrity import Integrity, check_events, check_integrity, read_outside, read_policy
from ledger.audit.keys import read_vkey
from ledger.audit.newsledger_verify import COSIGNATURE, Checkpoint, Key
from ledger.audit.notes import Notes
from ledger.audit.past import StoreAt
from ledger.audit.pinned import PinnedHost
from ledger.audit.rebuilt import RebuiltViews, plain_slots
from ledger.audit.redact import find_event
from ledger.audit.replay import Replay, replay
from ledger.audit.report import SealCheck, check_seals, make_report, to_html, to_json
from ledger.audit.rerun import Articles, rerun_all
from ledger.audit.reruns import Reruns
from ledger.audit.rows import ARTICLES, STATE, row_receipt, seal_views
from ledger.audit.runs import Past, annotations_at, read_past, runs_of, sample_of
from ledger.audit.sealing import Seal, Sealer
from ledger.audit.tiles import write_atomically
from ledger.audit.whatif import WhatIf, what_if
from ledger.audit.wheelhouse import Kept, Wheelhouse, faults
from ledger.audit.witness import ask_witness
from ledger.clock import Clock, format_time, parse_time
from ledger.config import Settings
from ledger.errors import InputError, NotFoundError, UsageError
from ledger.events import Producer, StoredEvent, decode, new_event
from ledger.events.types import AuditDone, ProcessorRegistered
from ledger.host import Host
from ledger.host.discover import find
from ledger.host.identity import code_digest
from ledger.host.inventory import ActiveProcessor
from ledger.projections import Views
from ledger.store import Store, Task, TaskDone

__all__ = ["Auditor", "Identity", "Receipt"]

Progress = Callable[[int, "int | None"], None]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt as a file: `kind` is `event` or `row`; `entry` is what an event's proof is about, empty for a row."""

    kind: str
    position: int
    name: str
    content: bytes
    entry: bytes = b""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin as installed: digest of its code, identities of its processors, and what makes it unfit as evidence."""

    plugin: str
    code: str
    processors: dict[str, str]
    faults: tuple[str, ...] = ()


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
        """Record the roots over the reported state and the other sealed tables, then sign a checkpoint over everything.

        Raises NotFoundError without a key.
        """
        self.sealer.key()
        seal_views(self.store, self.views, self.producer)
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

    def export_tiles(self, folder: Path) -> int:
        """Write the whole log under its newest checkpoint as a tlog-tiles directory; gives the number of files.

        Seals where nothing was signed yet. Raises UsageError when the folder holds anything.
        """
        return self.sealer.export(folder)

    def position(self, at: str | datetime | int) -> int:
        """The last position at a time, or the position itself when it is a number. Raises UsageError."""
        if isinstance(at, int) or (isinstance(at, str) and at.isdecimal()):
            return int(at)
        return self.store.position_at(parse_time(at))

    def prove(self, subject: str) -> Receipt:
        """The receipt of an event (id or position), of a figure's row (slot id), or of a row TABLE/KEY; seals first where it must."""
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

    def _prove_row(self, subject: str) -> Receipt:
        self.views.catch_up()
        name, slash, key = subject.partition("/")
        if not slash or name not in {table.name for table in self.views.sealed()}:
            name, key = STATE, subject
            known = self.views.state(slots=[subject]).get(subject)
            if known is None and (article := self._article(subject)) is not None:
                name, key = ARTICLES, article
        sealed = seal_views(self.store, self.views, self.producer, find=(name, key))[name]
        position = sealed.event.position
        proof = self.sealer.prove(position, self.sealer.covering(position))
        receipt = row_receipt(sealed, key, proof)
        return Receipt(
            kind="row",
            position=position,
            name=f"{_file_name(subject)}.row-receipt",
            content=receipt.to_bytes(),
        )

    def bundle(self, subject: str, path: Path, *, withhold_texts: bool = False) -> Bundle:
        """Write the evidence of a figure (slot), an article (id or URL) or one event (id or position)."""
        events: Sequence[StoredEvent]
        row = None
        if (slot := self.views.state().get(subject)) is not None:
            sealed = seal_views(self.store, self.views, self.producer, find=(STATE, subject))[STATE]
            events, row = slot_events(self.store, slot), (sealed, subject)
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
        jobs: int = 0,
        progress: Progress | None = None,
    ) -> Integrity:
        """Check every layer that there is; see `check_integrity`. Raises InputError for a file that cannot be read."""
        return check_integrity(
            self.store,
            self.sealer,
            outside=[read_outside(path) for path in outside],
            policy=read_policy(policy) if policy is not None else None,
            since=since,
            jobs=jobs,
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

    # -- replaying ---------------------------------------------------------------------------------------------

    @property
    def wheelhouse(self) -> Wheelhouse:
        """The plugins that are kept for replays."""
        return Wheelhouse(self.settings.home / "wheelhouse")

    def vendor(self, wheels: Sequence[Path] = ()) -> list[Kept]:
        """Keep every plugin in use, or the wheels given. Raises InputError, CorruptionError for what is no wheel of a plugin."""
        if wheels:
            return [self.wheelhouse.add(path, self._offered) for path in wheels]
        return self.wheelhouse.vendor(self.settings.plugins, self.host().processors)

    def _offered(self, folder: Path, code: str) -> dict[str, str]:
        with PinnedHost(self.settings.plugins, [folder]) as host:
            return {
                name: one.version for name, one in host.processors.items() if one.manifest.get("code") == code
            }

    def identities(self) -> list[Identity]:
        """Every plugin with active processors: identities recomputed from its files, and what makes it unfit as evidence."""
        last = {
            stored.envelope.producer.name: decode(stored)
            for stored in self.store.read(types=("processor.registered",))
        }
        found = []
        for candidate in find(self.settings.plugins).candidates:
            own = [one for one in self.host().processors if one.plugin == candidate.name]
            if own:
                code = code_digest(candidate)
                said = list(faults(candidate))
                if not self.wheelhouse.has(code):
                    said.append(
                        "its code is not in the wheelhouse: not replayable; run `newsledger plugin vendor`"
                    )
                said += [
                    f"a model or data file of {one.name} changed since it was last recorded"
                    for one in own
                    if _model_changed(one, last.get(one.name))
                ]
                found.append(
                    Identity(
                        plugin=candidate.name,
                        code=code,
                        processors={one.name: one.identity for one in own},
                        faults=tuple(said),
                    )
                )
        return found

    def rerun(
        self,
        position: int,
        *,
        articles: Articles | None = None,
        sample: int | None = None,
        seed: str = "",
        jobs: int = 1,
        notes: Path | None = None,
        progress: Progress | None = None,
    ) -> tuple[Past, Reruns]:
        """Repeat the runs recorded up to `position`, or a sample of them, in the versions that were recorded.

        `articles` gives the texts, the ledger's own views where it is left out. `notes` is a file in which results are kept until
        it is done, so that a replay that was stopped goes on where it was.
        """
        if articles is None:
            self.views.catch_up()
            articles = self.views.to_article
        then = StoreAt(self.store, position)
        past, found = read_past(then), Reruns()
        with Notes(notes, self.store, position, sample, seed, found.add) as kept:
            rerun_all(
                then,
                articles,
                past,
                sample_of(runs_of(then), sample, seed),
                self.settings.plugins,
                self.wheelhouse,
                found,
                count=past.count if sample is None else min(sample, past.count),
                jobs=jobs,
                done=kept.done,
                keep=kept.add,
                progress=progress,
            )
            kept.finish()
        return past, found

    def replay(
        self,
        *,
        processors: bool = True,
        sample: int | None = None,
        seed: str = "",
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> Replay:
        """Rebuild all views beside the live ones and compare them; with `processors`, repeat their runs as `rerun` does."""

        def rerun(position: int) -> Reruns:
            notes = self.settings.home / "replay.jsonl"
            _, found = self.rerun(
                position, sample=sample, seed=seed, jobs=jobs, notes=notes, progress=progress
            )
            return found

        return replay(
            self.settings,
            self.store,
            self.views,
            rerun if processors else None,
            clock=self.clock,
            progress=progress,
        )

    def audit(
        self,
        as_of: str | datetime | int,
        folder: Path | None = None,
        *,
        outside: Sequence[Path] = (),
        policy: Path | None = None,
        sample: int | None = None,
        seed: str = "",
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> dict[str, Any]:
        """Check everything up to `as_of` (a time, or a position): the log, the state that was said, and the processors' runs.

        Writes `report.json`, `report.html` and `state.json` into `folder`. The report holds nothing of this machine: the
        ledger's own keys and checkpoints vouch for nothing in it, those given by the auditor do.
        """
        position = self.position(as_of)
        asked = (
            as_of if isinstance(as_of, str) else str(as_of) if isinstance(as_of, int) else format_time(as_of)
        )
        integrity = check_events(
            self.store,
            [read_outside(path) for path in outside],
            self.known_keys(),
            read_policy(policy) if policy is not None else None,
            progress=progress,
        )
        past, found, slots = Past(), Reruns(), list[dict[str, Any]]()
        if integrity.findings:
            seals = {STATE: SealCheck(outcome="not checked: the events do not hold")}
        else:
            with RebuiltViews(self.settings, self.store, self.clock, self.views.projections) as rebuilt:
                seals = check_seals(self.store, position, rebuilt, progress)
                views = rebuilt.at(position, progress)
                past, found = self.rerun(
                    position,
                    articles=views.to_article,
                    sample=sample,
                    seed=seed,
                    jobs=jobs,
                    notes=folder / "runs.jsonl" if folder is not None else None,
                    progress=progress,
                )
                slots = plain_slots(views) if folder is not None else []
        report = make_report(
            self.store,
            position,
            asked,
            integrity,
            seals,
            past,
            found,
            recorded=lambda at: annotations_at(self.store, at),
            sample=sample,
            seed=seed,
        )
        if folder is not None:
            write_atomically(folder / "report.json", to_json(report))
            write_atomically(folder / "report.html", to_html(report))
            if not integrity.findings:
                write_atomically(folder / "state.json", to_json({"slots": slots}))
        return report

    def record_audit(self, *, sample: int, seed: str) -> AuditDone:
        """Audit everything up to now with a sample of the runs, and record the outcome as an event."""
        head = self.store.head()
        report = self.audit(head.position, sample=sample, seed=seed)
        event = AuditDone(
            position=head.position,
            root=head.root,
            exit_code=report["verdict"]["exit_code"],
            verdict=report["verdict"]["sentence"],
            outcomes=report["replay"]["outcomes"],
            sample=sample,
            seed=seed,
        )
        self.store.append([new_event(event, stream="ledger", producer=self.producer)])
        return event

    def what_if(
        self,
        wanted: Mapping[str, str],
        as_of: str | datetime | int | None = None,
        *,
        progress: Progress | None = None,
    ) -> WhatIf:
        """What other versions of processors would make of the recorded texts, and of the state; see `what_if`."""
        self.views.catch_up()
        position = self.store.head().position if as_of is None else self.position(as_of)
        return what_if(
            self.settings,
            self.store,
            position,
            self.views.to_article,
            self.wheelhouse,
            self.clock,
            wanted=wanted,
            progress=progress,
        )

    # -- keeping -----------------------------------------------------------------------------------------------

    def keep_up(self) -> list[str]:
        """Seal, and audit a sample, when `[audit]` says that it is due; gives a sentence for each thing done.

        Due times are tasks of the store, so that of several processes one does it. Without a key nothing is sealed.
        """
        said = []
        for name, every, work in (
            ("seal", self.settings.audit.seal, self._keep_sealed),
            ("audit", self.settings.audit.every, self._keep_audited),
        ):
            if every > 0 and (name != "seal" or self.sealer.key_file.exists()):
                said += self._when_due(name, every, work)
        return said

    def _when_due(self, name: str, every: float, work: Callable[[], str]) -> list[str]:
        now = self.clock.now()
        if not any(task.key == name for task in self.store.tasks("audit")):
            self.store.put_tasks([Task(kind="audit", key=name, next_at=now)])
        claimed = self.store.claim("audit", now=now, owner="audit", lease_seconds=max(every, 600), limit=9)
        said = []
        for task in claimed:
            if task.key == name:
                said.append(work())
                again = now + timedelta(seconds=every)
            else:
                again = task.next_at
            done = TaskDone(kind="audit", key=task.key, fence=task.fence, next_at=again, data=b"")
            self.store.append([], tasks=[done])
        return said

    def _keep_sealed(self) -> str:
        done = self.seal()
        return f"{'sealed' if done.new else 'sealed already'}: {done.size} events"

    def _keep_audited(self) -> str:
        seed = format_time(self.clock.now())
        done = self.record_audit(sample=self.settings.audit.sample, seed=seed)
        return f"audited {done.position} events: {done.verdict}"

    def known_keys(self) -> list[Key]:
        """The public keys of this ledger's log, retired ones included."""
        return self.sealer.known_keys()


def _model_changed(now: ActiveProcessor, last: object) -> bool:
    if not isinstance(last, ProcessorRegistered) or last.manifest.get("code") != now.manifest.get("code"):
        return False
    return last.manifest.get("data") != now.manifest.get("data")


def _file_name(text: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "-" for one in text)[:100]
