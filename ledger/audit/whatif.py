"""What if other versions had read the same texts: other annotations, and then another reported state. Writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ledger.audit.diff import Difference, SlotDifference, diff_annotations, diff_states
from ledger.audit.past import Change, StoreAt
from ledger.audit.pinned import PinnedHost
from ledger.audit.rebuilt import RebuiltViews, plain_slots
from ledger.audit.rerun import Articles, Environments
from ledger.audit.runs import Run, annotations_at, calls_at, read_past, runs_of
from ledger.audit.wheelhouse import Wheelhouse
from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import NotFoundError
from ledger.events import StoredEvent, decode, encode
from ledger.events.types import ArticleAnnotated
from ledger.store import Store

__all__ = ["Changed", "WhatIf", "what_if"]

Progress = Callable[[int, "int | None"], None]


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One run that would be another: what differs, or how it fails."""

    position: int
    article: str
    revision: int
    processor: str
    version: str
    differences: tuple[Difference, ...] = ()
    failure: str = ""


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The effect on the state comes first; `counts` are differences by processor and class; then the changed runs."""

    position: int
    plugins: str
    state: tuple[SlotDifference, ...]
    runs: int
    counts: dict[str, dict[str, int]]
    changed: tuple[Changed, ...]
    lacking: tuple[str, ...] = ()


def what_if(
    settings: Settings,
    store: Store,
    position: int,
    articles: Articles,
    wheelhouse: Wheelhouse,
    clock: Clock,
    *,
    wanted: Mapping[str, str],
    progress: Progress | None = None,
) -> WhatIf:
    """Run processors in other versions over the recorded texts up to `position`; `wanted` maps names to versions.

    Nothing wanted means: everything as it is installed now. Processors that read the layers of a wanted one run again too, in
    the version that is installed. Raises NotFoundError for a version that is neither installed nor kept.
    """
    then = StoreAt(store, position)
    past = read_past(then)
    newest = _newest(runs_of(then))
    changes: dict[int, tuple[bytes, ...]] = {}
    changed: list[Changed] = []
    with Environments(settings.plugins, wheelhouse, past.manifests) as environments:
        host = environments.host(_digests(environments.host(()), wheelhouse, wanted))
        names = _affected(host, wanted, past.processors())
        runs = 0
        for done, ((article, revision), by_name) in enumerate(sorted(newest.items()), 1):
            for run, before, outcome in _again(store, articles, host, article, revision, by_name, names):
                runs += 1
                failure = f"{outcome.failure.kind}: {outcome.failure.message}" if outcome.failure else ""
                if failure or sorted(before) != sorted(outcome.annotations):
                    changes[run.position] = outcome.annotations
                    changed.append(
                        Changed(
                            position=run.position,
                            article=article,
                            revision=revision,
                            processor=run.processor,
                            version=outcome.version,
                            differences=tuple(diff_annotations(before, outcome.annotations)),
                            failure=failure,
                        )
                    )
            if progress is not None:
                progress(done, len(newest))

    def state(change: Change | None = None) -> list[dict[str, Any]]:
        with RebuiltViews(settings, store, clock, change=change) as rebuilt:
            return plain_slots(rebuilt.at(position))

    before_state = state()
    after = state(_replace(changes)) if changes else before_state
    return WhatIf(
        position=position,
        plugins=", ".join(f"{name}=={version}" for name, version in sorted(wanted.items())) or "current",
        state=tuple(diff_states(before_state, after)),
        runs=runs,
        counts=_counts(changed),
        changed=tuple(sorted(changed, key=lambda one: one.position)),
        lacking=tuple(sorted(past.processors() - set(host.processors))),
    )


def _newest(runs: Iterable[Run]) -> dict[tuple[str, int], dict[str, Run]]:
    """Of every revision the run that counts, by processor: the last one that succeeded."""
    newest: dict[tuple[str, int], dict[str, Run]] = {}
    for run in runs:
        if not run.failure and not run.redacted:
            newest.setdefault((run.article, run.revision), {})[run.processor] = run
    return newest


def _digests(installed: PinnedHost, wheelhouse: Wheelhouse, wanted: Mapping[str, str]) -> tuple[str, ...]:
    digests = []
    for name, version in sorted(wanted.items()):
        if (now := installed.processors.get(name)) is not None and now.version == version:
            continue
        kept = [one.digest for one in wheelhouse.list() if one.processors.get(name) == version]
        if not kept:
            known = sorted({one.processors[name] for one in wheelhouse.list() if name in one.processors})
            raise NotFoundError(
                "This version is neither installed nor in the wheelhouse",
                which=f"{name}=={version}",
                fix=f"Kept ones: {', '.join(known) or 'none'}. Install it and run `newsledger plugin vendor`",
            )
        digests.append(kept[-1])
    return tuple(digests)


def _affected(host: PinnedHost, wanted: Mapping[str, str], recorded: set[str]) -> set[str]:
    """What runs again: all, or those wanted and, step by step, whatever reads their layers."""
    if not wanted:
        return recorded & set(host.processors)
    affected = set(wanted)
    while True:
        more = {
            name
            for name, one in host.processors.items()
            if {pair.partition(":")[0] for pair in one.manifest.get("inputs", "").split()} & affected
        }
        if more <= affected:
            return affected & set(host.processors)
        affected |= more


def _again(
    store: Store,
    articles: Articles,
    host: PinnedHost,
    article: str,
    revision: int,
    by_name: Mapping[str, Run],
    names: set[str],
) -> Iterator[tuple[Run, tuple[bytes, ...], Any]]:
    subject = articles(article, revision)
    again = sorted(names & set(by_name))
    if subject is None or not again:
        return
    known = {name: annotations_at(store, run.position) for name, run in by_name.items() if name not in names}
    record = {name: calls_at(store, by_name[name].position) for name in again}
    for outcome in host.run(subject, again, known, record):
        run = by_name[outcome.processor]
        yield run, annotations_at(store, run.position), outcome


def _replace(changes: Mapping[int, Sequence[bytes]]) -> Change:
    def change(stored: StoredEvent) -> StoredEvent:
        if stored.position not in changes:
            return stored
        event = decode(stored)
        assert isinstance(event, ArticleAnnotated)
        new = tuple(msgspec.Raw(raw) for raw in changes[stored.position])
        return msgspec.structs.replace(
            stored, payload=encode(msgspec.structs.replace(event, annotations=new, skipped=""))
        )

    return change


def _counts(changed: Sequence[Changed]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for one in changed:
        found = counts.setdefault(one.processor, Counter())
        found.update(difference.kind for difference in one.differences)
        if one.failure:
            found["failed"] += 1
    return {name: dict(sorted(found.items())) for name, found in sorted(counts.items())}
