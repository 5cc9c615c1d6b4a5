"""Claims written by hand: the JSON form `{"documents": [...], "polls": [...], "reviews": [...]}`.

A document has `id`, `outlet`, `url`, `corrects` and `versions`; a version `n`, `recorded_at`, `p_time`, `status` and `claims`; a
claim the fields of `StateClaim`. Keys that no rule reads are ignored; a claim whose `slot` is null is none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ledger.clock import parse_time
from ledger.errors import InputError, UsageError
from ledger.state.model import Document, Review, StateClaim, Value, Version

__all__ = ["Written", "read_claims", "read_reviews"]


class Written(msgspec.Struct, frozen=True):
    """What a file of claims holds."""

    documents: tuple[Document, ...]
    polls: tuple[datetime, ...]
    reviews: tuple[Review, ...]


class _Claim(msgspec.Struct, kw_only=True):
    slot: str | None
    value: Value | None = None
    modality: str = "asserted"
    kind: str = "primary"
    root: str | None = None
    chain: tuple[str, ...] = ()
    cites: str | None = None
    target: str | None = None
    said_at: str | None = None
    sentence: str = ""


class _Version(msgspec.Struct, kw_only=True):
    n: int
    recorded_at: str
    p_time: str
    status: str = "live"
    claims: tuple[_Claim, ...] = ()


class _Document(msgspec.Struct, kw_only=True):
    id: str
    outlet: str
    url: str = ""
    versions: tuple[_Version, ...]
    corrects: str | None = None


class _Review(msgspec.Struct, kw_only=True):
    id: str
    at: str
    action: str
    target: dict[str, str]
    by: str = ""
    reason: str = ""


class _File(msgspec.Struct, kw_only=True):
    documents: tuple[_Document, ...]
    polls: tuple[str, ...] = ()
    reviews: tuple[_Review, ...] = ()


def read_claims(data: bytes | str, *, which: str = "") -> Written:
    """Read a file of claims. Raises InputError that names the place in it."""
    file = _decode(data, _File, which)
    try:
        return Written(
            documents=tuple(_document(each) for each in file.documents),
            polls=tuple(parse_time(each) for each in file.polls),
            reviews=tuple(_review(each) for each in file.reviews),
        )
    except UsageError as error:
        raise InputError("A file of claims has a bad time in it", which=which, fix=str(error)) from error


def read_reviews(data: bytes | str, *, which: str = "") -> tuple[Review, ...]:
    """Read a JSON list of reviewers' decisions. Raises InputError."""
    try:
        return tuple(_review(each) for each in _decode(data, list[_Review], which))
    except UsageError as error:
        raise InputError("A file of reviews has a bad time in it", which=which, fix=str(error)) from error


def _decode(data: bytes | str, into: Any, which: str) -> Any:
    try:
        return msgspec.json.decode(data, type=into)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise InputError("This cannot be read as claims", which=which, fix=str(error)) from error


def _document(written: _Document) -> Document:
    versions = []
    first: dict[tuple[Any, ...], datetime] = {}
    for version in sorted(written.versions, key=lambda each: each.n):
        p_time = parse_time(version.p_time)
        claims = []
        for claim in version.claims:
            if claim.slot is None:
                continue
            since = first.setdefault((claim.slot, claim.kind, claim.root, claim.value), p_time)
            said_at = parse_time(claim.said_at) if claim.said_at is not None else since
            claims.append(_claim(claim, claim.slot, said_at))
        versions.append(
            Version(
                n=version.n,
                recorded_at=parse_time(version.recorded_at),
                p_time=p_time,
                status=version.status,
                claims=tuple(claims),
            )
        )
    return Document(
        id=written.id,
        outlet=written.outlet,
        url=written.url,
        versions=tuple(versions),
        corrects=written.corrects,
    )


def _claim(claim: _Claim, slot: str, said_at: datetime) -> StateClaim:
    return StateClaim(
        slot=slot,
        value=claim.value,
        said_at=said_at,
        modality=claim.modality,
        kind=claim.kind,
        root=claim.root,
        chain=claim.chain,
        cites=claim.cites,
        target=claim.target,
        sentence=claim.sentence,
    )


def _review(written: _Review) -> Review:
    return Review(
        id=written.id,
        at=parse_time(written.at),
        action=written.action,
        target=written.target,
        by=written.by,
        reason=written.reason,
    )
