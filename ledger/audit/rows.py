"""What the ledger said: the rows of the reported state under one root, and a receipt for one of them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ledger.audit.newsledger_verify import Proof, RowReceipt
from ledger.errors import NotFoundError
from ledger.events import Producer, StoredEvent, decode, new_event
from ledger.events.types import ViewSealed
from ledger.projections import Views
from ledger.projections.rows import FigureRow
from ledger.store import Store
from ledger.store.tlog import Frontier, inclusion_proof, leaf_hash

__all__ = ["VIEW", "canonical", "last_seal", "root_of", "row_receipt", "seal_view"]

VIEW = "figures"
"""The view that is sealed: one row for each figure of the reported state."""

_JSON = msgspec.json.Encoder(order="sorted")


def canonical(row: FigureRow) -> bytes:
    """A row as JSON with sorted names: what the root is over."""
    return _JSON.encode(row)


def root_of(rows: Sequence[bytes]) -> str:
    """The hex RFC 6962 root over rows in the order of their keys."""
    return Frontier().extend(map(leaf_hash, rows)).root().hex()


def last_seal(store: Store, view: str = VIEW) -> tuple[StoredEvent, ViewSealed] | None:
    """The newest `view.sealed` event of a view."""
    newest = None
    for stored in store.read(types=("view.sealed",)):
        event = decode(stored)
        if isinstance(event, ViewSealed) and event.view == view:
            newest = (stored, event)
    return newest


def seal_view(store: Store, views: Views, producer: Producer) -> tuple[StoredEvent, ViewSealed, list[bytes]]:
    """Record the root over the rows of the reported state unless the last seal says the same; gives the seal and the rows."""
    views.catch_up()
    position, fingerprint, found = views.figures_at()
    rows = [canonical(row) for row in found]
    root = root_of(rows)
    last = last_seal(store)
    if last is None or (last[1].root, last[1].rows, last[1].fingerprint) != (root, len(rows), fingerprint):
        event = ViewSealed(view=VIEW, position=position, rows=len(rows), root=root, fingerprint=fingerprint)
        done = store.append([new_event(event, stream=f"view:{VIEW}", producer=producer)])
        last = store.get(done.ids[0]), event
    return *last, rows


def row_receipt(seal: StoredEvent, rows: Sequence[bytes], slot: str, proof: Proof) -> RowReceipt:
    """The receipt of the row of `slot` among the `rows` of `seal`, whose own receipt is `proof`. Raises NotFoundError."""
    index = next((at for at, row in enumerate(rows) if msgspec.json.decode(row)["slot"] == slot), None)
    if index is None:
        raise NotFoundError("No such figure", which=slot, fix="See `newsledger state` for their names")
    assert seal.payload is not None
    assert seal.salt is not None
    leaves = [leaf_hash(row) for row in rows]
    return RowReceipt(
        view=VIEW,
        index=index,
        size=len(rows),
        row=rows[index],
        salt=seal.salt,
        payload=seal.payload,
        envelope=seal.raw,
        hashes=tuple(inclusion_proof(lambda start, end: leaves[start:end], index, len(leaves))),
        proof=proof.to_bytes(),
    )
