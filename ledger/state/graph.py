"""Which claims are alive, and to which root each of them leads.

Claims point at what they rest on: a derived or wire claim at claims of the cited document, an echo at earlier claims of
others. Strongly connected groups (Tarjan 1972, iterative) are settled from the bottom up, so that a claim is judged after
everything that it rests on, and what leads only to itself is seen to be a loop.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from ledger.state.model import Value
from ledger.state.values import Neighbours, is_vague
from ledger.state.versions import Node

__all__ = [
    "CORRECTED",
    "LOOP",
    "MISQUOTE",
    "REJECTED",
    "RETRACTED",
    "SUPERSEDED",
    "UNCITED",
    "UNECHOED",
    "Outcome",
    "trace",
]

SUPERSEDED = "superseded by a later version of the document"
RETRACTED = "document retracted"
CORRECTED = "corrected by"
REJECTED = "rejected by review"
MISQUOTE = "misquote: the cited document does not say this"
UNCITED = "what it cites is dead"
UNECHOED = "what it echoes is dead"
LOOP = "closed citation loop"


class Outcome(msgspec.Struct, eq=False):
    """What became of one claim. `holds`: it can give its root a value. `rests_on` is the place of what it rests on."""

    alive: bool
    root: str | None = None
    value: Value | None = None
    reason: str | None = None
    holds: bool = False
    rests_on: int | None = None
    echoed: bool = False


def trace(
    nodes: Sequence[Node],
    *,
    recorded: Sequence[Node],
    cited: Callable[[Node], str | None],
    barred: Mapping[int, str],
    neighbours: Neighbours,
) -> list[Outcome]:
    """Judge the claims of counted kinds of one slot.

    `nodes` are those of active versions, in order; `recorded` those that only earlier versions carried (an echo dies only if
    there was something to echo). `neighbours` know the points of all of them. `cited` gives the cited document if it is in the ledger. `barred` maps places in `nodes` to
    the reason why they are dead whatever they rest on.
    """
    return _Tracer(nodes, recorded, cited, barred, neighbours).run()


class _Tracer:
    def __init__(
        self,
        nodes: Sequence[Node],
        recorded: Sequence[Node],
        cited: Callable[[Node], str | None],
        barred: Mapping[int, str],
        neighbours: Neighbours,
    ) -> None:
        self._nodes = nodes
        self._recorded = recorded
        self._cited = cited
        self._neighbours = neighbours
        self._comparison = neighbours.comparison
        self._outcomes: list[Outcome | None] = [None] * len(nodes)
        for place, reason in barred.items():
            self._outcomes[place] = Outcome(alive=False, value=nodes[place].claim.value, reason=reason)
        self._of_document: dict[str, list[int]] = {}
        for place, node in enumerate(nodes):
            self._of_document.setdefault(node.document.id, []).append(place)
        for places in self._of_document.values():
            places.sort(key=lambda place: nodes[place].order[2])
        self._targets: dict[int, list[int] | None] = {}
        self._found: dict[int, int] = {}
        self._lanes: _Lanes | None = None
        self._pool: _Lanes | None = None
        self._past: dict[str, list[Value | None]] | None = None

    def run(self) -> list[Outcome]:
        for place, node in enumerate(self._nodes):
            if self._outcomes[place] is None and not self._rests(place):
                claim = node.claim
                root = claim.root or (claim.chain[-1] if claim.chain else node.document.outlet)
                self._outcomes[place] = Outcome(
                    alive=True, root=root, value=claim.value, holds=claim.kind != "background"
                )
        for members, cyclic in _components(len(self._nodes), self._edges, self._settled):
            if cyclic:
                self._settle_group(sorted(members))
            else:
                found = self._found.get(members[0])
                self._outcomes[members[0]] = self._judge(members[0], None if found is None else (found,))
        return [each for each in self._outcomes if each is not None]

    def _settled(self, place: int) -> bool:
        return self._outcomes[place] is not None

    def _rests(self, place: int) -> bool:
        node = self._nodes[place]
        if node.claim.kind == "echo":
            return True
        return node.claim.kind in ("derived", "wire") and self._cited_places(place) is not None

    def _cited_places(self, place: int) -> list[int] | None:
        """Claims of the cited document that say the same, nearest first; None when the document is not in the ledger."""
        if place not in self._targets:
            node = self._nodes[place]
            document = self._cited(node)
            own = node.claim.value
            self._targets[place] = None if document is None else self._matching(document, own)
        return self._targets[place]

    def _matching(self, document: str, own: Value | None) -> list[int]:
        vague = own is None or is_vague(own)
        found = [
            place
            for place in self._of_document.get(document, ())
            if vague or self._comparison.near(own, self._nodes[place].claim.value)
        ]
        if not vague:
            found.sort(key=lambda place: _distance(own, self._nodes[place].claim.value))
        return found

    def _edges(self, place: int) -> Iterator[int]:
        if self._nodes[place].claim.kind != "echo":
            yield from self._cited_places(place) or ()
            return
        for target in self._models(place):
            yield target
            outcome = self._outcomes[target]
            if outcome is not None and outcome.alive:
                self._found[place] = target
                return

    def _models(self, place: int) -> Iterator[int]:
        """Earlier claims of other documents with a near value, the latest first."""
        if self._lanes is None:
            self._lanes = _Lanes(self._nodes, self._neighbours, self._dead)
        return self._lanes.before(self._nodes[place])

    def _dead(self, place: int) -> bool:
        outcome = self._outcomes[place]
        return outcome is not None and not outcome.alive

    def _judge(self, place: int, targets: Iterable[int] | None = None) -> Outcome:
        node = self._nodes[place]
        claim = node.claim
        echo = claim.kind == "echo"
        if targets is None:
            targets = self._models(place) if echo else (self._cited_places(place) or ())
        for target in targets:
            found = self._outcomes[target]
            if found is not None and found.alive:
                return Outcome(
                    alive=True,
                    root=found.root,
                    value=found.value if echo else claim.value,
                    rests_on=target,
                    echoed=echo or found.echoed,
                )
        if not echo:
            said = self._cited_places(place) or self._once_said(node)
            return Outcome(alive=False, value=claim.value, reason=UNCITED if said else MISQUOTE)
        if self._was_said(node):
            return Outcome(alive=False, value=claim.value, reason=UNECHOED)
        if node.hearsay:
            return Outcome(alive=True, value=claim.value)
        return Outcome(alive=True, root=claim.root, value=claim.value, holds=True)

    def _once_said(self, node: Node) -> bool:
        if self._past is None:
            self._past = {}
            for past in self._recorded:
                self._past.setdefault(past.document.id, []).append(past.claim.value)
        document, own = self._cited(node), node.claim.value
        return any(
            own is None or is_vague(own) or self._comparison.near(own, value)
            for value in self._past.get(document or "", ())
        )

    def _was_said(self, node: Node) -> bool:
        if self._pool is None:
            everything = sorted((*self._nodes, *self._recorded), key=lambda each: each.order)
            self._pool = _Lanes(everything, self._neighbours, lambda _: False)
        return next(self._pool.before(node), None) is not None

    def _settle_group(self, members: list[int]) -> None:
        pending = list(members)
        while pending:
            judged = {place: self._judge(place) for place in pending}
            living = {place: outcome for place, outcome in judged.items() if outcome.alive}
            if not living:
                break
            for place, outcome in living.items():
                self._outcomes[place] = outcome
            pending = [place for place in pending if place not in living]
        if not pending:
            return
        outlets = sorted({self._nodes[place].document.outlet for place in pending})
        root = "circular:" + "+".join(outlets)
        for place in pending:
            self._outcomes[place] = Outcome(
                alive=True, root=root, value=self._nodes[place].claim.value, reason=LOOP, holds=True
            )


class _Lanes:
    """Claims that can be echoed, one lane per stated point, each lane by order of appearance."""

    def __init__(self, nodes: Sequence[Node], neighbours: Neighbours, dead: Callable[[int], bool]) -> None:
        self._nodes = nodes
        self._neighbours = neighbours
        self._dead = dead
        self._numbers: dict[float, list[int]] = {}
        self._words: dict[str, list[int]] = {}
        for place, node in enumerate(nodes):
            if node.hearsay or node.claim.value is None:
                continue
            point = node.claim.value.point
            if point is None or isinstance(point, str):
                self._words.setdefault("" if point is None else point, []).append(place)
            else:
                self._numbers.setdefault(float(point), []).append(place)
        self._seen = [node.order[0] for node in nodes]
        self._around: dict[float | str, list[list[int]]] = {}
        self._below: dict[int, int] = {}

    def before(self, node: Node) -> Iterator[int]:
        """Places of claims of other documents that appeared before `node` and are near it, the latest first."""
        boundary = bisect_left(self._seen, node.seen_at)
        tops = []
        for lane in self._near(node.claim.value):
            position = bisect_left(lane, boundary) - 1
            if position >= 0:
                tops.append((-lane[position], position, lane))
        heapq.heapify(tops)
        while tops:
            negative, position, lane = tops[0]
            if self._dead(-negative):
                position = self._skip(lane, position)
            else:
                if self._nodes[-negative].document.id != node.document.id:
                    yield -negative
                position -= 1
            if position >= 0:
                heapq.heapreplace(tops, (-lane[position], position, lane))
            else:
                heapq.heappop(tops)

    def _near(self, value: Value | None) -> list[list[int]]:
        if value is None:
            return []
        key: float | str = "" if value.point is None else value.point
        if key not in self._around:
            if isinstance(key, str):
                self._around[key] = [self._words[key]] if key in self._words else []
            else:
                around = self._neighbours.around(float(key))
                self._around[key] = [self._numbers[point] for point in around if point in self._numbers]
        return self._around[key]

    def _skip(self, lane: list[int], position: int) -> int:
        """The last position before `position` whose claim is not dead; -1 when there is none. Remembers what it passed."""
        passed = []
        while position >= 0 and self._dead(lane[position]):
            passed.append(lane[position])
            position = self._below.get(lane[position], position - 1)
        for place in passed:
            self._below[place] = position
        return position


def _distance(one: Value | None, other: Value | None) -> float:
    a = one.point if one is not None else None
    b = other.point if other is not None else None
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return 0.0
    return abs(a - b)


def _components(
    size: int, edges: Callable[[int], Iterator[int]], settled: Callable[[int], bool]
) -> Iterator[tuple[list[int], bool]]:
    """Strongly connected components of the unsettled nodes, what they rest on first; and whether each is cyclic.

    The caller settles every component as it comes, before it asks for the next.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    selfish: set[int] = set()
    for start in range(size):
        if settled(start) or start in index:
            continue
        work = [(start, edges(start))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            place, following = work[-1]
            descended = False
            for target in following:
                if target == place:
                    selfish.add(place)
                elif target in on_stack:
                    low[place] = min(low[place], index[target])
                elif not settled(target):
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, edges(target)))
                    descended = True
                    break
            if descended:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[place])
            if low[place] == index[place]:
                members = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    members.append(member)
                    if member == place:
                        break
                yield members, len(members) > 1 or place in selfish
