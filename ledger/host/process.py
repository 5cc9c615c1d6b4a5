"""The host's side of a worker process: start, ask with a hard deadline, kill, and say how it died."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from ledger.host.calls import Heard
from ledger.host.failures import Limits, RejectedError
from ledger.host.frames import HEADER, Reply, Request, encode_request

__all__ = ["Awaited", "WorkerProcess", "wait_for"]

_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from ledger.host.worker import main; main()"
_KEPT = ("HOME", "LD_LIBRARY_PATH", "PATH", "SSL_CERT_FILE", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME")
_FIXED = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}
_SLICE = 0.25
_TAIL = 200
_REPLY = msgspec.msgpack.Decoder(Reply)


class WorkerProcess:
    """One child process at a time, started when it is needed; not for two threads at once.

    The child begins clean: of the host's environment it gets a few named variables, beside a fixed hash seed, time zone
    and locale and one thread per numerical library. It leads a process group of its own, so that what it spawned dies
    with it.
    """

    def __init__(self, limits: Limits, environment: Mapping[str, str]) -> None:
        self._limits = limits
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = self._replies = self._lifeline = -1
        self._tail = b""
        self._silent = False
        self._number = self._expected = 0
        self._timeout = self._deadline = 0.0
        self._frame = memoryview(b"")
        self._received = bytearray()
        self.printed = b""
        """The beginning of what the child printed since the last request."""

    @property
    def running(self) -> bool:
        """Whether a child is there that has not died."""
        return self._process is not None and not self._dead()

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._process.pid if self._process is not None else None

    @property
    def left(self) -> float:
        """Seconds to the deadline of the request that is being answered."""
        return self._deadline - time.monotonic()

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register what a wait for the reply has to look at."""
        assert self._process is not None
        assert self._process.stdout is not None
        selector.register(self._replies, selectors.EVENT_READ)
        if self._frame:
            selector.register(self._requests, selectors.EVENT_WRITE)
        if not self._silent:
            selector.register(self._process.stdout.fileno(), selectors.EVENT_READ)

    def next_number(self) -> int:
        """A number for the next request, never used before."""
        self._number += 1
        return self._number

    def start(self) -> None:
        """Start a child; what was left of the one before is removed. Returns at once, before it is ready."""
        self.kill()
        inherited = self._open_pipes()
        path = [str(Path(entry or ".").resolve()) for entry in sys.path]
        command = [sys.executable, "-s", "-P", "-B", "-u", "-c", _BOOT]
        command += [msgspec.json.encode(path).decode(), msgspec.json.encode(self._limits).decode()]
        command += [str(end) for end in inherited]
        environment = (
            {key: os.environ[key] for key in _KEPT if key in os.environ} | _FIXED | self._environment
        )
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments made here
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=inherited,
                env=environment,
                cwd=Path(sys.executable).anchor,
                start_new_session=True,
            )
        except OSError as error:
            self._close_pipes()
            raise _not_started(error) from error
        finally:
            for end in inherited:
                os.close(end)
        self._tail = b""
        self._silent = False
        assert self._process.stdout is not None
        for end in (self._requests, self._replies, self._process.stdout.fileno()):
            os.set_blocking(end, False)

    def ask(self, request: Request, timeout: float) -> Reply:
        """Send a request and wait for its reply, at most `timeout` seconds; raises as `advance` does."""
        self.begin(request, timeout)
        while (reply := self.advance()) is None:
            self.wait()
        return reply

    def begin(self, request: Request, timeout: float) -> None:
        """Send a request; its reply is what `advance` gives. One at a time."""
        assert self._process is not None, "start() comes first"
        self._expected = request.number
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._frame = memoryview(encode_request(request))
        self._received.clear()
        self._drain()
        self.printed = b""
        with self._or_killed():
            self._send()

    def resume(self, heard: Heard, seconds: float) -> None:
        """Go on after a reply that asked for a call; the `seconds` that the call took do not count."""
        self._deadline += seconds
        self._frame = memoryview(encode_request(heard))
        with self._or_killed():
            self._send()

    def advance(self) -> Reply | None:
        """The reply, None while it is not there; never waits.

        Raises RejectedError: with the failure that the worker reports; or `timeout`, `crash` or `flood`, and then the
        child has been killed.
        """
        with self._or_killed():
            reply = self._advance()
        if reply is None or reply.failure is None:
            return reply
        if reply.failure.kind == "memory":
            self.kill()
        raise RejectedError(reply.failure.kind, reply.failure.message)

    def wait(self) -> None:
        """Wait until there is something to read or to write, or the deadline, or for a short while."""
        wait_for((self,))

    @contextlib.contextmanager
    def _or_killed(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.kill()
            raise

    def _advance(self) -> Reply | None:
        assert self._process is not None
        self._send()
        self._drain()
        gone = self._dead()
        self._receive()
        if self._whole():
            return self._decoded(bytes(self._received[HEADER.size : HEADER.size + self._size()]))
        if gone:
            raise self._death()
        if time.monotonic() > self._deadline:
            raise RejectedError("timeout", f"it took longer than {self._timeout:g} seconds and was stopped")
        return None

    def _decoded(self, body: bytes) -> Reply:
        try:
            reply = _REPLY.decode(body)
        except msgspec.DecodeError as error:
            raise RejectedError("crash", f"its worker sent something that is no reply: {error}") from error
        if reply.number != self._expected:
            raise RejectedError("crash", "its worker answered out of turn")
        self._received.clear()
        self._drain()
        return reply

    def kill(self) -> None:
        """End the child and everything in its process group, now; idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        # The leader is not reaped yet, so its group id cannot belong to anybody else.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._close_pipes()

    def _open_pipes(self) -> tuple[int, int, int]:
        """Keep this side's ends and return the child's: of requests, replies and the lifeline."""
        opened: list[int] = []
        try:
            for _ in range(3):
                opened += os.pipe()
        except OSError as error:
            for descriptor in opened:
                os.close(descriptor)
            raise _not_started(error) from error
        request_end, self._requests, self._replies, reply_end, life_end, self._lifeline = opened
        return request_end, reply_end, life_end

    def _close_pipes(self) -> None:
        for descriptor in (self._requests, self._replies, self._lifeline):
            os.close(descriptor)
        self._requests = self._replies = self._lifeline = -1

    def _send(self) -> None:
        while self._frame:
            try:
                self._frame = self._frame[os.write(self._requests, self._frame[: 1 << 16]) :]
            except BlockingIOError:
                return
            except BrokenPipeError:
                raise self._death() from None

    def _receive(self) -> None:
        most = 2 * self._limits.output + (1 << 20)
        while not self._whole():
            try:
                part = os.read(self._replies, 1 << 20)
            except BlockingIOError:
                return
            if not part:
                raise self._death()
            self._received += part
            if (size := self._size()) > most:
                raise RejectedError("flood", f"a reply of {size} bytes, more than {most}")

    def _size(self) -> int:
        """Bytes of the reply that is arriving; 0 while not even that is known."""
        return int(HEADER.unpack_from(self._received)[0]) if len(self._received) >= HEADER.size else 0

    def _whole(self) -> bool:
        return len(self._received) >= HEADER.size and len(self._received) >= HEADER.size + self._size()

    def _drain(self) -> None:
        """Take what was printed; a child that stops to print because nobody reads would wait for ever."""
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):
                part = os.read(self._process.stdout.fileno(), 1 << 16)
                if not part:
                    self._silent = True
                    break
                self.printed = (self.printed + part)[:_TAIL]
                self._tail = (self._tail + part)[-10 * _TAIL :]

    def _dead(self) -> bool:
        assert self._process is not None
        if hasattr(os, "waitid"):
            # Looks without reaping, so that the process group stays the child's until kill().
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, options) is not None
        return self._process.poll() is not None

    def _death(self) -> RejectedError:
        """How the child ended, with the last thing that it printed."""
        assert self._process is not None
        for _ in range(20):
            if self._dead():
                break
            time.sleep(0.05)
        else:
            return RejectedError("crash", "its worker closed its pipes" + self._last_line())
        last = self._last_line()
        process = self._process
        self.kill()
        code = process.returncode
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"exited with code {code}"
        return RejectedError("crash", f"its worker {how}{last}")

    def _last_line(self) -> str:
        self._drain()
        lines = self._tail.decode("utf-8", "replace").split("\n")
        printed = [line.strip() for line in lines if line.strip()]
        return f"; it last printed: {printed[-1][:_TAIL]}" if printed else ""


class Awaited(Protocol):
    """Something that can be waited for with others."""

    @property
    def left(self) -> float:
        """Seconds to its deadline; asked when it is watched already."""
        ...

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register what shows that it can go on."""
        ...


def wait_for(awaited: Sequence[Awaited]) -> None:
    """Wait until one of them can go on, at most until the first deadline; a short while where a child may die unseen."""
    with selectors.DefaultSelector() as selector:
        for one in awaited:
            one.watch(selector)
        left = min((one.left for one in awaited), default=0.0)
        selector.select(max(0.0, min(left, _SLICE)))


def _not_started(error: OSError) -> RejectedError:
    return RejectedError("crash", f"its worker process cannot be started: {error.strerror}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
