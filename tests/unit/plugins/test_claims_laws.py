"""Laws of the claims processor over generated reports and arbitrary text."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

import ledger_attribution
import ledger_claims
import ledger_numbers
import ledger_syntax
from ledger.feeds.text import clean
from ledger.plugin import Annotation, Article, Claim, Quantity
from ledger.testing import annotate, article, check_processor

(CLAIMS,) = ledger_claims.ledger_processors()
SYNTAX = list(ledger_syntax.ledger_processors())
NUMBERS = list(ledger_numbers.ledger_processors())
PROVIDERS = [*SYNTAX, *NUMBERS, *ledger_attribution.ledger_processors()]

COUNTS = st.sampled_from(
    [
        "12",
        "1,420",
        "At least 40",
        "about 300",
        "Dozens of",
        "Two",
        "up to 60",
        "between 20 and 25",
        "no fewer than 7",
    ]
)
NOUNS = st.sampled_from(
    ["people", "Varnish soldiers", "passengers", "houses", "nurses", "trucks", "police officers"]
)
PREDICATES = st.sampled_from(
    [
        "were killed",
        "are missing",
        "have died",
        "may have been injured",
        "were evacuated",
        "have arrived",
        "were flooded",
    ]
)
PLACES = st.sampled_from(
    ["", " in the Karl valley", " near Elbing", " in the past 24 hours", " in three weeks of fire"]
)
FRAMES = st.sampled_from(
    [
        "{0}.",
        "{0}, the agency said on Monday.",
        "Ida Roth told the Herald that {0}.",
        "The toll has risen to 52 from 60, and {0}.",
        "{0}, including 3 children; the union denied it.",
        "If the dam breaks, {0}.",
        "“{0},” it added.",
        "The magnitude was 6.4, revised from 6.9. {0}.",
    ]
)
STATEMENTS = st.builds(
    lambda frame, count, noun, verb, place: frame.format(f"{count} {noun} {verb}{place}"),
    FRAMES,
    COUNTS,
    NOUNS,
    PREDICATES,
    PLACES,
)
REPORTS = st.lists(STATEMENTS, min_size=1, max_size=5).flatmap(
    lambda parts: st.lists(st.sampled_from([" ", "\n\n"]), min_size=len(parts), max_size=len(parts)).map(
        lambda gaps: "".join(f"{part}{gap}" for part, gap in zip(parts, gaps, strict=True)).strip()
    )
)
PIECES = (
    "killed dead missing toll magnitude of the to from at 12 6.4 1,000 people said agency denied it not , . ; : “ ” ( ) "
    "and or that who have been were is has may could will if in Karl valley not number risen including them"
)
WORDS = st.sampled_from([*PIECES.split(), "\n\n"])
SALAD = st.lists(WORDS, max_size=40).map(" ".join)


def claims(report: Article) -> list[Claim]:
    made: list[Annotation] = annotate(CLAIMS, report, providers=PROVIDERS)
    return [claim for claim in made if isinstance(claim, Claim)]


def facts(made: list[Claim]) -> set[tuple[object, ...]]:
    return {(c.subject, c.measure, c.value, c.modality, c.kind, c.polarity) for c in made}


@settings(max_examples=150, deadline=None)
@given(REPORTS | SALAD)
@example("Between 20 and 25 people were killed.")
@example("The death toll has passed 1,000.")
def test_no_number_that_the_sentence_does_not_hold(text: str) -> None:
    report = article(text)
    quantities = [
        q for q in annotate(NUMBERS[0], report, providers=SYNTAX) if isinstance(q, Quantity)
    ]  # fmt: skip
    for claim in claims(report):
        stated = [q for q in quantities if claim.span.covers(q.span)]
        known = {number for q in stated for number in (q.value, q.low, q.high)}
        value = claim.value
        if value is not None and value.op != "category":
            assert {value.point, value.lo, value.hi} - {None} <= known
        assert all(claim.span.covers(span) for span in claim.support) or claim.kind in (
            "denial",
            "unconfirmed",
        )


@settings(max_examples=60, deadline=None)
@given(REPORTS)
def test_a_report_printed_twice_says_the_same(text: str) -> None:
    once = facts(claims(article(text)))
    assert facts(claims(article(f"{text}\n\n{text}"))) >= once
    numbered = [c for c in claims(article(f"{text}\n\n{text}")) if c.kind == "primary" and not c.chain]
    assert len(numbered) == len(
        {(c.subject, c.measure, c.scope, c.period, c.value, c.polarity) for c in numbered}
    )


@settings(max_examples=60, deadline=None)
@given(REPORTS)
def test_a_headline_adds_nothing(text: str) -> None:
    title = "Minister: 7,000 dead, 8,000 missing in Karl floods"
    body = claims(article(text, title=title))
    assert facts(claims(article(f"{title}\n\n{text}", title=title))) == facts(body)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300).map(clean))
def test_any_text_of_a_ledger_can_be_read(text: str) -> None:
    claims(article(text))


def test_a_long_text_without_a_full_stop_is_read() -> None:
    claims(article("12 people were killed in the valley and " * 2000))


def test_the_processor_conforms() -> None:
    texts = [
        "At least 40 people were killed, the agency said on Monday. The Brede dam is intact, it added.",
        "The toll rose to 58, up from 31.\n\nCorrection: an earlier version said 85.",
        "",
    ]
    samples = [article(text, url=f"https://harbour.example/{n}") for n, text in enumerate(texts)]
    check_processor(CLAIMS, samples, providers=PROVIDERS).require()
