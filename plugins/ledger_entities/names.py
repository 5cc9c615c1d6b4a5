"""Names in one sentence: runs of capital words, cut and labelled by rules and gazetteer."""

from __future__ import annotations

from typing import NamedTuple

from ledger_entities.gazetteer import Place, gazetteer
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.tokens import Token

__all__ = ["Name", "read_names"]

_LONGEST_RUN = 16
_JOINERS = frozenset({"of", "and", "&", "for", "the", "on", "in"})
_PLACE_LEFT = word_set("""
    in at near from to across around outside inside toward towards through throughout into between over
""")
_SAID = word_set("""
    said says told added wrote tweeted argued explained noted insisted asked warned who he she
""")
_ABBREVIATED = word_set("""
    mr mrs ms dr prof gen lt col maj capt sgt cpl adm sen rep gov rev st
""")


class Name(NamedTuple):
    """A name at tokens `first` up to `stop`. `sure` is False where only a default gave the label."""

    first: int
    stop: int
    label: str
    link: str = ""
    sure: bool = True


def read_names(tokens: list[Token], seen_lower: frozenset[str] | set[str]) -> list[Name]:
    """The names of a sentence; `seen_lower` are the words that the article also writes without a capital."""
    found: list[Name] = []
    at = 0
    headline = _is_headline(tokens)
    while at < len(tokens):
        if not tokens[at].capital or not tokens[at].text[0].isalpha():
            at += 1
            continue
        stop = _run(tokens, at)
        found.extend(_cut(tokens, at, stop, seen_lower, headline=headline))
        at = stop
    return found


def _is_headline(tokens: list[Token]) -> bool:
    words = [token for token in tokens if token.text[0].isalpha() and len(token.text) > 3]
    return len(words) > 4 and sum(token.capital for token in words) > 0.75 * len(words)


def _run(tokens: list[Token], at: int) -> int:
    """The token after the run of capital words that begins at `at`."""
    lex = lexicon()
    stop = at + 1
    while stop < min(len(tokens), at + _LONGEST_RUN) and not tokens[stop - 1].possessive:
        word = tokens[stop].text
        if (
            tokens[stop].capital
            or (word[0].isdigit() and len(word) < 3 and stop + 1 < len(tokens) and tokens[stop + 1].capital)
            or (
                word == "."
                and tokens[stop - 1].text.lower()
                in _ABBREVIATED
                | {
                    "inc",
                    "corp",
                    "co",
                    "ltd",
                }
                | set("abcdefghijklmnopqrstuvwxyz")
            )
            or (word in lex.particles and _capital_at(tokens, stop + 1) and word != "of")
            or (word in _JOINERS and _joins(tokens, at, stop))
        ):
            stop += 1
        else:
            break
    while stop > at + 1 and not tokens[stop - 1].text[0].isalnum() and tokens[stop - 1].text != ".":
        stop -= 1
    return stop


