"""What plugins cost: isolation on the whole chain with two worker processes, and the start of the command. Run: make bench-plugins

Two plugins of the kind that third parties write (one reads quantities, one reads sentences and entities) run in the whole chain:
articles in, processors, views, state out. Isolated, each has its worker process; inline, both run in the main process. Rounds
are interleaved and each is a fresh ledger; the ratio of each pair counts, and the median of the ratios is reported. The worker
processes start before the clock does: they start once, however long the ledger is. Beside the time on the wall stands the processor time of
all processes together, which other work on the machine disturbs less, and in which a second core hides nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_chain import article

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import Plugins, Settings

RESULTS = Path(__file__).parent / "results"
CASUALTIES = (
    Path(__file__).parents[1] / "tests" / "third_party" / "newsledger-casualties" / "ledger_casualties.py"
)
NEIGHBOURS = '''
"""Pairs of entities that are named in one sentence."""

from ledger.plugin import Annotation, Entity, Sentence, processor


class Pair(Annotation, frozen=True, kw_only=True, tag="neighbours.pair"):
    first: str
    second: str


@processor("neighbours", version="1.0", requires=[Sentence, Entity], provides=[Pair])
def neighbours(article, context):
    """Pairs of entities that are named in one sentence."""
    for sentence in context.of(Sentence):
        named = sorted({entity.key for entity in context.of(Entity, sentence.span)})
        for first, second in zip(named, named[1:]):
            yield Pair(span=sentence.span, first=first, second=second)
'''
HEAVY = ("sqlalchemy", "httptools", "lxml", "trafilatura", "rich", "pluggy")


def chain(
    home: Path, source: Path, plugins: Plugins, isolate: str
) -> tuple[tuple[float, float], dict[str, object]]:
    """Seconds for the whole chain on the wall and of all its processes, and the state that it gives."""
    settings = Settings(home=home, plugins=plugins)
    with open_ledger(settings=settings, clock=FixedClock("2031-06-01T00:00:00Z"), isolate=isolate) as ledger:
        names = {active.name: active.inline for active in ledger.host.processors}
        assert names["casualties"] is names["neighbours"] is (isolate == "never")
        begin, spent = time.perf_counter(), processor_time()
        ledger.ingest(source)
        state = ledger.state()
        return (time.perf_counter() - begin, processor_time() - spent), state.to_dict()


def processor_time() -> float:
    """Seconds of this process and of its worker processes that live."""
    own = Path(f"/proc/self/task/{os.getpid()}/children")
    ticks = 0
    for child in own.read_text().split() if own.exists() else ():
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def start(*arguments: str, home: Path) -> tuple[float, float]:
    """Seconds that one command takes from start to end, and seconds of processor time."""
    environment = os.environ | {"NEWSLEDGER_HOME": str(home), "COLUMNS": "100"}
    command = [str(Path(sys.executable).with_name("newsledger")), *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    taken = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def heavy() -> str:
    """The heavy modules that `newsledger --help` imports."""
    code = (
        "import sys\nfrom ledger.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr


def main() -> int:
    """Measure and print; 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    results: list[dict[str, object]] = []

    def report(name: str, value: float, unit: str, bar: float | None = None, against: str = "") -> None:
        holds = None if bar is None else value <= bar
        row = {
            "name": name,
            "value": round(value, 4),
            "unit": unit,
            "bar": bar,
            "holds": holds,
            "against": against,
        }
        results.append(row)
        mark = "" if holds is None else "holds" if holds else "DOES NOT HOLD"
        print(f"{name:<62} {value:>10.3f} {unit:<12} {'' if bar is None else f'<= {bar:g}':<8} {mark}")

    rng = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plugins = root / "plugins"
        plugins.mkdir()
        (plugins / "casualties.py").write_text(CASUALTIES.read_text("utf-8"), "utf-8")
        (plugins / "neighbours.py").write_text(NEIGHBOURS.lstrip(), "utf-8")
        table = Plugins(directories=(str(plugins),))
        source = root / "articles.json"
        source.write_text(json.dumps([article(rng, number) for number in range(options.articles)]), "utf-8")
        chain(root / "warm", source, table, "never")
        inline: list[tuple[float, float]] = []
        isolated: list[tuple[float, float]] = []
        for turn in range(options.rounds):
            modes = [("never", inline), ("auto", isolated)]
            states = []
            for mode, taken in modes if turn % 2 else modes[::-1]:
                seconds, state = chain(root / f"{mode}{turn}", source, table, mode)
                taken.append(seconds)
                states.append(state)
            assert states[0] == states[1], "isolation changes the state"
        for name, rounds in (("inline", inline), ("in two workers", isolated)):
            median = statistics.median(wall for wall, _ in rounds)
            report(f"whole chain, plugins {name}", options.articles / median, "articles/s")
        for at, what in enumerate(("overhead of isolation", "the same, processor time of all processes")):
            ratios = [one[at] / other[at] - 1 for one, other in zip(isolated, inline, strict=True)]
            report(what, statistics.median(ratios) * 100, "percent", 10, "the same plugins inline")
            best = min(one[at] for one in isolated) / min(one[at] for one in inline) - 1
            report(f"{what}, best against best", best * 100, "percent", None, "the same plugins inline")
        home = root / "home"
        for command in (("--help",), ("plugin", "list"), ("plugin", "list", "--json")):
            start(*command, home=home)
            wall, spent = zip(*(start(*command, home=home) for _ in range(9)), strict=True)
            name = f"newsledger {' '.join(command)}"
            report(name, statistics.median(wall) * 1000, "ms", 200 if command == ("--help",) else None)
            report(f"{name}, processor time", statistics.median(spent) * 1000, "ms")
        print(f"heavy modules of newsledger --help: {heavy() or 'none'}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "plugins.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    return 0 if all(row["holds"] is not False for row in results) else 1


if __name__ == "__main__":
    sys.exit(main())
