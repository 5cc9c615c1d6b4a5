"""What is counted: the noun after a number, in singular and lower case."""

from __future__ import annotations

from ledger_numbers.tokens import Tokens
from ledger_numbers.words import SCALES, SMALL, TENS, VAGUE, word_set

__all__ = ["counted_noun", "singular"]

_REACH = 6


_CLOSED = word_set("""
    a an the this that these those and or but nor so yet if than then as at by for from in into of off on onto out over per
    since through to toward towards under until up upon with within without about above across after against along amid among
    around before behind below beneath beside between beyond down during except inside near outside past via
    i he she it we they you him her them us me who whom whose which what when where why how there here
    his its our their my your is are was were be been being am has have had having do does did will would shall should can
    could may might must not no only also just too very already still even ever never again ago later earlier each apiece
    today yesterday tomorrow now tonight once twice all both either neither any some such while because though although
    according including plus minus versus vs annually daily weekly monthly yearly altogether overall respectively combined
    """)
_VERBS = word_set("""
    said says say died die dies fled flee fell fall rose rise got get went go gone came come left leave took take taken made make
    gave give given found find saw see seen lost lose won win held hold kept keep told tell became become began begin begun
    brought bring built build bought buy sold sell sent send spent spend stood stand struck strike hit cut put set shut
    remain remains remained live lives lived work works worked need needs needed want wants wanted face faces faced
    joined attended gathered protested voted took-part returned arrived escaped survived drowned perished crossed received
    continue continues continued include includes included report reports reported follow follows followed
    """)
_ADJECTIVES = word_set("""
    new old young other more further additional extra different separate local foreign national regional main major minor big small large
    great good bad high low long short full whole total dead alive missing injured wounded sick ill homeless unidentified
    armed unarmed heavy light key senior top former current possible suspected alleged confirmed probable active severe
    serious critical mild fatal deadly innocent unaccompanied consecutive successive straight public private federal local
    elderly female male adult pregnant displaced stranded trapped rescued evacuated registered unexploded damaged destroyed
    burned burnt collapsed flooded masked undocumented illegal non-fatal known recent previous early late first last next
    """)
_IRREGULAR = {
    "people": "people", "persons": "person", "men": "man", "women": "woman", "children": "child", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "oxen": "ox", "wives": "wife", "lives": "life", "knives": "knife", "wolves": "wolf",
    "leaves": "leaf", "thieves": "thief", "halves": "half", "loaves": "loaf", "shelves": "shelf", "police": "police", "troops": "soldier",
    "cattle": "cattle", "sheep": "sheep", "fish": "fish", "aircraft": "aircraft", "spacecraft": "spacecraft", "personnel": "personnel",
    "dead": "", "wounded": "", "injured": "", "missing": "", "series": "series", "species": "species", "staff": "staff", "crew": "crew",
    "casualties": "casualty", "countrymen": "countryman", "policemen": "policeman", "policewomen": "policewoman", "firemen": "fireman",
    "servicemen": "serviceman", "fishermen": "fisherman", "gunmen": "gunman", "militiamen": "militiaman", "crises": "crisis",
    "headquarters": "headquarters", "buses": "bus", "gases": "gas", "viruses": "virus", "movies": "movie", "calories": "calorie",
    "cookies": "cookie", "zombies": "zombie", "deaths": "death", "infantry": "infantry", "livestock": "livestock", "offspring": "offspring",
}  # fmt: skip
_UNCHANGED = word_set("""
    people police cattle sheep fish aircraft spacecraft personnel series species staff
""")
_MODIFIERS = word_set(
    "police sports news arms customs rights sales human rescue fire military army civilian government staff fish crew cattle aircraft"
)
_NOT_PLURAL = ("ss", "us", "is", "'s", "ous")


def singular(noun: str) -> str:
    """The singular of an English noun in lower case: regular endings and the usual exceptions.

    >>> singular("bodies"), singular("children"), singular("police officers")
    ('body', 'child', 'police officer')
    """
    head, space, last = noun.rpartition(" ")
    return head + space + _singular_word(last)


def _singular_word(word: str) -> str:
    if word == "troops":
        return "troop"
    if word in _IRREGULAR:
        return _IRREGULAR[word] or word
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NOT_PLURAL):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")) or word in {
        "heroes",
        "potatoes",
        "tomatoes",
        "echoes",
        "volcanoes",
    }:
        return word[:-2]
    return word[:-1]


def _is_plural(word: str) -> bool:
    return word in _IRREGULAR or (len(word) > 3 and word.endswith("s") and not word.endswith(_NOT_PLURAL))


def counted_noun(tokens: Tokens, at: int, *, one: bool = False) -> tuple[str, int]:
    """The noun that the number ending before token `at` counts, and the token after it; `("", at)` if there is none.

    Adjectives, participles and names between number and noun are left out; `one` looks for a singular.
    """
    kept: list[str] = []
    for j in range(at, min(at + _REACH, len(tokens))):
        word = tokens.word[j]
        if tokens.kind[j] != "w":
            if word == "-" and j > at and tokens.glued(j - 1) and tokens.glued(j):
                continue
            break
        if word in _CLOSED or word in VAGUE or word in SMALL or word in TENS or word in SCALES:
            break
        if word in _VERBS and (kept or not _is_plural(word)):
            break
        if _is_plural(word) and not one:
            if _is_acronym(tokens, j) and _continues(tokens, j + 1):
                continue
            if word in _MODIFIERS and _continues(tokens, j + 1):
                kept.append(word)
                continue
            if not _IRREGULAR.get(word, "x"):
                following, stop = counted_noun(tokens, j + 1)
                return following, stop if following else j
            return _joined(kept, word), j + 1
        if word.endswith("ed") and kept and one:
            break
        if word in _ADJECTIVES or word.endswith(("ed", "ly", "ing")) or tokens.is_capital(j):
            continue
        kept.append(word)
        if one and not _continues_singular(tokens, j + 1):
            return _joined(kept[:-1], word), j + 1
    return "", at


def _is_acronym(tokens: Tokens, at: int) -> bool:
    """Whether a word in capitals stands before one that is not: the "HIMARS" of "two HIMARS rockets"."""
    return tokens.raw(at).isupper() and not tokens.raw(at + 1).isupper()


def _continues(tokens: Tokens, at: int) -> bool:
    word = tokens.at(at)
    return tokens.is_word(at) and _is_plural(word) and word not in _VERBS


def _continues_singular(tokens: Tokens, at: int) -> bool:
    word = tokens.at(at)
    return (
        tokens.is_word(at)
        and word not in _CLOSED
        and word not in _VERBS
        and not word.endswith(("ed", "ing", "ly"))
        and not tokens.is_capital(at)
        and not _is_plural(word)
    )


def _joined(kept: list[str], head: str) -> str:
    modifier = kept[-1] + " " if kept else ""
    return modifier + _singular_word(head)
