"""Plugins that do what they must not: the failure is named, and the healthy plugin's output is complete."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from ledger.host import Limits

LIMITS = Limits(memory=512 * 1024**2, start=20.0, output=4 * 1024**2, breaker=0)
TEXTS = ("At least 12 people were killed.", "Nobody was hurt.", "Élan: 3 naïve 🦊 foxes.")

HEAD = """
import os, re, signal, sys
from ledger.plugin import Annotation, Article, Quantity, Span, hookimpl, processor

class Mark(Annotation, frozen=True, kw_only=True, tag="hostile.mark"):
    size: int = 0
    note: str = ""

class Other(Annotation, frozen=True, kw_only=True, tag="hostile.other"):
    pass
"""

RUN = (
    HEAD
    + """
@processor("hostile", version="1", provides=[Mark], timeout={timeout})
def hostile(article, context):
    yield Mark(span=Span(0, 1))
{body}
"""
)


def running(body: str, timeout: float = 20.0) -> str:
    return RUN.format(
        body="\n".join(f"    {line}" for line in dedent(body).strip().split("\n")), timeout=timeout
    )


FAILING = {
    "hangs": (running("while True: pass", 0.4), "timeout", "longer than 0.4 seconds"),
    "hangs in C": (running("re.match(r'(a+)+$', 'a' * 60 + 'b')", 0.4), "timeout", "longer than 0.4 seconds"),
    "sleeps": (running("import time; time.sleep(1000)", 0.4), "timeout", "longer than 0.4 seconds"),
    "crashes": (running("os.kill(os.getpid(), signal.SIGSEGV)"), "crash", "SIGSEGV"),
    "is killed": (running("os.kill(os.getpid(), signal.SIGKILL)"), "crash", "SIGKILL"),
    "reads null": (running("import ctypes; ctypes.string_at(0)"), "crash", "SIGSEGV"),
    "leaves": (running("os._exit(7)"), "crash", "exited with code 7"),
    "leaves with a word": (
        running("print('model not found'); os._exit(7)"),
        "crash",
        "last printed: model not found",
    ),
    "sys.exit": (running("sys.exit('enough')"), "exception", "sys.exit('enough')"),
    "interrupts": (running("raise KeyboardInterrupt"), "exception", "KeyboardInterrupt"),
    "raises": (
        running("raise ValueError('no such thing')"),
        "exception",
        "ValueError: no such thing (hostile.py:",
    ),
    "fails to say why": (
        running("class Odd(Exception):\n    def __str__(self): raise RuntimeError\nraise Odd"),
        "exception",
        "Odd: (its message cannot be shown)",
    ),
    "recurses": (running("def deeper(): deeper()\ndeeper()"), "exception", "RecursionError"),
    "eats memory": (
        running("hoard = []\nwhile True: hoard.append(bytearray(1 << 20))"),
        "memory",
        "out of memory",
    ),
    "asks for too much": (running("bytearray(1 << 40)"), "memory", "out of memory"),
    "floods": (running("while True: yield Mark(span=Span(0, 1))"), "flood", "more than"),
    "floods bytes": (
        running("for n in range(50): yield Mark(span=Span(0, 1), note='x' * 100_000)"),
        "flood",
        "more than 4194304 bytes of annotations",
    ),
    "no JSON": (
        running("yield Mark(span=Span(0, 1), size=object())"),
        "invalid",
        "cannot be written as JSON",
    ),
    "half a character": (
        running("yield Mark(span=Span(0, 1), note=chr(0xD800))"),
        "invalid",
        "cannot be written as JSON",
    ),
    "out of range": (
        running("yield Mark(span=Span(0, 10_000))"),
        "invalid",
        "hostile.mark: span 0-10000 lies outside",
    ),
    "negative": (running("yield Mark(span=Span(-3, 1))"), "invalid", "span -3-1 lies outside"),
    "backwards": (running("yield Mark(span=Span(3, 1))"), "invalid", "span 3-1 lies outside"),
    "no span": (running("yield Mark(span=None)"), "invalid", "not Span(start, end)"),
    "half a letter": (running("yield Mark(span=Span(0.5, 1))"), "invalid", "not Span(start, end)"),
    "misquotes": (
        running("yield Mark(span=Span(0, 1), quote='zz')"),
        "invalid",
        "its quote 'zz' is not the text at 0-1",
    ),
    "wrong field": (
        running("yield Mark(span=Span(0, 1), size='big')"),
        "invalid",
        "Expected `int`, got `str`",
    ),
    "not a number": (running("yield Mark(span=Span(0, 1), size=float('nan'))"), "invalid", "Expected `int`"),
    "wrong type": (running("yield 'a word'"), "invalid", "it yields a str, which it does not declare"),
    "undeclared type": (
        running("yield Other(span=Span(0, 1))"),
        "invalid",
        "it yields hostile.other, which it does not",
    ),
    "undeclared layer": (running("context.of(Quantity)"), "exception", "Quantity is not among the types"),
    "closes everything": (running("os.closerange(3, 256)"), "crash", ""),
    "not iterable": (
        HEAD
        + "hostile = processor('hostile', version='1', provides=[Mark])(lambda article, context: None)\n",
        "invalid",
        "it returned None",
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_a_failure_is_named_and_harms_nobody(case, make_host, make_article, healthy_source):
    source, kind, message = FAILING[case]
    host = make_host({"healthy": healthy_source, "hostile": source}, limits=LIMITS)
    assert [p.name for p in host.processors] == ["healthy", "hostile"]
    for number, text in enumerate(TEXTS[:2]):
        healthy, hostile = host.annotate(make_article(text, number))
        assert len(healthy.annotations) == len(text.split())
        assert healthy.failure is None
        assert hostile.annotations == ()
        assert hostile.failure is not None
        assert hostile.failure.kind == kind
        assert message in hostile.failure.message
        assert "Traceback" not in hostile.failure.message
        assert str(Path.home()) + "/" not in hostile.failure.message


LOADING = {
    "syntax error": ("def broken(:\n", "SyntaxError"),
    "import error": ("import no_such_module_anywhere\n", "No module named 'no_such_module_anywhere'"),
    "raises": ("raise RuntimeError('not today')\n", "RuntimeError: not today (hostile.py:1)"),
    "sys.exit": ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    "leaves": ("import os\nos._exit(4)\n", "exited with code 4"),
    "crashes": ("import os\nos.abort()\n", "killed by SIGABRT"),
    "hangs": ("while True: pass\n", "longer than 4 seconds"),
    "eats memory": ("hoard = []\nwhile True: hoard.append(bytearray(1 << 20))\n", "emory"),
    "nothing": ("x = 1\n", "It declares nothing"),
    "another API": (HEAD + "LEDGER_API = 99\n", "written for plugin API 99, and this newsledger has API 1"),
    "hook raises": (
        HEAD + "@hookimpl\ndef ledger_processors(): raise KeyError('model')\n",
        "ledger_processors failed",
    ),
    "hook exits": (HEAD + "@hookimpl\ndef ledger_processors(): sys.exit()\n", "SystemExit"),
    "no such hook": (HEAD + "@hookimpl\ndef ledger_procesors(): return []\n", "ledger_procesors"),
    "wrong arguments": (HEAD + "@hookimpl\ndef ledger_processors(store): return []\n", "store"),
    "wrong records": (
        HEAD + "@hookimpl\ndef ledger_processors(): return ['hostile']\n",
        "yields str where Processor",
    ),
    "no records": (HEAD + "@hookimpl\ndef ledger_processors(): return 7\n", "not iterable"),
    "no tag": (
        HEAD + "class Bare(Annotation, frozen=True, kw_only=True): pass\n"
        "@processor('hostile', version='1', provides=[Bare])\ndef hostile(article, context): return []\n",
        "has no tag of its own",
    ),
    "not a type": (
        HEAD
        + "@processor('hostile', version='1', provides=[int])\ndef hostile(article, context): return []\n",
        "is not a subclass of Annotation or Ephemeral",
    ),
    "odd name": (
        HEAD + "@processor('Hos tile', version='1')\ndef hostile(article, context): return []\n",
        "'Hos tile'",
    ),
    "taken tag": (
        HEAD + "class Fake(Annotation, frozen=True, kw_only=True, tag='core.claim'): pass\n"
        "@processor('hostile', version='1', provides=[Fake])\ndef hostile(article, context): return []\n",
        "'core.claim' of",
    ),
    "taken namespace": (
        HEAD + "class Fake(Annotation, frozen=True, kw_only=True, tag='core.fake'): pass\n"
        "@processor('hostile', version='1', provides=[Fake])\ndef hostile(article, context): return []\n",
        "namespace",
    ),
    "taken name": (
        HEAD + "@processor('healthy', version='9')\ndef hostile(article, context): return []\n",
        "The processor name 'healthy' of",
    ),
}


@pytest.mark.parametrize("case", LOADING)
def test_a_plugin_that_cannot_be_loaded_is_listed_and_harms_nobody(
    case, make_host, make_article, healthy_source
):
    source, message = LOADING[case]
    limits = Limits(memory=LIMITS.memory, start=4.0 if case == "hangs" else 20.0)
    host = make_host({"healthy": healthy_source, "hostile": source}, limits=limits)
    states = {info.name: info for info in host.plugins}
    assert states["hostile"].state in {"broken", "conflict"}
    assert message in states["hostile"].reason
    [problem] = [problem for problem in host.problems if problem.plugin == "hostile"]
    assert message in problem.what
    assert problem.fix
    [outcome] = host.annotate(make_article(TEXTS[0]))
    assert (outcome.processor, len(outcome.annotations)) == ("healthy", 6)


def test_what_a_plugin_prints_reaches_neither_frames_nor_standard_output(make_host, make_article, capfd):
    source = running(
        """
        print("\\x00\\x00\\x00\\x05hello" * 100_000)
        os.write(1, b"\\x00" * 300_000)
        os.system("echo from a child")
        """
    )
    host = make_host({"hostile": "print('at import')\n" + source}, limits=LIMITS)
    for number in range(3):
        [outcome] = host.annotate(make_article(TEXTS[0], number))
        assert len(outcome.annotations) == 1
    assert capfd.readouterr().out == ""


def test_a_changed_input_stays_with_the_one_who_changed_it(make_host, make_article, healthy_source):
    source = running("Article.text.__set__(article, 'x' * 500)\nyield Mark(span=Span(100, 200))")
    for isolate in ("auto", "never"):
        host = make_host({"a_hostile": source, "healthy": healthy_source}, isolate=isolate, limits=LIMITS)
        original = make_article(TEXTS[0])
        outcomes = {outcome.processor: outcome for outcome in host.annotate(original)}
        assert outcomes["hostile"].failure is not None
        assert outcomes["hostile"].failure.kind == "invalid"
        assert len(outcomes["healthy"].annotations) == 6
        if isolate == "auto":
            assert original.text == TEXTS[0]


def test_a_monkey_patch_stays_in_its_process(make_host, make_article, healthy_source):
    patch = """
