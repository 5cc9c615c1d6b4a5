"""Pinned re-runs: recorded inputs and the recorded processor versions must give the recorded annotations.

`ledger.audit.reruns` names the outcomes that a run can have.
"""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import msgspec

from ledger.audit.pinned import Pinned, PinnedHost
from ledger.audit.reruns import Rerun, Reruns
from ledger.audit.runs import Layers, Past, Run, annotations_at, calls_at
from ledger.audit.wheelhouse import Wheelhouse
from ledger.config import Plugins
from ledger.errors import CorruptionError, PluginError
from ledger.host import Outcome
from ledger.host.failures import Failure
from ledger.plugin import Article
from ledger.store import Store

__all__ = ["TOLERANCE", "Articles", "Environments", "rerun_all"]

TOLERANCE = 1e-6
"""How far, relative to their size, numbers of a processor that is declared `tolerant` may lie apart."""

_ALIVE = 3
_FAILURES_BY_CHANCE = frozenset({"timeout", "crash", "memory"})
Progress = Callable[[int, "int | None"], None]
Articles = Callable[[str, int], "Article | None"]
"""Gives a revision as processors see it, None when its text was redacted: `Views.to_article`."""


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
    runs: Iterable[Run],
    plugins: Plugins,
    wheelhouse: Wheelhouse,
    found: Reruns,
    *,
    count: int,
    jobs: int = 1,
    done: Container[int] = frozenset(),
    keep: Callable[[Rerun], None] | None = None,
    progress: Progress | None = None,
) -> None:
    """Run again what is in `runs`, `count` of them, in `jobs` threads with children of their own; results go to `found`.

    `store` ends where `past` does. `done` are positions of runs whose results are in `found` already; `keep` is called with each
    new one.
    """
    waiting = (run for run in runs if run.position not in done)
    lock = threading.Lock()
    layers = Layers(store)

    def take() -> Run | None:
        with lock:
            return next(waiting, None)

    def work() -> None:
        with Environments(plugins, wheelhouse, past.manifests) as environments:
            repeat = _Repeat(store, articles, past, layers, environments).repeat
            while (run := take()) is not None:
                result = repeat(run)
                with lock:
                    found.add(result)
                    if keep is not None:
                        keep(result)
                    if progress is not None:
                        progress(found.count, count)

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for future in [pool.submit(work) for _ in range(jobs)]:
            future.result()


class _Repeat:
    def __init__(
        self,
        store: Store,
        articles: Articles,
        past: Past,
        layers: Layers,
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
        before = annotations_at(self._store, run.position)
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
            found = self._layers.get(run.article, run.revision, identity)
            if found is None or found.failure:
                continue
            if found.redacted:
                return None
            known[name] = annotations_at(self._store, found.position)
        return known

    def _run(
        self,
        run: Run,
        article: Article,
        known: Mapping[str, Sequence[bytes]],
        digests: tuple[str, ...],
        seed: int,
    ) -> Outcome:
        record = {run.processor: calls_at(self._store, run.position)}
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
