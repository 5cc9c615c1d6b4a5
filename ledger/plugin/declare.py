"""Records that plugins declare. Pluggy collects them; the host checks, orders and runs them.

No hook does work inside pluggy's call: a hook yields records, and the host executes them one by one, each in its own try or
in its own process, and records who did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar, overload

import msgspec

from ledger.plugin.annotations import Annotation, Span

__all__ = [
    "API_VERSION",
    "Answer",
    "Article",
    "Check",
    "CheckResult",
    "Command",
    "CommittedEvent",
    "Context",
    "Ephemeral",
    "Extracted",
    "Extractor",
    "Page",
    "PageContext",
    "ProcessFunction",
    "Processor",
    "Projection",
    "Sink",
    "SinkContext",
    "SourceContext",
    "SourceItem",
    "SourceKind",
    "processor",
]

API_VERSION = 1

A = TypeVar("A", bound="Annotation | Ephemeral")


class Ephemeral:
    """Base of layers that are shared between the processors of one run and never stored, such as a parse."""


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of one article, as processors see it.

    `text` is normalised (NFC, LF); its blocks are separated by an empty line, and `blocks` gives their spans. The title is not part of `text`.
    `outlet` is the key of the publishing outlet. Times are aware.
    """

    id: str
    revision: int
    hash: str
    url: str
    outlet: str
    title: str
    text: str
    language: str = ""
    summary: str = ""
    byline: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    recorded: datetime | None = None

    @property
    def blocks(self) -> tuple[Span, ...]:
        """The paragraphs of `text`, in order."""
        spans: list[Span] = []
        start = 0
        for piece in self.text.split("\n\n"):
            if piece.strip():
                spans.append(Span(start, start + len(piece)))
            start += len(piece) + 2
        return tuple(spans)


class Answer(msgspec.Struct, frozen=True):
    """What an outside service answered: the HTTP status, whatever it is, and the body as text."""

    status: int
    text: str


class Context(Protocol):
    """What a processor may use beside the article. It has no network of its own, no clock and no way to append."""

    @property
    def config(self) -> Any:
        """The processor's own config struct, validated; None when it declares none."""
        ...

    @overload
    def of(self, layer: type[A]) -> Sequence[A]: ...
    @overload
    def of(self, layer: type[A], within: Span) -> Sequence[A]: ...
    def of(self, layer: type[A], within: Span | None = None) -> Sequence[A]:
        """The annotations of one type made so far on this revision, by position; with `within`, only those inside it.

        Only types that the processor lists in `requires` are there.
        """
        ...

    def post(
        self,
        url: str,
        body: str,
        *,
        media_type: str = "application/json",
        key: str = "",
        timeout: float = 60.0,
    ) -> Answer:
        """POST `body` to an outside service; only for processors of the replay class `recorded`.

        The host makes the call and keeps request and answer with the event; in a replay the same request gets the recorded answer.
        `key` is the name of an environment variable, which the user named in the processor's settings; its value is sent as a
        bearer token, over https or to a listed host only. Addresses must be public or listed in `[fetch] allow_hosts`; no redirect is
        followed. The time of the call does not count as the processor's. Raises OSError when there is no answer in `timeout` seconds.
        """
        ...


ProcessFunction = Callable[[Article, Context], Iterable["Annotation | Ephemeral"]]


class Processor(msgspec.Struct, frozen=True, kw_only=True):
    """Annotates one article revision.

    `requires` and `provides` are annotation (or ephemeral) types and give the order. `languages` are ISO 639-1 codes;
    empty means any. `config` is a msgspec struct with defaults. `replay` is the declared class: `pure` (same input, same
    bytes), `recorded` (outside answers are kept as payloads), `tolerant` (floating point may differ) or `opaque`.
    `data` names files (absolute paths) that belong to the identity: models, lexicons; `libraries` distributions whose release
    does, since what they compute goes into the output. `timeout` is in seconds an article.
    """

    name: str
    version: str
    run: ProcessFunction
    requires: tuple[type, ...] = ()
    provides: tuple[type, ...] = ()
    languages: tuple[str, ...] = ()
    config: type[msgspec.Struct] | None = None
    replay: str = "pure"
    data: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    timeout: float = 30.0
    summary: str = ""


def processor(
    name: str,
    *,
    version: str,
    requires: Sequence[type] = (),
    provides: Sequence[type] = (),
    languages: Sequence[str] = (),
    config: type[msgspec.Struct] | None = None,
    replay: str = "pure",
    data: Sequence[str] = (),
    libraries: Sequence[str] = (),
    timeout: float = 30.0,
) -> Callable[[ProcessFunction], Processor]:
    """Turn a function `(article, context) -> annotations` into a Processor; its docstring is the summary."""

    def declare(run: ProcessFunction) -> Processor:
        return Processor(
            name=name,
            version=version,
            run=run,
            requires=tuple(requires),
            provides=tuple(provides),
            languages=tuple(languages),
            config=config,
            replay=replay,
            data=tuple(data),
            libraries=tuple(libraries),
            timeout=timeout,
            summary=(run.__doc__ or "").strip().partition("\n")[0],
        )

    return declare


class SourceItem(msgspec.Struct, frozen=True, kw_only=True):
    """One document of a source.

    `name` is its path or URL, for people. `url` is the article's address where the document has one; `published` an ISO 8601
    text for documents that do not say it themselves. `media_type` may be empty where the name's ending tells. `mark` names
    this version of the document: once it is recorded, `SourceContext.seen` knows the mark. With `error` set it is listed as
    a document that could not be read.
    """

    name: str
    body: bytes = b""
    media_type: str = ""
    url: str = ""
    charset: str = ""
    published: str = ""
    mark: str = ""
    error: str = ""


