"""Witnessing (c2sp.org/tlog-witness): cosign checkpoints of other logs, each only when it extends what was cosigned before.

An insider who holds a log's key can rewrite it and sign again; a witness that saw the old one refuses the new one.
"""

from __future__ import annotations

import fcntl
import http.client
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ledger.audit.keys import Signer
from ledger.audit.newsledger_verify import (
    Checkpoint,
    Key,
    RefusedError,
    Signature,
    UnreadableError,
    decimal,
    decode64,
    encode64,
    parse_checkpoint_text,
    parse_note,
    parse_signature,
    verify_note,
)
from ledger.audit.tiles import write_atomically
from ledger.errors import FetchError, InputError, UsageError
from ledger.store.tlog import verify_consistency

__all__ = ["Answer", "Witness", "WitnessServer", "ask_witness", "request_body"]

_MOST_BYTES = 1 << 20
_MOST_HASHES = 63
_TEXT = "text/plain; charset=utf-8"


class Answer(msgspec.Struct, frozen=True):
    """What a witness answers: HTTP status, body, media type."""

    status: int
    body: bytes
    media_type: str = _TEXT


class Witness:
    """Cosigns for the logs whose keys it knows. What it saw last of each is a file in `folder`, written before it answers.

    `now` gives seconds since 1970. Safe for several threads and processes.
    """

    def __init__(self, folder: Path, signer: Signer, logs: Iterable[Key], now: Callable[[], int]) -> None:
        self._folder = folder
        self._signer = signer
        self._now = now
        self._logs: dict[str, list[Key]] = {}
        for key in logs:
            self._logs.setdefault(key.name, []).append(key)

    @property
    def key(self) -> Key:
        """The public key of its cosignatures."""
        return self._signer.key

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer one `add-checkpoint` request; never raises for what it holds."""
        try:
            old, proof, signed = _parse_request(body)
            note = parse_note(signed)
            checkpoint = parse_checkpoint_text(note.text)
        except UnreadableError as error:
            return _say(400, str(error))
        if checkpoint.origin not in self._logs:
            return _say(404, f"The log {checkpoint.origin} is not known here")
        try:
            verify_note(note, self._logs[checkpoint.origin])
        except RefusedError as error:
            return _say(403, str(error))
        if old > checkpoint.size:
            return _say(400, f"The old size {old} is above the new one, {checkpoint.size}")
        with self._locked():
            return self._decide(old, proof, checkpoint)

    def _decide(self, old: int, proof: tuple[bytes, ...], checkpoint: Checkpoint) -> Answer:
        seen = self._seen(checkpoint.origin)
        size = seen.size if seen is not None else 0
        conflict = Answer(409, f"{size}\n".encode(), "text/x.tlog.size")
        if old != size:
            return conflict
        if seen is not None and old == checkpoint.size and seen.root != checkpoint.root:
            return conflict
        if seen is None or old == 0:
            holds = not proof
        else:
            holds = verify_consistency(old, checkpoint.size, seen.root, checkpoint.root, proof)
        if not holds:
            return _say(422, "The proof does not show that the log extends what was cosigned")
        write_atomically(self._file(checkpoint.origin), checkpoint.text.encode(), durable=True)
        return Answer(200, self._signer.cosign(checkpoint.text, self._now()).line.encode())

    def _seen(self, origin: str) -> Checkpoint | None:
        try:
            return parse_checkpoint_text(self._file(origin).read_text("utf-8"))
        except FileNotFoundError:
            return None

    def _file(self, origin: str) -> Path:
        return self._folder / (origin.encode().hex()[:200] + ".seen")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _say(status: int, sentence: str) -> Answer:
    return Answer(status, (sentence + "\n").encode())


def _parse_request(body: bytes) -> tuple[int, tuple[bytes, ...], bytes]:
    head, blank, signed = body.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise UnreadableError("The request is not ASCII before its checkpoint") from None
    if not blank or not lines[0].startswith("old ") or len(lines) > 1 + _MOST_HASHES:
        raise UnreadableError("Not an add-checkpoint request")
    old = decimal(lines[0].removeprefix("old "), "The old size")
    return old, tuple(decode64(line, "A hash of the proof", 32) for line in lines[1:]), signed


def request_body(old: int, proof: Iterable[bytes], checkpoint: bytes) -> bytes:
    """An `add-checkpoint` request."""
    lines = [f"old {old}", *(encode64(item) for item in proof)]
    return ("\n".join(lines) + "\n\n").encode() + checkpoint


class WitnessServer:
    """Serves a witness over HTTP at `PREFIX/add-checkpoint`; a context manager that serves in threads of its own."""

    def __init__(self, witness: Witness, host: str = "127.0.0.1", port: int = 0) -> None:
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise UsageError(
                "The witness cannot listen", which=f"{host}:{port}", fix=str(error.strerror)
            ) from error
        self._server.witness = witness

    @property
    def url(self) -> str:
        """The submission prefix."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def serve(self) -> None:
        """Serve until `close` is called from another thread."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            self._server.server_close()

    def close(self) -> None:
        """End `serve`."""
        self._server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    witness: Witness


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not self.path.endswith("/add-checkpoint"):
            self._reply(_say(404, "There is only add-checkpoint"), close=True)
        elif not length.isdecimal() or int(length) > _MOST_BYTES:
            self._reply(_say(400, "The request has no length, or is too long"), close=True)
        else:
            self._reply(self.server.witness.add_checkpoint(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        self._reply(_say(405, "Use POST add-checkpoint"))

    def _reply(self, answer: Answer, *, close: bool = False) -> None:
        self.close_connection = self.close_connection or close
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Nothing: a request is in the answer."""


