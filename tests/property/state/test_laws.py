"""The laws of the reported state, over invented stories."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.state import (
    Document,
    Evidence,
    Registry,
    Review,
    Slot,
    StateClaim,
    Value,
    Version,
    reported_state,
)
from ledger.state.registry import Source

START = datetime(2031, 5, 4, tzinfo=UTC)
OUTLETS = ("ava", "bel", "cor", "dun")
ROOTS = ("army", "clinic", "mayor", "rumour", "nobody-knows")
REGISTRY = Registry(
    sources={
        "army": Source(party="state", reliability="B"),
        "clinic": Source(party="clinic", reliability="A"),
        "mayor": Source(party="state", reliability="C"),
        "rumour": Source(party="rumour", reliability="E"),
        "ava": Source(party="ava", reliability="C"),
    },
    slots={
        "killed": Slot(id="killed", kind="cumulative"),
        "missing": Slot(id="missing", kind="level"),
        "shock": Slot(id="shock", kind="measurement", tolerance=0.1),
        "dam": Slot(id="dam", kind="status", categories={"intact": (), "cracked": ()}),
    },
)
COUNTED = ("primary", "derived", "wire", "echo", "background")
OTHERS = ("forecast", "denial", "unconfirmed")


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


@st.composite
def values(draw: st.DrawFn, slot: str) -> Value:
    if slot == "dam":
        return Value(draw(st.sampled_from(["intact", "cracked"])), "category")
    if slot == "shock":
        return Value(draw(st.sampled_from([6.4, 6.5, 6.6, 6.7])), draw(st.sampled_from(["exact", "approx"])))
    point = draw(st.sampled_from([10, 40, 42, 45, 57, 60, 112]))
    op = draw(st.sampled_from(["exact", "exact", "approx", "min", "max", "range", "vague"]))
    if op == "vague":
        return Value(None, "vague", text="dozens")
    if op == "range":
        return Value(point, "range", point, point + draw(st.integers(1, 30)))
    return Value(point, op)


@st.composite
def claims(
    draw: st.DrawFn, outlet: str, said: datetime, kinds: tuple[str, ...], documents: list[str]
) -> StateClaim:
    slot = draw(st.sampled_from(sorted(REGISTRY.slots)))
    kind = draw(st.sampled_from(kinds))
    root: str | None = draw(st.sampled_from(ROOTS))
    cites, cites_outlet = None, ""
    if kind in ("derived", "wire"):
        if draw(st.booleans()):
            cites = draw(st.sampled_from(documents))
        else:
            cites_outlet = draw(st.sampled_from(OUTLETS))
    if kind == "echo":
        root = draw(st.sampled_from([outlet, None]))
    value = None if kind in ("denial", "unconfirmed") else draw(values(slot))
    back = draw(st.integers(0, 30)) if kind in ("primary", "background", "denial") else 0
    return StateClaim(
        slot=slot,
        value=value,
        kind=kind,
        root=root,
        chain=(outlet,),
        cites=cites,
        cites_outlet=cites_outlet,
        said_at=said - timedelta(hours=back),
        modality=draw(st.sampled_from(["asserted", "probable", "possible"])),
        sentence=f"{kind} {root}",
    )


@st.composite
def stories(draw: st.DrawFn, kinds: tuple[str, ...] = (*COUNTED, *OTHERS), size: int = 7) -> list[Document]:
    ids = [f"d{number}" for number in range(draw(st.integers(1, size)))]
    documents = []
    for key in ids:
        outlet = draw(st.sampled_from(OUTLETS))
        published = draw(st.integers(0, 100))
        recorded = published
        versions = []
        for n in range(1, draw(st.integers(1, 3)) + 1):
            recorded += draw(st.integers(0, 20))
            p_time = at(published)
            status = draw(st.sampled_from(["live", "live", "live", "retracted"])) if n > 1 else "live"
            made = draw(st.lists(claims(outlet, p_time, kinds, ids), max_size=3))
            versions.append(
                Version(
                    n=n,
                    recorded_at=at(recorded),
                    p_time=p_time,
                    status=status,
                    claims=() if status == "retracted" else tuple(made),
                )
            )
            published += draw(st.integers(1, 20))
        corrects = draw(st.sampled_from([None, None, None, *ids]))
        documents.append(
            Document(
                id=key,
                outlet=outlet,
                url=f"https://{outlet}.example/{key}",
                versions=tuple(versions),
                corrects=corrects if corrects != key else None,
            )
        )
    return documents


def rejections(documents: list[Document]) -> st.SearchStrategy[list[Review]]:
    roots = [*ROOTS, *OUTLETS, "circular:ava+bel", "circular:ava"]
    one = st.builds(
        lambda number, slot, root, hours: Review(
            id=f"r{number}", at=at(hours), action="reject", target={"slot": slot, "root": root}
        ),
        st.integers(0, 9),
        st.sampled_from(sorted(REGISTRY.slots)),
        st.sampled_from(roots),
        st.integers(0, 150),
    )
    return st.lists(one, max_size=3, unique_by=lambda review: review.id)


def seen(documents: list[Document] | Evidence, **options: object) -> bytes:
    return msgspec.json.encode(reported_state(documents, REGISTRY, **options).to_dict())  # type: ignore[arg-type]


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_live_updates_of_touched_slots_equal_a_replay(data: st.DataObject) -> None:
    documents = data.draw(stories())
    reviews = data.draw(rejections(documents))
    live = Evidence()
    shown = {}
    steps = sorted(
        (version.recorded_at, document.id, version.n)
        for document in documents
        for version in document.versions
    )
    by_id = {document.id: document for document in documents}
    for _, key, n in steps:
        document = msgspec.structs.replace(by_id[key], versions=by_id[key].versions[:n])
        touched = live.put(document)
        for slot in touched:
            shown.pop(slot, None)
        for state in reported_state(live, REGISTRY, reviews=reviews, slots=touched).slots:
            shown[state.id] = state
    replayed = reported_state(documents, REGISTRY, reviews=reviews)
    assert [shown[key] for key in sorted(shown)] == list(replayed.slots)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_one_slot_computed_alone_equals_the_full_answer(data: st.DataObject) -> None:
    documents = data.draw(stories())
    whole = reported_state(documents, REGISTRY)
    for slot in REGISTRY.slots:
        alone = reported_state(documents, REGISTRY, slots={slot})
        assert alone.slots == tuple(each for each in whole.slots if each.id == slot)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_what_is_recorded_later_never_changes_an_old_answer(data: st.DataObject) -> None:
    documents = data.draw(stories())
    reviews = data.draw(rejections(documents))
    r = at(data.draw(st.integers(0, 160)))
    known = [
        msgspec.structs.replace(document, versions=versions)
        for document in documents
        if (versions := tuple(each for each in document.versions if each.recorded_at <= r))
    ]
    before = [each for each in reviews if each.at <= r]
    assert seen(known, recorded_as_of=r, reviews=before) == seen(documents, recorded_as_of=r, reviews=reviews)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_history_is_what_was_answered_at_the_time(data: st.DataObject) -> None:
    documents = data.draw(stories())
    reviews = data.draw(rejections(documents))
    for slot in reported_state(documents, REGISTRY, reviews=reviews).slots:
        times = sorted({version.recorded_at for document in documents for version in document.versions})
        for moment in [*times, *(review.at for review in reviews)]:
            then = reported_state(
                documents, REGISTRY, reviews=reviews, recorded_as_of=moment, slots={slot.id}, history=False
            ).get(slot.id)
            entry = next((each for each in reversed(slot.figure_history) if each.recorded_at <= moment), None)
            figure = (then.best, then.low, then.high, then.disputed) if then else (None, None, None, False)
            noted = (
                (entry.best, entry.low, entry.high, entry.disputed) if entry else (None, None, None, False)
            )
            assert _without_wording(figure) == _without_wording(noted)


def _without_wording(figure: tuple[Value | None, object, object, object]) -> tuple[object, ...]:
    best = figure[0]
    return (best and (best.point, best.op, best.lo, best.hi), *figure[1:])


@settings(deadline=None, max_examples=60)
@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_documents_does_not_matter(documents: list[Document], chance: random.Random) -> None:
    shuffled = list(documents)
    chance.shuffle(shuffled)
    assert seen(shuffled) == seen(documents)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_copies_never_add_independent_roots(data: st.DataObject) -> None:
    documents = data.draw(stories())
    original = data.draw(st.sampled_from(documents))
    credited = data.draw(st.booleans())
    before = reported_state(documents, REGISTRY)
    copies = []
    for number in range(data.draw(st.integers(1, 3))):
        copied = tuple(
            msgspec.structs.replace(claim, kind="wire" if credited else claim.kind, cites=original.id)
            if credited or claim.kind in ("derived", "wire")
            else claim
            for claim in original.versions[-1].claims
            if claim.kind in COUNTED and not (claim.kind == "echo" and not credited)
        )
        copies.append(
            Document(
                id=f"z{number}",
                outlet=f"copier{number}",
                url=f"https://copier{number}.example/",
                versions=(Version(n=1, recorded_at=at(400), p_time=at(400), claims=copied),),
            )
        )
    after = reported_state([*documents, *copies], REGISTRY)
    for slot in after.slots:
        old = before.get(slot.id)
        assert old is not None
        corrected = any(document.corrects == original.id for document in documents)
        if not corrected:
            assert slot.roots == old.roots


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_retracted_document_might_as_well_never_have_been(data: st.DataObject) -> None:
    documents = data.draw(stories(kinds=("primary", "background", "forecast", "denial"), size=6))
    gone = data.draw(st.sampled_from(documents))
    last = gone.versions[-1]
    retraction = Version(
        n=last.n + 1,
        recorded_at=last.recorded_at + timedelta(hours=1),
        p_time=last.p_time,
        status="retracted",
    )
    retracted = [
        msgspec.structs.replace(gone, versions=(*gone.versions, retraction)) if each is gone else each
        for each in documents
    ]
    absent = [each for each in documents if each is not gone]
    want = {slot.id: slot for slot in reported_state(absent, REGISTRY, history=False).slots}
    for slot in reported_state(retracted, REGISTRY, history=False).slots:
        other = want.get(slot.id)
        if other is None:
            assert (slot.best, slot.reports, slot.roots, slot.disputed) == (None, 0, (), False)
            continue
        now = msgspec.structs.replace(slot, claims=())
        assert now == msgspec.structs.replace(other, claims=())


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_decision_that_is_undone_leaves_no_trace_in_the_state(data: st.DataObject) -> None:
    documents = data.draw(stories())
    reviews = data.draw(rejections(documents))
    undone = [
        Review(id=f"u{review.id}", at=at(200), action="undo", target={"review": review.id})
        for review in reviews
    ]
    plain = reported_state(documents, REGISTRY, history=False)
    assert reported_state(documents, REGISTRY, reviews=[*reviews, *undone], history=False) == plain


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_an_unreliable_claim_widens_but_never_removes_a_reliable_figure(data: st.DataObject) -> None:
    documents = data.draw(stories(kinds=COUNTED))
    slot = data.draw(st.sampled_from(["killed", "missing", "shock"]))
    rumour = StateClaim(
        slot=slot,
        value=data.draw(values(slot)),
        root=data.draw(st.sampled_from(["rumour", "somebody"])),
        said_at=at(500),
    )
    late = Document(
        id="zz",
        outlet="gossip",
        url="https://gossip.example/",
        versions=(Version(n=1, recorded_at=at(500), p_time=at(500), claims=(rumour,)),),
    )
    before = reported_state(documents, REGISTRY, history=False).get(slot)
    after = reported_state([*documents, late], REGISTRY, history=False).get(slot)
    assert after is not None
    if before is None or not any(figure.grade in "ABCD" for figure in before.figures):
        return
    reliable = {figure.root for figure in before.figures if figure.current and figure.grade in "ABCD"}
    assert reliable <= set(after.current_roots)
    if before.low is not None and not _moved(before, after):
        assert after.low is not None
        assert after.low <= before.low
    if before.high is not None and not _moved(before, after):
        assert after.high is not None
        assert after.high >= before.high


def _moved(before: object, after: object) -> bool:
    """Whether the unreliable root already had another figure, which its new one replaces."""
    roots = {figure.root for figure in before.figures}  # type: ignore[attr-defined]
    return bool(roots & {"rumour", "somebody"})


@settings(deadline=None, max_examples=80)
@given(stories())
def test_no_value_appears_that_no_living_claim_states(documents: list[Document]) -> None:
    for slot in reported_state(documents, REGISTRY).slots:
        living = [claim for claim in slot.claims if claim.alive and claim.stated is not None]
        stated = {claim.stated for claim in living}
        numbers = {
            number for value in stated if value is not None for number in (value.point, value.lo, value.hi)
        }
        assert slot.best is None or slot.best in stated
        assert slot.latest is None or slot.latest.value in stated
        assert slot.low is None or slot.low in numbers
        assert slot.high is None or slot.high in numbers
