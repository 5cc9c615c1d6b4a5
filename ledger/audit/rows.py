"""What the ledger said: the rows of each sealed table under one root, and a receipt for one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ledger.audit.newsledger_verify import Proof, RowReceipt
from ledger.errors import NotFoundError
from ledger.events import Producer, StoredEvent, decode, new_event
from ledger.events.types import PayloadRedacted, ViewSealed
from ledger.projections import Standing, Views
from ledger.projections.rows import Row
from ledger.store import Store
from ledger.store.tlog import HASH_BYTES, Frontier, inclusion_proof, leaf_hash

__all__ = [
    "ARTICLES",
    "STATE",
    "Found",
    "Sealed",
    "canonical",
    "last_seal",
    "root_of",
    "row_receipt",
    "seal_views",
]

STATE = "figures"
"""The table of the reported state, one row for each figure. Other tables and views that plugins bring are sealed beside it."""

ARTICLES = "articles"
"""The table of articles as their newest revisions show them."""

_JSON = msgspec.json.Encoder(order="sorted")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a table, in canonical form, and the leaf hashes of all its rows, joined."""

    index: int
    row: bytes
    leaves: bytes


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A table as it was sealed: the event, what it says, and the row that was asked for, if it has that."""

    event: StoredEvent
    seal: ViewSealed
    found: Found | None = None


def canonical(row: Row) -> bytes:
    """A row as JSON with sorted names: what the root is over."""
    return _JSON.encode(row)


def root_of(rows: Iterable[Row]) -> str:
    """The hex RFC 6962 root over the canonical form of rows in the order of their keys."""
    return Frontier().extend(leaf_hash(canonical(row)) for row in rows).root().hex()


def last_seal(store: Store, view: str = STATE) -> tuple[StoredEvent, ViewSealed] | None:
    """The newest `view.sealed` event of a table."""
    newest = store.last(f"view:{view}", (ViewSealed.TYPE,))
    event = decode(newest) if newest is not None else None
    return (newest, event) if newest is not None and isinstance(event, ViewSealed) else None


def seal_views(
    store: Store, views: Views, producer: Producer, *, find: tuple[str, str] = ("", "")
) -> dict[str, Sealed]:
    """Record the root over the rows of every sealed table whose last seal says something else; gives them all by name.

    `find` is the table and the key of a row that a receipt is wanted for. A table is only read where something that it is made of was
    recorded since its last seal.
    """
    views.catch_up()
    read: dict[str, tuple[ViewSealed, Found | None]] = {}
    last = {}
    for table in views.sealed():
        newest = last_seal(store, table.name)
        if newest is not None:
            last[table.name] = newest
        if table.name == find[0] or newest is None or _may_differ(store, table, newest[1]):
            read[table.name] = _read(table, find[1] if table.name == find[0] else None)
    sealed = {
        name: Sealed(event=event, seal=seal) for name, (event, seal) in last.items() if name not in read
    }
    for name, (seal, found) in read.items():
        known = last.get(name)
        if known is None or msgspec.structs.replace(known[1], position=seal.position) != seal:
            done = store.append([new_event(seal, stream=f"view:{name}", producer=producer)])
            known = store.get(done.ids[0]), seal
        sealed[name] = Sealed(event=known[0], seal=known[1], found=found)
    return sealed


def _may_differ(store: Store, table: Standing, seal: ViewSealed) -> bool:
    if table.fingerprint != seal.fingerprint:
        return True
    since = store.read(
        seal.position, types=table.types | {PayloadRedacted.TYPE}, upto=table.position, limit=1
    )
    return next(since, None) is not None


def _read(table: Standing, key: str | None) -> tuple[ViewSealed, Found | None]:
    """What sealing a table says, and the row under `key` with what its receipt is made of."""
    leaves, at, wanted = bytearray(), -1, b""

    def hashes() -> Iterator[bytes]:
        nonlocal at, wanted
        for index, row in enumerate(table.rows):
            content = canonical(row)
            leaf = leaf_hash(content)
            if key is not None:
                leaves.extend(leaf)
                if at < 0 and key == "/".join(str(getattr(row, name)) for name in row.KEY):
                    at, wanted = index, content
            yield leaf

    frontier = Frontier().extend(hashes())
    seal = ViewSealed(
        view=table.name,
        position=table.position,
        rows=frontier.size,
        root=frontier.root().hex(),
        fingerprint=table.fingerprint,
    )
    return seal, Found(index=at, row=wanted, leaves=bytes(leaves)) if at >= 0 else None


def row_receipt(sealed: Sealed, key: str, proof: Proof) -> RowReceipt:
    """The receipt of the row that was found under `key`; `proof` is that of the seal's event. Raises NotFoundError."""
    found = sealed.found
    if found is None:
        raise NotFoundError(
            f"No such row in the table {sealed.seal.view}",
            which=key,
            fix="`newsledger state` lists figures; docs/audit.md says what the keys of other tables are",
        )
    assert sealed.event.payload is not None
    assert sealed.event.salt is not None
    size = sealed.seal.rows
    return RowReceipt(
        view=sealed.seal.view,
        index=found.index,
        size=size,
        row=found.row,
        salt=sealed.event.salt,
        payload=sealed.event.payload,
        envelope=sealed.event.raw,
        hashes=tuple(
            inclusion_proof(lambda start, end: _hashes(found.leaves, start, end), found.index, size)
        ),
        proof=proof.to_bytes(),
    )


def _hashes(leaves: bytes, start: int, end: int) -> Iterable[bytes]:
    return (leaves[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(start, end))
