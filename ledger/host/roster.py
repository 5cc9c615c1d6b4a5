"""Which plugins there are, what they declare, which of it is active, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ledger.config import Plugins
from ledger.errors import PluginError, UsageError
from ledger.host.annotations import CORE_TYPES
from ledger.host.describe import (
    Candidate,
    Description,
    Problem,
    ProcessorInfo,
    RecordInfo,
    describe_fix,
    type_info,
)
from ledger.host.discover import conflict, find
from ledger.host.failures import RejectedError, explain
from ledger.host.identity import code_digest, files_digest, identity_of, manifest
from ledger.host.inventory import ActiveProcessor, PluginInfo
from ledger.host.isolation import PluginWorker
from ledger.host.load import HOOKS, Loaded, describe, load
from ledger.host.order import order, providers_of
from ledger.host.shelf import Kept, Shelf

__all__ = ["Member", "Roster"]

_CORE = Candidate(name="core", value="ledger.plugin", distribution="newsledger")


class Member:
    """A plugin on its way into the host."""

    def __init__(self, candidate: Candidate, isolation: str) -> None:
        self.candidate = candidate
        self.isolation = isolation
        self.state = "active"
        self.reason = ""
        self.loaded: Loaded | None = None
        self.worker: PluginWorker | None = None
        self.description: Description | None = None
        self.inactive: dict[str, str] = {}

    def describe(self, settings: Mapping[str, dict[str, Any]]) -> Description:
        """Load it where it will run. Raises PluginError or RejectedError."""
        if self.loaded is None and self.worker is not None and not self.candidate.first_party:
            return self.worker.describe()
        self.loaded = load(self.candidate)
        return describe(self.loaded, settings)

    def out(self, state: str, reason: str) -> None:
        """It takes no part."""
        self.state, self.reason = state, reason
        self.description = None

    def info(self, active: Iterable[str]) -> PluginInfo:
        """What `plugin list` shows of it."""
        declared = [p.name for p in self.description.processors] if self.description is not None else []
        running = tuple(name for name in active if name in declared)
        state = "inactive" if self.state == "active" and declared and not running else self.state
        return PluginInfo(
            name=self.candidate.name,
            distribution=self.candidate.distribution,
            version=self.candidate.version,
            source=self.candidate.file or self.candidate.value,
            state=state,
            provides=self._provides(running),
            reason=self.reason
            or ("; ".join(dict.fromkeys(self.inactive.values())) if state == "inactive" else ""),
            isolation=self.isolation,
            pinned=not self.candidate.editable,
            processors=running,
            inactive=dict(self.inactive),
            offers=self.description.offers if self.description is not None else {},
            records=self.description.records if self.description is not None else {},
            noted=self.description.noted if self.description is not None else (),
        )

    def _provides(self, running: tuple[str, ...]) -> tuple[str, ...]:
        processors = self.description.processors if self.description is not None else ()
        return tuple(sorted({kind.label for p in processors if p.name in running for kind in p.provides}))


class Roster:
    """Finds, loads, checks and orders the plugins. `problems` grows while that goes on."""

    def __init__(
        self,
        settings: Plugins,
        isolate: str,
        new_worker: Callable[[Candidate], PluginWorker],
        progress: Callable[[str], None] | None,
        shelf: Shelf | None = None,
        *,
        reuse: bool = False,
    ) -> None:
        self.settings = settings
        self._shelf = shelf
        self._reuse = reuse
        self._hooked: dict[str, tuple[Any, ...]] = {}
        self.problems: list[Problem] = []
        self.owners: dict[str, Member] = {}
        self.infos: dict[str, ProcessorInfo] = {}
        self._waiting: set[str] = set()
        candidates, refused, barred = find(settings)
        self.members = [Member(c, _isolation(c, isolate)) for c in candidates]
        # A name means the plugin of that name; where there is none, the processor.
        self._disabled_processors = set(settings.disabled) - {c.name for c in candidates}
        self._load(new_worker, progress)
        self._refuse_conflicts()
        for candidate, problem in refused:
            self._refuse(candidate, problem)
        for candidate in barred:
            self.members.append(member := Member(candidate, "worker"))
            member.out("disabled", "not named in `[plugins] allow`")
        if shelf is not None:
            shelf.save()
        self.active = self._activate()
        self._check_settings()

    def plugins(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, by name."""
        names = [active.name for active in self.active]
        return tuple(sorted((m.info(names) for m in self.members), key=lambda i: (i.name, i.source)))

    def declared(self) -> Iterator[tuple[str, ProcessorInfo]]:
        """Every processor of a plugin that takes part, active or not, with the plugin's name; active ones first."""
        found = [
            (m.candidate.name, p) for m in self.members if m.description for p in m.description.processors
        ]
        return iter(sorted(found, key=lambda pair: pair[1].name not in self.infos))

    def workers(self) -> Iterator[tuple[str, PluginWorker]]:
        """The workers by the names of their plugins."""
        return ((m.candidate.name, m.worker) for m in self.members if m.worker is not None)

    def report(self, candidate: Candidate, what: str, fix: str = "") -> None:
        """Add a problem."""
        self.problems.append(
            Problem(
                plugin=candidate.name,
                distribution=candidate.distribution,
                version=candidate.version,
                what=what,
                fix=fix,
            )
        )

    def _refuse(self, candidate: Candidate, problem: Problem) -> None:
        member = Member(candidate, "worker")
        if candidate.name in self.settings.disabled:
            member.out("disabled", "disabled in the settings")
        else:
            member.out("conflict" if candidate.value else "broken", problem.what)
            self.problems.append(problem)
        self.members.append(member)

    def _load(
        self, new_worker: Callable[[Candidate], PluginWorker], progress: Callable[[str], None] | None
    ) -> None:
        wanted: list[Member] = []
        for member in self.members:
            if member.candidate.name in self.settings.disabled:
                member.out("disabled", "disabled in the settings")
                continue
            kept = self._shelf.get(member.candidate) if self._reuse and self._shelf is not None else None
            if kept is not None:
                self._take(member, kept)
                continue
            wanted.append(member)
            if member.isolation == "worker":
                member.worker = new_worker(member.candidate)
                if not member.candidate.first_party:
                    # All children boot while this process imports the others.
                    member.worker.begin()
        for member in wanted:
            if progress is not None:
                progress(member.candidate.name)
            self._load_one(member)

    def _load_one(self, member: Member) -> None:
        try:
            kept = Kept(description=member.describe(self.settings.settings))
        except PluginError as error:
            kept = Kept(reason=error.what, fix=error.fix)
        except RejectedError as error:
            failure = error.failure
            said = (
                failure.message if failure.kind == "exception" else f"It cannot be loaded: {failure.message}"
            )
            kept = Kept(reason=said)
        self._take(member, kept)
        if self._shelf is not None:
            self._shelf.put(member.candidate, kept)

    def _take(self, member: Member, kept: Kept) -> None:
        member.description = kept.description
        if kept.description is not None:
            return
        member.out("broken", kept.reason)
        if member.worker is not None:
            member.worker.close()
        origin = member.candidate.origin
        advice = kept.fix or f"Update or remove {origin}, or name it in `[plugins] disabled`"
        self.report(member.candidate, kept.reason, advice)

    def records(self, hook: str) -> tuple[Any, ...]:
        """The records of one hook, imported into this process now; by plugin, in order. Raises UsageError.

        A plugin that cannot be imported here is added to `problems` and left out.
        """
        if hook not in HOOKS:
            raise UsageError("No such hook", which=hook, fix=f"One of {', '.join(HOOKS)}")
        if hook not in self._hooked:
            self._hooked[hook] = tuple(r for member in self.members for r in self._of(member, hook))
        return self._hooked[hook]

    def _of(self, member: Member, hook: str) -> tuple[Any, ...]:
        if member.description is None or hook not in member.description.offers:
            return ()
        if member.loaded is None:
            try:
                member.loaded = load(member.candidate)
            except PluginError as error:
                self.report(member.candidate, describe_fix(error))
                return ()
        return tuple(member.loaded.records.get(hook, ()))

    def _refuse_conflicts(self) -> None:
        tags = {tag: (type_info(kind).key, _CORE) for tag, kind in CORE_TYPES.items()}
        names: dict[tuple[str, str], Candidate] = {}
        for member in self.members:
            if member.description is None:
                continue
            problem = self._conflict(member.candidate, member.description, tags, names)
            if problem is not None:
                member.out("conflict", problem.what)
                if member.worker is not None:
                    member.worker.close()
                self.problems.append(problem)
                continue
            for kind in member.description.types:
                if kind.tag:
                    tags.setdefault(kind.tag, (kind.key, member.candidate))
            for hook, offered in member.description.offers.items():
                names.update({(hook, name): member.candidate for name in offered})

    def _conflict(
        self,
        candidate: Candidate,
        description: Description,
        tags: Mapping[str, tuple[str, Candidate]],
        names: Mapping[tuple[str, str], Candidate],
    ) -> Problem | None:
        for kind in description.types:
            key, owner = tags.get(kind.tag, (kind.key, candidate))
            if key != kind.key:
                return conflict(candidate, owner, f"The annotation type {kind.tag!r}")
            if kind.tag.startswith("core.") and kind.tag not in tags:
                return conflict(candidate, _CORE, f"The namespace of the annotation type {kind.tag!r}")
        for hook, offered in description.offers.items():
            if hook == "ledger_annotation_types":
                continue
            for name in offered:
                if (hook, name) in names:
                    what = hook.removeprefix("ledger_").removesuffix("s")
                    return conflict(candidate, names[hook, name], f"The {what} name {name!r}")
        return None

    def _activate(self) -> tuple[ActiveProcessor, ...]:
        usable: dict[str, ProcessorInfo] = {}
        codes: dict[str, str] = {}
        for member in self.members:
            if member.description is None or not member.description.processors:
                continue
            code = code_digest(member.candidate)
            for info in member.description.processors:
                self.owners[info.name] = member
                if info.waits:
                    self._waiting.add(info.name)
                if reason := self._unusable(info):
                    self._deactivate(info.name, reason)
                else:
                    usable[info.name], codes[info.name] = info, code
        ordered, inactive = order(usable.values(), lambda name: self.owners[name].candidate.first_party)
        for name in sorted(inactive):
            self._deactivate(name, inactive[name], "Install or enable what it needs, or disable it")
        identities: dict[str, str] = {}
        active: list[ActiveProcessor] = []
        for info in ordered:
            upstream = {name: identities[name] for name in providers_of(info, ordered)}
            entries = manifest(self.owners[info.name].candidate, codes[info.name], info, upstream)
            identities[info.name] = identity_of(entries)
            self.infos[info.name] = info
            active.append(_active(info, self.owners[info.name], entries, identities[info.name]))
        return tuple(active)

    def _unusable(self, info: ProcessorInfo) -> str:
        if info.name in self._disabled_processors:
            return "disabled in the settings"
        if info.config_error:
            return info.config_error
        try:
            files_digest(info.data)
        except OSError as error:
            return f"its data file cannot be read: {explain(error)}"
        return ""

    def _deactivate(self, name: str, reason: str, fix: str = "") -> None:
        member = self.owners[name]
        member.inactive[name] = reason
        if name not in self._disabled_processors and name not in self._waiting:
            self.report(member.candidate, f"Processor {name} is inactive: {reason}", fix)

    def _check_settings(self) -> None:
        known = set(self.owners) | {m.candidate.name for m in self.members}
        for member in self.members:
            for record in [r for rs in _records(member) for r in rs]:
                if record.schema:
                    known.add(record.name)
                if record.config_error:
                    self.report(member.candidate, f"{record.name} is off: {record.config_error}")
        for name in sorted(set(self.settings.settings) - known):
            self.problems.append(
                Problem(
                    plugin=name,
                    distribution="",
                    version="",
                    what=f"[plugins.{name}] gives settings to a processor that is not installed",
                    fix="Install its plugin, or remove the table",
                )
            )


def _records(member: Member) -> Iterable[tuple[RecordInfo, ...]]:
    return member.description.records.values() if member.description is not None else ()


def _isolation(candidate: Candidate, isolate: str) -> str:
    if isolate == "auto":
        return "inline" if candidate.first_party else "worker"
    return "worker" if isolate == "always" else "inline"


def _active(info: ProcessorInfo, owner: Member, entries: dict[str, str], identity: str) -> ActiveProcessor:
    return ActiveProcessor(
        name=info.name,
        version=info.version,
        identity=identity,
        manifest=entries,
        plugin=owner.candidate.name,
        distribution=owner.candidate.origin,
        isolation=owner.isolation,
        requires=tuple(kind.label for kind in info.requires),
        provides=tuple(kind.label for kind in info.provides),
        languages=info.languages,
        replay=info.replay,
        timeout=info.timeout,
        summary=info.summary,
        pinned=not owner.candidate.editable,
        config=info.config,
        schema=info.schema,
    )
