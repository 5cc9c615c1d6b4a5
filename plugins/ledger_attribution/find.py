"""Attributions of one sentence: cue, source, content and relays, from token patterns.

Four shapes: `SOURCE cue CONTENT`, `CONTENT, SOURCE cue`, `"CONTENT," cue SOURCE`, and `according to SOURCE`; a participle
(`adding that ...`) takes the source of the cue before it, and `citing X` names the origin behind a source.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.plugin import Span
from ledger_attribution.cues import AMBIGUOUS, CUES, FIGURE_CUES, TAKES_RECIPIENT, Cue
from ledger_attribution.found import Found
from ledger_attribution.lexicon import word_list
from ledger_attribution.reader import Reader, has_verb, is_number
from ledger_attribution.sources import DOCUMENT_WORDS, agent_kind, kind_of, noun_phrase_after
from ledger_attribution.words import Token

__all__ = ["UNCONFIRMED", "find"]

UNCONFIRMED = "not confirm"
_PLAIN = frozenset({"say", "tell", "add", "warn"})
_NOUNS_TOO = frozenset({"state", "states", "tweet", "post", "posts", "rules", "report"})
_MEANS = frozenset({"phone", "telephone", "email", "text", "radio", "video", "satellite"})
_SIGNATURE = 12
_COUNTS = frozenset(
    {
        "count",
        "tally",
        "estimate",
        "reckoning",
        "calculation",
        "calculations",
        "figures",
        "account",
        "records",
    }
)
_LEARNT = frozenset({"learn", "hear"})

_BE = word_list("be")
_REFUSING = word_list("refusing")
_PARTS_OF_DAY = frozenset({"morning", "afternoon", "evening", "night"})


_CLOSING = frozenset(
    [
        "as",
        "and",
        "late",
        "early",
        "earlier",
        "later",
        "today",
        "yesterday",
        "overnight",
        "again",
        "separately",
    ]
)
"""Words behind a cue with which no content begins: `..., the commission said late on Sunday`."""


def _span(tokens: Sequence[Token]) -> Span:
    return Span(tokens[0].start, tokens[-1].end)


def _content(reader: Reader, begin: int, end: int) -> Span | None:
    while begin < end and reader.text[begin] in " ,;:—–-\n":
        begin += 1
    while end > begin and reader.text[end - 1] in " ,;:—–-\n":
        end -= 1
    return Span(begin, end) if end - begin > 1 else None


def _to_left(reader: Reader, i: int) -> tuple[Span | None, bool]:
    """The content that ends before index `i`: from an opening quotation mark, else from the clause's beginning."""
    position = reader.t[i].start
    before = [q for q in reader.quotes if q.end <= position and position - q.end <= 3]
    begin = reader.clause_left(i)
    if before:
        quote = before[-1]
        whole = quote.start <= begin or not reader.text[begin : quote.start].strip(" ,")
        return _content(reader, min(quote.start, begin) if whole else begin, position), whole
    return _content(reader, begin, position), False


