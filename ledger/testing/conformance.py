"""The conformance kit: what a processor must hold to be a good citizen of a ledger.

A processor that passes is compatible with this release of newsledger; that is what "compatible" means.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from ledger.errors import LedgerError, PluginError
from ledger.host.describe import Candidate
from ledger.host.layers import Layers, Made
from ledger.host.load import check_processor_record
from ledger.plugin import Article, Processor
from ledger.testing.build import Service, article, calls_to, run

__all__ = ["SAMPLES", "Verdict", "Verdicts", "check_processor"]

_DATELINE = (
    "KESTREL BAY — At least 12 people were killed and dozens injured on Monday, police said.\n\n"
    "The regional hospital had put the toll at 9 earlier in the day."
)
_TEXTS = (
    ("", "2031-05-04T07:00:00Z"),
    ("?", None),
    (_DATELINE, "2031-05-06T07:00:00+02:00"),
    ("“We lost three-quarters of it,” said Mr. A. B. Stone of the U.S. agency, citing officials.", None),
    ("🦊 q\u0308 — 東京 では 3 人. ٣٤ שלום \u200b\u00a0end", "2031-05-04T07:00:00Z"),
    ("1,000 2,000 3.5% $4m €5bn 6–7 8-9 10:30 +44 20 7946 0000 https://harbour.example/12 ", None),
    ("No full stop and no end " * 400, "2031-05-04T07:00:00Z"),
    ("One.\n\n\n\nTwo. \n Three.\n\n" + "a" * 3000, None),
)
SAMPLES: tuple[Article, ...] = tuple(
    article(text, url=f"https://harbour.example/sample/{number}", published=published)
    for number, (text, published) in enumerate(_TEXTS)
)
"""Texts that trip processors: empty, one character, news prose, astral and combining characters, number soup, long lines."""


class Verdict(msgspec.Struct, frozen=True):
    """One law, whether it held, and where it broke when it did not."""

    law: str
    ok: bool
    message: str = ""

    def __str__(self) -> str:
        return f"{'ok  ' if self.ok else 'FAIL'} {self.law}" + (f": {self.message}" if self.message else "")


class Verdicts(msgspec.Struct, frozen=True):
    """The verdicts on one processor; printing it shows one line each."""

    processor: str
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        """Whether every law held."""
        return all(verdict.ok for verdict in self.verdicts)

    def require(self) -> None:
        """Raise PluginError naming every law that was broken."""
        broken = [f"{verdict.law}: {verdict.message}" for verdict in self.verdicts if not verdict.ok]
        if broken:
            raise PluginError("; ".join(broken), which=self.processor)

    def __str__(self) -> str:
        return "\n".join(str(verdict) for verdict in self.verdicts)


def check_processor(
    processor: Processor,
    articles: Sequence[Article] = SAMPLES,
    *,
    providers: Sequence[Processor] = (),
    settings: Mapping[str, Any] | None = None,
    service: Service | None = None,
) -> Verdicts:
    """Run `processor` on `articles` (and not on those in languages that it does not declare) and judge it.

    `providers` make the layers that it requires and run first, in the order given. Laws: a valid record; no failure
    (which covers spans, quotes and declared types); no network; within its own timeout; the same bytes the second time
    and when the articles come in the opposite order; input unchanged. `service` answers for the outside service of a `recorded` processor; without
    it such a processor is judged by its record only.
    """
    try:
        check_processor_record(Candidate(name=processor.name, value=""), processor)
    except PluginError as error:
        return Verdicts(processor.name, (Verdict("its record is valid", ok=False, message=error.what),))
    if processor.replay == "recorded" and service is None:
        rest = "the other laws need answers: check_processor(..., service=...) in its tests"
        return Verdicts(processor.name, (Verdict("its record is valid", ok=True, message=rest),))
    spoken = [a for a in articles if not processor.languages or a.language in processor.languages]
    trial = _Trial(processor, providers, settings or {}, service)
    return Verdicts(
        processor.name,
        (
            Verdict("its record is valid", ok=True),
            _law("it fails on no article", spoken, trial.fails),
            _law("it uses no network", spoken, trial.uses_network),
            _law("it stays within its timeout", spoken, trial.takes_too_long),
            _law("it gives the same twice", spoken, trial.differs),
            _order(trial, spoken),
            _law("it leaves its input as it was", spoken, trial.changes_input),
        ),
    )


class _Trial:
    """One processor under test. Each question returns what is wrong on an article, empty when nothing is."""

    def __init__(
        self,
        processor: Processor,
        providers: Sequence[Processor],
        settings: Mapping[str, Any],
        service: Service | None,
    ) -> None:
        self._processor = processor
        self._providers = providers
        self._settings = settings
        self._service = service

    def make(self, article: Article) -> list[bytes]:
        """The encoded annotations. Raises LedgerError."""
        copy = _copy(article)
        return [entry.raw for entry in self._run(copy, self._layers(copy)).entries]

    def fails(self, article: Article) -> str:
        try:
            self.make(article)
        except LedgerError as error:
            return error.what
        return ""

    def uses_network(self, article: Article) -> str:
        with _no_network() as attempts:
            self.fails(article)
        return f"it called {attempts[0]}" if attempts else ""

    def takes_too_long(self, article: Article) -> str:
        begin = time.perf_counter()
        self.fails(article)
        took = time.perf_counter() - begin
        limit = self._processor.timeout
        return f"it took {took:.1f} seconds of {limit:g} allowed" if took > limit else ""

    def differs(self, article: Article) -> str:
        first, second = _attempt(self.make, article), _attempt(self.make, article)
        return "" if first == second else _difference(first, second)

    def changes_input(self, article: Article) -> str:
        layers = self._layers(article)
        copy = _copy(article)
        seen = {kind: tuple(map(_fingerprint, layers.of(kind))) for kind in self._processor.requires}
        before = msgspec.json.encode(copy)
        _attempt(lambda a: self._run(a, layers), copy)
        if msgspec.json.encode(copy) != before:
            return "it changed the article"
        for kind, prints in seen.items():
            if tuple(map(_fingerprint, layers.of(kind))) != prints:
                return f"it changed the layer {kind.__name__}"
        return ""

    def _layers(self, article: Article) -> Layers:
        layers = Layers()
        for provider in self._providers:
            layers.add(run(provider, article, layers, {}))
        return layers

    def _run(self, article: Article, layers: Layers) -> Made:
        calls = calls_to(self._service, self._settings)
        return run(self._processor, article, layers, self._settings, calls)


def _copy(article: Article) -> Article:
    """An equal article of its own: a processor that writes into its input must not spoil the next question."""
    return msgspec.json.decode(msgspec.json.encode(article), type=Article)


def _law(law: str, articles: Iterable[Article], broken: Callable[[Article], str]) -> Verdict:
    for one in articles:
        if what := broken(one):
            return Verdict(law, ok=False, message=f"{what} (article {one.url})")
    return Verdict(law, ok=True)


def _order(trial: _Trial, articles: Sequence[Article]) -> Verdict:
    law = "the order of articles does not matter"
    forwards = {a.url: _attempt(trial.make, a) for a in articles}
    backwards = {a.url: _attempt(trial.make, a) for a in reversed(articles)}
    for url, made in forwards.items():
        if made != backwards[url]:
            return Verdict(law, ok=False, message=f"{_difference(made, backwards[url])} (article {url})")
    return Verdict(law, ok=True)


def _attempt(make: Callable[[Article], Any], article: Article) -> Any:
    try:
        return make(article)
    except LedgerError as error:
        return error.what


def _difference(first: Any, second: Any) -> str:
    if isinstance(first, str) or isinstance(second, str):
        return f"once {_short(first)}, once {_short(second)}"
    only = [raw for raw in first if raw not in second] + [raw for raw in second if raw not in first]
    return (
        f"only one of two runs gives {only[0].decode()[:200]}"
        if only
        else "another number of equal annotations"
    )


def _short(made: Any) -> str:
    return made[:100] if isinstance(made, str) else f"{len(made)} annotations"


def _fingerprint(item: Any) -> bytes | int:
    return msgspec.json.encode(item) if isinstance(item, msgspec.Struct) else id(item)


@contextmanager
def _no_network() -> Iterator[list[str]]:
    """Every attempt to connect or to resolve a name fails and is listed."""
    attempts: list[str] = []

    def refuse(name: str) -> Callable[..., Any]:
        def refused(*_: Any, **__: Any) -> Any:
            attempts.append(name)
            raise OSError("the conformance kit allows no network")

        return refused

    places = [(socket.socket, "connect"), (socket.socket, "connect_ex"), (socket.socket, "sendto")]
    functions = [(socket, "getaddrinfo"), (socket, "create_connection"), (socket, "gethostbyname")]
    kept = [(place, name, getattr(place, name)) for place, name in [*places, *functions]]
    try:
        for place, name, _ in kept:
            setattr(place, name, refuse(f"socket.{name}"))
        yield attempts
    finally:
        for place, name, original in kept:
            setattr(place, name, original)
