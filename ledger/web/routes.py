"""Which function answers at which addresses. Handlers are made anew for every application, since one keeps them as its own."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler

__all__ = ["Route", "action", "endpoint", "page"]

Answer = Callable[..., Response[bytes]]

_METHODS: dict[str, type[HTTPRouteHandler]] = {"GET": get, "POST": post, "DELETE": delete}


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A function with the method and the paths that it answers to, in a thread of its own; `options` describe it."""

    function: Answer
    method: str
    paths: tuple[str, ...]
    options: dict[str, Any]

    def handlers(self) -> list[HTTPRouteHandler]:
        """New handlers, one per path."""
        make = _METHODS[self.method]
        return [make(path, **self.options)(_threaded(self.function)) for path in self.paths]


def _threaded(function: Answer) -> Callable[..., Awaitable[Response[bytes]]]:
    """The function as a coroutine that runs it in a thread.

    Litestar's own `sync_to_thread` wraps a handler again for each further method of its path, and then answers with a coroutine.
    """

    @functools.wraps(function)
    async def answer(**given: Any) -> Response[bytes]:
        return await to_thread.run_sync(functools.partial(function, **given))

    return answer


def page(*paths: str) -> Callable[[Answer], Route]:
    """Let a function answer as a page."""
    return lambda function: Route(
        function=function, method="GET", paths=paths, options={"include_in_schema": False}
    )


def action(path: str) -> Callable[[Answer], Route]:
    """Let a function answer to the forms that are sent to `path`."""
    return lambda function: Route(
        function=function, method="POST", paths=(path,), options={"include_in_schema": False}
    )


def endpoint(path: str, method: str = "GET", **options: Any) -> Callable[[Answer], Route]:
    """Let a function answer in the programming interface; `options` go into its description."""
    return lambda function: Route(function=function, method=method, paths=(path,), options=options)
