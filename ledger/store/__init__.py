"""The append-only log: its seam, its backends, bodies, Merkle tree and migrations."""

from ledger.store.protocol import ANY, Appended, Entropy, Head, Store, Task, TaskDone

__all__ = ["ANY", "Appended", "Entropy", "Head", "Store", "Task", "TaskDone"]
