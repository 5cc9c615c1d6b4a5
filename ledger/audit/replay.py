"""Replay: the views rebuilt from the events, and the processors run again over the stored texts.

Two claims, answered separately. *Views*: folding the recorded events again gives the same rows, byte for byte. *Processors*: running
the processors of today over the recorded texts gives the recorded annotations; per run the outcome is

    identical      same identity, same bytes
    drift          same identity, other bytes: the processor is not what it declares
    changed        the processor's identity changed since; the bytes differ
    same           the processor's identity changed since; the bytes are the same
    not runnable   the processor is not installed or not active
    failed         it failed now, or had failed then and does not now
    redacted       the text or the annotation was removed
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from ledger.clock import Clock
from ledger.config import Settings
from ledger.events import Redacted, decode
from ledger.events.types import AnnotationFailed, ArticleAnnotated
from ledger.host import Host, Outcome
from ledger.projections import Views, open_views
from ledger.store import Store

__all__ = ["OUTCOMES", "Replay", "Rerun", "ViewCheck", "replay"]

OUTCOMES = ("identical", "same", "changed", "drift", "not runnable", "failed", "redacted")


class ViewCheck(msgspec.Struct, frozen=True):
    """One view: the digest of its live rows and of the rows folded anew."""

    name: str
    live: str
    rebuilt: str

    @property
    def same(self) -> bool:
        """Whether the two digests are equal."""
        return self.live == self.rebuilt


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """One processor on one revision, then and now. `detail` names what differs: counts, or the failure."""

    article: str
    revision: int
    processor: str
    outcome: str
    detail: str = ""


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay found, at the ledger's position and root. `reruns` holds every run that is not identical."""

    position: int
    root: str
    views: tuple[ViewCheck, ...]
    counts: dict[str, int]
    reruns: tuple[Rerun, ...]

    @property
    def views_hold(self) -> bool:
        """Whether every view is what the events give."""
        return all(view.same for view in self.views)

    @property
    def processors_hold(self) -> bool:
        """Whether no run drifted or failed differently."""
        return not (self.counts.get("drift") or self.counts.get("failed"))


def replay(
    settings: Settings,
    store: Store,
    views: Views,
    host: Host | None,
    *,
    clock: Clock,
    sample: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Replay:
    """Replay the ledger; changes nothing in it. Without a host only the views are checked.

    `sample` limits the processor runs to every n-th recorded one, chosen so that about `sample` are run.
    """
    views.catch_up()
    head = store.head()
    checks = _check_views(settings, store, views, clock, progress)
    counts: Counter[str] = Counter()
    differing: list[Rerun] = []
    if host is not None:
        for one in _rerun(store, views, host, sample, progress):
            counts[one.outcome] += 1
            if one.outcome != "identical":
                differing.append(one)
    return Replay(
        position=head.position,
        root=head.root,
        views=checks,
        counts={name: counts[name] for name in OUTCOMES if counts[name]},
        reruns=tuple(differing),
    )


def _check_views(
    settings: Settings,
    store: Store,
    views: Views,
    clock: Clock,
    progress: Callable[[int, int | None], None] | None,
) -> tuple[ViewCheck, ...]:
    live = views.digests()
    with tempfile.TemporaryDirectory(prefix="newsledger-replay-") as folder:
        elsewhere = msgspec.structs.replace(settings, home=Path(folder))
        fresh = open_views(elsewhere, store, clock=clock, projections=views.projections)
        try:
            fresh.catch_up(progress)
            rebuilt = fresh.digests()
        finally:
            fresh.close()
    return tuple(
        ViewCheck(name, live.get(name, ""), rebuilt.get(name, "")) for name in sorted({*live, *rebuilt})
    )


def _rerun(
    store: Store,
    views: Views,
    host: Host,
    sample: int | None,
    progress: Callable[[int, int | None], None] | None,
) -> Iterator[Rerun]:
    recorded: dict[tuple[str, int], dict[str, tuple[str, ArticleAnnotated | AnnotationFailed | None]]] = {}
    for stored in store.read(types=("article.annotated", "annotation.failed")):
        event = decode(stored)
        producer = stored.envelope.producer
        if isinstance(event, ArticleAnnotated | AnnotationFailed):
            recorded.setdefault((event.article, event.revision), {})[producer.name] = (
                producer.identity,
                event,
            )
        elif isinstance(event, Redacted):
            # The envelope names no revision; the article's stream is all that is left to say.
            key = (stored.stream.partition(":")[2], 0)
            recorded.setdefault(key, {})[producer.name] = (producer.identity, None)
    revisions = sorted(recorded)
    if sample is not None and 0 < sample < len(revisions):
        step = len(revisions) // sample
        revisions = revisions[::step][:sample]
    for done, (article, revision) in enumerate(revisions, 1):
        yield from _compare(views, host, article, revision, recorded[article, revision])
        if progress is not None:
            progress(done, len(revisions))


def _compare(
    views: Views,
    host: Host,
    article: str,
    revision: int,
    recorded: dict[str, tuple[str, ArticleAnnotated | AnnotationFailed | None]],
) -> Iterator[Rerun]:
    subject = views.to_article(article, revision) if revision else None
    now: dict[str, Outcome] = {}
    if subject is not None:
        now = {outcome.processor: outcome for outcome in host.annotate(subject)}
    for name, (identity, event) in sorted(recorded.items()):
        if subject is None or event is None:
            outcome, detail = "redacted", ""
        elif name not in now:
            outcome, detail = "not runnable", "not installed, disabled or lacking an input"
        else:
            outcome, detail = _verdict(identity, event, now[name])
        yield Rerun(article=article, revision=revision, processor=name, outcome=outcome, detail=detail)


def _verdict(identity: str, then: ArticleAnnotated | AnnotationFailed, now: Outcome) -> tuple[str, str]:
    if isinstance(then, AnnotationFailed):
        if now.failure is not None:
            return "identical", ""
        return "failed", f"failed when recorded ({then.kind}: {then.message}), succeeds now"
    if now.failure is not None:
        return "failed", f"{now.failure.kind}: {now.failure.message}"
    before = Counter(bytes(raw) for raw in then.annotations)
    after = Counter(now.annotations)
    same = before == after
    if identity == now.identity:
        return ("identical", "") if same else ("drift", _difference(before, after))
    return ("same", "") if same else ("changed", _difference(before, after))


def _difference(before: Counter[bytes], after: Counter[bytes]) -> str:
    gone, new = (before - after).total(), (after - before).total()
    return f"{gone} annotations gone, {new} new, {(before & after).total()} as recorded"
