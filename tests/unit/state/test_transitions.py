"""What becomes otherwise on a figure, and histories that go on from an earlier answer."""

from __future__ import annotations

import pytest

from ledger.state import Value, reported_state


def became(slot):
    return [(each.kind, each.at) for each in slot.transitions]


def test_a_figure_comes_moves_and_goes(story):
    story.tell("a", 1, story.claim("killed", 40))
    story.tell("a", 2, story.claim("killed", 50))
    story.tell("a", 3, status="retracted")
    slot = story.ask("killed")
    assert became(slot) == [
        ("first", story.at(1)),
        ("moved", story.at(2)),
        ("revised", story.at(2)),
        ("gone", story.at(3)),
        ("retracted", story.at(3)),
    ]
    moved = slot.transitions[1]
    assert (moved.before, moved.after, moved.share) == (Value(40), Value(50), 0.25)


def test_a_second_root_a_dispute_and_its_end(story):
    story.tell("a", 1, story.claim("killed", 40))
    story.tell("b", 2, story.claim("killed", 41, "clinic"))
    story.tell("c", 3, story.claim("killed", 90, "mayor"))
    story.tell("c", 4, story.claim("killed", 42, "mayor"))
    kinds = [kind for kind, _ in became(story.ask("killed"))]
    assert kinds == ["first", "moved", "second-root", "dispute-opened", "dispute-closed"]


def test_a_denial_tells_who_denies(story):
    story.tell("a", 1, story.claim("dam", "cracked"))
    story.tell("b", 2, story.claim("dam", None, "mayor", kind="denial"))
    assert [(each.kind, each.roots) for each in story.ask("dam").transitions[1:]] == [
        ("dispute-opened", ()),
        ("denied", ("mayor",)),
    ]


def test_a_correction_names_what_it_corrects_and_who_did_not_follow(story):
    story.tell("wire", 1, story.claim("killed", 40), story.claim("missing", 3))
    story.tell("post", 2, story.claim("killed", 40, kind="wire", cites="wire"))
    story.tell("item", 3, story.claim("missing", 3), corrects="wire")
    corrected = story.ask("killed").transitions[-1]
    assert (corrected.kind, corrected.documents, corrected.still) == ("corrected", ("wire",), ("post",))


def test_a_correction_of_another_figure_does_not_reach_the_best(story):
    story.tell("a", 1, story.claim("killed", 40))
    story.tell("b", 2, story.claim("killed", 90, "blog"))
    story.tell("b", 3, status="retracted")
    assert "retracted" not in [kind for kind, _ in became(story.ask("killed"))]


@pytest.mark.parametrize("since", range(1, 12))
def test_a_history_goes_on_from_an_earlier_answer(story, since):
    story.tell("a", 1, story.claim("killed", 40), story.claim("missing", 3))
    story.tell("b", 3, story.claim("killed", 90, "mayor"))
    story.tell("b", 5, story.claim("killed", 44, "mayor"))
    story.reject("r1", 7, "killed", "mayor")
    story.undo("r2", 9, "r1")
    story.tell("a", 10, status="retracted")
    whole = reported_state(story.documents.values(), story.registry, reviews=story.reviews)
    early = reported_state(
        story.documents.values(), story.registry, reviews=story.reviews, recorded_as_of=story.at(since - 0.5)
    )
    earlier = {slot.id: slot for slot in early.slots}
    again = reported_state(
        story.documents.values(),
        story.registry,
        reviews=story.reviews,
        earlier=earlier,
        since=story.at(since),
    )
    assert again == whole
