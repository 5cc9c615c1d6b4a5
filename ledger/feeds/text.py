"""Text as it is kept: bytes to characters, controls removed, NFC, LF, blocks separated by an empty line."""

from __future__ import annotations

import codecs
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator

from charset_normalizer import from_bytes

__all__ = ["as_utf8", "canonical", "clean", "decode_text", "is_binary", "plain_blocks", "single_line"]

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDER = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
    "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "shift_jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "iso-8859-9": "cp1254", "windows-31j": "cp932",
    "x-gbk": "gb18030", "big5": "big5hkscs", "tis-620": "cp874", "iso-8859-11": "cp874",
}  # fmt: skip
_REFUSED = frozenset(
    {"utf-7", "utf7", "unicode-1-1-utf-7", "idna", "punycode", "undefined", "unicode_escape"}
)
_WINDOWS = "newsledger-windows"
_LATIN = ("cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859_2", "iso8859_4", "iso8859_13")
_OTHERS = (
    "cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp1253", "iso8859_7", "cp1255", "cp1256", "cp874", "big5", "gb18030", "cp932",
    "euc_jp", "cp949",
)  # fmt: skip
_ODD_IN_WORD = re.compile(r"[a-z][¡-¿×÷\x80-\x9f][a-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_C1 = re.compile(r"[\x80-\x9f]")
_INVISIBLE = re.compile(r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SUSPECT = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_PLAIN = bytes(range(0x20, 0x7F))
_PLAIN_LINES = _PLAIN + b"\n"
_NO_TEXT = bytes(code for code in range(32) if code not in (9, 10, 12, 13, 27))
_BLANKS = re.compile(r"[^\S\n]+")
_ENDS = (".", "!", "?", ":", ";", "…", '"', "”", "’", "'", ")", "»", "。", "؟")
HARD_WRAP = 100
_STEP = 1 << 20
"""Bytes that are decoded at once."""


def decode_text(body: bytes, declared: Iterable[str] = ()) -> str:
    """The characters of `body`: byte order mark, else valid UTF-8, else the first declared charset that fits, else a guess.

    Valid UTF-8 wins over what is declared, because wrong declarations are common and chance validity is not; stateful
    ISO-2022 charsets are the exception. Never fails: what cannot be decoded becomes U+FFFD.
    """
    start, charset, errors = _charset(body, declared)
    return body[start:].decode(charset, errors)


def as_utf8(body: bytes, declared: Iterable[str] = ()) -> bytes:
    """The characters of `body`, as `decode_text` finds them, in UTF-8; never makes one large text of them."""
    start, charset, errors = _charset(body, declared)
    if charset == "utf-8" and (errors == "strict" or (start and _fits(body, charset))):
        return body[start:]
    out = io.BytesIO()
    for text in _decoded(body, charset, errors, start):
        out.write(text.encode("utf-8", "replace"))
    return out.getvalue()


def _charset(body: bytes, declared: Iterable[str]) -> tuple[int, str, str]:
    """Where the text of `body` starts, its charset, and how to take what does not fit."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return len(mark), name, "replace"
    names = [name.strip().strip("\"'").lower() for name in declared if name]
    if body[:1] == b"\x00" and body[1:2] not in (b"", b"\x00"):
        return 0, "utf-16-be", "replace"
    if body[1:2] == b"\x00" and body[:1] not in (b"", b"\x00"):
        return 0, "utf-16-le", "replace"
    if not (b"\x1b" in body and any(name.startswith("iso-2022") for name in names)):
        if _fits(body, "utf-8"):
            return 0, "utf-8", "strict"
        if not names and len(body) > 4 and _fits(body[:-1], "utf-8", final=False):
            return 0, "utf-8", "replace"
    for name in names:
        try:
            if name in _REFUSED or not codecs.lookup(name)._is_text_encoding:
                continue
        except LookupError:
            continue
        if _fits(body, _WIDER.get(name, name)):
            return 0, _WIDER.get(name, name), "strict"
    if _mostly_utf8(body):
        return 0, "utf-8", _WINDOWS
    guess = from_bytes(body[:65536], cp_isolation=[*_LATIN, *_OTHERS]).best()
    if guess is None or (guess.encoding in _LATIN and not _is_odd(body)):
        return 0, "cp1252", "replace"
    return 0, guess.encoding, "replace"


def _decoded(body: bytes, charset: str, errors: str, start: int = 0, *, final: bool = True) -> Iterator[str]:
    """The text of `body` from `start` on, piece by piece."""
    decoder = codecs.getincrementaldecoder(charset)(errors)
    for at in range(start, len(body), _STEP):
        yield decoder.decode(body[at : at + _STEP])
    yield decoder.decode(b"", final=final)


def _fits(body: bytes, charset: str, *, final: bool = True) -> bool:
    try:
        for _ in _decoded(body, charset, "strict", final=final):
            pass
    except (LookupError, UnicodeError):
        return False
    return True


def _mostly_utf8(body: bytes) -> bool:
    """Whether nearly all characters beyond ASCII are UTF-8, so that a few bytes of another charset were mixed in."""
    bad = other = 0
    for text in _decoded(body, "utf-8", "replace"):
        bad += text.count("�")
        other += len(text) - len(text.encode("ascii", "ignore"))
    return 0 < bad * 4 <= other - bad


def _is_odd(body: bytes) -> bool:
    """Whether signs stand within words where Western text has none."""
    return any(_ODD_IN_WORD.search(text) for text in _decoded(body, "cp1252", "replace"))


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """The error handler for text in UTF-8 with bytes of Windows-1252 in it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_WINDOWS, _as_windows)


def is_binary(body: bytes) -> bool:
    """Whether these bytes are no text: many controls near the beginning, and no UTF-16 or UTF-32."""
    start = body[:4096]
    if not start or any(start.startswith(mark) for mark, _ in _BOMS):
        return False
    if start[:1] == b"\x00" or start[1:2] == b"\x00":
        pairs = start[: len(start) // 2 * 2]
        zeros = max(pairs[0::2].count(0), pairs[1::2].count(0))
        return zeros * 3 < len(pairs)
    controls = len(start) - len(start.translate(None, _NO_TEXT))
    return controls * 50 > len(start)


def clean(text: str) -> str:
    """Without NUL, controls, lone surrogates, and bidirectional or zero-width marks; NFC; line ends LF."""
    if text.isascii() and not text.encode().translate(None, _PLAIN_LINES):
        return text
    if text.isprintable() or text.replace("\n", "").isprintable() or _SUSPECT.search(text) is None:
        return unicodedata.normalize("NFC", text)
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))
    text = _C1.sub(_from_cp1252, text)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def _from_cp1252(match: re.Match[str]) -> str:
    """A C1 control in text is nearly always a Windows character that was written as its number."""
    return match[0].encode("latin-1").decode("cp1252", "ignore")


