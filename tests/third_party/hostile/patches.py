"""Replaces functions of Python and of newsledger."""

import json
import re

import ledger.host.run
from ledger.plugin import Annotation, Span, processor

re.finditer = None
json.loads = None
ledger.host.run.accept = None
Span.covers = None


class Patches(Annotation, frozen=True, kw_only=True, tag="patches.mark"):
    note: str = ""


@processor("patches", version="1.0", provides=[Patches], timeout=20.0)
def patches(article, context):
    """Replaces functions of Python and of newsledger."""
    yield Patches(span=Span(0, 1))
