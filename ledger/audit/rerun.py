"""Pinned re-runs: recorded inputs and the recorded processor versions must give the recorded annotations.

Each recorded run has one outcome:

    identical          the same bytes
    within tolerance   declared `tolerant`, and only numbers differ, by no more than the tolerance
    DRIFT              other bytes, and the same ones whenever it is repeated
    nondeterministic   two re-runs differ from each other
    not runnable       its code, model, interpreter or settings cannot be had any more; the detail says which
    input redacted     the text, a layer that it read, or the annotation itself was removed by order
    opaque             declared not repeatable
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sys import intern
from typing import Any, Self

import msgspec

from ledger.audit.pinned import Pinned, PinnedHost
from ledger.audit.wheelhouse import Wheelhouse
from ledger.config import Plugins
from ledger.errors import CorruptionError, PluginError
from ledger.events import Redacted, StoredEvent, decode
from ledger.events.types import (
    AnnotationFailed,
    ArticleAnnotated,
    ArticleRevision,
    ProcessorRegistered,
    ServiceCall,
)
from ledger.host import Outcome
from ledger.host.failures import Failure
from ledger.plugin import Article
from ledger.store import Store

__all__ = [
    "OUTCOMES",
    "TOLERANCE",
    "Environments",
    "Past",
    "Rerun",
    "Run",
    "annotations_at",
    "by_outcome",
    "calls_at",
    "read_past",
    "rerun_all",
    "sample_of",
]

OUTCOMES = (
    "identical",
    "within tolerance",
    "DRIFT",
    "nondeterministic",
    "not runnable",
    "input redacted",
    "opaque",
)
TOLERANCE = 1e-6
"""How far, relative to their size, numbers of a processor that is declared `tolerant` may lie apart."""

_ALIVE = 3
_FAILURES_BY_CHANCE = frozenset({"timeout", "crash", "memory"})
Progress = Callable[[int, "int | None"], None]
Articles = Callable[[str, int], "Article | None"]
"""Gives a revision as processors see it, None when its text was redacted: `Views.to_article`."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded run: which event, on what, by whom. What it gave is read from the log when it is needed."""

    position: int
    event: str
    article: str
    revision: int
    processor: str
    version: str
    identity: str
    redacted: bool = False
    failure: str = ""


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run. `detail` says what differs or is missing; `annotations` are the new ones where they differ."""

    position: int
    article: str
    revision: int
    processor: str
    version: str
    identity: str
    outcome: str
    detail: str = ""
    annotations: tuple[str, ...] | None = None


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What re-runs need from the log up to a position: the runs, and the manifests of processors by identity."""

    runs: tuple[Run, ...]
    manifests: dict[str, dict[str, str]]

    def layers(self) -> dict[tuple[str, int, str], Run]:
        """The annotations of a revision by the identity that made them."""
        return {(run.article, run.revision, run.identity): run for run in self.runs}


def read_past(store: Store) -> Past:
    """Read the recorded runs, the processors' manifests and the revisions. Raises CorruptionError."""
    runs: list[Run] = []
    manifests: dict[str, dict[str, str]] = {}
    by_event: dict[str, tuple[str, int]] = {}
    types = (
        "article.ingested",
        "article.revised",
        "article.annotated",
        "annotation.failed",
        "processor.registered",
    )
    for stored in store.read(types=types):
        event = decode(stored)
        if isinstance(event, ProcessorRegistered):
            manifests[event.identity] = event.manifest
        elif isinstance(event, ArticleRevision):
            by_event[stored.id] = event.article, event.revision
        elif isinstance(event, Redacted) and stored.type in {"article.ingested", "article.revised"}:
            by_event[stored.id] = stored.stream.partition(":")[2], stored.envelope.version
        elif isinstance(event, ArticleAnnotated | AnnotationFailed | Redacted):
            runs.append(_run(stored, event, by_event))
    return Past(runs=tuple(runs), manifests=manifests)


