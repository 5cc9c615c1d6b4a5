"""The witness protocol: every status that the specification names, over the real HTTP server too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.audit.keys import Signer
from ledger.audit.newsledger_verify import (
    COSIGNATURE,
    Checkpoint,
    Note,
    leaf_hash,
    parse_note,
    parse_signature,
)
from ledger.audit.tiles import Tree
from ledger.audit.witness import Witness, WitnessServer, ask_witness, request_body
from ledger.errors import FetchError

LOG = Signer("desk.example/log", bytes([9]) * 32)
W = Signer("w.example", bytes([1]) * 32, COSIGNATURE)
LEAVES = [leaf_hash(str(at).encode()) for at in range(40)]
OTHER = [leaf_hash(b"other %d" % at) for at in range(40)]


def tree(size: int, leaves: list[bytes] = LEAVES) -> Tree:
    return Tree(size, lambda start, end: iter(leaves[start:end]), lambda level, index: None)


def checkpoint(size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> bytes:
    text = Checkpoint("desk.example/log", size, tree(size, leaves).root()).text
    return Note(text, (signer.sign(text),)).to_bytes()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, W, [LOG.key], lambda: 1679315147)


def test_a_log_is_cosigned_step_by_step(witness: Witness) -> None:
    first = witness.add_checkpoint(request_body(0, (), checkpoint(5)))
    assert first.status == 200
    line = parse_signature(first.body.decode().removesuffix("\n"))
    assert W.key.verifies(parse_note(checkpoint(5)).text, line.data)
    assert line.time == 1679315147
    assert witness.add_checkpoint(request_body(5, tree(20).consistency(5), checkpoint(20))).status == 200
    assert witness.add_checkpoint(request_body(20, (), checkpoint(20))).status == 200


def test_what_it_saw_is_there_after_a_restart(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(request_body(0, (), checkpoint(5)))
    again = Witness(tmp_path, W, [LOG.key], lambda: 1679315147)
    answer = again.add_checkpoint(request_body(0, (), checkpoint(20)))
    assert (answer.status, answer.body, answer.media_type) == (409, b"5\n", "text/x.tlog.size")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n", 400),
        (request_body(0, (), checkpoint(7)).replace(b"old 0", b"old 00"), 400),
        (request_body(0, (), checkpoint(7)).replace(b"old 0", b"old -1"), 400),
        (request_body(0, (), checkpoint(7)).replace(b"old 0", b"0"), 400),
        (request_body(5, [b"short"], checkpoint(7)), 400),
        (request_body(5, [bytes(32)] * 64, checkpoint(7)), 400),
        (request_body(8, (), checkpoint(7)), 400),
        (request_body(5, (), checkpoint(7)).replace(b"\n7\n", b"\n07\n"), 400),
        (
            request_body(
                5,
                tree(7).consistency(5),
                checkpoint(7).replace(b"desk.example/log\n7", b"who.example/log\n7"),
            ),
            404,
        ),
        (request_body(5, tree(7).consistency(5), checkpoint(7).replace(b"\n7\n", b"\n8\n")), 403),
        (
            request_body(
                5, tree(7).consistency(5), checkpoint(7, signer=Signer("desk.example/log", bytes(32)))
            ),
            403,
        ),
        (request_body(4, tree(7).consistency(4), checkpoint(7)), 409),
        (request_body(0, (), checkpoint(7)), 409),
        (request_body(5, (), checkpoint(5, OTHER)), 409),
        (request_body(5, (), checkpoint(7)), 422),
        (request_body(5, tree(7, OTHER).consistency(5), checkpoint(7, OTHER)), 422),
        (request_body(5, [bytes(32)], checkpoint(5)), 422),
        (request_body(5, tree(7).consistency(5), checkpoint(7)), 200),
    ],
)
def test_each_answer_of_the_specification(witness: Witness, body: bytes, status: int) -> None:
    assert witness.add_checkpoint(request_body(0, (), checkpoint(5))).status == 200
    assert witness.add_checkpoint(body).status == status
    if status != 200:
        assert witness.add_checkpoint(request_body(5, (), checkpoint(5))).status == 200, (
            "a refusal leaves no trace"
        )


def test_a_first_checkpoint_takes_no_proof(witness: Witness) -> None:
    assert witness.add_checkpoint(request_body(0, [bytes(32)], checkpoint(5))).status == 422


def test_an_empty_tree_can_be_witnessed_and_then_grow(witness: Witness) -> None:
    assert witness.add_checkpoint(request_body(0, (), checkpoint(0))).status == 200
    assert witness.add_checkpoint(request_body(0, (), checkpoint(7))).status == 200


def test_signatures_by_others_are_passed_over(witness: Witness) -> None:
    note = parse_note(checkpoint(5))
    stranger = Signer("stranger.example", bytes([3]) * 32)
    more = Note(note.text, (stranger.sign("something else"), *note.signatures)).to_bytes()
    assert witness.add_checkpoint(request_body(0, (), more)).status == 200


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    server = WitnessServer(witness)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.url
    server.close()
    thread.join()


def test_a_log_asks_over_http_and_catches_up(url: str) -> None:
    for size in (5, 20, 20, 33):
        line = ask_witness(url, W.key, checkpoint(size), tree(size).consistency)
        assert W.key.verifies(parse_note(checkpoint(size)).text, line.data)


def test_a_rewritten_and_a_shortened_log_get_no_cosignature(url: str) -> None:
    ask_witness(url, W.key, checkpoint(20), tree(20).consistency)
    with pytest.raises(FetchError, match="422"):
        ask_witness(url, W.key, checkpoint(30, OTHER), tree(30, OTHER).consistency)
    with pytest.raises(FetchError, match="longer log"):
        ask_witness(url, W.key, checkpoint(10), tree(10).consistency)


def test_a_witness_that_is_not_there_is_named() -> None:
    with pytest.raises(FetchError, match="does not answer"):
        ask_witness("http://127.0.0.1:9/", W.key, checkpoint(5), tree(5).consistency)