import re, json, ledger.host.run, ledger.plugin
re.finditer = None
json.loads = None
ledger.plugin.Span.covers = None
"""
    host = make_host(
        {"healthy": healthy_source, "hostile": patch + running("re.match = None")}, limits=LIMITS
    )
    for number in range(2):
        healthy, hostile = host.annotate(make_article(TEXTS[0], number))
        assert len(healthy.annotations) == 6
        assert len(hostile.annotations) == 1


def test_a_cycle_is_named_and_stops_only_its_members(make_host, make_article, healthy_source):
    one = (
        HEAD
        + """
@processor("one", version="1", requires=[Other], provides=[Mark])
def one(article, context): return []

@processor("two", version="1", requires=[Mark], provides=[Other])
def two(article, context): return []
"""
    )
    host = make_host({"hostile": one, "healthy": healthy_source})
    assert [p.name for p in host.processors] == ["healthy"]
    info = next(info for info in host.plugins if info.name == "hostile")
    assert info.state == "inactive"
    assert info.inactive["one"] == "its requirements form a cycle: one -> two -> one"
    assert len(host.annotate(make_article(TEXTS[0]))[0].annotations) == 6


def test_two_files_of_one_name_are_a_named_conflict(make_host, tmp_path, make_article, healthy_source):
    from ledger.config import Plugins
    from ledger.host import Host

    for folder, text in (("a", healthy_source), ("b", "raise SystemExit")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "healthy.py").write_text(text)
    host = Host(Plugins(directories=(str(tmp_path / "a"), str(tmp_path / "b"))))
    try:
        [problem] = [problem for problem in host.problems if problem.plugin == "healthy"]
        assert str(tmp_path / "a" / "healthy.py") in problem.what
        assert str(tmp_path / "b" / "healthy.py") in problem.what
        outcomes = {o.processor: o for o in host.annotate(make_article(TEXTS[0]), ["healthy"])}
        assert len(outcomes["healthy"].annotations) == 6
    finally:
        host.close()


def test_one_article_in_a_thousand(make_host, make_article):
    source = running("if '777' in article.text: raise ValueError('unlucky')")
    host = make_host({"hostile": source})
    failed = []
    for number in range(1000):
        [outcome] = host.annotate(make_article(f"Report {number}.", number))
        if outcome.failure is not None:
            failed.append((number, outcome.failure.message))
        else:
            assert len(outcome.annotations) == 1
    assert [number for number, _ in failed] == [777]
    assert "unlucky" in failed[0][1]


def test_a_deadlock_at_exit_does_not_hold_up_the_host(tmp_path, healthy_source):
    source = """
