"""Forms of English verbs."""

from __future__ import annotations

__all__ = ["verb_forms"]

_IRREGULAR = """
be was been being am is are were | become became become becoming | begin began begun beginning | beg begged begged begging
bring brought brought bringing | burn burned burned burning | cancel cancelled cancelled cancelling
char charred charred charring | come came come coming | cost cost cost costing | cut cut cut cutting
die died died dying | fall fell fallen falling | feel felt felt feeling | fight fought fought fighting
find found found finding | flee fled fled fleeing | forbid forbade forbidden forbidding
foresee foresaw foreseen foreseeing | forget forgot forgotten forgetting | free freed freed freeing
get got got getting gotten | give gave given giving | go went gone going | gun gunned gunned gunning
have had had having has | hear heard heard hearing | hold held held holding | hurt hurt hurt hurting
keep kept kept keeping | know knew known knowing | lay laid laid laying | lead led led leading
leave left left leaving | let let let letting | level levelled levelled levelling | lose lost lost losing
make made made making | mean meant meant meaning | opt opted opted opting | put put put putting
plan planned planned planning | prefer preferred preferred preferring | prove proved proved proving proven
quip quipped quipped quipping | quit quit quit quitting | say said said saying | scrap scrapped scrapped scrapping
seek sought sought seeking | see saw seen seeing | send sent sent sending | set set set setting | ship shipped shipped shipping
shoot shot shot shooting | show showed shown showing | shut shut shut shutting | slam slammed slammed slamming
slay slew slain slaying | speak spoke spoken speaking | stop stopped stopped stopping | strike struck struck striking
swear swore sworn swearing | take took taken taking | tell told told telling | think thought thought thinking
admit admitted admitted admitting | trap trapped trapped trapping | understand understood understood understanding
win won won winning | withdraw withdrew withdrawn withdrawing | write wrote written writing
"""
_TABLE = {parts[0]: parts for line in _IRREGULAR.replace("\n", "|").split("|") if (parts := line.split())}


def verb_forms(lemma: str) -> tuple[str, ...]:
    """Base, third person, past, past participle and -ing form; further forms, where there are any, after these."""
    third = _third(lemma)
    if lemma in _TABLE:
        _, past, participle, ing, *more = _TABLE[lemma]
        return lemma, third, past, participle, ing, *more
    if lemma.endswith("e"):
        past, ing = lemma + "d", lemma[:-1] + "ing" if not lemma.endswith("ee") else lemma + "ing"
    elif lemma.endswith("y") and lemma[-2] not in "aeiou":
        past, ing = lemma[:-1] + "ied", lemma + "ing"
    else:
        past, ing = lemma + "ed", lemma + "ing"
    return lemma, third, past, past, ing


def _third(lemma: str) -> str:
    if lemma == "have":
        return "has"
    if lemma.endswith(("s", "sh", "ch", "x", "z", "go", "do")):
        return lemma + "es"
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return lemma[:-1] + "ies"
    return lemma + "s"
