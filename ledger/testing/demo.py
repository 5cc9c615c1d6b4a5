"""A recorded story, served over HTTP on this machine: feeds and pages as they stood at each poll.

A story is a folder with a `manifest.json` (see `Manifest`) and the files that it names. The demo corpus is one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import msgspec

import ledger
from ledger.clock import parse_time
from ledger.errors import InputError, NotFoundError, UsageError

__all__ = ["Manifest", "Poll", "StoryOutlet", "StoryServer", "load_manifest", "seeds_folder"]

MANIFEST = "manifest.json"
HOST = "127.0.0.1"
PAGE_TYPE = "text/html; charset=utf-8"
FEED_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}


class StoryOutlet(msgspec.Struct, frozen=True, kw_only=True):
    """An outlet with its one feed. `format`: rss, atom, json; `body`: whether items hold the `full` text or a `summary`."""

    name: str
    feed: str
    format: str
    body: str = "full"


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """What could be seen at one moment.

    `feeds`: outlet to file, None while the feed does not answer. `articles`: URL to file; a page stays visible at later
    polls, as it last stood.
    """

    recorded_at: str
    feeds: dict[str, str | None]
    articles: dict[str, str] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The polls of a story, in order. URLs are those of the publishers; files are relative to the story's folder."""

    story: str
    outlets: dict[str, StoryOutlet]
    polls: tuple[Poll, ...]


def load_manifest(folder: Path) -> Manifest:
    """Read `manifest.json` of a story. Raises InputError naming the file and what is wrong with it."""
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise InputError("A story cannot be read", which=str(path), fix=str(error.strerror)) from error
    except msgspec.DecodeError as error:
        raise InputError("Not the manifest of a story", which=str(path), fix=str(error)) from error
    if not manifest.polls:
        raise InputError("A story without polls", which=str(path), fix="List at least one poll")
    for outlet in manifest.outlets.values():
        if outlet.format not in FEED_TYPES:
            known = ", ".join(FEED_TYPES)
            raise InputError(
                "Unknown feed format", which=f"{path}: {outlet.format}", fix=f"Known formats: {known}"
            )
    return manifest


def seeds_folder() -> Path:
    """The demo corpus: inside an installed package, or beside the package in a checkout.

    Raises NotFoundError where neither is there.
    """
    package = Path(ledger.__file__).resolve().parent
    for folder in (package / "seeds", package.parent / "seeds"):
        if (folder / MANIFEST).is_file():
            return folder
    raise NotFoundError(
        "The demo corpus is not installed", which=str(package / "seeds"), fix="Install newsledger again"
    )


