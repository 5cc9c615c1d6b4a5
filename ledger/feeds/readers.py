"""Extractors of plugins: readers of media types that newsledger does not read itself."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import InputError
from ledger.feeds.extract import Extract
from ledger.feeds.language import language_of
from ledger.feeds.text import canonical, plain_blocks, single_line
from ledger.plugin import Extracted, Extractor

__all__ = ["FindExtractor", "extract_with", "reader_name"]

FindExtractor = Callable[[str], "Extractor | None"]
"""The extractor of a media type, None when no plugin reads it."""


def extract_with(extractor: Extractor, body: bytes, url: str) -> Extract:
    """What an extractor reads from a document. Raises InputError for whatever goes wrong in it."""
    try:
        found = extractor.extract(body, url)
    except Exception as error:  # noqa: BLE001 - an extractor is a plugin's code
        said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise InputError(f"{extractor.name} cannot read it: {single_line(said)[:300]}", which=url) from None
    if not isinstance(found, Extracted):
        raise InputError(
            f"{extractor.name} gives {type(found).__name__} where Extracted is expected", which=url
        )
    text = canonical(plain_blocks(found.text))
    return Extract(
        title=single_line(found.title),
        text=text,
        published=found.published.isoformat() if found.published is not None else "",
        modified=found.modified.isoformat() if found.modified is not None else "",
        language=found.language or language_of(text),
        byline=single_line(found.byline),
        canonical_url=found.canonical_url,
        summary=single_line(found.summary),
    )


def reader_name(extractor: Extractor) -> str:
    """The name under which a revision says who read it."""
    return f"{extractor.name} {extractor.version}"
