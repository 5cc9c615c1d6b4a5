"""The plugin host: loads plugins, runs their processors in order on one revision, and turns every failure into data."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ledger.config import Plugins
from ledger.errors import NotFoundError, UsageError
from ledger.events.types import ServiceCall
from ledger.host.annotations import CORE_TYPES, UnknownAnnotation, encode_annotation, read_head, tag_of
from ledger.host.beside import Beside
from ledger.host.calls import Asked, Calls
from ledger.host.configure import configure
from ledger.host.describe import Candidate, Problem
from ledger.host.failures import Limits, RejectedError
from ledger.host.health import Health, ProcessorHealth, merge_health, read_health
from ledger.host.inventory import ActiveProcessor, PluginInfo
from ledger.host.isolation import Breaker, Job, PluginWorker
from ledger.host.layers import Layers, Made
from ledger.host.notes import add_notes
from ledger.host.order import providers_of
from ledger.host.roster import Roster
from ledger.host.run import Outcome, Runner, accept
from ledger.host.shelf import Shelf
from ledger.host.turns import AHEAD, Steps, elsewhere, finished, in_turn, interleave, second_look
from ledger.plugin import Annotation, Answer, Article

if TYPE_CHECKING:
    from ledger.host.web import PluginWeb

__all__ = ["Host", "Work"]

ISOLATION = ("auto", "never", "always")
_LOOK = 64
"""Of so many runs of a processor in a worker one is looked at more closely, the first one too."""
_STEADY = frozenset({"pure", "recorded"})
Known = Mapping[str, Sequence["Annotation | UnknownAnnotation | bytes"]]


class Work(NamedTuple):
    """What to do on one revision; see `Host.annotate`."""

    article: Article
    processors: Collection[str] | None = None
    known: Known = MappingProxyType({})
    record: Mapping[str, Sequence[ServiceCall]] | None = None


class Host:
    """Every installed plugin, loaded once.

    `isolate`: `auto` runs the processors that newsledger ships in this process and all others in worker processes;
    `never` and `always` do what they say. `home` is where the health of processors is kept from run to run. `progress` is called with each plugin's name before it is loaded. A plugin that
    cannot be loaded is in `problems`, never an exception. `environment` adds variables to those of worker processes. `web` opens the
    network for processors of the replay class `recorded`; without it there is none. `annotate` may be called from several threads, which
    take turns.
    """

    def __init__(
        self,
        settings: Plugins,
        *,
        isolate: str = "auto",
        progress: Callable[[str], None] | None = None,
        limits: Limits | None = None,
        environment: Mapping[str, str] | None = None,
        home: Path | None = None,
        web: Callable[[], PluginWeb] | None = None,
    ) -> None:
        if isolate not in ISOLATION:
            raise UsageError("No such isolation", which=isolate, fix=f"One of {', '.join(ISOLATION)}")
        self._limits = limits or Limits(memory=settings.memory * 1024**2)
        self.settings = settings
        self._environment = dict(environment or {})
        self._turn = threading.RLock()
        self._workers: list[PluginWorker] = []
        self._finalizer = weakref.finalize(self, _close_all, self._workers)
        self._roster = Roster(
            settings,
            isolate,
            self._new_worker,
            progress,
            # What a plugin gives under other limits or elsewhere is not what a listing should show.
            Shelf(settings.settings) if limits is None and not environment else None,
        )
        self.processors: tuple[ActiveProcessor, ...] = self._roster.active
        self.plugins: tuple[PluginInfo, ...] = self._roster.plugins()
        self.types: dict[str, type[Annotation]] = dict(CORE_TYPES)
        self._runners: dict[str, Runner] = {}
        self._prepare()
        self._infos = self._roster.infos
        self._providers = {
            name: providers_of(info, self._infos.values()) for name, info in self._infos.items()
        }
        self._by_name = {active.name: active for active in self.processors}
        self._before = {active.name: self._live_before(active) for active in self.processors}
        self._home = home
        self._new_web = web
        self._web: PluginWeb | None = None
        self._web_lock = threading.Lock()
        self._beside = Beside(settings.calls)
        self._health = {active.name: Health() for active in self.processors}
        known = read_health(home) if home is not None else {}
        self._runs = Counter({name: one.runs for name, one in known.items()})
        self._breakers = self._restore(known)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the plugins, one entry each."""
        return tuple(self._roster.problems)

    def close(self) -> None:
        """End all worker processes and keep what was seen of the processors; idempotent."""
        with self._turn:
            for plugin, worker in self._roster.workers():
                names = [active.name for active in self.processors if active.plugin == plugin]
                if (ended := worker.close()) and names:
                    add_notes(self._health[names[0]].notes, ended)
            self.keep_health()
            self._finalizer()
            self._beside.close()
            web, self._web = self._web, None
            if web is not None:
                web.close()

    def keep_health(self) -> dict[str, ProcessorHealth]:
        """Write what was seen of the processors since the last time into the home; returns what is known now."""
        if self._home is None:
            return {}
        seen = {
            active.name: (active.identity, self._health[active.name], self._breakers[active.name].state)
            for active in self.processors
            if self._health[active.name].seen or self._breakers[active.name].state.failures
        }
        self._health = {active.name: Health() for active in self.processors}
        return merge_health(self._home, seen) if seen else read_health(self._home)

    def wake(self) -> None:
        """Let processors that rest after failures run again at once."""
        for breaker in self._breakers.values():
            breaker.wake()

    def _restore(self, known: Mapping[str, ProcessorHealth]) -> dict[str, Breaker]:
        breakers = {}
        for active in self.processors:
            old = known.get(active.name)
            state = old.breaker if old is not None and old.identity == active.identity else None
            breakers[active.name] = Breaker(self._limits.breaker, state)
        return breakers

    def annotate(
        self,
        article: Article,
        processors: Collection[str] | None = None,
        known: Known | None = None,
        record: Mapping[str, Sequence[ServiceCall]] | None = None,
    ) -> tuple[Outcome, ...]:
        """Run the active processors, or those named, on one revision: one Outcome each, in the host's order.

        `known` maps processors that are not to run again to the annotations stored from them (an empty sequence: it found
        nothing); a provider that is neither named nor known is run for its layers only. With `record`, a replay, calls to outside
        services are answered from it. A processor that fails takes none of the others with it; one whose input is then missing is
        skipped. Raises NotFoundError for a name that is not active.
        """
        [outcomes] = self.annotate_all([Work(article, processors, known or {}, record)])
        return outcomes

    def annotate_all(self, work: Sequence[Work]) -> Iterator[tuple[Outcome, ...]]:
        """As `annotate` for several revisions, in order: while one waits for a worker process, this process goes on with others.

        Take all that it gives before asking the host for anything else.
        """
        for one in work:
            if unknown := sorted(set(one.processors or ()) - set(self._by_name)):
                raise NotFoundError(
                    "No such active processor", which=", ".join(unknown), fix="See `newsledger plugin list`"
                )
        with self._turn:
            yield from interleave([self._steps(one) for one in work], max(AHEAD, self.settings.calls))

    def records(self, hook: str) -> tuple[Any, ...]:
        """The records of one hook, such as `ledger_sources`, imported into this process now; by plugin, in order.

        A plugin that cannot be imported here is added to `problems` and left out.
        """
        return self._roster.records(hook)

    def _new_worker(self, candidate: Candidate) -> PluginWorker:
        worker = PluginWorker(candidate, self.settings.settings, self._limits, self._environment)
        self._workers.append(worker)
        return worker

    def _prepare(self) -> None:
        active = {processor.name for processor in self.processors}
        for member in self._roster.members:
            if member.loaded is None or member.description is None:
                continue
            kinds = list(member.loaded.records.get("ledger_annotation_types", ()))
            for record in member.loaded.processors:
                kinds += record.provides
                if record.name in active and member.isolation == "inline":
                    table = self.settings.settings.get(record.name, {})
                    config = configure(record.name, record.config, table)
                    self._runners[record.name] = Runner(record, config, self._limits)
            self.types.update({tag_of(kind): kind for kind in kinds if issubclass(kind, Annotation)})

    def _closure(self, wanted: set[str], known: Known) -> set[str]:
        """Those wanted, and the providers whose layers are not known or cannot be stored."""
        running = set(wanted)
        for active in reversed(self.processors):
            if active.name not in running:
                continue
            live = {kind for kind in self._infos[active.name].requires if not kind.tag}
            for name in self._providers[active.name]:
                if name not in known or live & set(self._infos[name].provides):
                    running.add(name)
        return running

    def _steps(self, work: Work) -> Steps[tuple[Outcome, ...]]:
        wanted = set(self._by_name) if work.processors is None else set(work.processors)
        running = self._closure(wanted, work.known)
        pass_ = _Pass(work.article, work.record)
        outcomes: list[Outcome] = []
        for active in self.processors:
            if active.name in running:
                worker = None if active.name in self._runners else self._roster.owners[active.name].worker
                outcome = yield from in_turn(worker, self._outcome(active, pass_, worker))
                if active.name in wanted:
                    outcomes.append(outcome)
            elif active.name in work.known:
                self._reuse(active, pass_, work.known[active.name])
        return tuple(outcomes)

    def _outcome(self, active: ActiveProcessor, pass_: _Pass, worker: PluginWorker | None) -> Steps[Outcome]:
        failure = None
        raws: tuple[bytes, ...] = ()
        calls = self._calls(active, pass_)
        skipped, deferred = self._skip(active, pass_)
        if not skipped:
            begin = time.perf_counter()
            try:
                if worker is None:
                    made = yield from self._here(active, pass_, calls)
                    seconds = time.perf_counter() - begin
                else:
                    made, seconds = yield from self._in_worker(active, pass_, worker, calls)
                pass_.layers.add(made)
                raws = tuple(entry.raw for entry in made.entries)
            except RejectedError as error:
                failure = error.failure
                seconds = time.perf_counter() - begin
            self._health[active.name].note(seconds, failed=failure is not None)
            self._breakers[active.name].record(failure)
        if failure is not None:
            pass_.missing[active.name] = (f"{active.name} failed ({failure.kind})", True)
        elif skipped:
            pass_.missing[active.name] = (f"{active.name} was skipped", deferred)
        return Outcome(
            processor=active.name,
            version=active.version,
            identity=active.identity,
            annotations=raws,
            failure=failure,
            skipped=skipped,
            deferred=deferred,
            calls=tuple(calls.made),
        )

    def _here(self, active: ActiveProcessor, pass_: _Pass, calls: Calls) -> Steps[Made]:
        run = partial(self._runners[active.name].produce, pass_.article, pass_.layers, calls.post)
        if (
            active.replay != "recorded"
            or calls.recorded
            or not self._roster.owners[active.name].candidate.first_party
        ):
            return run()
        return (yield from elsewhere(self._beside, run))

    def _calls(self, active: ActiveProcessor, pass_: _Pass) -> Calls:
        if pass_.record is not None:
            return Calls(record=pass_.record.get(active.name, ()))
        table = self.settings.settings.get(active.name, {})
        return Calls(self._ask, keys={value for value in table.values() if isinstance(value, str)})

    def _ask(self, asked: Asked) -> Answer:
        if self._new_web is None:
            raise OSError("there is no network here, and nothing is recorded")
        with self._web_lock:
            web = self._web = self._web or self._new_web()
        return web.ask(asked)

    def _skip(self, active: ActiveProcessor, pass_: _Pass) -> tuple[str, bool]:
        if reason := _language(active, pass_.article):
            return reason, False
        lacking: list[str] = []
        may_pass = False
        for kind in self._infos[active.name].requires:
            providers = sorted(n for n in self._providers[active.name] if kind in self._infos[n].provides)
            if all(name in pass_.missing for name in providers):
                reasons = [pass_.missing[name] for name in providers]
                lacking.append(f"{kind.label} is missing: {', '.join(reason for reason, _ in reasons)}")
                may_pass = may_pass or any(deferred for _, deferred in reasons)
        if lacking:
            return "; ".join(lacking), may_pass
        reason = self._breakers[active.name].reason()
        return reason, bool(reason)

    def _in_worker(
        self, active: ActiveProcessor, pass_: _Pass, worker: PluginWorker, calls: Calls
    ) -> Steps[tuple[Made, float]]:
        health = self._health[active.name]
        look = self._runs[active.name] % _LOOK == 0
        self._runs[active.name] += 1
        job = self._job(active, pass_, look=look)
        result = yield from finished(worker, job, calls, self._beside)
        notes = list(result.notes)
        if look and active.replay in _STEADY and 4 * result.seconds < active.timeout:
            notes += yield from second_look(worker, job, result, Calls(record=calls.made), self._beside)
        article = pass_.article
        add_notes(
            health.notes,
            (msgspec.structs.replace(one, article=article.id, revision=article.revision) for one in notes),
        )
        stored = [kind.tag for kind in self._infos[active.name].provides if kind.tag]
        return accept(result.annotations, article.text, stored, self.types), result.seconds

    def _job(self, active: ActiveProcessor, pass_: _Pass, *, look: bool) -> Job:
        before = self._before[active.name]
        tags = {
            kind.tag for name in (active.name, *before) for kind in self._infos[name].requires if kind.tag
        }
        return Job(
            processor=active.name,
            article=pass_.encoded(),
            layers={tag: pass_.layers.raw(tag) for tag in sorted(tags)},
            timeout=active.timeout,
            before=before,
            companions=tuple(self._roster.owners[name].candidate for name in before),
            look=look,
        )

    def _live_before(self, active: ActiveProcessor) -> tuple[str, ...]:
        """The processors whose ephemeral layers `active` needs, directly or not: such layers cross no process."""
        needed: set[str] = set()
        waiting = [active.name]
        while waiting:
            name = waiting.pop()
            live = {kind for kind in self._infos[name].requires if not kind.tag}
            for provider in self._providers[name] - needed:
                if live & set(self._infos[provider].provides):
                    needed.add(provider)
                    waiting.append(provider)
        return tuple(other.name for other in self.processors if other.name in needed)

    def _reuse(self, active: ActiveProcessor, pass_: _Pass, annotations: Sequence[Any]) -> None:
        if _language(active, pass_.article):
            pass_.missing[active.name] = (f"{active.name} was skipped", False)
            return
        for item in annotations:
            raw = _raw(item)
            pass_.layers.add_raw(read_head(raw).type, (raw,))


class _Pass:
    """One call of `annotate`: the layers so far, and why the layers of some processors are missing."""

    def __init__(self, article: Article, record: Mapping[str, Sequence[ServiceCall]] | None) -> None:
        self.article = article
        self.record = record
        self.layers = Layers()
        self.missing: dict[str, tuple[str, bool]] = {}
        self._encoded = b""

    def encoded(self) -> bytes:
        """The article as JSON, made once."""
        if not self._encoded:
            try:
                self._encoded = msgspec.json.encode(self.article)
            except UnicodeEncodeError as error:
                raise RejectedError("invalid", f"the article is no valid Unicode: {error}") from error
        return self._encoded


def _raw(item: Annotation | UnknownAnnotation | bytes) -> bytes:
    if isinstance(item, Annotation):
        return encode_annotation(item)
    return item.raw if isinstance(item, UnknownAnnotation) else bytes(item)


def _language(active: ActiveProcessor, article: Article) -> str:
    language = article.language.partition("-")[0].lower()
    if not language or not active.languages or language in active.languages:
        return ""
    return f"the article's language is {language}; it reads {', '.join(active.languages)}"


def _close_all(workers: list[PluginWorker]) -> None:
    for worker in workers:
        worker.process.kill()
