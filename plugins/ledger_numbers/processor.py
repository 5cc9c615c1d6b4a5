"""The processor `numbers`: quantities and times of every sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ledger.plugin import Article, Context, Quantity, Sentence, Span, TimeSpan, processor
from ledger_numbers.found import Found, Time, number
from ledger_numbers.quantities import read_quantities
from ledger_numbers.times import read_times
from ledger_numbers.tokens import Tokens

__all__ = ["annotate", "numbers"]


@processor("numbers", version="1.0", requires=[Sentence], provides=[Quantity, TimeSpan], languages=["en"])
def numbers(article: Article, context: Context) -> Iterator[Quantity | TimeSpan]:
    """Read quantities, dates and durations, with their bounds and what they count."""
    today = article.published.date() if article.published is not None else None
    for sentence in context.of(Sentence):
        yield from annotate(article.text, sentence.span.start, sentence.span.end, today)


def annotate(text: str, start: int, end: int, today: dt.date | None) -> Iterator[Quantity | TimeSpan]:
    """The quantities and times of the sentence `text[start:end]`; `today` is the local day of publication."""
    tokens = Tokens(text, start, end)
    times = read_times(tokens, today)
    quantities = read_quantities(tokens, times)
    made: list[Quantity | TimeSpan] = [_time(tokens, time) for time in times]
    made += [_quantity(tokens, quantity) for quantity in quantities]
    yield from sorted(made, key=lambda item: (item.span, isinstance(item, Quantity)))


def _span(tokens: Tokens, first: int, stop: int) -> Span:
    return Span(tokens.start[first], tokens.end[stop - 1])


def _time(tokens: Tokens, time: Time) -> TimeSpan:
    span = _span(tokens, time.first, time.stop)
    return TimeSpan(
        span=span,
        quote=tokens.text[span.start : span.end],
        kind=time.kind,
        start=time.start,
        end=time.end,
        duration=time.duration,
        precision=time.precision,
    )


def _quantity(tokens: Tokens, found: Found) -> Quantity:
    span = _span(tokens, found.first, found.stop)
    return Quantity(
        span=span,
        quote=tokens.text[span.start : span.end],
        kind=found.kind,
        op=found.op,
        value=number(found.value),
        low=number(found.low),
        high=number(found.high),
        unit=found.unit,
        noun=found.noun,
        whole=number(found.whole),
    )
