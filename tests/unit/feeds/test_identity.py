"""Which article an item is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.feeds.documents import Item
from ledger.feeds.identity import article_id, canonical_url, feed_id, identify, page_canonical, url_alias


def keys(items, **options):
    found, _ = identify(items, outlet="outlet", feed="f-1", **options)
    return [identity.key if identity is not None else None for identity in found]


def aliases(item):
    found, _ = identify([item], outlet="outlet", feed="f-1")
    return set(found[0].aliases)


def item(guid="", link="", title="", content=""):
    return Item(guid=guid, link=link, title=title, content=content)


def test_ids_are_short_and_fixed():
    assert feed_id("https://outlet.example/feed") == "f-b7393bf42fcd"
    assert article_id("outlet", "guid:1") == article_id("outlet", "guid:1")
    assert article_id("outlet", "guid:1") != article_id("other", "guid:1")


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (
            "HTTPS://Outlet.Example:443/News?utm_source=x&id=7&fbclid=y#top",
            "https://outlet.example/News?id=7",
        ),
        ("http://outlet.example:80", "http://outlet.example/"),
        ("https://outlet.example/a?b=2&a=1", "https://outlet.example/a?b=2&a=1"),
        ("https://outlet.example/a?at_medium=RSS&at_campaign=x", "https://outlet.example/a"),
        ("https://outlet.example/a?maca=en-rss", "https://outlet.example/a"),
        ("https://outlet.example/#!/story/7", "https://outlet.example/#!/story/7"),
        ("https://zürich.example/x", "https://xn--zrich-kva.example/x"),
        ("tag:outlet.example,2024:7", "tag:outlet.example,2024:7"),
    ],
)
def test_canonical_urls(url, canonical):
    assert canonical_url(url) == canonical
    assert canonical_url(canonical) == canonical


@given(st.text(max_size=80))
def test_canonical_url_is_idempotent_on_anything(text):
    once = canonical_url(text)
    assert canonical_url(once) == once


def test_a_changed_guid_counter_does_not_make_a_new_article():
    first = item("https://outlet.example/news/c1#0", "https://outlet.example/news/c1")
    second = item("https://outlet.example/news/c1#3", "https://outlet.example/news/c1?at_medium=RSS")
    assert keys([first]) == keys([second])


def test_a_front_page_guid_with_a_time_is_worth_nothing():
    one = item("https://outlet.example/?t=1771374614", "https://outlet.example/news/1")
    two = item("https://outlet.example/?t=1771374615", "https://outlet.example/news/2")
    assert keys([one, two]) == ["link:outlet.example/news/1", "link:outlet.example/news/2"]
    moved = item("https://outlet.example/?t=1771379999", "https://outlet.example/news/1")
    assert keys([moved]) == ["link:outlet.example/news/1"]


def test_parts_of_a_live_page_stay_apart():
    parts = [
        item(f"https://outlet.example/live#{n}", f"https://outlet.example/live#{n}", f"T{n}")
        for n in (1, 2, 3)
    ]
    assert len(set(keys(parts))) == 3
    assert None not in keys(parts)


def test_five_items_with_one_guid_are_five_articles():
    items = [item("same", f"https://outlet.example/{n}", f"T{n}") for n in range(5)]
    assert len(set(keys(items))) == 5
    _, policy = identify(items, outlet="outlet", feed="f-1")
    assert policy == "link"


def test_the_same_item_twice_is_one():
    twice = [item("guid-number-1", "https://outlet.example/1", "T")] * 2
    assert keys(twice)[1] is None


def test_items_that_differ_by_title_only_keep_their_identity_in_any_order():
    items = [item("same", "https://outlet.example/live", f"T{n}") for n in range(3)]
    assert keys(items) == keys(items[::-1])[::-1]


def test_link_guid_and_text_alone_identify():
    assert keys([item(link="https://outlet.example/1")]) == ["link:outlet.example/1"]
    assert keys([item(guid="tag:outlet.example:1")]) == ["guid:tag:outlet.example:1"]
    by_text = keys([item(title="T", content="one"), item(title="T", content="two")])
    assert by_text[0].startswith("text:")
    assert by_text[0] != by_text[1]


def test_short_guids_belong_to_their_feed():
    here, _ = identify([item("1")], outlet="outlet", feed="f-1")
    there, _ = identify([item("1")], outlet="outlet", feed="f-2")
    assert here[0].key != there[0].key


def test_a_new_guid_with_the_old_link_shares_an_alias():
    assert aliases(item("guid-number-1", "http://www.outlet.example/1/")) & aliases(
        item("guid-number-2", "https://outlet.example/1?utm_medium=rss")
    )


def test_a_link_that_all_items_share_is_no_name():
    items = [item(f"guid-number-{n}", "https://outlet.example/live", f"T{n}") for n in range(3)]
    found, _ = identify(items, outlet="outlet", feed="f-1")
    assert all(
        url_alias("outlet", "https://outlet.example/live") not in identity.aliases for identity in found
    )


@pytest.mark.parametrize(
    ("declared", "chosen"),
    [
        ("https://outlet.example/clean", "https://outlet.example/clean"),
        ("/clean", "https://outlet.example/clean"),
        ("https://www.outlet.example/clean", "https://www.outlet.example/clean"),
        ("https://elsewhere.example/clean", "https://outlet.example/a"),
        ("https://outlet.example/", "https://outlet.example/a"),
        ("", "https://outlet.example/a"),
        ("http://[broken", "https://outlet.example/a"),
    ],
)
def test_a_page_speaks_for_its_own_domain_only(declared, chosen):
    assert page_canonical("https://outlet.example/a?utm_source=x", declared) == chosen


@given(st.permutations([item(f"guid-number-{n}", f"https://outlet.example/{n}", f"T{n}") for n in range(6)]))
def test_identity_does_not_depend_on_the_order_of_items(items):
    assert dict(zip([i.guid for i in items], keys(items), strict=True)) == {
        f"guid-number-{n}": f"guid:guid-number-{n}" for n in range(6)
    }