def _reporting(reader: Reader, i: int, cue: Cue, earlier: Sequence[Found]) -> Found | None:
    """The attribution of the cue verb at `i`."""
    t = reader.t
    if cue.lemma == "add" and i + 1 < len(t) and t[i + 1].low == "up":
        return None
    first = reader.over(reader.verb_start(i))
    before = t[first - 1] if first else None
    if before is not None and (
        before.low in _REFUSING or any(t[k].low in _REFUSING for k in range(first, i))
    ):
        return _unconfirmed(reader, i) if cue.lemma in {"confirm", "verify"} else None
    if before is not None and before.low in _BE and cue.form != "g":
        return None
    by = i + 2 < len(t) and t[i + 1].low == "by" and t[i + 2].low not in _MEANS
    if by:  # "mayors briefed by the coast guard"
        return None
    if _qualifies(reader, first, i):
        return None
    if (
        before is not None
        and t[i].low in AMBIGUOUS
        and (before.tag in {"DET", "POS", "P"} or is_number(before))
    ):
        return None
    if (
        t[i].low in AMBIGUOUS
        and i + 1 < len(t)
        and (CUES.get(t[i + 1].low) is not None or t[i + 1].tag == "AUX")
    ):
        return None
    k, relays = reader.after(i, cue.lemma)
    following = t[k] if k < len(t) else None
    direct = following is not None and (
        following.tag in {'"', ":"} or (following.tag == "," and k + 1 < len(t) and t[k + 1].tag == '"')
    )
    opens = direct or (following is not None and following.low == "that")
    if t[i].low in _NOUNS_TOO and not opens:
        return None
    if cue.lemma == "continue" and not (following is not None and t[i + 1].tag in {'"', ",", "."}):
        return None
    if (
        t[i].low in AMBIGUOUS
        and not opens
        and following is not None
        and following.tag not in {"DET", "PRON", "NUM", ",", ".", "N"}
    ):
        return None
    cue_span = Span(t[reader.verb_start(i)].start, t[i].end)
    right = _content(reader, following.start, reader.clause_right(k)) if following is not None else None
    if cue.lemma in _LEARNT and i + 1 < len(t) and t[i + 1].low == "from":
        return _learnt(reader, first, i, cue, cue_span)
    if before is not None and before.low in {"who", "which"} and before.tag != "N":
        return (
            _relative(reader, first, Found((before,), cue_span, cue.lemma, cue.kind, right, direct, relays))
            if right
            else None
        )

    if before is not None and before.tag in {",", '"'}:
        aside = reader.apposition(first - 1) if before.tag == "," else None
        if aside is not None:
            words = reader.trimmed(aside[0], aside[1])
            if right is not None and (opens or following is None or following.tag not in {".", ","}):
                return Found(words, cue_span, cue.lemma, cue.kind, right, direct, relays)
            content, quoted = _to_left(reader, aside[0])
            return Found(words, cue_span, cue.lemma, cue.kind, content, quoted, relays) if content else None
        stop = noun_phrase_after(t, i + 1)
        words = tuple(t[i + 1 : stop])
        if (
            words
            and kind_of(words)
            and (
                before.tag == '"'
                or stop >= len(t) - 1
                or t[stop].tag in {",", "."}
                or _quote_before(reader, first)
            )
        ):
            content, quoted = _to_left(reader, first)
            return Found(words, cue_span, cue.lemma, cue.kind, content, quoted) if content else None
        return (
            _far(reader, first, Found((), cue_span, cue.lemma, cue.kind, right, direct, relays))
            if right
            else None
        )

    begin, boundary = reader.left(first)
    words = reader.trimmed(begin, first)
    if not words and before is not None and before.tag == "CC" and right is not None:
        words = earlier[-1].words if earlier else reader.subject(first - 1)
        return Found(words, cue_span, cue.lemma, cue.kind, right, direct, relays) if words else None
    speaks = bool(words) and (kind_of(words) or (cue.lemma in _PLAIN and _can_say(words)))
    if not speaks:
        return None
    if boundary > 0 and t[boundary].tag == "," and t[boundary - 1].tag == "CC" and following is not None:
        begin = following.end if following.tag == "," else following.start
        content = _content(reader, begin, reader.end)  # "for oil and, they suspect, for help"
        return Found(words, cue_span, cue.lemma, cue.kind, content, direct, relays) if content else None
    marked = boundary >= 0 and t[boundary].tag in {",", '"', "-"}
    closed = (
        following is None
        or following.tag in {".", ",", "SUB", "P", "-", ";"}
        or following.low in _CLOSING
        or following.low.endswith("ing")
    )
    if marked and not opens and closed:
        content, quoted = _to_left(reader, boundary + 1)
        if content is not None and content.end - content.start > 3:
            if not quoted and _goes_on(reader, k):
                content = Span(content.start, reader.end)
            return Found(words, cue_span, cue.lemma, cue.kind, content, quoted, relays)
    if right is None or following is None or following.tag in {".", ";"}:
        return None
    intends = following.low == "to" and cue.lemma in {"agree", "promise", "pledge", "vow", "decide"}
    if following.tag == "P" and not (opens or intends or reader.opens_number(k)):
        return None
    return Found(words, cue_span, cue.lemma, cue.kind, right, direct, relays)


