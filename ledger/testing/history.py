"""A recorded history: what a processor found, kept in a file, and compared with what another version of it finds.

One JSON object a line: first who was recorded, then one line per article with the layers that it was given and what it gave.
The layers are kept too, and what an outside service answered, so that a comparison needs no other plugin and no network and shows
changes of this processor alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ledger.errors import InputError, PluginError
from ledger.events.types import ServiceCall
from ledger.host.annotations import tag_of
from ledger.host.calls import Calls
from ledger.host.layers import Layers
from ledger.plugin import Annotation, Article, Processor
from ledger.testing.build import Service, calls_to, run
from ledger.testing.conformance import SAMPLES

__all__ = ["HistoryChange", "HistoryDiff", "compare_history", "record_history"]

FORMAT = 1


class _Head(msgspec.Struct, tag_field="kind", tag="history"):
    format: int
    processor: str
    version: str
    settings: dict[str, Any]


class _Line(msgspec.Struct, tag_field="kind", tag="article"):
    article: Article
    layers: dict[str, list[msgspec.Raw]]
    annotations: list[msgspec.Raw]
    failure: str = ""
    calls: list[ServiceCall] = []


class HistoryChange(msgspec.Struct, frozen=True, kw_only=True):
    """What differs on one article: annotations (JSON) that are gone or new, and failures then and now."""

    url: str
    text: str
    gone: tuple[bytes, ...] = ()
    new: tuple[bytes, ...] = ()
    failure: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        lines = [self.url]
        for mark, raws in (("-", self.gone), ("+", self.new)):
            lines += [f"  {mark} {_shown(raw)}" for raw in raws]
        then, now = self.failure
        if then != now:
            lines += [f"  - failed: {then}"] if then else []
            lines += [f"  + failed: {now}"] if now else []
        return "\n".join(lines)


class HistoryDiff(msgspec.Struct, frozen=True, kw_only=True):
    """A history against a processor; printing it shows one `-` and `+` line per annotation that differs."""

    processor: str
    then: str
    now: str
    articles: int
    same: int
    changes: tuple[HistoryChange, ...]

    @property
    def ok(self) -> bool:
        """Whether everything is as recorded."""
        return not self.changes

    def require(self) -> None:
        """Raise PluginError with the whole difference unless there is none."""
        if not self.ok:
            raise PluginError(str(self), which=self.processor)

    def __str__(self) -> str:
        gone = sum(len(change.gone) for change in self.changes)
        new = sum(len(change.new) for change in self.changes)
        head = (
            f"{self.processor} {self.then} -> {self.now}: {self.articles} articles, {self.same} annotations as recorded, "
            f"{gone} gone, {new} new"
        )
        return "\n".join([head, *map(str, self.changes)])


def record_history(
    path: str | Path,
    processor: Processor,
    articles: Sequence[Article] = SAMPLES,
    *,
    providers: Sequence[Processor] = (),
    settings: Mapping[str, Any] | None = None,
    service: Service | None = None,
) -> None:
    """Run `processor` and write what it finds to `path`. `providers` make the layers that it requires. Raises ConfigError.

    `service` answers the calls of a `recorded` processor; what it answered is kept.
    """
    table = dict(settings or {})
    lines: list[_Head | _Line] = [_Head(FORMAT, processor.name, processor.version, table)]
    for article in articles:
        layers = Layers()
        for provider in providers:
            layers.add(run(provider, article, layers, {}))
        given = {
            tag: [msgspec.Raw(raw) for raw in layers.raw(tag)]
            for kind in _stored(processor)
            if layers.raw(tag := tag_of(kind))
        }
        calls = calls_to(service, table)
        raws, failure = _attempt(processor, article, layers, table, calls)
        lines.append(_Line(article, given, [msgspec.Raw(raw) for raw in raws], failure, calls.made))
    Path(path).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def compare_history(
    path: str | Path,
    processor: Processor,
    *,
    providers: Sequence[Processor] = (),
    settings: Mapping[str, Any] | None = None,
) -> HistoryDiff:
    """Run `processor` on the articles and layers of a recorded history and say what differs.

    The recorded settings are used unless others are given. `providers` are needed only for ephemeral layers, which no
    history holds. Raises InputError for a file that is no history.
    """
    head, lines = _read(Path(path))
    table = dict(settings) if settings is not None else head.settings
    changes: list[HistoryChange] = []
    same = 0
    for line in lines:
        layers = Layers()
        for provider in providers:
            layers.add(run(provider, line.article, layers, {})._replace(entries=()))
        for tag, given in line.layers.items():
            layers.add_raw(tag, [bytes(raw) for raw in given])
        raws, failure = _attempt(processor, line.article, layers, table, Calls(record=line.calls))
        then, now = Counter(bytes(raw) for raw in line.annotations), Counter(raws)
        same += (then & now).total()
        if then != now or failure != line.failure:
            changes.append(
                HistoryChange(
                    url=line.article.url,
                    text=line.article.text,
                    gone=tuple((then - now).elements()),
                    new=tuple((now - then).elements()),
                    failure=(line.failure, failure),
                )
            )
    return HistoryDiff(
        processor=processor.name,
        then=head.version,
        now=processor.version,
        articles=len(lines),
        same=same,
        changes=tuple(changes),
    )


def _stored(processor: Processor) -> list[type[Annotation]]:
    return [kind for kind in processor.requires if issubclass(kind, Annotation)]


def _attempt(
    processor: Processor, article: Article, layers: Layers, settings: Mapping[str, Any], calls: Calls
) -> tuple[list[bytes], str]:
    try:
        return [entry.raw for entry in run(processor, article, layers, settings, calls).entries], ""
    except PluginError as error:
        return [], error.what


def _read(path: Path) -> tuple[_Head, list[_Line]]:
    try:
        rows = [
            msgspec.json.decode(row, type=_Head | _Line)
            for row in path.read_bytes().splitlines()
            if row.strip()
        ]
    except (OSError, msgspec.DecodeError) as error:
        raise InputError("The history cannot be read", which=str(path), fix=str(error)) from error
    if not rows or not isinstance(rows[0], _Head) or rows[0].format != FORMAT:
        raise InputError("Not a recorded history", which=str(path), fix="Record one with record_history")
    return rows[0], [row for row in rows[1:] if isinstance(row, _Line)]


def _shown(raw: bytes) -> str:
    fields = msgspec.json.decode(raw, type=dict[str, Any])
    span = fields.pop("span")
    quote, tag = fields.pop("quote"), fields.pop("type")
    rest = " ".join(
        f"{key}={msgspec.json.encode(value).decode()}" for key, value in fields.items() if value is not None
    )
    return f"{tag} {span['start']}-{span['end']} {quote!r} {rest}".rstrip()
