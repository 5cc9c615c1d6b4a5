"""The composition root: the only module that knows every part.

`open_ledger` puts store, views, plugins and fetcher together; `Ledger` is what programs and the command use.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ledger.clock import Clock, SystemClock, parse_time
from ledger.config import Settings, load_settings
from ledger.errors import NotFoundError, UsageError
from ledger.events import Producer

if TYPE_CHECKING:
    from ledger.alerts import Alerts
    from ledger.audit import Removed, Replay
    from ledger.audit.auditor import Auditor
    from ledger.feeds.fetch import Fetcher, Transport
    from ledger.feeds.files import Document, IngestReport
    from ledger.feeds.poll import PollReport
    from ledger.host import Host
    from ledger.host.backlog import Annotated
    from ledger.host.sinks import Sinks
    from ledger.projections.results import ArticleView, Hit
    from ledger.projections.views import Views
    from ledger.review import Desk, Reviews, Slots
    from ledger.state import State
    from ledger.state.change import Basis, Change
    from ledger.state.explain import Explanation
    from ledger.store import Store
    from ledger.store.verify import Verification

__all__ = ["Ledger", "open_ledger"]

Progress = Callable[[int, "int | None"], None]
"""Called with (done so far, total or None when it is not known)."""

T = TypeVar("T")


def _instant(value: str | datetime | None) -> datetime | None:
    return None if value is None else parse_time(value)


def _declared(value: str | datetime | None) -> datetime | None:
    """A time as its publisher gives it: the offset stays."""
    at = _instant(value)
    own = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    return own if own is not None and own.tzinfo is not None else at


def _counted(items: Iterable[T], progress: Progress | None) -> Iterator[T]:
    for number, item in enumerate(items, 1):
        yield item
        if progress is not None:
            progress(number, None)


def open_ledger(
    home_or_url: str | Path | None = None,
    *,
    clock: Clock | None = None,
    transport: Transport | None = None,
    settings: Settings | None = None,
    isolate: str = "auto",
) -> Ledger:
    """Open a ledger, creating it when there is none.

    `home_or_url` is a folder or a SQLAlchemy URL; None means the configured one. `transport` stands in for the network
    (`ledger.testing.FakeWeb`). `isolate`: `auto` runs third-party processors in worker processes, `never` and `always` do
    what they say. Raises ConfigError, StoreError, ProjectionError.
    """
    if settings is None:
        text = str(home_or_url) if home_or_url is not None else ""
        is_url = "://" in text
        settings = load_settings(None if is_url else text or None, text if is_url else None)
    return Ledger(settings, clock=clock or SystemClock(), transport=transport, isolate=isolate)


class Ledger:
    """A ledger of reports. Use it as a context manager, from one thread."""

    def __init__(
        self, settings: Settings, *, clock: Clock, transport: Transport | None, isolate: str
    ) -> None:
        from ledger.host.following import Feeds
        from ledger.host.hooks import Hooks
        from ledger.projections import open_views
        from ledger.review.sources import Sources
        from ledger.store import open_store

        self.settings = settings
        self.clock: Any = clock
        self._transport = transport
        self._isolate = isolate
        self.hooks = Hooks(settings, clock, transport, isolate=isolate)
        self.store: Store = open_store(settings, clock=clock)
        try:
            self.views: Views = open_views(
                settings,
                self.store,
                clock=clock,
                projections=self.hooks.projections(),
                refuse=self.hooks.refuse,
            )
        except BaseException:
            self.store.close()
            raise
        self.store = self.views.followed(self.store)
        self.sources = Sources(self.store, self.views, self.producer, settings.state)
        self.feeds = Feeds(self.store, clock, self.with_fetcher, self.hooks.source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release everything; idempotent."""
        if "host" in self.__dict__:
            self.host.close()
        self.views.close()
        self.store.close()

    @cached_property
    def host(self) -> Host:
        """The plugin host; plugins are loaded on first use."""
        from ledger.host import Host

        return Host(self.settings.plugins, isolate=self._isolate, home=self.settings.home, web=self.hooks.web)

    @cached_property
    def _desk(self) -> Desk:
        from ledger.review import Desk

        return Desk(self.store, self.views, self.clock, self.producer, self.sources.registry)

    @cached_property
    def reviews(self) -> Reviews:
        """People's decisions about claims, roots and articles."""
        from ledger.review import Reviews

        return Reviews(self._desk)

    @cached_property
    def slots(self) -> Slots:
        """People's decisions about figures."""
        from ledger.review import Slots

        return Slots(self._desk)

    @cached_property
    def alerts(self) -> Alerts:
        """What became otherwise on the figures, told once."""
        from ledger.alerts import Alerts
        from ledger.projections.moved import moved_since

        settings = self.settings.alerts
        return Alerts(
            self.store,
            lambda: self.state().slots,
            partial(moved_since, self.views),
            self.clock,
            self.producer,
            moved=settings.moved,
            quiet=settings.quiet,
        )

    @cached_property
    def sinks(self) -> Sinks:
        """The sinks of plugins that are on."""
        return self.hooks.sinks(self.store)

    @property
    def producer(self) -> Producer:
        """Who this program is, in the envelopes of the events that it records itself."""
        return Producer("newsledger", version("newsledger"))

    def _begin(self) -> None:
        """What sinks and alerts have not seen starts here, where they are new."""
        self.sinks.begin()
        self.alerts.begin()

    # -- recording ---------------------------------------------------------------------------------------------

    def with_fetcher(self, ask: Callable[[Fetcher], Awaitable[T]]) -> T:
        """Run `ask` with a fetcher over the real network, or over the transport that the ledger was opened with."""
        import asyncio

        from ledger.feeds.fetch import Fetcher
        from ledger.feeds.transport import HttpTransport

        async def run() -> T:
            fetcher = Fetcher(
                self._transport or HttpTransport(self.settings.fetch), self.settings.fetch, self.clock
            )
            try:
                return await ask(fetcher)
            finally:
                await fetcher.close()

        return asyncio.run(run())

    def poll(
        self,
        *,
        force: bool = False,
        only: Collection[str] | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
        process: bool = True,
        stopping: Callable[[], bool] = lambda: False,
    ) -> PollReport:
        """Fetch the feeds that are due (all when forced), record what is new, annotate it, bring the views up to date.

        A feed that fails is in the report, not an exception. `process=False` only records. Once `stopping` says so, what is
        in flight is finished and no other feed begun.
        """
        from ledger.feeds.poll import Poller

        self._begin()

        def show(done: int, total: int, _url: str) -> None:
            if progress is not None:
                progress(done, total)

        async def ask(fetcher: Fetcher) -> PollReport:
            poller = Poller(
                self.store,
                fetcher,
                self.clock,
                self.settings,
                on_progress=show,
                extractor=self.hooks.extractor,
                stopping=stopping,
            )
            return await poller.poll(force=force, limit=limit, only=only)

        report = self.with_fetcher(ask)
        if limit is None or len(report.feeds) < limit:
            report = self.hooks.poll_sources(self.store, report, force=force, only=only)
        if process:
            self.process()
        return report

    def ingest(
        self,
        *sources: str | Path | Document,
        outlet: str = "",
        url: str = "",
        published: str | datetime | None = None,
        progress: Progress | None = None,
        process: bool = True,
    ) -> tuple[IngestReport, ...]:
        """Record articles from files, folders, URLs, `KIND:LOCATION` of a plugin's source or documents at hand; one report each.

        What cannot be read is in its failures. Raises NotFoundError for a kind that no plugin offers.
        """
        from ledger.feeds.discover import ingest_url
        from ledger.feeds.files import Document, ingest_documents, read_path
        from ledger.host.sources import split_location

        self._begin()
        when = _declared(published)
        reports: list[IngestReport] = []
        for source in sources:
            address = "" if isinstance(source, Document) else str(source)
            if address.startswith(("http://", "https://")):
                report = self.with_fetcher(
                    lambda fetcher, address=address: ingest_url(  # type: ignore[misc]
                        fetcher,
                        self.store,
                        self.clock,
                        address,
                        outlet=outlet,
                        published=when,
                        extractor=self.hooks.extractor,
                    )
                )
            elif (
                isinstance(source, str)
                and not Path(source).exists()
                and (found := split_location(address)) is not None
            ):
                report = self.hooks.ingest(
                    self.store,
                    *found,
                    outlet=outlet,
                    published=when,
                    watch=partial(_counted, progress=progress),
                )
            else:
                report = ingest_documents(
                    self.store,
                    self.clock,
                    _counted([source] if isinstance(source, Document) else read_path(source), progress),
                    outlet=outlet,
                    url=url,
                    published=when,
                    extractor=self.hooks.extractor,
                )
            reports.append(report)
        if process:
            self.process()
        return tuple(reports)

    def process(
        self, *, retry: bool = False, article: str | None = None, progress: Progress | None = None
    ) -> Annotated:
        """Annotate everything pending, bring the views to the head and the news to the sinks.

        `retry` also takes what failed before; `article` (an id) is the only one then. Raises NotFoundError.
        """
        from ledger.feeds.similar import mark_similar
        from ledger.host.backlog import annotate_pending

        self._begin()
        mark_similar(self.store, self.clock.now())
        if article is not None:
            self.views.catch_up()
            article = self.article(article).article.article
        done = annotate_pending(
            self.store, self.views, self.host, retry=retry, article=article, progress=progress
        )
        self.host.keep_health()
        self.alerts.follow()
        self.sinks.deliver()
        self.views.catch_up()
        return done

    # -- asking ------------------------------------------------------------------------------------------------

    def state(
        self,
        *,
        recorded_as_of: str | datetime | None = None,
        published_as_of: str | datetime | None = None,
        policy: str = "",
        slots: Collection[str] | None = None,
    ) -> State:
        """The reported state, now or as of a past instant on either clock; `policy` names another choice of `best`.

        `slots` limits it to figures by id, which is sooner answered. Raises UsageError for an unknown policy.
        """
        from ledger.state.best import DEFAULT_POLICY

        return self.views.state(
            _instant(recorded_as_of),
            _instant(published_as_of),
            slots=slots,
            policy=policy or DEFAULT_POLICY,
        )

    def explain(
        self,
        slot: str,
        *,
        recorded_as_of: str | datetime | None = None,
        published_as_of: str | datetime | None = None,
    ) -> Explanation:
        """Every report behind a slot: sentence, chain, root, alive or dead and why. Raises NotFoundError."""
        from ledger.state.explain import explain

        asked = partial(self.state, recorded_as_of=recorded_as_of, published_as_of=published_as_of)
        found = asked(slots=[slot])
        return explain(found if found.slots else asked(), slot)

    def explain_change(
        self, slot: str, before: str | datetime, after: str | datetime | None = None
    ) -> tuple[Change, ...]:
        """Each difference on a slot between two recorded times (the second: now), with its one cause."""
        from ledger.state.change import explain_change

        first, last = parse_time(before), _instant(after)
        if last is not None and last < first:
            raise UsageError(
                "The second time is before the first",
                which=f"{before} {after}",
                fix="Give the earlier one first",
            )
        return explain_change(self._basis(first), self._basis(last), slot)

    def _basis(self, recorded_as_of: datetime | None) -> Basis:
        from ledger.state.change import Basis

        return Basis(
            reports=tuple(self.views.reports(recorded_as_of)),
            registry=self.sources.registry(recorded_as_of=recorded_as_of),
            reviews=tuple(self.views.state_reviews(recorded_as_of)),
            recorded_as_of=recorded_as_of,
        )

    def article(self, article: str) -> ArticleView:
        """One article with its revisions, by id (a unique beginning is enough) or URL. Raises NotFoundError."""
        found = self.views.article(article)
        if found is None:
            raise NotFoundError("No such article", which=article, fix="See `newsledger search` for ids")
        return found

    def search(self, query: str, limit: int = 20) -> Sequence[Hit]:
        """Articles whose title, text or claims hold the words of `query`, best first."""
        return self.views.search(query, limit)

    # -- auditing ----------------------------------------------------------------------------------------------

    @cached_property
    def audits(self) -> Auditor:
        """Sealing, receipts, evidence bundles, witnesses and audit replays."""
        from ledger.audit.auditor import Auditor

        return Auditor(self.settings, self.store, self.views, lambda: self.host, self.clock, self.producer)

    def verify(self, *, progress: Progress | None = None) -> Verification:
        """Check the Merkle root, payload commitments and bodies against the stored bytes."""
        from ledger.store.verify import verify_store

        return verify_store(self.store, progress=progress)

    def replay(
        self,
        *,
        processors: bool = True,
        sample: int | None = None,
        seed: str = "",
        jobs: int = 1,
        progress: Progress | None = None,
    ) -> Replay:
        """Rebuild all views from the events beside the live ones and compare; re-run the processors and compare."""
        return self.audits.replay(
            processors=processors, sample=sample, seed=seed, jobs=jobs, progress=progress
        )

    def redact(self, event: str, *, by: str, reason: str) -> Removed:
        """Remove the content of an event (id or position) for good, with all that was derived from it; views included."""
        from ledger.audit import redact

        removed = redact(self.store, event, producer=self.producer, by=by, reason=reason)
        self.views.catch_up()
        return removed
