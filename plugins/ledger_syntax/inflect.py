"""Forms of English verbs."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["VerbForms", "base_form", "other_forms", "verb_forms"]

_IRREGULAR = """
admit admitted admitted admitting | ban banned banned banning | be was been being am are were
beat beat beaten beating | become became become becoming | beg begged begged begging | begin began begun beginning
blow blew blown blowing | break broke broken breaking | bring brought brought bringing | build built built building
burst burst burst bursting | cancel cancelled cancelled cancelling | catch caught caught catching
char charred charred charring | come came come coming | commit committed committed committing
cost cost cost costing | cut cut cut cutting | die died died dying | dig dug dug digging
drive drove driven driving | fall fell fallen falling | feel felt felt feeling | fight fought fought fighting
find found found finding | flee fled fled fleeing | forbid forbade forbidden forbidding
foresee foresaw foreseen foreseeing | forget forgot forgotten forgetting | get got got getting gotten
give gave given giving | go went gone going | gun gunned gunned gunning | have had had having
hear heard heard hearing | hold held held holding | hurt hurt hurt hurting | keep kept kept keeping
know knew known knowing | lay laid laid laying | lead led led leading | leave left left leaving
let let let letting | level levelled levelled levelling | lose lost lost losing | make made made making
mean meant meant meaning | plan planned planned planning | prefer preferred preferred preferring
prove proved proved proving proven | put put put putting | quip quipped quipped quipping | quit quit quit quitting
run ran run running | say said said saying | scrap scrapped scrapped scrapping | see saw seen seeing
seek sought sought seeking | send sent sent sending | set set set setting | ship shipped shipped shipping
shoot shot shot shooting | show showed shown showing | shut shut shut shutting | sink sank sunk sinking
slam slammed slammed slamming | slay slew slain slaying | speak spoke spoken speaking
stab stabbed stabbed stabbing | stop stopped stopped stopping | strike struck struck striking
bid bid bid bidding | buy bought bought buying | compel compelled compelled compelling
control controlled controlled controlling | deal dealt dealt dealing | draw drew drawn drawing | drop dropped dropped dropping
eat ate eaten eating | expel expelled expelled expelling | feed fed fed feeding | fly flew flown flying
freeze froze frozen freezing | grab grabbed grabbed grabbing | grow grew grown growing | hide hid hidden hiding
hit hit hit hitting | lend lent lent lending | meet met met meeting | mislead misled misled misleading
occur occurred occurred occurring | omit omitted omitted omitting | overrun overran overrun overrunning
oversee oversaw overseen overseeing | overtake overtook overtaken overtaking | pay paid paid paying
permit permitted permitted permitting | read read read reading | rebel rebelled rebelled rebelling
rebuild rebuilt rebuilt rebuilding | refer referred referred referring | regret regretted regretted regretting
ride rode ridden riding | rise rose risen rising | rob robbed robbed robbing | sell sold sold selling
shrink shrank shrunk shrinking | sit sat sat sitting | sleep slept slept sleeping | spend spent spent spending
spread spread spread spreading | stand stood stood standing | steal stole stolen stealing | step stepped stepped stepping
strip stripped stripped stripping | submit submitted submitted submitting | sweep swept swept sweeping
swim swam swum swimming | tear tore torn tearing | undergo underwent undergone undergoing
undertake undertook undertaken undertaking | wear wore worn wearing | swear swore sworn swearing | take took taken taking | tell told told telling | think thought thought thinking
throw threw thrown throwing | trap trapped trapped trapping | understand understood understood understanding
win won won winning | withdraw withdrew withdrawn withdrawing | write wrote written writing
"""
_TABLE = {parts[0]: parts for line in _IRREGULAR.replace("\n", "|").split("|") if (parts := line.split())}
_BASES = {form: parts[0] for parts in reversed(_TABLE.values()) for form in parts[1:3] if form != parts[0]}
_THIRD = {"be": "is", "have": "has"}


class VerbForms(NamedTuple):
    """The principal forms of a verb."""

    base: str
    third: str
    past: str
    participle: str
    ing: str


def verb_forms(lemma: str) -> VerbForms:
    """The forms of a verb, by table or by the rules of spelling; a consonant is doubled only where the table says so."""
    if lemma in _TABLE:
        past, participle, ing = _TABLE[lemma][1:4]
        return VerbForms(lemma, _third(lemma), past, participle, ing)
    if lemma.startswith("re") and lemma[2:] in _TABLE:  # "retake", "resend"
        past, participle, ing = (f"re{form}" for form in _TABLE[lemma[2:]][1:4])
        return VerbForms(lemma, _third(lemma), past, participle, ing)
    if lemma.endswith("e"):
        past, ing = lemma + "d", lemma + "ing" if lemma.endswith("ee") else lemma[:-1] + "ing"
    elif _ends_in_consonant_y(lemma):
        past, ing = lemma[:-1] + "ied", lemma + "ing"
    else:
        past, ing = lemma + "ed", lemma + "ing"
    return VerbForms(lemma, _third(lemma), past, past, ing)


def base_form(word: str) -> str:
    """The base of an irregular past form or participle (`fell`: `fall`); any other word as it is."""
    return _BASES.get(word, word)


def other_forms(lemma: str) -> tuple[str, ...]:
    """What a verb has beside its principal forms: `are` of `be`, `gotten` of `get`."""
    return tuple(_TABLE.get(lemma, ())[4:])


def _third(lemma: str) -> str:
    if lemma in _THIRD:
        return _THIRD[lemma]
    if lemma.endswith(("s", "sh", "ch", "x", "z", "go", "do")):
        return lemma + "es"
    return lemma[:-1] + "ies" if _ends_in_consonant_y(lemma) else lemma + "s"


def _ends_in_consonant_y(lemma: str) -> bool:
    return lemma.endswith("y") and not lemma.endswith(("ay", "ey", "iy", "oy", "uy"))
