"""`python -m ledger.state`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ledger.state.__main__ import main

REGISTRY = {"sources": {"army": {"reliability": "B"}}, "slots": {"dead": {"kind": "cumulative"}}}
CLAIMS = {
    "polls": ["2031-05-04T07:00:00Z", "2031-05-05T07:00:00Z"],
    "reviews": [
        {
            "id": "r1",
            "at": "2031-05-06T00:00:00Z",
            "action": "reject",
            "target": {"slot": "dead", "root": "army"},
        }
    ],
    "documents": [
        {
            "id": "a",
            "outlet": "post",
            "url": "https://post.example/a",
            "versions": [
                {
                    "n": n,
                    "recorded_at": f"2031-05-0{3 + n}T07:00:00Z",
                    "p_time": f"2031-05-0{3 + n}T06:00:00+00:00",
                    "claims": [
                        {
                            "slot": "dead",
                            "value": {"op": "exact", "point": 40 * n},
                            "root": "army",
                            "sentence": "Dead.",
                        },
                        {"slot": None, "value": None, "kind": "primary"},
                    ],
                }
                for n in (1, 2)
            ],
        }
    ],
}


@pytest.fixture
def files(tmp_path):
    claims, registry = tmp_path / "claims.json", tmp_path / "registry.json"
    claims.write_text(json.dumps(CLAIMS))
    registry.write_text(json.dumps(REGISTRY))
    return [str(claims), str(registry)]


def ask(capsys, *arguments):
    assert main(arguments) == 0
    return json.loads(capsys.readouterr().out)["slots"][0]


def test_it_prints_the_state_at_both_times(files, capsys):
    slot = ask(capsys, *files, "--recorded-as-of", "2031-05-05T12:00:00Z")
    assert (slot["id"], slot["best"]["point"], slot["last_change"]) == ("dead", 80, "2031-05-05T07:00:00Z")
    assert slot["claims"][-1]["sentence"] == "Dead."
    early = ask(capsys, *files, "--recorded-as-of", "2031-05-05", "--published-as-of", "2031-05-04T12:00:00Z")
    assert (early["best"]["point"], early["first_seen"]) == (40, "2031-05-04T06:00:00Z")


def test_decisions_come_from_the_claims_unless_a_file_is_given(files, capsys, tmp_path):
    assert ask(capsys, *files)["roots"] == []
    none = tmp_path / "none.json"
    none.write_text("[]")
    assert ask(capsys, *files, "--reviews", str(none))["roots"] == ["army"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "cannot be read"), ('{"documents": [{"id": 3}]}', "documents"), (None, "missing.json")],
)
def test_an_unreadable_file_is_named_and_exits_with_2(files, capsys, tmp_path, text, said):
    bad = tmp_path / "missing.json"
    if text is not None:
        bad.write_text(text)
    assert main([str(bad), files[1]]) == 2
    assert said in capsys.readouterr().err


def test_a_time_that_is_none_is_refused(files, capsys, tmp_path):
    bad = json.loads(json.dumps(CLAIMS))
    bad["documents"][0]["versions"][0]["p_time"] = "yesterday"
    file = tmp_path / "bad.json"
    file.write_text(json.dumps(bad))
    assert main([str(file), files[1]]) == 2
    assert "yesterday" in capsys.readouterr().err
    assert main([*files, "--recorded-as-of", "noon"]) == 2


def test_the_same_bytes_come_out_under_any_hash_seed_and_time_zone(files):
    seen = {
        subprocess.run(
            [sys.executable, "-m", "ledger.state", *files],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(seen) == 1
