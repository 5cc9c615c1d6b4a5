"""Pages that plugins bring, inside the layout of all others."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from markupsafe import Markup

from ledger.errors import NotFoundError
from ledger.host.pages import PageReader, page_body, page_data, within
from ledger.web.asking import GivenDesk, GivenMoment, Name
from ledger.web.rendering import Page, bare, form_of, page_response
from ledger.web.routes import page

__all__ = ["plugin_page", "plugin_pages"]


@page("/plugins", "/plugins.json", "/plugins.csv")
def plugin_pages(request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment) -> Response[bytes]:
    """The pages of all plugins."""
    rows = [
        {"page": record.name, "plugin": plugin.name, "summary": record.summary}
        for plugin in desk.ledger.hooks.inventory.plugins
        for record in plugin.records.get("ledger_pages", ())
    ]
    shown = Page(
        template="plugin_pages.html",
        title="Pages of plugins",
        data=rows,
        rows=rows,
        moment=moment,
        section="plugins",
        context={"rows": rows},
    )
    return page_response(request, desk, shown)


@page("/plugins/{name:str}")
def plugin_page(
    request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment, name: Name
) -> Response[bytes]:
    """One page of a plugin. Raises NotFoundError, PluginError."""
    wanted, inventory = bare(name), desk.ledger.hooks.inventory
    found = next((one for one in inventory.records("ledger_pages") if one.name == wanted), None)
    if found is None:
        known = ", ".join(inventory.offered("ledger_pages"))
        raise NotFoundError("No plugin brings this page", which=wanted, fix=f"There are: {known or 'none'}")
    owner = inventory.owner("ledger_pages", wanted)
    query = {key: value for key, value in request.query_params.items() if key not in ("at", "published")}
    reader = PageReader(desk.ledger.views, query, lambda: desk.state(moment).to_dict())
    is_html = form_of(request.url.path) == "html"

    def made() -> tuple[dict[str, Any], str]:
        data = page_data(owner, found, reader)
        return data, page_body(owner, found, data) if is_html else ""

    data, filled = within(owner, found, made)
    body = Markup(filled)  # noqa: S704 - escaped by the template's own environment, value by value
    rows = data.get("rows", ())
    shown = Page(
        template="plugin_page.html",
        title=found.title,
        data=data,
        rows=rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else (),
        moment=moment,
        section="plugins",
        context={"body": body, "plugin": owner},
    )
    return page_response(request, desk, shown)