import atexit, threading
lock = threading.Lock()
lock.acquire()
atexit.register(lock.acquire)
threading.Thread(target=lock.acquire).start()
""" + running("pass")
    (tmp_path / "hostile.py").write_text(source)
    program = f"""
from ledger.config import Plugins
from ledger.host import Host
from ledger.plugin import Article
host = Host(Plugins(directories=({str(tmp_path)!r},)))
article = Article(id="a-1", revision=1, hash="", url="", outlet="", title="", text="A word.")
[outcome] = host.annotate(article, ["hostile"])
print(len(outcome.annotations))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "1\n"


def test_children_of_a_plugin_end_with_it(make_host, make_article, tmp_path):
    noted = tmp_path / "pid"
    source = running(
        f"""
        import subprocess
        child = subprocess.Popen(["sleep", "1000"])
        open({str(noted)!r}, "w").write(str(child.pid))
        """
    )
    host = make_host({"hostile": source})
    [outcome] = host.annotate(make_article(TEXTS[0]))
    assert len(outcome.annotations) == 1
    child = os.pidfd_open(int(noted.read_text()))
    try:
        assert select.select([child], [], [], 0)[0] == []
        host.close()
        assert select.select([child], [], [], 30)[0] == [child]
    finally:
        os.close(child)


def test_a_fork_that_comes_back_answers_once(make_host, make_article):
    source = running("os.fork()\nyield Mark(span=Span(1, 2), size=1)")
    host = make_host({"hostile": source}, limits=LIMITS)
    for number in range(5):
        [outcome] = host.annotate(make_article(TEXTS[0], number))
        assert len(outcome.annotations) == 2


