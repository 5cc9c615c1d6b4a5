"""The word lists of slot and source resolution: what counts as the same measure, subject, state or description."""

from __future__ import annotations

__all__ = [
    "CALENDAR",
    "COUNTED",
    "CROWD",
    "DESCRIPTIONS",
    "DIRECTIONS",
    "EMPTY_SUBJECTS",
    "EVENTS",
    "GENERIC_PLACES",
    "GOODS",
    "GROUPS",
    "LEVELS",
    "NOT_SOURCES",
    "OFFICES",
    "PARTS",
    "PERSONNEL",
    "PERSONS",
    "QUALIFIERS",
    "RELATED",
    "SAME_MEASURE",
    "SAME_PHRASE",
    "SAME_SUBJECT",
    "STATES",
    "UNITS",
    "VAGUE",
    "VESSELS",
]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LEVELS = _set(
    """missing trapped sheltering hospitalised level rate price temperature turnout population protesting
    power strike aboard share"""
)
SAME_MEASURE = {
    "dead": "killed", "die": "killed", "died": "killed", "death": "killed", "deaths": "killed", "fatality": "killed",
    "fatalities": "killed", "toll": "killed", "wounded": "injured", "hurt": "injured", "injury": "injured",
    "unaccounted": "missing", "hospitalized": "hospitalised", "sent": "deployed", "dispatched": "deployed",
    "mobilised": "deployed", "mobilized": "deployed", "delivered": "supplied", "shipped": "supplied", "arrived": "supplied",
    "detained": "arrested", "homeless": "displaced", "burnt": "burned", "saved": "rescued", "canceled": "cancelled",
    "relocated": "evacuated", "gust": "wind", "gusts": "wind", "case": "infected", "cases": "infected",
    "infection": "infected", "infections": "infected", "electricity": "power", "attended": "protesting", "marched": "protesting",
    "demonstrated": "protesting", "attendance": "protesting", "rain": "rainfall", "precipitation": "rainfall", "shelter": "sheltering", "shelters": "sheltering", "strike": "strike",
}  # fmt: skip
SAME_PHRASE = {
    "cut": "laid off", "jobs cut": "laid off", "job cuts": "laid off", "job losses": "laid off", "axed": "laid off",
    "on board": "aboard", "under treatment": "treated", "in treatment": "treated", "in hospital": "hospitalised",
    "made redundant": "laid off", "redundant": "laid off", "redundancies": "laid off", "layoffs": "laid off",
}  # fmt: skip
SAME_SUBJECT = {
    "person": "people", "persons": "people", "resident": "people", "villager": "people", "inhabitant": "people", "townspeople": "people", "islander": "people", "local": "people",
    "victim": "people", "human": "people", "troop": "soldier", "serviceman": "soldier",
    "earthquake": "shock", "quake": "shock", "tremor": "shock", "mainshock": "shock", "temblor": "shock",
    "job": "worker", "truce": "ceasefire", "armistice": "ceasefire", "cease-fire": "ceasefire",
    "home": "house", "dwelling": "house", "household": "house", "lorry": "truck",
    "forest": "land", "area": "land", "bush": "land", "woodland": "land", "ground": "land",
}  # fmt: skip
GOODS = _set(
    """aid supply relief assistance food blanket medicine water tent goods cargo flour grain rice fuel clothing material equipment
    ration parcel kit"""
)
"""What is brought to people in need: any of it counts as aid, and aid is not told apart by it."""

