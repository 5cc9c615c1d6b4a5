"""Compare the reported state of hand-made claims with a story's expected state: every field of every question.

python benchmarks/check_story.py STORYDIR

STORYDIR holds `claims_input.json`, `config.json` and `gold.json`. The final state and the checkpoints are asked for without
reviews; a review is asked for at its own time. Exit status 1 when a field differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from ledger.clock import parse_time
from ledger.state import load_registry, reported_state
from ledger.state.written import read_claims


def main(folder: Path) -> int:
    written = read_claims((folder / "claims_input.json").read_bytes())
    registry = load_registry((folder / "config.json").read_bytes())
    gold = json.loads((folder / "gold.json").read_bytes())

    def ask(r: str | None, p: str | None, reviews: tuple[Any, ...] = ()) -> dict[str, dict[str, Any]]:
        state = reported_state(
            written.documents,
            registry,
            recorded_as_of=parse_time(r) if r else None,
            published_as_of=parse_time(p) if p else None,
            reviews=reviews,
            polls=written.polls,
        )
        return {slot["id"]: slot for slot in state.to_dict()["slots"]}

    questions = [
        ("final", ask(None, None), gold["final"]),
        *(
            (each["id"], ask(each["recorded_as_of"], each["published_as_of"]), each["slots"])
            for each in gold["checkpoints"]
        ),
        *((each["id"], ask(each["at"], None, written.reviews), each["expect"]) for each in gold["reviews"]),
    ]
    asked = wrong = 0
    for name, have, want in questions:
        for slot, fields in want.items():
            for field, value in (fields or {}).items():
                asked += 1
                got = have.get(slot, {}).get(field)
                if got != value:
                    wrong += 1
                    print(f"{name} {slot}.{field}: want {json.dumps(value)} got {json.dumps(got)}")
    print(f"{len(questions)} questions, {asked} fields, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