class StoryServer:
    """Serves a story on the loopback address, one poll at a time; a context manager.

    `https://outlet.example/path` is served as `http://127.0.0.1:PORT/outlet.example/path`, and links inside feeds and
    pages lead there too. Every answer has an ETag, a matching `If-None-Match` gets 304, a feed that is down 503, anything
    unknown 404. The `Date` of an answer is the poll's, so that equal polls are answered with equal bytes.

    >>> with StoryServer(seeds_folder()) as story:
    ...     story.move_to(1)
    ...     sorted(story.feeds)
    ['courier', 'hws', 'trenchline', 'vbc']
    """

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        """Prepare the story in `folder`; port 0 takes a free one. Raises InputError for a folder that holds no story."""
        self.folder = folder
        self.manifest = load_manifest(folder)
        self.poll = 0
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        try:
            self._server = _Server((HOST, self._port), _Handler)
        except OSError as error:
            raise UsageError(
                "The demo server cannot listen", which=f"{HOST}:{self._port}", fix=str(error.strerror)
            ) from error
        try:
            self.move_to(0)
        except BaseException:
            self._server.server_close()
            raise
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`, for `[fetch] allow_hosts`. Raises UsageError while nothing is served."""
        return f"{HOST}:{self._running().server_address[1]}"

    @property
    def feeds(self) -> dict[str, str]:
        """Outlet to the loopback URL of its feed."""
        return {key: self.url(outlet.feed) for key, outlet in self.manifest.outlets.items()}

    @property
    def recorded_at(self) -> str:
        """The time of the present poll, RFC 3339."""
        return self.manifest.polls[self.poll].recorded_at

    def url(self, original: str) -> str:
        """Where a publisher's URL is served."""
        parts = urlsplit(original)
        return f"http://{self.address}/{parts.netloc}{parts.path}"

    def original(self, url: str) -> str:
        """The publisher's URL that is served at `url`; one that is not served here is returned as it is."""
        prefix = f"http://{self.address}/"
        return f"https://{url.removeprefix(prefix)}" if url.startswith(prefix) else url

    def move_to(self, poll: int) -> None:
        """Show the story as it stood at a poll, counted from 0, forwards or backwards.

        Raises UsageError for a poll that does not exist, InputError for a file that is missing.
        """
        if not 0 <= poll < len(self.manifest.polls):
            last = len(self.manifest.polls) - 1
            raise UsageError("No such poll", which=str(poll), fix=f"Choose one from 0 to {last}")
        server = self._running()
        answers = self._answers(poll)
        server.date = format_datetime(parse_time(self.manifest.polls[poll].recorded_at), usegmt=True)
        server.answers = answers
        self.poll = poll

    def _answers(self, poll: int) -> dict[str, _Answer]:
        visible: dict[str, str] = {}
        for each in self.manifest.polls[: poll + 1]:
            visible.update(each.articles)
        answers = {url: (PAGE_TYPE, file) for url, file in visible.items()}
        down: list[str] = []
        for key, file in self.manifest.polls[poll].feeds.items():
            outlet = self.manifest.outlets[key]
            if file is None:
                down.append(outlet.feed)
            else:
                answers[outlet.feed] = (FEED_TYPES[outlet.format], file)
        served = {
            self._path(url): _Answer.of(media, self._read(file)) for url, (media, file) in answers.items()
        }
        return served | {self._path(url): _Answer(status=HTTPStatus.SERVICE_UNAVAILABLE) for url in down}

    def _path(self, original: str) -> str:
        return urlsplit(self.url(original)).path

    def _read(self, file: str) -> bytes:
        try:
            body = (self.folder / file).read_bytes()
        except OSError as error:
            raise InputError(
                "A file of the story cannot be read", which=file, fix=str(error.strerror)
            ) from error
        for host in sorted({urlsplit(outlet.feed).netloc for outlet in self.manifest.outlets.values()}):
            body = body.replace(f"https://{host}/".encode(), f"http://{self.address}/{host}/".encode())
        return body

    def _running(self) -> _Server:
        if self._server is None:
            raise UsageError("The story is not being served", fix="Use StoryServer as a context manager")
        return self._server


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    status: HTTPStatus
    media_type: str = "text/plain"
    body: bytes = b""
    etag: str = ""

    @classmethod
    def of(cls, media_type: str, body: bytes) -> _Answer:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        return cls(status=HTTPStatus.OK, media_type=media_type, body=body, etag=etag)


NOT_FOUND = _Answer(status=HTTPStatus.NOT_FOUND)


class _Server(ThreadingHTTPServer):
    """`answers` is replaced as a whole, never changed, so that handlers in other threads see one poll or the other."""

    daemon_threads = True
    answers: Mapping[str, _Answer] = {}
    date = ""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        answer = self.server.answers.get(urlsplit(self.path).path, NOT_FOUND)
        unchanged = bool(answer.etag) and self.headers.get("If-None-Match") == answer.etag
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else answer.status)
        if answer.etag:
            self.send_header("ETag", answer.etag)
        if not unchanged:
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not unchanged:
            self.wfile.write(answer.body)

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002
        return self.server.date

    def log_message(self, *_: object) -> None:
        """Nothing: the caller reports its own fetches."""
