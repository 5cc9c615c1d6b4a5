"""Wheels (PyPA binary distribution format) made from what is installed, or read: the form in which plugins are kept.

A wheel made here has no time and no machine in it: equal code makes equal bytes, and `pip install` takes it.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from pathlib import Path, PurePosixPath

import msgspec

from ledger.errors import CorruptionError, InputError
from ledger.host.describe import Candidate
from ledger.host.discover import GROUP
from ledger.host.identity import code_files

__all__ = ["Wheel", "digest_of", "make_wheel", "read_wheel"]

_WHEN = (1980, 1, 1, 0, 0, 0)
_ANY = "py3-none-any"
_INSTALLER_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_NAME = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-[0-9][^-]*)?-(?P<tag>[^-]+-[^-]+-[^-]+)\.whl")


class Wheel(msgspec.Struct, frozen=True):
    """A wheel as a file: its name and its members by path."""

    name: str
    files: dict[str, bytes]

    @property
    def distribution(self) -> str:
        """The name of the distribution as its file name writes it."""
        return self.name.partition("-")[0]

    @property
    def version(self) -> str:
        """The version of the distribution."""
        return self.name.split("-")[1]

    @property
    def code(self) -> dict[str, bytes]:
        """What an installation puts beside other packages: everything but metadata, scripts and data."""
        found = {}
        for name, content in self.files.items():
            head, _, rest = name.partition("/")
            if head.endswith(".data"):
                scheme, _, rest = rest.partition("/")
                if scheme in {"purelib", "platlib"}:
                    found[rest] = content
            elif not head.endswith(".dist-info"):
                found[name] = content
        return found

    def to_bytes(self) -> bytes:
        """The archive, RECORD included."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(self.files):
                info = zipfile.ZipInfo(name, _WHEN)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, self.files[name])
        return out.getvalue()


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest that the identity of a processor has of its plugin's code, over the code of a wheel.

    It covers every file of the packages and modules whose names do not begin with an underscore, in the order of these names.
    """
    heads = {PurePosixPath(name).parts[0] for name in files if PurePosixPath(name).suffix in {".py", ".so"}}
    covered = [
        name
        for name in files
        if (parts := PurePosixPath(name).parts)[0] in heads
        and not parts[0].startswith("_")
        and not any(part.startswith(".") or part == "__pycache__" for part in parts[1:])
    ]
    covered.sort(key=lambda name: (name.partition("/")[0], name.partition("/")[2]))
    lines = [f"{name}\0{sha256(files[name]).hexdigest()}\n" for name in covered]
    return sha256("".join(lines).encode()).hexdigest() if lines else ""


def make_wheel(candidate: Candidate) -> Wheel:
    """The wheel of a plugin as it is installed, with the files as they are now, whatever the installer noted of them."""
    code = {name: path.read_bytes() for name, path in code_files(candidate)}
    rest, tag = _installed(candidate)
    name = candidate.distribution or Path(candidate.file).stem
    if candidate.first_party or not rest:
        name = candidate.value.partition(":")[0].partition(".")[0] if candidate.first_party else name
        rest = {"METADATA": _about(name, candidate.version or "0").encode()}
        if points := _entry_points(candidate):
            rest["entry_points.txt"] = points.encode()
    rest.setdefault(
        "WHEEL", f"Wheel-Version: 1.0\nGenerator: newsledger\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    )
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{(candidate.version or '0').replace('-', '_')}"
    folder = f"{stem}.dist-info"
    files = {**code, **{f"{folder}/{one}": content for one, content in rest.items()}}
    files[f"{folder}/RECORD"] = _record(files, f"{folder}/RECORD").encode()
    return Wheel(f"{stem}-{tag}.whl", files)


def _about(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def _record(files: Mapping[str, bytes], own: str) -> str:
    lines = [f"{name},sha256={_base64(files[name])},{len(files[name])}" for name in sorted(files)]
    return "\n".join([*lines, f"{own},,", ""])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()


def _installed(candidate: Candidate) -> tuple[dict[str, bytes], str]:
    """The metadata of a third-party distribution that is installed as a whole, and its tag; nothing for another one."""
    if candidate.file or candidate.first_party or candidate.editable:
        return {}, _ANY
    try:
        files = distribution(candidate.distribution).files or []
    except PackageNotFoundError:
        return {}, _ANY
    found = {}
    for file in files:
        folder, _, name = file.as_posix().partition("/")
        path = Path(str(file.locate()))
        if folder.endswith(".dist-info") and name not in _INSTALLER_FILES and path.is_file():
            found[name] = path.read_bytes()
    tags = re.findall(r"^Tag: (\S+)", found.get("WHEEL", b"").decode("utf-8", "replace"), re.MULTILINE)
    return found, tags[0] if tags else _ANY


def _entry_points(candidate: Candidate) -> str:
    if candidate.file or candidate.first_party:
        return ""
    points = entry_points(group=GROUP)
    own = [one for one in points if one.dist is not None and one.dist.name == candidate.distribution]
    return "\n".join([f"[{GROUP}]", *sorted(f"{one.name} = {one.value}" for one in own), ""])


def read_wheel(path: Path) -> Wheel:
    """Read a wheel and compare every member with its RECORD. Raises InputError for what is no wheel, CorruptionError."""
    if _NAME.fullmatch(path.name) is None:
        raise InputError(
            "Not the name of a wheel", which=str(path), fix="NAME-VERSION-PYTHON-ABI-PLATFORM.whl"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            files = {name: archive.read(name) for name in names if not name.endswith("/")}
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise InputError("A wheel cannot be read", which=str(path), fix=str(error)) from error
    for problem in _problems(files, names):
        raise CorruptionError(
            "A wheel is not what it says of itself", which=f"{path}: {problem}", fix="Get it again"
        )
    return Wheel(path.name, files)


def _problems(files: Mapping[str, bytes], names: list[str]) -> Iterator[str]:
    if len(set(names)) != len(names) or any(_leaves(name) for name in names):
        yield "a member is there twice, or lies outside of it"
    records = [name for name in files if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
    if len(records) != 1:
        yield "it has no RECORD"
        return
    said = {}
    for line in files[records[0]].decode("utf-8", "replace").splitlines():
        name, _, rest = line.rpartition(",")[0].rpartition(",")
        said[name.strip('"')] = rest.removeprefix("sha256=")
    for name, content in files.items():
        signature = name.startswith(records[0])
        if not signature and said.get(name) != _base64(content):
            yield f"{name} is not the file that its RECORD names"


def _leaves(name: str) -> bool:
    return name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts
