"""The wheelhouse: every plugin that was ever used, kept as a wheel by the digest of its code, so that a past run can be repeated.

`HOME/wheelhouse/DIGEST/` holds the wheel and `about.json`. The digest is the one in a processor's identity; it is computed anew
from what is unpacked each time. A plugin that is not there is "not replayable", and that is said when it is installed, not two years
later.
"""

from __future__ import annotations

import importlib.util
import marshal
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import msgspec

from ledger.audit.tiles import write_atomically
from ledger.audit.wheels import Wheel, digest_of, make_wheel, read_wheel
from ledger.config import Plugins
from ledger.errors import CorruptionError, InputError
from ledger.host.describe import Candidate
from ledger.host.discover import find
from ledger.host.identity import code_digest, code_files
from ledger.host.inventory import ActiveProcessor

__all__ = ["Kept", "Wheelhouse", "faults"]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin: the digest of its code, its wheel, where it came from, the versions of its processors, the name of a one-file plugin."""

    digest: str
    plugin: str
    wheel: str
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
                kept.append(self._keep_installed(candidate, digest, versions))
        return kept

    def _keep_installed(self, candidate: Candidate, digest: str, versions: dict[str, str]) -> Kept:
        if self.has(digest):
            return self._about(digest)
        wheel = make_wheel(candidate)
        if digest_of(wheel.code) != digest:
            raise CorruptionError(
                "The files of a plugin change while they are read", which=candidate.name, fix="Try again"
            )
        about = Kept(
            digest=digest,
            plugin=candidate.name,
            wheel=wheel.name,
            distribution=candidate.distribution,
            version=candidate.version,
            file=Path(candidate.file).name if candidate.file else "",
            processors=versions,
        )
        return self._keep(about, wheel.to_bytes())

    def add(self, path: Path, processors: Callable[[Path, str], Mapping[str, str]]) -> Kept:
        """Keep a wheel file as it is. `processors` tells what an unpacked folder offers of a code digest: names and versions.

        Raises InputError for what is no wheel of a plugin, CorruptionError for one that is not what its RECORD says.
        """
        wheel = read_wheel(path)
        digest = digest_of(wheel.code)
        if self.has(digest):
            return self._about(digest)
        draft = self._folder / f".{digest[:16]}"
        try:
            _unpack(wheel, draft)
            offered = dict(processors(draft, digest))
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        if not offered:
            raise InputError(
                "No processor comes from this wheel",
                which=str(path),
                fix="Give the wheel of a plugin that this Python can load, and see `newsledger plugin list`",
            )
        about = Kept(
            digest=digest,
            plugin=wheel.distribution,
            wheel=wheel.name,
            distribution=wheel.distribution,
            version=wheel.version,
            processors=offered,
        )
        return self._keep(about, path.read_bytes())

    def _keep(self, about: Kept, content: bytes) -> Kept:
        folder = self._folder / about.digest
        write_atomically(folder / about.wheel, content, durable=True)
        write_atomically(folder / "about.json", msgspec.json.encode(about), durable=True)
        return msgspec.structs.replace(about, new=True)

    def list(self) -> list[Kept]:
        """Everything kept, by plugin and digest."""
        found = [self._about(path.parent.name) for path in self._folder.glob("*/about.json")]
        return sorted(found, key=lambda kept: (kept.plugin, kept.version, kept.digest))

    def has(self, digest: str) -> bool:
        """Whether the code with this digest is kept."""
        return bool(digest) and (self._folder / digest / "about.json").exists()

    def _about(self, digest: str) -> Kept:
        path = self._folder / digest / "about.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError) as error:
            raise CorruptionError(
                "A kept plugin cannot be read",
                which=str(path),
                fix=f"{error}. Remove its folder and vendor it again",
            ) from error

    def unpack(self, digest: str, folder: Path) -> Kept:
        """Unpack a plugin afresh into `folder`. Raises CorruptionError when it is not what its digest says."""
        about = self._about(digest)
        path = self._folder / digest / about.wheel
        try:
            wheel = read_wheel(path)
        except InputError as error:
            raise CorruptionError(
                "A kept plugin cannot be read", which=str(path), fix="Remove its folder and vendor it again"
            ) from error
        if digest_of(wheel.code) != digest:
            raise CorruptionError(
                "A kept plugin is not what its digest says", which=str(path), fix="Vendor it again"
            )
        _unpack(wheel, folder / digest[:16])
        return about


def _unpack(wheel: Wheel, target: Path) -> None:
    """Install a wheel into a folder of its own: code and metadata, no scripts."""
    shutil.rmtree(target, ignore_errors=True)
    metadata = {
        name: data for name, data in wheel.files.items() if name.partition("/")[0].endswith(".dist-info")
    }
    for name, data in {**wheel.code, **metadata}.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


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
