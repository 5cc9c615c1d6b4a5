"""Forms that a browser sends: who sent them, and that they come from a page of this server."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response

from ledger.errors import UsageError
from ledger.web.access import Caller
from ledger.web.gate import caller_of, require
from ledger.web.problems import ForbiddenError

__all__ = ["Form", "goto", "local_path", "sender"]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What every form carries: the secret of the session that its page was made for."""

    csrf: str = ""


def sender(request: Request[Any, Any, Any], form: Form, scope: str) -> Caller:
    """Who sends a form, having the scope for it. Raises ForbiddenError, UsageError for a zero byte in a field."""
    caller = caller_of(request.scope)
    require(caller, scope)
    if caller.session and not secrets.compare_digest(form.csrf.encode(), caller.csrf.encode()):
        raise ForbiddenError(
            "The form is too old or not from this server", fix="Load its page again and send it anew"
        )
    if any("\0" in field for field in msgspec.structs.astuple(form)):
        raise UsageError("A field holds a zero byte", fix="Leave it out")
    return caller


def goto(path: str) -> Response[bytes]:
    """To another page of this server, with GET."""
    return Response(b"", status_code=303, headers={"Location": local_path(path)}, media_type="text/html")


def local_path(path: str) -> str:
    """An address on this server; `/` for what would lead elsewhere."""
    parts = urlsplit(path)
    safe = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    )
    return path if safe and not any(ord(letter) < 33 or letter == "\\" for letter in path) else "/"
