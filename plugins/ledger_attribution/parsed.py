"""Attributions of one sentence from its parse: who is the subject of a verb that says, holds or judges, and of what.

The patterns of `find` read the same sentence from its words alone; `ledger_attribution.merge` joins the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.plugin import Span
from ledger_attribution.cues import CUES, Cue
from ledger_attribution.found import Found
from ledger_attribution.lexicon import word_list
from ledger_attribution.reader import Reader
from ledger_attribution.sources import agent_kind, kind_of
from ledger_attribution.words import Token
from ledger_syntax.tree import Parse

__all__ = ["may_report", "read"]

_MODALS = word_list("modals")
_NOUNS = word_list("nouns_of_speech")
_SPEAKS_OF = word_list("speaks_of")
_OF_WHAT = word_list("of_what")
_NOT_CLAIMED = word_list("not_claimed")
_REFUSALS = frozenset({"declined", "declines", "refused", "refuses"})
_RECIPIENTS = frozenset({"tell", "inform", "brief", "advise", "warn", "remind", "assure", "ask", "urge"})
_PRONOUNS = frozenset({"he", "she", "they", "it", "we", "i", "who", "that", "which"})
_AWAY = (",", ".", ";", ":", "-", "–", "—")


def may_report(tokens: Sequence[Token]) -> bool:
    """Whether the words hold a cue or open a clause, so that a parse is worth its time."""
    return any(token.low in CUES or token.low == "that" or token.low in _NOUNS for token in tokens)


def read(reader: Reader, parse: Parse) -> Iterator[Found]:
    """The attributions that the parse shows, in text order; none inside a quotation."""
    for i, word in enumerate(parse.words):
        if _quoted(reader, word.start):
            continue
        if word.low in _NOUNS and word.tag.startswith("NN"):
            noun = _noun(reader, parse, i)
            if noun is not None:
                yield noun
        if not word.tag.startswith("VB"):
            continue
        cue = CUES.get(word.low) or _unlisted(parse, i)
        summed = word.low.startswith("add") and i + 1 < len(parse.words) and parse.words[i + 1].low == "up"
        if cue is None or summed or parse.passive(i) or _withheld(parse, i):
            continue
        made = _verb(reader, parse, i, cue)
        if made is not None:
            yield made


def _quoted(reader: Reader, position: int) -> bool:
    return any(quote.start < position < quote.end for quote in reader.quotes)


def _unlisted(parse: Parse, i: int) -> Cue | None:
    """A verb that no list holds reports when it governs a finite clause: `the panel ruled that ...`."""
    word = parse.words[i]
    k = parse.child(i, "ccomp")
    if k is None or word.low in _NOT_CLAIMED or word.tag in {"VB", "VBN"}:
        return None
    marked = any(parse.words[m].low == "that" for m in parse.children(k, "mark"))
    return Cue(word.low, "say", "g" if word.tag == "VBG" else "f") if marked and k > i else None


def _withheld(parse: Parse, i: int) -> bool:
    """Whether the verb says that nothing is said: a modal, a negation, an imperative, what somebody declined to do."""
    word = parse.words[i]
    done = parse.child(i, "xcomp")
    if word.low in _REFUSALS and done is not None and parse.words[done].low in CUES:
        return True
    if parse.negated(i) or any(parse.words[k].low in _MODALS for k in parse.auxiliaries(i)):
        return True
    return word.tag == "VB" and not any(
        parse.words[k].low in {"do", "does", "did"} for k in parse.auxiliaries(i)
    )


def _verb(reader: Reader, parse: Parse, i: int, cue: Cue) -> Found | None:
    subject = parse.subject(i)
    if subject is None or abs(subject - i) > 60:
        return None
    words = _phrase(reader, parse, subject, i)
    if not words:
        return None
    relative = next((k for k, token in enumerate(words) if k and token.low in {"that", "which"}), len(words))
    if all(token.tag in {"DET", "N"} for token in words[relative + 1 :]) and relative < len(words) - 1:
        return None  # "four times the figure that the ministry admits"
    pronoun = parse.words[subject].low in _PRONOUNS
    content, direct = _content(reader, parse, i, cue)
    clause = parse.child(i, "ccomp") is not None
    if not (pronoun or clause or kind_of(words) or agent_kind(words)):
        return None
    if content is None or content.covers(Span(words[0].start, words[-1].end)):
        return None
    if cue.lemma == "recall" and not (direct or clause):
        return None  # "is recalling 310,000 cars"
    first = i
    while first and parse.words[first - 1].head == i and parse.words[first - 1].label.startswith("aux"):
        first -= 1
    span = Span(parse.words[first].start, parse.words[i].end)
    named: tuple[Token, ...] = ()
    if parse.words[subject].low in {"who", "which", "that"}:
        head = parse.words[i].head
        named = (
            tuple(t for t in _phrase(reader, parse, head, i) if t.end <= parse.words[subject].start)
            if head != i
            else ()
        )
        while named and named[-1].tag == ",":
            named = named[:-1]
        if not named:
            return None
    return Found(words, span, cue.lemma, cue.kind, content, direct, named=named)


def _noun(reader: Reader, parse: Parse, i: int) -> Found | None:
    """`the mayor's claim that ...`, `a warning by the agency that ...`: a noun of speech with its owner and its clause."""
    clause = parse.child(i, "acl", "ccomp")
    owner = parse.child(i, "nmod:poss")
    owner = owner if owner is not None else parse.obl(i, "by", "from", "of")
    if clause is None or owner is None or clause < i:
        return None
    if not any(parse.words[k].low in {"that", "to"} for k in parse.children(clause, "mark")):
        return None
    words = tuple(t for t in _phrase(reader, parse, owner, i) if t.tag not in {"POS", "P"})
    content, direct = _stretch(reader, parse, parse.subtree(clause))
    if content is None or not words or content.overlaps(Span(words[0].start, words[-1].end)):
        return None
    word = parse.words[i]
    return Found(words, Span(word.start, word.end), word.low, "say", content, direct)


def _phrase(reader: Reader, parse: Parse, head: int, verb: int) -> tuple[Token, ...]:
    """The words of a noun phrase with all that modifies it, on its side of the verb."""
    below = [k for k in parse.subtree(head) if (k < verb) == (head < verb)]
    low, high = _run(below, head)
    return _tokens(reader, parse.words[low].start, parse.words[high].end)


def _run(indexes: Sequence[int], around: int) -> tuple[int, int]:
    """The ends of the unbroken run of indexes that holds one of them."""
    known = set(indexes)
    low = high = around
    while low - 1 in known:
        low -= 1
    while high + 1 in known:
        high += 1
    return low, high


def _tokens(reader: Reader, start: int, end: int) -> tuple[Token, ...]:
    words = [token for token in reader.t if start <= token.start and token.end <= end]
    while words and words[-1].tag in {*_AWAY, '"', "'"}:
        words.pop()
    while words and words[0].tag in {*_AWAY, '"', "CC"}:
        words.pop(0)
    return tuple(words)


def _content(reader: Reader, parse: Parse, i: int, cue: Cue) -> tuple[Span | None, bool]:
    """What is said: the clause that the verb governs, the clause that the verb interrupts or follows, else its object."""
    word = parse.words[i]
    clause = parse.child(i, "ccomp", "csubj")
    if clause is None and word.label == "parataxis":
        outer = set(parse.subtree(word.head)) - set(parse.subtree(i))
        return _stretch(reader, parse, [k for k in outer if k < i] or sorted(outer))
    if clause is None:
        clause = next((k for k in parse.children(i, "parataxis") if _at_quote(reader, parse, k)), None)
    if clause is not None:
        return _stretch(reader, parse, parse.subtree(clause))
    inside = [
        k
        for label in ("obj", "xcomp", "obl", "advcl")
        for k in parse.children(i, label)
        if k > i
        and (label != "obl" or cue.kind != "say")
        and not (label == "obj" and cue.lemma in _RECIPIENTS)
    ]
    if not any(parse.words[k].label in {"obj", "xcomp"} for k in inside):
        about = parse.obl(i, *sorted(_OF_WHAT)) if cue.lemma in _SPEAKS_OF else None
        return (
            _stretch(reader, parse, parse.subtree(about))
            if about is not None and about > i
            else (None, False)
        )
    return _stretch(reader, parse, [n for k in inside for n in parse.subtree(k)])


def _at_quote(reader: Reader, parse: Parse, k: int) -> bool:
    return any(q.start <= parse.words[k].start < q.end for q in reader.quotes)


def _stretch(reader: Reader, parse: Parse, indexes: Sequence[int]) -> tuple[Span | None, bool]:
    """From the first to the last of the words; a quotation among them counts whole."""
    if not indexes:
        return None, False
    low, high = min(indexes), max(indexes)
    start, end = parse.words[low].start, parse.words[high].end
    text = reader.text
    while start < end and text[start] in " ,;:.—–-\n":
        start += 1
    while end > start and text[end - 1] in " ,;:.—–-\n":
        end -= 1
    direct = False
    for quote in reader.quotes:
        if quote.start <= start + 1 and end <= quote.end + 1:
            start, end, direct = quote.start, min(quote.end, max(end + 2, quote.end)), True
    return (Span(start, end), direct) if end - start > 1 else (None, False)
