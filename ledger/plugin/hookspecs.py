"""The whole plugin surface on one page.

A plugin is a module named by an entry point of the group `ledger`; it implements any of these hooks with `@hookimpl`, or
the entry point names one `Processor`. It may set `LEDGER_API = 1` to say which API version it is written for. Every hook yields records (`ledger.plugin.declare`); none does work.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ledger.plugin.annotations import Annotation
from ledger.plugin.declare import Check, Command, Extractor, Page, Processor, Projection, Sink, SourceKind

__all__ = ["PROJECT", "HookSpecs", "hookimpl"]

PROJECT = "ledger"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """Hook specifications of API version 1. Each docstring ends with a whole plugin module."""

    @hookspec
    def ledger_processors(self) -> Iterable[Processor]:
        '''Processors that annotate one article revision.

        A module that implements no hook offers the processors that it defines.

        Example::

            from ledger.plugin import Annotation, Span, processor


            class Shout(Annotation, frozen=True, kw_only=True, tag="shouts.shout"):
                pass


            @processor("shouts", version="1.0", provides=[Shout])
            def shouts(article, context):
                """Exclamation marks."""
                for at, character in enumerate(article.text):
                    if character == "!":
                        yield Shout(span=Span(at, at + 1))
        '''
        raise NotImplementedError

    @hookspec
    def ledger_annotation_types(self) -> Iterable[type[Annotation]]:
        """Annotation types that no processor of this plugin lists in `provides`.

        Example::

            from ledger.plugin import Annotation, hookimpl


            class Place(Annotation, frozen=True, kw_only=True, tag="atlas.place"):
                code: str


            @hookimpl
            def ledger_annotation_types():
                yield Place
        """
        raise NotImplementedError

    @hookspec
    def ledger_sources(self) -> Iterable[SourceKind]:
        """Inputs other than feeds.

        Example::

            from pathlib import Path

            from ledger.plugin import SourceItem, SourceKind, hookimpl


            @hookimpl
            def ledger_sources():
                yield SourceKind(name="lines", open=lines, summary="Each line of a file is an article.")


            def lines(location, context):
                for number, line in enumerate(Path(location).read_text("utf-8").splitlines(), 1):
                    if not context.seen(line):
                        name = f"{location}:{number}"
                        yield SourceItem(name=name, body=line.encode(), media_type="text/plain", mark=line)
        """
        raise NotImplementedError

    @hookspec
    def ledger_extractors(self) -> Iterable[Extractor]:
        r"""Readers of media types.

        Example::

            from ledger.plugin import Extracted, Extractor, hookimpl


            @hookimpl
            def ledger_extractors():
                yield Extractor(name="markdown", version="1.0", media_types=("text/markdown",), extract=extract)


            def extract(body, url):
                title, _, text = body.decode("utf-8").partition("\n")
                return Extracted(text=text.strip(), title=title.lstrip("# "))
        """
        raise NotImplementedError

    @hookspec
    def ledger_projections(self) -> Iterable[Projection]:
        """Read models of one's own.

        Example::

            from ledger.plugin import Projection, hookimpl


            @hookimpl
            def ledger_projections():
                yield Projection(name="outlets", version="1", types=("article.ingested",), fold=fold)


            def fold(rows, events):
                for _type, payload, _recorded in events:
                    row = rows.setdefault(payload["outlet"], {"articles": 0})
                    row["articles"] += 1
        """
        raise NotImplementedError

    @hookspec
    def ledger_sinks(self) -> Iterable[Sink]:
        r"""Receivers of committed events.

        Example::

            from pathlib import Path

            from ledger.plugin import Sink, hookimpl


            @hookimpl
            def ledger_sinks():
                yield Sink(name="titles", deliver=deliver, types=("article.ingested",))


            def deliver(events, context):
                with (Path(context.home) / "titles.txt").open("a", encoding="utf-8") as file:
                    file.writelines(event.payload["title"] + "\n" for event in events)
        """
        raise NotImplementedError

    @hookspec
    def ledger_checks(self) -> Iterable[Check]:
        """Checks for `newsledger doctor`.

        Example::

            import shutil

            from ledger.plugin import Check, CheckResult, hookimpl


            @hookimpl
            def ledger_checks():
                yield Check(name="disk", run=run, summary="Room on the disk.")


            def run():
                free = shutil.disk_usage("/").free
                return CheckResult(ok=free > 10**9, message=f"{free:,} bytes are free", fix="Make room")
        """
        raise NotImplementedError

    @hookspec
    def ledger_commands(self) -> Iterable[Command]:
        """Commands of `newsledger`.

        Example::

            from ledger.plugin import Command, hookimpl


            @hookimpl
            def ledger_commands():
                yield Command(name="hello", load=load, summary="Greet.")


            def load():
                import click

                return click.Command("hello", callback=lambda: click.echo("Hello"))
        """
        raise NotImplementedError

    @hookspec
    def ledger_pages(self) -> Iterable[Page]:
        """Pages of `newsledger serve`.

        Example::

            from ledger.plugin import Page, hookimpl


            @hookimpl
            def ledger_pages():
                yield Page(name="count", title="How many figures", template="<p>{{ figures }}</p>", load=load)


            def load(context):
                return {"figures": len(context.state()["slots"])}
        """
        raise NotImplementedError
