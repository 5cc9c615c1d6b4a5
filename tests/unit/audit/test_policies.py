"""Trust policies: what a quorum means, and every line that must be refused."""

from __future__ import annotations

import pytest

from ledger.audit.keys import Signer
from ledger.audit.newsledger_verify import (
    COSIGNATURE,
    Checkpoint,
    Note,
    RefusedError,
    UnreadableError,
    parse_policy,
)

LOG = Signer("desk.example/log", bytes([9]) * 32)
WITNESSES = {
    name: Signer(f"{name.lower()}.example", bytes([at]) * 32, COSIGNATURE) for at, name in enumerate("XYZUV")
}
LINES = [f"log {LOG.key.vkey}", *(f"witness {name} {one.key.vkey}" for name, one in WITNESSES.items())]
TWO_LEVELS = [
    *LINES,
    "group first 2 X Y Z",
    "group second any U V",
    "group both all first second",
    "quorum both",
]
TEXT = Checkpoint("desk.example/log", 17, bytes(32)).text


def policy(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def note(*names: str, signed: bool = True) -> bytes:
    lines = [LOG.sign(TEXT)] if signed else []
    return Note(TEXT, (*lines, *(WITNESSES[name].cosign(TEXT, 1) for name in names))).to_bytes()


@pytest.mark.parametrize(
    ("names", "holds"),
    [("XYU", True), ("XZV", True), ("XYZUV", True), ("XY", False), ("XU", False), ("UV", False), ("", False)],
)
def test_a_quorum_of_two_levels(names: str, holds: bool) -> None:
    read = parse_policy(policy(*TWO_LEVELS))
    if holds:
        assert read.check(note(*names))[0].size == 17
    else:
        with pytest.raises(RefusedError, match="quorum"):
            read.check(note(*names))


def test_cosignatures_do_not_stand_for_the_logs_own_signature() -> None:
    with pytest.raises(RefusedError, match="not signed"):
        parse_policy(policy(*LINES, "quorum none")).check(note(*"XYZUV", signed=False))


def test_a_log_that_the_policy_does_not_name_is_refused() -> None:
    other = Signer("other.example/log", bytes([8]) * 32)
    text = Checkpoint("other.example/log", 17, bytes(32)).text
    with pytest.raises(RefusedError, match="does not know the log"):
        parse_policy(policy(*LINES, "quorum none")).check(Note(text, (other.sign(text),)).to_bytes())


@pytest.mark.parametrize(
    "text",
    [
        policy("quorum none"),
        policy("# a comment", "", "  \t ", "   # another", "quorum none"),
        policy("\tquorum \t none  "),
        policy(LINES[0] + " https://desk.example/", "quorum none"),
        policy(LINES[1], "quorum X", LINES[0]),
        policy(LINES[1] + " https://w.example/", "group g 1 X", "quorum g"),
        policy(LINES[1].replace("witness X", "witness none-of-us"), "quorum none-of-us"),
        policy(LINES[1], "quorum X").replace(b" X", b" \xc3\xa9"),
        policy(LINES[1], "quorum X").replace(b" X", b" \xff"),
        b"quorum none",
    ],
)
def test_what_the_syntax_allows(text: bytes) -> None:
    assert parse_policy(text).quorum


@pytest.mark.parametrize(
    "text",
    [
        b"",
        policy(*LINES),
        policy("quorum none", "quorum none"),
        policy("quorum X", LINES[1]),
        policy("quorum"),
        policy("quorum none none"),
        policy("Quorum none"),
        policy("quorum none", "unknown line"),
        policy("quorum none\r"),
        policy("quorum none\x0b"),
        policy("quorum none \x7f"),
        policy(LINES[0], LINES[0], "quorum none"),
        policy(LINES[1], LINES[1].replace("witness X", "witness XX"), "quorum none"),
        policy(LINES[1], LINES[2].replace("witness Y", "witness X"), "quorum none"),
        policy(LINES[1].replace("witness X", "witness none"), "quorum none"),
        policy(LINES[1], "group none all X", "quorum none"),
        policy(LINES[1], "group g all none", "quorum none"),
        policy(LINES[1], "group X all X", "quorum none"),
        policy(LINES[1], "group g all", "quorum none"),
        policy(LINES[1], "group g 0 X", "quorum none"),
        policy(LINES[1], "group g 2 X", "quorum none"),
        policy(LINES[1], "group g +1 X", "quorum none"),
        policy(LINES[1], "group g one X", "quorum none"),
        policy(LINES[1], "group g any X X", "quorum none"),
        policy(LINES[1], LINES[2], "group g any X", "group h any X Y", "quorum none"),
        policy("group g any X", LINES[1], "quorum none"),
        policy("group g any g", "quorum none"),
        policy(LINES[0].replace("log ", "witness L "), "quorum none"),
        policy(LINES[1].replace("witness X ", "log "), "quorum none"),
        policy(LINES[0] + " https://a.example/ more", "quorum none"),
        policy(LINES[0][:-2], "quorum none"),
        policy(LINES[0].replace(" ", "\u00a0", 1), "quorum none"),
    ],
)
def test_what_the_syntax_does_not_allow(text: bytes) -> None:
    with pytest.raises(UnreadableError):
        parse_policy(text)


def test_names_are_bytes() -> None:
    kelvin = (
        policy(LINES[1], LINES[2], "quorum none").replace(b" X ", b" K ").replace(b" Y ", " \u212a ".encode())
    )
    assert len(parse_policy(kelvin).witnesses) == 2


def test_thirty_two_of_each_are_read() -> None:
    signers = [Signer(f"w{at}.example", bytes([at]) * 32, COSIGNATURE) for at in range(32)]
    logs = [Signer(f"l{at}.example", bytes([at, 1]) * 16) for at in range(32)]
    lines = [f"log {one.key.vkey}" for one in logs]
    lines += [f"witness w{at} {one.key.vkey}" for at, one in enumerate(signers)]
    lines += [f"group g{at} 1 w{at}" for at in range(31)]
    lines += ["group all all w31 " + " ".join(f"g{at}" for at in range(31)), "quorum all"]
    assert len(parse_policy(policy(*lines)).groups) == 32