def _qualifies(reader: Reader, first: int, i: int) -> bool:
    """Whether the word is an adjective: `and suspected cases`, `three alleged smugglers`."""
    t = reader.t
    if (
        t[i].low not in {"suspected", "alleged", "feared"}
        or i + 1 >= len(t)
        or t[i + 1].tag != "N"
        or first != i
    ):
        return False
    return i == 0 or t[i - 1].tag in {"CC", "DET", "P", "POS", "ADV", "AUX", ","} or is_number(t[i - 1])


def _goes_on(reader: Reader, k: int) -> bool:
    """Whether the content goes on after its source: `..., the office said, and 30 are missing`."""
    t = reader.t
    if k + 2 >= len(t) or t[k].tag != ",":
        return False
    joins = t[k + 1].low in {"and", "but", "with", "while"}
    others = (CUES.get(token.low) or FIGURE_CUES.get(token.low) for token in t[k + 2 :])
    return joins and not any(cue is not None and cue.form != "b" for cue in others)


def _can_say(words: Sequence[Token]) -> bool:
    """Whether a phrase of which no list says that it can speak is the subject of `say`: `the sign`, `21 percent`."""
    nominal = words[0].tag in {"DET", "NUM"} and all(t.tag in {"DET", "N", "NUM", "POS"} for t in words)
    return bool(agent_kind(words)) or (nominal and words[-1].tag == "N")


def _far(reader: Reader, first: int, found: Found) -> Found | None:
    """`NAME, 63, a voter who ..., said ...`: the subject of the sentence, when only asides stand before the verb."""
    t = reader.t
    if (
        found.lemma not in _PLAIN
        or t[first].capital
        or any(t[k].tag in {";", '"', ":"} for k in range(first - 1))
    ):
        return None
    words = reader.subject(first - 1)
    if not words:
        return None
    after = next(t[k + 1] for k in range(first) if t[k].end == words[-1].end)
    return found._replace(words=words) if after.tag in {",", "-"} else None


def _relative(reader: Reader, first: int, found: Found) -> Found:
    """`NAME, who said ...`: the pronoun is the source, and what it stands for is named."""
    end = first - 1
    while end > 0 and reader.t[end - 1].tag == ",":
        end -= 1
    begin, _ = reader.left(end)
    return found._replace(named=reader.trimmed(begin, end))


def _learnt(reader: Reader, first: int, i: int, cue: Cue, span: Span) -> Found | None:
    """`Radio Nine has learned from two officials that ...`: the officials say it, to the radio."""
    t = reader.t
    stop = noun_phrase_after(t, i + 2)
    begin, _ = reader.left(first)
    words, told = tuple(t[i + 2 : stop]), reader.trimmed(begin, first)
    content = _content(reader, t[stop].start, reader.end) if words and stop < len(t) else None
    if content is None or not told:
        return None
    return Found(words, span, cue.lemma, cue.kind, content, direct=False, relays=(told,))


def _briefing(reader: Reader, i: int) -> tuple[tuple[Token, ...], ...]:
    """`... said after a briefing by the agency`: who is behind a source that speaks at `i`."""
    t = reader.t
    for k in range(i + 1, min(i + 16, len(t) - 1)):
        if t[k].low in {"briefing", "briefed"} and t[k + 1].low in {"by", "from"} and not reader.quoted(k):
            words = tuple(t[k + 2 : noun_phrase_after(t, k + 2)])
            return (words,) if words and kind_of(words) else ()
    return ()


