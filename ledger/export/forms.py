"""Which forms there are, of what, and how each is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from ledger.errors import UsageError
from ledger.export.linked import STATEMENT, claim_reviews, ftm_statements, provenance, web_annotations
from ledger.export.rows import TABLES, At, Kind, Row
from ledger.export.tables import write_csv, write_jsonl, write_parquet

if TYPE_CHECKING:
    from ledger.app import Ledger

__all__ = ["FORMS", "WHAT", "Form", "export", "forms_of"]


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One form: its media type, the ending of its files, and what can be had in it."""

    media_type: str
    ending: str
    of: tuple[str, ...]
    write: Callable[[Ledger, str, At, BinaryIO], None]


WHAT = tuple(TABLES)


def _tabular(
    write: Callable[[Mapping[str, Kind], Iterable[Row], BinaryIO], None],
) -> Callable[[Ledger, str, At, BinaryIO], None]:
    return lambda ledger, what, at, out: write(TABLES[what].columns, TABLES[what].rows(ledger, at), out)


def _document(make: Callable[[Ledger, At], Any]) -> Callable[[Ledger, str, At, BinaryIO], None]:
    def write(ledger: Ledger, _what: str, at: At, out: BinaryIO) -> None:
        out.write(msgspec.json.format(msgspec.json.encode(make(ledger, at)), indent=1) + b"\n")

    return write


FORMS: dict[str, Form] = {
    "jsonl": Form(
        media_type="application/jsonl",
        ending="jsonl",
        of=WHAT,
        write=lambda ledger, what, at, out: write_jsonl(TABLES[what].rows(ledger, at), out),
    ),
    "csv": Form(media_type="text/csv", ending="csv", of=WHAT, write=_tabular(write_csv)),
    "parquet": Form(
        media_type="application/vnd.apache.parquet", ending="parquet", of=WHAT, write=_tabular(write_parquet)
    ),
    "claimreview": Form(
        media_type="application/ld+json", ending="jsonld", of=("state",), write=_document(claim_reviews)
    ),
    "webannotation": Form(
        media_type="application/jsonl",
        ending="jsonl",
        of=("annotations",),
        write=lambda ledger, _what, at, out: write_jsonl(web_annotations(ledger, at), out),
    ),
    "prov": Form(
        media_type="application/json", ending="json", of=("annotations",), write=_document(provenance)
    ),
    "ftm": Form(
        media_type="text/csv",
        ending="csv",
        of=("articles",),
        write=lambda ledger, _what, at, out: write_csv(STATEMENT, ftm_statements(ledger, at), out),
    ),
}
"""Every form by name."""


def forms_of(what: str) -> tuple[str, ...]:
    """The forms in which something can be had."""
    return tuple(name for name, form in FORMS.items() if what in form.of)


def export(ledger: Ledger, what: str, form: str, out: BinaryIO, *, recorded_as_of: At = None) -> None:
    """Write `what` in a form, in a fixed order: as it is, or as it was known at a past instant.

    Raises UsageError where there is no such thing, or not in this form.
    """
    if form not in FORMS or what not in FORMS[form].of:
        raise UsageError(
            "This cannot be exported in this form",
            which=f"{what} as {form}",
            fix=f"Forms of {what}: {', '.join(forms_of(what)) or 'none'}",
        )
    FORMS[form].write(ledger, what, recorded_as_of, out)
