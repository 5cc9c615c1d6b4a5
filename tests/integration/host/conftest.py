from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from ledger.config import Plugins
from ledger.host import Host, Limits
from ledger.plugin import Article

OWN = tuple(sorted(point.name for point in entry_points(group="ledger")))

HEALTHY = """
import re
from ledger.plugin import Annotation, Span, processor

class Word(Annotation, frozen=True, kw_only=True, tag="healthy.word"):
    length: int

@processor("healthy", version="1", provides=[Word])
def healthy(article, context):
    "Every word."
    for found in re.finditer(r"\\w+", article.text):
        yield Word(span=Span(*found.span()), length=len(found[0]))
"""


def article(text: str, number: int = 1, **fields: object) -> Article:
    base: dict[str, object] = {
        "id": f"a-{number:016x}",
        "revision": 1,
        "hash": f"{number:064x}",
        "url": f"https://harbour.example/{number}",
        "outlet": "harbour",
        "title": "A title",
        "text": text,
        "language": "en",
    }
    return Article(**(base | fields))  # type: ignore[arg-type]


@pytest.fixture
def make_article() -> Callable[..., Article]:
    return article


@pytest.fixture
def healthy_source() -> str:
    return HEALTHY


MakeHost = Callable[..., Host]


@pytest.fixture
def make_host(tmp_path: Path) -> Iterator[MakeHost]:
    """A host with the given one-file plugins and nothing else; all are closed at the end."""
    hosts: list[Host] = []

    def make(
        plugins: dict[str, str],
        *,
        isolate: str = "auto",
        limits: Limits | None = None,
        settings: dict[str, dict[str, object]] | None = None,
        disabled: tuple[str, ...] = (),
    ) -> Host:
        folder = tmp_path / "plugins"
        folder.mkdir(exist_ok=True)
        for name, source in plugins.items():
            (folder / f"{name}.py").write_text(dedent(source), "utf-8")
        table = Plugins(disabled=OWN + disabled, directories=(str(folder),), settings=settings or {})
        host = Host(table, isolate=isolate, limits=limits)
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.close()
