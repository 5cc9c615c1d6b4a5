"""Signing in with a token, and out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.params import URLEncodedBody

from ledger.web.access import COOKIE
from ledger.web.asking import GivenAccess, GivenDesk, Text
from ledger.web.forms import Form, goto, local_path
from ledger.web.gate import caller_of
from ledger.web.rendering import Page, page_response
from ledger.web.routes import action, page

__all__ = ["login", "login_form", "logout"]


class Login(Form, frozen=True, kw_only=True):
    """A token, and where to go with it."""

    token: str = ""
    next: str = "/"


@page("/login")
def login_form(request: Request[Any, Any, Any], desk: GivenDesk, next: Text = "/") -> Response[bytes]:  # noqa: A002 - the parameter's name
    """The form that takes a token."""
    return _form(request, desk, next)


def _form(
    request: Request[Any, Any, Any], desk: GivenDesk, target: str, problem: str = ""
) -> Response[bytes]:
    return page_response(
        request,
        desk,
        Page(
            template="login.html",
            title="Sign in",
            data={},
            rows=[],
            status=403 if problem else 200,
            timeless=True,
            context={"next": local_path(target), "problem": problem},
        ),
    )


@action("/login")
def login(
    request: Request[Any, Any, Any], desk: GivenDesk, access: GivenAccess, data: URLEncodedBody[Login]
) -> Response[bytes]:
    """Begin a session."""
    cookie = access.begin(data.token, desk.now())
    if cookie is None:
        return _form(request, desk, data.next, "There is no such token.")
    response = goto(data.next)
    secure = request.url.scheme == "https"
    response.set_cookie(
        Cookie(
            key=COOKIE, value=cookie, path="/", httponly=True, samesite="strict", secure=secure, max_age=43200
        )
    )
    return response


@action("/logout")
def logout(
    request: Request[Any, Any, Any], access: GivenAccess, data: URLEncodedBody[Form]
) -> Response[bytes]:
    """End the session."""
    access.end(caller_of(request.scope).session)
    del data
    response = goto("/")
    response.delete_cookie(COOKIE, path="/")
    return response