def _run(
    stored: StoredEvent,
    event: ArticleAnnotated | AnnotationFailed | Redacted,
    by_event: Mapping[str, tuple[str, int]],
) -> Run:
    producer = stored.envelope.producer
    if isinstance(event, Redacted):
        article, revision = next(
            (by_event[cause] for cause in stored.envelope.causes if cause in by_event),
            (stored.stream.partition(":")[2], 0),
        )
    else:
        article, revision = event.article, event.revision
    return Run(
        position=stored.position,
        event=stored.id,
        article=intern(article),
        revision=revision,
        processor=intern(producer.name),
        version=intern(producer.version),
        identity=intern(producer.identity),
        redacted=isinstance(event, Redacted),
        failure=f"{event.kind}: {event.message}" if isinstance(event, AnnotationFailed) else "",
    )


def annotations_at(store: Store, run: Run) -> tuple[bytes, ...]:
    """The annotations that a run recorded; none for a failure or a redacted payload."""
    stored = next(iter(store.read(run.position - 1, limit=1)))
    event = decode(stored)
    return tuple(bytes(raw) for raw in event.annotations) if isinstance(event, ArticleAnnotated) else ()


def calls_at(store: Store, run: Run) -> tuple[ServiceCall, ...]:
    """What a run asked outside services and was answered; none for a redacted payload."""
    event = decode(next(iter(store.read(run.position - 1, limit=1))))
    if not isinstance(event, ArticleAnnotated | AnnotationFailed) or event.calls is msgspec.UNSET:
        return ()
    return event.calls


def sample_of(runs: Sequence[Run], count: int | None, seed: str) -> list[Run]:
    """All runs, or `count` of them chosen by a hash over seed and event id, in log order: the same for every auditor."""
    if count is None or count >= len(runs):
        return list(runs)
    ranked = sorted(runs, key=lambda run: hashlib.sha256(f"{seed}\n{run.event}".encode()).digest())
    return sorted(ranked[:count], key=lambda run: run.position)