CROWD = _set(
    """worker passenger protester demonstrator villager miner resident employee patient migrant refugee tourist
    man woman driver motorist pedestrian farmer fisherman customer guest fan pilgrim shopper commuter inmate member hiker climber skier holidaymaker"""
)
"""Who is told from mere people by what they do; together they are people."""
VESSELS = _set("""ferry ship vessel boat tanker freighter trawler submarine plane aircraft airliner train""")
"""What may be known by a name alone."""
PERSONS = CROWD | _set(
    """people person civilian soldier troop child woman man girl boy officer fighter rebel militant prisoner hostage student
    pupil patient voter survivor crew sailor nurse doctor teacher firefighter driver official demonstrator marcher supporter
    household family detainee inhabitant townspeople"""
)
"""Who can be counted among people."""
GROUPS = _set("""unit force contingent army brigade battalion regiment division formation garrison""")
"""Bodies of soldiers: of a state, what is said of them is said of soldiers."""
QUALIFIERS = _set("""confirmed suspected probable""")
"""What tells counts of one kind apart."""
RELATED = {"treated": "hospitalised"}
"""Measures that stand for another where the place says that it is meant."""
UNITS = {
    "km": "kilometer", "kilometre": "kilometer", "kilometer": "kilometer", "m": "meter", "metre": "meter", "meter": "meter",
    "hectare": "hectare", "ha": "hectare", "acre": "acre", "km2": "square kilometer", "square kilometre": "square kilometer",
    "square kilometer": "square kilometer", "kilometer**2": "square kilometer", "percent": "percent", "per cent": "percent",
    "%": "percent", "usd": "usd", "dollar": "usd", "eur": "eur", "euro": "eur", "gbp": "gbp", "pound": "gbp", "tonne": "tonne",
    "ton": "tonne", "mw": "magnitude", "ml": "magnitude", "ms": "magnitude", "magnitude": "magnitude", "richter": "magnitude",
    "minute": "minute", "min": "minute", "hour": "hour", "day": "day", "week": "week", "month": "month", "second": "second",
    "kilometer/hour": "kilometer/hour", "km/h": "kilometer/hour", "kph": "kilometer/hour", "millimeter": "millimeter",
    "mm": "millimeter", "millimetre": "millimeter", "centimeter": "centimeter", "cm": "centimeter", "centimetre": "centimeter",
    "degree_celsius": "celsius", "celsius": "celsius",
}  # fmt: skip
"""Units of measurement by their names; none stands for another."""
COUNTED = frozenset({"persons", "person", "people", "count", ""})
"""Units of what is merely counted."""
EMPTY_SUBJECTS = frozenset({"main"})
PERSONNEL = frozenset({"soldier"})
GENERIC_PLACES = _set(
    """region province district oblast city town village valley county state area country island coast border front
    zone territory municipality capital nation republic here there mountain river"""
)
DIRECTIONS = _set(
    "north south east west northern southern eastern western central upper lower north-eastern south-eastern"
)
EVENTS = _set(
    """earthquake quake flood fire wildfire storm cyclone hurricane typhoon eruption crash explosion attack war battle disaster
    landslide avalanche collapse outbreak epidemic sinking accident strike conflict offensive campaign"""
)
PARTS = _set("wall gate crest deck span pier structure main body spillway dyke embankment tower hull it")
STATES = (
    _set("intact undamaged sound holding unharmed unscathed"),
    _set("damaged cracked leaking weakened"),
    _set("destroyed collapsed breached burst fallen gone flattened ruptured"),
    _set("open reopened passable operating running resumed working restored"),
    _set("closed shut blocked suspended halted impassable cut sealed stopped"),
    _set("withdrawn retreated left pulled withdrew"),
    _set("contained controlled extinguished"),
)
CALENDAR = _set(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday"""
)
VAGUE = _set(
    """senior top high ranking high-ranking high-level unnamed anonymous unidentified several some many two three four five six
    other another one familiar various local"""
)
"""Words that do not tell one unnamed source from another."""

DESCRIPTIONS = _set(
    """official source insider aide diplomat resident witness eyewitness survivor neighbour neighbor villager worker adviser
    advisor analyst expert observer activist volunteer relative mayor doctor medic rescuer member employee passenger
    officer soldier commander nurse organiser organizer paramedic firefighter rescuer teacher driver neighbor colleague relative
    negotiator delegate trader lawyer prosecutor"""
)
"""Heads of descriptions that name nobody."""

OFFICES = _set(
    """leader chief boss head president director chairman chairwoman chair secretary general commander chairperson spokesman spokeswoman
    spokesperson manager minister captain colonel superintendent inspector officer coordinator"""
)
"""Offices that somebody holds in the organisation whose name stands before: "union leader Eva Kral"."""

NOT_SOURCES = _set("report reports media rumour rumours rumor rumors")
