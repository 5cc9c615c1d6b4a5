"""The views of a ledger, as the rest of the program uses them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
import sqlalchemy as sa

from ledger.clock import Clock, parse_time
from ledger.config import Settings
from ledger.errors import NotFoundError, PluginConflictError, PluginError, ProjectionError
from ledger.plugin import Article, Projection
from ledger.projections import catalogue
from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.catalogue import METADATA, Parked
from ledger.projections.compare import compare, count_rows, digest
from ledger.projections.custom import PluginView
from ledger.projections.database import Database, FileDatabase
from ledger.projections.decisions import Registries, Reviews
from ledger.projections.engine import Projector
from ledger.projections.facts import Context, View
from ledger.projections.figures import Figures, state_at, state_now
from ledger.projections.folding import Progress
from ledger.projections.generations import read_redactions
from ledger.projections.health import Feeds, Processors
from ledger.projections.queries import FOREVER, Reader
from ledger.projections.results import (
    ArticleView,
    Decision,
    Failure,
    Hit,
    Pending,
    StoredAnnotation,
    ViewDiff,
    ViewInfo,
)
from ledger.projections.rows import ArticleRow, ClaimRow, FeedRow, FigureHistoryRow, FigureRow, ProcessorRow
from ledger.projections.search import Search
from ledger.state import Parameters, Review, State
from ledger.state.reports import Report
from ledger.store import Store, database_url

__all__ = ["FILE", "Views", "open_views"]

FILE = "views.db"
_STATES = 8
"""Answers to `state` that are remembered."""
_HANDLED = 1_000
"""Positions after which it is noted that nothing before waits for a processor."""


def open_views(
    settings: Settings,
    store: Store,
    *,
    clock: Clock,
    projections: Iterable[Projection] = (),
    refuse: Callable[[Projection, PluginError], None] | None = None,
) -> Views:
    """Open the views of a ledger: the schema `views` where the log is in PostgreSQL, else `views.db` in the home.

    They are made when there are none.

    `projections` are those that plugins bring. Several processes may open the same views at once. Raises
    StoreUnavailableError when the file cannot be used, PluginError for a projection's name that is none or is taken, unless
    `refuse` takes the error and the projection is left out.
    """
    parameters = Parameters(**msgspec.structs.asdict(settings.state))
    views: list[View] = [
        Articles(),
        Annotations(),
        Feeds(),
        Processors(),
        Registries(),
        Reviews(),
        Search(),
        Figures(parameters),
    ]
    taken = {
        table for view in views for table in (view.name, *view.fulltext, *(row.TABLE for row in view.tables))
    }
    taken |= set(METADATA.tables)
    for projection in projections:
        try:
            if projection.name in taken:
                raise PluginConflictError(
                    "There is already a view or table of that name",
                    which=projection.name,
                    fix="Disable the plugin, or ask its author to rename the projection",
                )
            views.append(PluginView(projection))
        except PluginError as error:
            if refuse is None:
                raise
            refuse(projection, error)
            continue
        taken.add(projection.name)
    return Views(_database(settings), store, views, parameters, clock)


def _database(settings: Settings) -> Database:
    """The server of the log, or a file in the home."""
    url = database_url(settings)
    if url.get_backend_name() == "postgresql":
        from ledger.projections.server import ServerDatabase

        return ServerDatabase(url, METADATA)
    return FileDatabase(settings.home / FILE, METADATA)


class Views:
    """Everything that is asked of a ledger beside its events. Safe to use from any thread; close it once."""

    def __init__(
        self, database: Database, store: Store, views: Sequence[View], parameters: Parameters, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._views = tuple(views)
        self._parameters = parameters
        self._projector = Projector(database, store, views, clock)
        self._context = Context(store.get_body, read_redactions(store))
        self._states: OrderedDict[tuple[object, ...], State] = OrderedDict()
        self._lock = threading.Lock()

    # -- keeping -----------------------------------------------------------------------------------------------

    def catch_up(self, progress: Progress | None = None, *, figures: bool = True) -> int:
        """Bring the views to the head of the ledger; returns the number of events applied.

        Views made by other code, or from another history of the ledger, are built anew first. `figures=False` leaves the
        view `figures` for a later call: within a loop that appends and catches up, evaluating it once at the end is enough.
        `progress(done, total)` counts events. Raises ProjectionError naming the position when a view cannot use an event.
        """
        applied, redactions = self._projector.catch_up(progress, derive=figures)
        self._context = Context(self._store.get_body, redactions)
        return applied

    def lag(self) -> int:
        """Events that the slowest view is behind the ledger."""
        with self._database.read() as connection:
            pointers = catalogue.pointers(connection)
            live = [
                g.position for g in catalogue.generations(connection) if pointers.get(g.name) == g.generation
            ]
        return max(0, self._store.head().position - min(live, default=0))

    def rebuild(self, name: str | None = None, progress: Progress | None = None) -> int:
        """Build a view (all without a name) anew beside the live one, then let readers see it.

        A rebuild that was killed goes on where it stopped. Returns the number of events applied. Raises NotFoundError.
        """
        if name is not None:
            self._known(name)
        return self._projector.rebuild([name] if name is not None else tuple(self._projector.views), progress)

    def rollback(self, name: str) -> int:
        """Let readers of a view see its previous generation again; returns its number. Raises ProjectionError, NotFoundError."""
        self._known(name)
        return self._projector.rollback(name)

    def list(self) -> Sequence[ViewInfo]:
        """Every generation of every view."""
        with self._database.read() as connection:
            every = catalogue.generations(connection)
            parked = catalogue.parked(connection)
            counts = {(g.name, g.generation): count_rows(connection, g) for g in every}
        head = self._store.head().position
        return [
            ViewInfo(
                name=g.name,
                generation=g.generation,
                state="stopped" if g.error else g.state,
                position=g.position,
                lag=max(0, head - g.position),
                rows=counts[g.name, g.generation],
                parked=sum((one.name, one.generation) == (g.name, g.generation) for one in parked),
                error=g.error,
                fingerprint=g.fingerprint,
                changed_at=g.changed_at,
            )
            for g in every
        ]

    def parked(self) -> Sequence[Parked]:
        """Events that a view passed over because it could not use them; rebuilding the view tries them again."""
        with self._database.read() as connection:
            return catalogue.parked(connection)

    def diff(self, name: str, old: int, new: int) -> ViewDiff:
        """Compare two generations of a view. Raises NotFoundError for one that is not kept."""
        self._known(name)
        with self._database.read() as connection:
            every = {g.generation: g for g in catalogue.generations(connection) if g.name == name}
            for number in (old, new):
                if number not in every:
                    raise NotFoundError(
                        "No such generation",
                        which=f"{name} {number}",
                        fix=f"Kept ones: {', '.join(map(str, sorted(every)))}",
                    )
            return compare(connection, every[old], every[new])

    def digests(self) -> dict[str, str]:
        """View name -> hex SHA-256 over its rows in the order of their keys, whatever generation holds them."""
        with self._read() as (connection, pointers):
            return {view.name: digest(connection, view, pointers[view.name]) for view in self._views}

    def close(self) -> None:
        """Release everything; idempotent."""
        self._database.close()

    # -- asking: articles and annotations ----------------------------------------------------------------------

    def pending(
        self, processors: Sequence[tuple[str, str]], limit: int | None = None, *, retry_upto: int = 0
    ) -> Iterator[Pending]:
        """Revisions that some of the active `processors` (name, identity) have neither annotated nor failed on.

        Oldest first; of every article every revision, since answers as of the past need them all. Failures recorded at or
        before position `retry_upto` do not count.
        """
        if not processors:
            return
        given = 0
        key, after = self._handled(processors)
        clean = not retry_upto
        upto: int | None = after if clean else 0
        while upto is not None:
            with self._reader() as reader:
                found, upto = reader.pending(processors, retry_upto=retry_upto, after=upto)
            clean = clean and not found
            if clean and upto is not None and upto - after >= _HANDLED:
                with self._database.write() as connection:
                    catalogue.set_handled(connection, key, upto)
                after = upto
            for one in found:
                if given == limit:
                    return
                given += 1
                yield one

    def pending_count(self, processors: Sequence[tuple[str, str]], *, retry_upto: int = 0) -> int:
        """How many revisions `pending` gives."""
        return sum(1 for _ in self.pending(processors, retry_upto=retry_upto))

    def article(self, article: str) -> ArticleView | None:
        """One article with its revisions, by id, a unique beginning of it, or URL. Raises UsageError when several fit."""
        with self._reader() as reader:
            return reader.article(article)

    def articles(
        self,
        *,
        outlet: str | None = None,
        status: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Sequence[ArticleRow]:
        """Articles, the last recorded first. The next page comes with `before` = the last row's `first_position`."""
        with self._reader() as reader:
            return reader.articles(outlet=outlet, status=status, before=before, limit=limit)

    def to_article(self, article: str, revision: int) -> Article | None:
        """One revision as processors see it; None when it has no text (withdrawn or redacted). Raises NotFoundError."""
        with self._reader() as reader:
            row = reader.revision(article, revision)
        if row is None:
            raise NotFoundError(
                "No such revision", which=f"{article} revision {revision}", fix="See newsledger article"
            )
        body = self._store.get_body(row.text) if row.text else None
        if body is None or row.text in self._context.redactions.bodies:
            return None
        return Article(
            id=row.article,
            revision=row.revision,
            hash=row.hash,
            url=row.url,
            outlet=row.outlet,
            title=row.title,
            text=body.decode(),
            language=row.language,
            summary=row.summary,
            byline=row.byline,
            published=datetime.fromisoformat(row.published) if row.published else None,
            modified=parse_time(row.modified) if row.modified else None,
            recorded=parse_time(row.recorded_at),
        )

    def annotations(self, article: str, revision: int) -> Sequence[StoredAnnotation]:
        """The annotations that count now on one revision, by place in the text."""
        with self._reader() as reader:
            return reader.annotations(article, revision)

    def known_layers(self, article: str, revision: int) -> Mapping[str, Sequence[bytes]]:
        """Processor name -> its annotations on one revision, as bytes in the order in which they were recorded."""
        with self._reader() as reader:
            return reader.layers(article, revision)

    def claims(
        self,
        *,
        article: str | None = None,
        measure: str | None = None,
        subject: str | None = None,
        origin: str | None = None,
        newest: bool = False,
        after: tuple[int, int] = (0, 0),
        limit: int = 1000,
    ) -> Sequence[ClaimRow]:
        """Claims that count now, in recorded order; `newest` leaves out those of replaced revisions.

        The next page comes with `after` = the last row's (`position`, `ordinal`).
        """
        with self._reader() as reader:
            return reader.claims(
                article=article,
                measure=measure,
                subject=subject,
                origin=origin,
                newest=newest,
                after=after,
                limit=limit,
            )

    def search(self, query: str, limit: int = 20) -> Sequence[Hit]:
        """Articles that hold all words of `query` in title, text or claims, best first. Raises UsageError for no word."""
        with self._reader() as reader:
            return reader.search(query, limit)

    # -- asking: health ----------------------------------------------------------------------------------------

    def feeds(self) -> Sequence[FeedRow]:
        """Every feed ever added, by id."""
        with self._reader() as reader:
            return tuple(reader.rows(FeedRow))

    def processors(self) -> Sequence[ProcessorRow]:
        """Every processor identity ever used, by name."""
        with self._reader() as reader:
            return tuple(reader.rows(ProcessorRow))

    def failures(self) -> Sequence[Failure]:
        """Failures of processors that no later run has made good, newest first."""
        with self._reader() as reader:
            return reader.failures()

    # -- asking: views of plugins ------------------------------------------------------------------------------

    @property
    def projections(self) -> tuple[Projection, ...]:
        """The projections that plugins brought."""
        return tuple(view.projection for view in self._views if isinstance(view, PluginView))

    def plugin_rows(self, name: str) -> dict[str, object]:
        """The rows of a plugin's view by key. Raises NotFoundError for what is no such view."""
        found = next((v for v in self._views if isinstance(v, PluginView) and v.name == name), None)
        if found is None:
            names = ", ".join(one.name for one in self.projections)
            raise NotFoundError("No plugin brings this view", which=name, fix=f"There are: {names or 'none'}")
        with self._reader() as reader:
            return found.content(reader.rows(found.tables[0]))

    # -- asking: the state -------------------------------------------------------------------------------------

    def reports(self, recorded_as_of: datetime | None = None) -> Sequence[Report]:
        """What the state is computed from: every revision recorded by then, with the claims that counted then."""
        with self._reader() as reader:
            return reader.reports(self._upto(recorded_as_of))

    def registry(self, recorded_as_of: datetime | None = None) -> bytes:
        """The source registry of that time as JSON, exactly as recorded; empty when there was none."""
        with self._reader() as reader:
            return reader.registry(self._upto(recorded_as_of))

    def reviews(self, recorded_as_of: datetime | None = None) -> Sequence[Decision]:
        """Reviewers' decisions by then, in order, those taken back included."""
        with self._reader() as reader:
            return reader.decisions(self._upto(recorded_as_of))

    def state_reviews(self, recorded_as_of: datetime | None = None) -> Sequence[Review]:
        """The same decisions as input of `ledger.state.reported_state`: an undoing is a decision of its own."""
        with self._reader() as reader:
            return reader.reviews(self._upto(recorded_as_of))

    def figures(self) -> Sequence[FigureRow]:
        """The current state of every slot, by id."""
        with self._reader() as reader:
            return tuple(reader.rows(FigureRow))

    def figures_at(self) -> tuple[int, str, Sequence[FigureRow]]:
        """The same rows with the position that they stand at and the fingerprint of what made them, at one instant."""
        with self._read() as (connection, pointers):
            lane = next(
                g
                for g in catalogue.generations(connection)
                if g.name == Figures.name and g.generation == pointers[Figures.name]
            )
            reader = Reader(connection, pointers, self._views, self._context.text)
            return lane.position, lane.fingerprint, tuple(reader.rows(FigureRow))

    def figure_history(self, slot: str) -> Sequence[FigureHistoryRow]:
        """The steps of one slot, oldest first."""
        with self._reader() as reader:
            return tuple(reader.rows(FigureHistoryRow, reader.table(FigureHistoryRow).c.slot == slot))

    def state(self, recorded_as_of: datetime | None = None, published_as_of: datetime | None = None) -> State:
        """The reported state, now or as it was at a recorded time, counting what was published by a published time."""
        with self._read() as (connection, pointers):
            positions = self._positions(connection, pointers)
            key = (positions, recorded_as_of, published_as_of)
            with self._lock:
                if key in self._states:
                    self._states.move_to_end(key)
                    return self._states[key]
            reader = Reader(connection, pointers, self._views, self._context.text)
            if recorded_as_of is None and published_as_of is None and self._settled(connection, pointers):
                state = state_now(reader)
            else:
                state = state_at(
                    reader, self._parameters, self._upto(recorded_as_of), recorded_as_of, published_as_of
                )
        with self._lock:
            self._states[key] = state
            if len(self._states) > _STATES:
                self._states.popitem(last=False)
        return state

    # -- inside ------------------------------------------------------------------------------------------------

    def _known(self, name: str) -> None:
        if name not in self._projector.views:
            raise NotFoundError(
                "No such view", which=name, fix=f"Views: {', '.join(sorted(self._projector.views))}"
            )

    def _upto(self, recorded_as_of: datetime | None) -> int:
        return FOREVER if recorded_as_of is None else self._store.position_at(recorded_as_of)

    def _positions(self, connection: sa.Connection, pointers: catalogue.Pointers) -> tuple[object, ...]:
        return tuple(
            (g.name, g.generation, g.position)
            for g in catalogue.generations(connection)
            if g.name in Figures.sources and pointers[g.name] == g.generation
        )

    def _handled(self, processors: Sequence[tuple[str, str]]) -> tuple[str, int]:
        """Under which key it is kept, and up to which position no revision waits for any of these processors."""
        with self._read() as (connection, pointers):
            key = repr((pointers[Articles.name], pointers[Annotations.name], sorted(processors)))
            return key, catalogue.handled(connection, key)

    def _settled(self, connection: sa.Connection, pointers: catalogue.Pointers) -> bool:
        """Whether the figures stand where everything stands that they follow from."""
        live = {
            g.name: g
            for g in catalogue.generations(connection)
            if g.name in (Figures.name, *Figures.sources) and pointers[g.name] == g.generation
        }
        return not live[Figures.name].error and len({g.position for g in live.values()}) == 1

    @contextmanager
    def _read(self) -> Iterator[tuple[sa.Connection, catalogue.Pointers]]:
        """A read transaction on live generations that this code made; builds them first when there are none."""
        if self._unusable():
            self.catch_up()
        with self._database.read() as connection:
            pointers = self._check(connection)
            yield connection, pointers

    @contextmanager
    def browsing(self) -> Iterator[tuple[sa.Connection, Reader]]:
        """A read transaction over the live views, and a reader in it, for `ledger.projections.browse`."""
        with self._read() as (connection, pointers):
            yield connection, Reader(connection, pointers, self._views, self._context.text)

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        with self.browsing() as (_, reader):
            yield reader

    def _unusable(self) -> bool:
        with self._database.read() as connection:
            return bool(self._stale(connection))

    def _stale(self, connection: sa.Connection) -> Sequence[str]:
        pointers = catalogue.pointers(connection)
        made_by = {(g.name, g.generation): g.fingerprint for g in catalogue.generations(connection)}
        return [
            name
            for name, fingerprint in self._projector.fingerprints.items()
            if made_by.get((name, pointers.get(name, 0))) != fingerprint
        ]

    def _check(self, connection: sa.Connection) -> catalogue.Pointers:
        if stale := self._stale(connection):
            raise ProjectionError(
                "A view was made by another release of newsledger",
                which=", ".join(stale),
                fix="Restart this process, or run newsledger projection rebuild",
            )
        return catalogue.pointers(connection)
