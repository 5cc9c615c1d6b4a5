"""The conformance kit for a whole plugin, as it is installed or as one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger.config import Plugins
from ledger.errors import NotFoundError
from ledger.host import Host, Limits, PluginInfo
from ledger.plugin import Article, Processor
from ledger.testing.conformance import SAMPLES, Verdict, Verdicts, check_processor

__all__ = ["check_plugin"]

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
    """Judge every processor of a plugin: the name of an installed one, or the path of a one-file plugin.

    First it is loaded in a worker process; one that cannot be loaded gets a single verdict with the reason. Then each
    active processor is judged by `check_processor` on the layers of its real providers, and run in worker processes of
    other hash seeds, time zones and locales. `settings` are the tables of newsledger.toml. Raises NotFoundError.
    """
    file = Path(target) if str(target).endswith(".py") else None
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
    elsewhere = [_elsewhere(table, environment, info, articles) for environment in _ELSEWHERE]
    return tuple(
        Verdicts(verdicts.processor, (*verdicts.verdicts, _compare(verdicts.processor, usual, elsewhere)))
        for verdicts in judged
    )


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
    order = [active.name for active in host.processors]
    providers: list[Processor] = []
    needed = set(records[name].requires)
    for other in reversed(order[: order.index(name)]):
        if needed & set(records[other].provides):
            providers.insert(0, records[other])
            needed |= set(records[other].requires)
    return check_processor(records[name], articles, providers=providers, settings=table.settings.get(name))


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
