"""Who made an annotation: a digest over everything that its maker's output depends on.

The digest is recomputed over the files as they are, never read from an installer's RECORD, so that an edit in place has
another identity. Release numbers of the distribution are left out: the same code in a new release is the same producer,
and nothing is annotated twice for it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import platform
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from ledger.host.describe import Candidate, ProcessorInfo
from ledger.plugin import API_VERSION

__all__ = ["code_digest", "code_files", "files_digest", "identity_of", "manifest"]


def manifest(
    candidate: Candidate, code: str, info: ProcessorInfo, upstream: Mapping[str, str]
) -> dict[str, str]:
    """What the identity of a processor covers, as readable text. Empty values are left out.

    `code` is the digest of the plugin's files; `upstream` maps the processors whose layers it reads to their identities:
    other input is other output. `unpinned` marks an editable install, whose exact code cannot be fetched again.
    """
    entries = {
        "processor": info.name,
        "version": info.version,
        "api": str(API_VERSION),
        "entry": Path(candidate.file).name if candidate.file else candidate.value,
        "code": code,
        "data": files_digest(info.data),
        "libraries": ", ".join(f"{name} {_release(name)}" for name in sorted(info.libraries)),
        "config": info.config,
        "replay": info.replay,
        "inputs": " ".join(f"{name}:{upstream[name]}" for name in sorted(upstream)),
        "python": f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}",
        "unicode": unicodedata.unidata_version,
        "install": "unpinned" if candidate.editable else "",
    }
    return {key: value for key, value in entries.items() if value}


def _release(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def identity_of(entries: Mapping[str, str]) -> str:
    """Hex SHA-256 over the manifest as canonical JSON."""
    text = json.dumps(dict(entries), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def code_digest(candidate: Candidate) -> str:
    """Hex SHA-256 over the plugin's installed files, compiled caches left out; empty when there are none to be found."""
    return _digest(code_files(candidate))


def code_files(candidate: Candidate) -> list[tuple[str, Path]]:
    """The plugin's installed files, compiled caches left out, each with its name inside the installation; in order."""
    return [(p.relative_to(root.parent).as_posix(), p) for root in _roots(candidate) for p in _sources(root)]


def files_digest(paths: Iterable[str]) -> str:
    """Hex SHA-256 over named files by file name and content; empty for no files. Raises OSError for a missing one."""
    return _digest((Path(path).name, Path(path)) for path in sorted(paths))


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    lines = [f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for name, path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else ""


def _sources(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    found = [path for path in root.rglob("*") if path.is_file()]
    for path in sorted(found, key=lambda p: p.relative_to(root).as_posix()):
        parts = path.relative_to(root).parts
        hidden = any(part == "__pycache__" or part.startswith(".") for part in parts)
        if not hidden and path.suffix not in {".pyc", ".pyo"}:
            yield path


def _roots(candidate: Candidate) -> list[Path]:
    if candidate.file:
        return [Path(candidate.file)]
    names = {candidate.value.partition(":")[0].partition(".")[0]}
    if not candidate.first_party and not candidate.editable:
        names |= _top_level(candidate.distribution)
    roots = {path for name in names for path in _locations(name)}
    return sorted(roots, key=lambda path: path.name)


def _top_level(name: str) -> set[str]:
    """Top-level modules and packages of a distribution; a plugin may keep its work in a second package."""
    try:
        files = distribution(name).files or []
    except (PackageNotFoundError, ValueError):
        return set()
    heads = (file.parts[0] for file in files if file.suffix in {".py", ".so"})
    return {head.partition(".")[0] for head in heads if head != ".." and not head.startswith("_")}


def _locations(module: str) -> list[Path]:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(place) for place in spec.submodule_search_locations]
    return [Path(spec.origin)] if spec.origin and Path(spec.origin).is_file() else []
