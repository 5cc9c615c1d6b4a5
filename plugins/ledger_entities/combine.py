"""The names of a sentence from both readers: the trained tagger, and the rules for what it does not know."""

from __future__ import annotations

from ledger_entities.checks import checked, is_common, is_currency, stretched
from ledger_entities.datelines import with_dateline
from ledger_entities.gazetteer import gazetteer
from ledger_entities.joining import spells
from ledger_entities.lexicon import lexicon, word_set
from ledger_entities.names import Name, read_names
from ledger_entities.patterns import with_patterns
from ledger_entities.tokens import Token

__all__ = ["all_names", "repeated"]

_LOOSE_HEADS = word_set("""
    state camp school park store street hotel station base house building road city county town village
    country gate hall coast court plant republic territory strip bank forest desert hill mount channel
    mountain mountains falls
""")
_NO_SURNAMES = word_set("""
    minister secretary ambassador governor chancellor president vice-president spokesman spokeswoman spokesperson chairman
""")
"""Titles that are hardly ever anybody's name."""
_TIES = word_set("""
    da de do dos das del della di du van von der den ten ter bin bint ibn ben wa ould al el ul ud
""")
_OPENING_TIES = word_set("""
    Dos Da De Del Della Di Du Van Von Ould Al El
""")
_LONGEST_NAME = 16
_LARGE = 100_000
_ACRONYM = range(3, 8)
_RULES_KNOW = frozenset({"NORP", "EVENT", "WEAPON", "FAC", "GPE"})


def all_names(
    tokens: list[Token], tagged: list[tuple[int, int, str]], seen_lower: frozenset[str]
) -> list[Name]:
    """The names of a sentence in order.

    `tagged` are the spans of the tagger, `seen_lower` the words that the article also writes without a capital.
    """
    names: list[Name] = []
    for first, stop, label in tagged:
        if stop - first > _LONGEST_NAME or (names and first < names[-1].stop):
            continue
        trimmed = _trimmed(tokens, first, stop, label)
        if trimmed is not None:
            names.append(trimmed._replace(stop=stretched(tokens, trimmed.stop, trimmed.label)))
    names = _with_particles(tokens, _with_country(tokens, names))
    taken = {at for name in names for at in range(name.first, name.stop)}
    for name in read_names(tokens, seen_lower):
        free = taken.isdisjoint(range(name.first, name.stop))
        if (
            free
            and not is_common(tokens, name.first, name.stop)
            and name.sure
            and (name.label in _RULES_KNOW or name.stop - name.first > 1 or name.label == "ORG")
        ):
            names.append(name)
    names = [name for name in names if not is_currency(tokens, name.stop)]
    names = [_whole_place(tokens, name) for name in with_dateline(tokens, sorted(names))]
    names += _bracketed(tokens, names)
    return with_patterns(tokens, names + _with_common_head(tokens, names))


def _with_country(tokens: list[Token], names: list[Name]) -> list[Name]:
    """Join "U.S." and the organisation right behind it: "U.S. Department of Works"."""
    out: list[Name] = []
    for name in names:
        last = out[-1] if out else None
        if last is not None and name.label == "ORG" and _is_prefix(tokens, last, name.first):
            out[-1] = name._replace(first=last.first)
        else:
            out.append(name)
    return out


def _with_particles(tokens: list[Token], names: list[Name]) -> list[Name]:
    """Join a person and what a small word ties to the name: "Ana da Santa Vela", "Dos Orlund"."""
    out: list[Name] = []
    for name in names:
        last = out[-1] if out else None
        between = [token.text for token in tokens[last.stop : name.first]] if last is not None else []
        if (
            last is not None
            and last.label == "PER"
            and name.label in {"PER", "LOC", "GPE"}
            and 0 < len(between) < 3
            and all(word in _TIES for word in between)
            and not tokens[last.stop - 1].possessive
        ):
            out[-1] = last._replace(stop=name.stop)
        elif name.label == "PER" and name.first and tokens[name.first - 1].text in _OPENING_TIES:
            out.append(name._replace(first=name.first - 1))
        else:
            out.append(name)
    return out


def _is_prefix(tokens: list[Token], country: Name, first: int) -> bool:
    if country.stop - country.first > 1 or tokens[country.first].possessive:
        return False
    between = [token.text for token in tokens[country.stop : first]]
    return tokens[country.first].text.replace(".", "") in {"US", "UK", "UN", "EU"} and between in ([], ["."])


