"""A plugin that is installed as pip would, a ledger that uses it, and what somebody may do to the installation afterwards."""

from __future__ import annotations

import base64
import importlib
import json
import py_compile
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from ledger import Ledger, open_ledger
from ledger.testing import FixedClock
from tests.integration.audit.test_replays import DAY_1, FIRST_PARTY, LATER, OTHERS

CODE = '''"""Marks the tide of a text."""

from pathlib import Path

from ledger.plugin import Annotation, Span, processor


class Tide(Annotation, frozen=True, kw_only=True, tag="tide.mark"):
    level: float


@processor("tide", version="{version}", provides=[Tide], data=[{model!r}])
def tide(article, context):
    """The first word."""
    yield Tide(span=Span(0, 3), level={level})
'''
ENTRY = "[ledger]\ntide = tidemarks\n"


class Desk:
    """A home, a folder of installed distributions, and a model beside them."""

    def __init__(self, folder: Path) -> None:
        self.home, self.site, self.model = folder / "home", folder / "site", folder / "model.bin"
        self.package = self.site / "tidemarks" / "__init__.py"
        self.home.mkdir()
        off = json.dumps([*FIRST_PARTY, *OTHERS])
        (self.home / "newsledger.toml").write_text(f"[plugins]\ndisabled = {off}\n", "utf-8")
        self.model.write_bytes(b"one")

    def install(self, version: str = "1.0", level: float = 1.0, *, editable: bool = False) -> None:
        """What an installer leaves, instead of what it left before."""
        shutil.rmtree(self.site, ignore_errors=True)
        info = self.site / f"tidemarks-{version}.dist-info"
        files = {
            self.package: CODE.format(version=version, level=level, model=str(self.model)),
            self.package.with_name("words.txt"): "spring\nneap\n",
            info / "METADATA": f"Metadata-Version: 2.1\nName: tidemarks\nVersion: {version}\n",
            info
            / "WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            info / "entry_points.txt": ENTRY,
            info / "INSTALLER": "pip\n",
        }
        if editable:
            files[info / "direct_url.json"] = json.dumps(
                {"url": self.site.as_uri(), "dir_info": {"editable": True}}
            )
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        lines = [
            f"{path.relative_to(self.site)},sha256={_digest(path)},{path.stat().st_size}" for path in files
        ]
        (info / "RECORD").write_text("\n".join([*lines, f"{info.name}/RECORD,,", ""]), "utf-8")
        importlib.invalidate_caches()

    def record(self, text: str, at: str = DAY_1, *, vendor: bool = True) -> None:
        """Take an article, let the plugin read it, and keep the plugin."""
        file = self.home.parent / f"{len(text)}-{at[:10]}.txt"
        file.write_text(f"{text}\n\n{text} again.", "utf-8")
        with self.ledger(at) as ledger:
            ledger.ingest(file, outlet="harbour")
            if vendor:
                ledger.audits.vendor()

    @contextmanager
    def ledger(self, at: str = LATER) -> Iterator[Ledger]:
        """The ledger, with the installed plugin on the path."""
        sys.path.insert(0, str(self.site))
        importlib.invalidate_caches()
        try:
            with open_ledger(self.home, clock=FixedClock(at)) as opened:
                yield opened
        finally:
            sys.path.remove(str(self.site))

    def audited(self, as_of: str | int | None = None) -> tuple[dict[str, int], str]:
        """The outcomes of an audit, and the first detail."""
        with self.ledger() as ledger:
            report: dict[str, Any] = ledger.audits.audit(
                ledger.store.head().position if as_of is None else as_of
            )
        details = [one["detail"] for one in report["replay"]["differing"] if one["detail"]]
        return report["replay"]["outcomes"], next(iter(details), "")

    def faults(self) -> tuple[str, ...]:
        """What makes the installation unfit as evidence."""
        with self.ledger() as ledger:
            [identity] = ledger.audits.identities()
        return identity.faults


def _digest(path: Path) -> str:
    return base64.urlsafe_b64encode(sha256(path.read_bytes()).digest()).rstrip(b"=").decode()


class Attack(NamedTuple):
    """What is done to a desk that recorded under version 1.0; what the audit of that says now, and what names it."""

    done: Callable[[Desk], None]
    outcome: str
    named: str


def edit_in_place(desk: Desk) -> None:
    desk.package.write_text(desk.package.read_text("utf-8").replace("level=1.0", "level=9.0"), "utf-8")


def poison_compiled(desk: Desk) -> None:
    evil = desk.package.with_name("evil.py")
    evil.write_text(desk.package.read_text("utf-8").replace("level=1.0", "level=9.0"), "utf-8")
    made = py_compile.compile(
        str(evil), dfile=str(desk.package), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    assert made is not None
    Path(made).rename(Path(made).with_name(Path(made).name.replace("evil", "__init__")))
    evil.unlink()


def install_editable(desk: Desk) -> None:
    desk.install("1.0", editable=True)


def lose_wheel(desk: Desk) -> None:
    shutil.rmtree(desk.home / "wheelhouse")
    desk.install("2.0", 2.0)


def exchange_wheel(desk: Desk) -> None:
    [kept] = (desk.home / "wheelhouse").glob("*/*.whl")
    desk.install("2.0", 2.0)
    with desk.ledger() as ledger:
        ledger.audits.vendor()
    [other] = [path for path in (desk.home / "wheelhouse").glob("*/*.whl") if path.parent != kept.parent]
    kept.write_bytes(other.read_bytes())


def change_model(desk: Desk) -> None:
    desk.model.write_bytes(b"two")


ATTACKS = {
    "edit a file of a plugin in place": Attack(
        edit_in_place, "identical", "was edited after it was installed"
    ),
    "poison a compiled file of a plugin": Attack(
        poison_compiled, "identical", "never compares with its source"
    ),
    "install the plugin editable": Attack(install_editable, "identical", "it is an editable install"),
    "lose the wheel of an old version": Attack(lose_wheel, "not runnable", "its wheel is not kept"),
    "exchange the wheel of an old version": Attack(
        exchange_wheel, "not runnable", "not what its digest says"
    ),
    "change the model of a plugin": Attack(change_model, "not runnable", "a model or data file"),
}
"""The past is repeated from the wheel, whatever happened to the installation; what happened to that is named by `plugin identity`."""


def run(attack: str, folder: Path) -> tuple[str, str]:
    """The outcome of the audit after an attack, and the sentence that names it, empty when none does."""
    desk = Desk(folder)
    desk.install()
    desk.record("One ship came in")
    ATTACKS[attack].done(desk)
    outcomes, detail = desk.audited()
    named = [one for one in (detail, *desk.faults()) if ATTACKS[attack].named in one]
    return ", ".join(outcomes), next(iter(named), "")
