"""English forms of the words in the measure table: verbs from their lemma, nouns to their singular."""

from __future__ import annotations

__all__ = ["singular", "verb_forms"]

_IRREGULAR = {
    "slay": "slays slew slain slaying",
    "cost": "costs cost cost costing",
    "shoot": "shoots shot shot shooting",
    "lose": "loses lost lost losing",
    "hurt": "hurts hurt hurt hurting",
    "go": "goes went gone going",
    "flee": "flees fled fled fleeing",
    "leave": "leaves left left leaving",
    "make": "makes made made making",
    "bring": "brings brought brought bringing",
    "take": "takes took taken taking",
    "fall": "falls fell fallen falling",
    "send": "sends sent sent sending",
    "withdraw": "withdraws withdrew withdrawn withdrawing",
    "strike": "strikes struck struck striking",
    "lay": "lays laid laid laying",
    "shut": "shuts shut shut shutting",
    "cut": "cuts cut cut cutting",
    "set": "sets set set setting",
    "win": "wins won won winning",
    "get": "gets got got getting",
    "die": "dies died died dying",
    "burst": "bursts burst burst bursting",
    "hold": "holds held held holding",
    "sink": "sinks sank sunk sinking",
    "give": "gives gave given giving",
    "run": "runs ran run running",
    "catch": "catches caught caught catching",
    "break": "breaks broke broken breaking",
    "blow": "blows blew blown blowing",
    "melt": "melts melted melted melting",
    "ban": "bans banned banned banning",
    "build": "builds built built building",
    "burn": "burns burned burned burning",
    "free": "frees freed freed freeing",
    "trap": "traps trapped trapped trapping",
    "ship": "ships shipped shipped shipping",
    "admit": "admits admitted admitted admitting",
    "stop": "stops stopped stopped stopping",
    "char": "chars charred charred charring",
    "scrap": "scraps scrapped scrapped scrapping",
    "gun": "guns gunned gunned gunning",
    "hand": "hands handed handed handing",
    "cancel": "cancels cancelled cancelled cancelling",
    "drive": "drives drove driven driving",
    "throw": "throws threw thrown throwing",
    "commit": "commits committed committed committing",
    "stab": "stabs stabbed stabbed stabbing",
    "beat": "beats beat beaten beating",
    "dig": "digs dug dug digging",
    "level": "levels levelled levelled levelling",
}
_SINGULAR = {
    "people": "people",
    "men": "man",
    "women": "woman",
    "children": "child",
    "policemen": "policeman",
    "policewomen": "policewoman",
    "firemen": "fireman",
    "servicemen": "serviceman",
    "fishermen": "fisherman",
    "lives": "life",
    "bodies": "body",
    "troops": "troop",
    "wives": "wife",
    "wolves": "wolf",
    "halves": "half",
    "mice": "mouse",
    "feet": "foot",
    "buses": "bus",
    "viruses": "virus",
    "staff": "staff",
    "police": "police",
    "crew": "crew",
    "aircraft": "aircraft",
    "series": "series",
    "species": "species",
    "news": "news",
}


def verb_forms(lemma: str) -> tuple[str, str, str, str, str]:
    """Base, third person, past, past participle and -ing form."""
    if lemma in _IRREGULAR:
        third, past, participle, ing = _IRREGULAR[lemma].split()
        return lemma, third, past, participle, ing
    if lemma.endswith("e"):
        past, ing = lemma + "d", lemma[:-1] + "ing"
    elif lemma.endswith("y") and lemma[-2] not in "aeiou":
        past, ing = lemma[:-1] + "ied", lemma + "ing"
    else:
        past, ing = lemma + "ed", lemma + "ing"
    if lemma.endswith(("s", "sh", "ch", "x", "z")):
        third = lemma + "es"
    elif lemma.endswith("y") and lemma[-2] not in "aeiou":
        third = lemma[:-1] + "ies"
    else:
        third = lemma + "s"
    return lemma, third, past, past, ing


def singular(word: str) -> str:
    """The singular of a lower-case noun, as far as its ending tells it."""
    head, _, last = word.rpartition(" ")
    if head:
        return f"{head} {singular(last)}"
    if word in _SINGULAR:
        return _SINGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
