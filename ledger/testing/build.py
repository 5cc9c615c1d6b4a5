"""Articles for tests, and a processor run on one of them just as the host runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ledger.clock import parse_time
from ledger.errors import PluginError
from ledger.host.annotations import encode_annotation, tag_of
from ledger.host.calls import Calls
from ledger.host.configure import configure
from ledger.host.failures import Limits, RejectedError
from ledger.host.layers import Entry, Layers, Made
from ledger.host.run import Runner
from ledger.plugin import Annotation, Answer, Article, Ephemeral, Processor

__all__ = ["Service", "annotate", "article", "calls_to", "run"]

Service = Callable[[str, str], Answer]
"""Stands in for an outside service: gets the URL and the body of a call. Raises OSError for no answer."""


def article(
    text: str,
    *,
    title: str = "A report",
    language: str = "en",
    outlet: str = "harbour",
    url: str = "https://harbour.example/report",
    published: str | datetime | None = "2031-05-04T07:00:00Z",
    revision: int = 1,
    summary: str = "",
    byline: str = "",
) -> Article:
    """The first revision of an article with this text; its id and hash follow from the fields.

    `published` may be a text such as `2031-05-04T07:00:00Z`; None means that the publisher gives no date.
    """
    when = None if published is None else parse_time(published)
    return Article(
        id="a-" + hashlib.sha256(f"{outlet}\n{url}".encode()).hexdigest()[:16],
        revision=revision,
        hash=hashlib.sha256(f"{title}\n{text}".encode("utf-8", "surrogatepass")).hexdigest(),
        url=url,
        outlet=outlet,
        title=title,
        text=text,
        language=language,
        summary=summary,
        byline=byline,
        published=when,
        recorded=when,
    )


def annotate(
    processor: Processor,
    article: Article,
    *,
    layers: Iterable[Annotation | Ephemeral] = (),
    providers: Sequence[Processor] = (),
    settings: Mapping[str, Any] | None = None,
    service: Service | None = None,
) -> list[Annotation]:
    """The annotations of `processor`, checked, quoted and sorted as the host does it.

    What it requires comes from `layers`, written by hand, and from `providers`, run first in the order given. `settings`
    is its table of newsledger.toml. `service` stands in for the outside service that a `recorded` processor asks: it gets the URL and
    the body of a call and gives an `Answer`, or raises OSError. Raises PluginError with the failure that a ledger would record, ConfigError for wrong
    settings.
    """
    collected = Layers()
    collected.add(_by_hand(layers))
    for provider in providers:
        collected.add(run(provider, article, collected, {}))
    made = run(processor, article, collected, settings or {}, calls_to(service, settings or {}))
    return [entry.value for entry in made.entries if entry.value is not None]


def calls_to(service: Service | None, settings: Mapping[str, Any]) -> Calls:
    """Calls that `service` answers, under the host's rules for keys; without it there is no network."""
    keys = {value for value in settings.values() if isinstance(value, str)}
    return Calls((lambda asked: service(asked.url, asked.body)) if service is not None else None, keys=keys)


def run(
    processor: Processor,
    article: Article,
    layers: Layers,
    settings: Mapping[str, Any],
    calls: Calls | None = None,
) -> Made:
    """One run of one processor. Raises PluginError, ConfigError."""
    runner = Runner(processor, configure(processor.name, processor.config, dict(settings)), Limits())
    try:
        return runner.produce(article, layers, (calls or Calls()).post)
    except RejectedError as error:
        failure = error.failure
        raise PluginError(
            f"Processor {processor.name} failed: {failure.kind}, {failure.message}", which=article.id
        ) from error


def _by_hand(layers: Iterable[Annotation | Ephemeral]) -> Made:
    entries: list[Entry] = []
    ephemeral: list[Ephemeral] = []
    for item in layers:
        if isinstance(item, Annotation):
            raw = encode_annotation(item)
            entries.append(Entry(item.span.start, item.span.end, tag_of(type(item)), raw, item))
        else:
            ephemeral.append(item)
    return Made(tuple(entries), tuple(ephemeral))
