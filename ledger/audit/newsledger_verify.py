#!/usr/bin/env python3
# ruff: noqa: T201 - a command of its own, with nothing but print to speak through
"""Check what a ledger claims, without the ledger: receipts, rows of a view and evidence bundles.

This one file needs Python 3.11 and the package `cryptography`, nothing else: no project, no network. Copy it to the machine
that shall check. It is also the reader of these formats inside newsledger, so that there is one reading of each.

    newsledger-verify FILE --vkey KEY              FILE: .evidence.zip, .row-receipt, .tlog-proof with --entry ENVELOPE,
    newsledger-verify FILE --policy POLICY               or the folder of a whole log, as `newsledger export tiles` writes it

Keys come from you, never from the file. Exit: 0 it holds; 1 it does not; 2 it cannot be read; 4 it holds, but parts were withheld.
Formats: c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-policy, tlog-tiles; RFC 6962 for the trees.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import html
import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE, MLDSA44 = 0x01, 0x04, 0x06
KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, MLDSA44: 1312}
SIGNATURE_BYTES = {ED25519: 64, COSIGNATURE: 72, MLDSA44: 2428}
MAX_NOTE, MAX_SIGNATURES, MAX_BUNDLE = 1_000_000, 100, 1 << 30
LAST_SIZE = (1 << 63) - 1


class RefusedError(ValueError):
    """Something that is not what it must be; the message says what."""


class UnreadableError(RefusedError):
    """Not in the form that it claims to have."""


# -- bytes -------------------------------------------------------------------------------------------------------------


def decode64(text: str, what: str, size: int | None = None) -> bytes:
    """Standard, canonical base64 (RFC 4648, section 4), of `size` bytes if given."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise UnreadableError(f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise UnreadableError(f"{what} is not canonical base64")
    if size is not None and len(data) != size:
        raise UnreadableError(f"{what} has {len(data)} bytes instead of {size}")
    return data


def encode64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def decimal(text: str, what: str) -> int:
    """A number from 0 to 2^63 - 1 in ASCII digits without leading zeros."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII) or int(text) > LAST_SIZE:
        raise UnreadableError(f"{what} is not a number: {text[:40]!r}")
    return int(text)


# -- trees (RFC 6962, RFC 9162) ----------------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from the leaf hash at `index` to the root over `size` leaves."""
    if not 0 <= index < size or any(len(item) != 32 for item in (leaf, root, *proof)):
        return False
    at, last, node = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(item, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, item)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


# -- keys and signed notes ---------------------------------------------------------------------------------------------


def is_key_name(name: str) -> bool:
    """Whether a text may name a key: not empty, no space, no plus."""
    return bool(name) and "+" not in name and not any(one.isspace() or one < " " for one in name)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The four bytes that stand for a key in signature lines."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class Key:
    """A verifier key: who (`name`), which algorithm (`kind`) and the public key."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The key id in signature lines."""
        return key_id(self.name, self.kind, self.public)

    @property
    def vkey(self) -> str:
        """The text form, `name+id+key`."""
        return f"{self.name}+{self.id.hex()}+{encode64(bytes([self.kind]) + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (without the key id) is this key's on a note's text."""
        if len(signature) != SIGNATURE_BYTES[self.kind]:
            return False
        if self.kind == ED25519:
            return _ed25519(self.public, signature, text.encode())
        when = int.from_bytes(signature[:8], "big")
        if when > LAST_SIZE:
            return False
        if self.kind == COSIGNATURE:
            return _ed25519(self.public, signature[8:], cosigned_text(text, when))
        return _mldsa44(self.public, signature[8:], self._subtree(text, when))

    def _subtree(self, text: str, when: int) -> bytes:
        checkpoint = parse_checkpoint_text(text)
        name, origin = self.name.encode(), checkpoint.origin.encode()
        if not (0 < len(name) < 256 and 0 < len(origin) < 256):
            raise RefusedError("A name is too long for an ML-DSA cosignature")
        head = b"subtree/v1\n\0" + bytes([len(name)]) + name + struct.pack(">Q", when)
        return head + bytes([len(origin)]) + origin + struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root


def cosigned_text(text: str, when: int) -> bytes:
    """What an Ed25519 witness signs: the note's text with its time (seconds since 1970)."""
    return f"cosignature/v1\ntime {when}\n{text}".encode()


