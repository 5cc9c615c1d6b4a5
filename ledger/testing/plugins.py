"""The conformance kit for a whole plugin, as it is installed or as one file."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ledger.config import Plugins
from ledger.errors import NotFoundError, UsageError
from ledger.host import Host, Limits, PluginInfo
from ledger.host.discover import find
from ledger.host.failures import explain
from ledger.host.pages import read_template
from ledger.plugin import Article, Page, Processor
from ledger.testing.conformance import SAMPLES, Verdict, Verdicts, check_processor
from ledger.testing.folding import check_projection
from ledger.testing.history import HistoryDiff, compare_history, record_history

__all__ = ["check_plugin", "compare_plugin"]

_LAW = "it gives the same under every hash seed and time zone"
_ELSEWHERE = (
    {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns"},
    {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Auckland", "LC_ALL": "C"},
)
"""Environments to compare with a worker's usual one."""

Answers = dict[tuple[str, str], tuple[tuple[bytes, ...], str]]


def check_plugin(
    target: str | Path,
    articles: Sequence[Article] = SAMPLES,
    *,
    settings: Mapping[str, dict[str, Any]] | None = None,
) -> tuple[Verdicts, ...]:
    """Judge a plugin: the name of an installed one, the path of a one-file plugin, or the folder of its project.

    First it is loaded in a worker process; one that cannot be loaded gets a single verdict with the reason. Then each
    active processor is judged by `check_processor` on the layers of its real providers, and run in worker processes of
    other hash seeds, time zones and locales; each projection is judged by `check_projection`; and importing it must be
    quick. `settings` are the tables of newsledger.toml. Raises NotFoundError, UsageError for a folder that is no project.
    """
    file = _file(Path(target))
    table = Plugins(directories=(str(file),) if file is not None else (), settings=dict(settings or {}))
    name = file.stem if file is not None else str(target)
    host = _open(table, {})
    try:
        info = _find(host, name)
        declared = info.offers.get("ledger_processors", ())
        if not info.processors and (declared or info.state != "active"):
            return (Verdicts(name, (Verdict("it loads", ok=False, message=info.reason),)),)
        records = {record.name: record for record in host.records("ledger_processors")}
        usual = _answers(host, info, articles)
        judged = [_judge(host, records, name, articles, table) for name in info.processors]
    finally:
        host.close()
    quick = _quick(host, name)
    others = tuple(_others(host, info))
    elsewhere = [_elsewhere(table, environment, info, articles) for environment in _ELSEWHERE]
    every = [
        Verdicts(one.processor, (*one.verdicts, _compare(one.processor, usual, elsewhere)))
        if records[one.processor].replay != "recorded"
        else one
        for one in judged
    ]
    judged_all = (*every, *others) or (Verdicts(name, ()),)
    return tuple(Verdicts(one.processor, (*one.verdicts, quick)) for one in judged_all)


def compare_plugin(
    target: str | Path, history: Path, *, settings: Mapping[str, dict[str, Any]] | None = None
) -> tuple[HistoryDiff, ...]:
    """Compare the one processor of a plugin with its recorded history; record that of the samples when there is no file.

    Raises UsageError for a plugin with several processors, NotFoundError, InputError.
    """
    file = _file(Path(target))
    table = Plugins(directories=(str(file),) if file is not None else (), settings=dict(settings or {}))
    name = file.stem if file is not None else str(target)
    host = _open(table, {})
    try:
        info = _find(host, name)
        if len(info.processors) != 1:
            raise UsageError(
                "A history belongs to one processor",
                which=f"{name} has {', '.join(info.processors) or 'none'}",
                fix="Use ledger.testing.compare_history for each of them",
            )
        records = {record.name: record for record in host.records("ledger_processors")}
        [only] = info.processors
        providers = _providers(host, records, only)
    finally:
        host.close()
    own = table.settings.get(only)
    if not history.exists():
        record_history(history, records[only], providers=providers, settings=own)
    return (compare_history(history, records[only], providers=providers, settings=own),)


def _file(path: Path) -> Path | None:
    """The one file that a path stands for; None when it is the name of an installed plugin."""
    if path.suffix == ".py":
        return path
    if not path.is_dir():
        return None
    try:
        project = tomllib.loads((path / "pyproject.toml").read_text("utf-8"))
        entries = project["project"]["entry-points"]["ledger"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            "Not the folder of a plugin project",
            which=str(path),
            fix="It needs a pyproject.toml with [project.entry-points.ledger]",
        ) from error
    for value in entries.values():
        for place in (path, path / "src"):
            if (file := place / f"{value.partition(':')[0]}.py").is_file():
                return file
    raise UsageError(
        "The project is more than one file",
        which=str(path),
        fix=f"Install it (pip install -e {path}), then: newsledger plugin check {next(iter(entries), 'NAME')}",
    )


