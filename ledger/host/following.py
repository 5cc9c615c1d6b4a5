"""The feeds that are followed, those of plugins' sources included, as programs and the command handle them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from ledger.clock import Clock

if TYPE_CHECKING:
    from ledger.feeds.discover import Candidate, FeedTest
    from ledger.feeds.fetch import Fetcher
    from ledger.feeds.memory import Poll
    from ledger.feeds.subscriptions import FeedStatus
    from ledger.store import Store

__all__ = ["Feeds"]


class Feeds:
    """The feeds that are followed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        with_fetcher: Callable[[Callable[[Fetcher], Awaitable[Any]]], Any],
        find_source: Callable[[str], object],
    ) -> None:
        """`find_source` gives a plugin's source by its kind, or raises NotFoundError."""
        self._store = store
        self._clock = clock
        self._with_fetcher = with_fetcher
        self._find_source = find_source

    def add(
        self, url: str, *, outlet: str = "", title: str = "", interval: int | None = None, by: str = ""
    ) -> str:
        """Follow a feed, or a plugin's source as `KIND:LOCATION`; returns its id.

        Adding it again changes only what is given and differs. Raises UsageError.
        """
        from ledger.feeds.subscriptions import add_feed
        from ledger.host.sources import split_location

        if (found := split_location(url)) is not None:
            self._find_source(found[0])
        return add_feed(self._store, self._clock, url, outlet, title, interval, by)

    def remove(self, feed: str, *, reason: str = "", by: str = "") -> str:
        """Stop following a feed, by id or URL; its articles stay. Returns the id. Raises NotFoundError."""
        from ledger.feeds.subscriptions import remove_feed

        return remove_feed(self._store, feed, reason=reason, by=by)

    def list(self) -> Sequence[FeedStatus]:
        """Every feed with its health, by outlet and URL."""
        from ledger.feeds.subscriptions import list_feeds

        return list_feeds(self._store, self._clock.now())

    def history(self, feed: str) -> Sequence[Poll]:
        """The newest polls of a feed, by id or URL, oldest first. Raises NotFoundError."""
        from ledger.feeds.subscriptions import feed_history

        return feed_history(self._store, feed)

    def take_over(self) -> int:
        """Free what processes of this host that were killed still hold; gives the number of feeds and sources."""
        from ledger.feeds.holders import free_left_behind
        from ledger.feeds.subscriptions import FEED, SOURCE

        return sum(free_left_behind(self._store, self._store.tasks(kind)) for kind in (FEED, SOURCE))

    def test(self, url: str) -> FeedTest:
        """What polling this address would record; writes nothing. Raises FetchError or InputError."""
        from ledger.feeds.discover import test_feed

        return self._with_fetcher(lambda fetcher: test_feed(fetcher, url))  # type: ignore[no-any-return]

    def discover(self, url: str) -> Sequence[Candidate]:
        """The feeds that a page names or that are found at the usual places. Raises FetchError."""
        from ledger.feeds.discover import discover

        return self._with_fetcher(lambda fetcher: discover(fetcher, url))  # type: ignore[no-any-return]
