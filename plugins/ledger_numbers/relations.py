"""What the quantities of a sentence say about each other: two bounds of one thing, lists of ages, magnitudes, part and whole."""

from __future__ import annotations

import itertools

from ledger_numbers.found import Found
from ledger_numbers.tokens import Tokens

__all__ = ["relate"]


def relate(tokens: Tokens, found: list[Found]) -> list[Found]:
    """Complete the quantities of a sentence from their neighbours."""
    found = _two_bounds(tokens, found)
    _ages(tokens, found)
    _magnitudes(tokens, found)
    _wholes(tokens, found)
    return found


def _two_bounds(tokens: Tokens, found: list[Found]) -> list[Found]:
    """Join a lower and an upper bound of one thing: "more than 10 and less than 20"."""
    out: list[Found] = []
    for right in found:
        left = out[-1] if out else None
        if (
            left is None
            or {left.op, right.op} != {"min", "max"}
            or left.kind != right.kind
            or left.unit != right.unit
        ):
            out.append(right)
            continue
        gap = tokens.word[left.stop : right.first]
        low, high = (left, right) if left.op == "min" else (right, left)
        fits = low.value is not None and high.value is not None and low.value < high.value
        if (
            gap not in (["and"], ["but"], [","], [",", "but"])
            or not fits
            or (left.noun and right.noun and left.noun != right.noun)
        ):
            out.append(right)
            continue
        noun = right.noun or left.noun
        out[-1] = Found(
            left.first,
            right.stop,
            left.core,
            left.kind,
            "range",
            low.value,
            low.value,
            high.value,
            left.unit,
            noun,
        )
    return out


def _ages(tokens: Tokens, found: list[Found]) -> None:
    """Carry an age on to the next bare number: "aged 23 and 31"."""
    for left, right in itertools.pairwise(found):
        gap = tokens.word[left.stop : right.first]
        bare = (
            right.kind == "cardinal" and not right.noun and right.value is not None and 0 < right.value < 116
        )
        if (
            bare
            and left.kind == "age"
            and left.unit == "year"
            and gap in (["and"], [","], [",", "and"], ["to"])
        ):
            right.kind, right.unit = "age", "year"


def _magnitudes(tokens: Tokens, found: list[Found]) -> None:
    """Mark the numbers of an earthquake's magnitude, also the later ones that leave the word out."""
    if not any(word in tokens.word for word in ("magnitude", "magnitudes", "richter")):
        return
    for quantity in found:
        if quantity.kind != "cardinal" or quantity.value is None or not 0 < quantity.value < 11:
            continue
        if quantity.noun and quantity.noun.split()[0] not in {
            "magnitude",
            "earthquake",
            "quake",
            "tremor",
            "shock",
        }:
            continue
        before = tokens.phrase(quantity.first - 2, quantity.first)
        beside = before.endswith("magnitude") or before in {"magnitude -", "magnitude of", "magnitude was"}
        after = tokens.phrase(quantity.stop, quantity.stop + 2)
        beside = beside or after.startswith("magnitude") or after == "- magnitude"
        if beside or quantity.value != quantity.value.to_integral_value():
            quantity.kind, quantity.noun = "magnitude", ""


def _wholes(tokens: Tokens, found: list[Found]) -> None:
    """Join part and whole: "1,000 of the 11,000", "of the 11,000 soldiers, around 1,000", "200, of whom 40"."""
    for left, right in itertools.pairwise(found):
        if left.value is None or right.value is None:
            continue
        gap = tokens.word[left.stop : right.first]
        if (
            gap
            and gap[0] == "of"
            and len(gap) <= 3
            and all(word in {"of", "the", "its", "their", "some", "all", "about", "those"} for word in gap)
        ):
            if left.kind in {"cardinal", "percent", "measure"} and right.kind == "cardinal":
                left.whole, left.noun = right.value, left.noun or right.noun
            continue
        opened = (
            tokens.at(left.first - 1) in {"of", "the", "its", "their"}
            and "of" in tokens.word[max(0, left.first - 3) : left.first]
        )
        if right.kind not in {"cardinal", "percent"} or left.kind != "cardinal" or left.whole is not None:
            continue
        if (
            opened
            and "," in gap
            and _leads(tokens, left.first)
            and right.value <= left.value
            and not right.noun
        ):
            right.whole, right.noun = left.value, left.noun
        elif len(gap) <= 14 and ("of whom" in " ".join(gap[-3:]) or "of which" in " ".join(gap[-3:])):
            right.whole, right.noun = left.value, right.noun or left.noun


def _leads(tokens: Tokens, first: int) -> bool:
    """Whether "of the N" opens a clause instead of following a noun or another number."""
    at = first - 1
    while tokens.at(at) in {"the", "its", "their", "some", "about"}:
        at -= 1
    before = tokens.at(at - 1)
    return tokens.at(at) == "of" and (
        not before
        or not before.isalnum()
        or before in {"that", "and", "but", "out", "because", "while", "as"}
    )
