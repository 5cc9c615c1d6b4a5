"""The worker process: runs the processors of a plugin behind two pipes.

Standard output belongs to the plugin and never carries a frame. The process ends when the host ends, whatever the plugin is doing: a thread watches a pipe that only the host holds open.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import sys
import threading
from typing import Any

import msgspec

from ledger.errors import PluginError
from ledger.host.configure import configure
from ledger.host.describe import describe_fix
from ledger.host.failures import Failure, Limits, RejectedError, explain
from ledger.host.frames import HEADER, LoadRequest, Reply, RunRequest
from ledger.host.layers import Layers, Made
from ledger.host.load import describe, load
from ledger.host.run import Runner
from ledger.plugin import Article

__all__ = ["main"]

_REQUEST = msgspec.msgpack.Decoder(LoadRequest | RunRequest)
_ARTICLE = msgspec.json.Decoder(Article)
_ADDRESSED = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NETWORK = _ADDRESSED | {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})


class _Offline:
    """An audit hook that refuses the network while a processor runs that may not use it. Hooks cannot be taken off.

    It guards against surprises, such as a library that phones home; a child process is not seen.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.attempts: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.reason or event not in _NETWORK:
            return
        if event in _ADDRESSED and getattr(arguments[0], "family", None) not in _INTERNET:
            return
        self.attempts.append(event)
        raise PermissionError(self.reason)


class _Worker:
    def __init__(self, limits: Limits) -> None:
        self._offline = _Offline()
        sys.addaudithook(self._offline)
        self._limits = limits
        self._runners: dict[str, Runner] = {}

    def answer(self, request: LoadRequest | RunRequest) -> Reply:
        try:
            if isinstance(request, LoadRequest):
                return self._load(request)
            return Reply(request.number, annotations=self._run(request))
        except RejectedError as error:
            return Reply(request.number, failure=error.failure)
        except PluginError as error:
            return Reply(request.number, failure=Failure("exception", describe_fix(error)))
        except MemoryError:
            return Reply(request.number, failure=Failure("memory", "out of memory"))
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a plugin end here
            return Reply(request.number, failure=Failure("exception", explain(error)))

    def _load(self, request: LoadRequest) -> Reply:
        loaded = load(request.candidate)
        description = describe(loaded, request.settings)
        usable = {info.name for info in description.processors if not info.config_error}
        for record in loaded.processors:
            if record.name in usable:
                config = configure(record.name, record.config, request.settings.get(record.name, {}))
                self._runners[record.name] = Runner(record, config, self._limits)
        return Reply(request.number, description=description)

    def _run(self, request: RunRequest) -> tuple[bytes, ...]:
        layers = Layers()
        for tag, raws in request.layers.items():
            layers.add_raw(tag, raws)
        for name in request.before:
            # Each gets an article of its own: what one does to its input stays with it. Stored layers came along.
            made = self._runners[name].produce(_ARTICLE.decode(request.article), layers)
            layers.add(Made((), made.ephemeral))
        made = self._produce(request, layers)
        return tuple(entry.raw for entry in made.entries)

    def _produce(self, request: RunRequest, layers: Layers) -> Made:
        runner = self._runners[request.processor]
        replay = runner.processor.replay
        if replay in {"pure", "tolerant"}:
            self._offline.reason = f'a processor of replay class "{replay}" may not use the network; "recorded" and "opaque" ones may'
        try:
            made = runner.produce(_ARTICLE.decode(request.article), layers)
            if self._offline.attempts:
                raise RejectedError("invalid", f"{self._offline.reason} ({self._offline.attempts[0]})")
            return made
        finally:
            self._offline.reason = ""
            self._offline.attempts.clear()


def _read(source: int, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.read(source, min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(target: int, reply: Reply) -> None:
    body = msgspec.msgpack.encode(reply)
    view = memoryview(HEADER.pack(len(body)) + body)
    while view:
        view = view[os.write(target, view) :]


def _end_with_host(lifeline: int) -> None:
    with contextlib.suppress(OSError):
        os.read(lifeline, 1)
    os.killpg(os.getpid(), signal.SIGKILL)


def _limit(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory:
        # Some systems know the limit and refuse to set it.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def main() -> None:
    """Serve requests until the host closes the pipe. `sys.argv[2:]`: limits as JSON, then three file descriptors."""
    limits = msgspec.convert(json.loads(sys.argv[2]), Limits)
    source, target, lifeline = map(int, sys.argv[3:6])
    for descriptor in (source, target, lifeline):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no keyword
    sys.argv[1:] = []
    threading.Thread(target=_end_with_host, args=(lifeline,), daemon=True).start()
    _limit(limits.memory)
    worker = _Worker(limits)
    own = os.getpid()
    while True:
        try:
            (size,) = HEADER.unpack(_read(source, HEADER.size))
            request = _REQUEST.decode(_read(source, size))
        except EOFError:
            # Not sys.exit: an exit handler of the plugin may never return.
            os._exit(0)
        reply = worker.answer(request)
        if os.getpid() != own:
            # The plugin forked and the child came back here: only the parent answers.
            os._exit(0)
        _write(target, reply)
