"""Downloads: everything in every form that it can be had in."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterator
from typing import Any, BinaryIO

from litestar import Request, Response
from litestar.response import Stream

from ledger.errors import NotFoundError
from ledger.export import FORMS, WHAT, export, forms_of
from ledger.web.asking import GivenDesk, GivenMoment, Name
from ledger.web.rendering import Page, page_response
from ledger.web.routes import page

__all__ = ["download", "exports"]

_PIECE = 256 * 1024
MEANING = {
    "events": "the log itself, envelopes and payloads",
    "annotations": "every annotation that counts, of every processor",
    "claims": "claims as they were read",
    "articles": "articles as their newest revision shows them",
    "figures": "what is reported now, one line per figure",
    "reports": "every report on every figure, with what became of it",
    "changes": "what figures read, from when on",
    "state": "everything known of every figure",
}


@page("/exports", "/exports.json", "/exports.csv")
def exports(request: Request[Any, Any, Any], desk: GivenDesk, moment: GivenMoment) -> Response[bytes]:
    """What can be downloaded, in which forms."""
    found = [{"what": what, "meaning": MEANING[what], "forms": forms_of(what)} for what in WHAT]
    return page_response(
        request,
        desk,
        Page(
            template="exports.html",
            title="Exports",
            data=found,
            rows=found,
            moment=moment,
            context={"found": found},
        ),
    )


@page("/exports/{name:str}")
def download(
    request: Request[Any, Any, Any],  # noqa: ARG001
    desk: GivenDesk,
    moment: GivenMoment,
    name: Name,
) -> Response[Any]:
    """One export, `WHAT.FORM`, as a file. It is made whole before its first byte is sent."""
    what, _, form = name.partition(".")
    if what not in WHAT or form not in forms_of(what):
        raise NotFoundError("No such export", which=name, fix="The page /exports lists them")
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is sent
    try:
        export(desk.ledger, what, form, file, recorded_as_of=moment.recorded)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    pieces = _pieces(file)
    weakref.finalize(pieces, file.close)  # also when nobody takes the rest, or even the first
    ending = FORMS[form].ending if form == FORMS[form].ending else f"{form}.{FORMS[form].ending}"
    return Stream(
        pieces,
        media_type=FORMS[form].media_type,
        headers={
            "Content-Disposition": f'attachment; filename="newsledger-{what}.{ending}"',
            "Content-Length": str(size),
        },
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
    file.close()
