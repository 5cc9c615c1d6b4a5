"""The sources and the extractor that newsledger ships: folder, news sitemap, PDF."""

from __future__ import annotations

import os

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from ledger import open_ledger
from ledger.clock import FixedClock
from ledger.config import Settings
from ledger.testing import FakeWeb

TEXT = "At least {} people were killed by the flood in Karrow on Sunday night, the interior ministry said."


@pytest.fixture
def web():
    return FakeWeb()


@pytest.fixture
def ledger(tmp_path, web):
    with open_ledger(
        settings=Settings(home=tmp_path / "home"), clock=FixedClock("2031-05-05T07:00:00Z"), transport=web
    ) as opened:
        yield opened


def counts(report):
    return report.documents, report.new, report.revised, len(report.failures)


def test_a_folder_gives_what_is_new_or_changed(ledger, tmp_path):
    inbox = tmp_path / "inbox"
    (inbox / "may").mkdir(parents=True)
    (inbox / "may" / "one.txt").write_text(TEXT.format(3))
    (inbox / ".hidden.txt").write_text(TEXT.format(9))
    (inbox / "empty.txt").write_text("")
    location = f"folder:{inbox}"
    assert counts(ledger.ingest(location, outlet="harbour")[0]) == (2, 1, 0, 1)
    assert counts(ledger.ingest(location, outlet="harbour")[0]) == (1, 0, 0, 1)
    (inbox / "empty.txt").unlink()
    (inbox / "may" / "two.txt").write_text(TEXT.format(4))
    one = inbox / "may" / "one.txt"
    one.write_text(TEXT.format(5))
    os.utime(one, ns=(1, 1))
    assert counts(ledger.ingest(location, outlet="harbour")[0]) == (2, 2, 0, 0)
    assert counts(ledger.ingest(location, outlet="harbour")[0]) == (0, 0, 0, 0)


