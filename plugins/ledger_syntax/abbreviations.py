"""Abbreviations that a full stop may follow without ending a sentence, in lower case and without that stop."""

from __future__ import annotations

__all__ = ["BEFORE_NUMBER", "CONNECTIVES", "MAYBE_FINAL", "MAYBE_FINAL_NAMES", "STARTERS", "TITLES"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = _words("""
    mr mrs ms messrs mme mlle dr prof gen lt col sgt cpl pvt capt cmdr adm maj brig sen rep reps sens gov pres rev fr hon
    supt insp det atty sec asst assoc amb dep lieut msgr lt.-gen maj.-gen brig.-gen
    """)
"""Written with a capital, always before a name."""

CONNECTIVES = _words("vs v viz cf e.g i.e eg ie approx est")
"""Always followed by more of the same sentence."""

BEFORE_NUMBER = _words("""
    no nos art arts fig figs p pp ch vol vols para paras ss sect cl jan feb mar apr jun jul aug sep sept oct nov dec tel ext
    """)
"""Abbreviations only when a number follows ("No. 5"); otherwise the stop ends a sentence ("He said no.")."""

MAYBE_FINAL = _words("""
    a.m p.m inc ltd co corp bros plc llc jr sr esq etc al dept univ u.s u.k u.n e.u u.s.a u.s.s.r d.c n.y l.a b.c a.d ph.d
    m.d b.a m.a ft
    """)
"""Followed either by more of the sentence or by a new one; the next word decides."""

MAYBE_FINAL_NAMES = _words("""
    st ste mt ave blvd rd mass calif conn ariz fla ga ill ind kan ky la md mich minn miss mo mont neb nev okla ore pa tenn
    tex va vt wash wis wyo ala ark colo del mon tue tues wed thu thur thurs fri sat sun jan feb apr jun jul aug sep sept oct
    nov dec
    """)
"""As MAYBE_FINAL, but only when written with a capital; in lower case they are words."""

STARTERS = _words("""
    a an the this that these those it its he she they we i you his her their our my there here in on at by for from with
    without after before during since while when where why who what how if as although though because but and or so yet
    however meanwhile moreover furthermore instead still then also another other some many most several few no not none
    both each every all one two three according under over between among earlier later today yesterday last next
    officials police authorities reports witnesses rescuers residents critics experts analysts
    """)
"""Words that, with a capital after an abbreviation, begin a new sentence."""
