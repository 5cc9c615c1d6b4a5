"""`newsledger state`, `explain` and `explain-change`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
import msgspec

from ledger.cli.figures import in_order, print_state
from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, table
from ledger.cli.paging import page, page_options, say_more
from ledger.cli.wording import number_text, slot_title, time_text, value_text
from ledger.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.state import Registry
    from ledger.state.model import SlotState, State

__all__ = ["as_of_options", "explain", "explain_change", "state"]


def as_of_options(function: Callable[..., None]) -> Callable[..., None]:
    """The two clocks: `--as-of` (recorded by us) and `--published-as-of` (published by the outlets)."""
    recorded = click.option("--as-of", metavar="TIME", help="As we knew it at TIME (recorded time).")
    published = click.option(
        "--published-as-of", metavar="TIME", help="Counting only what was published by TIME."
    )
    return recorded(published(function))


def _find(state: State, wanted: str) -> SlotState:
    exact = state.get(wanted)
    if exact is not None:
        return exact
    near = [slot for slot in state.slots if slot.id.startswith(wanted)]
    if len(near) == 1:
        return near[0]
    names = ", ".join(slot.id for slot in (near or state.slots)[:8])
    raise NotFoundError(
        "No such figure", which=wanted, fix=f"Known ones: {names}" if names else "Nothing is reported yet"
    )


@click.command()
@click.argument("slot", required=False)
@as_of_options
@click.option(
    "--topic", metavar="TOPIC", help="Only figures of a topic of the registry, or whose name holds this text."
)
@click.option(
    "--policy",
    default="",
    metavar="NAME",
    help="Choose the figure by `latest/1` instead of `most-support/1`.",
)
@page_options
@json_option
@click.pass_context
def state(
    ctx: click.Context,
    slot: str | None,
    as_of: str | None,
    published_as_of: str | None,
    topic: str | None,
    policy: str,
    limit: int | None,
    after: str | None,
    as_json: bool,
) -> None:
    """What is reported: per figure the value, the range, how many reports and independent roots, who disagrees.

    `roots` reads "1 of 3": one independent root stands behind the value, of three that report on the figure.
    """
    ledger = open_from(ctx)
    asked = partial(ledger.state, recorded_as_of=as_of, published_as_of=published_as_of, policy=policy)
    found = asked(slots=[slot]) if slot else asked()
    if slot and not found.slots:
        found = asked()
    slots = [_find(found, slot)] if slot else list(found.slots)
    if topic:
        slots = _of_topic(slots, topic, ledger.sources.registry(recorded_as_of=as_of))
    shown, left = page(slots if as_json or slot else in_order(slots), lambda one: one.id, limit, after)
    if as_json:
        json_out(msgspec.structs.replace(found, slots=tuple(shown)).to_dict())
        return
    print_state(shown)
    if slot:
        _print_history(shown[0])
    if shown:
        say_more(left, shown[-1].id)
        click.echo(f"\nWhy: newsledger explain {shown[0].id if slot else 'FIGURE'}")


def _of_topic(slots: Sequence[SlotState], topic: str, registry: Registry) -> list[SlotState]:
    """Figures of the topic with this id or title; where there is none, those whose name or id holds the text."""
    wanted = topic.casefold()
    for key, one in sorted(registry.topics.items()):
        if wanted in (key.casefold(), one.title.casefold()):
            return [slot for slot in slots if one.holds(slot.id)]
    found = [slot for slot in slots if wanted in f"{slot.id} {slot_title(slot)}".casefold()]
    if not found:
        names = ", ".join(f"{key} ({one.title})" for key, one in sorted(registry.topics.items()))
        raise NotFoundError(
            "No such topic, and no figure with this in its name",
            which=topic,
            fix=f"Topics: {names or 'none'}",
        )
    return found


def _print_history(slot: SlotState) -> None:
    click.echo()
    table(
        ("from", "reported", "range", "roots", "modality", "disputed"),
        [
            (
                time_text(change.recorded_at),
                value_text(change.best),
                number_text(change.low)
                if change.low == change.high
                else f"{number_text(change.low)}-{number_text(change.high)}",
                change.best_independent_roots,
                change.modality or "-",
                "yes" if change.disputed else "no",
            )
            for change in slot.figure_history
        ],
        empty="No history.",
        right=(3,),
    )


@click.command()
@click.argument("slot")
@as_of_options
@click.option("--full", is_flag=True, help="Whole sentences, addresses, and names of claims for reviews.")
@json_option
@click.pass_context
def explain(
    ctx: click.Context, slot: str, as_of: str | None, published_as_of: str | None, full: bool, as_json: bool
) -> None:
    """Why a figure is what it is: every report with its sentence, chain and root, alive or dead and why, and what became of the
    sentence where the article was revised since.

    The last column is the article; `newsledger article ID` shows it.
    """
    from ledger.cli.explaining import print_explanation
    from ledger.projections.places import places
    from ledger.state.explain import explain as explanation_of

    ledger = open_from(ctx)
    asked = partial(ledger.state, recorded_as_of=as_of, published_as_of=published_as_of)
    found = asked(slots=[slot])
    if not found.slots:
        found = asked()
    chosen = _find(found, slot)
    explanation = explanation_of(found, chosen.id)
    placed = places(ledger.views, chosen.claims, found.recorded_as_of)
    if as_json:
        json_out({**msgspec.structs.asdict(explanation), "places": placed})
    else:
        print_explanation(chosen, explanation, placed, full=full)


@click.command("explain-change")
@click.argument("slot")
@click.argument("before")
@click.argument("after", required=False)
@json_option
@click.pass_context
def explain_change(ctx: click.Context, slot: str, before: str, after: str | None, as_json: bool) -> None:
    """What changed on a figure between two instants of recorded time (AFTER: now), each difference with its one cause."""
    from ledger.cli.explaining import print_changes

    changes = open_from(ctx).explain_change(slot, before, after)
    if as_json:
        json_out(changes)
    else:
        print_changes(slot, before, after or "now", changes)