class SourceContext(Protocol):
    """What a source may use. Nothing that it does here is recorded before its items are."""

    def seen(self, mark: str) -> bool:
        """Whether an item with this mark was recorded from this source and location before."""
        ...

    def fetch(self, url: str) -> SourceItem:
        """The document at `url`, under the rules for all fetching: public addresses, robots.txt, pace, limits of size and time.

        Raises OSError when it cannot be had.
        """
        ...


class SourceKind(msgspec.Struct, frozen=True, kw_only=True):
    """An input other than feeds, used as `newsledger ingest NAME:LOCATION`.

    `open(location, context)` yields SourceItems. It raises OSError or ValueError for a location that it cannot read.
    """

    name: str
    open: Callable[[str, SourceContext], Iterable[SourceItem]]
    summary: str = ""


class Extracted(msgspec.Struct, frozen=True, kw_only=True):
    """What an extractor finds in a document. Empty text means that there is no article in it."""

    title: str
    text: str
    published: datetime | None = None
    modified: datetime | None = None
    language: str = ""
    byline: str = ""
    canonical_url: str = ""
    summary: str = ""


class Extractor(msgspec.Struct, frozen=True, kw_only=True):
    """Turns bytes of the named media types into text. `extract(body, url)` raises ValueError for what it cannot read."""

    name: str
    version: str
    media_types: tuple[str, ...]
    extract: Callable[[bytes, str], Extracted]
    summary: str = ""


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """A read model: `fold(rows, events)` updates a mapping key -> row from a batch; the host keeps and rebuilds it.

    `rows` maps a text key to a JSON-able dict. `events` are (type, payload as dict, recorded time) in log order.

    `lifetime`: `async` rows are kept and brought forward in batches, by whichever process has the turn; `inline` rows are kept, and
    brought forward before an append returns; `live` rows are in memory, for the life of a process. Each event acts once in all three.
    """

    name: str
    version: str
    types: tuple[str, ...]
    fold: Callable[[dict[str, dict[str, Any]], Sequence[tuple[str, dict[str, Any], datetime]]], None]
    summary: str = ""
    lifetime: str = "async"


class CommittedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it lies in the ledger. `payload` is what `newsledger export events` shows; `id` is the same at every delivery."""

    position: int
    id: str
    type: str
    stream: str
    recorded: datetime
    payload: dict[str, Any]


class SinkContext(Protocol):
    """What a sink may use."""

    @property
    def config(self) -> Any:
        """The sink's own config struct, validated; None when it declares none."""
        ...

    @property
    def home(self) -> str:
        """The folder of the ledger, for relative paths in the settings."""
        ...

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """POST `body` and return the HTTP status; no redirect is followed. Addresses must be public or listed in
        `[fetch] allow_hosts`. Raises OSError without an answer.
        """
        ...


class Sink(msgspec.Struct, frozen=True, kw_only=True):
    """Receives events after they are committed, in log order.

    `deliver(events, context)` gets a batch; its checkpoint moves when it returns. When it raises, or takes longer than
    `timeout` seconds, the same events come again later: at least once, never out of order. `types` are event types;
    empty means all. `config` is a msgspec struct, its table `[plugins.NAME]`; while a required field is missing the sink
    is off. `history`: a sink that is new gets what was recorded before it came, too. A replay delivers nothing.
    """

    name: str
    deliver: Callable[[Sequence[CommittedEvent], SinkContext], None]
    types: tuple[str, ...] = ()
    config: type[msgspec.Struct] | None = None
    history: bool = False
    timeout: float = 30.0
    summary: str = ""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a check: `ok`, one sentence, and what to do when it is not."""

    ok: bool
    message: str
    fix: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A health check that `newsledger doctor` runs."""

    name: str
    run: Callable[[], CheckResult]
    summary: str = ""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A command added to `newsledger`; `load` returns a click command and is called only when it is used."""

    name: str
    load: Callable[[], Any]
    summary: str = ""


class PageContext(Protocol):
    """What a page may read, as it stood at the moment that the address names. Nothing here writes."""

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address, those of the moment left out. They come from whoever asks: check them."""
        ...

    def state(self) -> dict[str, Any]:
        """The reported state, as `newsledger state --json` prints it."""
        ...

    def rows(self, projection: str) -> dict[str, Any]:
        """The rows of a plugin's projection by key, as they are now. Raises LookupError for an unknown one."""
        ...

    def article(self, article: str) -> Article | None:
        """The newest revision of an article by id or address, as it is now; None when there is none, or its text was redacted."""
        ...

    def annotations(self, article: Article) -> list[dict[str, Any]]:
        """What all processors found in an article, as plain data in the order of the text."""
        ...


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of `newsledger serve` at `/plugins/NAME`, inside the layout of all pages, with a `.json` and a `.csv` twin.

    `load(context)` gives plain data. `template` is Jinja, in a sandbox, and gets the keys of that data; every value is escaped. The
    `.json` twin shows the data, the `.csv` twin its `rows`, a list of dicts, if it has any. Scripts and styles of its own do not run:
    the security policy of the pages stays as it is.
    """

    name: str
    title: str
    template: str
    load: Callable[[PageContext], Mapping[str, Any]]
    summary: str = ""
