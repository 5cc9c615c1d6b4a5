"""Pages that plugins bring: what they are given to read, and what becomes of it in the words of their template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.errors import NotFoundError, PluginError
from ledger.host.failures import explain
from ledger.plugin import Article, Page

if TYPE_CHECKING:
    import jinja2

    from ledger.projections import Views

__all__ = ["PageReader", "page_body", "page_data", "read_template"]


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
        raise _failed(plugin, page, error) from error
    assert isinstance(data, dict), "a dict stays one"
    return data


def page_body(plugin: str, page: Page, data: Mapping[str, Any]) -> str:
    """The page's template filled in: HTML in which every value is escaped. Raises PluginError."""
    try:
        return read_template(page).render(dict(data))
    except Exception as error:
        raise _failed(plugin, page, error) from error


def read_template(page: Page) -> jinja2.Template:
    """The template, compiled. Raises jinja2.TemplateError."""
    import jinja2
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(page.template)


def _failed(plugin: str, page: Page, error: Exception) -> PluginError:
    return PluginError(
        f"The page {page.name!r} of the plugin {plugin} failed",
        which=explain(error),
        fix=f"Nothing recorded is lost. `newsledger plugin disable {plugin}` takes the plugin out",
    )
