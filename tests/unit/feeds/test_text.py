"""Text as it is kept."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.feeds.extract import extract_plain
from ledger.feeds.text import canonical, clean, decode_text, is_binary, plain_blocks


@pytest.mark.parametrize(
    ("body", "declared", "text"),
    [
        ("café".encode(), (), "café"),
        ("café".encode(), ("iso-8859-1",), "café"),
        ("café".encode("latin-1"), ("iso-8859-1",), "café"),
        (b"\x93quoted\x94", ("iso-8859-1",), "“quoted”"),
        ("\ufeffcafé".encode("utf-16-le"), (), "café"),
        ("\ufeffcafé".encode("utf-16-be"), ("utf-8",), "café"),
        (b"\xef\xbb\xbfcaf\xc3\xa9", ("windows-1251",), "café"),
        ("привет, мир".encode("koi8-r"), ("koi8-r",), "привет, мир"),
        ("日本語".encode("shift_jis"), ("shift_jis",), "日本語"),
        ("日本語".encode("iso-2022-jp"), ("iso-2022-jp",), "日本語"),
        ("café".encode("latin-1"), ("no-such-charset", "latin-1"), "café"),
    ],
)
def test_bytes_become_the_characters_that_were_meant(body, declared, text):
    assert decode_text(body, declared) == text


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "utf-7", "idna", "big5", "hex", "nonsense"]))
def test_decoding_never_fails(body, declared):
    assert isinstance(decode_text(body, (declared,)), str)


def test_nul_controls_surrogates_and_direction_marks_go():
    assert clean("a\x00b\x07c\ud800d\u202ee\u200bf\r\ng") == "abcdef\ng"


def test_a_windows_character_written_as_its_number_is_mended():
    assert clean("it\x92s") == "it’s"


@given(st.lists(st.text(max_size=40), max_size=8))
def test_canonical_text_is_stable_and_normal(blocks):
    text = canonical(blocks)
    assert canonical(text.split("\n\n")) == text
    assert unicodedata.is_normalized("NFC", text)
    assert "\r" not in text
    assert "\n\n\n" not in text
    text.encode("utf-8")


def test_paragraphs_by_empty_lines_are_unwrapped():
    wrapped = (
        "The toll rose to 112 on Sunday, the ministry said in a short\n"
        "statement, and it added that some 600 people were still\nmissing in the valley.\n\nRescue went on."
    )
    assert plain_blocks(wrapped) == [
        wrapped.partition("\n\n")[0].replace("\n", " "),
        "Rescue went on.",
    ]


def test_paragraphs_by_single_lines_stay_apart():
    text = "Twelve people died, officials said.\nThe mayor spoke of thirty.\nHe gave no source."
    assert len(plain_blocks(text)) == 3


def test_the_title_is_the_short_line_that_is_no_sentence():
    title, text = extract_plain(
        "Toll rises in valley\n\nTwelve people died, officials said.\n\nMore are missing."
    )
    assert title == "Toll rises in valley"
    assert text == "Twelve people died, officials said.\n\nMore are missing."


def test_a_text_that_begins_with_a_sentence_may_have_its_title_below():
    title, text = extract_plain(
        "Twelve people died in the flood, officials said on Sunday.\nToll rises in valley\n\nToll rises in valley\nThe mayor spoke."
    )
    assert title == "Toll rises in valley"
    assert "Toll rises" not in text


def test_one_sentence_is_text_and_no_title():
    assert extract_plain("Twelve people died") == ("", "Twelve people died")


def test_binary_is_told_from_text():
    assert is_binary(bytes(range(256)) * 4)
    assert not is_binary("Größe\n".encode() * 50)
    assert not is_binary("plain".encode("utf-16"))
    assert not is_binary("plain text".encode("utf-16-le"))
