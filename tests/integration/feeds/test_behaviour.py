"""How feeds behave in the wild, case by case, against a real server on loopback: what is recorded, and what never happens.

Beside the server stands an internal service that nobody allowed; whatever a case tries, it must not be touched.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from pathlib import Path

import brotli
import pytest
import zstandard

from ledger.clock import FixedClock, format_time
from ledger.config import Fetch, Settings
from ledger.events import decode
from ledger.feeds.fetch import Fetcher
from ledger.feeds.memory import decode_memory
from ledger.feeds.poll import Poller
from ledger.feeds.subscriptions import add_feed
from ledger.feeds.transport import HttpTransport
from ledger.store.memory import MemoryStore

NOW = "2031-05-04T06:00:00Z"
BODY = "Twelve people died in the flood at the old bridge of Brenn on Sunday, the mayor said."
LATER = "Nineteen people died in the flood at the old bridge of Brenn on Sunday, the mayor said."


def item(n=1, title="Flood in Brenn", text=BODY, date="Sun, 04 May 2031 05:00:00 GMT", link=None, guid=None):
    link = f"https://brenn.example/{n}" if link is None else link
    guid = f"brenn:{n:04}" if guid is None else guid
    parts = [f"<title>{title}</title>"]
    parts += [f"<link>{link}</link>"] if link else []
    parts += [f"<guid isPermaLink='false'>{guid}</guid>"] if guid else []
    parts += [f"<pubDate>{date}</pubDate>"] if date else []
    return f"<item>{''.join(parts)}<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"


def rss(*items, prolog='<?xml version="1.0" encoding="utf-8"?>', after=""):
    items = items or (item(1), item(2, "Fire in Nord", BODY.replace("flood", "fire")))
    return f"{prolog}<rss version='2.0'><channel><title>Brenn Post</title>{''.join(items)}</channel></rss>{after}"


def answer(body=b"", *headers, status="200 OK", kind="application/rss+xml", length=True):
    raw = body if isinstance(body, bytes) else body.encode()
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    lines += [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Length: {len(raw)}"] if length else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


class World:
    """A server, an internal service, a ledger; `answers` are what the feed gives, one after another, the last for ever."""

    def __init__(self, *, deadline=20.0, pages=False):
        self.clock = FixedClock(NOW)
        self.store = MemoryStore(self.clock, random.Random(1).randbytes)
        self.paths = {}
        self.asked = []
        self.touched = 0
        self.deadline, self.pages = deadline, pages
        self.feeds = ["/feed"]

    async def _handle(self, reader, writer):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            self.asked.append((path, head))
            queue = self.paths.get(path, [answer(status="404 Not Found")])
            action = queue.pop(0) if len(queue) > 1 else queue[0]
            if callable(action):
                action = action(head)
            if isinstance(action, bytes):
                writer.write(action)
                await writer.drain()
            else:
                async for piece in action:
                    writer.write(piece)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _internal(self, _reader, writer):
        self.touched += 1
        writer.write(answer(rss(item(title="Secret"))))
        writer.close()

    def play(self, *steps):
        """Run `steps`, each a callable that may set answers, with a forced poll an hour later after each; the reports."""
        return asyncio.run(self._play(steps or (lambda: None,)))

    async def _play(self, steps):
        server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        internal = await asyncio.start_server(self._internal, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.secret = internal.sockets[0].getsockname()[1]
        fetch = Fetch(
            allow_hosts=(f"127.0.0.1:{self.port}",),
            host_interval=0.0,
            pages=self.pages,
            deadline=self.deadline,
        )
        settings = Settings(home=Path("unused"), fetch=fetch)
        for path in self.feeds:
            add_feed(self.store, self.clock, f"http://127.0.0.1:{self.port}{path}", outlet="brenn")
        reports = []
        for step in steps:
            step()
            fetcher = Fetcher(HttpTransport(fetch), fetch, self.clock)
            try:
                reports.append(await Poller(self.store, fetcher, self.clock, settings).poll(force=True))
            finally:
                await fetcher.close()
            self.clock.advance(3600)
        server.close()
        internal.close()
        return reports

    def set(self, *answers, path="/feed"):
        return lambda: self.paths.__setitem__(
            path,
            [
                a.replace(b"{port}", str(self.port).encode()).replace(b"{secret}", str(self.secret).encode())
                if isinstance(a, bytes)
                else a
                for a in answers
            ],
        )

    @property
    def revisions(self):
        return [
            e for s in self.store.read() for e in [decode(s)] if hasattr(e, "hash") and hasattr(e, "title")
        ]

    @property
    def titles(self):
        return [event.title for event in self.revisions]

    @property
    def texts(self):
        return [self.store.get_body(event.text.key).decode() for event in self.revisions]

    @property
    def memory(self):
        (task,) = self.store.tasks("feed")
        return decode_memory(task.data, task.key)


def once(*answers, **options):
    world = World(**options)
    (report,) = world.play(world.set(*answers))
    assert world.touched == 0
    return world, report.feeds[0]


# -- encodings -------------------------------------------------------------------------------------------------------

CZECH, RUSSIAN, CHINESE, JAPANESE, KOREAN = (
    "Povodeň v Brně",
    "Наводнение в Брянске",
    "布伦洪水造成十二人死亡",
    "ブレンで洪水",
    "브렌 홍수",
)


def declared(charset):
    return f'<?xml version="1.0" encoding="{charset}"?>'


ENCODINGS = {
    "utf-8": (CZECH, declared("utf-8"), "utf-8", ""),
    "utf-8, nothing declared": (CZECH, "", "utf-8", ""),
    "utf-8 with a mark": (CZECH, declared("utf-8"), "utf-8-sig", ""),
    "utf-8 by the header": (CZECH, "", "utf-8", "utf-8"),
    "utf-8 called latin-1 by the header": (CZECH, declared("utf-8"), "utf-8", "iso-8859-1"),
    "utf-8 called latin-1 by the document": (CZECH, declared("iso-8859-1"), "utf-8", ""),
    "utf-8 called ascii": (CZECH, declared("us-ascii"), "utf-8", "us-ascii"),
    "utf-8 under an unknown name": (CZECH, declared("utf8mb4"), "utf-8", ""),
    "utf-16 with a mark": (CZECH, declared("utf-16"), "utf-16", ""),
    "utf-16 little, no mark": (CZECH, declared("utf-16"), "utf-16-le", ""),
    "utf-16 big, no mark": (CZECH, declared("utf-16"), "utf-16-be", ""),
    "utf-16 called utf-8": (CZECH, declared("utf-8"), "utf-16", ""),
    "latin-1": ("Überschwemmung", declared("iso-8859-1"), "iso-8859-1", ""),
    "latin-1 by the header only": ("Überschwemmung", "", "iso-8859-1", "iso-8859-1"),
    "latin-1 called utf-8": ("Überschwemmung", declared("utf-8"), "iso-8859-1", "iso-8859-1"),
    "latin-2": (CZECH, declared("iso-8859-2"), "iso-8859-2", ""),
    "windows-1250": (CZECH, declared("windows-1250"), "windows-1250", ""),
    "windows-1252 called latin-1": ("“Flood” – Brenn", declared("iso-8859-1"), "cp1252", ""),
    "windows-1251": (RUSSIAN, declared("windows-1251"), "windows-1251", ""),
    "koi8-r": (RUSSIAN, declared("koi8-r"), "koi8-r", ""),
    "gb2312": (CHINESE, declared("gb2312"), "gb2312", ""),
    "gb18030 by the header": (CHINESE, "", "gb18030", "gb18030"),
    "big5": ("布倫洪水", declared("big5"), "big5", ""),
    "shift-jis": (JAPANESE, declared("shift_jis"), "shift_jis", ""),
    "euc-jp": (JAPANESE, declared("euc-jp"), "euc-jp", ""),
    "iso-2022-jp": (JAPANESE, declared("iso-2022-jp"), "iso-2022-jp", "iso-2022-jp"),
    "euc-kr": (KOREAN, declared("euc-kr"), "euc-kr", ""),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_encodings(case):
    title, prolog, encoding, header = ENCODINGS[case]
    body = rss(item(title=title), prolog=prolog).encode(encoding)
    kind = "application/rss+xml" + (f"; charset={header}" if header else "")
    world, outcome = once(answer(body, kind=kind))
    assert (world.titles, outcome.error) == ([title], "")


# -- content encodings -----------------------------------------------------------------------------------------------

PLAIN = rss().encode()
RAW_DEFLATE = zlib.compressobj(wbits=-15)
COMPRESSIONS = {
    "gzip": (gzip.compress(PLAIN), "gzip", 2),
    "x-gzip": (gzip.compress(PLAIN), "x-gzip", 2),
    "deflate": (zlib.compress(PLAIN), "deflate", 2),
    "bare deflate": (RAW_DEFLATE.compress(PLAIN) + RAW_DEFLATE.flush(), "deflate", 2),
    "brotli": (brotli.compress(PLAIN), "br", 2),
    "zstd": (zstandard.compress(PLAIN), "zstd", 2),
    "two layers": (brotli.compress(gzip.compress(PLAIN)), "gzip, br", 2),
    "upper case": (gzip.compress(PLAIN), "GZIP", 2),
    "identity": (PLAIN, "identity", 2),
    "gzip unannounced": (gzip.compress(PLAIN), "", 2),
    "announced but plain": (PLAIN, "gzip", 2),
    "two members": (gzip.compress(PLAIN[:300]) + gzip.compress(PLAIN[300:]), "gzip", 2),
    "padded with zeros": (gzip.compress(PLAIN) + b"\0" * 100, "gzip", 2),
    "cut off": (
        gzip.compress(
            rss(*(item(n, text=f"{n} {BODY} {random.Random(n).random()}") for n in range(60))).encode()
        )[:-300],
        "gzip",
        None,
    ),
    "unknown": (PLAIN, "lzma", 0),
}


@pytest.mark.parametrize("case", COMPRESSIONS)
def test_content_encodings(case):
    body, name, count = COMPRESSIONS[case]
    world, outcome = once(answer(body, *([f"Content-Encoding: {name}"] if name else [])))
    if count is None:
        assert 5 < len(world.titles) < 60
        assert world.memory.etag == world.memory.body == ""
    else:
        assert len(world.titles) == count
        assert bool(outcome.error) == (count == 0)


# -- documents -------------------------------------------------------------------------------------------------------

ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Brenn Post</title><id>urn:b</id><entry><title>Flood in Brenn</title>'
    '<id>tag:brenn.example,2031:1</id><link href="https://brenn.example/1"/><updated>2031-05-04T05:00:00Z</updated>'
    "<content {0}>{1}</content></entry></feed>"
)
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://brenn.example/"><title>B</title></channel>'
    '<item rdf:about="https://brenn.example/1"><title>Flood in Brenn</title><link>https://brenn.example/1</link>'
    f"<description>{BODY}</description><dc:date>2031-05-04T05:00:00+02:00</dc:date></item></rdf:RDF>"
)
JSON_FEED = (
    '{"version":"https://jsonfeed.org/version/1.1","title":"B","items":[{"id":"1","url":"https://brenn.example/1",'
    f'"title":"Flood in Brenn","content_html":"<p>{BODY}</p>"}}]}}'
)
ONE = ["Flood in Brenn"]
TWO = ["Flood in Brenn", "Fire in Nord"]
DOCUMENTS = {
    "rss 0.91 with its document type": (
        rss(
            prolog='<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">'
        ).replace("2.0", "0.91"),
        TWO,
    ),
    "rss in a namespace": (rss().replace("<rss ", "<rss xmlns='http://backend.userland.com/rss2' "), TWO),
    "rss 1.0": (RDF, ONE),
    "atom, html": (ATOM.format('type="html"', f"&lt;p&gt;{BODY}&lt;/p&gt;"), ONE),
    "atom, xhtml": (
        ATOM.format('type="xhtml"', f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{BODY}</p></div>'),
        ONE,
    ),
    "atom, text": (ATOM.format('type="text"', BODY), ONE),
    "atom 0.3": (
        ATOM.format('type="text/html" mode="escaped"', BODY)
        .replace("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
        .replace("<updated>", "<modified>")
        .replace("</updated>", "</modified>"),
        ONE,
    ),
    "atom with a prefix": (
        ATOM.format('type="html"', BODY)
        .replace("<", "<a:")
        .replace("<a:/", "</a:")
        .replace("xmlns=", "xmlns:a="),
        ONE,
    ),
    "json feed": (JSON_FEED, ONE),
    "json feed with a mark": ("\ufeff" + JSON_FEED, ONE),
    "an entity of html": (rss(item(title="Flood&nbsp;in&nbsp;Brenn")), ONE),
    "an entity of nobody": (rss(item(text=BODY + "&unknown;")), ONE),
    "a bare ampersand": (rss(item(title="Flood & fire in Brenn")), ["Flood & fire in Brenn"]),
    "an escaped ampersand twice": (
        rss(item(title="Flood &amp;amp; fire in Brenn")),
        ["Flood & fire in Brenn"],
    ),
    "a prefix of nobody": (rss(item().replace("<title>", "<media:thumbnail url='x'/><title>")), ONE),
    "a nul": (rss(item(text=BODY.replace("people", "peo\0ple"))), ONE),
    "controls": (rss(item(title="Flood\x08 in\x1f Brenn")), ONE),
    "a reference to a control": (rss(item(title="Flood&#8; in Brenn")), ONE),
    "a lone surrogate": (rss(item(title="Flood&#xD83D; in Brenn")), ONE),
    "a surrogate pair": (rss(item(text=BODY + "&#xD83D;&#xDE00;")), ONE),
    "blank lines before": ("\n\n  " + rss(), TWO),
    "a comment before": ("<!-- made by hand -->" + rss(prolog=""), TWO),
    "a script after": (rss(after="<script>track()</script>"), TWO),
    "a second root": (rss(after="<rss><channel/></rss>"), TWO),
    "text after": (rss(after="\nPHP Warning: something in line 3"), TWO),
    "a warning before": ("<br /><b>Warning</b>: mysql in line 3<br />" + rss(), TWO),
    "cut off": (rss(item(1), item(2, "Fire in Nord"))[:-120], None),
    "tags that do not match": (
        rss(
            item(text="&lt;p>" + BODY).replace("</description>", "</b></description>"),
            item(2, "Fire in Nord"),
        ),
        TWO,
    ),
    "attributes without quotes": (rss().replace("<rss version='2.0'>", "<rss version=2.0>"), TWO),
    "an attribute twice": (rss().replace("<rss version='2.0'>", "<rss version='2.0' version='2.0'>"), TWO),
    "xml 1.1": (rss(prolog='<?xml version="1.1"?>'), TWO),
    "html inside a title": (rss(item(title="&lt;b&gt;Flood&lt;/b&gt; in Brenn")), ONE),
    "cdata in a title": (rss(item(title="<![CDATA[Flood in Brenn]]>")), ONE),
    "an empty feed": ("<rss version='2.0'><channel><title>B</title></channel></rss>", []),
    "a stylesheet": (rss(prolog='<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?>'), TWO),
    "a page": ("<!DOCTYPE html><html><body><p>Not found</p></body></html>", "HTML page"),
    "a page as xhtml": (
        "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>",
        "HTML page",
    ),
    "nothing": ("", "empty"),
    "blanks": ("  \n ", "empty"),
    "json of another kind": ('{"error": "quota"}', "JSON Feed"),
    "text": ("Service temporarily unavailable", "not XML"),
    "another vocabulary": ("<soap><part/></soap>", "Neither RSS"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "binary"),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_documents(case):
    body, expected = DOCUMENTS[case]
    world, outcome = once(answer(body))
    if isinstance(expected, str):
        assert expected in outcome.error
        assert world.titles == []
        return
    assert outcome.error == ""
    assert world.titles == expected if expected is not None else world.titles[:1] == ONE
    for text in world.texts:
        assert "people died in the f" in text
        text.encode()
        assert "\0" not in text


@pytest.mark.parametrize(
    "kind",
    ["text/html", "text/plain", "application/octet-stream", "", "text/xml;;charset", 'rss; charset="utf-8'],
)
def test_a_feed_is_known_by_what_it_is_not_by_what_it_is_called(kind):
    world, _ = once(answer(rss(), kind=kind))
    assert world.titles == TWO


# -- dates -----------------------------------------------------------------------------------------------------------

DATES = {
    "Sun, 04 May 2031 05:00:00 GMT": "2031-05-04T05:00:00Z",
    "Sun, 4 May 2031 05:00:00 +0000": "2031-05-04T05:00:00Z",
    "04 May 31 05:00 UT": "2031-05-04T05:00:00Z",
    "Sun, 04 May 2031 01:00:00 EDT": "2031-05-04T05:00:00Z",
    "Sun, 04 May 2031 07:00:00 CEST": "2031-05-04T05:00:00Z",
    "Sun, 04 May 2031 06:00:00 BST": "2031-05-04T05:00:00Z",
    "Sun, 04 May 2031 14:00:00 JST": "2031-05-04T05:00:00Z",
    "Sun, 04 May 2031 07:00:00 +02:00": "2031-05-04T05:00:00Z",
    "Sunday, 4 May 2031 05:00:00 GMT": "2031-05-04T05:00:00Z",
    "Wed, 04 May 2031 05:00:00 GMT": "2031-05-04T05:00:00Z",
    "2031-05-04T05:00:00Z": "2031-05-04T05:00:00Z",
    "2031-05-04T07:00:00+02:00": "2031-05-04T05:00:00Z",
    "2031-05-04T05:00:00.123Z": "2031-05-04T05:00:00.123000Z",
    "2031-05-04 05:00:00 UTC": "2031-05-04T05:00:00Z",
    "20310504T050000Z": "2031-05-04T05:00:00Z",
    "1935637200": "2031-05-04T05:00:00Z",
    "1935637200000": "2031-05-04T05:00:00Z",
    "Sun, 04 May 2031 10:30:00 IST": None,
    "yesterday": None,
    "04/05/2031 05:00": None,
    "0": None,
    "Thu, 01 Jan 1970 00:00:00 GMT": None,
    "Sun, 31 Feb 2031 05:00:00 GMT": None,
    "Sun, 04 May 2031 25:00:00 GMT": None,
    "": None,
}


@pytest.mark.parametrize("text", DATES)
def test_dates(text):
    world, _ = once(answer(rss(item(date=text))))
    (event,) = world.revisions
    assert (None if event.published is None else format_time(event.published)) == DATES[text]
    assert event.claimed_dates.get("published", "") == text


# -- status codes ----------------------------------------------------------------------------------------------------

STATUSES = {
    "204 No Content": ("error", 1.0),
    "206 Partial Content": ("error", 1.0),
    "400 Bad Request": ("error", 1.0),
    "401 Unauthorized": ("error", 1.0),
    "403 Forbidden": ("error", 1.0),
    "404 Not Found": ("error", 0.5),
    "406 Not Acceptable": ("error", 1.0),
    "408 Request Timeout": ("error", 0.5),
    "410 Gone": ("gone", 1.0),
    "418 I'm a teapot": ("error", 1.0),
    "429 Too Many Requests": ("error", 0.5),
    "451 Unavailable For Legal Reasons": ("error", 1.0),
    "500 Internal Server Error": ("error", 0.5),
    "502 Bad Gateway": ("error", 0.5),
    "503 Service Unavailable": ("error", 0.5),
    "504 Gateway Timeout": ("error", 0.5),
    "304 Not Modified": ("error", 1.0),
    "599 Odd": ("error", 0.5),
}


@pytest.mark.parametrize("status", STATUSES)
def test_status_codes(status):
    outcome, score = STATUSES[status]
    world, got = once(answer(rss() if status[0] != "3" and status[:3] != "204" else "", status=status))
    assert (got.outcome, got.status, world.memory.score) == (outcome, int(status[:3]), score)
    assert status[:3] in got.error
    assert world.titles == []


def test_an_error_between_two_good_polls_changes_nothing_recorded():
    world = World()
    good = answer(rss(), 'ETag: "1"')
    reports = world.play(world.set(good), world.set(answer("down", status="503 Down")), world.set(good))
    assert [report.feeds[0].outcome for report in reports] == ["changed", "error", "unchanged"]
    assert len(world.titles) == 2
    assert world.memory.score == 0


# -- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
@pytest.mark.parametrize(
    "location",
    ["/real", "real", "http://127.0.0.1:{port}/real", "//127.0.0.1:{port}/real", "/real#part", " /real "],
)
def test_redirects_are_followed(status, location):
    world = World()
    (report,) = world.play(
        lambda: (
            world.set(answer(rss()), path="/real")(),
            world.set(answer("", f"Location: {location}", status=status))(),
        )
    )
    assert world.titles == TWO
    assert bool(world.memory.moved) == (status[:3] in ("301", "308"))
    assert report.feeds[0].error == ""


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/feed",
        "file:///etc/passwd",
        "ftp://ftp.example/feed",
        "gopher://x.example/1",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "http://",
        "http://[",
        "http://user:pw@brenn.example/feed",
    ],
)
def test_redirects_to_nowhere_are_errors(location):
    world, outcome = once(answer("", f"Location: {location}", status="302 Found"))
    assert outcome.outcome == "error"
    assert world.titles == []


INTERNAL = [
    "127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1",
    "017700000001", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "127.0.0.1.", "user@127.0.0.1", "brenn.example@127.0.0.1", "127.0.0.1%2f.example",
    "①②⑦.⓪.⓪.①", "１２７.0.0.1", "ip6-localhost",
]  # fmt: skip


@pytest.mark.parametrize("host", INTERNAL)
@pytest.mark.parametrize("way", ["redirect", "feed"])
def test_the_internal_service_is_never_touched(host, way):
    world = World()

    def step():
        target = f"http://{host}:{world.secret}/secret"
        if way == "redirect":
            world.set(answer("", f"Location: {target}", status="302 Found"))()
        else:
            world.set(answer(rss(item(link=target.replace("&", "&amp;")))))()

    world.pages = way == "feed"
    world.play(step)
    assert world.touched == 0
    assert "Secret" not in world.titles


@pytest.mark.parametrize("name", ["robots", "hop", "canonical", "self"])
def test_the_internal_service_is_not_reached_by_detours(name):
    world = World(pages=True)

    def step():
        inside = f"http://127.0.0.1:{world.secret}/"
        page = f"<html><head><link rel='canonical' href='{inside}'><link rel='icon' href='{inside}'></head><body><article><p>{BODY}</p></article></body></html>"
        world.set(answer(rss(item(link=f"http://127.0.0.1:{world.port}/page"))))()
        world.set(answer(page, kind="text/html"), path="/page")()
        if name == "robots":
            world.set(answer("", f"Location: {inside}robots.txt", status="301 Moved"), path="/robots.txt")()
        if name == "hop":
            world.set(answer("", "Location: /b", status="302 Found"))()
            world.set(answer("", f"Location: {inside}", status="307 Away"), path="/b")()
        if name == "self":
            world.set(
                answer(
                    rss().replace(
                        "<channel>",
                        f"<channel><link>{inside}</link><atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{inside}'/>",
                    )
                )
            )()

    world.play(step, lambda: None)
    assert world.touched == 0


# -- conditional requests --------------------------------------------------------------------------------------------


def validators(head):
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    named = {name.lower(): value for name, value in lines.items()}
    return named.get("if-none-match", ""), named.get("if-modified-since", "")


DATE = "Sun, 04 May 2031 05:00:00 GMT"
VALIDATORS = {
    "etag": (['ETag: "abc"'], ('"abc"', "")),
    "weak etag": (['ETag: W/"abc"'], ('W/"abc"', "")),
    "etag without quotes": (["ETag: abc"], ("abc", "")),
    "etag with odd characters": (['ETag: "a,b/ü c"'], None),
    "empty etag": (["ETag:"], ("", "")),
    "date": ([f"Last-Modified: {DATE}"], ("", DATE)),
    "both": (['ETag: "abc"', f"Last-Modified: {DATE}"], ('"abc"', DATE)),
    "a date that is none": (["Last-Modified: yesterday"], ("", "yesterday")),
    "a date in another zone": (
        ["Last-Modified: Sun, 04 May 2031 07:00:00 +0200"],
        ("", "Sun, 04 May 2031 07:00:00 +0200"),
    ),
    "lower case": (['etag: "abc"'], ('"abc"', "")),
}


@pytest.mark.parametrize("case", VALIDATORS)
def test_validators_come_back_word_for_word(case):
    headers, expected = VALIDATORS[case]
    world = World()
    reports = world.play(
        world.set(answer(rss(), *headers)),
        world.set(answer(status="304 Not Modified", kind="")),
        lambda: None,
    )
    sent = [validators(head) for path, head in world.asked if path == "/feed"]
    assert sent[0] == ("", "")
    if expected is not None:
        assert sent[1] == expected
    assert sent[2] == sent[1]
    assert [r.feeds[0].outcome for r in reports][1:] == ["unchanged"] * 2 if expected != ("", "") else True
    assert len(world.titles) == 2


def test_a_304_may_bring_new_validators():
    world = World()
    world.play(
        world.set(answer(rss(), 'ETag: "1"')),
        world.set(answer("", 'ETag: "2"', status="304 Not Modified", kind="")),
        lambda: None,
    )
    assert [validators(head)[0] for _, head in world.asked] == ["", '"1"', '"2"']


def test_a_200_without_validators_forgets_the_old_ones():
    world = World()
    world.play(world.set(answer(rss(), 'ETag: "1"')), world.set(answer(rss(item(3)))), lambda: None)
    assert [validators(head)[0] for _, head in world.asked] == ["", '"1"', ""]


def test_a_server_that_ignores_conditions_adds_nothing():
    world = World()
    reports = world.play(world.set(answer(rss(), 'ETag: "1"')), lambda: None, lambda: None)
    assert [r.feeds[0].outcome for r in reports] == ["changed", "unchanged", "unchanged"]
    assert len(world.titles) == 2


def test_an_incomplete_body_stores_no_validators_and_loses_no_item():
    world = World()
    whole = answer(rss(item(1), item(2, "Fire in Nord")), 'ETag: "1"')
    world.play(world.set(whole[:-60]), world.set(whole))
    assert [validators(head)[0] for _, head in world.asked] == ["", ""]
    assert world.titles == TWO


def test_a_lying_server_is_asked_unconditionally_now_and_then():
    world = World()

    def lie(head):
        return (
            answer(rss(), 'ETag: "1"')
            if validators(head) == ("", "")
            else answer(status="304 Not Modified", kind="")
        )

    world.play(world.set(lie), *[lambda: None] * 50)
    plain = [n for n, (_, head) in enumerate(world.asked) if validators(head) == ("", "")]
    assert plain == [0, 49]


# -- transport -------------------------------------------------------------------------------------------------------

CHUNKS = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunked(body, size=100):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


TRANSPORT = {
    "no length": (answer(rss(), length=False), True),
    "chunks": (CHUNKS + chunked(PLAIN), True),
    "chunks with extensions": (CHUNKS + chunked(PLAIN).replace(b"64\r\n", b"64;a=b\r\n", 1), True),
    "chunks with a trailer": (CHUNKS + chunked(PLAIN)[:-2] + b"X-Sum: 1\r\n\r\n", True),
    "http 1.0": (answer(rss()).replace(b"HTTP/1.1", b"HTTP/1.0", 1), True),
    "no reason": (answer(rss(), status="200 "), True),
    "lower case headers": (answer(rss()).replace(b"Content-Length", b"content-length", 1), True),
    "a continue first": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(rss()), True),
    "more than announced": (answer(rss()) + b"rubbish", True),
    "a cookie": (answer(rss(), "Set-Cookie: a=b", "Set-Cookie: c=d"), True),
    "a long header": (answer(rss(), "X-Long: " + "y" * 20_000), True),
    "headers beyond reason": (answer(rss(), *(f"X-{n}: {'y' * 900}" for n in range(90))), False),
    "a bad chunk": (CHUNKS + b"zz\r\n" + PLAIN, False),
    "no http": (b"SSH-2.0-OpenSSH_9\r\n\r\n", False),
    "nothing": (b"", False),
    "a status that is none": (b"HTTP/1.1 abc\r\n\r\n", False),
    "two lengths": (answer(rss(), "Content-Length: 5"), False),
}


@pytest.mark.parametrize("case", TRANSPORT)
def test_transport(case):
    raw, good = TRANSPORT[case]
    world, outcome = once(raw)
    assert (world.titles == TWO, outcome.error == "") == (good, good)


def test_cookies_are_not_kept_and_the_agent_is_named():
    world = World()
    world.play(world.set(answer(rss(), "Set-Cookie: a=b")), lambda: None)
    for _, head in world.asked:
        assert "cookie:" not in head.lower()
        assert "User-Agent: newsledger/" in head


# -- hostile ---------------------------------------------------------------------------------------------------------


async def drip(*_):
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>"
    while True:
        await asyncio.sleep(0.02)
        yield b"<"


async def drip_headers(*_):
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        await asyncio.sleep(0.02)
        yield b"X-A: b\r\n"


async def endless(*_):
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n"
    while True:
        yield b"<a>" * 30_000


def bomb(pack):
    return answer(pack, "Content-Encoding: " + ("br" if pack[:1] != b"\x1f" else "gzip"))


HEAD = "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>"
LAUGHS = (
    "<!DOCTYPE r [<!ENTITY l0 'lol'>"
    + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)
HOSTILE = {
    "drip": drip,
    "dripped headers": drip_headers,
    "endless": endless,
    "gzip bomb": bomb(gzip.compress(b"<" * 40_000_000)),
    "brotli bomb": bomb(brotli.compress(b"<" * 40_000_000, quality=1)),
    "nested gzip bomb": answer(
        gzip.compress(gzip.compress(b"\0" * 40_000_000)), "Content-Encoding: gzip, gzip"
    ),
    "200,000 levels": answer(HEAD + "<item><title>" + "<a>" * 200_000),
    "200,000 levels, closed": answer(
        HEAD + "<item><title>" + "<a>" * 200_000 + "</a>" * 200_000 + "</title></item></channel></rss>"
    ),
    "50,000 attributes": answer(
        HEAD + "<item " + " ".join(f"a{n}='1'" for n in range(50_000)) + "/></channel></rss>"
    ),
    "billion laughs": answer(LAUGHS + HEAD + "<item><title>&l9;</title></item></channel></rss>"),
    "external entity": answer(
        "<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        + HEAD
        + "<item><title>&x;</title></item></channel></rss>"
    ),
    "external document type": answer(
        "<!DOCTYPE r SYSTEM 'http://127.0.0.1:{secret}/x.dtd'>" + HEAD + "</channel></rss>"
    ),
    "include": answer(
        HEAD.replace(
            "<channel>",
            "<channel xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='http://127.0.0.1:{secret}/'/>",
        )
        + "</channel></rss>"
    ),
    "a long title": answer(rss(item(title="word " * 400_000))),
    "many brackets": answer(
        HEAD + "<item><description>" + "&lt;" * 1_000_000 + "</description></item></channel></rss>"
    ),
    "deep json": answer(
        '{"version":"https://jsonfeed.org/version/1","items":' + "[" * 100_000, kind="application/json"
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_documents_end_soon_and_bring_nothing(case):
    raw = HOSTILE[case]
    if isinstance(raw, bytes):
        world, outcome = once(raw)
    else:
        world, outcome = once(raw, deadline=1.0)
    assert outcome.outcome in ("error", "changed")
    assert not any("root:" in text or "lollol" in text for text in (*world.titles, *world.texts))


# -- identity and revisions ------------------------------------------------------------------------------------------

SAME = {
    "the same again": (rss(item()), rss(item())),
    "another guid": (rss(item()), rss(item(guid="other:1"))),
    "a counter in the guid": (rss(item(guid="https://brenn.example/1#0")), rss(item(guid="https://brenn.example/1#1"))),
    "tracking in the link": (rss(item(guid="")), rss(item(guid="", link="https://brenn.example/1?utm_source=rss&amp;at_medium=x"))),
    "www in the link": (rss(item(guid="")), rss(item(guid="", link="https://www.brenn.example/1"))),
    "http in the link": (rss(item(guid="")), rss(item(guid="", link="http://brenn.example/1"))),
    "a slash in the link": (rss(item(guid="")), rss(item(guid="", link="https://brenn.example/1/"))),
    "a moved link": (rss(item()), rss(item(link="https://brenn.example/news/1"))),
    "another date": (rss(item()), rss(item(date="Sun, 04 May 2031 05:30:00 GMT"))),
    "other markup": (rss(item()), rss(item(text=f"&lt;b&gt;{BODY}&lt;/b&gt;"))),
    "a pixel": (rss(item()), rss(item(text=BODY + "&lt;img src='https://t.example/1.gif?n=7'&gt;"))),
    "more blanks": (rss(item()), rss(item(text=BODY.replace(" ", "  ")))),
    "a comment": (rss(item()), rss(item()).replace("<item>", "<item><!-- built 07:00 -->")),
    "twice in one document": (rss(item(), item()), rss(item(), item())),
    "gone and back": (rss(item()), rss(item(2, "Fire in Nord")), rss(item(), item(2, "Fire in Nord"))),
    "another place": (rss(item(), item(2, "Fire in Nord")), rss(item(2, "Fire in Nord"), item())),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_these_are_the_same_article_unrevised(case):
    world = World()
    world.play(*(world.set(answer(document)) for document in SAME[case]))
    assert world.titles.count("Flood in Brenn") == 1
    assert {event.revision for event in world.revisions} == {1}


def test_a_changed_figure_is_a_revision_and_a_changed_link_of_another_article_is_not():
    world = World()
    world.play(world.set(answer(rss(item()))), world.set(answer(rss(item(text=LATER)))))
    assert [event.revision for event in world.revisions] == [1, 2]
    assert world.texts == [BODY, LATER]


@pytest.mark.parametrize(
    "items",
    [
        [item(n, f"Report {n}", guid="same") for n in range(5)],
        [item(n, f"Report {n}", guid="", link="") for n in range(5)],
        [item(n, f"Report {n}", guid="", link="https://brenn.example/") for n in range(5)],
        [item(n, f"Report {n}", guid="https://brenn.example/?t=1771374614") for n in range(5)],
        [item(n, f"Report {n}", guid=f"https://brenn.example/live#{n}", link="https://brenn.example/live") for n in range(5)],
    ],
    ids=["one guid", "no guid", "front page", "times", "parts of a page"],
)  # fmt: skip
def test_five_articles_stay_five(items):
    world = World()
    world.play(world.set(answer(rss(*items))), world.set(answer(rss(*reversed(items)))))
    assert sorted(world.titles) == [f"Report {n}" for n in range(5)]


def test_twenty_polls_of_a_noisy_page_make_one_revision():
    world = World(pages=True)
    counter = iter(range(1000))

    def page(_head):
        n = next(counter)
        return answer(
            f"<html lang='en'><head><title>Flood</title><meta name='csrf' content='{n}'></head><body><nav>{n} visitors</nav><article><h1>Flood in Brenn</h1>"
            f"<p>{BODY}</p><p>The bridge was closed on Saturday, the council said.</p></article><aside class='most-read'>Most read: {n}</aside>"
            f"<div class='comments'>{n} comments</div><footer>Built in {n} ms</footer><script>var nonce={n}</script></body></html>",
            kind="text/html",
        )  # fmt: skip

    def start():
        world.set(page, path="/page")()
        world.set(answer(rss(item(link=f"http://127.0.0.1:{world.port}/page"))))()

    world.play(start, *[lambda: None] * 19)
    assert sum(path == "/page" for path, _ in world.asked) == 20
    assert [event.revision for event in world.revisions] == [1]