class Environments:
    """Children by the code that they run: what is installed, or what the wheelhouse kept. A context manager, for one thread."""

    def __init__(
        self, plugins: Plugins, wheelhouse: Wheelhouse, manifests: Mapping[str, dict[str, str]]
    ) -> None:
        self._plugins = plugins
        self._wheelhouse = wheelhouse
        self._manifests = manifests
        self._alive: OrderedDict[tuple[tuple[str, ...], int], PinnedHost] = OrderedDict()
        self._scratch = tempfile.TemporaryDirectory(prefix="newsledger-wheels-")
        self._verdicts: dict[str, tuple[tuple[str, ...] | None, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for host in self._alive.values():
            host.__exit__()
        self._alive.clear()
        self._scratch.cleanup()

    def host(self, digests: tuple[str, ...], seed: int = 0) -> PinnedHost:
        """The child over these kept plugins, in front of what is installed. Raises PluginError, CorruptionError."""
        key = digests, seed
        if key in self._alive:
            self._alive.move_to_end(key)
            return self._alive[key]
        folders, files = [], []
        for digest in digests:
            kept = self._wheelhouse.unpack(digest, Path(self._scratch.name))
            folder = Path(self._scratch.name) / digest[:16]
            if kept.file:
                files.append(folder / kept.file)
            else:
                folders.append(folder)
        host = PinnedHost(self._plugins, folders, files, seed=seed)
        host.__enter__()
        self._alive[key] = host
        if len(self._alive) > _ALIVE:
            self._alive.popitem(last=False)[1].__exit__()
        return host

    def forget(self, digests: tuple[str, ...], seed: int = 0) -> None:
        """End a child that went wrong."""
        if (host := self._alive.pop((digests, seed), None)) is not None:
            host.__exit__()

    def of(self, processor: str, identity: str) -> tuple[tuple[str, ...] | None, str]:
        """The kept plugins with which this processor has this identity; else None, and what is missing."""
        if identity not in self._verdicts:
            self._verdicts[identity] = self._find(processor, identity)
        return self._verdicts[identity]

    def _find(self, processor: str, identity: str) -> tuple[tuple[str, ...] | None, str]:
        installed = self.host(()).processors.get(processor)
        if installed is not None and installed.identity == identity:
            return (), ""
        manifest = self._manifests.get(identity)
        if manifest is None:
            return None, "the log holds no manifest of it"
        digests, missing = self._closure(identity)
        if missing:
            return None, "; ".join(missing)
        try:
            found = self.host(digests).processors.get(processor)
        except (PluginError, CorruptionError) as error:
            return None, str(error)
        if found is not None and found.identity == identity:
            return digests, ""
        return None, _lacking(manifest, found or installed)

    def _closure(self, identity: str) -> tuple[tuple[str, ...], list[str]]:
        """The code digests of a processor and of those whose layers it reads, and what is not in the wheelhouse."""
        digests: list[str] = []
        missing: list[str] = []
        waiting, seen = [identity], set[str]()
        while waiting:
            one = waiting.pop()
            manifest = self._manifests.get(one, {})
            if one in seen:
                continue
            seen.add(one)
            code, name = manifest.get("code", ""), manifest.get("processor", one[:12])
            if not self._wheelhouse.has(code):
                why = "it was an editable install" if manifest.get("install") else "its wheel is not kept"
                missing.append(f"code {code[:12]} of {name} {manifest.get('version', '')} is missing: {why}")
            elif code not in digests:
                digests.append(code)
            waiting += [pair.partition(":")[2] for pair in manifest.get("inputs", "").split()]
        return tuple(digests), sorted(missing)


_WORDS = {
    "code": "its code is another one",
    "data": "a model or data file changed",
    "config": "its settings changed",
    "python": "another interpreter",
    "unicode": "another Unicode version",
    "api": "another plugin API",
    "inputs": "a processor whose layers it reads is another one",
    "install": "it is installed in another way (editable)",
}


def _lacking(manifest: Mapping[str, str], now: Pinned | None) -> str:
    if now is None:
        return "it is not installed, disabled, or cannot be loaded"
    names = [name for name in _WORDS if manifest.get(name, "") != now.manifest.get(name, "")]
    said = [
        f"{_WORDS[name]} ({manifest.get(name, 'none')[:24]} then, {now.manifest.get(name, 'none')[:24]} now)"
        for name in names
    ]
    return "; ".join(said) or f"version {manifest.get('version')} then, {now.version} now"


def rerun_all(
    store: Store,
    articles: Articles,
    past: Past,
    runs: Sequence[Run],
    plugins: Plugins,
    wheelhouse: Wheelhouse,
    *,
    jobs: int = 1,
    done: Mapping[int, Rerun] | None = None,
    keep: Callable[[Rerun], None] | None = None,
    progress: Progress | None = None,
) -> list[Rerun]:
    """Run again what is in `runs`, in `jobs` threads with children of their own; results by position.

    `done` are results of an interrupted replay, which are not made again; `keep` is called with each new one.
    """
    finished = dict(done or {})
    waiting = [run for run in runs if run.position not in finished]
    lock = threading.Lock()
    layers = past.layers()

    def work(part: Sequence[Run]) -> None:
        with Environments(plugins, wheelhouse, past.manifests) as environments:
            for run in part:
                result = _Repeat(store, articles, past, layers, environments).repeat(run)
                with lock:
                    finished[run.position] = result
                    if keep is not None:
                        keep(result)
                    if progress is not None:
                        progress(len(finished), len(runs))

    parts = [waiting[at::jobs] for at in range(jobs)]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for future in [pool.submit(work, part) for part in parts if part]:
            future.result()
    return [finished[run.position] for run in runs]


class _Repeat:
    def __init__(
        self,
        store: Store,
        articles: Articles,
        past: Past,
        layers: Mapping[tuple[str, int, str], Run],
        environments: Environments,
    ) -> None:
        self._store = store
        self._articles = articles
        self._past = past
        self._layers = layers
        self._environments = environments

    def repeat(self, run: Run) -> Rerun:
        outcome, detail, annotations = self._outcome(run)
        return Rerun(
            position=run.position,
            article=run.article,
            revision=run.revision,
            processor=run.processor,
            version=run.version,
            identity=run.identity,
            outcome=outcome,
            detail=detail,
            annotations=None if annotations is None else tuple(raw.decode() for raw in annotations),
        )

    def _outcome(self, run: Run) -> tuple[str, str, tuple[bytes, ...] | None]:
        manifest = self._past.manifests.get(run.identity, {})
        before = annotations_at(self._store, run)
        article = self._articles(run.article, run.revision) if run.revision else None
        known = self._known(run, manifest)
        if run.redacted or article is None or known is None:
            return "input redacted", "", None
        if manifest.get("replay") == "opaque":
            return "opaque", "", None
        digests, missing = self._environments.of(run.processor, run.identity)
        if digests is None:
            return "not runnable", missing, None
        first = self._run(run, article, known, digests, 0)
        if _same(run, before, first):
            return "identical", "", None
        second = self._run(run, article, known, digests, 1)
        new = first.annotations
        if _content(first) != _content(second):
            return "nondeterministic", _told(run, before, first), new
        if run.failure and run.failure.partition(":")[0] in _FAILURES_BY_CHANCE:
            return "nondeterministic", _told(run, before, first), new
        if manifest.get("replay") == "tolerant" and not first.failure and _close(before, new):
            return "within tolerance", "", new
        return "DRIFT", _told(run, before, first), new

    def _known(self, run: Run, manifest: Mapping[str, str]) -> dict[str, Sequence[bytes]] | None:
        """The recorded layers that it read; None when one of them was redacted."""
        known: dict[str, Sequence[bytes]] = {}
        for pair in manifest.get("inputs", "").split():
            name, _, identity = pair.partition(":")
            found = self._layers.get((run.article, run.revision, identity))
            if found is None or found.failure:
                continue
            if found.redacted:
                return None
            known[name] = annotations_at(self._store, found)
        return known

    def _run(
        self,
        run: Run,
        article: Article,
        known: Mapping[str, Sequence[bytes]],
        digests: tuple[str, ...],
        seed: int,
    ) -> Outcome:
        record = {run.processor: calls_at(self._store, run)}
        try:
            return self._environments.host(digests, seed).run(article, [run.processor], known, record)[0]
        except PluginError as error:
            self._environments.forget(digests, seed)
            return Outcome(
                processor=run.processor,
                version=run.version,
                identity=run.identity,
                failure=Failure("crash", str(error)),
            )


def _content(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.annotations, outcome.failure.kind if outcome.failure else ""


def _same(run: Run, before: Sequence[bytes], now: Outcome) -> bool:
    if run.failure:
        return now.failure is not None and now.failure.kind == run.failure.partition(":")[0]
    return now.failure is None and sorted(before) == sorted(now.annotations)


def _told(run: Run, recorded: Sequence[bytes], now: Outcome) -> str:
    if now.failure is not None:
        return f"it fails now: {now.failure.kind}: {now.failure.message}"
    if run.failure:
        return f"it failed when it was recorded ({run.failure}) and succeeds now"
    before, after = set(recorded), set(now.annotations)
    return f"{len(before - after)} annotations gone, {len(after - before)} new, {len(before & after)} as recorded"


def _close(before: Sequence[bytes], after: Sequence[bytes]) -> bool:
    if len(before) != len(after):
        return False
    pairs = zip(sorted(before), sorted(after), strict=True)
    return all(_near(msgspec.json.decode(one), msgspec.json.decode(other)) for one, other in pairs)


def _near(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_near(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_near, one, other))
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, int | float) and isinstance(other, int | float)
        return numbers and abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))
    return bool(one == other)


def by_outcome(reruns: Sequence[Rerun]) -> Iterator[tuple[str, int]]:
    """Counts in the order of OUTCOMES, those that occur."""
    for outcome in OUTCOMES:
        if count := sum(one.outcome == outcome for one in reruns):
            yield outcome, count
