"""What handlers take: the parts of the application that they are given, and the parameters of an address."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.params import PathParameter, QueryParameter

from ledger.web.access import Access
from ledger.web.asof import Moment
from ledger.web.desk import Desk

__all__ = [
    "Count",
    "Cursor",
    "GivenAccess",
    "GivenDesk",
    "GivenMoment",
    "Instant",
    "Name",
    "PairCursor",
    "Text",
]

GivenDesk = NamedDependency[Desk]
GivenAccess = NamedDependency[Access]
GivenMoment = NamedDependency[Moment]

Name = Annotated[str, PathParameter()]
Instant = Annotated[
    str,
    QueryParameter(
        max_length=40,
        description="RFC 3339, or a bare date; without a zone UTC",
        schema_extra={"any_of": [Schema(format="date-time"), Schema(max_length=0)]},
    ),
]
_NEXT = "`next` of the page before"
Cursor = Annotated[str, QueryParameter(pattern=r"^([0-9]{1,18})?$", description=_NEXT)]
PairCursor = Annotated[str, QueryParameter(pattern=r"^([0-9]{1,18}(\.[0-9]{1,18})?)?$", description=_NEXT)]
Text = Annotated[str, QueryParameter(max_length=200)]
Count = Annotated[int, QueryParameter(ge=0, le=2**62)]