def test_a_folder_that_is_not_there_is_said(ledger, tmp_path):
    [report] = ledger.ingest(f"folder:{tmp_path}/nowhere")
    assert "There is no folder" in report.failures[0].error


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE urlset [<!ENTITY secret SYSTEM "file:///etc/hostname">]>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
{entries}
</urlset>"""
ENTRY = """<url><loc>https://harbour.example/{n}</loc><lastmod>{changed}</lastmod>
<news:news><news:publication_date>2031-05-0{n}T06:00:00Z</news:publication_date><news:title>Report &secret;</news:title></news:news></url>"""
PAGE = "<html><head><title>Flood {n}</title></head><body><article><h1>Flood {n}</h1><p>{text}</p><p>{text}</p></article></body></html>"


def page(web, number, people):
    text = (
        TEXT.format(people) + " Roads into the district stayed closed, and schools will not open this week."
    )
    web.set(f"https://harbour.example/{number}", PAGE.format(n=number, text=text))


def sitemap(web, *entries):
    listed = "".join(ENTRY.format(n=number, changed=changed) for number, changed in entries)
    web.set(
        "https://harbour.example/news.xml", SITEMAP.format(entries=listed), content_type="application/xml"
    )


def asked(web, number):
    return sum(request.url == f"https://harbour.example/{number}" for request in web.requests)


def test_a_news_sitemap_gives_pages_that_are_new_or_changed(ledger, web):
    sitemap(web, (1, "2031-05-01"), (2, "2031-05-02"), (3, "2031-05-03"))
    page(web, 1, 3)
    page(web, 2, 4)
    location = "sitemap:https://harbour.example/news.xml"
    [report] = ledger.ingest(location, outlet="harbour")
    assert counts(report) == (3, 2, 0, 1)
    assert "HTTP status 404 of https://harbour.example/3" in report.failures[0].error
    first = ledger.article("https://harbour.example/1")
    assert (
        ledger.views.to_article(first.article.article, 1).published.isoformat() == "2031-05-01T06:00:00+00:00"
    )
    page(web, 1, 7)
    page(web, 3, 5)
    sitemap(web, (1, "2031-05-04"), (2, "2031-05-02"), (3, "2031-05-03"))
    assert counts(ledger.ingest(location, outlet="harbour")[0]) == (2, 1, 1, 0)
    assert [asked(web, number) for number in (1, 2, 3)] == [2, 1, 2]


def test_an_index_of_sitemaps_is_followed(ledger, web):
    index = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>https://harbour.example/{}</loc></sitemap>'
    web.set(
        "https://harbour.example/index.xml",
        index.format("news.xml")
        + "<sitemap><loc>https://harbour.example/gone.xml</loc></sitemap></sitemapindex>",
        content_type="application/xml",
    )
    sitemap(web, (1, "2031-05-01"))
    page(web, 1, 3)
    [report] = ledger.ingest("sitemap:https://harbour.example/index.xml", outlet="harbour")
    assert counts(report) == (2, 1, 0, 1)
    [report] = ledger.ingest("sitemap:https://harbour.example/1", outlet="harbour")
    assert "Not a sitemap" in report.failures[0].error


def pdf(path, lines, **about):
    writer = PdfWriter()
    sheet = writer.add_blank_page(600, 600)
    drawn = " T* ".join(f"({line}) Tj" if line else "" for line in lines)
    stream = StreamObject()
    stream._data = f"BT /F1 12 Tf 20 560 Td 14 TL {drawn} ET".encode()
    name = NameObject
    font = DictionaryObject(
        {
            name("/Type"): name("/Font"),
            name("/Subtype"): name("/Type1"),
            name("/BaseFont"): name("/Helvetica"),
        }
    )
    sheet[name("/Resources")] = DictionaryObject({name("/Font"): DictionaryObject({name("/F1"): font})})
    sheet[name("/Contents")] = writer._add_object(stream)
    writer.add_metadata({f"/{key}": value for key, value in about.items()})
    writer.write(path)
    return path


LINES = (
    "At least 14 people were killed by the flood in Karrow, the",
    "interior ministry said on Monday.",
    "",
    "The figure may rise, it said.",
)


def test_a_pdf_becomes_an_article(ledger, tmp_path):
    file = pdf(
        tmp_path / "flood.pdf",
        LINES,
        Title="Flood in Karrow",
        Author="A. Reporter",
        CreationDate="D:20310504073000Z",
    )
    [report] = ledger.ingest(file, outlet="harbour")
    article = ledger.views.to_article(report.articles[0], 1)
    assert (article.title, article.byline) == ("Flood in Karrow", "A. Reporter")
    assert article.text.split("\n\n") == [" ".join(LINES[:2]), LINES[3]]
    assert article.published.isoformat() == "2031-05-04T07:30:00+00:00"
    [slot] = ledger.state().slots
    assert slot.id.startswith("killed.people.karrow")


def test_a_pdf_by_http(ledger, web, tmp_path):
    body = pdf(tmp_path / "flood.pdf", ("Flood in Karrow", "", *LINES)).read_bytes()
    web.set("https://harbour.example/report.pdf", body, content_type="application/pdf")
    [report] = ledger.ingest("https://harbour.example/report.pdf")
    found = ledger.article(report.articles[0]).article
    assert (found.title, found.url) == ("Flood in Karrow", "https://harbour.example/report.pdf")


@pytest.mark.parametrize("body", [b"%PDF-1.7\nnothing", b"%PDF-1.4\n" + bytes(5000)])
def test_a_broken_pdf_is_said(body, ledger, tmp_path):
    (tmp_path / "broken.pdf").write_bytes(body)
    [report] = ledger.ingest(tmp_path / "broken.pdf")
    assert "pdf cannot read it" in report.failures[0].error


def test_a_locked_pdf_is_said(ledger, tmp_path):
    writer = PdfWriter(clone_from=pdf(tmp_path / "open.pdf", LINES))
    writer.encrypt("s3cret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    [report] = ledger.ingest(tmp_path / "locked.pdf")
    assert "protected by a password" in report.failures[0].error
