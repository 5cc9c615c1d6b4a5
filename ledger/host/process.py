"""The host's side of a worker process: start, ask with a hard deadline, kill, and say how it died."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ledger.host.failures import Limits, RejectedError
from ledger.host.frames import HEADER, LoadRequest, Reply, RunRequest, encode_request

__all__ = ["WorkerProcess"]

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
        self._number = 0

    @property
    def running(self) -> bool:
        """Whether a child is there that has not died."""
        return self._process is not None and not self._dead()

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        return self._process.pid if self._process is not None else None

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
        os.set_blocking(self._requests, False)

    def ask(self, request: LoadRequest | RunRequest, timeout: float) -> Reply:
        """Send a request and wait for its reply, at most `timeout` seconds.

        Raises RejectedError: with the failure that the worker reports; or `timeout`, `crash` or `flood`, and then the
        child has been killed.
        """
        assert self._process is not None, "start() comes first"
        frame = memoryview(encode_request(request))
        try:
            reply = _REPLY.decode(self._exchange(frame, timeout))
        except msgspec.DecodeError as error:
            self.kill()
            raise RejectedError("crash", f"its worker sent something that is no reply: {error}") from error
        except BaseException:
            self.kill()
            raise
        if reply.number != request.number:
            self.kill()
            raise RejectedError("crash", "its worker answered out of turn")
        if reply.failure is not None:
            if reply.failure.kind == "memory":
                self.kill()
            raise RejectedError(reply.failure.kind, reply.failure.message)
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

    def _exchange(self, frame: memoryview, timeout: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        deadline = time.monotonic() + timeout
        received = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_WRITE)
            selector.register(self._replies, selectors.EVENT_READ)
            selector.register(output, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise RejectedError("timeout", f"it took longer than {timeout:g} seconds and was stopped")
                ready = selector.select(min(left, _SLICE))
                for key, _ in ready:
                    if key.fd == self._requests:
                        frame = self._send(frame)
                        if not frame:
                            selector.unregister(self._requests)
                    elif key.fd == output:
                        if not self._drain(output):
                            selector.unregister(output)
                    else:
                        received += self._receive()
                        if (body := self._body(received)) is not None:
                            return body
                if not ready and self._dead():
                    raise self._death()

    def _send(self, frame: memoryview) -> memoryview:
        try:
            return frame[os.write(self._requests, frame[: 1 << 16]) :]
        except BlockingIOError:
            return frame
        except BrokenPipeError:
            raise self._death() from None

    def _receive(self) -> bytes:
        part = os.read(self._replies, 1 << 20)
        if not part:
            raise self._death()
        return part

    def _body(self, received: bytearray) -> bytes | None:
        if len(received) < HEADER.size:
            return None
        (size,) = HEADER.unpack_from(received)
        most = 2 * self._limits.output + (1 << 20)
        if size > most:
            raise RejectedError("flood", f"a reply of {size} bytes, more than {most}")
        end = HEADER.size + size
        return bytes(received[HEADER.size : end]) if len(received) >= end else None

    def _drain(self, output: int) -> bool:
        part = os.read(output, 1 << 16)
        self._tail = (self._tail + part)[-10 * _TAIL :]
        return bool(part)

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
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        os.set_blocking(output, False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(64):
                if not self._drain(output):
                    break
        lines = self._tail.decode("utf-8", "replace").split("\n")
        printed = [line.strip() for line in lines if line.strip()]
        return f"; it last printed: {printed[-1][:_TAIL]}" if printed else ""


def _not_started(error: OSError) -> RejectedError:
    return RejectedError("crash", f"its worker process cannot be started: {error.strerror}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
