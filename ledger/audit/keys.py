"""Signing keys: of the log, and of a witness. One Ed25519 key a file, in the form of c2sp.org/signed-note and Go's tools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.audit.newsledger_verify import (
    COSIGNATURE,
    ED25519,
    Key,
    Note,
    RefusedError,
    Signature,
    cosigned_text,
    decode64,
    encode64,
    is_key_name,
    key_id,
    parse_vkey,
)
from ledger.errors import InputError, NotFoundError, StoreUnavailableError, UsageError

__all__ = ["Signer", "generate", "load_signer", "read_vkey", "save_signer"]

_PREFIX = "PRIVATE+KEY+"


class Signer:
    """A private key with its name. `kind` is ED25519 for logs, COSIGNATURE for witnesses."""

    def __init__(self, name: str, seed: bytes, kind: int = ED25519) -> None:
        if not is_key_name(name):
            raise UsageError(
                "Not a name for a key",
                which=repr(name),
                fix="Write it like desk.example/log, without spaces or +",
            )
        self._seed = seed
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(name, kind, self._private.public_key().public_bytes_raw())

    @property
    def secret(self) -> str:
        """The text form, to be kept secret."""
        data = bytes([self.key.kind]) + self._seed
        return f"{_PREFIX}{self.key.name}+{self.key.id.hex()}+{encode64(data)}"

    def sign(self, text: str) -> Signature:
        """The signature of a log on the text of a note."""
        return Signature(self.key.name, self.key.id, self._private.sign(text.encode()))

    def cosign(self, text: str, when: int) -> Signature:
        """A witness' signature on the text of a checkpoint, at `when` seconds since 1970."""
        signature = self._private.sign(cosigned_text(text, when))
        return Signature(self.key.name, self.key.id, when.to_bytes(8, "big") + signature)


def generate(name: str, kind: int = ED25519) -> Signer:
    """A new key. Raises UsageError for a name that no key can have."""
    return Signer(name, os.urandom(32), kind)


def save_signer(path: Path, signer: Signer) -> None:
    """Write a private key, readable by its owner only, and `PATH.pub` beside it. Raises UsageError when there is one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(signer.secret + "\n")
            file.flush()
            os.fsync(file.fileno())
        public_path(path).write_text(signer.key.vkey + "\n", "utf-8")
    except FileExistsError:
        raise UsageError(
            "There is a key already", which=str(path), fix="Use `newsledger key rotate`"
        ) from None
    except OSError as error:
        raise StoreUnavailableError(
            "A key cannot be written", which=str(path), fix=str(error.strerror)
        ) from error


def public_path(path: Path) -> Path:
    """Where the public half of a key file lies."""
    return path.with_name(f"{path.name}.pub")


def load_signer(path: Path) -> Signer:
    """Read a private key. Raises NotFoundError, InputError."""
    try:
        text = path.read_text("utf-8").strip()
    except FileNotFoundError:
        raise NotFoundError(
            "There is no key", which=str(path), fix="Make one with `newsledger key new NAME`"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("A key cannot be read", which=str(path), fix=str(error)) from error
    name, _, rest = text.removeprefix(_PREFIX).partition("+")
    stated, _, material = rest.partition("+")
    try:
        data = decode64(material, "The key", 33)
        if not text.startswith(_PREFIX) or data[0] not in {ED25519, COSIGNATURE}:
            raise RefusedError("it is no private key of a note")
        signer = Signer(name, data[1:], data[0])
        if key_id(name, data[0], signer.key.public).hex() != stated:
            raise RefusedError("its id is not that of the key")
    except RefusedError as error:
        raise InputError("Not a private key", which=str(path), fix=str(error)) from error
    return signer


def read_vkey(text: str) -> Key:
    """A verifier key from its text, or from a file that holds it. Raises InputError."""
    try:
        return parse_vkey(text if "+" in text else Path(text).read_text("utf-8").strip())
    except OSError as error:
        raise InputError("A key cannot be read", which=text, fix=str(error.strerror)) from error
    except ValueError as error:
        raise InputError("Not a verifier key", which=text[:80], fix=str(error)) from error


def with_signatures(note: Note, more: Sequence[Signature]) -> Note:
    """A note with further signature lines; one that is there already is not repeated."""
    have = {(one.name, one.id) for one in more}
    kept = tuple(one for one in note.signatures if (one.name, one.id) not in have)
    return Note(note.text, (*kept, *more))
