"""Which article an item is: guid, link or text, and under which other names it is known.

A guid decides while it is unique in its document and of a stable form; else guid and link together, else the canonical link,
else title and text. Aliases (guid and URLs within one outlet) keep the identity when one of them changes.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import msgspec

from ledger.feeds.documents import Item

__all__ = [
    "Identity",
    "article_id",
    "canonical_url",
    "feed_id",
    "host_of",
    "identify",
    "names_an_article",
    "page_canonical",
    "url_alias",
]

COLLISIONS = 0.05
_TRACKING = frozenset(
    {
        "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "ttclid", "yclid", "igshid", "igsh", "mc_cid",
        "mc_eid", "_hsenc", "_hsmi", "hsctatracking", "mkt_tok", "vero_id", "oly_anon_id", "oly_enc_id", "wickedid", "s_cid",
        "icid", "ncid", "cmpid", "cmp", "maca", "traffic_source", "ito", "ns_mchannel", "ns_source", "ns_campaign",
        "ns_linkname", "ns_fee", "xtor", "wt_mc", "wt.mc_id", "smid", "smtyp", "partner", "emc", "mod", "taid", "guccounter",
        "guce_referrer", "guce_referrer_sig", "ocid", "sr_share", "spm", "scm", "_openstat", "ref_src", "ref_url", "feature",
        "__twitter_impression", "ftag", "amp", "outputtype", "soc_src", "soc_trk", "ftcamp", "sh", "srnd", "leadsource",
        "cndid", "bxid", "esrc", "ceid", "sk", "__s", "_bta_tid", "_bta_c", "trk_contact", "trk_msg", "trk_module", "trk_sid",
        "gdfms", "gdftrk", "gdffi", "redirect_log_mongo_id", "redirect_mongo_id", "sb_referer_host", "mkwid", "pcrid",
        "ef_id", "epik", "campaign_id", "fb_action_ids", "fb_action_types", "fb_ref", "fb_source", "action_object_map",
        "action_type_map", "action_ref_map", "hmb_campaign", "hmb_medium", "hmb_source", "itm_source", "itm_medium",
        "itm_campaign", "at_medium", "at_campaign", "rss", "syn-25a6b1a6",
    }
)  # fmt: skip
_TRACKING_PREFIXES = ("utm_", "at_", "mtm_", "pk_", "piwik_", "matomo_", "stm_", "hsa_", "itm_", "ga_")
_PLAIN_URL = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(/[!-\"$->@-Z\\^-~]*)?(?:\?([!-\"$-Z\\^-~]*))?"
)
_SITE_PREFIX = re.compile(r"^(?:www|m|mobile|amp)\.")
_AMP = re.compile(r"/amp/?$")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SECOND_LEVEL = frozenset(
    {"co", "com", "org", "net", "gov", "gob", "gouv", "ac", "edu", "or", "ne", "go", "mil"}
)


class Identity(msgspec.Struct, frozen=True, gc=False):
    """The identity of one item: `key` is what its article id is made of; `aliases` are lookup keys, the strongest first."""

    key: str
    aliases: tuple[str, ...]


def feed_id(url: str) -> str:
    """`f-` and 12 hex digits of the SHA-256 of the URL."""
    return "f-" + hashlib.sha256(url.encode()).hexdigest()[:12]


def article_id(outlet: str, key: str) -> str:
    """`a-` and 16 hex digits of the SHA-256 of outlet and identity key."""
    return "a-" + hashlib.sha256(f"{outlet}\n{key}".encode()).hexdigest()[:16]


@functools.lru_cache(4096)
def host_of(url: str) -> str:
    """The host of a URL in lower case, without `www.`."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
    return host.removeprefix("www.")


def canonical_url(url: str) -> str:
    """The URL without what only tracks: lower-case host in Punycode, no default port, fragment or tracking parameter.

    The order of the other parameters is kept, and so is a `#!` fragment. What is no http URL comes back as it is.
    """
    return _read_url(url)[0]


@functools.lru_cache(4096)
def _read_url(url: str) -> tuple[str, str, bool]:
    """The canonical form of a URL, what it has in common with other URLs of its page, and whether it is a front page."""
    url = url.strip()
    if plain := _PLAIN_URL.fullmatch(url):
        scheme, site, path, query = plain.groups("")
        query = _without_tracking(query, site) if query else ""
        asked = f"?{query}" if query else ""
        shared = f"{_SITE_PREFIX.sub('', site)}{_AMP.sub('', path).rstrip('/')}{asked}"
        return f"{scheme}://{site}{path or '/'}{asked}", shared, path in ("", "/") and not query
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname
    except ValueError:
        return url, url, False
    scheme = parts.scheme
    if scheme not in _DEFAULT_PORTS or not host:
        return url, *_shared(parts)
    host = host.rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return url, *_shared(parts)
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return _clear(
        SplitResult(scheme, netloc, parts.path or "/", _without_tracking(parts.query, host), fragment)
    )


def _clear(parts: SplitResult) -> tuple[str, str, bool]:
    return urlunsplit(parts), *_shared(parts)


def _without_tracking(query: str, host: str) -> str:
    return "&".join(p for p in query.split("&") if p and not _tracks(p.partition("=")[0], host))


def _shared(parts: SplitResult) -> tuple[str, bool]:
    """What two URLs of one page have in common: scheme, `www.`, `m.` and a final slash do not count."""
    host = _SITE_PREFIX.sub("", parts.netloc)
    path = _AMP.sub("", parts.path).rstrip("/")
    front = parts.path in ("", "/") and not parts.query and not parts.fragment.startswith("!")
    return f"{host}{path}" + (f"?{parts.query}" if parts.query else ""), front


