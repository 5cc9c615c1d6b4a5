"""First-party plugin: text of PDF files, by pypdf (`pip install 'newsledger[pdf]'`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ledger.plugin import Extracted, Extractor, hookimpl

if TYPE_CHECKING:
    from pypdf import DocumentInformation

__all__ = ["ledger_extractors"]

MOST_PAGES = 500
_END = re.compile(r"[.!?:;…][\"'”’)\]]*$")


@hookimpl
def ledger_extractors() -> Iterable[Extractor]:
    """The reader of application/pdf."""
    yield Extractor(
        name="pdf",
        version="1.0",
        media_types=("application/pdf",),
        extract=_extract,
        summary="Text, title, author and dates of PDF files",
    )


def _extract(body: bytes, _url: str) -> Extracted:
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise ValueError("reading PDF needs pypdf; pip install 'newsledger[pdf]'") from None
    from io import BytesIO

    try:
        reader = PdfReader(BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("the PDF is protected by a password")
        if len(reader.pages) > MOST_PAGES:
            raise ValueError(f"the PDF has {len(reader.pages)} pages; at most {MOST_PAGES} are read")
        blocks = _blocks("\n".join(page.extract_text() for page in reader.pages))
        about = reader.metadata
    except (PyPdfError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a readable PDF: {error}") from error
    title = (about.title if about is not None else None) or ""
    if not title and len(blocks) > 1 and len(blocks[0]) <= 200:
        title, blocks = blocks[0], blocks[1:]
    return Extracted(
        title=title,
        text="\n\n".join(block for block in blocks if block != title),
        byline=(about.author if about is not None else None) or "",
        published=_date(about, "creation_date"),
        modified=_date(about, "modification_date"),
    )


def _blocks(text: str) -> list[str]:
    """Paragraphs: lines are joined until an empty one, or until one that ends a sentence well before the usual width."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    width = max((len(line) for line in lines), default=0)
    blocks: list[str] = []
    waiting: list[str] = []
    for line in [*lines, ""]:
        if line:
            waiting.append(line)
        short = len(line) < 0.75 * width
        if waiting and (not line or (short and (_END.search(line) or len(waiting) == 1))):
            blocks.append(" ".join(waiting))
            waiting = []
    return blocks


def _date(about: DocumentInformation | None, name: str) -> datetime | None:
    try:
        found = getattr(about, name, None)
    except ValueError:
        return None
    if not isinstance(found, datetime):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
