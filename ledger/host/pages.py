"""Pages that plugins bring: what they are given to read, and what becomes of it in the words of their template."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ledger.errors import NotFoundError, PluginError
from ledger.host.failures import explain
from ledger.plugin import Article, Page

if TYPE_CHECKING:
    import jinja2

    from ledger.projections import Views

__all__ = ["PageReader", "page_body", "page_data", "read_template", "within"]

T = TypeVar("T")

SECONDS = 10.0
"""How long a page may take."""
_PLACES = threading.BoundedSemaphore(4)
"""Pages at work in this process at a time, those included that never end."""


class PageReader:
    """`ledger.plugin.PageContext` over the views; `state` gives the state of the moment that was asked for."""

    def __init__(self, views: Views, query: Mapping[str, str], state: Callable[[], dict[str, Any]]) -> None:
        self._views = views
        self._state = state
        self.query = dict(query)

    def state(self) -> dict[str, Any]:
        """See PageContext."""
        return self._state()

    def rows(self, projection: str) -> dict[str, Any]:
        """See PageContext."""
        try:
            return self._views.plugin_rows(projection)
        except NotFoundError as error:
            raise LookupError(str(error)) from error

    def article(self, article: str) -> Article | None:
        """See PageContext."""
        found = self._views.article(article)
        return self._views.to_article(found.article.article, found.article.revisions) if found else None

    def annotations(self, article: Article) -> list[dict[str, Any]]:
        """See PageContext."""
        layers = self._views.known_layers(article.id, article.revision)
        found = [json.loads(raw) for raws in layers.values() for raw in raws]
        return sorted(found, key=lambda one: (one["span"]["start"], one["span"]["end"], one["type"]))


def page_data(plugin: str, page: Page, reader: PageReader) -> dict[str, Any]:
    """What a page shows, as plain data. Raises PluginError naming the page, its plugin and what went wrong."""
    try:
        data = msgspec.to_builtins(dict(page.load(reader)), str_keys=True)
    except Exception as error:
        raise _failed(plugin, page, explain(error)) from error
    assert isinstance(data, dict), "a dict stays one"
    return data


def page_body(plugin: str, page: Page, data: Mapping[str, Any]) -> str:
    """The page's template filled in: HTML in which every value is escaped. Raises PluginError."""
    try:
        return read_template(page).render(dict(data))
    except Exception as error:
        raise _failed(plugin, page, explain(error)) from error


def within(plugin: str, page: Page, work: Callable[[], T], seconds: float = SECONDS) -> T:
    """What `work` on a page returns or raises. Raises PluginError for a page that is not ready within `seconds`.

    It works in a thread of its own, which nobody can end: one that hangs is left behind and keeps its place, of which there are few.
    """
    made: Future[T] = Future()

    def run() -> None:
        try:
            made.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whatever it raises is for whoever waits to hear
            made.set_exception(error)
        finally:
            _PLACES.release()

    if not _PLACES.acquire(timeout=seconds):
        raise _failed(plugin, page, "other pages of plugins hang and hold every place; restart the server")
    threading.Thread(target=run, name=f"page {page.name}", daemon=True).start()
    try:
        return made.result(seconds)
    except TimeoutError as error:
        if made.done():
            raise
        raise _failed(plugin, page, f"it was not ready within {seconds:g} seconds") from error


def read_template(page: Page) -> jinja2.Template:
    """The template, compiled. Raises jinja2.TemplateError."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(page.template)


def _failed(plugin: str, page: Page, why: str) -> PluginError:
    return PluginError(
        f"The page {page.name!r} of the plugin {plugin} failed",
        which=why,
        fix=f"Nothing recorded is lost. `newsledger plugin disable {plugin}` takes the plugin out",
    )
