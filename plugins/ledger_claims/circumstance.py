"""Where, when and how surely: scope, period, date of the statement, modality and kind of a claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from ledger.plugin import Attribution, Entity, Link, Modality, Span, TimeSpan
from ledger_claims.clauses import Token, clause_of
from ledger_claims.lexicon import word_list

__all__ = [
    "SETTLEMENTS",
    "chain_of",
    "is_hearsay",
    "known_place",
    "level_of",
    "period_of",
    "said_on",
    "scope_of",
    "stance",
]

_PLACE_PREPOSITIONS = word_list("place_prepositions")
_LANDSCAPE = word_list("landscape")
_PLACES = frozenset(["LOC", "GPE", "FAC"])
_POSSESSIVE = frozenset(["her", "his", "their", "its", "our", "my"])
SETTLEMENTS = frozenset(["city", "town", "village", "capital", "island", "port"])
_THEM = frozenset(["them", "whom", "those", "these"])
_LEVELS = ("asserted", "probable", "possible", "predicted")
_HEARSAY = re.compile(r"\b(?:reports|rumou?rs|media|accounts|social media|posts)$", re.IGNORECASE)
_GIVEN = frozenset(["put", "puts", "raised", "lowered", "revised", "cut", "updated"])
_PARTING = word_list("parting")
_MODALS = frozenset(["may", "might", "could", "will", "would", "won't"])
_INTENDING = frozenset(
    [
        "plan",
        "plans",
        "planning",
        "planned",
        "intends",
        "intend",
        "aims",
        "aim",
        "hopes",
        "hope",
        "vowed",
        "vows",
        "promised",
        "pledged",
        "set",
        "due",
    ]
)
_WINDOW = re.compile(
    r"\b(?:alone|overnight|past|last|this|single|previous|preceding|24 hours|48 hours|a day|per day|a week|per week|daily|weekly)\b",
    re.IGNORECASE,
)


def chain_of(span: Span, attributions: Sequence[Attribution]) -> tuple[Link, ...]:
    """The links of every attribution whose content covers `span`, outermost first, each actor once in a row."""
    covering = sorted(
        (a for a in attributions if a.span.covers(span) and a.chain[-1].cue_class != "judge"),
        key=lambda a: (-(a.span.end - a.span.start), a.span.start),
    )
    links: list[Link] = []
    for attribution in covering:
        if links and links[-1].kind != "outlet" and _anonymous(attribution):
            continue
        for link in attribution.chain:
            if all(link.actor.lower() != known.actor.lower() for known in links):
                links.append(link)
    return tuple(links)


def _anonymous(attribution: Attribution) -> bool:
    """Whether it only says by whose hands somebody else counted: `inspectors found ..., the ministry said`."""
    link = attribution.chain[-1]
    return (
        link.cue_class in {"show", "estimate"}
        and link.kind in {"group", "role"}
        and link.surface[1:].islower()
    )


def is_hearsay(chain: Sequence[Link]) -> bool:
    """Whether the origin is nobody in particular: `reports`, `rumours`, `the media`."""
    return bool(chain) and bool(_HEARSAY.search(chain[-1].actor)) and chain[-1].kind == "unnamed"


def level_of(spans: Sequence[Span], modalities: Sequence[Modality]) -> str:
    """The weakest level that a modality annotation puts on one of the spans."""
    level = "asserted"
    for modality in modalities:
        if any(modality.span.covers(span) for span in spans):
            name = "possible" if modality.level == "doubtful" else modality.level
            if name in _LEVELS and _LEVELS.index(name) > _LEVELS.index(level):
                level = name
    return level


def stance(tokens: Sequence[Token], index: int, trigger: int, level: str) -> tuple[str, str] | None:
    """Modality and kind (primary or forecast) of a figure; None when it is only a hypothesis."""
    if trigger > 1 and tokens[trigger - 1].low == "to" and tokens[trigger - 2].low in _INTENDING:
        return "predicted", "forecast"
    begin, end = clause_of(tokens, trigger)
    first, last = clause_of(tokens, index)
    group = [
        k
        for k in sorted({*range(begin, end), *range(first, last)})
        if tokens[k].low in _MODALS and tokens[k].tag == "AUX"
    ]
    if not group:
        return (level, "forecast" if level == "predicted" else "primary")
    group = [
        k
        for k in group
        if not _other_predicate(tokens, trigger, k) and not _describes(tokens, trigger, k, index)
    ]
    if not group:
        return (level if level != "predicted" else "asserted"), "primary"
    if any(t.low in {"if", "unless"} for t in tokens) or all(
        tokens[k].low in {"would", "wouldn't"} for k in group
    ):
        return None
    k = group[0] + 1
    while k < len(tokens) and tokens[k].tag == "ADV":
        k += 1
    following = tokens[k].low if k < len(tokens) else ""
    if tokens[group[0]].low in {"will", "won't"} or following not in {"have", "be"}:
        return "predicted", "forecast"
    return (level if level != "asserted" else "possible"), "primary"


def is_rate(tokens: Sequence[Token], index: int, trigger: int) -> bool:
    """Whether a number is one of each year or day, or a capacity: `kills 4,000 people a year`, `can carry 600`."""
    begin, end = _around(tokens, index, trigger)
    if any(tokens[k].low == "can" for k in range(max(begin, trigger - 2), trigger)):
        return True
    for k in range(max(begin, index) + 1, end):
        low = tokens[k].low
        if low in _ANNUAL:
            return True
        if tokens[k].tag in {"Q", ","}:
            return False
        following = [t.low for t in tokens[k + 1 : k + 3]]
        each = low in {"every", "each", "per"} or (low == "a" and tokens[k - 1].tag == "N")
        if each and following[:1] and following[0] in _UNITS_OF_TIME and following[-1] not in _AWAY:
            return tokens[k - 1].tag != "P"
    return False


_ANNUAL = frozenset(["annually", "yearly"])
_AWAY = frozenset(["ago", "earlier", "later", "before", "after", "on"])
_UNITS_OF_TIME = frozenset(["day", "week", "month", "year", "hour", "season", "night"])


def year_of_relative(tokens: Sequence[Token], begin: int, published: date) -> str:
    """The past year of what a relative clause tells of: `a 2009 fire that killed 173`, `an accident in 2024 in which six died`."""
    if tokens[begin].low not in {"when", "that", "which", "where", "who"}:
        return ""
    for token in reversed(tokens[max(0, begin - 8) : begin]):
        if token.tag in {";", ":", '"'}:
            break
        if _YEAR.fullmatch(token.text) and int(token.text) < published.year:
            return token.text
    return ""


_YEAR = re.compile(r"(?:1[4-9]|20)\d\d")


def _describes(tokens: Sequence[Token], trigger: int, modal: int, index: int) -> bool:
    """Whether a modal only says what is counted: `the number of houses that will be rebuilt has risen to 40`."""
    low = min(trigger, index)
    relative = any(
        tokens[k].low in {"which", "that", "who"} for k in range(max(0, low if trigger < index else 0), modal)
    )
    return relative and modal < index and any(t.low in _COUNTS for t in tokens[:modal])


_COUNTS = frozenset(["number", "total", "count"])


def _other_predicate(tokens: Sequence[Token], trigger: int, modal: int) -> bool:
    """Whether a modal belongs to a further predicate: `is cutting 2,400 jobs and will close the plant`."""
    return trigger < modal and any(t.tag == "CC" for t in tokens[modal - 1 : modal])


def said_on(
    text: str, attributions: Sequence[Attribution], span: Span, times: Sequence[TimeSpan], sentence: Span
) -> str:
    """The ISO date at which the source of `span` spoke, when a time stands beside the cue and outside the content."""
    covering = [a for a in attributions if a.span.covers(span) and a.cue is not None]
    for attribution in sorted(covering, key=lambda a: a.span.end - a.span.start, reverse=True):
        for time in times:
            if not sentence.covers(time.span) or not time.start or time.kind not in {"instant", "interval"}:
                continue
            if time.precision not in {"day", "hour", "minute"}:
                continue
            if attribution.span.overlaps(time.span) and not _of_figure(text, attribution, time):
                continue
            gap = max(time.span.start - attribution.source.end, attribution.source.start - time.span.end)
            cue_end = attribution.cue.end if attribution.cue is not None else time.span.end
            after_cue = 0 <= time.span.start - cue_end <= 48 and "," not in text[cue_end : time.span.start]
            if (0 <= gap <= 12 and not _parted(text, attribution, time, sentence)) or after_cue:
                return time.start[:10]
    return ""


def _parted(text: str, attribution: Attribution, time: TimeSpan, sentence: Span) -> bool:
    """Whether a mark parts a time from the source after it, unless the time opens the sentence: `..., cut off on Monday, X said`."""
    between = text[time.span.end : attribution.source.start]
    return ("," in between or ";" in between) and time.span.start - sentence.start > len("early on ")


def _of_figure(text: str, attribution: Attribution, time: TimeSpan) -> bool:
    """Whether the day inside a content is that on which the figure was given: `put the toll at 47 on Friday`."""
    lead = text[max(0, time.span.start - 4) : time.span.start].lower()
    return attribution.chain[-1].cue.rsplit(" ", 1)[-1] in _GIVEN and lead.endswith(" on ")


_ROLLING = re.compile(
    r"\b(?:the |a )?(?:past|previous|preceding) (day|week|month|24 hours|48 hours)\b", re.IGNORECASE
)


def _window_to(text: str, times: Sequence[TimeSpan], clause: Span, figure: Span) -> str:
    """The dates of `in the seven days to 9 February` and `in the week ending on Sunday` in a clause; empty when there is none."""
    for time in times:
        if time.kind != "instant" or not time.start or not clause.covers(time.span):
            continue
        match = _TO_DAY.search(text, max(clause.start, time.span.start - 48), time.span.start)
        if match is None or figure.overlaps(Span(match.start(), time.span.end)):
            continue
        count, unit = (match[1] or "the").lower(), match[2].lower().rstrip("s")
        number = max(1, _SMALL.index(count)) if count in _SMALL else int(count) if count.isdigit() else 1
        days = -(-number // 24) if unit == "hour" else number * _ROLLED[unit]
        return _until(date.fromisoformat(time.start[:10]), days)
    return ""


_SMALL = ("the", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TO_DAY = re.compile(
    r"\b(?:in|during|over|within|for) (?:the )?(?:last |past |first )?(the|\w+)? ?\b(day|week|month|hour)s?(?: to| ending| ended| until| through| up to)(?: on)? $",
    re.IGNORECASE,
)
_FRONTED = re.compile(r"\W*(?:(?:in|back in|during|on|earlier|only|just)\s+)?", re.IGNORECASE)
_BY_THEN = re.compile(r"\bby (?:the (?:end|middle|start|beginning) of )?$", re.IGNORECASE)
_ROLLED = {"day": 1, "24 hours": 1, "48 hours": 2, "week": 7, "month": 30}


def period_of(
    text: str, times: Sequence[TimeSpan], sentence: Span, clause: Span, figure: Span, published: date | None
) -> str:
    """The period that a count refers to: `cumulative` unless the clause names a bounded window, a month or a past year.

    A time that stands nearer to another number than to `figure` is left to that one, unless it opens the sentence: "In 1997, ..."
    speaks of all that follows. What had happened `by` a time is cumulative. A window without dates ("in one week") ends on
    the publication day.
    """
    if published is not None and (event := _PAST_EVENT.search(text, clause.start, clause.end)):
        return _last(event[1].lower(), published)
    if window := _window_to(text, times, clause, figure):
        return window
    for time in times:
        fronted = _FRONTED.fullmatch(text, sentence.start, time.span.start) is not None
        if not (fronted or clause.covers(time.span)):
            continue
        if not fronted and _DIGITS.search(_between(text, figure, time.span)):
            continue
        words = text[time.span.start : min(time.span.end + 8, clause.end)]
        lead = text[max(0, time.span.start - 8) : time.span.start].lower()
        if lead.endswith(("by ", "of ")) and _BY_THEN.search(text, clause.start, time.span.start):
            continue
        rolling = _ROLLING.match(text, max(time.span.start - 5, clause.start)) or _ROLLING.match(
            text, time.span.start
        )
        if rolling is not None and published is not None:
            return _until(published, _ROLLED[rolling.group(1).lower()])
        if (
            time.kind == "interval"
            and lead.endswith(("between ", "from "))
            and time.precision == "day"
            and time.end
        ):
            return f"{time.start[:10]}/{time.end[:10]}"
        year = time.start[:4]
        past = published is not None and year.isdigit() and int(year) < published.year
        if past and (year in words or "ago" in words or "last year" in words.lower()):
            return (
                year
                if time.precision == "year" or "ago" in words or "last" in words.lower()
                else time.start[:10]
            )
        if past or re.search(r"\b(?:ago|earlier|before)\b", words):
            continue
        if time.precision == "month" and lead.endswith("in ") and time.start:
            return time.start[:7]
        if time.start and time.kind in {"interval", "instant"} and _WINDOW.search(words):
            start, end = time.start[:10], (time.end or time.start)[:10]
            return start if start == end else f"{start}/{end}"
        alone = " alone" in text[clause.start : clause.end]
        if (
            published is not None
            and time.duration
            and not time.start
            and (alone or _SINGLE.match(lead.split(" ")[-1] + words))
        ):
            days = _days(time.duration)
            if days:
                return _until(published, days)
    return "cumulative"


_PAST_EVENT = re.compile(
    r"\b(?:last|the previous) (year|month|week|winter|spring|summer|autumn|fall|decade)['’]s\b", re.IGNORECASE
)


def _last(unit: str, published: date) -> str:
    """The period of `last year's storm`, `last week's clashes`: the calendar unit before the publication day's."""
    if unit == "week":
        monday = published - timedelta(days=published.weekday() + 7)
        return f"{monday}/{monday + timedelta(days=6)}"
    if unit == "month":
        return f"{published.replace(day=1) - timedelta(days=1):%Y-%m}"
    return str(published.year - (10 if unit == "decade" else 1))


