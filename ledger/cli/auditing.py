"""How audits and replays are shown, and the options that they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.output import table

if TYPE_CHECKING:
    from ledger.audit import Replay
    from ledger.audit.whatif import WhatIf

__all__ = ["print_replay", "print_report", "print_what_if", "sample_options"]

_SHOWN = 20


def sample_options(function: Callable[..., None]) -> Callable[..., None]:
    """`--sample`, `--seed` and `--jobs`."""
    for option in (
        click.option(
            "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Runs side by side."
        ),
        click.option(
            "--seed", default="", metavar="TEXT", help="Which sample: the same text, the same runs."
        ),
        click.option(
            "--sample", type=click.IntRange(1), metavar="N", help="Repeat N of the recorded runs only."
        ),
    ):
        function = option(function)
    return function


def print_replay(found: Replay, *, views_only: bool) -> None:
    """The views, then what became of the runs."""
    click.echo(f"Ledger at position {found.position}, root {found.root}")
    table(
        ("view", "rows digest", "rebuilt from the events"),
        [
            (view.name, view.live[:16], "identical" if view.same else f"DIFFERS: {view.rebuilt[:16]}")
            for view in found.views
        ],
        empty="No views.",
    )
    if views_only:
        return
    click.echo()
    counts = ", ".join(f"{count} {name}" for name, count in found.counts.items())
    click.echo(f"Processors run again: {counts or 'nothing recorded'}")
    for one in found.reruns[:_SHOWN]:
        click.echo(f"  {one.outcome}: {one.processor} on {one.article} revision {one.revision}: {one.detail}")
    if len(found.reruns) > _SHOWN:
        click.echo(f"  ... and {len(found.reruns) - _SHOWN} more; all with --json")


def print_report(report: dict[str, Any]) -> None:
    """The verdict, what was said, who vouches, what became of the runs."""
    question, state, replay = report["question"], report["state"], report["replay"]
    click.echo(report["verdict"]["sentence"])
    click.echo(f"As of {question['as_of']}: {question['position']} events, root {question['root']}")
    sealed = f", sealed by event {state['event']}" if state["event"] else ""
    click.echo(f"The reported state, recomputed: {state['outcome']}{sealed}")
    outcomes: dict[str, list[str]] = {}
    for name, table_ in report["views"].items():
        outcomes.setdefault(table_["outcome"], []).append(name)
    for outcome, names in outcomes.items():
        click.echo(f"What else was sealed, recomputed: {outcome} ({', '.join(names)})")
    for who in report["vouched"]:
        click.echo(f"  {who}")
    for finding in report["integrity"]["findings"]:
        where = f"position {finding['position']}: " if finding["position"] else ""
        click.echo(f"  [{finding['layer']}] {where}{finding['what']}")
    counts = ", ".join(f"{count} {name}" for name, count in replay["outcomes"].items())
    click.echo(f"Processors run again: {counts or 'nothing recorded'}")
    for one in replay["differing"][:_SHOWN]:
        click.echo(
            f"  {one['outcome']}: {one['processor']} {one['version']} on {one['article']} "
            f"revision {one['revision']}: {one['detail']}"
        )
    if len(replay["differing"]) > _SHOWN:
        click.echo(f"  ... and {len(replay['differing']) - _SHOWN} more, in the report")


def print_what_if(found: WhatIf) -> None:
    """The effect on the state, counts by processor and class, then samples in context."""
    click.echo(f"With {found.plugins}, over {found.runs} runs up to position {found.position}:")
    for slot in found.state:
        click.echo(f"  {slot.sentence}")
    if not found.state:
        click.echo("  the reported state stays as it is")
    for name, counts in found.counts.items():
        click.echo(f"{name}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    shown = 0
    for changed in found.changed:
        if changed.failure:
            click.echo(
                f"  {changed.article} revision {changed.revision}: {changed.processor} fails: {changed.failure}"
            )
        for one in changed.differences:
            shown += 1
            if shown <= _SHOWN:
                before, after = one.before or "nothing", one.after or "nothing"
                click.echo(f"  {one.kind}, {one.type}: [-{before}-]{{+{after}+}} in “{one.quote[:120]}”")
    if shown > _SHOWN:
        click.echo(f"  ... and {shown - _SHOWN} more; all with --json")
    if found.lacking:
        click.echo(f"Not run, since they are not installed: {', '.join(found.lacking)}")