def test_workers_end_when_the_host_is_killed(tmp_path):
    noted = tmp_path / "pid"
    (tmp_path / "plugins").mkdir()
    body = f"open({str(noted)!r}, 'w').write(str(os.getpid()))\nos.kill(os.getppid(), signal.SIGKILL)\nwhile True: pass"
    (tmp_path / "plugins" / "hostile.py").write_text(running(body, 1000.0))
    program = f"""
from ledger.config import Plugins
from ledger.host import Host
from ledger.plugin import Article
host = Host(Plugins(directories=({str(tmp_path / "plugins")!r},)))
host.annotate(Article(id="a-1", revision=1, hash="", url="", outlet="", title="", text="A word."), ["hostile"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    worker = int(noted.read_text())
    # The kernel tells the worker at once; wait for it by its process descriptor rather than by the clock.
    try:
        descriptor = os.pidfd_open(worker)
    except ProcessLookupError:
        return
    try:
        import select

        assert select.select([descriptor], [], [], 30)[0], "the worker outlived its host"
    finally:
        os.close(descriptor)


def test_the_hash_seed_of_a_worker_is_fixed(make_host, make_article):
    source = running("for word in set(article.text.split()): yield Mark(span=Span(0, 1), size=hash(word))")
    seen = set()
    for _ in range(2):
        host = make_host({"hostile": source})
        [outcome] = host.annotate(make_article(TEXTS[0]))
        seen.add(outcome.annotations)
        host.close()
    assert len(seen) == 1


def test_secrets_of_the_host_are_not_in_the_environment(make_host, make_article, monkeypatch):
    monkeypatch.setenv("NEWSLEDGER_DB", "postgresql+psycopg://user:secret@localhost/db")
    source = running("yield Mark(span=Span(0, 1), size=len(os.environ.get('NEWSLEDGER_DB', '')))")
    host = make_host({"hostile": source})
    [outcome] = host.annotate(make_article(TEXTS[0]))
    assert b"postgres" not in b"".join(outcome.annotations)
    assert all(b'"size":0' in raw for raw in outcome.annotations)