def _unconfirmed(reader: Reader, i: int) -> Found | None:
    """`the ministry could not confirm the figure`: no statement of the content, and no denial of it."""
    t = reader.t
    first = i
    while first > 0 and (
        t[first - 1].tag in {"AUX", "ADV"}
        or t[first - 1].low in {"unable", "immediately", "able", "to", "yet"}
    ):
        first -= 1
    group = {t[k].low for k in range(first, i)}
    if not (group & {"not", "cannot", "unable", "yet"} or any(low.endswith("n't") for low in group)):
        return None
    begin, _ = reader.left(first)
    words = reader.trimmed(begin, first)
    content = _content(reader, t[i + 1].start, reader.end) if i + 1 < len(t) else None
    if not words or not kind_of(words) or content is None:
        return None
    return Found(words, Span(t[first].start, t[i].end), UNCONFIRMED, "say", content, direct=False)


def _quote_before(reader: Reader, i: int) -> bool:
    position = reader.t[i].start
    return any(0 <= position - q.end <= 3 for q in reader.quotes)


def _according(reader: Reader, i: int) -> Found | None:
    t = reader.t
    stop = noun_phrase_after(t, i + 2)
    words = tuple(t[i + 2 : stop])
    if not words:
        return None
    if words[-1].low in DOCUMENT_WORDS and stop + 1 < len(t) and t[stop].low in {"in", "by", "from"}:
        owner = noun_phrase_after(t, stop + 1)  # "a report in the Gazette": who published it speaks
        if kind_of(t[stop + 1 : owner]):
            words, stop = tuple(t[stop + 1 : owner]), owner
    cue = Span(t[i].start, t[i + 1].end)
    relays: tuple[tuple[Token, ...], ...] = ()
    if stop + 2 < len(t) and t[stop].low in {"cited", "quoted"} and t[stop + 1].low == "by":
        begin, stop = stop + 2, noun_phrase_after(t, stop + 2)
        relays = (tuple(t[begin:stop]),) if stop > begin else ()
    if i == 0 or (i == 1 and t[0].tag in {"CC", '"', "ADV"}):
        k = stop
        while k < len(t) and t[k].tag not in {",", ":", '"'}:
            k += 1
        begin = k + 1 if k < len(t) - 1 else stop
        content = _content(reader, t[begin].start, reader.end) if begin < len(t) else None
    else:
        content, _ = _to_left(reader, i)
    return (
        Found(words, cue, "according to", "cite", content, direct=False, relays=relays) if content else None
    )


def _counted_by(reader: Reader, i: int) -> Found | None:
    """`..., by the town hall's count`, `by the reckoning of the mission`, `By the Herald's own tally 141 had landed`."""
    t = reader.t
    owner = _owner_of_count(reader, i)
    if owner is None:
        return None
    words, at = owner
    cue = Span(t[i].start, t[at].end)
    if i > 1:
        content, _ = _to_left(reader, i)
    else:
        begin = at + 2 if at + 1 < len(t) and t[at + 1].tag == "," else at + 1
        content = _content(reader, t[begin].start, reader.end) if begin < len(t) else None
    return Found(words, cue, "according to", "cite", content, direct=False) if content else None


def _owner_of_count(reader: Reader, i: int) -> tuple[tuple[Token, ...], int] | None:
    """Whose count a phrase with `by` at `i` names, and the index at which the phrase ends."""
    t = reader.t
    k = i + 1
    while k < len(t) and t[k].tag in {"DET", "N"}:
        k += 1
    if k == i + 1 or k + 1 >= len(t):
        return None
    if t[k].tag == "POS":
        at = k + 2 if t[k + 1].low == "own" and k + 2 < len(t) else k + 1
        return (tuple(t[i + 1 : k]), at) if t[at].low in _COUNTS else None
    if t[k].low == "of" and t[k - 1].low in _COUNTS:
        stop = noun_phrase_after(t, k + 1)
        return (tuple(t[k + 1 : stop]), stop - 1) if stop > k + 1 else None
    return None


