"""`python -m ledger.state CLAIMS.json REGISTRY.json`: the state of claims that were written by hand, as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ledger.clock import parse_time
from ledger.errors import InputError, LedgerError
from ledger.state.best import DEFAULT_POLICY
from ledger.state.evaluate import reported_state
from ledger.state.registry import load_registry
from ledger.state.written import read_claims, read_reviews


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the state; 0, or 2 when an input cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m ledger.state", description=__doc__)
    parser.add_argument("claims", type=Path, help="documents with claims, in the form of docs/state.md")
    parser.add_argument("registry", type=Path, help="sources, outlets, slots and parameters")
    parser.add_argument("--recorded-as-of", metavar="R", help="read the ledger up to this time")
    parser.add_argument("--published-as-of", metavar="P", help="count versions published up to this time")
    parser.add_argument(
        "--reviews", type=Path, metavar="FILE", help="decisions of reviewers, instead of those in CLAIMS"
    )
    parser.add_argument(
        "--policy", default=DEFAULT_POLICY, help="how the best figure is chosen (%(default)s)"
    )
    given = parser.parse_args(arguments)
    try:
        written = read_claims(_bytes(given.claims), which=str(given.claims))
        state = reported_state(
            written.documents,
            load_registry(_bytes(given.registry)),
            reviews=read_reviews(_bytes(given.reviews), which=str(given.reviews))
            if given.reviews
            else written.reviews,
            recorded_as_of=parse_time(given.recorded_as_of) if given.recorded_as_of else None,
            published_as_of=parse_time(given.published_as_of) if given.published_as_of else None,
            polls=written.polls,
            policy=given.policy,
        )
    except LedgerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(state.to_dict()), indent=1).decode() + "\n")
    return 0


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError("A file cannot be read", which=str(path), fix=str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
