"""The worker process: runs the processors of a plugin behind two pipes.

Standard output belongs to the plugin and never carries a frame. The process ends when the host ends, whatever the plugin is doing: a thread watches a pipe that only the host holds open.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from ledger.errors import PluginError
from ledger.host.calls import Asked, Heard
from ledger.host.children import running_children
from ledger.host.configure import configure
from ledger.host.describe import describe_fix
from ledger.host.failures import Failure, Limits, RejectedError, explain
from ledger.host.frames import HEADER, EndRequest, LoadRequest, Reply, Request, RunRequest
from ledger.host.layers import Layers, Made
from ledger.host.load import describe, load
from ledger.host.notes import Note
from ledger.host.patches import Definitions
from ledger.host.run import Runner
from ledger.plugin import Answer, Article

__all__ = ["main"]

_REQUEST: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_HEARD = msgspec.msgpack.Decoder(Heard)
_ARTICLE = msgspec.json.Decoder(Article)
_ADDRESSED = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_NETWORK = _ADDRESSED | {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})
SLOW_IMPORT = 1.0
"""Seconds of processor time from which on an import is worth a word."""
_EXIT_SECONDS = 1.0


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


class _Link:
    """The two pipes to the host."""

    def __init__(self, source: int, target: int) -> None:
        self._source = source
        self._target = target

    def request(self) -> Request:
        """The next request. Raises EOFError when the host has closed."""
        return _REQUEST.decode(self._frame())

    def send(self, reply: Reply) -> None:
        """Write a reply."""
        _write(self._target, reply)

    def ask(self, number: int, asked: Asked) -> Answer:
        """Have the host call an outside service. Raises OSError without an answer."""
        self.send(Reply(number, asked=asked))
        heard = _HEARD.decode(self._frame())
        if heard.error:
            raise OSError(heard.error)
        return Answer(status=heard.status, text=heard.text)

    def _frame(self) -> bytes:
        (size,) = HEADER.unpack(_read(self._source, HEADER.size))
        return _read(self._source, size)


class _Worker:
    def __init__(self, limits: Limits, link: _Link) -> None:
        self._offline = _Offline()
        sys.addaudithook(self._offline)
        self._limits = limits
        self._link = link
        self._runners: dict[str, Runner] = {}
        self._definitions = Definitions()
        self._children: set[int] = set()

    def answer(self, request: Request) -> Reply:
        begin = time.perf_counter()
        try:
            if isinstance(request, LoadRequest):
                return self._load(request)
            if isinstance(request, EndRequest):
                return Reply(request.number, notes=_end())
            made, notes = self._run(request)
            return Reply(request.number, annotations=made, notes=notes, seconds=time.perf_counter() - begin)
        except RejectedError as error:
            return Reply(request.number, failure=error.failure)
        except PluginError as error:
            return Reply(request.number, failure=Failure("exception", describe_fix(error)))
        except MemoryError:
            return Reply(request.number, failure=Failure("memory", "out of memory"))
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a plugin end here
            return Reply(request.number, failure=Failure("exception", explain(error)))

    def _load(self, request: LoadRequest) -> Reply:
        begin = time.process_time()
        loaded = load(request.candidate)
        spent = time.process_time() - begin
        description = describe(loaded, request.settings)
        usable = {info.name for info in description.processors if not info.config_error}
        for record in loaded.processors:
            if record.name in usable:
                config = configure(record.name, record.config, request.settings.get(record.name, {}))
                self._runners[record.name] = Runner(record, config, self._limits)
        noted = [f"importing it took {spent:.1f} seconds"] if spent > SLOW_IMPORT else []
        if patched := self._patched():
            noted.append(f"it {patched}")
        return Reply(request.number, description=msgspec.structs.replace(description, noted=tuple(noted)))

    def _run(self, request: RunRequest) -> tuple[tuple[bytes, ...], tuple[Note, ...]]:
        layers = Layers()
        for tag, raws in request.layers.items():
            layers.add_raw(tag, raws)
        for name in request.before:
            # Each gets an article of its own: what one does to its input stays with it. Stored layers came along.
            made = self._runners[name].produce(_ARTICLE.decode(request.article), layers)
            layers.add(Made((), made.ephemeral))
        made = self._produce(request, layers)
        return tuple(entry.raw for entry in made.entries), tuple(self._notes(request))

    def _produce(self, request: RunRequest, layers: Layers) -> Made:
        runner = self._runners[request.processor]
        replay = runner.processor.replay
        self._offline.reason = f'a processor of replay class "{replay}" may not use the network'
        if replay == "recorded":
            self._offline.reason += "; it has context.post"
        elif replay == "opaque":
            self._offline.reason = ""
        article = _ARTICLE.decode(request.article)
        try:
            made = runner.produce(article, layers, lambda asked: self._link.ask(request.number, asked))
            if self._offline.attempts:
                raise RejectedError(
                    "invalid",
                    f"it opened a socket or looked up a host ({self._offline.attempts[0]}); {self._offline.reason}",
                )
        finally:
            self._offline.reason = ""
            self._offline.attempts.clear()
        if article != _ARTICLE.decode(request.article):
            raise RejectedError("invalid", "it changed the article that it was given")
        return made

    def _notes(self, request: RunRequest) -> Iterator[Note]:
        if (left := set(running_children()) - self._children) and (names := running_children()):
            self._children |= left
            shown = ", ".join(sorted({names[child] for child in left}))
            yield Note(kind="children", message=f"leaves processes running: {shown}")
        if request.look and (patched := self._patched()):
            yield Note(kind="patched", message=patched)

    def _patched(self) -> str:
        """What somebody replaced since the last look, as the rest of a sentence."""
        names = self._definitions.replaced()
        return f"replaced {', '.join(names[:5])}{' and more' if len(names) > 5 else ''}" if names else ""


def _end() -> tuple[Note, ...]:
    """Run the exit handlers, as the interpreter would; one that does not come back is named."""
    handlers = threading.Thread(target=atexit._run_exitfuncs, daemon=True)
    handlers.start()
    handlers.join(_EXIT_SECONDS)
    if not handlers.is_alive():
        return ()
    return (
        Note(kind="exit", message=f"does not end: an exit handler took longer than {_EXIT_SECONDS:g} second"),
    )


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
    link = _Link(source, target)
    worker = _Worker(limits, link)
    own = os.getpid()
    while True:
        try:
            request = link.request()
        except EOFError:
            # Not sys.exit: an exit handler of the plugin may never return.
            os._exit(0)
        reply = worker.answer(request)
        if os.getpid() != own:
            # The plugin forked and the child came back here: only the parent answers.
            os._exit(0)
        link.send(reply)
