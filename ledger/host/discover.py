"""Find plugins without importing one: entry points of the group `ledger`, and folders of one-file plugins."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NamedTuple

from ledger.config import Plugins
from ledger.host.describe import Candidate, Problem

__all__ = ["GROUP", "Found", "conflict", "find", "has_others"]

GROUP = "ledger"


class Found(NamedTuple):
    """The plugins to load, first-party ones first; those refused because their name is taken; those not allowed."""

    candidates: tuple[Candidate, ...]
    refused: tuple[tuple[Candidate, Problem], ...]
    barred: tuple[Candidate, ...]


def find(settings: Plugins) -> Found:
    """Every plugin that is installed or lies in a plugin folder.

    Of two plugins with one name the first-party one stays, else the one whose distribution comes first by name; files
    come last. `directories` may name a single file. A folder that does not exist is a refused candidate of its own.
    """
    found = [_candidate(point) for point in entry_points(group=GROUP)]
    found.sort(key=lambda c: (not c.first_party, c.distribution, c.name, c.value))
    missing: list[tuple[Candidate, Problem]] = []
    for folder in settings.directories:
        path = Path(folder).expanduser()
        if path.is_dir():
            found.extend(_files(path))
        elif path.is_file():
            found.append(_file(path))
        else:
            missing.append(_no_folder(path))
    barred = tuple(candidate for candidate in found if not _allowed(candidate, settings.allow))
    return Found(*_unique([c for c in found if c not in barred], missing), barred)


def _allowed(candidate: Candidate, allow: Collection[str] | None) -> bool:
    """Whether the allow-list, which does not concern what newsledger ships, names the plugin or its distribution."""
    return (
        allow is None or candidate.first_party or candidate.name in allow or candidate.distribution in allow
    )


def has_others(settings: Plugins) -> bool:
    """Whether there is any plugin beside those that newsledger ships."""
    return any(not candidate.first_party for candidate in find(settings).candidates)


def _unique(
    found: Iterable[Candidate], missing: list[tuple[Candidate, Problem]]
) -> tuple[tuple[Candidate, ...], tuple[tuple[Candidate, Problem], ...]]:
    owners: dict[str, Candidate] = {}
    refused = list(missing)
    for candidate in found:
        owner = owners.setdefault(candidate.name, candidate)
        if owner is not candidate:
            refused.append((candidate, conflict(candidate, owner, f"The plugin name {candidate.name!r}")))
    return tuple(owners.values()), tuple(refused)


def conflict(loser: Candidate, owner: Candidate, claimed: str) -> Problem:
    """Two distributions claim the same thing: named, with both of them."""
    return Problem(
        plugin=loser.name,
        distribution=loser.distribution,
        version=loser.version,
        what=f"{claimed} of {loser.origin} is already taken by {owner.name} of {owner.origin}",
        fix="Uninstall one of the two, or name it in `[plugins] disabled` of newsledger.toml",
    )


def _candidate(point: EntryPoint) -> Candidate:
    distribution = point.dist
    return Candidate(
        name=point.name,
        value=point.value,
        distribution=distribution.name if distribution else "",
        version=distribution.version if distribution else "",
        editable=_editable(distribution.read_text("direct_url.json") if distribution else None),
    )


def _editable(direct_url: str | None) -> bool:
    try:
        origin = json.loads(direct_url or "{}")
    except ValueError:
        return False
    return bool(origin.get("dir_info", {}).get("editable"))


def _files(folder: Path) -> Iterator[Candidate]:
    for file in sorted(folder.glob("*.py")):
        if not file.name.startswith(("_", ".")):
            yield _file(file)


def _file(file: Path) -> Candidate:
    return Candidate(name=file.stem, value=file.stem, file=str(file.resolve()))


def _no_folder(path: Path) -> tuple[Candidate, Problem]:
    candidate = Candidate(name=path.name, value="", file=str(path))
    problem = Problem(
        plugin=candidate.name,
        distribution="",
        version="",
        what=f"The plugin folder {path} does not exist",
        fix="Create it, or take it out of `[plugins] directories`",
    )
    return candidate, problem
