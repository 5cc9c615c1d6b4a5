"""The wheelhouse: the code of every plugin that was ever used, kept by its digest, so that a past run can be repeated.

`HOME/wheelhouse/DIGEST.zip` holds the files that the digest in a processor's identity covers, under the names that they have in an
installation. A plugin that is not there is "not replayable", and that is said when it is installed, not two years later.
"""

from __future__ import annotations

import importlib.util
import io
import marshal
import shutil
import zipfile
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from pathlib import Path

import msgspec

from ledger.audit.tiles import write_atomically
from ledger.config import Plugins
from ledger.errors import CorruptionError
from ledger.host.describe import Candidate
from ledger.host.discover import GROUP, find
from ledger.host.identity import code_digest, code_files
from ledger.host.inventory import ActiveProcessor

__all__ = ["Kept", "Wheelhouse", "faults"]

_ABOUT = "newsledger-vendored.json"
_WHEN = (1980, 1, 1, 0, 0, 0)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin's code: its digest, where it came from, the versions of its processors, the file name of a one-file plugin."""

    digest: str
    plugin: str
    distribution: str = ""
    version: str = ""
    file: str = ""
    processors: dict[str, str] = {}
    new: bool = False


class Wheelhouse:
    """The kept plugins of one ledger."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def vendor(self, settings: Plugins, processors: Iterable[ActiveProcessor]) -> list[Kept]:
        """Keep the code of every plugin with active processors; what is there already stays."""
        active = list(processors)
        kept = []
        for candidate in find(settings).candidates:
            versions = {one.name: one.version for one in active if one.plugin == candidate.name}
            if versions and (digest := code_digest(candidate)):
                kept.append(self._keep(candidate, digest, versions))
        return kept

    def _keep(self, candidate: Candidate, digest: str, versions: dict[str, str]) -> Kept:
        about = Kept(
            digest=digest,
            plugin=candidate.name,
            distribution=candidate.distribution,
            version=candidate.version,
            file=Path(candidate.file).name if candidate.file else "",
            processors=versions,
        )
        new = not self._path(digest).exists()
        if new:
            files = {name: path.read_bytes() for name, path in code_files(candidate)}
            files |= _metadata(candidate)
            files[_ABOUT] = msgspec.json.encode(about)
            write_atomically(self._path(digest), _archive(files))
        return msgspec.structs.replace(about, new=new)

    def list(self) -> list[Kept]:
        """Everything kept, by plugin and digest."""
        found = []
        for path in self._folder.glob("*.zip"):
            with _opened(path) as archive:
                found.append(msgspec.json.decode(archive.read(_ABOUT), type=Kept))
        return sorted(found, key=lambda kept: (kept.plugin, kept.digest))

    def has(self, digest: str) -> bool:
        """Whether the code with this digest is kept."""
        return bool(digest) and self._path(digest).exists()

    def unpack(self, digest: str, folder: Path) -> Kept:
        """Unpack a plugin afresh into `folder`. Raises CorruptionError when it is not what its digest says."""
        target = folder / digest[:16]
        shutil.rmtree(target, ignore_errors=True)
        with _opened(self._path(digest)) as archive:
            about = msgspec.json.decode(archive.read(_ABOUT), type=Kept)
            archive.extractall(target)
        (target / _ABOUT).unlink()
        names = [
            path
            for path in sorted(target.rglob("*"))
            if path.is_file() and not path.relative_to(target).parts[0].endswith(".dist-info")
        ]
        if _digest_of(target, names) != digest:
            raise CorruptionError(
                "A kept plugin is not what its digest says",
                which=str(self._path(digest)),
                fix="Vendor it again",
            )
        return about

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.zip"


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, msgspec.DecodeError) as error:
        raise CorruptionError(
            "A kept plugin cannot be read", which=str(path), fix=f"{error}. Remove it and vendor it again"
        ) from error


def _digest_of(root: Path, files: list[Path]) -> str:
    """The same digest that an identity has, over unpacked files: packages in order of name, files by path within."""

    def place(path: Path) -> tuple[str, str]:
        parts = path.relative_to(root).parts
        return parts[0], "/".join(parts[1:])

    lines = [
        f"{path.relative_to(root).as_posix()}\0{sha256(path.read_bytes()).hexdigest()}\n"
        for path in sorted(files, key=place)
    ]
    return sha256("".join(lines).encode()).hexdigest()


def _metadata(candidate: Candidate) -> dict[str, bytes]:
    """What makes an unpacked third-party plugin look installed; first-party ones are found through newsledger itself."""
    if candidate.file or candidate.first_party or not candidate.distribution:
        return {}
    points = [
        point
        for point in entry_points(group=GROUP)
        if point.dist is not None and point.dist.name == candidate.distribution
    ]
    lines = sorted(f"{point.name} = {point.value}" for point in points)
    folder = f"{candidate.distribution.replace('-', '_')}-{candidate.version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {candidate.distribution}\nVersion: {candidate.version}\n"
    return {
        f"{folder}/METADATA": about.encode(),
        f"{folder}/entry_points.txt": "\n".join([f"[{GROUP}]", *lines, ""]).encode(),
    }


def _archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _WHEN)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return out.getvalue()


def faults(candidate: Candidate) -> Iterator[str]:
    """What makes a plugin's installation unfit as evidence, a sentence each: edits in place, tampered compiled files, editable."""
    if candidate.editable:
        yield "it is an editable install: its code can change without a new version"
    yield from _edited(candidate)
    for _, path in code_files(candidate):
        if path.suffix == ".py" and (what := _tampered(path)):
            yield what


def _edited(candidate: Candidate) -> Iterator[str]:
    if candidate.file or candidate.editable or not candidate.distribution:
        return
    try:
        files = distribution(candidate.distribution).files or []
    except PackageNotFoundError:
        return
    for file in files:
        if file.hash is None or file.hash.mode != "sha256" or file.suffix == ".pyc":
            continue
        path = Path(str(file.locate()))
        if not path.is_file():
            yield f"{file} is missing from the installation"
        elif urlsafe_b64encode(sha256(path.read_bytes()).digest()).rstrip(b"=").decode() != file.hash.value:
            yield f"{file} was edited after it was installed"


def _tampered(path: Path) -> str:
    """A sentence when a compiled file is not what its source gives, or is never compared with it."""
    cached = Path(importlib.util.cache_from_source(str(path)))
    try:
        data = cached.read_bytes()
        source = path.read_bytes()
    except OSError:
        return ""
    flags = int.from_bytes(data[4:8], "little")
    if flags & 0b11 == 0b01:
        return f"{cached.name} is a compiled file that Python never compares with its source"
    if data[:4] != importlib.util.MAGIC_NUMBER:
        return ""
    stat = path.stat()
    stale = (int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF)
    if not flags and stale != (int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")):
        return ""  # Python does not read it: it belongs to another source
    try:
        same = marshal.loads(data[16:]) == compile(source, str(path), "exec", dont_inherit=True)  # noqa: S302
    except (ValueError, EOFError, TypeError, SyntaxError):
        same = False
    return "" if same else f"{cached.name} is a compiled file that is not what its source gives"
