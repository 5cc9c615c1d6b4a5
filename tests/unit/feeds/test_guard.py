"""Which URLs and addresses may be asked."""

from __future__ import annotations

import pytest

from ledger.errors import BlockedAddressError, FetchError
from ledger.feeds.guard import check_url, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fec0::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1", "ff02::1", "not an address",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_that_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://a.example/x", "gopher://a.example/", "javascript:alert(1)", "//a.example/x", "a.example",
        "http://", "http://user:secret@a.example/", "http://a.example:99999/", "http://[::1/", "https://a.example/" + "x" * 3000,
    ],
)  # fmt: skip
def test_urls_that_are_never_fetched(url):
    with pytest.raises(FetchError) as refused:
        check_url(url)
    assert "secret" not in str(refused.value)


def test_literals_are_refused_unless_host_and_port_are_named():
    with pytest.raises(BlockedAddressError, match="allow_hosts"):
        check_url("http://127.0.0.1:8799/feed")
    with pytest.raises(BlockedAddressError):
        check_url("http://127.0.0.1:8800/feed", ("127.0.0.1:8799",))
    assert check_url("http://127.0.0.1:8799/feed", ("127.0.0.1:8799",)) == "http://127.0.0.1:8799/feed"


def test_no_redirect_from_https_to_http():
    with pytest.raises(FetchError, match="https to http"):
        check_url("http://a.example/x", after="https://a.example/x")
    assert check_url("https://a.example/x", after="http://a.example/x")


def test_a_url_is_made_ascii_and_loses_its_fragment():
    assert check_url("HTTPS://Zürich.example/straße?q=é x#top") == (
        "https://xn--zrich-kva.example/stra%C3%9Fe?q=%C3%A9%20x"
    )
    assert check_url(" https://a.example/a%20b?x=%26 ") == "https://a.example/a%20b?x=%26"
