"""Errors over HTTP: problem details (RFC 9457) for programs, a page for people; never a traceback."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from ledger.errors import (
    BlockedAddressError,
    ConflictError,
    FetchError,
    InputError,
    LedgerError,
    NotFoundError,
    StoreUnavailableError,
    UsageError,
)

__all__ = ["ForbiddenError", "Problem", "problem_body", "problem_of", "status_of"]


class ForbiddenError(UsageError):
    """The caller's token does not allow it."""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457): `title` says what, `detail` which one and what to do, `instance` where it was asked."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    instance: str = ""


_STATUS: tuple[tuple[type[LedgerError], int], ...] = (
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (UsageError, 400),
    (InputError, 422),
    (BlockedAddressError, 422),
    (FetchError, 502),
    (ConflictError, 409),
    (StoreUnavailableError, 503),
)


def status_of(error: LedgerError) -> int:
    """The HTTP status of an error of ours."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_of(error: LedgerError, instance: str) -> Problem:
    """An error of ours as problem details."""
    detail = ". ".join(part for part in (error.which, error.fix) if part)
    return Problem(title=error.what, status=status_of(error), detail=detail, instance=instance)


def problem_body(status: int, detail: str, instance: str) -> bytes:
    """Problem details as JSON."""
    return msgspec.json.encode(
        Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, instance=instance)
    )
