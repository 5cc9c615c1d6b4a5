"""The whole chain of processors gives the same bytes for a text under any hash seed, in any time zone and in any order."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TEXTS = {
    "flood": "KARROW, May 3 (Port News) - At least 12 people were killed and dozens injured when the Orm dam burst on Sunday, the Interior "
    'Ministry said. The ministry had put the toll at nine a day earlier. "We fear for 30 to 40 more," said Mayor Ada Vale, 47.',
    "market": "Orlund Bank (OB) may cut 1,200 of its 11,000 jobs, two people familiar with the plan told the Vale Times. OB shares fell 3.5% "
    "to $41.20. A spokesman, Ivo Tarn, denied it; the spokesman said half a million customers were safe.",
    "front": "Around 1,000 soldiers have died in three months, western officials believe, according to the Harbour Post. Two Shahed drones "
    "hit Aden airport at 5 a.m. yesterday, and about 300 homes in the town of Deir Atiyah lost power.",
    "noise": "😀 AAPL 170.12 +1.3%\n\nOrm 3-1 Vale\n\n2 cups sugar, 350°F\n\nمرحبا 12\n\nZ̷̢a̶l̵g̷o̸ 4 \u200b5",
}  # fmt: skip

PROBE = """
import datetime as dt, hashlib, json, sys
from ledger.config import load_settings
from ledger.host import Host
from ledger.plugin import Article
texts = json.load(sys.stdin)
host = Host(load_settings(None).plugins)
zone = dt.timezone(dt.timedelta(hours=10))
for name in json.loads(sys.argv[1]):
    article = Article(
        id=name, revision=1, hash="", url="", outlet="orm", title="", text=texts[name], language="en",
        published=dt.datetime(2031, 5, 5, 2, 30, tzinfo=zone),
    )
    made = [(each.processor, each.failure is None, [raw.hex() for raw in each.annotations]) for each in host.annotate(article)]
    print(name, hashlib.sha256(json.dumps(made).encode()).hexdigest(), sum(len(each[2]) for each in made), all(each[1] for each in made))
host.close()
"""


def run(number: int, order: tuple[str, ...]) -> list[str]:
    """One line for every text, by name: a digest of the annotations, how many there are, and whether all went well."""
    zone = ("Pacific/Kiritimati", "America/Los_Angeles")[number % 2]
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(order)],
        input=json.dumps(TEXTS), capture_output=True, text=True, check=True,
        env={"PYTHONHASHSEED": str(number * 41), "TZ": zone, "PATH": ""},
    )  # fmt: skip
    return sorted(done.stdout.splitlines())


def test_the_whole_chain_gives_the_same_bytes_in_every_process() -> None:
    orders = itertools.islice(itertools.permutations(TEXTS), 0, None, 3)
    with ThreadPoolExecutor(2) as pool:
        first, *others = pool.map(run, range(8), orders)
    assert [line.split()[0] for line in first] == sorted(TEXTS)
    assert all(int(line.split()[2]) > 3 and line.endswith("True") for line in first)
    assert others == [first] * 7
