"""What happens to every request before and after it reaches a handler.

Before: the `Host` must be one that this server is known by (against DNS rebinding), the caller is told, nobody reads without the
scope for it, a form must come from a page of this server, and a body must arrive in time. After: headers that keep a browser
from running or loading anything that is not ours. HEAD is answered as GET is, without the body (RFC 9110, 9.3.2).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

from ledger.clock import Clock
from ledger.errors import LedgerError
from ledger.web.access import COOKIE, Access, Caller
from ledger.web.problems import ForbiddenError, problem_body

__all__ = ["CALLER", "Gate", "caller_of", "require", "stopping"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLER = "newsledger.caller"
"""Key of the request's scope under which the caller lies."""

STOPPING = "newsledger.stopping"
"""Key of the request's scope under which lies whether the server is about to stop."""

OPEN = ("/login", "/static/")
"""Paths that nobody needs a scope for."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
            b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Gate:
    """An ASGI application around another one. `hosts` are the names that it may be asked by; empty allows all.

    `stopping` is set by who runs it, so that answers without an end come to one.
    """

    def __init__(
        self, app: App, access: Access, clock: Clock, *, hosts: frozenset[str], patience: float = 15.0
    ) -> None:
        self._app = app
        self._access = access
        self._clock = clock
        self._hosts = hosts
        self._patience = patience
        self.stopping = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass what is no request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _bodiless(send)
        scope[STOPPING] = self.stopping
        headers = _headers(scope)
        try:
            refusal = self._refusal(scope, headers)
        except LedgerError as error:
            refusal = (401, str(error))
        if refusal is not None:
            await self._refuse(scope, _guarded(send), *refusal)
            return
        await self._app(scope, self._impatient(receive), _guarded(send))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        name = _name(host)
        if not name or (self._hosts and name not in self._hosts):
            return 421, "This server is not known by that name; start it with --public-name NAME to allow it."
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            return 404, "Nothing has a zero byte in its name."
        caller = self._access.caller(
            headers.get("authorization", ""), _cookie(headers.get("cookie", "")), self._clock.now()
        )
        scope[CALLER] = caller
        if scope["method"] not in _SAFE and not headers.get("authorization") and not _same(headers, host):
            return 403, "A form must be sent from a page of this server."
        reads = scope["method"] in _SAFE or not caller.scopes
        if reads and not caller.may("read") and not scope["path"].startswith(OPEN):
            return 401, "Reading needs a token with the scope read."
        return None

    async def _refuse(self, scope: Scope, send: Send, status: int, detail: str) -> None:
        accepts = _headers(scope).get("accept", "")
        if status == 401 and scope["method"] == "GET" and "text/html" in accepts:
            wanted = scope["path"] + (
                f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            )
            headers = [(b"location", f"/login?next={quote(wanted, safe='')}".encode())]
            await send({"type": "http.response.start", "status": 303, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers = [(b"content-type", b"application/problem+json")]
        if status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="newsledger"'))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": problem_body(status, detail, scope["path"])})

    def _impatient(self, receive: Receive) -> Receive:
        """The same, but a body that does not arrive in time counts as a client that went away."""
        ends: list[float] = []
        done = False

        async def patient() -> MutableMapping[str, Any]:
            nonlocal done
            if done:
                return await receive()
            loop = asyncio.get_running_loop()
            if not ends:
                ends.append(loop.time() + self._patience)
            try:
                message = await asyncio.wait_for(receive(), max(ends[0] - loop.time(), 0.001))
            except TimeoutError:
                done = True
                return {"type": "http.disconnect"}
            if message["type"] != "http.request" or not message.get("more_body"):
                done = True
            return message

        return patient


def _guarded(send: Send) -> Send:
    async def guarded(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            names = {name.lower() for name, _ in given}
            message["headers"] = [*given, *(pair for pair in _HEADERS if pair[0] not in names)]
            if b"cache-control" not in names:
                message["headers"].append((b"cache-control", b"private, no-cache"))
        await send(message)

    return guarded


def _bodiless(send: Send) -> Send:
    """Sends the head of a response and ends it there."""

    async def head(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return head


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    if "@" in host or "/" in host:
        return ""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").lower() if parts.port != 0 else ""
    except ValueError:  # brackets that do not close, or a port that is none
        return ""


def _same(headers: dict[str, str], host: str) -> bool:
    """Whether a request comes from a page of the server that it goes to."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin") or headers.get("referer") or ""
    return bool(origin) and urlsplit(origin).netloc == host


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def caller_of(scope: Any) -> Caller:
    """Who asks, as the gate told it to a request's scope."""
    found: Caller = scope[CALLER]
    return found


def stopping(scope: Any) -> bool:
    """Whether the server that a request came to is about to stop."""
    told: threading.Event = scope[STOPPING]
    return told.is_set()


def require(caller: Caller, scope: str) -> None:
    """Refuse a caller who lacks a scope. Raises ForbiddenError."""
    if not caller.may(scope):
        raise ForbiddenError(
            f"This needs a token with the scope {scope}", fix="See `newsledger serve token add`"
        )
