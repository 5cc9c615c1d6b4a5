from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ledger.host.describe import ProcessorInfo, TypeInfo
from ledger.host.order import order


def kind(name: str) -> TypeInfo:
    return TypeInfo(f"module:{name}", f"test.{name}")


def info(name: str, requires: str = "", provides: str = "") -> ProcessorInfo:
    return ProcessorInfo(
        name=name,
        version="1",
        requires=tuple(map(kind, requires)),
        provides=tuple(map(kind, provides)),
    )


def names(*processors: ProcessorInfo, trusted: str = "") -> tuple[list[str], dict[str, str]]:
    ordered, inactive = order(processors, lambda name: name in trusted)
    return [p.name for p in ordered], inactive


def test_providers_come_first_and_ties_go_by_name():
    assert names(info("a", "x"), info("c", "", "x"), info("b"), info("d", "", "y")) == (
        ["b", "c", "d", "a"],
        {},
    )


def test_nobody_provides_it():
    ordered, inactive = names(info("a", "x", "y"), info("b", "y"), info("c"))
    assert ordered == ["c"]
    assert inactive == {
        "a": "requires test.x, which no active processor provides",
        "b": "requires test.y, which no active processor provides",
    }


def test_what_one_makes_itself_is_no_provider():
    assert names(info("a", "x", "x"))[0] == []
    assert names(info("a", "x", "x"), info("b", "", "x")) == (["b", "a"], {})


def test_a_cycle_is_named_from_its_smallest_member_and_takes_those_who_need_it():
    ordered, inactive = names(
        info("c", "x", "y"), info("a", "y", "z"), info("b", "z", "x"), info("d", "x"), info("e")
    )
    assert ordered == ["e"]
    assert inactive["a"] == "its requirements form a cycle: a -> b -> c -> a"
    assert set(inactive) == {"a", "b", "c", "d"}


def test_a_stranger_cannot_pull_a_trusted_processor_into_a_cycle():
    core = [info("claims", "q", "c"), info("numbers", "", "q")]
    ordered, inactive = names(*core, info("stranger", "c", "q"), trusted="claims numbers")
    assert ordered == ["numbers", "claims"]
    assert list(inactive) == ["stranger"]


processors = st.lists(
    st.builds(
        info,
        st.sampled_from("abcdefgh"),
        st.text("uvwxyz", max_size=2),
        st.text("uvwxyz", max_size=2),
    ),
    unique_by=lambda p: p.name,
)


@given(processors, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_they_were_found(found: list[ProcessorInfo], chance: random.Random):
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert order(found, lambda _: False) == order(shuffled, lambda _: False)


@given(processors)
def test_everyone_runs_after_all_of_its_providers_or_is_named(found: list[ProcessorInfo]):
    ordered, inactive = order(found, lambda _: False)
    assert {p.name for p in ordered} | set(inactive) == {p.name for p in found}
    assert not {p.name for p in ordered} & set(inactive)
    for at, processor in enumerate(ordered):
        for wanted in processor.requires:
            providers = [i for i, p in enumerate(ordered) if wanted in p.provides and i != at]
            assert providers
            assert max(providers) < at
