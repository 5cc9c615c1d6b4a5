"""The web application: routes, what every handler is given, how errors are told, and running it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router

from ledger.errors import ConfigError, LedgerError, UsageError
from ledger.web.access import Access, TokenBook, is_loopback
from ledger.web.api import ROUTES
from ledger.web.asking import Instant
from ledger.web.asof import Moment, read_moment
from ledger.web.desk import Desk
from ledger.web.following import atom, stream_handler
from ledger.web.gate import Gate
from ledger.web.pages import articles as article_pages
from ledger.web.pages import audit as audit_pages
from ledger.web.pages import exports as export_pages
from ledger.web.pages import figures as figure_pages
from ledger.web.pages import health as health_pages
from ledger.web.pages import plugins as plugin_pages
from ledger.web.pages import reviews as review_pages
from ledger.web.pages import signing
from ledger.web.pages import sources as source_pages
from ledger.web.problems import Problem, problem_of
from ledger.web.rendering import Page, form_of, page_response
from ledger.web.routes import handlers

if TYPE_CHECKING:
    import uvicorn

    from ledger.app import Ledger

__all__ = ["MOST_BYTES", "create_app", "run_server", "serving"]

MOST_BYTES = 2 * 1024 * 1024
"""Size of the largest request body."""

_HEADERS_WITHIN = 15.0
"""Seconds within which the head of a request must have arrived."""

_TAKEN_WITHIN = 60.0
"""Seconds within which a client must take the part of an answer that waits for it."""

log = logging.getLogger("ledger.web")

PAGES = (
    export_pages.exports,
    export_pages.download,
    atom,
    health_pages.feeds,
    health_pages.feed,
    health_pages.add_feed,
    health_pages.remove_feed,
    review_pages.reviews,
    review_pages.new_review,
    review_pages.review,
    review_pages.decide,
    review_pages.undo,
    source_pages.sources,
    source_pages.preview_registry,
    source_pages.change_registry,
    audit_pages.audit,
    audit_pages.check,
    signing.login_form,
    signing.login,
    signing.logout,
    figure_pages.figures,
    figure_pages.figure,
    figure_pages.changes,
    figure_pages.change,
    article_pages.articles,
    article_pages.article,
    article_pages.search,
    article_pages.event,
    plugin_pages.plugin_pages,
    plugin_pages.plugin_page,
)


def create_app(ledger: Ledger, *, host: str = "127.0.0.1", public_names: tuple[str, ...] = ()) -> Gate:
    """The ASGI application over an open ledger, as it listens on `host`; it does not close the ledger.

    `public_names` are further names by which it may be asked. Raises ConfigError when it would listen beyond this machine
    and there is no token.
    """
    book = TokenBook(ledger.settings.home)
    local = is_loopback(host)
    if not local and not book.list():
        raise ConfigError(
            "Listening beyond this machine needs a token",
            which=host,
            fix="Make one: newsledger serve token add NAME --scope read",
        )
    ledger.views.catch_up()
    desk = Desk(ledger)
    access = Access(book, open_reading=local)
    app = Litestar(
        route_handlers=[
            *handlers((*PAGES, *ROUTES)),
            stream_handler(),
            create_static_files_router(
                path="/static",
                directories=[Path(__file__).parent / "static"],
                cache_control=None,
                include_in_schema=False,
            ),
        ],
        dependencies={
            "desk": Provide(lambda: desk, sync_to_thread=False),
            "access": Provide(lambda: access, sync_to_thread=False),
            "moment": Provide(_moment, sync_to_thread=False),
        },
        exception_handlers={LedgerError: _told, HTTPException: _told, Exception: _told},
        openapi_config=OpenAPIConfig(
            title="newsledger",
            version="1",
            description="What is reported, by whom, and how well it is sourced; now and at any past moment.",
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{}, {"token": []}],
        ),
        logging_config=None,
        request_max_body_size=MOST_BYTES,
        signature_types=[Desk, Access, Moment],
    )
    app.state.desk = desk
    hosts = frozenset({"localhost", "127.0.0.1", "::1", *public_names} if local or public_names else ())
    return Gate(cast("Any", app), access, ledger.clock, hosts=hosts)


def _moment(at: Instant = "", published: Instant = "") -> Moment:
    return read_moment(at, published)


def _told(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """An error as problem details, or as a page where a browser asked for one."""
    path = request.url.path
    if isinstance(error, LedgerError):
        problem = problem_of(error, path)
    elif isinstance(error, HTTPException):
        extra = f" {_extra(error)}" if error.extra else ""
        problem = Problem(
            title=_TITLES.get(error.status_code, "The request cannot be answered"),
            status=error.status_code,
            detail=f"Nothing lies at {path}" if error.detail == "Not Found" else f"{error.detail}{extra}",
            instance=path,
        )
    elif isinstance(error, UnicodeDecodeError):  # Litestar reads a body without asking whether it is text
        problem = Problem(title=_TITLES[400], status=400, detail="The body is not UTF-8", instance=path)
    else:
        log.error("%s: %s: %s", path, type(error).__name__, error, exc_info=error)
        problem = Problem(
            title="An error inside newsledger",
            status=500,
            detail="Nothing recorded is lost. The server's log says more",
            instance=path,
        )
    if (
        not path.startswith("/api/")
        and form_of(path) == "html"
        and "text/html" in request.headers.get("accept", "")
    ):
        page = Page(
            template="problem.html",
            title=problem.title,
            data=problem,
            rows=[],
            status=problem.status,
            moment=_wanted(request),
            context={"problem": problem},
        )
        return page_response(request, request.app.state.desk, page)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def _wanted(request: Request[Any, Any, Any]) -> Moment:
    """The moment that was asked for, now where that is none, so that a page without an answer leads on from there."""
    try:
        return read_moment(request.query_params.get("at"), request.query_params.get("published"))
    except UsageError:
        return Moment()


_TITLES = {
    400: "The request is not valid",
    404: "There is no such page",
    405: "This address does not take such a request",
    413: "The request is too large",
}


def _extra(error: HTTPException) -> str:
    extra = error.extra
    if isinstance(extra, list):
        return "; ".join(
            f"{one.get('key', '')}: {one.get('message', '')}" for one in extra if isinstance(one, dict)
        )
    return ""


def run_server(app: Gate, *, host: str, port: int) -> None:
    """Serve an application until SIGTERM or SIGINT. Raises UsageError when the address cannot be listened on."""
    with _listening(host, port) as listener:
        before = {one: signal.signal(one, lambda *_: None) for one in (signal.SIGTERM, signal.SIGINT)}
        try:
            _server(app).run(sockets=[listener])  # raises the signal again at its end, when all is answered
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


@contextmanager
def serving(app: Gate, *, host: str, port: int) -> Iterator[int]:
    """Serve an application beside other work, in a thread of its own; gives the port that it listens on (0: any free one)."""
    with _listening(host, port) as listener:
        server = _server(app)
        ended = threading.Event()

        def run() -> None:
            try:
                server.run(sockets=[listener])
            finally:
                ended.set()

        thread = threading.Thread(target=run, name="newsledger-web", daemon=True)
        thread.start()
        while not server.started and not ended.wait(0.02):
            continue
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _server(app: Gate) -> uvicorn.Server:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        """Leaves a client that does not send the head of a request in time, or that does not take what it asked for."""

        _head: asyncio.TimerHandle | None = None
        _taking: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._await_head()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            begun: Any = self.cycle  # None until the head of the first request has arrived
            if begun is None or begun.response_complete:
                self._await_head()
            elif self._head is not None:
                self._head.cancel()
                self._head = None

        def _await_head(self) -> None:
            if self._head is None:
                self._head = self.loop.call_later(_HEADERS_WITHIN, self.transport.close)

        def pause_writing(self) -> None:
            super().pause_writing()
            self._taking = self.loop.call_later(_TAKEN_WITHIN, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._taking is not None:
                self._taking.cancel()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            for timer in (self._head, self._taking):
                if timer is not None:
                    timer.cancel()

    class Server(uvicorn.Server):
        """Tells the application that it stops before it waits for the answers under way."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.stopping.set()
            await super().shutdown(sockets)

    return Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=3,
            limit_concurrency=200,
            h11_max_incomplete_event_size=32 * 1024,
            http=Impatient,
            ws="none",
        )
    )


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise UsageError(
            "This address cannot be listened on", which=f"{host}:{port}", fix=error.strerror or str(error)
        ) from error
