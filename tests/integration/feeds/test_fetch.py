"""The fetcher against a real server on loopback that behaves badly on purpose."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import asynccontextmanager

import msgspec
import pytest

from ledger.clock import FixedClock
from ledger.config import Fetch
from ledger.errors import BlockedAddressError, FetchError
from ledger.feeds.fetch import Fetcher, RobotsError, UnreachableError
from ledger.feeds.transport import HttpTransport


class Server:
    """Answers each path by the handler set for it, which writes raw bytes to the connection."""

    def __init__(self):
        self.paths = {}
        self.asked = []
        self.port = 0

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path, body=b"ok", *, status="200 OK", headers=()):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
        data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self.paths[path] = data

    async def handle(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append((path, head.decode("latin-1").lower()))
        action = self.paths.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if callable(action):
            await action(writer)
        else:
            writer.write(action)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(*, allow=True, **settings):
    server = Server()
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    hosts = (f"127.0.0.1:{server.port}",) if allow else ()
    options = msgspec.structs.replace(Fetch(host_interval=0.0), allow_hosts=hosts, **settings)
    fetcher = Fetcher(HttpTransport(options), options, FixedClock("2031-05-04T08:00:00Z"))
    try:
        yield server, fetcher
    finally:
        await fetcher.close()
        listener.close()


def run(test):
    asyncio.run(test())


def test_a_document_with_its_validators_comes_back_and_is_asked_for_conditionally():
    async def check():
        async with serving(contact="https://desk.example/contact") as (server, fetcher):
            server.answer(
                "/feed",
                gzip.compress(b"<rss/>"),
                headers=[
                    "Content-Type: application/rss+xml; charset=ISO-8859-1",
                    "Content-Encoding: gzip",
                    'ETag: W/"weird, \'tag"',
                    "Last-Modified: yesterday, I think",
                    "Cache-Control: public, max-age=600",
                ],
            )
            got = await fetcher.feed(server.url("/feed"))
            assert (got.status, got.body, got.complete) == (200, b"<rss/>", True)
            assert (got.media_type, got.charset, got.fresh_for) == ("application/rss+xml", "iso-8859-1", 600)
            server.answer("/feed", b"", status="304 Not Modified")
            again = await fetcher.feed(server.url("/feed"), etag=got.etag, last_modified=got.last_modified)
            assert again.unchanged
            sent = server.asked[-1][1]
            assert 'if-none-match: w/"weird, \'tag"' in sent
            assert "if-modified-since: yesterday, i think" in sent
            assert "user-agent: newsledger/" in sent
            assert "+https://desk.example/contact" in sent

    run(check)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0", "[::ffff:127.0.0.1]"]
)
def test_addresses_that_are_not_public_are_never_connected_to(host):
    async def check():
        async with serving(allow=False) as (server, fetcher):
            server.answer("/secret", b"secret")
            with pytest.raises(FetchError) as refused:
                await fetcher.feed(f"http://{host}:{server.port}/secret")
            if host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
                assert isinstance(refused.value, BlockedAddressError)
            assert server.asked == []

    run(check)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 T", "308 P"])
def test_a_redirect_to_an_internal_address_is_refused(status):
    async def check():
        async with serving() as (server, fetcher), serving(allow=False) as (inside, _):
            inside.answer("/secret", b"secret")
            server.answer("/feed", status=status, headers=[f"Location: {inside.url('/secret')}"])
            with pytest.raises(BlockedAddressError):
                await fetcher.feed(server.url("/feed"))
            assert inside.asked == []

    run(check)


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://o.example/", "http://user:pw@o.example/", "//user@o.example/"]
)
def test_redirects_to_other_schemes_and_credentials_are_refused(target):
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/feed", status="302 Found", headers=[f"Location: {target}"])
            with pytest.raises(FetchError):
                await fetcher.feed(server.url("/feed"))

    run(check)


def test_only_the_permanent_beginning_of_redirects_is_permanent():
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/old", status="301 Moved", headers=["Location: /new"])
            server.answer("/new", status="308 Moved", headers=["Location: newer?a=1"])
            server.answer("/newer?a=1", status="302 Found", headers=["Location: /today"])
            server.answer("/today", status="301 Moved", headers=["Location: /end"])
            server.answer("/end", b"<rss/>")
            got = await fetcher.feed(server.url("/old"))
            assert got.final_url == server.url("/end")
            assert got.permanent_url == server.url("/newer?a=1")
            server.answer("/loop", status="302 Found", headers=["Location: /loop"])
            with pytest.raises(FetchError, match="circle"):
                await fetcher.feed(server.url("/loop"))
            for n in range(9):
                server.answer(f"/r{n}", status="302 Found", headers=[f"Location: /r{n + 1}"])
            with pytest.raises(FetchError, match="Too many redirects"):
                await fetcher.feed(server.url("/r0"))

    run(check)


def forever(start, piece=b""):
    """A handler that sends `start`, then `piece` again and again, or nothing more and never closes."""

    async def handle(writer):
        writer.write(start)
        try:
            await writer.drain()
            while piece:
                writer.write(piece)
                await writer.drain()
            await asyncio.Event().wait()
        except (ConnectionError, asyncio.CancelledError):
            return

    return handle


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", OK + b"\r\n<rss>", OK + b"Content-Length: 90\r\n\r\n<rss>"]
)
def test_a_host_that_never_ends_its_answer_is_given_up(start):
    async def check():
        async with serving(deadline=0.3) as (server, fetcher):
            server.paths["/feed"] = forever(start)
            with pytest.raises(UnreachableError, match=r"within 0\.3 seconds"):
                await fetcher.feed(server.url("/feed"))

    run(check)


@pytest.mark.parametrize(
    "start",
    [
        (OK + b"\r\n", b"x" * 65536),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"y" * 500 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"y" * 65536),
    ],
    ids=["body", "chunks", "headers", "one-header"],
)
def test_an_endless_answer_is_cut(start):
    async def check():
        async with serving(feed_bytes=1_000_000) as (server, fetcher):
            server.paths["/feed"] = forever(*start)
            with pytest.raises(FetchError):
                await fetcher.feed(server.url("/feed"))

    run(check)


def test_a_bomb_is_refused_and_a_broken_off_body_is_incomplete():
    async def check():
        async with serving(feed_bytes=1_000_000) as (server, fetcher):
            server.answer("/bomb", gzip.compress(b"\0" * 9_000_000), headers=["Content-Encoding: gzip"])
            with pytest.raises(FetchError, match="too large"):
                await fetcher.feed(server.url("/bomb"))
            server.paths["/short"] = OK + b"Content-Length: 90\r\nETag: x\r\n\r\n<rss>half"
            got = await fetcher.feed(server.url("/short"))
            assert (got.body, got.complete) == (b"<rss>half", False)

    run(check)


def test_hosts_that_are_not_there_or_speak_no_http():
    async def check():
        async with serving() as (server, fetcher):
            server.paths["/feed"] = b"SSH-2.0-OpenSSH\r\n"
            with pytest.raises(FetchError):
                await fetcher.feed(server.url("/feed"))
            with pytest.raises(UnreachableError):
                await fetcher.feed("http://no-such-host.invalid/feed")

    run(check)


def test_robots_txt_is_for_pages_not_for_feeds():
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/robots.txt", b"User-agent: newsledger\nDisallow: /private\n")
            server.answer("/private/feed", b"<rss/>")
            server.answer("/public", b"page")
            assert (await fetcher.feed(server.url("/private/feed"))).ok
            with pytest.raises(RobotsError):
                await fetcher.page(server.url("/private/page"))
            assert (await fetcher.page(server.url("/public"))).ok
            paths = [path for path, _ in server.asked]
            assert paths.count("/robots.txt") == 1
            assert "/private/page" not in paths

    run(check)


def test_robots_txt_that_fails_forbids_and_one_that_is_missing_allows():
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/robots.txt", b"", status="503 Busy")
            with pytest.raises(RobotsError):
                await fetcher.page(server.url("/a"))
        async with serving() as (server, fetcher):
            server.answer("/a", b"page")
            assert (await fetcher.page(server.url("/a"))).ok

    run(check)


@pytest.mark.parametrize("value", ["3600", "Sun, 04 May 2031 09:00:00 GMT"])
def test_retry_after_holds_for_the_whole_host(value):
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/feed", b"", status="429 Slow down", headers=[f"Retry-After: {value}"])
            first = await fetcher.feed(server.url("/feed"))
            second = await fetcher.feed(server.url("/other"))
            assert first.retry_at == second.retry_at
            assert first.retry_at.isoformat() == "2031-05-04T09:00:00+00:00"
            assert [path for path, _ in server.asked] == ["/feed"]

    run(check)


def test_at_most_two_requests_at_a_time_reach_one_host():
    async def check():
        async with serving(robots=False) as (server, fetcher):
            busy, most, gate = 0, 0, asyncio.Event()

            async def handle(writer):
                nonlocal busy, most
                busy += 1
                most = max(most, busy)
                if busy == 2:
                    gate.set()
                await gate.wait()
                writer.write(OK + b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
                await writer.drain()
                busy -= 1

            for n in range(6):
                server.paths[f"/{n}"] = handle
            await asyncio.gather(*(fetcher.page(server.url(f"/{n}")) for n in range(6)))
            assert most == 2

    run(check)


SECOND = b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: "evil"\r\n\r\nevil'


@pytest.mark.parametrize(
    "behind",
    [
        SECOND,
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"\r\n",
        b"what is this",
    ],
)
@pytest.mark.parametrize("first", ["sized", "chunked", "304"])
def test_what_comes_behind_an_answer_is_no_part_of_it_nor_of_the_next_one(first, behind):
    answer = {
        "sized": b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nETag: "own"\r\n\r\n<rss/>',
        "chunked": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "own"\r\n\r\n6\r\n<rss/>\r\n0\r\n\r\n',
        "304": b'HTTP/1.1 304 Not Modified\r\nETag: "own"\r\n\r\n',
    }[first]

    async def check():
        async with serving() as (server, fetcher):
            server.paths["/feed"] = answer + behind
            server.answer("/next", b"next")
            got = await fetcher.feed(server.url("/feed"), etag='"own"')
            assert (got.status, got.body, got.etag) == (
                304 if first == "304" else 200,
                b"" if first == "304" else b"<rss/>",
                '"own"',
            )
            assert (await fetcher.feed(server.url("/next"))).body == b"next"
            assert [path for path, _ in server.asked] == ["/feed", "/next"]

    run(check)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", ["Expires: Thu, 01 Jan 2026 00:00:00 +99999999999999999999", "Date: Thu, 01 Jan 2026 00:00:00 GMT"]),
        ("200 OK", ['ETag: "a\0b"', "Last-Modified: a\x01b"]),
        ("503 Busy", ["Retry-After: Thu, 01 Jan 2026 00:00:00 +99999999999999999999"]),
        ("503 Busy", ["Retry-After: \u00b2"]),
        ("203 Transformed", []),
    ],
)  # fmt: skip
def test_strange_headers_lose_no_answer(status, headers):
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/feed", b"<rss/>", status=status, headers=headers)
            got = await fetcher.feed(server.url("/feed"))
            assert got.status == int(status[:3])
            assert (got.ok, got.etag, got.last_modified, got.retry_at) == (got.status < 300, "", "", None)
            await fetcher.feed(server.url("/feed"), etag=got.etag, last_modified=got.last_modified)

    run(check)


def test_a_redirect_to_what_is_no_url_says_so():
    async def check():
        async with serving() as (server, fetcher):
            server.answer("/feed", status="302 Found", headers=["Location: http://[::1"])
            with pytest.raises(FetchError, match="A redirect to what is no URL"):
                await fetcher.feed(server.url("/feed"))

    run(check)
