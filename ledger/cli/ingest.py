"""`newsledger ingest`."""

from __future__ import annotations

import click

from ledger.cli.opening import json_option, open_from
from ledger.cli.output import json_out, progress, warn
from ledger.cli.process import annotated_text, warn_failures
from ledger.errors import UsageError

__all__ = ["ingest"]


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="PATH|URL|KIND:LOCATION...")
@click.option("--outlet", default="", help="Key of the publishing outlet.")
@click.option("--url", default="", help="Original address of the one article given.")
@click.option("--published", metavar="TIME", help="When the one article given was published.")
@json_option
@click.pass_context
def ingest(
    ctx: click.Context,
    sources: tuple[str, ...],
    outlet: str,
    url: str,
    published: str | None,
    as_json: bool,
) -> None:
    """Record articles from files (.txt .html .json .eml .warc .pdf), feed documents, folders or URLs, and annotate them.

    KIND:LOCATION asks a source of a plugin, such as folder:PATH (what is new in a folder) or sitemap:URL (a news sitemap).

    Recording the same content again changes nothing; other content under the same address is a new revision. Exit 2 when
    a source could not be read; what could be read is recorded all the same.
    """
    if (url or published) and len(sources) != 1:
        raise UsageError("--url and --published describe one article", which=f"{len(sources)} sources given")
    ledger = open_from(ctx)
    with progress("Recording") as show:
        reports = ledger.ingest(
            *sources, outlet=outlet, url=url, published=published, progress=show, process=False
        )
    with progress("Annotating") as show:
        done = ledger.process(progress=show)
    failures = [failure for report in reports for failure in report.failures]
    if as_json:
        json_out({"ingested": reports, "annotated": done})
    else:
        new, revised, unchanged = (
            sum(getattr(report, name) for report in reports) for name in ("new", "revised", "unchanged")
        )
        click.echo(f"{new} new, {revised} revised, {unchanged} unchanged articles; {annotated_text(done)}")
        for article in [article for report in reports for article in report.articles][:10]:
            click.echo(f"  newsledger article {article}")
        for failure in failures:
            warn(f"newsledger: {failure.name}: {failure.error}")
    warn_failures(done)
    ctx.exit(2 if failures else 1 if done.failures else 0)