def single_line(text: str) -> str:
    """`text` cleaned and with every run of blanks as one space."""
    if "  " not in text:
        if text.isascii() and not text.encode().translate(None, _PLAIN):
            return text.strip(" ")
        if text.isprintable():
            return unicodedata.normalize("NFC", text.strip(" "))
    return " ".join(clean(text).split())


def canonical(blocks: Iterable[str]) -> str:
    """The text that is kept: blocks on one line each, empty ones left out, separated by an empty line."""
    lines = (single_line(block) for block in blocks)
    return "\n\n".join(line for line in lines if line)


def plain_blocks(text: str) -> list[str]:
    """The paragraphs of plain text.

    Lines between two empty lines are one paragraph when they look wrapped at a fixed width, else a paragraph each.
    """
    blocks: list[str] = []
    for piece in re.split(r"\n[^\S\n]*(?:\n[^\S\n]*)+", clean(text)):
        lines = [_BLANKS.sub(" ", line).strip() for line in piece.split("\n")]
        lines = [line for line in lines if line]
        blocks.extend([" ".join(lines)] if _wrapped(lines) else _joined(lines))
    return blocks


def _joined(lines: list[str]) -> list[str]:
    """Lines as paragraphs, except that one in lower case goes on with an unfinished one."""
    blocks: list[str] = []
    for line in lines:
        if blocks and line[0].islower() and not blocks[-1].endswith(_ENDS):
            blocks[-1] = f"{blocks[-1]} {line}"
        else:
            blocks.append(line)
    return blocks


def _wrapped(lines: list[str]) -> bool:
    if len(lines) < 2:
        return False
    longest = max(len(line) for line in lines)
    if longest > HARD_WRAP:
        return False
    open_ends = sum(not line.endswith(_ENDS) for line in lines[:-1])
    full = sum(len(line) >= longest * 0.6 for line in lines[:-1])
    return open_ends * 2 >= len(lines) - 1 and full * 3 >= (len(lines) - 1) * 2 and longest >= 40
