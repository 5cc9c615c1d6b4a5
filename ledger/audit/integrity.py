"""Does the log hold: its bytes, its tiles, its own checkpoints, those kept elsewhere, and the witnesses. One layer after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ledger.audit.newsledger_verify import (
    Checkpoint,
    Key,
    Policy,
    RefusedError,
    open_checkpoint,
    parse_checkpoint_text,
    parse_note,
    parse_policy,
)
from ledger.audit.sealing import Sealer
from ledger.audit.tiles import check_tiles
from ledger.errors import CorruptionError, InputError
from ledger.events import commitment
from ledger.events.envelope import decode_envelope
from ledger.store import Store
from ledger.store.tlog import Frontier, leaf_hash, range_root
from ledger.store.verify import Problem, Verification, verify_log, verify_store

__all__ = ["LAYERS", "Finding", "Integrity", "check_events", "check_integrity", "read_outside", "read_policy"]

LAYERS = ("store", "tiles", "checkpoints", "outside", "witnesses")
"""Who can catch what: the ledger's own bytes, its tiles, its signed checkpoints, checkpoints kept elsewhere, witnesses."""

Progress = Callable[[int, int], None]


class Finding(msgspec.Struct, frozen=True):
    """Something that does not hold, and the layer that shows it. `position` is 0 when it concerns no single event."""

    layer: str
    position: int
    what: str


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a verification. `vouched` says who stands behind which size, in words.

    `since` is the size from which the events were read; before it a signed checkpoint stands for them.
    """

    position: int
    root: str
    since: int
    redacted: int
    bodies: int
    findings: tuple[Finding, ...]
    vouched: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every layer holds."""
        return not self.findings

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The findings as the store names them."""
        return tuple(Problem(one.position, one.what) for one in self.findings)


def read_outside(path: Path) -> bytes:
    """A checkpoint that was kept elsewhere. Raises InputError."""
    try:
        data = path.read_bytes()
        parse_checkpoint_text(parse_note(data).text)
    except OSError as error:
        raise InputError("A checkpoint cannot be read", which=str(path), fix=str(error.strerror)) from error
    except RefusedError as error:
        raise InputError("Not a checkpoint", which=str(path), fix=str(error)) from error
    return data


def read_policy(path: Path) -> Policy:
    """A tlog-policy file. Raises InputError."""
    try:
        return parse_policy(path.read_bytes())
    except OSError as error:
        raise InputError("A policy cannot be read", which=str(path), fix=str(error.strerror)) from error
    except RefusedError as error:
        raise InputError("Not a policy", which=str(path), fix=str(error)) from error


def check_integrity(
    store: Store,
    sealer: Sealer,
    *,
    outside: Sequence[bytes] = (),
    policy: Policy | None = None,
    since: int = 0,
    jobs: int = 0,
    progress: Progress | None = None,
) -> Integrity:
    """Check every layer; never raises for a log that does not hold.

    `outside` are checkpoints kept elsewhere, of any age. `policy` names logs and witnesses that must vouch for the newest
    checkpoint, and whose keys the outside ones are checked with; without it the ledger's own keys are used. `since` is the
    size of a checkpoint of this ledger: events before it are not read. `jobs` is as for `verify_store`. Raises NotFoundError when
    there is no such checkpoint.
    """
    return _check_layers(store, sealer, outside, policy, since, progress, jobs)


def _check_layers(
    store: Store,
    sealer: Sealer,
    outside: Sequence[bytes],
    policy: Policy | None,
    since: int,
    progress: Progress | None,
    jobs: int,
) -> Integrity:
    findings: list[Finding] = []
    own = _own_checkpoints(sealer, findings)
    roots = {one.size: one.root.hex() for one in own}
    found, checked = (
        (_since(store, sealer, since), None) if since else verify_log(store, progress, roots=roots, jobs=jobs)
    )
    findings += [Finding(_layer(problem, own), problem.position, problem.what) for problem in found.problems]
    vouched = [f"{own[-1].origin} signs {own[-1].size} events"] if own else []
    if not since:
        try:
            size = min(own[-1].size if own else 0, found.position)
            tiles = check_tiles(sealer.tiles, store.leaf_hashes, size, checked)
            findings += [Finding("tiles", 0, what) for what in tiles]
        except CorruptionError as error:
            findings.append(Finding("tiles", 0, str(error)))
    for data in outside:
        _check_outside(store, sealer.known_keys(), policy, data, findings, vouched)
    if policy is not None and own:
        _check_witnesses(sealer.read(own[-1].size), policy, findings, vouched)
    return Integrity(
        position=found.position,
        root=found.root,
        since=since,
        redacted=found.redacted,
        bodies=found.bodies,
        findings=tuple(findings),
        vouched=tuple(vouched),
    )


def check_events(
    store: Store,
    outside: Sequence[bytes],
    keys: Sequence[Key],
    policy: Policy | None,
    *,
    progress: Progress | None = None,
) -> Integrity:
    """Check the events, payloads and bodies, and checkpoints kept elsewhere; nothing of what lies beside the database."""
    found = verify_store(store, progress)
    findings = [Finding("store", problem.position, problem.what) for problem in found.problems]
    vouched: list[str] = []
    for data in outside:
        _check_outside(store, keys, policy, data, findings, vouched)
    return Integrity(
        position=found.position,
        root=found.root,
        since=0,
        redacted=found.redacted,
        bodies=found.bodies,
        findings=tuple(findings),
        vouched=tuple(vouched),
    )


def _layer(problem: Problem, own: Sequence[Checkpoint]) -> str:
    """Roots known for a size come from signed checkpoints, so what contradicts one is their finding."""
    of_checkpoint = "root that is known" in problem.what or "A root is known" in problem.what
    return "checkpoints" if own and of_checkpoint else "store"


def _own_checkpoints(sealer: Sealer, findings: list[Finding]) -> list[Checkpoint]:
    keys, good = sealer.known_keys(), []
    for size in sealer.sizes():
        try:
            checkpoint, _ = open_checkpoint(sealer.read(size), keys)
        except RefusedError as error:
            findings.append(
                Finding("checkpoints", 0, f"The checkpoint over {size} events does not hold: {error}")
            )
            continue
        if checkpoint.size != size:
            findings.append(
                Finding("checkpoints", 0, f"The checkpoint kept for {size} events is of {checkpoint.size}")
            )
        else:
            good.append(checkpoint)
    return good


def _since(store: Store, sealer: Sealer, since: int) -> Verification:
    """Read only the events after a signed size; the tree before it comes from tiles and must give the signed root."""
    problems: list[Problem] = []
    checkpoint, _ = open_checkpoint(sealer.read(since), sealer.known_keys())
    head = store.head()
    frontier, redacted = Frontier(), 0
    if head.position < since:
        problems.append(
            Problem(head.position + 1, f"The log ends here, and a checkpoint signs {since} events")
        )
    else:
        frontier = sealer.tree(since).frontier()
        if frontier.root() != checkpoint.root:
            problems.append(Problem(0, f"The tiles do not give the root that is known for {since} events"))
        for row in store.index_rows(since, upto=head.position):
            frontier = frontier.extend((leaf_hash(row.envelope),))
            wanted = decode_envelope(row.envelope).payload.commitment
            if row.payload is None or row.salt is None:
                redacted += 1
            elif commitment(row.salt, row.payload) != wanted:
                problems.append(
                    Problem(row.position, "The payload is not the one that the envelope commits to")
                )
        if (frontier.size, frontier.root().hex()) != (head.position, head.root):
            problems.append(Problem(0, "The stored envelopes do not give the root of the head"))
    return Verification(
        position=frontier.size,
        root=frontier.root().hex(),
        redacted=redacted,
        bodies=0,
        problems=tuple(problems),
    )


def _check_outside(
    store: Store,
    keys: Sequence[Key],
    policy: Policy | None,
    data: bytes,
    findings: list[Finding],
    vouched: list[str],
) -> None:
    try:
        checkpoint = policy.check(data)[0] if policy is not None else open_checkpoint(data, keys)[0]
    except RefusedError as error:
        findings.append(Finding("outside", 0, f"The outside checkpoint does not hold: {error}"))
        return
    head = store.head()
    if checkpoint.size > head.position:
        what = f"The log is shorter than it was: {head.position} events, and an outside checkpoint signs {checkpoint.size}"
        findings.append(Finding("outside", head.position + 1, what))
        return
    try:
        root = range_root(store.leaf_hashes, 0, checkpoint.size)
    except CorruptionError as error:
        findings.append(Finding("outside", 0, str(error)))
        return
    if root != checkpoint.root:
        what = f"History was rewritten: the first {checkpoint.size} events are not those that an outside checkpoint signs"
        findings.append(Finding("outside", 0, what))
    else:
        vouched.append(f"an outside checkpoint of {checkpoint.origin} signs {checkpoint.size} events")


def _check_witnesses(data: bytes, policy: Policy, findings: list[Finding], vouched: list[str]) -> None:
    try:
        checkpoint, _, good = policy.check(data)
    except RefusedError as error:
        findings.append(
            Finding("witnesses", 0, f"The newest checkpoint does not satisfy the policy: {error}")
        )
        return
    for key, signature in good:
        if key in policy.witnesses.values():
            vouched.append(
                f"{key.name} cosigned {checkpoint.size} events at {signature.time} (seconds since 1970)"
            )