def _ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _mldsa44(public: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except UnsupportedAlgorithm:
        raise RefusedError("The installed cryptography has no ML-DSA-44") from None
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_vkey(text: str) -> Key:
    """A key from its text form; the key id in it must be the right one."""
    name, first, rest = text.partition("+")
    stated, second, material = rest.partition("+")
    if not first or not second or not is_key_name(name):
        raise UnreadableError(f"Not a verifier key: {text[:60]!r}")
    if not re.fullmatch(r"[0-9a-f]{8}", stated):
        raise UnreadableError(f"The id of key {name} is not 8 hex digits")
    data = decode64(material, f"Key {name}")
    if not data or data[0] not in KEY_BYTES:
        raise UnreadableError(f"Key {name} is of an unknown kind")
    key = Key(name, data[0], data[1:])
    if len(key.public) != KEY_BYTES[key.kind]:
        raise UnreadableError(f"Key {name} has {len(key.public)} bytes instead of {KEY_BYTES[key.kind]}")
    if key.id.hex() != stated:
        raise UnreadableError(f"The id of key {name} is not that of the key")
    return key


@dataclass(frozen=True)
class Signature:
    """One signature line: key name, key id, and what follows it."""

    name: str
    id: bytes
    data: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note."""
        return f"\u2014 {self.name} {encode64(self.id + self.data)}\n"

    @property
    def time(self) -> int:
        """The time inside a cosignature, seconds since 1970."""
        return int.from_bytes(self.data[:8], "big")


@dataclass(frozen=True)
class Note:
    """A signed note as read: `text` with its last newline, and all signature lines, nothing verified."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The note as bytes."""
        return (self.text + "\n" + "".join(one.line for one in self.signatures)).encode()


def parse_note(data: bytes) -> Note:
    """Read a note without verifying it."""
    if len(data) > MAX_NOTE:
        raise UnreadableError("The note is too large")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("The note is not UTF-8") from None
    if any(one < " " and one != "\n" for one in whole):
        raise UnreadableError("The note has control characters")
    split = whole.rfind("\n\n")
    if split < 0 or not whole.endswith("\n") or not (tail := whole[split + 2 :]):
        raise UnreadableError("The note has no signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise UnreadableError("The note has too many signatures")
    return Note(whole[: split + 1], tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """Read one signature line, without its newline."""
    name, space, text = line.removeprefix("\u2014 ").partition(" ")
    if not line.startswith("\u2014 ") or not space or not is_key_name(name):
        raise UnreadableError("A signature line is malformed")
    data = decode64(text, f"The signature of {name}")
    if len(data) < 5:
        raise UnreadableError(f"The signature of {name} is too short")
    return Signature(name, data[:4], data[4:])


def verify_note(note: Note, keys: Iterable[Key]) -> tuple[list[tuple[Key, Signature]], list[Signature]]:
    """The verified signatures with their keys, one for each key, and those of unknown keys.

    Refuses a note with a wrong signature of a known key, one without a signature of a known key, and one signed by a name and
    id that two of the keys share.
    """
    known: dict[tuple[str, bytes], set[Key]] = {}
    for key in keys:
        known.setdefault((key.name, key.id), set()).add(key)
    good: dict[Key, Signature] = {}
    unknown: list[Signature] = []
    for one in note.signatures:
        named = known.get((one.name, one.id), set())
        if len(named) > 1:
            raise RefusedError(f"Two keys that you gave have the name {one.name} and the id {one.id.hex()}")
        for key in named:
            if not key.verifies(note.text, one.data):
                raise RefusedError(f"The signature of {key.name} is wrong")
            good.setdefault(key, one)
        if not named:
            unknown.append(one)
    if not good:
        raise RefusedError("No signature is by a key that you know")
    return list(good.items()), unknown


# -- checkpoints -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: which log, how many leaves, which root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, encode64(self.root), *self.extensions)
        )


def parse_checkpoint_text(text: str) -> Checkpoint:
    """Read the text of a checkpoint; says nothing of signatures."""
    lines = text.split("\n")
    if lines.pop() or len(lines) < 3 or not all(lines):
        raise UnreadableError("Not a checkpoint: it has fewer than three lines, or an empty one")
    return Checkpoint(
        lines[0], decimal(lines[1], "The tree size"), decode64(lines[2], "The root", 32), tuple(lines[3:])
    )


def open_checkpoint(data: bytes, keys: Iterable[Key]) -> tuple[Checkpoint, Note]:
    """A checkpoint that one of the log keys `keys`, named like its origin, has signed."""
    note = parse_note(data)
    checkpoint = parse_checkpoint_text(note.text)
    verify_note(note, [key for key in keys if key.name == checkpoint.origin])
    return checkpoint, note


# -- policies ----------------------------------------------------------------------------------------------------------


@dataclass
class Policy:
    """Which logs are believed, and which witnesses must have cosigned. Names are bytes, written as Latin-1."""

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str = ""

    @property
    def keys(self) -> list[Key]:
        """Every key that the policy names."""
        return [*self.logs, *self.witnesses.values()]

    def met_by(self, name: str, cosigned: Iterable[Key]) -> bool:
        """Whether the witness or group `name` has witnessed, given the witness keys that cosigned."""
        if name == "none":
            return True
        if name in self.witnesses:
            return self.witnesses[name] in set(cosigned)
        count, members = self.groups[name]
        return sum(self.met_by(member, cosigned) for member in members) >= count

    def check(self, data: bytes) -> tuple[Checkpoint, Note, list[tuple[Key, Signature]]]:
        """A checkpoint that satisfies the policy, with all verified signatures. Raises RefusedError."""
        note = parse_note(data)
        checkpoint = parse_checkpoint_text(note.text)
        logs = [key for key in self.logs if key.name == checkpoint.origin]
        if not logs:
            raise RefusedError(f"The policy does not know the log {checkpoint.origin!r}")
        good, _ = verify_note(note, [*logs, *self.witnesses.values()])
        if not any(key in logs for key, _ in good):
            raise RefusedError("The log has not signed the checkpoint")
        cosigned = [key for key, _ in good if key in self.witnesses.values()]
        if not self.met_by(self.quorum, cosigned):
            raise RefusedError(f"The quorum {self.quorum!r} of witnesses is not reached")
        return checkpoint, note, good


def parse_policy(data: bytes) -> Policy:
    """Read a policy file (c2sp.org/tlog-policy)."""
    policy, members, publics = Policy(), set[str](), (set[bytes](), set[bytes]())
    if any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in data):
        raise UnreadableError("The policy has control characters")
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        words = re.split(r"[ \t]+", line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            _policy_line(policy, words, members, publics)
        except UnreadableError as error:
            raise UnreadableError(f"Policy, line {number}: {error}") from None
    if not policy.quorum:
        raise UnreadableError("The policy has no quorum line")
    return policy


def _policy_line(
    policy: Policy, words: list[str], members: set[str], publics: tuple[set[bytes], set[bytes]]
) -> None:
    def known(name: str) -> bool:
        return name in policy.witnesses or name in policy.groups

    def new(name: str) -> str:
        if known(name) or name == "none":
            raise UnreadableError(f"The name {name!r} is taken")
        return name

    match words:
        case ["log", vkey] | ["log", vkey, _]:
            policy.logs.append(_policy_key(vkey, (ED25519, MLDSA44), publics[0]))
        case ["witness", name, vkey] | ["witness", name, vkey, _]:
            policy.witnesses[new(name)] = _policy_key(vkey, (COSIGNATURE, MLDSA44), publics[1])
        case ["group", name, count, *listed] if listed:
            for member in listed:
                if not known(member) or member in members:
                    raise UnreadableError(f"{member!r} is not defined above, or is a member already")
                members.add(member)
            policy.groups[new(name)] = (_threshold(count, len(listed)), tuple(listed))
        case ["quorum", name]:
            if policy.quorum or not (name == "none" or known(name)):
                raise UnreadableError("There are two quorum lines, or the name is not defined above")
            policy.quorum = name
        case _:
            raise UnreadableError(f"Not a line of a policy: {' '.join(words)[:60]!r}")


def _threshold(count: str, size: int) -> int:
    if count in {"all", "any"}:
        return size if count == "all" else 1
    if not re.fullmatch(r"[1-9][0-9]{0,8}", count, re.ASCII) or int(count) > size:
        raise UnreadableError(f"{count!r} is not a number of members from 1 to {size}")
    return int(count)


def _policy_key(text: str, kinds: tuple[int, ...], taken: set[bytes]) -> Key:
    try:
        key = parse_vkey(text.encode("latin-1").decode("utf-8"))
    except UnicodeDecodeError:
        raise UnreadableError("A key name is not UTF-8") from None
    if key.kind not in kinds:
        raise UnreadableError(f"Key {key.name} is of a kind that does not belong here")
    if key.public in taken:
        raise UnreadableError(f"Key {key.name} is listed twice")
    taken.add(key.public)
    return key


# -- receipts ----------------------------------------------------------------------------------------------------------

PROOF_HEADER = "c2sp.org/tlog-proof@v1"
ROW_HEADER = "newsledger/row-receipt@v1"


@dataclass(frozen=True)
class Proof:
    """A tlog-proof file: `extra` is authenticated by nothing."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def to_bytes(self) -> bytes:
        """The file."""
        extra = [] if self.extra is None else [f"extra {encode64(self.extra)}"]
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *(encode64(item) for item in self.hashes)]
        return ("\n".join(lines) + "\n\n").encode() + self.checkpoint

    def proves(self, leaf: bytes, checkpoint: Checkpoint) -> bool:
        """Whether the leaf hash is in the tree of the (verified) checkpoint at this index."""
        return includes(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)


def parse_proof(data: bytes) -> Proof:
    """Read a tlog-proof file; verifies nothing."""
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise UnreadableError("The proof is not ASCII before its checkpoint") from None
    if not blank or lines.pop(0) != PROOF_HEADER:
        raise UnreadableError(f"Not a proof: it does not begin with {PROOF_HEADER}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode64(lines.pop(0).removeprefix("extra "), "The extra data")
    if not lines or not lines[0].startswith("index "):
        raise UnreadableError("The proof has no index")
    index = decimal(lines.pop(0).removeprefix("index "), "The index")
    if len(lines) > 63:
        raise UnreadableError("The proof is too long")
    hashes = tuple(decode64(line, "A hash of the proof", 32) for line in lines)
    parse_checkpoint_text(parse_note(checkpoint).text)
    return Proof(index, hashes, checkpoint, extra)


@dataclass(frozen=True)
class RowReceipt:
    """One row of a sealed view: row -> root of the view -> `view.sealed` event -> checkpoint."""

    view: str
    index: int
    size: int
    row: bytes
    salt: bytes
    payload: bytes
    envelope: bytes
    hashes: tuple[bytes, ...]
    proof: bytes

    def to_bytes(self) -> bytes:
        """The file."""
        lines = [ROW_HEADER, f"view {self.view}", f"index {self.index}", f"size {self.size}"]
        lines += [f"row {encode64(self.row)}", f"salt {self.salt.hex()}", f"payload {encode64(self.payload)}"]
        lines += [f"envelope {encode64(self.envelope)}", *(encode64(item) for item in self.hashes)]
        return ("\n".join(lines) + "\n\n").encode() + self.proof

    def check(self) -> None:
        """Whether the row is in the view that the event sealed. Raises RefusedError; the checkpoint is another matter."""
        envelope, sealed = _json(self.envelope), _json(self.payload)
        if envelope.get("type") != "view.sealed" or commitment(self.salt, self.payload) != _commitment(
            envelope
        ):
            raise RefusedError("The seal of the view is not what the event commits to")
        if sealed.get("view") != self.view or sealed.get("rows") != self.size:
            raise RefusedError("The receipt speaks of another view than the seal")
        root = str(sealed.get("root"))
        if not re.fullmatch(r"[0-9a-f]{64}", root):
            raise RefusedError("The seal holds no root")
        if not includes(leaf_hash(self.row), self.index, self.size, self.hashes, bytes.fromhex(root)):
            raise RefusedError("The row is not in the sealed view")


def parse_row_receipt(data: bytes) -> RowReceipt:
    """Read a row receipt; verifies nothing."""
    head, blank, proof = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise UnreadableError("The receipt is not ASCII") from None
    names = ("view", "index", "size", "row", "salt", "payload", "envelope")
    if not blank or lines[0] != ROW_HEADER or len(lines) < 1 + len(names):
        raise UnreadableError(f"Not a row receipt: it does not begin with {ROW_HEADER}")
    values = []
    for name, line in zip(names, lines[1:], strict=False):
        if not line.startswith(f"{name} "):
            raise UnreadableError(f"The receipt has no {name}")
        values.append(line.removeprefix(f"{name} "))
    view, index, size, row, salt, payload, envelope = values
    if not re.fullmatch(r"[0-9a-f]{32}", salt):
        raise UnreadableError("The salt is not 32 hex digits")
    return RowReceipt(
        view,
        decimal(index, "The index"),
        decimal(size, "The size"),
        decode64(row, "The row"),
        bytes.fromhex(salt),
        decode64(payload, "The payload"),
        decode64(envelope, "The envelope"),
        tuple(decode64(line, "A hash", 32) for line in lines[1 + len(names) :]),
        proof,
    )


def commitment(salt: bytes, content: bytes) -> str:
    """What an envelope holds instead of a payload: hex SHA-256 over salt and content."""
    return hashlib.sha256(salt + content).hexdigest()


def _commitment(envelope: Mapping[str, Any]) -> str:
    payload = envelope.get("payload")
    return str(payload.get("commitment")) if isinstance(payload, dict) else ""


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise UnreadableError("Not JSON where JSON must be") from None
    if not isinstance(value, dict):
        raise UnreadableError("Not a JSON object where one must be")
    return value


# -- evidence bundles --------------------------------------------------------------------------------------------------

MANIFEST = "manifest-sha256.txt"
CRATE = "ro-crate-metadata.json"
DERIVED = ("annotations.jsonld", "prov.json", "report.html")


@dataclass
class Evidence:
    """The members of a bundle that something commits to, by what they are.

    `events` are envelopes by position, `payloads` and `bodies` pairs of salt and content by position and by key,
    `rows` receipts by name. `texts`: key of a body to its text.
    """

    checkpoint: bytes = b""
    events: dict[int, bytes] = field(default_factory=dict)
    proofs: dict[int, bytes] = field(default_factory=dict)
    payloads: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    bodies: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    rows: dict[str, bytes] = field(default_factory=dict)

    def members(self) -> dict[str, bytes]:
        """Every file of the bundle by name, those that follow from the others included."""
        files = {"checkpoint": self.checkpoint}
        files |= {f"events/{at}.json": data for at, data in self.events.items()}
        files |= {f"proofs/{at}.tlog-proof": data for at, data in self.proofs.items()}
        for folder, pairs in (("payloads", self.payloads), ("bodies", self.bodies)):
            for name, (salt, content) in pairs.items():
                files[f"{folder}/{name}.bin"] = content
                files[f"{folder}/{name}.salt"] = salt.hex().encode()
        files |= {f"rows/{name}.row-receipt": data for name, data in self.rows.items()}
        files |= derive(self)
        files[CRATE] = crate(files)
        files[MANIFEST] = manifest(files)
        return files


def manifest(files: Mapping[str, bytes]) -> bytes:
    """`sha256  name` for every file, by name."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()


def _shown(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def crate(files: Mapping[str, bytes]) -> bytes:
    """The RO-Crate 1.2 description of the files."""
    parts = [
        {
            "@id": name,
            "@type": "File",
            "contentSize": str(len(files[name])),
            "sha256": hashlib.sha256(files[name]).hexdigest(),
        }
        for name in sorted(files)
    ]
    about = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": "Evidence from a newsledger",
        "description": "Events of an append-only log of news reports, with the proofs that they are in it.",
        "hasPart": [{"@id": part["@id"]} for part in parts],
    }
    return _shown({"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": [about, root, *parts]})


def derive(evidence: Evidence) -> dict[str, bytes]:
    """The files that follow from the proven ones: W3C Web Annotations, PROV-JSON and a report for people."""
    facts = [
        (at, _json(evidence.events[at]), _json(evidence.payloads[at][1]) if at in evidence.payloads else None)
        for at in sorted(evidence.events)
    ]
    revisions = {
        (body["article"], body["revision"]): (at, body)
        for at, envelope, body in facts
        if body is not None and envelope["type"] in {"article.ingested", "article.revised"}
    }
    return {
        "annotations.jsonld": _shown(list(_web_annotations(evidence, facts, revisions))),
        "prov.json": _shown(_prov(facts)),
        "report.html": _report(evidence, facts),
    }


Facts = list[tuple[int, dict[str, Any], "dict[str, Any] | None"]]


def _web_annotations(
    evidence: Evidence, facts: Facts, revisions: Mapping[Any, Any]
) -> Iterator[dict[str, Any]]:
    for _, envelope, body in facts:
        if envelope["type"] != "article.annotated" or body is None:
            continue
        _, revision = revisions.get((body["article"], body["revision"]), (0, {}))
        key = revision.get("text", {}).get("key", "")
        text = evidence.bodies[key][1].decode() if key in evidence.bodies else ""
        for number, one in enumerate(body["annotations"]):
            start, end = one["span"]["start"], one["span"]["end"]
            quote = {"type": "TextQuoteSelector", "exact": one.get("quote", "")}
            if text:
                quote |= {"prefix": text[max(0, start - 32) : start], "suffix": text[end : end + 32]}
            rest = {name: value for name, value in one.items() if name not in {"span", "quote"}}
            yield {
                "@context": "http://www.w3.org/ns/anno.jsonld",
                "id": f"urn:newsledger:{envelope['id']}:{number}",
                "type": "Annotation",
                "created": envelope["recorded_at"],
                "generator": {"type": "Software", "name": body["processor"]},
                "body": {
                    "type": "TextualBody",
                    "format": "application/json",
                    "value": json.dumps(rest, sort_keys=True),
                },
                "target": {
                    "source": revision.get("url", ""),
                    "selector": [{"type": "TextPositionSelector", "start": start, "end": end}, quote],
                },
            }


def _prov(facts: Facts) -> dict[str, Any]:
    document: dict[str, Any] = {"prefix": {"nl": "urn:newsledger:"}}
    kinds = ("entity", "activity", "agent", "wasGeneratedBy", "used", "wasAssociatedWith")
    entity, activity, agent, generated, used, associated = (document.setdefault(kind, {}) for kind in kinds)
    ids = {envelope["id"] for _, envelope, _ in facts}
    for at, envelope, _ in facts:
        name, made, who = f"nl:{envelope['id']}", f"nl:recording-{at}", f"nl:{envelope['producer']['name']}"
        entity[name] = {"prov:type": envelope["type"], "nl:position": at, "nl:stream": envelope["stream"]}
        activity[made] = {"prov:endTime": envelope["recorded_at"]}
        agent[who] = {"prov:type": {"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}}
        generated[f"_:g{at}"] = {"prov:entity": name, "prov:activity": made}
        associated[f"_:a{at}"] = {"prov:activity": made, "prov:agent": who}
        for number, cause in enumerate(envelope["causes"]):
            if cause in ids:
                used[f"_:u{at}-{number}"] = {"prov:activity": made, "prov:entity": f"nl:{cause}"}
    return {name: value for name, value in document.items() if value}


def _report(evidence: Evidence, facts: Facts) -> bytes:
    note = parse_note(evidence.checkpoint)
    checkpoint = parse_checkpoint_text(note.text)
    escape = html.escape
    out = ["<!DOCTYPE html>", '<html lang="en"><meta charset="utf-8"><title>Evidence</title>']
    out.append(
        "<style>body{font:15px/1.5 serif;max-width:50em;margin:2em auto}td,th{text-align:left;padding:.2em .6em}</style>"
    )
    out.append(f"<h1>Evidence from {escape(checkpoint.origin)}</h1>")
    out.append(f"<p>{checkpoint.size} events, root <code>{checkpoint.root.hex()}</code>.</p>")
    for name in sorted(evidence.rows):
        row = _json(parse_row_receipt(evidence.rows[name]).row)
        shown = ", ".join(
            f"{key} {row[key]}" for key in ("best", "low", "high", "reports") if row.get(key) is not None
        )
        out.append(f"<h2>{escape(str(row.get('slot', name)))}</h2><p>The ledger said: {escape(shown)}.</p>")
    out.append("<h2>Events</h2><table><tr><th>position<th>recorded<th>what<th>about</tr>")
    for at, envelope, body in facts:
        title = str((body or {}).get("title") or envelope["stream"])
        cells = (str(at), envelope["recorded_at"], envelope["type"], title)
        out.append("<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "</tr>")
    out.append(
        "</table><p>This shows what was recorded, when by the ledger's own clock, and that it was not changed since"
    )
    out.append(
        "the checkpoint. It does not show that a report is true, nor that every report was recorded.</p></html>"
    )
    return ("\n".join(out) + "\n").encode()


@dataclass(frozen=True)
class Verdict:
    """What a check found. `name` is the digest of a bundle's manifest: the name under which it can be cited."""

    what: str
    checkpoint: Checkpoint
    signers: tuple[str, ...]
    name: str = ""
    events: int = 0
    redacted: tuple[tuple[str, int], ...] = ()
    withheld: tuple[str, ...] = ()
    unknown: int = 0


def read_bundle(path: Path) -> dict[str, bytes]:
    """The members of a zip file. Raises UnreadableError for what is none, or holds anything but plain files, each once."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BUNDLE:
                raise UnreadableError("The bundle is too large")
            for info in archive.infolist():
                if info.is_dir() or info.filename in files:
                    raise UnreadableError(f"The bundle holds {info.filename!r} twice, or it is a folder")
                files[info.filename] = archive.read(info)
    except (
        OSError,
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise UnreadableError(f"The bundle cannot be read: {error}") from None
    except RefusedError:
        raise
    except (zlib.error, struct.error, ValueError) as error:
        raise UnreadableError(f"The bundle is damaged: {error}") from None
    return files


_POSITION = r"(?P<at>[1-9][0-9]{0,18})"
_MEMBERS = (
    ("events", re.compile(rf"events/{_POSITION}\.json")),
    ("proofs", re.compile(rf"proofs/{_POSITION}\.tlog-proof")),
    ("payloads", re.compile(rf"payloads/{_POSITION}\.(?P<part>bin|salt)")),
    ("bodies", re.compile(r"bodies/(?P<key>[0-9a-f]{64})\.(?P<part>bin|salt)")),
    ("rows", re.compile(r"rows/(?P<name>[A-Za-z0-9._-]{1,200})\.row-receipt")),
)


def sort_members(files: Mapping[str, bytes]) -> Evidence:
    """Put the members of a bundle where they belong. Refuses one that belongs nowhere, and half a pair."""
    evidence = Evidence()
    halves: dict[tuple[str, Any], dict[str, bytes]] = {}
    for name, data in files.items():
        if name == "checkpoint":
            evidence.checkpoint = data
            continue
        if name in {MANIFEST, CRATE, *DERIVED}:
            continue
        kind, found = next(((k, m) for k, p in _MEMBERS if (m := p.fullmatch(name))), ("", None))
        if found is None:
            raise RefusedError(f"The bundle holds {name!r}, which nothing commits to")
        if kind == "events":
            evidence.events[int(found["at"])] = data
        elif kind == "proofs":
            evidence.proofs[int(found["at"])] = data
        elif kind == "rows":
            evidence.rows[found["name"]] = data
        else:
            key = int(found["at"]) if kind == "payloads" else found["key"]
            halves.setdefault((kind, key), {})[found["part"]] = data
    for (kind, key), parts in halves.items():
        if set(parts) != {"bin", "salt"} or not re.fullmatch(rb"[0-9a-f]{32}", parts["salt"]):
            raise RefusedError(
                f"{kind}/{key} lacks its salt or its content, or the salt is not 32 hex digits"
            )
        pairs: dict[Any, tuple[bytes, bytes]] = evidence.payloads if kind == "payloads" else evidence.bodies
        pairs[key] = (bytes.fromhex(parts["salt"].decode()), parts["bin"])
    return evidence


Trust = Callable[[bytes], "tuple[Checkpoint, Note, list[tuple[Key, Signature]]]"]
"""Gives a checkpoint that the verifier believes, with the signatures that count; raises RefusedError."""


def check_bundle(files: Mapping[str, bytes], trust: Trust, *, unknown_signatures: bool = False) -> Verdict:
    """Check every byte of a bundle: proven by the log, or the same as what follows from proven ones.

    Raises RefusedError, whatever the members hold. A signature line by a key that the verifier does not know is authenticated by nothing, and is
    refused unless `unknown_signatures`.
    """
    try:
        return _check_bundle(files, trust, unknown_signatures=unknown_signatures)
    except RefusedError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise RefusedError(
            f"A member has another form than it must have ({type(error).__name__}: {error})"
        ) from None


def _check_bundle(files: Mapping[str, bytes], trust: Trust, *, unknown_signatures: bool) -> Verdict:
    if "checkpoint" not in files or MANIFEST not in files:
        raise RefusedError("Not an evidence bundle: it has no checkpoint or no manifest")
    evidence = sort_members(files)
    checkpoint, note, good = trust(evidence.checkpoint)
    unknown = _unknown(note, good, allowed=unknown_signatures)
    _check_leaves(evidence, checkpoint)
    for name, data in evidence.rows.items():
        receipt = parse_row_receipt(data)
        _check_row(receipt, evidence.checkpoint, checkpoint)
        if name != row_name(receipt):
            raise RefusedError(f"rows/{name} has another name than its row")
    redacted, withheld = _check_contents(evidence)
    _check_closure(evidence)
    for name, wanted in evidence.members().items():
        if files.get(name) != wanted:
            raise RefusedError(f"{name} is missing, or not what follows from the proven members")
    return Verdict(
        what="bundle",
        checkpoint=checkpoint,
        signers=tuple(key.name for key, _ in good),
        name=hashlib.sha256(files[MANIFEST]).hexdigest(),
        events=len(evidence.events),
        redacted=redacted,
        withheld=withheld,
        unknown=unknown,
    )


def _unknown(note: Note, good: Sequence[tuple[Key, Signature]], *, allowed: bool) -> int:
    """How many signature lines nobody can check, which is refused unless it is `allowed`."""
    unknown = len(note.signatures) - len(good)
    if unknown and not allowed:
        raise RefusedError(
            f"{unknown} signatures of the checkpoint are by keys that you do not know; name them in a policy, or allow them"
        )
    return unknown


def row_name(receipt: RowReceipt) -> str:
    """The name of a row receipt inside a bundle."""
    return f"{receipt.view}-{receipt.index}"


def _check_leaves(evidence: Evidence, checkpoint: Checkpoint) -> None:
    if set(evidence.events) != set(evidence.proofs) or not evidence.events:
        raise RefusedError("Events and proofs do not go together")
    for at, envelope in evidence.events.items():
        proof = parse_proof(evidence.proofs[at])
        if proof.extra is not None or proof.checkpoint != evidence.checkpoint or proof.index != at - 1:
            raise RefusedError(
                f"The proof of event {at} is of another event or checkpoint, or carries extra data"
            )
        if not proof.proves(leaf_hash(envelope), checkpoint):
            raise RefusedError(f"Event {at} is not in the log at this position")


def _check_row(receipt: RowReceipt, signed: bytes, checkpoint: Checkpoint) -> None:
    receipt.check()
    proof = parse_proof(receipt.proof)
    if proof.extra is not None or proof.checkpoint != signed:
        raise RefusedError("The receipt of a row is under another checkpoint, or carries extra data")
    if not proof.proves(leaf_hash(receipt.envelope), checkpoint):
        raise RefusedError("The seal of the view is not in the log")


def _check_contents(evidence: Evidence) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """Payloads and bodies hash to what proven events commit to; what is not there was redacted by order, or withheld."""
    orders: dict[str, int] = {}
    wanted: dict[str, int] = {}
    missing: list[str] = []
    for at in sorted(evidence.events):
        envelope = _json(evidence.events[at])
        if at not in evidence.payloads:
            missing.append(f"payload of event {at}")
            continue
        salt, content = evidence.payloads[at]
        if commitment(salt, content) != _commitment(envelope):
            raise RefusedError(f"The payload of event {at} is not the one that the event commits to")
        body = _json(content)
        wanted |= {value["key"]: at for value in body.values() if isinstance(value, dict) and "key" in value}
        if envelope.get("type") == "payload.redacted":
            orders |= {f"payload of event {one}": at for one in body["positions"] if one < at}
            orders |= {f"body {one}": at for one in body["bodies"]}
    if stray := set(evidence.payloads) - set(evidence.events):
        raise RefusedError(f"payloads/{min(stray)} belongs to no event")
    for key, (salt, content) in evidence.bodies.items():
        if key not in wanted or commitment(salt, content) != key:
            raise RefusedError(f"Body {key} is not one that a proven event names")
    missing += [f"body {key}" for key in wanted if key not in evidence.bodies]
    redacted = tuple((name, orders[name]) for name in missing if name in orders)
    return redacted, tuple(name for name in missing if name not in orders)


def _check_closure(evidence: Evidence) -> None:
    """Nothing that the evidence leans on was left out: causes, the processors' manifests, the reports behind a row."""
    envelopes = {at: _json(data) for at, data in evidence.events.items()}
    ids = {envelope["id"] for envelope in envelopes.values()}
    made = {e["producer"]["identity"] for e in envelopes.values() if e["type"] == "processor.registered"}
    streams = {envelope["stream"] for envelope in envelopes.values()}
    for at, envelope in envelopes.items():
        if left := [cause for cause in envelope["causes"] if cause not in ids]:
            raise RefusedError(f"Event {at} leans on event {left[0]}, which is not in the bundle")
        identity = envelope["producer"]["identity"]
        if identity and identity not in made:
            raise RefusedError(
                f"Who made event {at} is not in the bundle: processor {envelope['producer']['name']}"
            )
    for data in evidence.rows.values():
        state = _json(_json(parse_row_receipt(data).row)["state"].encode())
        for claim in state["claims"]:
            if f"article:{claim['document']}" not in streams:
                raise RefusedError(
                    f"Article {claim['document']}, which reports on a row, is not in the bundle"
                )


# -- whole logs (tlog-tiles) -------------------------------------------------------------------------------------------

TILE = 256
"""Hashes in a full tile."""


def tile_path(level: int | None, index: int, width: int = TILE) -> str:
    """`tile/0/x001/234.p/7`: the path of a tile, or of an entry bundle when `level` is None."""
    name = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        name = f"x{index % 1000:03d}/{name}"
    suffix = f".p/{width}" if width < TILE else ""
    return f"tile/{'entries' if level is None else level}/{name}{suffix}"


def read_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle, each behind its length in two bytes. Raises UnreadableError."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise UnreadableError("The entry bundle ends within an entry")
        entries.append(data[at + 2 : end])
        at = end
    return entries


def peaks(hashes: Iterable[bytes]) -> list[bytes]:
    """The roots of the complete subtrees that hashes of equal height fall into, largest first."""
    stack: list[tuple[int, bytes]] = []
    for one in hashes:
        height, node = 0, one
        while stack and stack[-1][0] == height:
            height, node = height + 1, node_hash(stack.pop()[1], node)
        stack.append((height, node))
    return [node for _, node in stack]


def check_log(folder: Path, trust: Trust, *, unknown_signatures: bool = False) -> Verdict:
    """Check a tlog-tiles directory: every entry, every tile, and that nothing else lies in it. Raises RefusedError.

    Partial tiles of an earlier size may lie beside the full ones, when they begin in the same way.
    """
    checkpoint, note, good = trust(_read(folder / "checkpoint"))
    unknown = _unknown(note, good, allowed=unknown_signatures)
    proven = {"checkpoint"}
    hashes: Iterable[bytes] = _entry_hashes(folder, checkpoint.size, proven)
    level, count = 0, checkpoint.size
    edge: list[bytes] = []
    while count:
        above: list[bytes] = []
        for index, row in enumerate(_rows(hashes)):
            path = tile_path(level, index, len(row))
            if _read(folder / path) != b"".join(row):
                raise RefusedError(f"{path} is not what the entries give")
            proven.add(path)
            if len(row) == TILE:
                above += peaks(row)
            else:
                edge = [*peaks(row), *edge]
        hashes, level, count = above, level + 1, count // TILE
    root = edge.pop() if edge else hashlib.sha256(b"").digest()
    while edge:
        root = node_hash(edge.pop(), root)
    if root != checkpoint.root:
        raise RefusedError("The entries do not give the root that is signed")
    _check_nothing_else(folder, proven)
    signers = tuple(key.name for key, _ in good)
    return Verdict("log", checkpoint, signers, events=checkpoint.size, unknown=unknown)


def _rows(hashes: Iterable[bytes]) -> Iterator[list[bytes]]:
    row: list[bytes] = []
    for one in hashes:
        row.append(one)
        if len(row) == TILE:
            yield row
            row = []
    if row:
        yield row


def _entry_hashes(folder: Path, size: int, proven: set[str]) -> Iterator[bytes]:
    for first in range(0, size, TILE):
        width = min(TILE, size - first)
        path = tile_path(None, first // TILE, width)
        entries = read_entries(_read(folder / path))
        if len(entries) != width:
            raise RefusedError(f"{path} holds {len(entries)} entries instead of {width}")
        proven.add(path)
        yield from map(leaf_hash, entries)


def _check_nothing_else(folder: Path, proven: set[str]) -> None:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or name in proven:
            continue
        full = name.partition(".p/")[0]
        if full not in proven or not full.startswith("tile/"):
            raise RefusedError(f"The folder holds {name!r}, which nothing commits to")
        whole, part = _read(folder / full), _read(path)
        width = len(read_entries(part)) if full.startswith("tile/entries/") else len(part) // 32
        level = None if full.startswith("tile/entries/") else int(full.split("/")[1])
        index = int("".join(full.split("/")[2:]).replace("x", ""))
        if not 0 < width < TILE or name != tile_path(level, index, width) or not whole.startswith(part):
            raise RefusedError(f"{name} is not the beginning of {full}")


# -- the command -------------------------------------------------------------------------------------------------------


def trust_of(policy: Policy | None, keys: Sequence[Key]) -> Trust:
    """What the verifier believes: a policy, or the log keys given."""

    def trust(data: bytes) -> tuple[Checkpoint, Note, list[tuple[Key, Signature]]]:
        if policy is not None:
            return policy.check(data)
        note = parse_note(data)
        checkpoint = parse_checkpoint_text(note.text)
        logs = [key for key in keys if key.kind != COSIGNATURE and key.name == checkpoint.origin]
        good, _ = verify_note(note, [*logs, *(key for key in keys if key.kind == COSIGNATURE)])
        if not any(key in logs for key, _ in good):
            raise RefusedError("The checkpoint is not signed by the log's key")
        return checkpoint, note, good

    return trust


def check_file(
    path: Path, trust: Trust, entry: Path | None = None, *, unknown_signatures: bool = False
) -> Verdict:
    """Check a bundle, a row receipt, a tlog-proof of the envelope in `entry`, or the folder of a log. Raises RefusedError."""
    if path.is_dir():
        return check_log(path, trust, unknown_signatures=unknown_signatures)
    try:
        data = path.read_bytes()
        leaf = entry.read_bytes() if entry is not None else None
    except OSError as error:
        raise UnreadableError(f"{error.filename}: {error.strerror}") from None
    if data.startswith(b"PK"):
        return check_bundle(read_bundle(path), trust, unknown_signatures=unknown_signatures)
    if data.startswith(ROW_HEADER.encode()):
        receipt = parse_row_receipt(data)
        signed = parse_proof(receipt.proof).checkpoint
        checkpoint, note, good = trust(signed)
        _check_row(receipt, signed, checkpoint)
        return Verdict(
            "row", checkpoint, tuple(key.name for key, _ in good), unknown=len(note.signatures) - len(good)
        )
    proof = parse_proof(data)
    if leaf is None:
        raise UnreadableError("A proof needs the entry that it is about: --entry FILE")
    checkpoint, note, good = trust(proof.checkpoint)
    if not proof.proves(leaf_hash(leaf), checkpoint):
        raise RefusedError("The entry is not in the log")
    return Verdict(
        "entry", checkpoint, tuple(key.name for key, _ in good), unknown=len(note.signatures) - len(good)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="newsledger-verify", description="Check evidence from a newsledger, without the ledger."
    )
    parser.add_argument(
        "file", type=Path, help=".evidence.zip, .row-receipt, .tlog-proof, or the folder of a whole log"
    )
    parser.add_argument(
        "--vkey", action="append", default=[], help="a key that you trust: text, or a file that holds it"
    )
    parser.add_argument("--policy", type=Path, help="a tlog-policy file: logs, witnesses, quorum")
    parser.add_argument("--entry", type=Path, help="the envelope that a .tlog-proof is about")
    parser.add_argument(
        "--allow-unknown-signatures",
        action="store_true",
        help="pass over signature lines by keys that you do not name",
    )
    options = parser.parse_args(argv)
    if not options.vkey and options.policy is None:
        parser.error("give the log's key with --vkey, or a --policy: keys come from you, not from the file")
    try:
        policy = parse_policy(_read(options.policy)) if options.policy else None
        keys = [parse_vkey(_key_text(text)) for text in options.vkey]
        verdict = check_file(
            options.file,
            trust_of(policy, keys),
            options.entry,
            unknown_signatures=options.allow_unknown_signatures,
        )
    except UnreadableError as error:
        print(f"UNREADABLE: {error}")
        return 2
    except RefusedError as error:
        print(f"REFUSED: {error}")
        return 1
    _say(verdict)
    return 4 if verdict.withheld else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from None


def _key_text(text: str) -> str:
    return text if "+" in text else _read(Path(text)).decode("utf-8", "replace").strip()


def _say(verdict: Verdict) -> None:
    checkpoint = verdict.checkpoint
    print(
        f"HOLDS: {verdict.what} in {checkpoint.origin}, {checkpoint.size} events, root {checkpoint.root.hex()}"
    )
    print(f"signed by {', '.join(verdict.signers)}")
    if verdict.unknown:
        print(f"{verdict.unknown} signatures by keys that you do not know were passed over")
    if verdict.what == "bundle":
        print(f"{verdict.events} events; the bundle's name is sha256:{verdict.name}")
    for what, order in verdict.redacted:
        print(f"redacted by event {order}: {what}")
    for what in verdict.withheld:
        print(f"withheld: {what}")


if __name__ == "__main__":
    sys.exit(main())
