"""Which function answers at which addresses. Handlers are made anew for every application, since one keeps them as its own."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response, delete, get, post, route
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from ledger.web.problems import Problem
from ledger.web.rendering import reply

__all__ = ["Route", "action", "endpoint", "handlers", "page"]

Answer = Callable[..., Response[bytes]]

PROBLEM = "application/problem+json"
_PROBLEMS = {
    400: "The request is not valid",
    401: "A token is needed, or the one given is not valid",
    403: "The token lacks the scope",
    404: "There is no such thing",
    409: "Somebody else wrote at the same moment",
    413: "The body is too large",
    422: "What was sent cannot be read as what it claims to be",
}

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


def handlers(routes: Iterable[Route]) -> list[HTTPRouteHandler]:
    """New handlers for all routes, those first that tell the methods of an address with more than one.

    Litestar makes such a handler itself with the first method of an address, and then never tells the others (RFC 9110, 10.2.1).
    """
    found = list(routes)
    methods: dict[str, set[str]] = {}
    for one in found:
        for path in one.paths:
            methods.setdefault(path, set()).add(one.method)
    telling = [_telling(path, known) for path, known in methods.items() if len(known) > 1]
    return [*telling, *(handler for one in found for handler in one.handlers())]


def _telling(path: str, methods: set[str]) -> HTTPRouteHandler:
    every = {*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())

    async def allowed() -> Response[None]:
        return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(every))})

    return route(path, http_method=["OPTIONS"], include_in_schema=False, status_code=204)(allowed)


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


def endpoint(path: str, method: str = "GET", **options: Any) -> Callable[[Callable[..., Any]], Route]:
    """Let a function answer in the programming interface with what it returns, as JSON with an ETag.

    Its first argument is the request; `options` go into the interface's description.
    """

    def register(function: Callable[..., Any]) -> Route:
        @functools.wraps(function)
        def answer(**given: Any) -> Response[bytes]:
            result = function(**given)
            return reply(
                given["request"],
                msgspec.json.encode(result),
                "application/json",
                options.get("status_code", 200),
            )

        responses = {
            status: ResponseSpec(data_container=Problem, description=text, media_type=PROBLEM)
            for status, text in _PROBLEMS.items()
        }
        described = {"responses": responses, "raises": None, **options}
        return Route(function=answer, method=method, paths=(path,), options=described)

    return register
