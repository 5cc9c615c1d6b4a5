"""The article in a page: its body, nothing else; and what the page declares."""

from __future__ import annotations

import json

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.feeds import extract
from ledger.feeds.extract import extract_markup, extract_page
from ledger.feeds.language import language_of
from ledger.feeds.markup import quick_blocks
from ledger.feeds.text import clean

BODY = (
    "<p>Twelve people died in the flood on Sunday, the mayor of Brenn said.</p>"
    "<p>Another 30 are missing, the fire brigade added.</p>"
)
TEXT = "Twelve people died in the flood on Sunday, the mayor of Brenn said.\n\nAnother 30 are missing, the fire brigade added."


def page(body=BODY, head="", title="Flood in Brenn", wrap="article"):
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | The Outlet</title>{head}</head><body>
    <div class="cookie-banner">We and our 812 partners use cookies.</div>
    <header><nav><a href="/">The Outlet</a> <a href="/world">World</a></nav></header>
    <{wrap}><h1>{title}</h1><p class="byline">By Ada Lund <time datetime="2031-05-04T08:10:00+03:00">4 May</time></p>{body}
    <div class="share-buttons">Share 99</div></{wrap}>
    <aside class="most-read"><ul><li><a href="/x">Storm leaves 30,000 homes without power</a></li></ul></aside>
    <div id="newsletter">Join 25,000 subscribers</div>
    <footer><p>All rights reserved. 25,000 readers.</p></footer></body></html>""".encode()


@pytest.mark.parametrize("wrap", ["article", "main"])
def test_the_text_holds_the_body_only(wrap):
    found = extract_page(page(wrap=wrap), url="https://outlet.example/a")
    assert found.title == "Flood in Brenn"
    assert found.text == TEXT
    assert found.language == "en"


def test_a_long_article_without_semantic_elements():
    paragraphs = "".join(
        f"<p>Paragraph number {n} tells in some length what the {n + 10} members of the council decided on that day, and why they did.</p>"
        for n in range(12)
    )
    found = extract_page(page(body=paragraphs, wrap="div"), url="https://outlet.example/a")
    assert found.text.count("\n\n") == 11
    assert "30,000" not in found.text
    assert "cookies" not in found.text


def test_corrections_stay_and_figures_of_other_articles_go():
    body = BODY + '<footer class="correction"><p>Correction: an earlier version said 21.</p></footer>'
    body += '<div class="related-articles"><p>Earlier: 500 flee.</p></div><figure><img src="x"><figcaption>A bridge. Photo 7</figcaption></figure>'
    found = extract_page(page(body=body))
    assert found.text == TEXT + "\n\nCorrection: an earlier version said 21."


def test_pointers_to_other_articles_go_and_sentences_with_links_stay():
    body = (
        '<p>Read more: <a href="/x">Storm leaves 30,000 without power</a></p>' + BODY
        + '<p><a href="/y">Election: 112 seats decided</a></p><p><a href="/z">The brigade said so in a statement.</a></p>'
        + '<p>Advertisement</p><div data-component="topic-list"><h2>Related topics</h2><ul><li><a href="/t">Aal</a></li><li><a href="/u">Brenn</a></li></ul></div>'
        + "<p>The post Flood in Brenn appeared first on The Outlet.</p>"
    )  # fmt: skip
    assert extract_page(page(body=body)).text == TEXT + "\n\nThe brigade said so in a statement."


def test_line_breaks_headings_lists_and_tables_are_blocks():
    body = "<h2>The toll</h2><p>Killed: 12.<br>Injured: 40.<br>one\nline<br>goes on</p><ul><li>Brenn: 7</li><li>Aal: 5</li></ul><table><tr><td>Missing</td><td>30</td></tr></table>"
    assert extract_page(page(body=body)).text.split("\n\n") == [
        "The toll",
        "Killed: 12.",
        "Injured: 40.",
        "one line goes on",
        "Brenn: 7",
        "Aal: 5",
        "Missing",
        "30",
    ]


def ld(**fields):
    return f'<script type="application/ld+json">{json.dumps({"@graph": [{"@type": "WebPage"}, {"@type": ["NewsArticle"], **fields}]})}</script>'


def test_declared_dates_authors_and_canonical_link():
    head = ld(
        headline="Flood in Brenn",
        datePublished="2031-05-04T08:10:00+03:00",
        dateModified="2031-05-04T11:00:00+03:00",
        author=[{"@type": "Person", "name": "Ada Lund"}, {"name": ["Bo Ek"]}],
    )
    found = extract_page(page(head=head + '<link rel="canonical" href="https://outlet.example/clean">'))
    assert (found.published, found.modified) == ("2031-05-04T08:10:00+03:00", "2031-05-04T11:00:00+03:00")
    assert found.byline == "Ada Lund, Bo Ek"
    assert found.canonical_url == "https://outlet.example/clean"


@pytest.mark.parametrize(
    ("head", "published", "modified"),
    [
        ('<meta property="article:published_time" content="2031-05-04T05:10:00Z"><meta property="article:modified_time" content="2031-05-04T06:00:00Z">',
         "2031-05-04T05:10:00Z", "2031-05-04T06:00:00Z"),
        ('<meta name="DC.date.issued" content="2031-05-04"><meta name="dcterms.modified" content="2031-05-05T06:00:00Z">',
         "2031-05-04", "2031-05-05T06:00:00Z"),
        ('<script type="application/ld+json">{"@type": "NewsArticle", broken "datePublished": "2031-05-04T05:10:00Z"}</script>',
         "2031-05-04T05:10:00Z", ""),
        ('<meta name="date" content="sometime">', "2031-05-04T08:10:00+03:00", ""),
    ],
    ids=["open-graph", "dublin-core", "broken-json", "time-element"],
)  # fmt: skip
def test_dates_wherever_they_are_declared(head, published, modified):
    found = extract_page(page(head=head))
    assert (found.published, found.modified) == (published, modified)


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1251"])
def test_charsets_of_pages(charset):
    word = "Привет" if charset == "windows-1251" else "Größe"
    body = f'<html><head><meta charset="{charset}"></head><body><article><p>{word} 12 words here.</p></article></body></html>'
    assert word in extract_page(body.encode(charset)).text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03" * 500, "binary"),
        (b"<html><body>" + b"<div>" * 200_000, "elements"),
        (b"<html><body " + b"a=1 " * 90_000 + b">x", "attributes"),
    ],
)
def test_what_is_no_page_is_refused(body, reason):
    with pytest.raises(InputError, match=reason):
        extract_page(body, url="https://outlet.example/a")


def test_scripts_tags_and_entities_never_reach_the_text():
    markup = "<p>a &lt;script&gt; &amp; b<script>alert(1)</script><img src=x onerror=alert(1)></p>\x00<p>c\u202ed</p>"
    assert extract_markup(markup) == "a <script> & b\n\ncd"
    assert extract_markup("Plain &amp; simple.\n\nTwo.") == "Plain & simple.\n\nTwo."
    assert extract_markup("<div>" * 50_000 + "x") in ("", "x")


def test_language_by_the_text_then_by_the_declaration():
    assert language_of(TEXT) == "en"
    assert (
        language_of(
            "Die Zahl der Toten ist auf zwölf gestiegen, und von den Vermissten wurde nicht gesprochen. " * 3,
            "en",
        )
        == "de"
    )
    assert (
        language_of("Количество погибших выросло до двенадцати человек, сообщили власти в воскресенье.")
        == "ru"
    )
    assert language_of("Short", "sv-SE") == "sv"
    assert language_of("") == ""


INLINE = ["b", "em", "a href='https://x.example/?a=1&amp;b=2'", 'span class="a b"', "i"]
BLOCKS = ["p", "P", "div class='x'", "h2", "blockquote"]
PIECES = ["<br/>", "<br>", "Twelve died.", " The mayor said", "\n", "\n\n", "&amp;", "&nbsp;", "&lt;b&gt;", "\u00a0", " &#8220;no&#8221; "]  # fmt: skip


def wrapped(tags, inner):
    return st.tuples(st.sampled_from(tags), st.lists(inner, max_size=5)).map(
        lambda one: f"<{one[0]}>{''.join(one[1])}</{one[0].split()[0]}>"
    )


pieces = st.sampled_from(PIECES)
lines = pieces | wrapped(INLINE, pieces)
blocks = wrapped(BLOCKS, lines) | wrapped(["ul"], wrapped(["li"], lines)) | st.just("<hr>")


@given(st.lists(blocks | lines, max_size=12).map("".join))
def test_common_markup_is_read_as_a_parser_reads_it(markup):
    quick = quick_blocks(markup)
    assert quick is not None
    tree = lxml.html.fragment_fromstring(clean(markup), create_parent="div", parser=extract._parser())
    assert quick == extract._blocks_of(tree)


@pytest.mark.parametrize(
    "markup",
    ["<p>a<script>b</script>", "<p>a < b</p>", "a<!-- b -->", "<o:p>x</o:p>", "<p title='>'>a", "<p"],
)
def test_other_markup_is_left_to_the_parser(markup):
    assert quick_blocks(markup) is None
