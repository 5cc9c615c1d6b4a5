"""XML that is not well-formed, mended piece by piece: controls, HTML entities, lone signs, unquoted attributes."""

from __future__ import annotations

import html.entities
import io
import re
from collections.abc import Iterator

__all__ = ["CDATA", "pieces", "repaired"]

CDATA = b"<![CDATA["
_PIECE = 256 * 1024
"""About how many bytes are mended at once."""
_ENTITY = re.compile(rb"&(?:#(\d{1,8})|#[xX]([0-9A-Fa-f]{1,7})|([A-Za-z][A-Za-z0-9]{0,31}));|&")
_STRAY = re.compile(rb"<(?![A-Za-z_/!?])")
_OPENING_TAG = re.compile(rb"<[A-Za-z][^<>]*>")
_BARE_VALUE = re.compile(rb"""("[^"]*"?|'[^']*'?)|=\s*([^\s"'<>=]+)(?=[\s/>])""")
_SURROGATES = re.compile(rb"&#x(d[89ab][0-9a-f]{2});&#x(d[c-f][0-9a-f]{2});", re.IGNORECASE)
_XML_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
_XML_NAMES = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})


def repaired(data: bytes) -> bytes:
    """Without controls, HTML entities as characters, lone ampersands and less-than signs escaped, attributes quoted.

    CDATA sections keep their text.
    """
    out = io.BytesIO()
    for piece in pieces(data):
        whole = _XML_CONTROL.sub(b"", piece)
        out.write(whole if piece.startswith(CDATA) else _mended(whole))
    return out.getvalue()


def pieces(data: bytes) -> Iterator[bytes]:
    """The whole CDATA sections, and what stands between them in pieces that begin with a tag."""
    at = 0
    while (start := data.find(CDATA, at)) >= 0 and (end := data.find(b"]]>", start)) >= 0:
        yield from _between(data, at, start)
        yield data[start : end + 3]
        at = end + 3
    yield from _between(data, at, len(data))


def _between(data: bytes, at: int, end: int) -> Iterator[bytes]:
    while at < end:
        upto = data.find(b"<", at + _PIECE, end) if end - at > _PIECE else end
        upto = upto if upto >= 0 else end
        yield data[at:upto]
        at = upto


def _mended(markup: bytes) -> bytes:
    markup = _SURROGATES.sub(_character, markup)
    markup = _STRAY.sub(b"&lt;", _ENTITY.sub(_entity, markup))
    return _OPENING_TAG.sub(_quoted, markup)


def _quoted(tag: re.Match[bytes]) -> bytes:
    if b"=" not in tag[0]:
        return tag[0]
    return _BARE_VALUE.sub(lambda value: value[1] or b'="' + value[2] + b'"', tag[0])


def _character(pair: re.Match[bytes]) -> bytes:
    """The character for which two references to surrogates stand."""
    high, low = (int(part, 16) for part in pair.groups())
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)).encode()


def _entity(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, name = match.groups()
    if name is not None:
        if name in _XML_NAMES:
            return match[0]
        known = html.entities.html5.get(name.decode("ascii") + ";")
        return known.encode() if known else b"&amp;" + name + b";"
    if decimal is None and hexadecimal is None:
        return b"&amp;"
    code = int(decimal) if decimal is not None else int(hexadecimal, 16)
    valid = (
        code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return match[0] if valid else b""
