"""Processors as they were: a child process that runs a host over unpacked plugins, cut off from what is installed beside them.

The child starts clean: isolated mode, no compiled files but its own (`-X pycache_prefix` into an empty folder, so that a
tampered `.pyc` is never read), fixed hash seed, time zone, locale and one thread per numerical library. Third-party plugins run in
worker processes below it, the same ones and under the same limits as live runs.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

import msgspec

from ledger.config import Plugins
from ledger.errors import PluginError
from ledger.events.types import ServiceCall
from ledger.host import Host, Outcome
from ledger.plugin import Article

__all__ = ["Pinned", "PinnedHost", "serve"]

_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from ledger.audit.pinned import serve; serve()"
)
_KEPT = ("HOME", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME")
_FIXED = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TZ": "UTC",
}
_HEADER = struct.Struct(">I")


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """A processor as the child has it. `manifest` is what `identity` covers."""

    name: str
    version: str
    identity: str
    manifest: dict[str, str]


class _Start(msgspec.Struct, frozen=True, tag="start"):
    plugins: Plugins
    environment: dict[str, str]


class _Run(msgspec.Struct, frozen=True, tag="run"):
    article: bytes
    processor: tuple[str, ...]
    known: dict[str, tuple[bytes, ...]]
    record: dict[str, tuple[ServiceCall, ...]]


class _Ready(msgspec.Struct, frozen=True):
    processors: tuple[Pinned, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    error: str = ""


_REQUEST = msgspec.msgpack.Decoder(_Start | _Run)
_REPLY = msgspec.msgpack.Decoder(_Ready)
_ARTICLE = msgspec.json.Decoder(Article)


class PinnedHost:
    """One child; a context manager. `folders` (unpacked plugins) come before everything that is installed.

    `seed` is the hash seed: a second run under another one shows what depends on the order of sets. Raises PluginError when
    the child does not come up or dies.
    """

    def __init__(
        self, plugins: Plugins, folders: Sequence[Path] = (), files: Sequence[Path] = (), *, seed: int = 0
    ) -> None:
        directories = (*(str(file) for file in files), *plugins.directories)
        self._plugins = msgspec.structs.replace(plugins, directories=directories, disabled=plugins.disabled)
        self._folders = tuple(folders)
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch = ""
        self.processors: dict[str, Pinned] = {}

    def __enter__(self) -> Self:
        self._scratch = tempfile.mkdtemp(prefix="newsledger-pinned-")
        path = [*map(str, self._folders), *(str(Path(entry or ".").resolve()) for entry in sys.path)]
        command = [sys.executable, "-I", "-B", "-X", f"pycache_prefix={self._scratch}", "-c", _BOOT]
        fixed = _FIXED | {"PYTHONHASHSEED": str(self._seed), "PYTHONPYCACHEPREFIX": self._scratch}
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments made here
            [*command, msgspec.json.encode(path).decode()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={key: os.environ[key] for key in _KEPT if key in os.environ} | fixed,
            cwd=Path(sys.executable).anchor,
            start_new_session=True,
        )
        reply = self._ask(_Start(self._plugins, fixed))
        self.processors = {one.name: one for one in reply.processors}
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(
        self,
        article: Article,
        processors: Sequence[str],
        known: Mapping[str, Sequence[bytes]],
        record: Mapping[str, Sequence[ServiceCall]],
    ) -> tuple[Outcome, ...]:
        """The outcomes of `processors` on one revision, given the recorded annotations of the others.

        Outside services answer as `record` says, by processor, and nothing else. Raises PluginError.
        """
        calls = {name: tuple(made) for name, made in record.items()}
        layers = {name: tuple(raws) for name, raws in known.items() if name in self.processors}
        return self._ask(_Run(msgspec.json.encode(article), tuple(processors), layers, calls)).outcomes

    def _ask(self, request: _Start | _Run) -> _Ready:
        assert self._process is not None, "use it as a context manager"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _send(self._process.stdin, msgspec.msgpack.encode(request))
            reply = _REPLY.decode(_receive(self._process.stdout))
        except (EOFError, OSError, msgspec.DecodeError) as error:
            raise PluginError("The process for pinned runs ended", which=str(error) or "no reply") from error
        if reply.error:
            raise PluginError("The process for pinned runs failed", which=reply.error)
        return reply


def _send(target: IO[bytes], body: bytes) -> None:
    target.write(_HEADER.pack(len(body)) + body)
    target.flush()


def _receive(source: IO[bytes]) -> bytes:
    head = source.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise EOFError("it closed its pipe")
    (size,) = _HEADER.unpack(head)
    body = source.read(size)
    if len(body) < size:
        raise EOFError("it closed its pipe within a reply")
    return body


def serve() -> None:
    """The child's side: answer requests on standard input until it is closed; what plugins print goes nowhere."""
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    host: Host | None = None
    while True:
        try:
            request = _REQUEST.decode(_receive(source))
        except EOFError:
            break
        try:
            if isinstance(request, _Start):
                host = Host(request.plugins, isolate="auto", environment=request.environment)
                reply = _Ready(processors=tuple(_pinned(host)))
            else:
                assert host is not None, "the first request starts the host"
                article = _ARTICLE.decode(request.article)
                reply = _Ready(
                    outcomes=host.annotate(article, request.processor, request.known, request.record)
                )
        except Exception as error:  # noqa: BLE001 - whatever happens here is an answer, not the end
            reply = _Ready(error=f"{type(error).__name__}: {error}")
        _send(target, msgspec.msgpack.encode(reply))
    if host is not None:
        host.close()


def _pinned(host: Host) -> list[Pinned]:
    return [
        Pinned(name=one.name, version=one.version, identity=one.identity, manifest=dict(one.manifest))
        for one in host.processors
    ]
