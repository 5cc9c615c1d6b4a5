"""Who may do what: tokens with scopes, kept as hashes in the home; sessions of browsers, kept in memory."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec

from ledger.errors import ConfigError, NotFoundError, UsageError

__all__ = [
    "COOKIE",
    "NOBODY",
    "READER",
    "SCOPES",
    "TOKEN_FILE",
    "Access",
    "Caller",
    "Token",
    "TokenBook",
    "is_loopback",
]

SCOPES = ("read", "review", "ingest", "admin")
"""What a token may allow: reading; deciding reviews; adding feeds; changing the registry and looking after the ledger."""

TOKEN_FILE = "web-tokens.json"  # noqa: S105 - the name of a file
COOKIE = "newsledger_session"
_SESSION = timedelta(hours=12)
_SESSIONS = 1000


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is kept: its name, what it allows, and the SHA-256 of its secret."""

    name: str
    scopes: tuple[str, ...]
    hash: str
    created: datetime


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `csrf` is what a form of this session must carry; empty for a caller without a session."""

    name: str
    scopes: frozenset[str]
    session: str = ""
    csrf: str = ""

    def may(self, scope: str) -> bool:
        """Whether a scope is allowed; `admin` allows everything."""
        return scope in self.scopes or "admin" in self.scopes


READER = Caller(name="", scopes=frozenset({"read"}))
"""Somebody on this machine who shows no token."""

NOBODY = Caller(name="", scopes=frozenset())
"""Somebody elsewhere who shows no token."""


class TokenBook:
    """The tokens of a ledger, in a file that only its owner can read. Changes by other processes are seen at once."""

    def __init__(self, home: Path) -> None:
        self._file = home / TOKEN_FILE
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._tokens: dict[str, Token] = {}

    def list(self) -> tuple[Token, ...]:
        """All tokens by name. Raises ConfigError when the file cannot be read."""
        with self._lock:
            self._load()
            return tuple(self._tokens[name] for name in sorted(self._tokens))

    def add(self, name: str, scopes: Collection[str], now: datetime) -> str:
        """Make a token; returns its secret, which is kept nowhere. Raises UsageError."""
        if unknown := sorted(set(scopes) - set(SCOPES)):
            raise UsageError("No such scope", which=", ".join(unknown), fix=f"Scopes: {', '.join(SCOPES)}")
        if not name.strip() or not scopes:
            raise UsageError("A token needs a name and a scope", fix=f"Scopes: {', '.join(SCOPES)}")
        with self._lock:
            self._load()
            if name in self._tokens:
                raise UsageError("There is a token of that name", which=name, fix="Remove it first")
            secret = f"nl_{secrets.token_urlsafe(32)}"
            ordered = tuple(scope for scope in SCOPES if scope in scopes)
            token = Token(name=name, scopes=ordered, hash=_hash(secret), created=now)
            self._save({**self._tokens, name: token})
        return secret

    def remove(self, name: str) -> None:
        """Make a token invalid from now on. Raises NotFoundError."""
        with self._lock:
            self._load()
            if name not in self._tokens:
                raise NotFoundError("No such token", which=name, fix="See `newsledger serve token list`")
            self._save({key: token for key, token in self._tokens.items() if key != name})

    def check(self, secret: str) -> Token | None:
        """The token with this secret, if there is one."""
        wanted = _hash(secret)
        return next((token for token in self.list() if secrets.compare_digest(token.hash, wanted)), None)

    def get(self, name: str) -> Token | None:
        """The token of that name, if there is one."""
        return next((token for token in self.list() if token.name == name), None)

    def _load(self) -> None:
        try:
            found = self._file.stat()
            seen = (found.st_mtime_ns, found.st_size)
            if seen == self._seen:
                return
            self._tokens = msgspec.json.decode(self._file.read_bytes(), type=dict[str, Token])
            self._seen = seen
        except FileNotFoundError:
            self._tokens, self._seen = {}, None
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigError("The tokens cannot be read", which=str(self._file), fix=str(error)) from error

    def _save(self, tokens: Mapping[str, Token]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_name(f"{TOKEN_FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(dict(tokens)), indent=1))
        draft.replace(self._file)
        self._seen = None


class Access:
    """Tells who asks. `open_reading`: the server listens on this machine only, so that reading needs no token."""

    def __init__(self, book: TokenBook, *, open_reading: bool) -> None:
        self.book = book
        self.open_reading = open_reading
        self._sessions: OrderedDict[str, tuple[str, str, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def caller(self, authorization: str, cookie: str, now: datetime) -> Caller:
        """Who asks, by the header `Authorization: Bearer` or the session's cookie. Raises UsageError for a wrong token."""
        if authorization:
            kind, _, secret = authorization.partition(" ")
            token = self.book.check(secret.strip()) if kind.lower() == "bearer" else None
            if token is None:
                raise UsageError("The token is not valid", fix="See `newsledger serve token list`")
            return Caller(name=token.name, scopes=self._scopes(token))
        if cookie and (found := self._session(cookie, now)) is not None:
            return found
        return READER if self.open_reading else NOBODY

    def begin(self, secret: str, now: datetime) -> str | None:
        """Begin a session with a token's secret; returns the cookie's value, None when there is no such token."""
        token = self.book.check(secret.strip())
        if token is None:
            return None
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_hash(cookie)] = (token.name, secrets.token_urlsafe(24), now + _SESSION)
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)
        return cookie

    def end(self, cookie: str) -> None:
        """End a session; nothing happens when there is none."""
        with self._lock:
            self._sessions.pop(_hash(cookie), None)

    def _session(self, cookie: str, now: datetime) -> Caller | None:
        key = _hash(cookie)
        with self._lock:
            found = self._sessions.get(key)
            if found is None:
                return None
            name, csrf, ends = found
            if now > ends:
                del self._sessions[key]
                return None
        token = self.book.get(name)
        if token is None:
            return None
        return Caller(name=name, scopes=self._scopes(token), session=cookie, csrf=csrf)

    def _scopes(self, token: Token) -> frozenset[str]:
        """What a token allows; who needs none to read may read with any."""
        return frozenset(token.scopes) | (READER.scopes if self.open_reading else NOBODY.scopes)


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
