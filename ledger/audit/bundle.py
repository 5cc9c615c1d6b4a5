"""Evidence bundles: everything that a stranger needs to check one figure, article or event, in one zip file.

What belongs into a bundle follows from the subject: the events that it is made of, the events that those lean on, and the manifests of
the processors that made any of them. `newsledger_verify` says what the files are and checks them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ledger.audit.newsledger_verify import Evidence, parse_checkpoint_text, parse_note, row_name
from ledger.audit.rows import Sealed, row_receipt
from ledger.audit.sealing import Sealer
from ledger.errors import UsageError
from ledger.events import Redacted, StoredEvent, decode
from ledger.events.types import ArticleAnnotated, BodyRef, PayloadRedacted
from ledger.state.model import SlotState
from ledger.store import Store

__all__ = ["Bundle", "article_events", "slot_events", "write_bundle"]

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that equal evidence has equal bytes."""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle as written: its file, the number of events, the log's origin, and what was withheld."""

    path: Path
    origin: str
    size: int
    events: int
    withheld: tuple[str, ...]


def article_events(store: Store, article: str, revisions: Iterable[int] | None = None) -> list[StoredEvent]:
    """The events of one article with their annotations; of some revisions only, if given."""
    wanted = None if revisions is None else set(revisions)
    found = list(store.read(stream=f"article:{article}"))
    for stored in store.read(stream=f"annotations:{article}"):
        event = decode(stored)
        if isinstance(event, Redacted) or (
            isinstance(event, ArticleAnnotated) and (wanted is None or event.revision in wanted)
        ):
            found.append(stored)
    return found


def slot_events(store: Store, slot: SlotState) -> list[StoredEvent]:
    """The events behind a figure: the articles that report on it, the registry in force, the decisions of reviewers."""
    revisions: dict[str, set[int]] = {}
    for claim in slot.claims:
        revisions.setdefault(claim.document, set()).add(claim.version)
    found = [
        event for article in sorted(revisions) for event in article_events(store, article, revisions[article])
    ]
    registry = store.last("registry")
    return [*found, *([registry] if registry else []), *store.read(stream="reviews")]


def write_bundle(
    path: Path,
    store: Store,
    sealer: Sealer,
    events: Sequence[StoredEvent],
    *,
    row: tuple[Sealed, str] | None = None,
    withhold_texts: bool = False,
) -> Bundle:
    """Write the bundle of `events`, closed under what they lean on; the ledger is sealed first where it has to be.

    `row`: the sealed state and the slot whose row goes in. `withhold_texts` leaves out the texts of
    articles; the verifier says so. Raises UsageError when the file exists.
    """
    if path.exists():
        raise UsageError("There is a file already", which=str(path), fix="Name another one")
    chosen = {event.position: event for event in _closed(store, events)}
    if row is not None:
        chosen[row[0].event.position] = row[0].event
    checkpoint = sealer.covering(max(chosen))
    evidence = Evidence(checkpoint=checkpoint)
    withheld: list[str] = []
    for position in sorted(chosen):
        stored = chosen[position]
        evidence.events[position] = stored.raw
        evidence.proofs[position] = sealer.prove(position, checkpoint).to_bytes()
        if stored.payload is not None and stored.salt is not None:
            evidence.payloads[position] = (stored.salt, stored.payload)
            withheld += _put_bodies(evidence, store, stored, withhold=withhold_texts)
    if row is not None:
        receipt = row_receipt(*row, sealer.prove(row[0].event.position, checkpoint))
        evidence.rows[row_name(receipt)] = receipt.to_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_zipped(evidence.members()))
    signed = parse_checkpoint_text(parse_note(checkpoint).text)
    return Bundle(
        path=path, origin=signed.origin, size=signed.size, events=len(chosen), withheld=tuple(withheld)
    )


def _closed(store: Store, events: Sequence[StoredEvent]) -> list[StoredEvent]:
    """The events with their causes, the manifests of their makers, and the orders of what was redacted."""
    found: dict[str, StoredEvent] = {}
    waiting = list(events)
    makers = {
        stored.envelope.producer.identity: stored
        for stored in store.read(types=("processor.registered",))
        if stored.envelope.producer.identity
    }
    orders = list(store.read(types=("payload.redacted",)))
    while waiting:
        stored = waiting.pop()
        if stored.id in found:
            continue
        found[stored.id] = stored
        waiting += [store.get(cause) for cause in stored.envelope.causes]
        if maker := makers.get(stored.envelope.producer.identity):
            waiting.append(maker)
        waiting += [order for order in orders if _concerns(order, stored)]
    return list(found.values())


def _concerns(order: StoredEvent, stored: StoredEvent) -> bool:
    event = decode(order)
    return isinstance(event, PayloadRedacted) and (
        stored.position in event.positions or any(body.key in event.bodies for body in _bodies(stored))
    )


def _bodies(stored: StoredEvent) -> list[BodyRef]:
    event = decode(stored)
    values = (getattr(event, name) for name in event.__struct_fields__)
    return [value for value in values if isinstance(value, BodyRef)]


def _put_bodies(evidence: Evidence, store: Store, stored: StoredEvent, *, withhold: bool) -> list[str]:
    left_out = []
    for body in _bodies(stored):
        content, salt = store.get_body(body.key), store.body_salt(body.key)
        if withhold:
            left_out.append(body.key)
        elif content is not None and salt is not None:
            evidence.bodies[body.key] = (salt, content)
    return left_out


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return out.getvalue()