def _tracks(name: str, host: str) -> bool:
    name = name.lower()
    if name in ("ref", "source") and host:
        return True
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _url_key(url: str) -> str:
    """What a URL has in common with other URLs of its page."""
    return _read_url(url)[1]


def _is_root(url: str) -> bool:
    return _read_url(url)[2]


def _registrable(host: str) -> str:
    labels = host.split(".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if short else labels[-2:])


def page_canonical(url: str, declared: str) -> str:
    """The canonical URL of a page: what it declares when that lies in the same registrable domain and is no front page."""
    own = canonical_url(url)
    if not declared:
        return own
    try:
        wanted = canonical_url(urljoin(url, declared))
        foreign = _registrable(host_of(wanted)) != _registrable(host_of(own))
    except ValueError:
        return own
    return own if foreign or (_is_root(wanted) and not _is_root(own)) else wanted


def names_an_article(url: str) -> bool:
    """Whether a URL can tell one article from others: a web address, and not that of a front page."""
    return url.startswith(("http://", "https://")) and not _is_root(url)


def url_alias(outlet: str, url: str) -> str:
    """The lookup key of a URL within an outlet."""
    return f"article:{outlet}:url:{_url_key(url)}"


def _stable_guid(item: Item) -> str:
    """The guid without the parts that change with every edit; empty when nothing stable is in it."""
    guid = item.guid.strip()
    if not guid.startswith(("http://", "https://")):
        return guid
    try:
        parts = urlsplit(guid)
        bare = canonical_url(urlunsplit(parts._replace(query=re.sub(r"(?:^|&)t=\d+", "", parts.query))))
    except ValueError:
        return guid
    if _is_root(bare):
        return ""
    counted = re.fullmatch(r"\d+", parts.fragment) is not None
    if item.link and _url_key(bare) == _url_key(item.link) and (counted or not parts.fragment):
        return _url_key(bare)
    return bare if counted or not parts.fragment else f"{bare}#{parts.fragment}"


def identify(
    items: Sequence[Item], *, outlet: str, feed: str, policy: str = "guid", feed_link: str = ""
) -> tuple[list[Identity | None], str]:
    """The identities of a document's items, None for a repeated one, and the policy to use from now on.

    `policy` is `guid`, or `link` once more than 5 % of a document's guids collided.
    """
    guids = _guids(items)
    links = [_link_key(item, feed_link) for item in items]
    entries = list(zip(guids, links, (item.title for item in items), strict=True))
    distinct = dict.fromkeys(entry for entry in entries if any(entry))
    by_guid = Counter(guid for guid, _, _ in distinct)
    by_link = Counter(link for _, link, _ in distinct)
    by_both = Counter((guid, link) for guid, link, _ in distinct)
    colliding = sum(n for guid, n in by_guid.items() if guid and n > 1)
    if colliding > sum(n for guid, n in by_guid.items() if guid) * COLLISIONS:
        policy = "link"
    found: list[Identity | None] = []
    seen: set[str] = set()
    for item, (guid, link, title) in zip(items, entries, strict=True):
        unique = guid if policy == "guid" and by_guid[guid] == 1 else ""
        identity = _identity(item, unique, guid, link, outlet, feed, alone=by_link[link] == 1)
        if identity.key.startswith("guid+link:") and by_both[guid, link] > 1:
            digest = hashlib.sha256(title.encode("utf-8", "replace")).hexdigest()[:16]
            identity = Identity(f"{identity.key}\n{digest}", ())
        found.append(None if identity.key in seen else identity)
        seen.add(identity.key)
    return found, policy


def _guids(items: Sequence[Item]) -> list[str]:
    """The stable guids; where stabilising made two the same that were not, they stay as they were."""
    stable = [_stable_guid(item) for item in items]
    raw: dict[str, set[str]] = {}
    for item, guid in zip(items, stable, strict=True):
        raw.setdefault(guid, set()).add(item.guid.strip())
    return [
        item.guid.strip() if len(raw[guid]) > 1 and guid else guid
        for item, guid in zip(items, stable, strict=True)
    ]


def _link_key(item: Item, feed_link: str) -> str:
    if not names_an_article(item.link):
        return ""
    key = _url_key(item.link)
    return "" if feed_link and key == _url_key(feed_link) else key


def _identity(
    item: Item,
    unique_guid: str,
    guid: str,
    link: str,
    outlet: str,
    feed: str,
    *,
    alone: bool,
) -> Identity:
    aliases: list[str] = []
    if unique_guid:
        scoped = (
            unique_guid
            if len(unique_guid) >= 12 or re.search(r"[:/]", unique_guid)
            else f"{feed}:{unique_guid}"
        )
        aliases.append(f"article:{outlet}:guid:{scoped}")
    if link and alone:
        aliases.append(f"article:{outlet}:url:{link}")
    if unique_guid:
        return Identity(f"guid:{scoped}", tuple(aliases))
    if link and alone:
        return Identity(f"link:{link}", tuple(aliases))
    if guid and link:
        return Identity(f"guid+link:{guid}\n{link}", tuple(aliases))
    item = item.whole()
    digest = hashlib.sha256(f"{item.title}\n{item.content or item.summary}".encode()).hexdigest()
    return Identity(f"text:{digest}", tuple(aliases))
