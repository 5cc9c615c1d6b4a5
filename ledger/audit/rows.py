"""What the ledger said: the rows of each sealed view under one root, and a receipt for one of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ledger.audit.newsledger_verify import Proof, RowReceipt
from ledger.errors import NotFoundError
from ledger.events import Producer, StoredEvent, decode, new_event
from ledger.events.types import ViewSealed
from ledger.projections import Views
from ledger.projections.rows import Row
from ledger.store import Store
from ledger.store.tlog import Frontier, inclusion_proof, leaf_hash

__all__ = ["STATE", "Sealed", "canonical", "last_seal", "root_of", "row_receipt", "seal_views"]

STATE = "figures"
"""The view of the reported state, one row for each figure. Views that plugins bring are sealed beside it."""

_JSON = msgspec.json.Encoder(order="sorted")


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A view as it was sealed: the event, what it says, and the rows that its root is over, with their keys."""

    event: StoredEvent
    seal: ViewSealed
    keys: tuple[str, ...]
    rows: tuple[bytes, ...]


def canonical(row: Row) -> bytes:
    """A row as JSON with sorted names: what the root is over."""
    return _JSON.encode(row)


def root_of(rows: Iterable[bytes]) -> str:
    """The hex RFC 6962 root over rows in the order of their keys."""
    return Frontier().extend(map(leaf_hash, rows)).root().hex()


def last_seal(store: Store, view: str = STATE) -> tuple[StoredEvent, ViewSealed] | None:
    """The newest `view.sealed` event of a view."""
    newest = store.last(f"view:{view}", (ViewSealed.TYPE,))
    event = decode(newest) if newest is not None else None
    return (newest, event) if newest is not None and isinstance(event, ViewSealed) else None


def seal_views(store: Store, views: Views, producer: Producer) -> dict[str, Sealed]:
    """Record the root over the rows of every sealed view whose last seal says something else; gives them all by name."""
    views.catch_up()
    sealed = {}
    for view in views.sealed():
        rows = tuple(map(canonical, view.rows))
        event = ViewSealed(
            view=view.name,
            position=view.position,
            rows=len(rows),
            root=root_of(rows),
            fingerprint=view.fingerprint,
        )
        last = last_seal(store, view.name)
        if last is None or msgspec.structs.replace(last[1], position=view.position) != event:
            done = store.append([new_event(event, stream=f"view:{view.name}", producer=producer)])
            last = store.get(done.ids[0]), event
        keys = tuple("/".join(str(getattr(row, name)) for name in row.KEY) for row in view.rows)
        sealed[view.name] = Sealed(event=last[0], seal=last[1], keys=keys, rows=rows)
    return sealed


def row_receipt(sealed: Sealed, key: str, proof: Proof) -> RowReceipt:
    """The receipt of the row under `key`; `proof` is the receipt of the seal's event. Raises NotFoundError."""
    if key not in sealed.keys:
        raise NotFoundError(
            f"No such row in the view {sealed.seal.view}",
            which=key,
            fix="See `newsledger state`, and `newsledger projection list` for other views",
        )
    index = sealed.keys.index(key)
    assert sealed.event.payload is not None
    assert sealed.event.salt is not None
    leaves = [leaf_hash(row) for row in sealed.rows]
    return RowReceipt(
        view=sealed.seal.view,
        index=index,
        size=len(sealed.rows),
        row=sealed.rows[index],
        salt=sealed.event.salt,
        payload=sealed.event.payload,
        envelope=sealed.event.raw,
        hashes=tuple(inclusion_proof(lambda start, end: leaves[start:end], index, len(leaves))),
        proof=proof.to_bytes(),
    )
