"""Which addresses may be asked: public ones, and those that `[fetch] allow_hosts` names as exact `host:port` pairs."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

import msgspec

from ledger.errors import BlockedAddressError, FetchError

__all__ = ["MAX_URL", "Target", "blocked", "check_url", "host_and_port", "is_public", "target_of"]

MAX_URL = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address (text form) is globally reachable, also when an IPv4 address hides in an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip in _SIX_TO_FOUR:
            return ip.sixtofour is not None and is_public(str(ip.sixtofour))
        elif ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        elif ip.teredo is not None or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


@functools.lru_cache(4096)
def host_and_port(url: str) -> str:
    """`host:port` of a URL, the port always there, the host in lower case."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"


def check_url(url: str, allow_hosts: Collection[str] = (), *, after: str = "") -> str:
    """The URL ready to be asked: ASCII, without a fragment.

    `after` is the URL that redirected here. Raises FetchError for what is not plain http or https, for credentials in
    it and for a redirect from https to http; BlockedAddressError for an address literal that is not public.
    """
    return _checked(url, tuple(allow_hosts), after)


@functools.lru_cache(4096)
def _checked(url: str, allow_hosts: tuple[str, ...], after: str) -> str:
    url = re.sub(r"[\t\r\n]", "", url.strip())
    if len(url) > MAX_URL:
        raise FetchError("The URL is too long", which=url[:80] + "...", fix=f"At most {MAX_URL} characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchError("Not a URL", which=url[:200]) from None
    if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
        raise FetchError("Only http and https URLs are fetched", which=url[:200])
    if parts.username is not None or parts.password is not None:
        raise FetchError("A URL with credentials is not fetched", which=f"{parts.scheme}://{parts.hostname}")
    if after and urlsplit(after).scheme == "https" and parts.scheme.lower() == "http":
        raise FetchError("A redirect from https to http is not followed", which=f"{after} -> {url[:200]}")
    host = _ascii_host(parts)
    shown = f"[{host}]" if ":" in host else host
    address = f"{host}:{port or _DEFAULT_PORTS[parts.scheme.lower()]}"
    if _is_literal(host) and address not in allow_hosts and not is_public(host):
        raise blocked(address)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~[]|^")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?[]|^")
    netloc = shown if port is None else f"{shown}:{port}"
    return urlunsplit(SplitResult(parts.scheme.lower(), netloc, path, query, ""))


class Target(msgspec.Struct, frozen=True):
    """Where a request goes. `authority` is host and port as the URL writes them, `path` has the query with it."""

    url: str
    secure: bool
    authority: str
    path: str

    @property
    def host(self) -> str:
        """The host, an IPv6 address without brackets."""
        return self._parts[0]

    @property
    def port(self) -> int:
        """The port, also when the URL does not name it."""
        return int(self._parts[1] or _DEFAULT_PORTS["https" if self.secure else "http"])

    @property
    def _parts(self) -> tuple[str, str]:
        if self.authority.startswith("["):
            host, _, port = self.authority[1:].partition("]")
            return host, port[1:]
        host, _, port = self.authority.partition(":")
        return host, port


def target_of(url: str) -> Target:
    """The parts of a URL that `check_url` gave."""
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    return Target(url, scheme == "https", authority, f"/{path}")


def blocked(address: str) -> BlockedAddressError:
    """The error for an address that is not public."""
    return BlockedAddressError(
        "Not a public address",
        which=address,
        fix='To reach it all the same, name host and port in newsledger.toml: [fetch] allow_hosts = ["host:port"]',
    )


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _ascii_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise FetchError("Not a host name", which=host) from None
