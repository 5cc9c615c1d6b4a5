"""`newsledger article` and `newsledger search`."""

from __future__ import annotations

import difflib
from itertools import pairwise
from typing import TYPE_CHECKING

import click
import msgspec

from ledger.cli.layers import reads_as
from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.cli.wording import time_text
from ledger.clock import parse_time
from ledger.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from ledger.plugin import Article
    from ledger.projections.results import ArticleView, StoredAnnotation

__all__ = ["article", "search"]


@click.command()
@click.argument("identifier", metavar="ID|URL")
@click.option("--diff", is_flag=True, help="What changed between the revisions.")
@click.option("--revision", type=int, help="This revision instead of the newest.")
@click.option("--as-of", metavar="TIME", help="As we knew it at TIME (recorded time).")
@json_option
@click.pass_context
def article(
    ctx: click.Context, identifier: str, diff: bool, revision: int | None, as_of: str | None, as_json: bool
) -> None:
    """One article: its revisions, its text, the claims that were read from it, and what other plugins found in it."""
    from ledger.projections.browse import Browser
    from ledger.projections.queries import FOREVER

    ledger = open_from(ctx)
    ledger.views.catch_up()
    found = ledger.article(identifier)
    upto = FOREVER if as_of is None else ledger.store.position_at(parse_time(as_of))
    if as_of is not None:
        found = _as_of(found, upto, as_of)
    name = found.article.article
    numbers = [one.revision for one in found.revisions if one.text]
    shown = revision or (numbers[-1] if numbers else 0)
    if shown and shown not in numbers:
        raise UsageError(
            "No such revision", which=f"{name} {shown}", fix=f"There are {', '.join(map(str, numbers))}"
        )
    texts = {
        number: ledger.views.to_article(name, number)
        for number in (numbers if diff else [shown] if shown else [])
    }
    annotations = Browser(ledger.views).annotations(name, shown, upto) if shown else ()
    newest = ledger.views.to_article(name, numbers[-1]) if shown and shown != numbers[-1] else None
    old = texts.get(shown) if newest is not None else None
    if as_json:
        json_out(
            {
                "article": found.article,
                "revisions": found.revisions,
                "text": text.text if shown and (text := texts.get(shown)) else None,
                "annotations": [
                    {
                        **msgspec.json.decode(one.body),
                        "processor": one.processor,
                        "version": one.version,
                        **({"now": _now(one, old, newest)} if old is not None else {}),
                    }
                    for one in annotations
                ],
            }
        )
        return
    click.secho(found.article.title or "(no title)", bold=True)
    click.echo(f"{name}  {found.article.outlet}  {found.article.url}")
    table(
        ("revision", "status", "published", "recorded", "remarks"),
        [
            (
                one.revision,
                one.status,
                time_text(parse_time(one.p_time)),
                time_text(parse_time(one.recorded_at)),
                " ".join(
                    word for word in ("silent edit" if one.silent else "", one.reason, one.flags) if word
                ),
            )
            for one in found.revisions
        ],
        empty="No revisions.",
    )
    if diff:
        _print_diff([(number, text.title, text.text) for number, text in texts.items() if text is not None])
        return
    body = texts.get(shown)
    if body is not None:
        click.echo(f"\n{body.text}\n")
    claims = [(one, msgspec.json.decode(one.body)) for one in annotations if one.type == "core.claim"]
    table(
        (
            "claim",
            "value",
            "modality",
            "kind",
            "said by",
            *(["in the newest text"] if old is not None else []),
        ),
        [
            (
                " ".join(
                    word for word in (claim["subject"], claim["measure"], claim.get("scope", "")) if word
                ),
                _value(claim.get("value")),
                claim.get("modality", "asserted"),
                claim.get("kind", "primary"),
                " < ".join(link["actor"] for link in claim.get("chain", [])) or "the outlet itself",
                *([_now(one, old, newest)] if old is not None else []),
            )
            for one, claim in claims
        ],
        empty="No claims were read from it.",
    )
    others = [msgspec.json.decode(one.body) for one in annotations if not one.type.startswith("core.")]
    if others:
        table(
            ("layer of a plugin", "text", "reads as"),
            [(one["type"], one["quote"][:60], reads_as(one)) for one in others],
            empty="",
        )


def _as_of(found: ArticleView, upto: int, as_of: str) -> ArticleView:
    """An article with the revisions that were recorded by then."""
    from ledger.projections.articles import summary_of

    revisions = tuple(one for one in found.revisions if one.position <= upto)
    if not revisions:
        first = time_text(parse_time(found.revisions[0].recorded_at))
        raise NotFoundError(
            f"The article was not recorded by {as_of}",
            which=found.article.article,
            fix=f"It was recorded first on {first}",
        )
    return msgspec.structs.replace(found, article=summary_of(revisions), revisions=revisions)


def _now(one: StoredAnnotation, old: Article | None, newest: Article | None) -> str:
    """Where the words of an annotation of an older text are in the newest one: same sentence, moved, gone."""
    from ledger.plugin import Span
    from ledger.state.anchors import anchor, locate

    if old is None or newest is None:
        return ""
    span = Span(one.start, one.end)
    return locate(anchor(old.text, span, span), newest.text).fate


def _value(value: dict[str, object] | None) -> str:
    if not value:
        return "-"
    parts = [str(value[key]) for key in ("op", "point", "text") if value.get(key) not in (None, "exact")]
    return " ".join(parts)


def _print_diff(texts: list[tuple[int, str, str]]) -> None:
    for (old, old_title, old_text), (new, new_title, new_text) in pairwise(texts):
        before = [old_title, *old_text.split("\n\n")]
        after = [new_title, *new_text.split("\n\n")]
        for line in difflib.unified_diff(
            before, after, f"revision {old}", f"revision {new}", lineterm="", n=1
        ):
            colour = {"+": "green", "-": "red"}.get(line[:1])
            click.secho(line, fg=colour)


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="At most this many."
)
@json_option
@click.pass_context
def search(ctx: click.Context, query: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Articles that hold all words of QUERY in title, text or claims, best first. Exit 1 when there is none."""
    ledger = open_from(ctx)
    ledger.views.catch_up()
    hits = ledger.search(" ".join(query), limit)
    if as_json:
        json_out(hits)
    else:
        table(
            ("article", "outlet", "published", "title and passage"),
            [
                (
                    hit.article,
                    hit.outlet,
                    time_text(parse_time(hit.p_time)),
                    f"{hit.title}\n{_marked(hit.snippet)}",
                )
                for hit in hits
            ],
            empty="Nothing found.",
        )
    ctx.exit(0 if hits else 1)


def _marked(snippet: str) -> str:
    return snippet.replace("\x02", "[").replace("\x03", "]").replace("\n", " ")
