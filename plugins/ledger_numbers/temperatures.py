"""Temperatures without a full unit: `five below zero`, `below zero`, `in Celsius`; and the degrees of an angle."""

from __future__ import annotations

from ledger_numbers.found import Found
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import UNITS
from ledger_numbers.words import word_set

__all__ = ["SCALE_NAMES", "degrees_meant", "scale_alone"]

SCALE_NAMES = frozenset({"celsius", "celcius", "centigrade", "fahrenheit"})
"""Words that name a scale of temperature, also where they stand without a number."""
_DEGREES = frozenset({"degree", "degrees", "deg", "°"})
_WEATHER = word_set("""
    temperature temperatures thermometer thermometers mercury cold heat weather frost freezing freezer warmed cooled chill
    warm warmer cool cooler hot hotter colder
""")
_ANGLES = word_set("""
    angle angles rotate rotated rotates rotating rotation turn turned turns turning tilt tilted tilts tilting slope slopes
    incline inclined latitude longitude north south east west circle arc bend bends view panorama panoramic swivel
    swivels triangle corner lens spin spins
""")
_NEAR = 4


def scale_alone(tokens: Tokens, at: int) -> Found | None:
    """A scale that is named without a number ("in degrees Celsius"): a vague measure. Not a name such as "Celsius Holdings"."""
    if tokens.is_capital(at) and (tokens.is_capital(at + 1) or tokens.is_number(at + 1)):
        return None
    first = at - 1 if tokens.at(at - 1) in _DEGREES else at
    return Found(first, at + 1, at, "measure", "vague", unit=UNITS[tokens.at(at)])


def degrees_meant(tokens: Tokens, found: Found) -> None:
    """Complete a number before "below zero", give the zero of "below zero" its unit, and tell an angle from a temperature."""
    before, following = tokens.at(found.first - 1), tokens.phrase(found.stop, found.stop + 2)
    if found.kind == "cardinal" and following in {"below zero", "above zero"} and found.value is not None:
        if following == "below zero":
            found.value = found.low = found.high = -abs(found.value)
        found.kind, found.unit, found.stop = "measure", "degree", found.stop + 2
    elif found.kind == "cardinal" and found.value == 0 and before in {"below", "above"}:
        if _is_weather(tokens):
            found.kind, found.unit = "measure", "degree"
    elif found.unit == "degree" and not _is_weather(tokens):
        near = tokens.word[max(0, found.first - _NEAR) : found.stop + _NEAR]
        if any(word in _ANGLES for word in near):
            found.unit = "angular_degree"


def _is_weather(tokens: Tokens) -> bool:
    return any(word in _WEATHER for word in tokens.word)
