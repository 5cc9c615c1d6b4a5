"""The check `syntax` of `newsledger doctor`."""

from __future__ import annotations

from ledger.plugin import CheckResult
from ledger_syntax.pipeline import installed, pipeline

__all__ = ["parser_check"]


def parser_check() -> CheckResult:
    """Whether the shipped model loads; without it, sources and claims are read from the words alone."""
    if not installed():
        return CheckResult(
            ok=False,
            message="spaCy or its model is missing: sentences are not parsed, sources come from word patterns alone",
            fix="pip install --force-reinstall newsledger",
        )
    try:
        pipeline()
    except LookupError as error:
        return CheckResult(ok=False, message=str(error), fix="pip install --force-reinstall newsledger")
    return CheckResult(ok=True, message="sentences are parsed by the shipped model")
