"""The article in a page or in a feed's item: its visible text as blocks, and what is declared about it.

The text holds the article's body only: not its title, byline or dates, no navigation, no lists of other articles.
"""

from __future__ import annotations

import html
import logging
import re
from typing import Any

import lxml.html
import msgspec
from lxml import etree

from ledger.errors import InputError
from ledger.feeds.language import language_of
from ledger.feeds.markup import BLOCKS, MAX_ELEMENTS, lines_of, quick_blocks
from ledger.feeds.metadata import page_facts
from ledger.feeds.text import canonical, clean, decode_text, is_binary, plain_blocks, single_line

__all__ = [
    "EXTRACTOR",
    "Extract",
    "extract_markup",
    "extract_page",
    "extract_plain",
]

EXTRACTOR = "newsledger/1 trafilatura"
MAX_LIBRARY_ELEMENTS = 10_000
MAX_CHILDREN = 1_500
MAX_MARKUP = 2_000_000
SHORT = 700
LONGEST_BYLINE = 100
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_OUTSIDE = (
    "//script|//style|//noscript|//template|//nav|//aside|//form|//button|//iframe|//svg|//dialog|//object|//select|//menu"
    "|//figure[not(.//p or .//blockquote or .//table or .//pre)]|//*[@hidden]|//*[@aria-hidden='true' and not(.//p)]"
    "|//*[@role='navigation' or @role='complementary' or @role='banner' or @role='contentinfo' or @role='dialog']"
)
_FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:cookies?(?:-?banner)?|consent|newsletter|subscribe|sign-?up|share|sharing|social|breadcrumbs?|most-?read|"
    r"most-?popular|trending|related|recommend(?:ed|ations)?|read-?more|more-?stories|also-?read|see-?also|promo|sponsored?|advert(?:isement)?|"
    r"ads?|outbrain|taboola|comments?|byline|author-?(?:bio|box|info)|dateline-?time|timestamp|pub-?date|publish-?date|"
    r"tags?-?list|article-?tags|pagination|paywall|toolbar|sidebar|skip-?link|print-?only|sr-only|visually-?hidden)(?:$|[\s_-])",
    re.IGNORECASE,
)
_KEEP = re.compile(r"correction|clarification|editor|retract|update", re.IGNORECASE)
_LIBRARY_BLOCKS = frozenset(
    {"ab", "body", "cell", "code", "head", "item", "list", "main", "p", "quote", "row", "table"}
)
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|door)\s+\S.{1,80}|(?:published|updated|posted|last updated|first published)\b.{0,60}",
    re.IGNORECASE,
)
_BYLINE_STARTS = ("by", "von", "par", "por", "di", "door", "published", "updated", "posted", "last", "first")
_MARKS = ("class", "id", "data-component", "data-testid", "data-module", "aria-label")
_POINTER = re.compile(
    r"(?:read more|read also|also read|see also|see more|more on this|related(?: stor(?:y|ies)| articles?| news)?|recommended|watch|"
    r"listen|in pictures|most read|further reading)\s*[:|–—-].{0,200}\Z",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:(?:advertisement|advertising|sponsored|continue reading|read more|related|related (?:stories|articles|topics)|see also|most read|"
    r"more on this story|more from .{1,40}|share(?: this(?: article| story)?)?|story continues below.{0,30}|sign up.{0,80}|subscribe.{0,60})\W*"
    r"|the post .{1,250} (?:first appeared|appeared first) on .{1,100})\Z",
    re.IGNORECASE,
)
_ASIDE_STARTS = frozenset(
    {
        "adver", "also ", "conti", "furth", "in pi", "liste", "more ", "most ", "read ", "recom", "relat", "see a", "see m",
        "share", "sign ", "spons", "story", "subsc", "the p", "watch",
    }
)  # fmt: skip
"""With what a label or a pointer begins."""
_MARKED = re.compile(r"[<&\r\n\x0b-\x1f\x85\u2028\u2029]")
_ANY_TAG = re.compile(r"<[a-zA-Z/!]")
_BLANK = re.compile(r"\s+")
_SITE_SUFFIX = re.compile(r"\s+(?:[|–—»·:]|-)\s+[^|–—»·]{2,60}$")


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """An article read from a document. Dates are verbatim; `text` is empty when there is no article in it."""

    title: str = ""
    text: str = ""
    published: str = ""
    modified: str = ""
    byline: str = ""
    language: str = ""
    canonical_url: str = ""
    summary: str = ""


def extract_page(body: bytes, *, url: str = "", charset: str = "") -> Extract:
    """Read an HTML page. Raises InputError for what is no page: empty, binary, too many elements."""
    if not body.strip():
        raise InputError("The page is empty", which=url)
    if is_binary(body):
        raise InputError("The document is binary, not a page", which=url)
    tree = _parse(body, url, charset)
    facts = page_facts(tree)
    blocks = _article_blocks(tree, url)
    title = _title(facts.titles, [single_line(str(h.text_content())) for h in tree.iter("h1")])
    text = "\n\n".join(_without_furniture([single_line(block) for block in blocks], title, facts.byline))
    return Extract(
        title=title,
        text=text,
        published=facts.published,
        modified=facts.modified,
        byline=facts.byline,
        language=language_of(text, facts.language),
        canonical_url=facts.canonical,
        summary=facts.summary,
    )


def extract_markup(markup: str, *, title: str = "", byline: str = "") -> str:
    """The canonical text of a feed item's HTML or plain text."""
    if not markup.strip() or len(markup) > MAX_MARKUP or markup.count("<") > MAX_ELEMENTS * 2:
        return ""
    if not _MARKED.search(markup):
        return "\n\n".join(_without_furniture([single_line(markup)], title, byline))
    if not _ANY_TAG.search(markup):
        lines = [single_line(block) for block in plain_blocks(html.unescape(markup))]
        return "\n\n".join(_without_furniture(lines, title, byline))
    if (quick := quick_blocks(markup)) is not None:
        return "\n\n".join(_without_furniture(quick, title, byline))
    try:
        tree = lxml.html.fragment_fromstring(clean(markup), create_parent="div", parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return canonical(plain_blocks(re.sub(r"<[^>]*>", " ", markup)))
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        return ""
    _drop(tree.xpath(".//script|.//style|.//iframe|.//form|.//nav|.//aside|.//template|.//noscript"))
    return "\n\n".join(_without_furniture(_blocks_of(tree), title, byline))


def extract_plain(text: str) -> tuple[str, str]:
    """(title, canonical text) of plain text: the title is the first short line that is no sentence, near the top."""
    blocks = plain_blocks(text)
    title = ""
    for block in blocks[:4]:
        if 2 < len(block) <= 150 and not block.endswith((".", "!", "?", "…", ".”", '."')) and len(blocks) > 1:
            title = single_line(block)
            break
    return title, canonical(block for block in blocks if not title or single_line(block) != title)


def _parser() -> Any:
    return lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True, no_network=True
    )


def _parse(body: bytes, url: str, charset: str) -> Any:
    found = (pattern.search(body[:4096]) for pattern in (_META_CHARSET, _XML_ENCODING))
    names = [charset, *(match[1].decode("ascii") for match in found if match)]
    text = clean(decode_text(body, names))
    if text.count("<") > MAX_ELEMENTS * 2:
        raise InputError("The page has too many elements", which=url, fix=f"At most {MAX_ELEMENTS:,}")
    if re.search(r"<[A-Za-z][^<>]{262144}", text):
        raise InputError("An element has too many attributes", which=url)
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8"), parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        raise InputError("The page cannot be read as HTML", which=url) from None
    return tree


def _article_blocks(tree: Any, url: str) -> list[str]:
    tree = _pruned(tree)
    container = _container(tree)
    own = _blocks_of(container) if container is not None else []
    found = _trafilatura(tree, url) if _is_ordinary(tree) else []
    if not found:
        return own or _paragraphs(tree)
    size_own, size_found = sum(map(len, own)), sum(map(len, found))
    if (
        own
        and (size_found < SHORT or size_own < SHORT or _contains(own, found))
        and size_own <= size_found * 4
    ):
        return own
    return found


def _is_ordinary(tree: Any) -> bool:
    """Whether the library can take the page in reasonable time: it is quadratic in the children of one element."""
    sizes = [len(element) for element in tree.iter()]
    return len(sizes) <= MAX_LIBRARY_ELEMENTS and max(sizes) <= MAX_CHILDREN


def _contains(whole: list[str], part: list[str]) -> bool:
    """Whether nearly every block of `part` stands in `whole` too, and `whole` adds little."""
    known = " ".join(single_line(block) for block in whole)
    there = sum(len(block) for block in part if single_line(block) in known)
    return there * 10 >= sum(map(len, part)) * 9 and len(known) <= sum(map(len, part)) * 1.3


def _pruned(tree: Any) -> Any:
    body = tree.find("body")
    root = body if body is not None else tree
    _drop([e for e in root.xpath(_OUTSIDE) if not _kept(e)])
    _drop(
        e
        for e in root.xpath(
            ".//*[@class or @id or @data-component or @data-testid or @data-module or @aria-label]"
        )
        if _FURNITURE.search(_marks(e))
        and e.tag not in ("body", "article", "main", "html")
        and not _kept(e)
        and not _is_most(e, root)
    )
    _drop(e for e in root.iter("header", "footer") if not e.xpath("ancestor::article|ancestor::main"))
    _drop([e for e in root.iter("ul", "ol", "p", "h2", "h3", "h4") if _only_points_elsewhere(e)])
    for footer in list(root.iter("footer")):
        if not _KEEP.search(str(footer.text_content())):
            _drop([footer])
    return tree


def _marks(element: Any) -> str:
    return " ".join(str(element.get(name, "")) for name in _MARKS)


def _only_points_elsewhere(element: Any) -> bool:
    """Whether an element is a list of links or a line that is one link and no sentence."""
    links = element.findall(".//a")
    text = single_line(str(element.text_content())) if links else ""
    linked = sum(len(single_line(str(link.text_content()))) for link in links)
    if not text or linked < len(text) * 0.85:
        return False
    return len(links) > 1 if element.tag in ("ul", "ol") else not text.endswith((".", "!", "?", "”", '"'))


def _kept(element: Any) -> bool:
    return bool(_KEEP.search(_marks(element))) or bool(element.xpath(".//article"))


def _is_most(element: Any, root: Any) -> bool:
    return len(str(element.text_content())) * 2 > len(str(root.text_content()))


def _drop(elements: Any) -> None:
    for element in list(elements):
        if element.getparent() is not None:
            element.drop_tree()


def _container(tree: Any) -> Any:
    for path in ("//*[@itemprop='articleBody']", "//article", "//main", "//*[@role='main']"):
        found = tree.xpath(path)
        found = [e for e in found if not e.xpath("ancestor::article")] if path == "//article" else found
        sized = sorted(((len(str(e.text_content())), -n) for n, e in enumerate(found)), reverse=True)
        if sized and sized[0][0] > 0 and (len(sized) == 1 or sized[0][0] > sum(s for s, _ in sized[1:])):
            return found[-sized[0][1]]
    return None


def _paragraphs(tree: Any) -> list[str]:
    blocks: list[str] = []
    for paragraph in tree.iter("p", "blockquote", "h2", "h3"):
        blocks.extend(_blocks_of(paragraph))
    return blocks or _blocks_of(tree)


def _blocks_of(element: Any) -> list[str]:
    return _walk(element, BLOCKS, "br")


def _walk(element: Any, boundaries: frozenset[str], line_break: str) -> list[str]:
    """The visible text below `element`: a block for each block element, and for each line that ends like a sentence."""
    blocks: list[str] = []
    line: list[str] = []

    def end() -> None:
        blocks.extend(lines_of("".join(line)))
        line.clear()

    for event, node in etree.iterwalk(element, events=("start", "end")):
        if not isinstance(node.tag, str):
            continue
        tag = node.tag.lower()
        if tag in boundaries:
            end()
        if event == "start":
            line.append("\n" if tag == line_break else _inline(node.text))
        elif node is not element:
            line.append(_inline(node.tail))
    end()
    return blocks


def _inline(text: str | None) -> str:
    return _BLANK.sub(" ", text) if text else ""


def _trafilatura(tree: Any, url: str) -> list[str]:
    import copy

    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = trafilatura.bare_extraction(
            copy.deepcopy(tree), url=url or None, fast=True, include_comments=False, include_tables=True
        )
    except Exception:  # noqa: BLE001 - a page that the library cannot take has no text by it
        return []
    body: Any = getattr(found, "body", None)
    return [] if body is None else _walk(body, _LIBRARY_BLOCKS, "lb")


def _title(candidates: tuple[str, ...], headings: list[str]) -> str:
    """The declared title without the site's name; a heading that says the same decides."""
    if not candidates:
        return headings[0] if headings else ""
    for heading in headings:
        if heading and any(candidate.startswith(heading) for candidate in candidates):
            return heading
    chosen = candidates[0]
    stripped = _SITE_SUFFIX.sub("", chosen)
    return (
        stripped if stripped != chosen and any(c != chosen and c == stripped for c in candidates) else chosen
    )


def _without_furniture(lines: list[str], title: str, byline: str) -> list[str]:
    """Without the title, pointers to other articles, and byline and date lines before or after the body."""
    names = {name.strip().casefold() for name in (byline, *byline.split(",")) if name.strip()}
    kept: list[str] = []
    for number, line in enumerate(lines):
        if not line or line == title:
            continue
        if line[:5].lower() in _ASIDE_STARTS and (
            _LABEL.match(line) or (_POINTER.match(line) and not line.endswith("."))
        ):
            continue
        if len(line) <= LONGEST_BYLINE and (number < 4 or number >= len(lines) - 2):
            said = line.casefold()
            if said.removeprefix("by ") in names:
                continue
            if said.startswith(_BYLINE_STARTS) and not line.endswith(".") and _BYLINE.fullmatch(line):
                continue
        kept.append(line)
    return kept
