"""Feed documents as found in the wild."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.feeds.parse import parse_feed

URL = "https://outlet.example/feed.xml"
ITEM = "<item><title>Title {n}</title><link>https://outlet.example/{n}</link><guid>guid-number-{n}</guid><description>Text {n}.</description></item>"


def rss(*items, head='<?xml version="1.0"?>'):
    return f'{head}<rss version="2.0"><channel><title>Outlet</title><link>https://outlet.example/</link>{"".join(items)}</channel></rss>'


def item(n=1, **replaced):
    text = ITEM.format(n=n)
    for old, new in replaced.items():
        text = text.replace(f"<{old}>", f"<{old}>{new}")
    return text


def read(document, **options):
    body = document if isinstance(document, bytes) else document.encode()
    return parse_feed(body, url=URL, **options)


def test_rss_with_content_dublin_core_and_modified_date():
    feed = read(
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
        "<title>Outlet &amp;amp; Co</title><link>https://outlet.example/</link><language>en-GB</language><ttl>30</ttl>"
        "<item><title>Toll &amp;lt;b&amp;gt;rises&amp;lt;/b&amp;gt;</title><link>/a</link><guid isPermaLink='false'>g1</guid>"
        "<dc:creator>Ada Lund</dc:creator><dc:date>2031-05-04T08:10:00+03:00</dc:date>"
        "<dcterms:modified>2031-05-04T09:00:00+03:00</dcterms:modified>"
        "<description>Short.</description><content:encoded><![CDATA[<p>Long &amp; full.</p>]]></content:encoded></item></channel></rss>"
    )
    (only,) = feed.items
    assert (feed.kind, feed.title, feed.language, feed.ttl) == ("rss", "Outlet & Co", "en-gb", 1800)
    assert only.title == "Toll <b>rises</b>"
    assert only.link == "https://outlet.example/a"
    assert (only.author, only.guid) == ("Ada Lund", "g1")
    assert (only.published, only.updated) == ("2031-05-04T08:10:00+03:00", "2031-05-04T09:00:00+03:00")
    assert (only.summary, only.content) == ("Short.", "<p>Long &amp; full.</p>")


def test_rss_1_0():
    feed = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://outlet.example/"><title>Outlet</title></channel>'
        '<item rdf:about="https://outlet.example/1"><title>T</title><link>https://outlet.example/1</link>'
        "<dc:date>2031-05-04T08:10:00Z</dc:date></item></rdf:RDF>"
    )
    assert (feed.kind, feed.title) == ("rdf", "Outlet")
    assert feed.items[0].guid == "https://outlet.example/1"
    assert feed.items[0].published == "2031-05-04T08:10:00Z"


def test_atom_with_xhtml_base_and_several_links():
    feed = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://outlet.example/news/" xml:lang="de"><title type="html">Out&amp;lt;i&gt;let</title>'
        '<entry><title>5 &lt; 6 &amp; 7</title><id>tag:outlet.example,2031:1</id><link rel="self" href="x.atom"/>'
        '<link rel="alternate" type="application/pdf" href="x.pdf"/><link href="x.html"/><author><name>Ada</name></author>'
        "<author><name>Bo</name></author><published>2031-05-04T08:10:00Z</published><updated>2031-05-04T09:10:00Z</updated>"
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>two</b></p></div></content></entry></feed>'
    )
    (only,) = feed.items
    assert (feed.kind, feed.language) == ("atom", "de")
    assert only.title == "5 < 6 & 7"
    assert only.link == "https://outlet.example/news/x.html"
    assert only.author == "Ada, Bo"
    assert "<p>One <b>two</b></p>" in only.content


def test_plain_atom_text_is_escaped_not_read_as_html():
    feed = read(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>i</id><title>x</title><content type="text">a &lt;b&gt; c</content></entry></feed>'
    )
    assert feed.items[0].content == "<p>a &lt;b&gt; c</p>"


def test_news_sitemap():
    feed = read(
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        "<url><loc>https://outlet.example/1</loc><lastmod>2031-05-04T09:00:00Z</lastmod><news:news><news:publication><news:name>O</news:name>"
        "<news:language>fr</news:language></news:publication><news:publication_date>2031-05-04T08:00:00Z</news:publication_date>"
        "<news:title>Titre</news:title></news:news></url></urlset>"
    )
    (only,) = feed.items
    assert (feed.kind, only.title, only.language) == ("sitemap", "Titre", "fr")
    assert (only.published, only.updated) == ("2031-05-04T08:00:00Z", "2031-05-04T09:00:00Z")


def test_json_feed_with_a_number_for_an_id_and_a_broken_item():
    feed = read(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "Outlet",
                "items": [
                    {"id": 7, "url": "/7", "title": "T", "content_text": "a < b\n\nc", "authors": [{"name": "Ada"}], "date_published": "2031-05-04T08:10:00Z"},
                    "broken",
                    {"id": None, "title": ["x"]},
                ],
            }
        )
    )  # fmt: skip
    (only,) = feed.items
    assert (only.guid, only.link, only.author) == ("7", "https://outlet.example/7", "Ada")
    assert only.content == "<p>a &lt; b</p><p>c</p>"


@pytest.mark.parametrize(
    ("document", "count"),
    [
        (rss(item(1).replace("Text", "caf&eacute; &nbsp; a & b &foo; &#0; &#xD800;"), item(2)), 2),
        (rss(item(1).replace("Text", "a\x00b\x07c"), item(2)), 2),
        (rss(item(1), "<item><title>T</title><guid>g</guid><content:encoded><![CDATA[<p>x</p>]]></content:encoded></item>"), 2),
        (rss(item(1), item(2)) + "<script>alert(1)</script>", 2),
        ("<br />\n<b>Warning</b>: something on line 3\n" + rss(item(1), item(2)), 2),
        ("\n\n  " + rss(item(1), item(2)), 2),
        (rss(item(1), item(2))[:-30], 2),
        (rss("<item><title>T</title><guid>g</guid><description><p>one<br>two</description></item>", item(2)), 2),
        (rss(item(1), item(2), head='<!DOCTYPE rss PUBLIC "-//N//DTD RSS 0.91//EN" "http://outlet.example/rss.dtd">'), 2),
        (rss(*(item(n) for n in range(6000))), 5000),
    ],
    ids=["entities", "controls", "prefix", "trailing", "leading", "blank-start", "truncated", "open-html", "doctype", "many"],
)  # fmt: skip
def test_one_broken_byte_does_not_lose_the_items(document, count):
    feed = read(document)
    assert len(feed.items) == count
    assert all(found.guid for found in feed.items)


@pytest.mark.parametrize(
    "document",
    [
        rss(item(1).replace("Text", "5 < 6"), item(2)),
        rss(item(1).replace("<title>", "<title lang=en kind=x>"), item(2)),
        rss(item(1).replace("</description>", ""), item(2)),
        rss(item(1).replace("</item>", ""), item(2)),
        rss(item(1)) + rss(item(2)),
        rss(item(1), item(2)).replace("item>", "ITEM>").replace("title>", "TITLE>"),
        rss(item(1), item(2)).replace("<rss ", '<rss xmlns="https://outlet.example/own" '),
        rss(item(1), item(2)).replace("<item", "<x:item").replace("</item", "</x:item"),
    ],
    ids=["less-than", "bare-attributes", "open-part", "open-item", "two-roots", "capitals", "own-namespace", "no-namespace"],
)  # fmt: skip
def test_what_is_wrong_in_one_item_stays_in_it(document):
    feed = read(document)
    assert [(found.guid, found.link) for found in feed.items] == [
        (f"guid-number-{n}", f"https://outlet.example/{n}") for n in (1, 2)
    ]
    assert feed.items[1].title == "Title 2"
    assert feed.items[1].summary == "Text 2."


@pytest.mark.parametrize("cut", ["<link>", "<description>", "Text 2", "</item>"])
def test_an_item_in_which_the_document_broke_off_waits_for_the_next_poll(cut):
    whole = rss(item(1), item(2))
    feed = read(whole[: whole.rindex(cut)])
    assert len(feed.items) == (2 if cut == "</item>" else 1)
    assert ("truncated" in feed.flags) == (cut != "</item>")


def test_references_to_surrogates_are_the_character_that_they_stand_for():
    assert read(rss(item(1).replace("Title", "&#xD83D;&#xDE00;"))).items[0].title == "😀 1"


@pytest.mark.parametrize(
    ("text", "charset"),
    [("naïve Straße “x” – €5", "cp1252"), ("Привет, мир и труд, война и жизнь", "cp1251")],
)
def test_a_document_that_is_not_utf8_as_it_says_is_read_in_its_own_charset(text, charset):
    document = '<?xml version="1.0" encoding="UTF-8"?>' + rss(item(1).replace("Text 1.", text * 5))
    assert read(document.encode(charset)).items[0].summary == text * 5


def test_a_few_bytes_of_windows_in_a_document_of_utf8_are_read_as_such():
    document = rss(item(1).replace("Text", "Zwölf “Leute” – Süß")).encode().replace("ö".encode(), b"\xf6", 1)
    assert read(document).items[0].summary == "Zwölf “Leute” – Süß 1."


def test_json_with_superfluous_commas_or_without_its_end_gives_its_whole_items():
    items = [{"id": str(n), "title": f"Title {n}", "url": f"/{n}"} for n in range(3)]
    whole = json.dumps({"title": "Outlet", "items": items, "language": "en"})
    assert len(read(whole.replace("}]", "},]")).items) == 3
    broken = read(whole[: whole.index("Title 2")])
    assert [found.title for found in broken.items] == ["Title 0", "Title 1"]
    assert (broken.title, broken.flags) == ("Outlet", ("repaired", "truncated"))


def test_an_index_of_sitemaps_names_one_of_them():
    index = b"<sitemapindex><sitemap><loc>https://outlet.example/news.xml</loc></sitemap></sitemapindex>"
    with pytest.raises(InputError, match=r"index of sitemaps.*outlet\.example/news\.xml"):
        read(index)


def test_the_xml_parser_s_own_reason_is_told():
    with pytest.raises(InputError, match="invalid element name"):
        read("<rss><channel><title>T</title><item><<>")


def test_atom_in_base64_and_with_a_base_of_the_link_and_without_the_wrapper_of_xhtml():
    feed = read(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>T</title>'
        '<link href="p" xml:base="https://other.example/x/"/><content type="xhtml">'
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>One &amp; two</p></div></content></entry>'
        '<entry><id>2</id><title>T</title><content mode="base64">SGVsbG8=</content></entry></feed>'
    )
    assert feed.items[0].link == "https://other.example/x/p"
    assert feed.items[0].content == "<p>One &amp; two</p>"
    assert "Hello" in feed.items[1].content


def test_what_a_media_group_says_counts_where_the_item_says_nothing():
    media = 'xmlns:media="http://search.yahoo.com/mrss/"'
    group = f"<media:group {media}><media:title>Inner</media:title><media:description>Described</media:description></media:group>"
    assert read(rss(f"<item><guid>g</guid>{group}</item>")).items[0].title == "Inner"
    (only,) = read(rss(f"<item><guid>g</guid>{group}<title>Outer</title></item>")).items
    assert (only.title, only.summary) == ("Outer", "Described")


def test_repaired_text_is_right():
    feed = read(rss(item(1).replace("Text", "caf&eacute; a & b x&#xD83D;y it&#146;s")))
    assert feed.items[0].summary == "café a & b xy it’s 1."
    assert "repaired" in feed.flags


def test_ampersands_in_cdata_links_stay():
    feed = read(
        rss(
            "<item><guid>1</guid><title>a & b</title><link><![CDATA[https://outlet.example/?a=1&b=2]]></link></item>"
        )
    )
    assert feed.items[0].link == "https://outlet.example/?a=1&b=2"


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("iso-8859-1", ""),
        ("windows-1252", ""),
        ("utf-8", "iso-8859-1"),
        ("utf-16", ""),
        ("windows-1251", "windows-1251"),
    ],
)
def test_encodings(encoding, charset):
    word = "привет" if encoding == "windows-1251" else "café"
    document = rss(item(1).replace("Text", word), head=f'<?xml version="1.0" encoding="{encoding}"?>')
    assert read(document.encode(encoding), charset=charset).items[0].summary == f"{word} 1."


def test_a_document_that_broke_off_loses_its_last_item():
    feed = read(rss(item(1), item(2)), complete=False)
    assert [found.guid for found in feed.items] == ["guid-number-1"]
    assert "truncated" in feed.flags


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (bytes(range(256)) * 20, "binary"),
        (b"just some words", "not XML"),
        (b"<!doctype html><html><head><title>404</title></head></html>", "HTML page"),
        (b"<html><body><rss></rss></body></html>", "HTML page"),
        (b"<opml/>", "Neither RSS"),
        (b'{"a": 1}', "JSON Feed"),
        (b"{broken", "valid JSON"),
        (b'{"items":' + b"[" * 100_000, "valid JSON"),
        (rss(item(1), head=LAUGHS).encode(), "declarations"),
        (
            rss(item(1), head='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>').encode("utf-16"),
            "declarations",
        ),
        (rss("<item><title>" + "<a>" * 200_000).encode(), "deeply"),
        (rss("<item " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>").encode(), "attributes"),
        (rss("<a/>" * 1_100_000).encode(), "elements"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_feed_is_refused_with_the_reason_and_the_url(document, reason):
    with pytest.raises(InputError, match=reason) as refused:
        read(document)
    assert URL in str(refused.value)


@pytest.mark.parametrize(
    "piece", ["<![CDATA[", "< ", "& ", "<a b=c>", "<a ='", '\\"', "]]>", "<!--", "&#xD83D;"], ids=ascii
)
@pytest.mark.parametrize("start", ["<rss><channel><title>T</title><item><title>x", '{"items": ["'])
def test_what_is_repeated_without_end_takes_no_time_without_end(start, piece):
    """The sizes are such that anything quadratic would take minutes."""
    with contextlib.suppress(InputError):
        read(start + piece * 60_000)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_feed_gives_items_or_a_clear_error(data):
    document = bytearray(rss(*(item(n) for n in range(4))).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        document[data.draw(st.integers(0, len(document) - 1))] = data.draw(
            st.sampled_from(b"<>&\x00\xffx\"'")
        )
    try:
        feed = read(bytes(document))
    except InputError:
        return
    assert feed.items or feed.title


def test_a_document_is_what_it_begins_with_whatever_its_label_says():
    body = b"<rss version='2.0'><channel><title>T</title><item><title>One</title><guid>1</guid></item></channel></rss>"
    assert len(parse_feed(body, media_type="application/json").items) == 1