def _until(published: date, days: int) -> str:
    """The period of so many days that ends on the publication day."""
    return f"{published - timedelta(days=days - 1)}/{published}" if days > 1 else str(published)


def _between(text: str, one: Span, other: Span) -> str:
    return text[one.end : other.start] if one.end <= other.start else text[other.end : one.start]


def _days(duration: str) -> int:
    """The whole days of an ISO duration in days, weeks or hours; 0 for any other."""
    match = re.fullmatch(r"P(?:(\d+)W|(\d+)D|T(\d+)H)", duration)
    if match is None:
        return 0
    weeks, days, hours = (int(number or 0) for number in match.groups())
    return weeks * 7 + days + -(-hours // 24)


_DIGITS = re.compile(r"\d")
_SINGLE = re.compile(r"(?:a |one |a single |a day|the space of )", re.IGNORECASE)


def scope_of(
    text: str,
    tokens: Sequence[Token],
    index: int,
    trigger: int,
    entities: Sequence[Entity],
    places: Sequence[str],
    content: Span | None,
) -> tuple[str, Span | None]:
    """The place of the predicate: the object of a place preposition in its clause, inside `content` when that is given.

    `places` are those named before the sentence, for `the valley` and `the town`.
    """
    begin, end = _around(tokens, index, trigger)
    known = [*places, *(e.name for e in entities if e.span.end <= tokens[index].start and e.label in _PLACES)]
    best: tuple[int, str, Span] | None = None
    for k in range(begin, end - 1):
        if tokens[k].low not in _PLACE_PREPOSITIONS or (
            content is not None and not content.covers(tokens[k].span)
        ):
            continue
        if tokens[k].low == "from" and tokens[k - 1].tag == "N" and index < k - 1 < trigger:
            continue  # "6,400 people from the town are sleeping in schools"
        if index < k and _has_own_place(tokens, index, k):
            continue  # "67 percent across the country and 73 percent in Lunde"
        if tokens[k - 1].low in _THEM and k - index not in {2, 3}:
            continue  # "14 dead, three of them in Ardal, and 400 wounded"
        if (
            begin < k < trigger < index
            and tokens[k - 1].tag == "N"
            and not tokens[k - 1].says("count", "total")
        ):
            continue  # "doctors at Mercy Hospital treated 71 people" says where the doctors are
        named = _place(text, tokens, k, entities, known)
        if named is not None:
            distance = min(abs(k - index), abs(k - trigger))
            if best is None or distance < best[0]:
                best = (distance, *named)
    if best is None:
        return (
            _incident(text, tokens, end)
            or _fronted(text, tokens, begin, entities, known, content)
            or ("", None)
        )
    return best[1], best[2]


def _has_own_place(tokens: Sequence[Token], index: int, k: int) -> bool:
    """Whether another number with a place of its own stands between a number, which has one too, and the preposition at `k`."""
    other = next((j for j in range(index + 1, k) if tokens[j].tag == "Q"), 0)
    return other > 0 and any(t.low in _PLACE_PREPOSITIONS for t in tokens[index + 1 : other])


def _fronted(
    text: str,
    tokens: Sequence[Token],
    begin: int,
    entities: Sequence[Entity],
    known: Sequence[str],
    content: Span | None,
) -> tuple[str, Span] | None:
    """The place with which a sentence opens, for what follows a clause about it: `At Lunde, where it meets the bay, the river ...`."""
    opens = (
        begin > 0
        and tokens[0].low in _PLACE_PREPOSITIONS
        and (content is None or content.covers(tokens[0].span))
    )
    return _place(text, tokens, 0, entities, known) if opens else None


def _incident(text: str, tokens: Sequence[Token], k: int) -> tuple[str, Span] | None:
    """The named thing of `... when the Sund bridge collapsed`, for a clause that ends at `k`."""
    if k + 2 >= len(tokens) or tokens[k].low not in {"when", "after"} or tokens[k + 1].tag != "DET":
        return None
    end = k + 2
    while end < len(tokens) and tokens[end].tag == "N" and tokens[end].low not in _LANDSCAPE:
        end += 1
    named = end < len(tokens) and tokens[end].low in _LANDSCAPE and end > k + 2
    if not named or not all(t.capital for t in tokens[k + 2 : end]):
        return None
    span = Span(tokens[k + 2].start, tokens[end].end)
    return text[span.start : span.end], span


def _around(tokens: Sequence[Token], index: int, trigger: int) -> tuple[int, int]:
    low, high = sorted((index, trigger))
    begin = clause_of(tokens, low)[0]
    end = clause_of(tokens, high)[1]
    for k in range(high + 1, end - 1):  # ", most of them from Elsbach" speaks of a part
        if tokens[k].tag == "," and (tokens[k + 1].low in _PARTING or tokens[k + 1].tag == "Q"):
            part = tokens[k + 1].low in _PARTING or (k + 2 < end and tokens[k + 2].low == "of")
            if part:
                return begin, k
    return begin, end


def _place(
    text: str, tokens: Sequence[Token], at: int, entities: Sequence[Entity], places: Sequence[str]
) -> tuple[str, Span] | None:
    """The place that the preposition at `at` governs: a name, `the city of NAME`, or `the valley` named before."""
    k = at + 1
    while k < len(tokens) and tokens[k].tag == "DET":
        k += 1
    end = _nominal_end(tokens, k)
    words = list(tokens[k:end])
    if end < len(tokens) and tokens[end].tag == "POS":  # "in Varna's Karl region"
        owned = list(tokens[end + 1 : _nominal_end(tokens, end + 1)])
        words = owned if any(t.capital for t in owned) else words
    if not words:
        return None
    head = words[-1].low
    if any(t.capital for t in words):
        moved = at > 0 and any(s.measure in _MOVED for s in tokens[at - 1].senses)
        return _named(text, words, "in" if moved else tokens[at].low, entities)
    if head in _LANDSCAPE and end < len(tokens) and tokens[end].low == "of":
        return _place(text, tokens, end, entities, places)
    known = ""
    if len(words) == 1 and head in SETTLEMENTS and tokens[k - 1].low in _POSSESSIVE:
        known = f"{tokens[k - 1].low} {head}"  # whose town it is, the text does not say here
    elif len(words) == 1 and head in _LANDSCAPE:
        known = known_place(head, places)
    return (known, Span(words[0].start, words[-1].end)) if known else None


def _nominal_end(tokens: Sequence[Token], k: int) -> int:
    while k < len(tokens) and tokens[k].tag == "N" and tokens[k].says("state", "agent") is None:
        k += 1
    return k


def _named(
    text: str, words: Sequence[Token], preposition: str, entities: Sequence[Entity]
) -> tuple[str, Span] | None:
    """A capitalised phrase as a place, unless it is known to be something else."""
    span = Span(words[0].start, words[-1].end)
    labels = {e.label for e in entities if span.covers(e.span)}
    first = next(i for i, t in enumerate(words) if t.capital)
    last = max(i for i, t in enumerate(words) if t.capital or t.low in _LANDSCAPE)
    name = Span(words[first].start, words[last].end)
    label = text[name.start : name.end]
    if _DAY.fullmatch(label):
        return None
    if labels & {"LOC", "GPE", "FAC", "EVENT"} or words[last].low in _LANDSCAPE:
        return label, name
    doubtful = (
        labels - {"PER"}
        or (labels and preposition not in {"in", "near", "of"})
        or preposition in {"from", "on"}
    )
    return (label, name) if last == len(words) - 1 and not doubtful else None


def known_place(head: str, places: Sequence[str]) -> str:
    """The place named last with this head; for a town, the last place without a head of its own."""
    same = next((p for p in reversed(places) if p.lower().endswith(" " + head)), "")
    if same or head not in SETTLEMENTS:
        return same
    return next((p for p in reversed(places) if p.rsplit(" ", 1)[-1].lower() not in _LANDSCAPE), "")


_MOVED = frozenset(["evacuated", "displaced", "rescued"])  # "evacuated from Lunde"
_DAY = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day.*|January|February|March|April|May|June|July|August|September|October|November|December"
)
