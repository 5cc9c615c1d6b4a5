"""Signed notes, keys, checkpoints and cosignatures against published examples, and everything that must be refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.audit.keys import Signer, generate, load_signer, save_signer
from ledger.audit.newsledger_verify import (
    COSIGNATURE,
    ED25519,
    MLDSA44,
    Checkpoint,
    Key,
    Note,
    RefusedError,
    Signature,
    UnreadableError,
    open_checkpoint,
    parse_checkpoint_text,
    parse_note,
    parse_vkey,
    verify_note,
)
from ledger.errors import InputError, UsageError

# The example of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETERS = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCHS = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
WHOLE = f"{TEXT}\n{PETERS}{ENOCHS}".encode()
ROOT = bytes(range(32))


@pytest.fixture(scope="module")
def log() -> Signer:
    return Signer("desk.example/log", bytes(32))


def test_a_published_note_verifies_under_either_key() -> None:
    note = parse_note(WHOLE)
    assert note.text == TEXT
    for vkey in (PETER, ENOCH):
        good, unknown = verify_note(note, [parse_vkey(vkey)])
        assert (len(good), len(unknown)) == (1, 1)
    assert len(verify_note(note, [parse_vkey(PETER), parse_vkey(ENOCH)])[0]) == 2
    assert note.to_bytes() == WHOLE


@pytest.mark.parametrize("vkey", [PETER, ENOCH])
def test_a_key_keeps_its_text_form(vkey: str) -> None:
    assert parse_vkey(vkey).vkey == vkey


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("c74f20a3", "74f20a3"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", ""),
        PETER + "+",
        PETER[:-1],
        PETER.replace("ARpc", "BRpc"),
        PETER + "\n",
    ],
)
def test_a_key_that_is_not_quite_one_is_refused(vkey: str) -> None:
    with pytest.raises(UnreadableError):
        parse_vkey(vkey)


def test_no_part_of_a_key_and_no_key_with_a_changed_character_is_one() -> None:
    for start in range(len(PETER)):
        for end in range(start, len(PETER) + 1):
            if end - start < len(PETER):
                with pytest.raises(UnreadableError):
                    parse_vkey(PETER[start:end])
    for at, one in enumerate(PETER):
        with pytest.raises(UnreadableError):
            parse_vkey(PETER[:at] + chr(ord(one) + 1) + PETER[at + 1 :])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        f"{TEXT}{PETERS}".encode(),
        WHOLE[:-1],
        WHOLE + b"\n",
        WHOLE + b"more\n",
        WHOLE.replace("— Peter".encode(), b"- Peter"),
        WHOLE.replace(b"x08go", b"x0 8go"),
        WHOLE.replace(b"PeterNeumann x08", b"Peter+Neumann x08"),
        WHOLE.replace(b"PeterNeumann x08", b" x08"),
        WHOLE.replace(b"PeterNeumann x08", b"Peter Neumann x08"),
        WHOLE.replace(b"nAM=\n", b"nAN=\n"),
        WHOLE.replace(b"nAM=\n", b"nAM\n"),
        f"{TEXT}\n— PeterNeumann x08g\n".encode(),
        WHOLE.replace(b"problem,", b"problem\t"),
        WHOLE.replace(b"problem,\n", b"problem,\r\n"),
        WHOLE.replace(b"problem,", b"problem\xff"),
        (TEXT + "\n" + PETERS * 101).encode(),
    ],
)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse_note(note)


def test_a_wrong_signature_of_a_known_key_refuses_the_note_and_of_an_unknown_one_does_not() -> None:
    bad = parse_note(WHOLE.replace(b"rwz+eBzm", b"rwz+eBzn"))
    with pytest.raises(RefusedError, match="EnochRoot is wrong"):
        verify_note(bad, [parse_vkey(PETER), parse_vkey(ENOCH)])
    assert verify_note(bad, [parse_vkey(PETER)])[0]


def test_a_signature_that_is_there_twice_counts_once() -> None:
    note = parse_note(f"{TEXT}\n{PETERS}{PETERS}{ENOCHS}{ENOCHS}".encode())
    good, unknown = verify_note(note, [parse_vkey(PETER)])
    assert [(key.vkey, one.line) for key, one in good] == [(PETER, PETERS)]
    assert len(unknown) == 2


def test_keys_that_cannot_be_told_apart_refuse_what_they_sign_and_nothing_else() -> None:
    class Twin(Key):
        """A key of the same name whose id is the same by chance."""

        @property
        def id(self) -> bytes:
            return parse_vkey(PETER).id

    twin = Twin("PeterNeumann", ED25519, bytes(32))
    with pytest.raises(RefusedError, match="Two keys"):
        verify_note(parse_note(WHOLE), [parse_vkey(PETER), twin])
    assert verify_note(parse_note(f"{TEXT}\n{ENOCHS}".encode()), [parse_vkey(PETER), twin, parse_vkey(ENOCH)])
    assert verify_note(parse_note(WHOLE), [parse_vkey(PETER), parse_vkey(PETER)])[0]


def test_a_note_by_nobody_that_is_known_is_refused(log: Signer) -> None:
    with pytest.raises(RefusedError, match="No signature"):
        verify_note(parse_note(WHOLE), [log.key])
    with pytest.raises(RefusedError, match="No signature"):
        verify_note(parse_note(WHOLE), [])


def test_a_key_of_the_same_name_or_the_same_id_only_is_another_key() -> None:
    same_name = generate("PeterNeumann").key
    with pytest.raises(RefusedError, match="No signature"):
        verify_note(parse_note(WHOLE), [same_name])


def test_the_text_is_what_stands_before_the_last_empty_line(log: Signer) -> None:
    text = "one\n\ntwo\n\n\nthree\n"
    note = parse_note(Note(text, (log.sign(text),)).to_bytes())
    assert note.text == text
    assert verify_note(note, [log.key])[0]


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 7))
def test_no_flipped_bit_of_a_note_passes_under_both_keys(at: int, bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[at] ^= 1 << bit
    try:
        good, _ = verify_note(parse_note(bytes(changed)), [parse_vkey(PETER), parse_vkey(ENOCH)])
    except RefusedError:
        return
    assert len(good) < 2, "a line of another name or id is one that nobody knows"


def _checkpoint(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


B64 = base64.b64encode(ROOT).decode()


def test_a_checkpoint_says_what_it_signs(log: Signer) -> None:
    text = _checkpoint("desk.example/log", "17", B64, "an extension")
    checkpoint = parse_checkpoint_text(text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("desk.example/log", 17, ROOT)
    assert checkpoint.extensions == ("an extension",)
    assert checkpoint.text == text
    assert open_checkpoint(Note(text, (log.sign(text),)).to_bytes(), [log.key])[0] == checkpoint
    assert parse_checkpoint_text(_checkpoint("o", "0", B64)).size == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        _checkpoint("o", "17"),
        _checkpoint("", "17", B64),
        _checkpoint("o", "017", B64),
        _checkpoint("o", "+17", B64),
        _checkpoint("o", "-17", B64),
        _checkpoint("o", "17 ", B64),
        _checkpoint("o", "1_7", B64),
        _checkpoint("o", "١٧", B64),
        _checkpoint("o", "9223372036854775808", B64),
        _checkpoint("o", "17", B64[:-1]),
        _checkpoint("o", "17", base64.b64encode(ROOT[:31]).decode()),
        _checkpoint("o", "17", base64.b64encode(ROOT + b"\0").decode()),
        _checkpoint("o", "17", base64.urlsafe_b64encode(b"\xff" * 32).decode()),
        _checkpoint("o", "17", B64, ""),
        _checkpoint("o", "17", B64, "", "x"),
        _checkpoint("o", "17", B64)[:-1],
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        parse_checkpoint_text(text)


def test_a_checkpoint_is_believed_only_from_the_log_that_it_names(log: Signer) -> None:
    text = _checkpoint("other.example/log", "17", B64)
    with pytest.raises(RefusedError):
        open_checkpoint(Note(text, (log.sign(text),)).to_bytes(), [log.key])


def test_a_cosignature_covers_its_time(log: Signer) -> None:
    witness = generate("w.example", COSIGNATURE)
    text = Checkpoint("desk.example/log", 17, ROOT).text
    line = witness.cosign(text, 1679315147)
    assert line.time == 1679315147
    assert witness.key.verifies(text, line.data)
    later = (1679315148).to_bytes(8, "big") + line.data[8:]
    assert not witness.key.verifies(text, later)
    assert not witness.key.verifies(text, b"\x80" + line.data[1:])
    assert not log.key.verifies(text, line.data)
    assert not Key("w.example", COSIGNATURE, log.key.public).verifies(text, line.data)


def test_an_ml_dsa_cosignature_covers_name_origin_size_and_root() -> None:
    import struct

    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    private = MLDSA44PrivateKey.generate()
    key = Key("w.example", MLDSA44, private.public_key().public_bytes_raw())
    assert parse_vkey(key.vkey) == key
    text = Checkpoint("desk.example/log", 17, ROOT).text
    message = b"subtree/v1\n\0" + b"\x09w.example" + struct.pack(">Q", 7) + b"\x10desk.example/log"
    signature = struct.pack(">Q", 7) + private.sign(message + struct.pack(">QQ", 0, 17) + ROOT)
    note = Note(text, (Signature(key.name, key.id, signature),))
    assert verify_note(parse_note(note.to_bytes()), [key])[0]
    assert not key.verifies(Checkpoint("desk.example/log", 18, ROOT).text, signature)
    assert not key.verifies(Checkpoint("desk.example/lag", 17, ROOT).text, signature)


def test_a_private_key_is_kept_for_its_owner_only(tmp_path) -> None:
    signer = generate("desk.example/log")
    save_signer(tmp_path / "k" / "log.key", signer)
    assert (tmp_path / "k" / "log.key").stat().st_mode & 0o777 == 0o600
    assert load_signer(tmp_path / "k" / "log.key").key == signer.key
    assert (tmp_path / "k" / "log.key.pub").read_text("utf-8") == signer.key.vkey + "\n"
    with pytest.raises(UsageError, match="There is a key already"):
        save_signer(tmp_path / "k" / "log.key", signer)


def test_a_private_key_in_the_form_of_other_tools_is_read(tmp_path) -> None:
    file = tmp_path / "peter"
    file.write_text(
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n", "utf-8"
    )
    signer = load_signer(file)
    assert signer.key.vkey == PETER
    assert signer.sign(TEXT).line == PETERS
    file.write_text(file.read_text("utf-8").replace("c74f20a3", "c74f20a4"), "utf-8")
    with pytest.raises(InputError, match="its id is not that of the key"):
        load_signer(file)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "nbsp\u00a0"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        generate(name)
