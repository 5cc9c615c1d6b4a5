"""Opening the views of a ledger: which there are, and where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ledger.clock import Clock
from ledger.config import Settings
from ledger.errors import PluginConflictError, PluginError
from ledger.plugin import Projection
from ledger.projections.annotations import Annotations
from ledger.projections.articles import Articles
from ledger.projections.catalogue import METADATA
from ledger.projections.custom import PluginView, check_declared
from ledger.projections.database import CACHE_MIB, Database, FileDatabase
from ledger.projections.decisions import Registries, Reviews
from ledger.projections.facts import View
from ledger.projections.figures import Figures
from ledger.projections.health import Feeds, Processors
from ledger.projections.lifetimes import LiveRows
from ledger.projections.search import Search
from ledger.projections.views import Views
from ledger.state import Parameters
from ledger.store import Store, database_url

__all__ = ["FILE", "open_views"]

FILE = "views.db"


def open_views(
    settings: Settings,
    store: Store,
    *,
    clock: Clock,
    projections: Iterable[Projection] = (),
    refuse: Callable[[Projection, PluginError], None] | None = None,
    cache_mib: int = CACHE_MIB,
) -> Views:
    """Open the views of a ledger: the schema `views` where the log is in PostgreSQL, else `views.db` in the home.

    They are made when there are none.

    `projections` are those that plugins bring. Several processes may open the same views at once. Raises
    StoreUnavailableError when the file cannot be used, PluginError for a projection's name that is none or is taken, unless
    `refuse` takes the error and the projection is left out. `cache_mib` is what each connection to a file keeps in memory.
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
    live: list[LiveRows] = []
    for projection in projections:
        try:
            if projection.name in taken:
                raise PluginConflictError(
                    "There is already a view or table of that name",
                    which=projection.name,
                    fix="Disable the plugin, or ask its author to rename the projection",
                )
            if projection.lifetime == "live":
                check_declared(projection)
                live.append(LiveRows(projection, store))
            else:
                views.append(PluginView(projection))
        except PluginError as error:
            if refuse is None:
                raise
            refuse(projection, error)
            continue
        taken.add(projection.name)
    return Views(_database(settings, cache_mib), store, views, parameters, clock, live=live)


def _database(settings: Settings, cache_mib: int) -> Database:
    """The server of the log, or a file in the home."""
    url = database_url(settings)
    if url.get_backend_name() == "postgresql":
        from ledger.projections.server import ServerDatabase

        return ServerDatabase(url, METADATA)
    return FileDatabase(settings.home / FILE, METADATA, cache_mib)
