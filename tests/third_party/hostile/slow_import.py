"""Works for two seconds when it is imported."""

import time

from ledger.plugin import Annotation, Span, processor

BEGIN = time.process_time()
while time.process_time() < BEGIN + 2:
    pass


class SlowImport(Annotation, frozen=True, kw_only=True, tag="slow_import.mark"):
    note: str = ""


@processor("slow_import", version="1.0", provides=[SlowImport], timeout=20.0)
def slow_import(article, context):
    """Works for two seconds when it is imported."""
    yield SlowImport(span=Span(0, 1))
