"""Documents from the sources that plugins bring, and the memory of what each of them gave before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from ledger.errors import NotFoundError
from ledger.feeds.files import Document
from ledger.host.failures import explain
from ledger.host.web import PluginWeb
from ledger.plugin import SourceItem, SourceKind
from ledger.store import Store

__all__ = ["Reading", "find_source", "split_location"]


def split_location(text: str) -> tuple[str, str] | None:
    """Source kind and location of `KIND:LOCATION`; None for what is a path or a URL."""
    kind, colon, location = text.partition(":")
    # One letter is a drive of Windows.
    named = len(kind) > 1 and kind[0].isalpha() and kind.replace("-", "").replace("_", "").isalnum()
    if not colon or not named or not kind.islower() or location.startswith("//"):
        return None
    return kind, location


def find_source(kinds: Iterable[SourceKind], name: str) -> SourceKind:
    """The source of that name. Raises NotFoundError."""
    known = {kind.name: kind for kind in kinds}
    if name not in known:
        raise NotFoundError(
            "No such source",
            which=name,
            fix=f"Sources: {', '.join(sorted(known)) or 'none'}; or give a path or an http address",
        )
    return known[name]


class Reading:
    """One pass over a source and location. `remember` afterwards, with the documents that were recorded."""

    def __init__(self, store: Store, kind: SourceKind, location: str, web: PluginWeb) -> None:
        self._store = store
        self._kind = kind
        self._location = location
        self._web = web
        self._marks: dict[str, str] = {}

    def seen(self, mark: str) -> bool:
        """See `ledger.plugin.SourceContext`."""
        key = self._key(mark)
        return key in self._store.lookup([key])

    def fetch(self, url: str) -> SourceItem:
        """See `ledger.plugin.SourceContext`."""
        return self._web.get(url)

    def documents(self) -> Iterator[Document]:
        """What the source gives now. Whatever goes wrong in it becomes a document with an error, and ends it."""
        where = f"{self._kind.name}:{self._location}"
        try:
            for item in self._kind.open(self._location, self):
                if not isinstance(item, SourceItem):
                    raise TypeError(f"it yields {type(item).__name__} where SourceItem is expected")
                if item.mark and not item.error:
                    self._marks[item.name] = item.mark
                yield Document(
                    name=item.name,
                    media_type=item.media_type,
                    body=item.body,
                    url=item.url,
                    charset=item.charset,
                    published=item.published,
                    error=item.error,
                )
        except (OSError, ValueError) as error:
            yield Document(name=where, error=str(error) or type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a source is a plugin's code
            yield Document(name=where, error=f"the source {self._kind.name} failed: {explain(error)}")

    def remember(self, failed: Iterable[str]) -> None:
        """Keep the marks of what was read, those of the documents named in `failed` left out: they come again."""
        left_out = set(failed)
        keys = {self._key(mark): name for name, mark in self._marks.items() if name not in left_out}
        if keys:
            self._store.append([], keys=keys)

    def _key(self, mark: str) -> str:
        text = f"{self._kind.name}\0{self._location}\0{mark}"
        return f"source:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
