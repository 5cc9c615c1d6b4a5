"""What handlers take: the parts of the application that they are given, and the parameters of an address."""

from __future__ import annotations

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from ledger.web.access import Access
from ledger.web.asof import Moment
from ledger.web.desk import Desk

__all__ = ["Count", "GivenAccess", "GivenDesk", "GivenMoment", "Name", "Text"]

GivenDesk = NamedDependency[Desk]
GivenAccess = NamedDependency[Access]
GivenMoment = NamedDependency[Moment]

Name = Annotated[str, PathParameter(max_length=500)]
Text = Annotated[str, QueryParameter(max_length=200)]
Count = Annotated[int, QueryParameter(ge=0, le=2**62)]