def _quick(host: Host, name: str) -> Verdict:
    """Processor time of importing the plugin in a fresh interpreter, what newsledger needs itself left out."""
    candidate = next(c for c in find(host.settings).candidates if c.name == name)
    code = (
        "import sys, time, msgspec\n"
        "import ledger.host.load as host\n"
        "candidate = msgspec.json.decode(sys.argv[1], type=host.Candidate)\n"
        "begin = time.process_time()\nhost.load(candidate)\nprint(time.process_time() - begin)"
    )
    raw = msgspec.json.encode(candidate).decode()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code, raw],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=120,
    )
    law = "importing it takes less than a second"
    if done.returncode:
        return Verdict(law, ok=False, message=done.stderr.strip().splitlines()[-1][:300])
    seconds = float(done.stdout.split()[-1])
    message = "" if seconds < 1 else f"it took {seconds:.1f} seconds; import what is heavy where it is used"
    return Verdict(law, ok=seconds < 1, message=message)


def _others(host: Host, info: PluginInfo) -> Iterator[Verdicts]:
    """Verdicts on the records of the other hooks: what can be judged without a place to read from or deliver to."""
    for hook, names in info.offers.items():
        if hook in {"ledger_processors", "ledger_annotation_types"}:
            continue
        records = {record.name: record for record in host.records(hook)}
        for name in names:
            if hook == "ledger_projections":
                yield check_projection(records[name])
            elif hook == "ledger_pages":
                yield Verdicts(name, (_template(records[name]),))
            else:
                yield Verdicts(name, (Verdict("its record is valid", ok=name in records),))


def _template(page: Page) -> Verdict:
    law = "its template can be read"
    try:
        read_template(page)
    except Exception as error:  # noqa: BLE001 - jinja2 is imported only where there is a page
        return Verdict(law, ok=False, message=explain(error))
    return Verdict(law, ok=True)


def _open(table: Plugins, environment: Mapping[str, str]) -> Host:
    return Host(table, isolate="always", limits=Limits(breaker=0), environment=environment)


def _find(host: Host, name: str) -> PluginInfo:
    for info in host.plugins:
        if info.name == name:
            return info
    raise NotFoundError(
        "No such plugin",
        which=name,
        fix=f"Installed: {', '.join(info.name for info in host.plugins)}; or give the path of a .py file",
    )


def _judge(
    host: Host, records: Mapping[str, Processor], name: str, articles: Sequence[Article], table: Plugins
) -> Verdicts:
    providers = _providers(host, records, name)
    return check_processor(records[name], articles, providers=providers, settings=table.settings.get(name))


def _providers(host: Host, records: Mapping[str, Processor], name: str) -> list[Processor]:
    """The processors whose layers `name` reads, directly or not, in order."""
    order = [active.name for active in host.processors]
    providers: list[Processor] = []
    needed = set(records[name].requires)
    for other in reversed(order[: order.index(name)]):
        if needed & set(records[other].provides):
            providers.insert(0, records[other])
            needed |= set(records[other].requires)
    return providers


def _answers(host: Host, info: PluginInfo, articles: Sequence[Article]) -> Answers:
    found: Answers = {}
    for article in articles:
        for outcome in host.annotate(article, info.processors):
            message = outcome.failure.message if outcome.failure is not None else outcome.skipped
            found[outcome.processor, article.url] = (outcome.annotations, message)
    return found


def _elsewhere(
    table: Plugins, environment: Mapping[str, str], info: PluginInfo, articles: Sequence[Article]
) -> tuple[str, Answers]:
    host = _open(table, environment)
    try:
        where = ", ".join(f"{key}={value}" for key, value in environment.items())
        return where, _answers(host, info, tuple(reversed(articles)))
    finally:
        host.close()


def _compare(processor: str, usual: Answers, elsewhere: Sequence[tuple[str, Answers]]) -> Verdict:
    for where, answers in elsewhere:
        for (name, url), answer in usual.items():
            if name == processor and answers[name, url] != answer:
                return Verdict(_LAW, ok=False, message=f"it differs under {where} (article {url})")
    return Verdict(_LAW, ok=True)