def _capital_at(tokens: list[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].capital


def _joins(tokens: list[Token], first: int, at: int) -> bool:
    """Whether a small word inside a run belongs to the name: "Bank of England", "Trade and Industry"."""
    lex = lexicon()
    word, before = tokens[at].text, tokens[at - 1].text.lower()
    after = (
        at + 2
        if word in {"of", "for", "on", "in"} and at + 1 < len(tokens) and tokens[at + 1].text == "the"
        else at + 1
    )
    if not _capital_at(tokens, after):
        return False
    heads = (
        lex.org_heads
        | lex.org_starts
        | lex.fac_heads
        | lex.loc_heads
        | lex.event_heads
        | {"states", "house", "director"}
    )
    if word in {"of", "for"}:
        return before in heads
    if word == "the":
        return tokens[at - 1].text in {"of", "for", "on"}
    if word == "&":
        return True
    if word == "and":
        has_head = any(token.text.lower() in lex.org_starts for token in tokens[first:at])
        return has_head and any(token.text in {"of", "for"} for token in tokens[first:at])
    return False


def _cut(
    tokens: list[Token], first: int, stop: int, seen_lower: frozenset[str] | set[str], *, headline: bool
) -> list[Name]:
    """Split a run into names: drop a sentence opener and titles, then take gazetteer entries and labelled rests."""
    lex, places = lexicon(), gazetteer()
    start = first
    titled = False
    while start < stop:
        low = tokens[start].text.lower()
        opener = start == first and (
            first == 0 or tokens[first - 1].text in {'"', "“", ":", "-", "—", "–", "'", "‘"}
        )
        if places.find([token.text for token in tokens[start:stop]], 0) and low not in {"march", "the"}:
            break
        if (
            opener
            and (low in lex.not_initial or (low in seen_lower and low not in lex.titles))
            and start + 1 <= stop
        ):
            if start + 1 < stop and low not in lex.not_initial and low in lex.org_heads | lex.org_starts:
                break
            start += 1
            continue
        if low in {"the", "a", "an"} | lex.not_initial and not (
            start + 1 < stop
            and low
            in lex.loc_starts
            | {"new", "south", "north", "east", "west", "central", "first", "second", "third", "national"}
        ):
            start += 1
            continue
        if low in lex.titles and start + 1 < stop and tokens[start + 1].text not in {"of", "for", "and"}:
            titled = True
            start += 1
            if start < stop and tokens[start].text == ".":
                start += 1
            continue
        break
    if start == first and first > 0 and tokens[first - 1].text.lower() in lex.titles:
        titled = True
    if start >= stop:
        return []
    return _label(tokens, start, stop, titled=titled, headline=headline, seen_lower=seen_lower)


def _label(
    tokens: list[Token],
    first: int,
    stop: int,
    *,
    titled: bool,
    headline: bool,
    seen_lower: frozenset[str] | set[str],
) -> list[Name]:
    lex, places = lexicon(), gazetteer()
    words = [token.text for token in tokens[first:stop]]
    lows = [word.lower() for word in words]
    whole = places.get(" ".join(words))
    if titled and lows[-1] not in lex.org_heads | lex.fac_heads:
        return (
            [Name(first, stop, "PER")]
            if whole is None or (whole[0] == "GPE" and len(words) > 1)
            else [Name(first, stop, whole[0], whole[1])]
        )
    if whole is not None and _plausible(tokens, first, stop, whole):
        return [Name(first, stop, whole[0], whole[1])]
    structured = _by_head(lows, words)
    if structured:
        return _with_leading_demonym(tokens, first, stop, structured)
    found = places.find(words, 0)
    if (found is not None and found[0] < len(words) and found[1][0] in {"NORP", "ORG"}) or (
        found is not None and found[1][1].startswith("iso:") and found[0] < len(words)
    ):
        length, place = found
        rest = _label(tokens, first + length, stop, titled=False, headline=headline, seen_lower=seen_lower)
        if words[length].lower() in lex.titles or words[length].lower() in lex.roles:
            rest = _cut(tokens, first + length, stop, seen_lower, headline=headline)
        return [Name(first, first + length, place[0], place[1]), *rest]
    if _is_person(tokens, stop, lows):
        return [Name(first, stop, "PER")]
    return _default(tokens, first, stop, words, headline=headline, seen_lower=seen_lower)


def _plausible(tokens: list[Token], first: int, stop: int, place: Place) -> bool:
    """Whether a city's name stands for the city here, and not for a person or a word."""
    if not place[1].startswith("city:"):
        return True
    word = tokens[first].text
    left = tokens[first - 1].text.lower() if first else ""
    located = left in _PLACE_LEFT or (
        stop < len(tokens) and tokens[stop].text == "," and _capital_at(tokens, stop + 1)
    )
    if stop - first == 1 and (word.lower() in lexicon().given_names or word.isupper()):
        return located and word.lower() not in lexicon().given_names
    if located:
        return place[2] >= 15_000
    return place[2] >= 100_000 and not (first == 0 and place[2] < 1_000_000)


def _by_head(lows: list[str], words: list[str]) -> str:
    lex = lexicon()
    if len(lows) < 2:
        return ""
    last = lows[-1] if lows[-1] != "." else lows[-2]
    if (any(low in lex.org_starts for low in lows[:-1]) and "of" in lows[1:]) or (
        lows[0] in lex.org_starts and "for" in lows
    ):
        return "ORG"
    if last in lex.loc_heads and not (last in lex.org_heads and len(lows) > 2):
        return "LOC" if last not in {"state", "council"} else "ORG"
    if last in lex.event_heads and last not in {"day", "week"}:
        return "EVENT"
    if last in lex.fac_heads and last not in lex.org_heads:
        return "FAC"
    if last in lex.org_heads:
        return "ORG"
    if lows[0] in lex.loc_starts and lows[0] not in {"new", "el", "la", "st", "st.", "san", "santa", "al"}:
        return "LOC"
    if lows[0] in {"san", "santa", "new", "mount", "lake"} and words[1][0].isupper():
        return "LOC"
    if any(low in {"inc", "corp", "ltd", "llc", "plc", "&"} for low in lows):
        return "ORG"
    return ""


def _with_leading_demonym(tokens: list[Token], first: int, stop: int, label: str) -> list[Name]:
    """Keep "Russian Defence Ministry" whole, but cut "Russian" from a facility, place or event."""
    place = gazetteer().get(tokens[first].text)
    if label in {"LOC", "FAC"} and place is not None and place[0] == "NORP" and stop - first > 2:
        return [Name(first, first + 1, "NORP", place[1]), Name(first + 1, stop, label)]
    return [Name(first, stop, label)]


def _is_person(tokens: list[Token], stop: int, lows: list[str]) -> bool:
    lex = lexicon()
    known = lows[0] in lex.given_names or lows[0].split("-")[0] in lex.given_names
    if len(lows) == 1:
        return known and stop < len(tokens) and tokens[stop].text.lower() in _SAID
    if known:
        return True
    initials = any(len(low) == 1 or low == "." for low in lows[:-1])
    age = (
        stop + 1 < len(tokens)
        and tokens[stop].text == ","
        and tokens[stop + 1].text.isdigit()
        and len(tokens[stop + 1].text) == 2
    )
    return initials or age


def _default(
    tokens: list[Token],
    first: int,
    stop: int,
    words: list[str],
    *,
    headline: bool,
    seen_lower: frozenset[str] | set[str],
) -> list[Name]:
    lex = lexicon()
    if headline:
        return []
    word = words[0]
    left = tokens[first - 1].text.lower() if first else ""
    right = tokens[stop].text.lower() if stop < len(tokens) else ""
    if len(words) == 1:
        if word.lower() in lex.weapon_names or word in lex.weapon_names:
            return [Name(first, stop, "WEAPON")]
        if word.isupper() and 2 <= len(word.replace(".", "")) <= 6:
            return [] if word.lower() in lex.not_names else [Name(first, stop, "ORG", sure=False)]
        if (
            word.lower() in seen_lower
            or word.lower() in lex.not_initial
            or word.lower() in lex.titles
            or len(word) < 3
        ):
            return []
        if any(mark.isdigit() for mark in word):
            return [
                Name(
                    first,
                    stop,
                    "WEAPON"
                    if "-" in word
                    and right in lex.weapons | {"jet", "jets", "fighter", "fighters", "system", "systems"}
                    else "MISC",
                    sure=False,
                )
            ]
        if left in {"in", "near", "at", "from", "across", "outside", "to", "around"}:
            return [Name(first, stop, "LOC", sure=False)]
        if right in _SAID:
            return [Name(first, stop, "PER", sure=False)]
        if first == 0:
            return []
        return [
            Name(first, stop, "ORG" if any(letter.isupper() for letter in word[1:]) else "PER", sure=False)
        ]
    if all(part.isupper() and len(part) > 1 for part in words):
        return []
    if left in _PLACE_LEFT - {"to", "from", "between", "over"} and len(words) == 2:
        return [Name(first, stop, "LOC", sure=False)]
    if 2 <= len(words) <= 4 and all(part[0].isalpha() for part in words):
        return [Name(first, stop, "PER", sure=False)]
    return [Name(first, stop, "ORG", sure=False)]