def _whole_place(tokens: list[Token], name: Name) -> Name:
    """Take the small head word into an unknown place: "Orlund valley"."""
    head = tokens[name.stop].text if name.stop < len(tokens) else ""
    if name.label != "LOC" or name.link or tokens[name.stop - 1].possessive or head in _LOOSE_HEADS:
        return name
    if head not in lexicon().loc_heads or gazetteer().get(
        " ".join(token.text for token in tokens[name.first : name.stop])
    ):
        return name
    return name._replace(stop=name.stop + 1)


def _bracketed(tokens: list[Token], names: list[Name]) -> list[Name]:
    """The acronym of "Civil Aviation Board (CAB)", also one from another language: "Free Workers of Orm (TLO)"."""
    out: list[Name] = []
    taken = {name.first for name in names}
    for name in names:
        at = name.stop + 1
        if (
            at + 1 >= len(tokens)
            or tokens[name.stop].text != "("
            or tokens[at + 1].text != ")"
            or at in taken
        ):
            continue
        short = tokens[at].text
        spelled = spells(short, " ".join(token.text for token in tokens[name.first : name.stop]))
        if spelled or (name.label == "ORG" and name.stop - name.first > 2 and _is_acronym(short)):
            out.append(Name(at, at + 1, name.label, name.link))
    return out


def _is_acronym(word: str) -> bool:
    low = word.lower()
    return word.isupper() and word.isalpha() and len(word) in _ACRONYM and low not in lexicon().not_names


def _with_common_head(tokens: list[Token], names: list[Name]) -> list[Name]:
    """Places named with a small head word, such as "Orlund valley" or "Orm dam", where the name alone is unknown."""
    lex = lexicon()
    taken = {at for name in names if name.sure for at in range(name.first, name.stop)}
    out: list[Name] = []
    for at in range(1, len(tokens) - 1):
        token, head = tokens[at], tokens[at + 1].text
        if not token.capital or at in taken or not head.islower() or token.possessive or len(token.text) < 3:
            continue
        if head not in lex.loc_heads and head not in lex.fac_heads:
            continue
        low = token.text.lower()
        place = gazetteer().get(token.text)
        known = place is not None and (not place[1].startswith("city:") or place[2] >= _LARGE)
        if low in lex.not_initial or low in lex.titles or known or head in _LOOSE_HEADS:
            continue
        first = at - 1 if tokens[at - 1].capital and at - 1 not in taken and at > 1 else at
        if tokens[first].text.lower() not in lex.not_initial:
            out.append(
                Name(first, at + 2, "FAC" if head in lex.fac_heads and head not in lex.loc_heads else "LOC")
            )
    return out


def _trimmed(tokens: list[Token], first: int, stop: int, label: str) -> Name | None:
    """A tagged span without an article or title at its head, with a finer label and a link where the gazetteer has one."""
    lex = lexicon()
    kept = checked(tokens, first, stop, label)
    if kept is None:
        return None
    first, stop, label = kept
    while label == "PER" and stop - first > 1 and tokens[first].text.lower().rstrip(".") in lex.titles:
        first += 2 if tokens[first + 1].text == "." and stop - first > 2 else 1
    if first >= stop:
        return None
    if stop - first == 1 and _is_weapon(tokens, first):
        return Name(first, stop, "WEAPON")
    titled = _titled(tokens, first, stop, label)
    if titled:
        return Name(titled, stop, "PER")
    owner = next((at for at in range(first, stop - 1) if tokens[at].possessive), -1)
    if owner >= 0 and gazetteer().get(" ".join(token.text for token in tokens[first : owner + 1])):
        stop, label = owner + 1, "LOC"
    if label == "ORG" and tokens[first].text.lower() in lex.org_starts:
        stop = _and_more(tokens, first, stop)
    words = [token.text for token in tokens[first:stop]]
    place = gazetteer().get(" ".join(words))
    if place is not None and place[0] == "NORP" and label != "PER":
        return Name(first, stop, "NORP", place[1])
    last = words[-1].lower()
    if label == "LOC":
        if place is not None and place[1]:
            return Name(first, stop, "GPE", place[1])
        return Name(
            first,
            stop,
            "FAC" if len(words) > 1 and last in lex.fac_heads and last not in lex.loc_heads else "LOC",
        )
    if label == "ORG" and len(words) > 1 and last in lex.event_heads:
        return Name(first, stop, "EVENT")
    return Name(first, stop, label)