def _figure(reader: Reader, i: int, cue: Cue) -> Found | None:
    """`SOURCE put the toll at 40`, `the ministry registered 300 dead`: a source that gives a figure."""
    t = reader.t
    first = reader.verb_start(i)
    if (
        t[i].low in AMBIGUOUS
        and i + 1 < len(t)
        and (CUES.get(t[i + 1].low) is not None or t[i + 1].tag == "AUX")
    ):
        return None
    if first == 0 or t[first - 1].low in _BE | _REFUSING or t[first - 1].tag in {"DET", "POS", "P"}:
        return None
    if cue.lemma in {"speak", "talk"} and (i + 1 >= len(t) or t[i + 1].low != "of"):
        return None
    begin, _ = reader.left(first)
    words = reader.trimmed(begin, first)
    aside = reader.apposition(first - 1) if t[first - 1].tag == "," else None
    if aside is not None:
        words = reader.trimmed(aside[0], aside[1])
    if cue.lemma == "add" or (words and words[0].tag == "P"):
        return None
    kind = kind_of(words) if words else ""
    if not kind or (kind == "person" and cue.lemma in {"cut", "list", "place", "increase"}):
        return None
    rest = [token for token in t[i + 1 :] if token.tag != "'"]
    if not any(is_number(token) for token in rest):
        return None
    content = _content(reader, t[i + 1].start, _before_day(reader, i)) if i + 1 < len(t) else None
    return (
        Found(words, Span(t[first].start, t[i].end), cue.lemma, cue.kind, content, direct=False)
        if content
        else None
    )


def _before_day(reader: Reader, i: int) -> int:
    """Where the content of a figure given at `i` ends: before `on Monday` after it, which says when it was given."""
    t = reader.t
    for k in range(i + 2, len(t) - 1):
        if t[k].low == "on" and t[k + 1].low.endswith("day") and t[k + 1].capital:
            rest = t[k + 2 :] if k + 2 >= len(t) or t[k + 2].low not in _PARTS_OF_DAY else t[k + 3 :]
            return t[k].start if not rest or rest[0].tag == "." else reader.end
    return reader.end


def _participle(reader: Reader, i: int, cue: Cue, earlier: Sequence[Found]) -> Found | None:
    """`..., adding that ...`: the source of the cue before it, else the subject of the sentence."""
    t = reader.t
    previous = t[i - 1] if i else None
    if (
        previous is None
        or previous.tag not in {",", "N", "-", '"', "ADV", "CC"}
        or (previous.tag == "N" and (not earlier or earlier[-1].cue_class == "cite"))
    ):
        return None
    if cue.lemma in TAKES_RECIPIENT | {"say"}:
        k, relays = reader.after(i, cue.lemma)
    else:
        k, relays = i + 1, ()
    content = _content(reader, t[k].start, reader.end) if k < len(t) else None
    if content is None:
        return None
    words = earlier[-1].words if earlier else reader.subject(i)
    if not words:
        return None
    return Found(
        words, Span(t[i].start, t[i].end), cue.lemma, cue.kind, content, direct=t[k].tag == '"', relays=relays
    )


def _citing(reader: Reader, found: list[Found]) -> list[Found]:
    """Attach `citing X`, `quoting X` and `briefed by X` to the source that cites, or make X the source."""
    t = reader.t
    for i, token in enumerate(t):
        told = (
            token.low in {"cited", "quoted", "cites", "quotes"} and i > 1 and t[i - 1].low in {"which", "who"}
        )
        if not (told or token.low in {"citing", "quoting"}) or reader.quoted(i):
            continue
        stop = noun_phrase_after(t, i + 1)
        words = tuple(t[i + 1 : stop])
        if not words or is_number(words[0]):
            continue
        hosts = [k for k, f in enumerate(found) if f.cue_class != "cite" or f.lemma == "according to"]
        if hosts:
            k = hosts[-1]
            found[k] = found[k]._replace(origins=(*found[k].origins, words))
        else:
            content, _ = _to_left(reader, i)
            if content is not None:
                found.append(Found(words, _span([token]), token.low, "cite", content, direct=False))
    return found


