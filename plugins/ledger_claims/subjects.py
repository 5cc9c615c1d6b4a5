"""Who or what is counted: the head noun of a quantity's phrase, in singular lower case, with its affiliation."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_claims.clauses import Token
from ledger_claims.inflect import singular
from ledger_claims.lexicon import word_list
from ledger_claims.table import Table

__all__ = ["noun_after", "owned_whole", "subject_before"]

_MOVES = word_list("reach") | word_list("changes")
_LINKING = frozenset(["more", "other", "further", "additional", "new"])
_EMPTY = word_list("empty")
_PAST = word_list("irregular_past")


def noun_after(tokens: Sequence[Token], i: int, table: Table) -> tuple[str, int]:
    """The counted noun after index `i` and the index at which its phrase ends; the noun is empty when there is none.

    `1,000 of the 9,000 North Korean soldiers` counts North Korean soldiers; words of the measure table end the phrase
    or, before a noun, qualify it.
    """
    k = i + 1
    while k < len(tokens) and (
        tokens[k].low in _LINKING or (tokens[k].tag == "ADV" and tokens[k].low in {"more", "further"})
    ):
        k += 1
    quantity = tokens[i].quantity if i >= 0 else None
    whole = owned_whole(tokens, k)
    if (
        quantity is not None
        and (quantity.noun or quantity.kind == "measure" or whole)
        and k + 1 < len(tokens)
        and tokens[k].low == "of"
    ):
        after = whole or k + 1
        while after < len(tokens) and tokens[after].tag in {"DET", "Q"}:
            after += 1
        if after < len(tokens) and tokens[after].tag == "N" and tokens[after].says("state", "count") is None:
            k = after
    words: list[Token] = []
    while k < len(tokens) and tokens[k].tag == "N":
        token = tokens[k]
        verb = token.says("agent", "object")
        if words and (
            token.says("state") or (verb is not None and verb.form in {"past", "participle", "third", "ing"})
        ):
            break
        if not words and token.says("state") and not _nominal(tokens, k + token.width):
            break
        happened = verb is not None and verb.form in {"past", "third"} and token.says("count") is None
        named = tokens[k - 1].low == "of"  # "70 tonnes of supplies"
        if (
            not (words or named)
            and happened
            and token.says("state") is None
            and not _nominal(tokens, k + token.width)
        ):
            break  # "three died"
        if words and token.low in _PAST and not token.capital:
            break
        if words and token.low.endswith(("ed", "ing")) and not token.capital and not _nominal(tokens, k + 1):
            break
        words.append(token)
        k += 1
        if _people(token, table) and k < len(tokens) and not (tokens[k].capital or _people(tokens[k], table)):
            break
    while words and words[-1].tag == "N" and words[-1].low.endswith("ly"):
        words.pop()
    kept = [t for t in words if t.says("state") is None]
    name = _subject(kept, table)
    if not name and quantity is not None and quantity.noun and not words:
        name = _known(quantity.noun, table)
    return name, max(k, i + 1)


def owned_whole(tokens: Sequence[Token], k: int) -> int:
    """The index of the number in `of the base's 20 hangars`, for the index of `of`; 0 when nothing like it stands there."""
    if k >= len(tokens) or tokens[k].low != "of":
        return 0
    k += 1
    while k < len(tokens) and tokens[k].tag in {"DET", "N"}:
        k += 1
    owned = k + 1 < len(tokens) and tokens[k].tag == "POS" and tokens[k + 1].tag == "Q"
    return k + 1 if owned else 0


def _people(token: Token, table: Table) -> bool:
    """Whether a word is a plural noun for people, which ends its phrase: `214 people ran into trouble`."""
    return (
        token.tag == "N"
        and singular(token.low) in table.persons
        and (token.low in {"people", "men", "women", "children"} or singular(token.low) != token.low)
    )


def _nominal(tokens: Sequence[Token], k: int) -> bool:
    return k < len(tokens) and tokens[k].tag == "N" and tokens[k].says("agent", "object") is None


def _known(noun: str, table: Table) -> str:
    plain = singular(noun)
    head = plain.rsplit(" ", 1)[-1]
    return (
        table.subject(plain) if plain in table.subjects else (table.subject(head) if head == plain else plain)
    )


def _subject(words: Sequence[Token], table: Table) -> str:
    """`North Korean soldiers` -> `North Korean soldier`: the head, compound heads of the table, and names before it."""
    if not words:
        return ""
    head = singular(words[-1].low)
    if words[-1].low in _EMPTY:
        return ""
    begin = len(words) - 1
    if begin and f"{words[begin - 1].low} {head}" in table.persons:
        begin -= 1
        head = f"{words[begin].low} {head}"
    names: list[str] = []
    for token in reversed(words[:begin]):
        if not token.capital:
            break
        names.insert(0, token.text)
    if words[-1].capital and not names:
        return words[-1].text
    noun = table.subject(head)
    if not names:
        modifiers = [t.low for t in words[:begin] if t.low not in _EMPTY and not t.low.endswith("ly")]
        if (
            noun not in {"people", "soldier"}
            and head not in table.persons
            and len(modifiers) == 1
            and not head[0].isupper()
        ):
            return f"{modifiers[0]} {noun}"
    return " ".join([*names, noun])


def subject_before(tokens: Sequence[Token], j: int, table: Table, *, named: bool = False) -> str:
    """Whose total it is: `the price of wheat`, `the wheat price`; with `named`, the capitalised phrase before `j`."""
    if named:
        k = j - 1
        while k >= 0 and tokens[k].tag in {"AUX", "ADV"}:
            k -= 1
        end = k + 1
        while k >= 0 and tokens[k].tag == "N":
            k -= 1
        words = [t for t in tokens[k + 1 : end] if t.tag == "N"]
        if not any(t.capital for t in words):
            return ""
        first = next(n for n, t in enumerate(words) if t.capital)
        return " ".join(t.text for t in words[first:])
    after = j + tokens[j].width
    if after + 1 < len(tokens) and tokens[after].low in {"of", "in", "for"}:
        k = after + 1
        while k < len(tokens) and tokens[k].tag == "DET":
            k += 1
        end = k
        while end < len(tokens) and tokens[end].tag == "N" and not tokens[end].says("agent"):
            low = tokens[end].low
            if not tokens[end].capital and (low.endswith("ed") or low in _MOVES):
                break
            end += 1
        if end > k:
            return _plain(tokens[k:end], table, first=False)
    k = j
    while k > 0 and tokens[k - 1].tag == "N" and tokens[k - 1].says("object", "agent") is None:
        k -= 1
    return _plain(tokens[k:j], table, first=k == 0) if k < j else ""


def _plain(words: Sequence[Token], table: Table, *, first: bool) -> str:
    text = " ".join(
        t.text if t.capital and not (first and n == 0 and len(words) == 1) else t.low
        for n, t in enumerate(words)
    )
    return table.subject(singular(text) if text.islower() else text)
