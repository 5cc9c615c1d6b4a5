"""From an answer to a response: a page for people, or its `.json` or `.csv` twin, all from the same data."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jinja2
import msgspec
import nh3
from litestar import Request, Response
from markupsafe import Markup

from ledger.clock import format_time, parse_time
from ledger.state.wording import number_text, time_text, value_text
from ledger.web.asof import NOW, Moment
from ledger.web.desk import Desk
from ledger.web.gate import caller_of

__all__ = ["FORMS", "Page", "bare", "form_of", "page_response", "reply", "twin"]

FORMS = ("json", "csv")
_FOLDER = Path(__file__).parent
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in its three forms.

    `data` is what `.json` gives, `rows` what `.csv` gives, `context` what the template needs besides. `moment` is the moment
    that it answers for; a `timeless` page, such as a form, is always about the present and has no clocks to set.
    """

    template: str
    title: str
    data: Any
    rows: Sequence[Mapping[str, Any]]
    context: Mapping[str, Any] = {}
    moment: Moment = NOW
    timeless: bool = False
    section: str = ""
    status: int = 200


def form_of(path: str) -> str:
    """The form that an address asks for: `json`, `csv`, or `html`."""
    ending = path.rpartition(".")[2]
    return ending if ending in FORMS else "html"


def bare(name: str) -> str:
    """A name from an address, without the slash before it and the ending of a twin."""
    name = name.removeprefix("/")
    return name.rpartition(".")[0] if form_of(name) != "html" else name


def twin(path: str, form: str) -> str:
    """The address of the same page in another form."""
    return f"/figures.{form}" if path == "/" else f"{path}.{form}"


def page_response(request: Request[Any, Any, Any], desk: Desk, page: Page) -> Response[bytes]:
    """The page in the form that the request's address asks for."""
    form = form_of(request.url.path)
    if form == "json":
        body = msgspec.json.format(msgspec.json.encode(page.data), indent=1)
        return reply(request, body, "application/json", page.status)
    if form == "csv":
        return reply(request, _csv(page.rows), "text/csv", page.status)
    html = (
        _environment()
        .get_template(page.template)
        .render(
            title=page.title,
            page=page,
            moment=page.moment,
            frame=_frame(request, desk, page),
            named=(named := desk.registry(page.moment).name),
            named_chain=lambda chain: " ← ".join(dict.fromkeys(map(named, chain))),
            **page.context,
        )
    )
    return reply(request, html.encode(), "text/html", page.status)


def reply(
    request: Request[Any, Any, Any],
    body: bytes,
    media_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """A response with an ETag over its bytes; 304 without them where the caller has them already."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    fields = {**(headers or {}), "ETag": etag}
    if status == 200 and (etag in known or "*" in known):
        return Response(b"", status_code=304, headers=fields)
    return Response(body, status_code=status, media_type=media_type, headers=fields)


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    """A cell; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, dict | list | tuple | msgspec.Struct):
        return msgspec.json.encode(value).decode()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _frame(request: Request[Any, Any, Any], desk: Desk, page: Page) -> dict[str, Any]:
    """What every page shows around its content: the two clocks, the way back and forth, the permanent link."""
    caller = caller_of(request.scope)
    head = desk.ledger.store.head() if caller.may("read") else None
    path = quote(request.url.path)
    at = page.moment.recorded or (head.recorded_at if head is not None else None)
    before, after = desk.browser.neighbours(format_time(at)) if at is not None else (None, None)
    fixed = Moment(at, page.moment.published)
    given = request.query_params
    others = {
        name: values
        for name in given
        if name not in ("at", "published") and (values := [value for value in given.getall(name) if value])
    }
    return {
        "path": path,
        "here": page.moment.link(path, **others),
        "others": others,
        "head": head,
        "before": Moment(parse_time(before), page.moment.published).link(path, **others) if before else "",
        "after": Moment(parse_time(after), page.moment.published).link(path, **others)
        if after and page.moment.recorded is not None
        else "",
        "permanent": fixed.link(path, **others) if at is not None else path,
        "now": NOW.link(path, **others),
        "json": page.moment.link(twin(path, "json"), **others),
        "csv": page.moment.link(twin(path, "csv"), **others),
        "caller": caller,
        "version": version("newsledger"),
        "style": _fingerprint("style.css"),
        "script": _fingerprint("keys.js"),
    }


@functools.cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((_FOLDER / "static" / name).read_bytes()).hexdigest()[:12]


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "time": _time,
        "number": number_text,
        "dash": _dash,
        "value": value_text,
        "safe_url": _safe_url,
        "text": _text,
        "path": lambda text: quote(str(text), safe=""),
        "short": lambda text: str(text)[:12],
        "iso": lambda at: format_time(parse_time(at)),
        "field": _field,
    }
    environment.filters.update(filters)
    return environment


def _time(value: datetime | str | None) -> Markup:
    """An instant as a `time` element, to the minute, UTC."""
    if not value:
        return Markup("<span class='none'>–</span>")
    at = parse_time(value)
    return Markup("<time datetime='{}'>{}</time>").format(format_time(at), time_text(at))


def _dash(text: str) -> str:
    """A range as it is set in print: 400–1,000; a dash where there is none."""
    return "–" if text in ("", "-") else re.sub(r"(?<=[\d+])-(?=\d)", "–", text)


def _field(value: datetime | None) -> str:
    """An instant as a field of a form shows it."""
    return format_time(value).replace("T", " ").removesuffix("Z") if value is not None else ""


def _safe_url(url: str) -> str:
    """An address that may be linked; others give nothing."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _text(html: str) -> Markup:
    """Our own marked-up text, once more through a sanitiser: marks, anchors and differences pass, nothing else."""
    return Markup(  # noqa: S704 - what passes is what the sanitiser lets pass
        nh3.clean(
            html,
            tags={"mark", "a", "ins", "del"},
            attributes={"mark": {"class", "title"}, "a": {"id", "class"}},
            link_rel=None,
        )
    )