def _is_weapon(tokens: list[Token], at: int) -> bool:
    """Whether a lone name is that of a weapon: one in capitals, or one that a weapon follows ("HIMARS", "Shahed drones")."""
    lex = lexicon()
    word, after = tokens[at].text, tokens[at + 1].text.lower() if at + 1 < len(tokens) else ""
    return word in lex.weapon_names and (after in lex.weapons or (word.isupper() and len(word) > 1))


def _titled(tokens: list[Token], first: int, stop: int, label: str) -> int:
    """Where the person begins in a span that took in a title ("Karrow Deputy Mayor Ada Vale"); 0 where there is none."""
    lex = lexicon()
    last = tokens[stop - 1].text.lower()
    if last in lex.org_heads | lex.fac_heads | lex.loc_heads | lex.event_heads | lex.titles:
        return 0
    titles = _NO_SURNAMES if label == "PER" else lex.roles & lex.titles
    after = [at + 1 for at in range(first, stop - 1) if tokens[at].text.lower() in titles]
    whole = all(token.capital and not token.possessive for token in tokens[first : stop - 1])
    return after[-1] if after and whole and stop - after[-1] < 4 else 0


def _and_more(tokens: list[Token], first: int, stop: int) -> int:
    """Take in "and Welfare" after "Ministry of Health"."""
    of = first + 1 < len(tokens) and tokens[first + 1].text in {"of", "for"}
    if not of or stop + 1 >= len(tokens) or tokens[stop].text != "and" or tokens[stop - 1].possessive:
        return stop
    end = stop + 1
    while end < len(tokens) and tokens[end].capital and not tokens[end - 1].possessive:
        end += 1
    return end if end > stop + 1 else stop


def repeated(sentences: list[list[Token]], found: list[list[Name]]) -> list[list[Name]]:
    """Add the names that one sentence of the article showed and another left unmarked.

    A name of several words is taken up wherever it stands; of a person also the surname, of an organisation its first
    letters; a lone word only when it was found at least twice.
    """
    known, counts = _known(sentences, found)
    longest = max((len(words) for words in known), default=0)
    firsts = {words[0] for words in known}
    out: list[list[Name]] = []
    for tokens, names in zip(sentences, found, strict=True):
        taken = {at for name in names for at in range(name.first, name.stop)}
        more = list(names)
        at = 0
        while at < len(tokens):
            length = 0
            if at not in taken and tokens[at].text in firsts:
                length = _match(tokens, at, known, counts, longest, taken)
            if length:
                label, link = known[tuple(token.text for token in tokens[at : at + length])]
                more.append(Name(at, at + length, label, link, sure=False))
            at += length or 1
        out.append(sorted(more))
    return out


def _known(
    sentences: list[list[Token]], found: list[list[Name]]
) -> tuple[dict[tuple[str, ...], tuple[str, str]], dict[tuple[str, ...], int]]:
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    counts: dict[tuple[str, ...], int] = {}
    for tokens, names in zip(sentences, found, strict=True):
        for name in names:
            words = tuple(token.text for token in tokens[name.first : name.stop])
            known.setdefault(words, (name.label, name.link))
            counts[words] = counts.get(words, 0) + (2 if words[0].isupper() and len(words[0]) > 1 else 1)
            if name.label == "PER" and len(words) > 1 and words[-1][0].isupper() and len(words[-1]) > 2:
                known.setdefault(words[-1:], ("PER", ""))
                counts[words[-1:]] = counts.get(words[-1:], 0) + 2
            letters = "".join(word[0] for word in words if word[0].isupper())
            if name.label == "ORG" and len(words) > 2 and len(letters) in _ACRONYM:
                known.setdefault((letters,), ("ORG", ""))
                counts[letters,] = counts.get((letters,), 0) + 2
    return known, counts


def _match(
    tokens: list[Token],
    at: int,
    known: dict[tuple[str, ...], tuple[str, str]],
    counts: dict[tuple[str, ...], int],
    longest: int,
    taken: set[int],
) -> int:
    for length in range(min(longest, len(tokens) - at), 0, -1):
        words = tuple(token.text for token in tokens[at : at + length])
        if words not in known or not taken.isdisjoint(range(at, at + length)):
            continue
        if length > 1 or (
            counts[words] > 1
            and words[0][0].isupper()
            and not (at == 0 and words[0].lower() in lexicon().not_initial)
        ):
            return length
    return 0
