"""From annotations to documents: outlets, slots, roots, copies, corrections, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ledger.plugin import Claim, ClaimValue, Link, Notice, Span
from ledger.state import Report, load_registry, reported_state, resolve

CONFIG = {
    "config": {"story": "flood", "title": "Ilm flood"},
    "slots": {
        "dead": {"subject": "people", "measure": "killed", "scope": "Norvia", "period": "cumulative", "kind": "cumulative",
                 "unit": "persons", "default": True},
        "dead-valley": {"subject": "people", "measure": "killed", "scope": "Ilm valley", "period": "cumulative",
                        "kind": "cumulative", "unit": "persons"},
        "dead-bridge": {"subject": "people", "measure": "killed", "scope": "Sund bridge collapse", "period": "2031-05-06",
                        "kind": "increment", "unit": "persons"},
        "losses": {"subject": "people", "measure": "killed or injured", "scope": "Norvia", "kind": "cumulative",
                   "unit": "persons", "default": True},
        "gone": {"subject": "people", "measure": "missing", "scope": "Norvia", "period": "current", "kind": "level",
                 "unit": "persons", "default": True},
        "trucks": {"subject": "aid trucks", "measure": "delivered", "scope": "Norvia", "kind": "cumulative", "unit": "trucks",
                   "default": True},
        "shock": {"subject": "main shock", "measure": "magnitude", "scope": "Norvia", "period": "2031-05-04",
                  "kind": "measurement", "unit": "Mw", "tolerance": 0.1, "default": True},
        "after": {"subject": "largest aftershock", "measure": "magnitude", "scope": "Norvia", "period": "2031-05-05",
                  "kind": "measurement", "unit": "Mw", "tolerance": 0.1, "default": True},
        "bridge": {"subject": "Sund bridge", "measure": "access", "scope": "Norvia", "period": "current", "kind": "status",
                   "unit": "category", "default": True,
                   "categories": {"open": ["open", "reopened"], "closed": ["closed", "shut to traffic"],
                                  "partly open": ["one lane", "open to one lane"]}},
    },
    "sources": {
        "coast-guard": {"name": "Norvian Coast Guard", "aliases": ["the coast guard"], "party": "state", "reliability": "B"},
        "governor": {"name": "Governor of Ilm", "aliases": ["the governor"], "party": "ilm", "reliability": "C"},
        "geo": {"name": "Norvian Geological Survey", "aliases": ["the survey"], "party": "state", "reliability": "A"},
        "rescue": {"name": "Ilm Mountain Rescue", "aliases": ["Mountain Rescue"], "party": "rescue", "reliability": "B"},
    },
    "outlets": {
        "nna": {"name": "Norvian News Agency", "host": "nna.example", "kind": "wire"},
        "post": {"name": "Ilm Post", "host": "ilmpost.example", "kind": "newspaper"},
        "view": {"name": "Coastal View", "host": "view.example", "kind": "blog"},
    },
}  # fmt: skip
REGISTRY = load_registry(CONFIG)
T0 = datetime(2031, 5, 6, 22, 0, tzinfo=UTC)


def link(actor, kind="organisation"):
    return Link(actor=actor, surface=actor, kind=kind)


def figure(point, measure="killed", subject="people", text="", **more):
    value = point if isinstance(point, ClaimValue) else ClaimValue(op="exact", point=point)
    chain = tuple(each if isinstance(each, Link) else link(each) for each in more.pop("by", ()))
    return Claim(
        span=Span(more.pop("at", 0), 400),
        quote=text,
        subject=subject,
        measure=measure,
        value=value,
        chain=chain,
        **more,
    )


def state(words, subject="Sund bridge", **more):
    return figure(ClaimValue(op="category", point=words), "status", subject, period="current", **more)


def report(
    key, outlet="post", *claims, hours=0.0, revision=1, text="", title="", notices=(), offset=0, **more
):
    zone = timedelta(hours=offset)
    at = T0 + timedelta(hours=hours)
    return Report(
        article=key,
        outlet=outlet,
        url=more.pop("url", f"https://{outlet}.example/{key}"),
        revision=revision,
        hash=f"{key}{revision}",
        title=title,
        text=text,
        recorded_at=at,
        p_time=at,
        published=(at + zone).replace(tzinfo=UTC)
        if not offset
        else datetime.fromisoformat(_local(at, offset)),
        claims=claims,
        notices=notices,
        **more,
    )


def _local(at, offset):
    return (at + timedelta(hours=offset)).strftime("%Y-%m-%dT%H:%M:%S") + f"+{offset:02d}:00"


def one(claim, outlet="post", registry=REGISTRY, **more):
    documents = resolve([report("a", outlet, claim, **more)], registry)
    return documents[0].versions[0].claims[0]


@pytest.mark.parametrize(
    ("claim", "slot"),
    [
        (figure(5), "dead"),
        (figure(5, "dead", "residents"), "dead"),
        (figure(5, scope="Norvia"), "dead"),
        (figure(5, scope="the Ilm valley"), "dead-valley"),
        (figure(5, scope="the valley"), "dead-valley"),
        (figure(5, scope="Sund bridge", period="2031-05-06"), "dead-bridge"),
        (figure(5, "casualties"), "losses"),
        (figure(5, "injured or killed"), "losses"),
        (figure(5, "missing", period="current"), "gone"),
        (figure(5, "supplied", "truck"), "trucks"),
        (figure(6.1, "magnitude", "earthquake"), "shock"),
        (figure(5.2, "magnitude", "aftershock"), "after"),
        (state("closed to traffic"), "bridge"),
    ],
)
def test_a_claim_finds_the_declared_slot_that_fits(claim, slot):
    assert one(claim).slot == slot


@pytest.mark.parametrize(
    "claim",
    [
        figure(5, scope="Velm"),
        figure(5, subject="firefighter"),
        figure(5, period="2031-05-06"),
        figure(5, "evacuated"),
        state("closed", subject="Ilm tunnel"),
        state("painted green"),
    ],
)
def test_a_claim_about_something_else_is_discovered_beside_the_declared_slots(claim):
    found = one(claim)
    assert found.slot not in REGISTRY.slots
    assert found.definition is not None
    assert found.definition.id == found.slot


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("reopened", "open"),
        ("shut", "closed"),
        ("open to one lane", "partly open"),
        ("blocked", "closed"),
        ("passable again", "open"),
    ],
)
def test_a_status_takes_the_declared_category_its_words_stand_for(words, category):
    assert one(state(words)).value.point == category


STORM = load_registry(
    {
        "config": {"story": "storm", "title": "Storm Ylva"},
        "slots": {
            "dead": {"subject": "people", "measure": "killed", "scope": "Storm Ylva", "kind": "cumulative", "default": True},
            "gust": {"subject": "peak gust", "measure": "wind speed", "scope": "Storm Ylva", "period": "2031-05-06",
                     "kind": "measurement", "unit": "km/h", "tolerance": 5, "default": True},
            "aid": {"subject": "aid", "measure": "delivered", "scope": "Storm Ylva", "kind": "cumulative", "unit": "tonnes",
                    "default": True},
            "works": {"subject": "Ostra smelter", "measure": "operation", "scope": "Storm Ylva", "kind": "status",
                      "default": True, "categories": {"running": ["operating"], "reduced": ["at reduced capacity"]}},
        },
        "sources": CONFIG["sources"],
        "outlets": CONFIG["outlets"],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "slot"),
    [
        (figure(9, scope="the west coast of Norvia"), "dead"),
        (figure(4, scope="Ostra"), "killed.people.ostra"),
        (figure(172, "wind speed", "", scope="Cape Ness", unit="kilometer/hour"), "gust"),
        (figure(60, "supplied", "food", unit="tonne"), "aid"),
        (figure(60, "supplied", "tank"), "supplied.tank"),
    ],
    ids=["country", "town", "station", "goods", "arms"],
)
def test_of_an_event_the_country_is_no_part_and_a_station_only_where_it_was_measured(claim, slot):
    assert one(claim, registry=STORM).slot == slot


def test_how_something_runs_is_the_state_that_it_is_in():
    said = "The Ostra smelter is operating again at reduced capacity, its owner said."
    claim = figure(
        ClaimValue(op="category", point="operating"), "status", "Ostra smelter", said, trigger="operate"
    )
    assert one(claim, registry=STORM).value.point == "reduced"
    plain = figure(
        ClaimValue(op="category", point="operating"),
        "status",
        "Ostra smelter",
        "The Ostra smelter is operating.",
    )
    assert one(plain, registry=STORM).value.point == "running"


FRONT = load_registry(
    {
        "config": {"story": "front", "title": "Siege of Orvel"},
        "slots": {
            "civil": {"subject": "civilians", "measure": "killed", "scope": "Orvel front", "kind": "cumulative", "default": True},
            "soldiers": {"subject": "Norlandic soldiers", "measure": "killed", "scope": "Orvel front", "kind": "cumulative",
                         "default": True},
            "truce": {"subject": "ceasefire", "measure": "status", "scope": "Orvel front", "kind": "status", "default": True,
                      "categories": {"in force": ["in force"], "broken": ["broken"]}},
        },
        "sources": CONFIG["sources"],
        "outlets": CONFIG["outlets"],
    }
)  # fmt: skip


def test_people_are_those_of_whom_the_sentence_speaks():
    said = "Norland has suffered 1,200 casualties, including 400 killed, the survey said."
    assert one(figure(400, text=said), registry=FRONT).slot == "soldiers"
    assert one(figure(400, text="Some 400 people were killed."), registry=FRONT).slot == "killed.people"


RIVER = load_registry(
    {
        "config": {"story": "river", "title": "Fever on the Sund"},
        "slots": {
            "rate": {"subject": "river fever", "measure": "case fatality rate", "scope": "Sund", "kind": "measurement",
                     "unit": "percent", "default": True},
            "closed": {"subject": "wells", "measure": "to be closed", "scope": "Ostra Works", "kind": "cumulative", "unit": "wells"},
            "depth": {"subject": "River Sund", "measure": "water level", "scope": "Ilm gauge", "period": "current", "kind": "level",
                      "unit": "m"},
        },
        "sources": CONFIG["sources"],
        "outlets": CONFIG["outlets"],
    }
)  # fmt: skip


def open_figure(point, words, **more):
    """A figure that no word of the measure table tells of, with the words around it."""
    return figure(point, "number", more.pop("subject", ""), trigger=words, confidence=0.4, **more)


def test_a_measure_of_several_words_may_stand_in_what_is_counted():
    rate = figure(4.4, "rate", "case fatality", "The case fatality rate is 4.4 percent.", unit="percent")
    assert one(rate, registry=RIVER).slot == "rate"


def test_a_sentence_or_its_source_names_the_company_of_a_slot():
    said = "Ostra Works will close 12 wells."
    assert one(open_figure(12, "close well", subject="well", text=said), registry=RIVER).slot == "closed"
    named = open_figure(12, "close well", subject="well", text="It will close 12 wells.", by=("Ostra Works",))
    assert one(named, registry=RIVER).slot == "closed"


def test_one_common_word_of_a_measure_is_not_the_measure():
    length = open_figure(70, "breach length water", scope="Ilm", unit="meter")
    level = open_figure(7, "river stand water gauge", scope="Ilm gauge", unit="meter", period="current")
    found = resolve([report("a", "post", length, level)], RIVER)[0].versions[0].claims
    assert [claim.slot for claim in found] == ["depth"]


def test_a_truce_is_a_ceasefire():
    claim = figure(ClaimValue(op="category", point="in force"), "status", "truce", "A truce is in force.")
    assert one(claim, registry=FRONT).slot == "truce"


def test_a_discovered_slot_is_named_after_the_words_of_its_measure():
    assert one(figure(52, "vote share", "Green")).slot == "vote-share.green"


@pytest.mark.parametrize(
    ("by", "root"),
    [
        (["the Coast Guard"], "coast-guard"),
        ([link("mayors briefed by the coast guard", "group")], "coast-guard"),
        ([link("Mountain Rescue volunteers briefed by the coast guard", "group")], "coast-guard"),
        ([link("a spokeswoman for the governor", "role")], "governor"),
        ([link("Governor Ana Holt", "person")], "governor"),
        ([link("the survey’s director", "role")], "geo"),
        (["NGS"], "geo"),
        ([link("Mountain Rescue volunteers", "group")], "rescue"),
        ([link("company officials", "unnamed")], "unnamed:company-official"),
        ([link("a senior company official", "unnamed")], "unnamed:company-official"),
        ([link("two company officials", "group")], "unnamed:company-official"),
        ([link("Velm hospital")], "velm-hospital"),
        ([link("a leaked list", "document")], "post"),
        ([link("the Ilm Post", "outlet"), link("the governor", "role")], "governor"),
    ],
)
def test_the_root_is_the_last_of_the_chain_that_can_be_resolved(by, root):
    claim = one(figure(5, by=by))
    assert (claim.root, claim.kind) == (root, "primary")
    assert claim.chain == ("post", root)


def test_a_cited_outlet_makes_the_claim_derived_and_the_chain_goes_on_to_its_source():
    claim = one(figure(5, by=[link("Coastal View", "outlet"), link("the governor", "role")]))
    assert (claim.kind, claim.root, claim.cites_outlet, claim.chain) == (
        "derived", "governor", "view", ("post", "view", "governor"),
    )  # fmt: skip


def test_an_outlet_that_nobody_registered_can_be_cited():
    claim = one(figure(5, by=[link("Morning Star", "outlet")]))
    assert (claim.kind, claim.root) == ("derived", "morning-star")


def test_own_voice_and_hearsay_are_echoes():
    assert (one(figure(5)).kind, one(figure(5)).root) == ("echo", "post")
    reports = one(figure(5, kind="hearsay", by=[link("Reports", "unnamed")]))
    assert (reports.kind, reports.root, reports.chain) == ("echo", None, ("post",))


def test_the_outlet_is_found_by_id_host_or_name():
    for outlet, url in (
        ("post", "https://x.example/"),
        ("", "https://www.ilmpost.example/1"),
        ("Ilm Post", "https://x.example/"),
    ):
        assert resolve([report("a", outlet, url=url)], REGISTRY)[0].outlet == "post"
    assert (
        resolve([report("a", "", url="https://www.other.example/1")], REGISTRY)[0].outlet == "other.example"
    )


def test_a_day_is_resolved_against_the_local_date_of_publication():
    claim = figure(5, by=["the coast guard"], said_on="2031-05-07")
    assert one(claim, offset=3).said_at == T0
    assert one(claim, hours=26, offset=3).said_at == datetime(2031, 5, 7, tzinfo=UTC)
    assert one(claim, hours=26, offset=3).kind == "primary"
    assert one(claim, hours=74, offset=3).kind == "background"


def test_an_undated_claim_was_said_when_the_first_version_that_carries_it_was_published():
    kept, new = figure(5, by=["the coast guard"]), figure(9, "missing", by=["the coast guard"], at=1)
    document = resolve(
        [report("a", "post", kept), report("a", "post", kept, new, hours=5, revision=2)], REGISTRY
    )[0]
    assert [claim.said_at for claim in document.versions[1].claims] == [T0, T0 + timedelta(hours=5)]


BODY = (
    "SUND (NNA) - At least 40 people were killed in the floods, the coast guard said on Tuesday morning.\n\n"
    "The water came at night and took the lower road with it, people who fled to the church said."
)
SENTENCE = "At least 40 people were killed in the floods, the coast guard said on Tuesday morning."


def wire(point=40, text=BODY):
    return figure(
        point, by=["the coast guard"], text=SENTENCE.replace("40", str(point)), at=text.find("At least")
    )


def test_a_copy_is_found_by_its_text_credited_or_not():
    for body in (BODY, BODY.replace("SUND (NNA) - ", "")):
        item, copy = report("w", "nna", wire(), text=BODY), report("c", "post", wire(), text=body, hours=1)
        claim = resolve([copy, item], REGISTRY)[0].versions[0].claims[0]
        assert (claim.kind, claim.cites, claim.root) == ("wire", "w", "coast-guard")
        assert claim.chain == ("post", "nna", "coast-guard")


def test_a_changed_figure_is_not_taken_for_a_copy():
    changed = BODY.replace("40", "52")
    item = report("w", "nna", wire(), text=BODY)
    claim = (
        resolve([report("c", "post", wire(52, changed), text=changed, hours=1), item], REGISTRY)[0]
        .versions[0]
        .claims[0]
    )
    assert (claim.kind, claim.value.point, claim.cites) == ("primary", 52, None)


def test_an_earlier_text_is_no_copy_of_a_later_item():
    item = report("w", "nna", wire(), text=BODY, hours=2)
    assert (
        resolve([item, report("c", "post", wire(), text=BODY)], REGISTRY)[0].versions[0].claims[0].kind
        == "primary"
    )


def test_a_sentence_of_its_own_inside_a_copy_is_the_outlets_report():
    own = "The coast guard told our reporter on the quay that 40 bodies lie in the hall."
    item = report("w", "nna", wire(), text=BODY)
    text = BODY + "\n\n" + own
    claims = (wire(), figure(40, by=["the coast guard"], text=own, at=text.find(own)))
    copy = resolve([item, report("c", "post", *claims, text=text, hours=1)], REGISTRY)[0]
    assert [claim.kind for claim in copy.versions[0].claims] == ["wire", "primary"]


def test_an_article_with_words_of_its_own_is_no_copy():
    own = "Boats left Sund harbour before dawn. The coast guard has now counted 40 dead along the whole of the coast."
    item = report("w", "nna", wire(), text=BODY)
    mine = figure(40, by=["the coast guard"], text=own.split(". ")[1])
    assert (
        resolve([item, report("z", "post", mine, text=own, hours=1)], REGISTRY)[1].versions[0].claims[0].kind
        == "primary"
    )


def test_copies_of_an_item_never_add_roots():
    item = report("w", "nna", wire(), text=BODY)
    copies = [
        report(f"c{number}", outlet, wire(), text=body, hours=number)
        for number, (outlet, body) in enumerate(
            [("post", BODY), ("view", BODY[13:]), ("else.example", BODY)], 1
        )
    ]
    alone = reported_state(resolve([item], REGISTRY), REGISTRY).get("dead")
    many = reported_state(resolve([item, *copies], REGISTRY), REGISTRY).get("dead")
    assert (many.roots, many.reports) == (alone.roots, 4)


def test_a_retraction_notice_or_a_withdrawal_retracts():
    claim = figure(5, by=["the coast guard"])
    note = Notice(span=Span(0, 5), kind="retraction")
    by_notice = [report("a", "post", claim), report("a", "post", claim, hours=1, revision=2, notices=(note,))]
    gone = [report("a", "post", claim), report("a", "post", hours=1, revision=2, withdrawn=True)]
    for reports in (by_notice, gone):
        document = resolve(reports, REGISTRY)[0]
        assert [version.status for version in document.versions] == ["live", "retracted"]
        assert reported_state([document], REGISTRY).get("dead").roots == ()


def test_a_correction_item_names_what_it_corrects_by_figure_title_or_address():
    old = report(
        "a", "post", figure(60, by=["the coast guard"]), title="Sixty dead after the flood in Norvia"
    )
    other = report("b", "post", figure(9, by=["the governor"]), title="Roads cut", hours=1)
    for notice, title in (
        (Notice(span=Span(0, 9), kind="correction", old=(60,), new=(52,)), "Correction: flood deaths"),
        (Notice(span=Span(0, 9), kind="correction", subject="https://post.example/a"), "A note"),
        (
            Notice(span=Span(0, 9), kind="correction", subject="Sixty dead after the flood in Norvia"),
            "A note",
        ),
    ):
        item = report(
            "n", "post", figure(52, by=["the coast guard"]), hours=9, title=title, notices=(notice,)
        )
        documents = {each.id: each for each in resolve([old, other, item], REGISTRY)}
        assert documents["n"].corrects == "a"
        assert documents["a"].corrects is None


def test_a_note_inside_a_revised_article_corrects_nothing_else():
    text = "The toll is 52.\n\nCorrection: an earlier version said 60."
    note = Notice(span=Span(17, 40), kind="correction", old=(60,), new=(52,))
    first = report("a", "post", figure(60, by=["the coast guard"]))
    second = report(
        "a", "post", figure(52, by=["the coast guard"]), revision=2, hours=2, text=text, notices=(note,)
    )
    assert resolve([first, second], REGISTRY)[0].corrects is None


def test_a_bare_denial_is_about_the_figure_before_it():
    said = figure(5, by=["the governor"], at=0)
    denied = Claim(
        span=Span(50, 90),
        subject="",
        measure="",
        kind="denial",
        polarity="-",
        chain=(link("the coast guard"),),
    )
    claims = resolve([report("a", "post", said, denied)], REGISTRY)[0].versions[0].claims
    assert [(claim.slot, claim.kind, claim.root) for claim in claims] == [
        ("dead", "primary", "governor"),
        ("dead", "denial", "coast-guard"),
    ]


def test_predictions_are_forecasts_and_negated_figures_are_no_claims():
    assert one(figure(500, modality="predicted", by=["the governor"])).kind == "forecast"
    assert resolve([report("a", "post", figure(5, polarity="-"))], REGISTRY)[0].versions[0].claims == ()


def test_without_a_registry_the_same_figure_of_several_outlets_is_one_slot():
    empty = load_registry({})
    long = figure(
        1000, subject="North Korean soldiers", scope="Kursk region of Russia", by=["Western officials"]
    )
    short = figure(1000, subject="people", by=["a general"], at=1)
    about = figure(11000, "deployed", "North Korean troops", scope="Russia’s Kursk region", by=["a general"])
    documents = resolve(
        [report("a", "x.example", long), report("b", "y.example", about, short, hours=1)], empty
    )
    slots = reported_state(documents, empty).slots
    assert [slot.id for slot in slots] == [
        "deployed.north-korean-soldier.kursk",
        "killed.north-korean-soldier.kursk",
    ]
    assert [slot.reports for slot in slots] == [1, 2]


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        (figure(5), "cumulative"),
        (figure(5, period="2031-05-01/2031-05-07"), "increment"),
        (figure(5, "missing"), "level"),
        (figure(5.1, "magnitude", "earthquake"), "measurement"),
        (state("closed"), "status"),
    ],
)
def test_the_kind_of_a_discovered_slot_follows_from_its_measure(claim, kind):
    assert one(claim, registry=load_registry({})).definition.kind == kind


def test_the_order_of_reports_does_not_matter():
    reports = [
        report("w", "nna", wire(), text=BODY),
        report("c", "post", wire(), text=BODY, hours=1),
        report("a", "view", figure(40, by=[link("Ilm Post", "outlet")]), hours=2),
        report("a", "view", figure(41, by=[link("Ilm Post", "outlet")]), hours=3, revision=2),
    ]
    assert resolve(reports, REGISTRY) == resolve(reversed(reports), REGISTRY)
