"""Sealing: the tree of the log as tiles, a signed checkpoint over it, and proofs against that checkpoint.

In the home: `keys/log.key` signs (`keys/retired/` holds the public halves of its predecessors), `log/` is a tlog-tiles directory
of full tiles with the newest checkpoint, `log/checkpoints/SIZE` are all that were ever signed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ledger.audit.keys import (
    Signer,
    generate,
    load_signer,
    public_path,
    read_vkey,
    save_signer,
    with_signatures,
)
from ledger.audit.newsledger_verify import (
    Checkpoint,
    Key,
    Note,
    Proof,
    RefusedError,
    Signature,
    open_checkpoint,
    parse_note,
)
from ledger.audit.tiles import TileFolder, Tree, export_tiles, write_atomically
from ledger.errors import CorruptionError, NotFoundError, UsageError
from ledger.events import Producer, new_event
from ledger.events.types import KeyRotated
from ledger.store import Store

__all__ = ["Seal", "Sealer"]


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A signed checkpoint: which log, how many events, the hex root, the file. `new`: it was made by this call."""

    origin: str
    size: int
    root: str
    path: Path
    new: bool
    tiles: int = 0


class Sealer:
    """The keys, tiles and checkpoints of one ledger."""

    def __init__(self, home: Path, store: Store, producer: Producer) -> None:
        self.folder = home / "log"
        self.tiles = TileFolder(self.folder)
        self._keys = home / "keys"
        self._store = store
        self._producer = producer
        self._tree: Tree | None = None

    # -- keys --------------------------------------------------------------------------------------------------

    @property
    def key_file(self) -> Path:
        """Where the private key lies."""
        return self._keys / "log.key"

    def new_key(self, name: str, *, by: str = "") -> Key:
        """Make the log's first key; `name` becomes its origin. Raises UsageError when there is one."""
        signer = generate(name)
        save_signer(self.key_file, signer)
        self._record("", signer.key.vkey, by, "the first key")
        return signer.key

    def rotate_key(self, *, by: str, reason: str) -> Key:
        """Replace the key under the same name. The change is an event that the old key still signs.

        Raises NotFoundError without a key, UsageError without who and why.
        """
        if not by.strip() or not reason.strip():
            raise UsageError("A change of key needs who and why", which="key", fix="Give --by and --reason")
        old = load_signer(self.key_file)
        new = generate(old.key.name)
        self._record(old.key.vkey, new.key.vkey, by, reason)
        self._sign((old, new))
        retired = self._keys / "retired" / f"{old.key.id.hex()}.pub"
        write_atomically(retired, (old.key.vkey + "\n").encode(), durable=True)
        waiting = self._keys / "next.key"
        waiting.unlink(missing_ok=True)
        public_path(waiting).unlink(missing_ok=True)
        save_signer(waiting, new)
        waiting.replace(self.key_file)
        public_path(waiting).replace(public_path(self.key_file))
        return new.key

    def _record(self, old: str, new: str, by: str, reason: str) -> None:
        event = KeyRotated(old=old, new=new, by=by, reason=reason)
        self._store.append([new_event(event, stream="ledger", producer=self._producer)])

    def key(self) -> Key:
        """The log's present public key. Raises NotFoundError."""
        return load_signer(self.key_file).key

    def known_keys(self) -> list[Key]:
        """The public keys of this ledger, retired ones included."""
        files = [public_path(self.key_file), *sorted((self._keys / "retired").glob("*.pub"))]
        return [read_vkey(str(file)) for file in files if file.exists()]

    # -- sealing -----------------------------------------------------------------------------------------------

    def seal(self) -> Seal:
        """Write the full tiles and sign a checkpoint over the present head, unless the newest one covers it already.

        Raises NotFoundError without a key; CorruptionError rather than sign what contradicts an earlier checkpoint.
        """
        return self._sign((load_signer(self.key_file),))

    def _sign(self, signers: tuple[Signer, ...]) -> Seal:
        with self._locked():
            head = self._store.head()
            last = self.latest()
            if head.position == 0:
                raise UsageError(
                    "There is nothing to seal yet", which="0 events", fix="Record something first"
                )
            if last is not None:
                self._must_extend(last[0], head.position)
                if (
                    last[0].size == head.position
                    and len(signers) == 1
                    and self._signed_by(last[1], signers[0].key)
                ):
                    return self._seal_of(last[0], new=False)
            written = self.tiles.extend(self._store.leaf_hashes, head.position)
            root = Tree(head.position, self._store.leaf_hashes, self.tiles.full).root()
            if root.hex() != head.root:
                raise CorruptionError(
                    "The tiles and the events do not give the root of the head",
                    which=f"{head.position} events",
                    fix="Run newsledger verify; nothing was signed",
                )
            checkpoint = Checkpoint(signers[0].key.name, head.position, root)
            note = Note(checkpoint.text, tuple(signer.sign(checkpoint.text) for signer in signers))
            self._keep(checkpoint.size, note)
            return self._seal_of(checkpoint, new=True, tiles=written)

    def _must_extend(self, last: Checkpoint, size: int) -> None:
        if last.size > size:
            raise CorruptionError(
                "The log is shorter than its last checkpoint",
                which=f"{size} events, {last.size} signed",
                fix="Run newsledger verify; nothing was signed",
            )
        if Tree(last.size, self._store.leaf_hashes, self.tiles.full).root() != last.root:
            raise CorruptionError(
                "The log does not begin with what its last checkpoint signs",
                which=f"{last.size} events",
                fix="Run newsledger verify; nothing was signed",
            )

    @staticmethod
    def _signed_by(note: Note, key: Key) -> bool:
        return any((one.name, one.id) == (key.name, key.id) for one in note.signatures)

    def _seal_of(self, checkpoint: Checkpoint, *, new: bool, tiles: int = 0) -> Seal:
        return Seal(
            origin=checkpoint.origin,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            path=self.folder / "checkpoint",
            new=new,
            tiles=tiles,
        )

    def _keep(self, size: int, note: Note) -> None:
        write_atomically(self.folder / "checkpoints" / str(size), note.to_bytes(), durable=True)
        newest = max(self.sizes())
        write_atomically(self.folder / "checkpoint", (self.folder / "checkpoints" / str(newest)).read_bytes())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # -- checkpoints -------------------------------------------------------------------------------------------

    def sizes(self) -> list[int]:
        """The sizes for which a checkpoint was signed, ascending."""
        names = (path.name for path in (self.folder / "checkpoints").glob("*"))
        return sorted(int(name) for name in names if name.isdecimal())

    def read(self, size: int) -> bytes:
        """The checkpoint over the first `size` events, as signed. Raises NotFoundError."""
        path = self.folder / "checkpoints" / str(size)
        if not path.exists():
            known = ", ".join(map(str, self.sizes()[-5:]))
            raise NotFoundError(
                "No checkpoint was signed for this size",
                which=str(size),
                fix=f"The last ones: {known or 'none'}",
            )
        return path.read_bytes()

    def latest(self) -> tuple[Checkpoint, Note] | None:
        """The newest checkpoint, verified under this ledger's keys; None before the first.

        Raises CorruptionError when it is not what one of them signed.
        """
        sizes = self.sizes()
        if not sizes:
            return None
        try:
            return open_checkpoint(self.read(sizes[-1]), self.known_keys())
        except RefusedError as error:
            raise CorruptionError(
                "The newest checkpoint does not hold", which=f"{sizes[-1]} events", fix=str(error)
            ) from error

    def covering(self, position: int) -> bytes:
        """The newest checkpoint, which covers the event at `position`; the ledger is sealed first where none does."""
        last = self.latest()
        if last is None or last[0].size < position:
            self.seal()
        return self.read(self.sizes()[-1])

    def add_cosignatures(self, size: int, signatures: list[Signature]) -> None:
        """Keep verified cosignatures with the checkpoint over `size` events."""
        with self._locked():
            self._keep(size, with_signatures(parse_note(self.read(size)), signatures))

    # -- proofs ------------------------------------------------------------------------------------------------

    def tree(self, size: int) -> Tree:
        """The tree over the first `size` events; remembers tiles from call to call."""
        if self._tree is None or self._tree.size != size:
            self._tree = Tree(size, self._store.leaf_hashes, self.tiles.full)
        return self._tree

    def prove(self, position: int, checkpoint: bytes) -> Proof:
        """The receipt of one event under a checkpoint of this log that covers it."""
        size = int(parse_note(checkpoint).text.split("\n")[1])
        return Proof(position - 1, self.tree(size).inclusion(position - 1), checkpoint)

    def export(self, folder: Path) -> int:
        """Write a whole tlog-tiles directory under the newest checkpoint; returns the number of files."""
        checkpoint = self.covering(1)
        size = self.sizes()[-1]

        def entries(start: int, end: int) -> Iterator[bytes]:
            return (event.raw for event in self._store.read(start, upto=end))

        return export_tiles(folder, size, self._store.leaf_hashes, entries, checkpoint)
