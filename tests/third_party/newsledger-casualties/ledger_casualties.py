"""Casualty counts: a number next to a word such as killed or injured."""

import re

from ledger.plugin import Annotation, Quantity, Span, processor

OUTCOME = re.compile(r"\W+(?:\w+\W+){0,3}?(?P<outcome>killed|dead|injured|wounded)\b", re.IGNORECASE)


class Casualty(Annotation, frozen=True, kw_only=True, tag="casualties.casualty"):
    outcome: str
    count: int | float | None
    at_least: bool = False


@processor("casualties", version="1.0", requires=[Quantity], provides=[Casualty], timeout=5.0)
def casualties(article, context):
    """A number and what happened to that many people."""
    for number in context.of(Quantity):
        if found := OUTCOME.match(article.text, number.span.end):
            yield Casualty(
                span=Span(number.span.start, found.end()),
                outcome=found["outcome"].lower(),
                count=number.value,
                at_least=number.op == "min",
            )