Proofs = Callable[[int], tuple[bytes, ...]]


def ask_witness(
    url: str, key: Key, checkpoint: bytes, consistency: Proofs, *, timeout: float = 30.0
) -> Signature:
    """Ask the witness at a submission prefix to cosign; `consistency(old)` gives the proof from an older size.

    Raises FetchError when it refuses or does not answer, InputError when what it answers is no cosignature by `key`.
    """
    answer = _post(url, request_body(0, (), checkpoint), timeout)
    if answer.status == 409:
        size = int(parse_note(checkpoint).text.split("\n")[1])
        old = _old_size(answer.body, url)
        if old > size:
            raise FetchError(
                "The witness has cosigned a longer log",
                which=f"{url}: {old} events",
                fix="This log was cut short",
            )
        answer = _post(url, request_body(old, consistency(old) if old else (), checkpoint), timeout)
    if answer.status != 200:
        reason = answer.body.decode("utf-8", "replace").strip()
        raise FetchError("The witness does not cosign", which=f"{url}: {answer.status}", fix=reason)
    return _own_line(answer.body, key, parse_note(checkpoint).text, url)


def _old_size(body: bytes, url: str) -> int:
    try:
        return decimal(body.decode("ascii").removesuffix("\n"), "The size")
    except ValueError as error:
        raise InputError(
            "The witness answers something that is no size", which=url, fix=str(error)
        ) from error


def _own_line(body: bytes, key: Key, text: str, url: str) -> Signature:
    try:
        lines = [parse_signature(line) for line in body.decode("utf-8").splitlines()]
    except ValueError as error:
        raise InputError("The witness answers no signature lines", which=url, fix=str(error)) from error
    for one in lines:
        if (one.name, one.id) == (key.name, key.id) and key.verifies(text, one.data):
            return one
    raise InputError("The witness answers no signature by its key", which=url, fix=f"Expected {key.vkey}")


def _post(url: str, body: bytes, timeout: float) -> Answer:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            "Not the address of a witness", which=url, fix="Write it like https://witness.example"
        )
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body)
        response = connection.getresponse()
        return Answer(response.status, response.read(_MOST_BYTES), response.headers.get_content_type())
    except (OSError, http.client.HTTPException) as error:
        raise FetchError("The witness does not answer", which=url, fix=str(error)) from error
    finally:
        connection.close()