def find(text: str, tokens: Sequence[Token], quotes: Sequence[Span]) -> list[Found]:
    """The attributions that the sentence of `tokens` makes in its own words (none inside a quotation), in text order."""
    if not tokens:
        return []
    reader = Reader(text, tokens, quotes)
    found: list[Found] = []
    for i, token in enumerate(tokens):
        if token.low == "by" and not reader.quoted(i) and (counted := _counted_by(reader, i)) is not None:
            found.append(counted)
        if token.tag != "N" or reader.quoted(i) or (token.capital and i > 0):
            continue
        made: Found | None = None
        if token.low == "according" and i + 1 < len(tokens) and tokens[i + 1].low == "to":
            made = _according(reader, i)
        cue = CUES.get(token.low)
        if made is None and cue is not None and cue.lemma in {"cite", "quote"}:
            made = _cited(reader, i) if cue.form == "f" else None
        elif made is None and cue is not None and cue.form == "g":
            made = _participle(reader, i, cue, found)
        elif made is None and cue is not None and (cue.kind != "judge" or cue.form == "f"):
            made = _reporting(reader, i, cue, found)
        if made is None and token.low in FIGURE_CUES and FIGURE_CUES[token.low].form != "g":
            made = _figure(reader, i, FIGURE_CUES[token.low])
        if made is not None:
            made = made if made.origins else made._replace(origins=_briefing(reader, i))
            if found and found[-1].words == made.words and found[-1].content.covers(made.cue):
                found[-1] = _cut(reader, found[-1], made.cue.start)
            found.append(made)
    if not found and (signed := _signed(reader)) is not None:
        return [signed]
    return _citing(reader, [_apart(reader, one, found) for one in found])


def _signed(reader: Reader) -> Found | None:
    """`"..." — Ida Roth, teacher`: a quotation with its speaker after a dash."""
    t = reader.t
    for i in range(max(0, len(t) - _SIGNATURE), len(t) - 1):
        quote = next((q for q in reader.quotes if 0 <= t[i].start - q.end <= 2), None)
        if t[i].tag == "-" and quote is not None:
            words = tuple(t[i + 1 : noun_phrase_after(t, i + 1)])
            named = len(words) > 1 and all(token.capital for token in words if token.tag == "N")
            if named and kind_of(words) in {"person", "role"} and not has_verb(t, i + 1, len(t)):
                return Found(words, _span([t[i]]), "say", "say", quote, direct=True)
    return None


def _apart(reader: Reader, found: Found, others: Sequence[Found]) -> Found:
    """End a content before the source that reports it as a whole: `doctors counted 40 dead, the ministry said`."""
    for other in others:
        begin = min(other.cue.start, other.words[0].start)
        if (
            found.content.start < begin < found.content.end
            and other.content.start < found.cue.start
            and other.content.end <= begin
        ):
            content = _content(reader, found.content.start, begin)
            return found._replace(content=content) if content is not None else found
    return found


def _cut(reader: Reader, found: Found, position: int) -> Found:
    """End a content before the conjunction that joins the next cue of the same source to it."""
    joined = [t for t in reader.t if found.content.start < t.start < position]
    if not joined or joined[-1].tag != "CC":
        return found
    content = _content(reader, found.content.start, joined[-1].start)
    return found._replace(content=content) if content is not None else found


def _cited(reader: Reader, i: int) -> Found | None:
    """`the Times cited officials noting that ...`: the citing source relays, the cited one is the origin."""
    t = reader.t
    first = reader.verb_start(i)
    begin, _ = reader.left(first)
    words = reader.trimmed(begin, first)
    stop = noun_phrase_after(t, i + 1)
    cited = tuple(t[i + 1 : stop])
    if not words or not cited or not kind_of(words) or not kind_of(cited):
        return None
    k = stop
    while k < len(t) and (t[k].low in {"that", "as"} or (t[k].low in CUES and CUES[t[k].low].form == "g")):
        k += 1
    content = _content(reader, t[k].start, reader.end) if k < len(t) else None
    return (
        Found(
            words, Span(t[first].start, t[i].end), t[i].low, "cite", content, direct=False, origins=(cited,)
        )
        if content
        else None
    )
