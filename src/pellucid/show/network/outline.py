"""A graph as an outline: steps one after the other, branches side by side, and what is repeated.

A value that every way from the inputs to the outputs passes cuts the graph in two: what lies
between two such values is either nothing or branches, each of which is cut in the same way. What
cannot be cut (ways that cross) is listed, each step with the names of what it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from pellucid.graph import Graph, Node

DEEPEST = 40
"""How deep branches within branches are followed; what lies deeper is listed."""

LONGEST_PERIOD = 8
"""Of a run of repeated items, in items."""

FOLLOWING = frozenset({"activation", "normalisation", "regularisation", "probabilities"})
"""Families of layers that are drawn in the box of the layer before them."""


@dataclass(frozen=True)
class Step:
    """Layers in one box: one that computes something, and activations, norms and such behind it.

    Attributes:
        nodes: The layers, in order; none for an input.
        source: The input that it is; empty for layers.
        reads: The names of what it reads, where lines do not show it.
    """

    nodes: tuple[Node, ...]
    source: str = ""
    reads: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        """The name of its first value."""
        return self.source or self.nodes[0].name

    @property
    def last(self) -> str:
        """The name of the value that it makes."""
        return self.nodes[-1].name if self.nodes else self.source


@dataclass(frozen=True)
class Branches:
    """Ways side by side, from one value to the step that joins them.

    Attributes:
        ways: Each a series; an empty one is a line.
        joint: The step that reads all of them; none where they end in outputs of their own, or
            where the branches that they are a part of are joined.
    """

    ways: tuple[Series, ...]
    joint: Step | None

    @property
    def last(self) -> str:
        """The name of the value that it makes."""
        return self.joint.last if self.joint is not None else self.ways[-1][-1].last


@dataclass(frozen=True)
class Repeat:
    """Items that come several times in a row.

    Attributes:
        items: What is repeated, as it is the first time.
        count: How often, at least 2.
        last: The name of the value that the last of them makes.
    """

    items: Series
    count: int
    last: str


Item = Step | Branches | Repeat
Series = tuple[Item, ...]


def outline(graph: Graph) -> Series:
    """The outline of a graph, what is repeated folded."""
    return folded(unfolded(graph))


def unfolded(graph: Graph) -> Series:
    """The outline of a graph, every layer at its place."""
    order: list[str] = []
    reads: dict[str, tuple[str, ...]] = {}
    for node in graph.nodes:
        new = [name for name in node.inputs if name in graph.inputs and name not in reads]
        reads |= dict.fromkeys(new, ())
        reads[node.name] = node.inputs
        order += [*new, node.name]
    read = {name for node in graph.nodes for name in node.inputs}
    ends = set(graph.outputs.values()) | {name for name in order if name not in read}
    return _Outliner(graph, reads).series(order, None, ends, final=True)


class _Outliner:
    """Cuts parts of a graph into items."""

    def __init__(self, graph: Graph, reads: dict[str, tuple[str, ...]]) -> None:
        self._nodes = {node.name: node for node in graph.nodes}
        self._reads = reads

    def series(
        self,
        order: Sequence[str],
        entry: str | None,
        ends: set[str],
        *,
        final: bool,
        depth: int = 0,
    ) -> Series:
        """The items of a part.

        Args:
            order: The values of the part, each after what it reads.
            entry: The only value before it that it reads; none: there is none.
            ends: Values that are read behind it.
            final: Whether nothing joins these: they are outputs.
            depth: How many branches it lies within.
        """
        cuts = self._cuts(order, entry, ends)
        if depth > DEEPEST or (not cuts and len(self._parts(order)) == 1):
            return self._listed(order)
        items: list[Item] = []
        start, before = 0, entry
        for cut in (*cuts, len(order)):
            joint = order[cut] if cut < len(order) else None
            inner = order[start:cut]
            if inner:
                if joint is None and not final and before in ends:
                    return self._listed(order)  # it is read behind the part, past what follows it
                joined = set(self._reads[joint]) if joint is not None else ends
                last = final and joint is None
                ways = self._ways(inner, before, joined, joint, final=last, depth=depth + 1)
                if last and len(ways) == 1:
                    return _grouped([*items, *ways[0]])
                items.append(Branches(ways, None if joint is None else self._step(joint)))
            elif joint is not None:
                items.append(self._step(joint))
            start, before = cut + 1, joint
        return _grouped(items)

    def _cuts(self, order: Sequence[str], entry: str | None, ends: set[str]) -> list[int]:
        """The places of the values that every way through a part passes."""
        place = {name: k for k, name in enumerate(order)}
        over = [0] * (len(order) + 1)  # differences of how many edges pass a place by
        for k, name in enumerate(order):
            read = self._reads[name]
            # An input begins a way of its own, from before the part.
            for start in [place.get(each, -1) for each in read if each != entry] or [-1]:
                over[start + 1] += 1
                over[k] -= 1
            if entry is not None and entry in read:
                over[0] += 1
                over[k] -= 1
            if name in ends:
                over[k + 1] += 1
                over[len(order)] -= 1
        found, passing = [], 0
        for k in range(len(order)):
            passing += over[k]
            if not passing:
                found.append(k)
        return found

    def _ways(
        self,
        inner: Sequence[str],
        before: str | None,
        joined: set[str],
        joint: str | None,
        *,
        final: bool,
        depth: int,
    ) -> tuple[Series, ...]:
        """The branches of what lies between two cuts, in the order in which the joint reads."""
        parts = self._parts(inner)
        ways = [
            self.series(part, before, joined & set(part), final=final, depth=depth)
            for part in parts
        ]
        if joint is None:
            return tuple(ways)
        found: list[Series] = []
        left = list(range(len(parts)))
        for name in self._reads[joint]:
            if name == before:
                found.append(())
            for k in [k for k in left if name in parts[k]]:
                found.append(ways[k])
                left.remove(k)
        return (*found, *(ways[k] for k in left))

    def _parts(self, inner: Sequence[str]) -> list[list[str]]:
        """The parts of a part that no edge within it joins."""
        group = {name: name for name in inner}

        def root(name: str) -> str:
            while group[name] != name:
                group[name] = group[group[name]]
                name = group[name]
            return name

        for name in inner:
            for each in self._reads[name]:
                if each in group:
                    group[root(name)] = root(each)
        parts: dict[str, list[str]] = {}
        for name in inner:
            parts.setdefault(root(name), []).append(name)
        return list(parts.values())

    def _listed(self, order: Sequence[str]) -> Series:
        """A part whose ways cross."""
        return tuple(self._step(name, listed=True) for name in order)

    def _step(self, name: str, *, listed: bool = False) -> Step:
        if name not in self._nodes:
            return Step((), name)
        return Step((self._nodes[name],), "", self._reads[name] if listed else ())


def _grouped(items: Sequence[Item]) -> Series:
    """Activations, norms and such put into the box before them."""
    found: list[Item] = []
    for item in items:
        before = found[-1] if found else None
        if not isinstance(item, Step) or item.source or item.reads or not _follows(item):
            found.append(item)
        elif isinstance(before, Step):
            found[-1] = Step((*before.nodes, *item.nodes), before.source, before.reads)
        elif isinstance(before, Branches) and before.joint is not None and _activates(item):
            found[-1] = Branches(before.ways, Step((*before.joint.nodes, *item.nodes)))
        else:
            found.append(item)
    return tuple(found)


def _follows(step: Step) -> bool:
    operation = step.nodes[0].operation
    return operation.family in FOLLOWING or operation.kind == "flatten"


def _activates(step: Step) -> bool:
    """Whether it belongs to the block before it; a norm begins what follows."""
    return step.nodes[0].operation.family == "activation"


# -------------------------------------------------------------------------------------- repeats


def folded(items: Series) -> Series:
    """Items with those that come several times in a row folded into one."""
    found: list[Item] = []
    forms = [exact(item) for item in items]
    start = 0
    while start < len(items):
        period, count = _longest_run(forms, start)
        if count > 1:
            end = start + period * count
            found.append(Repeat(items[start : start + period], count, items[end - 1].last))
            start = end
        else:
            found.append(_inside_folded(items[start]))
            start += 1
    return tuple(found)


def _inside_folded(item: Item) -> Item:
    if isinstance(item, Branches):
        return Branches(tuple(folded(way) for way in item.ways), item.joint)
    return item


def _longest_run(forms: Sequence[Hashable], start: int) -> tuple[int, int]:
    """The period and number of the repeats that cover most items from a place on."""
    best = (1, 1)
    for period in range(1, LONGEST_PERIOD + 1):
        first = forms[start : start + period]
        if any(one == other for one, other in pairwise(first)):
            break  # it has a run within it
        count = 1
        while forms[start + period * count : start + period * (count + 1)] == first:
            count += 1
        if count > 1 and period * count > best[0] * best[1]:
            best = period, count
    return best


def exact(item: Item) -> Hashable:
    """What two items have in common that do the same, whatever their layers are called."""
    return _form(item, lambda node: (node.operation, node.weights))


def alike(item: Item) -> Hashable:
    """What two items have in common that are built alike, with whatever numbers of maps."""
    return _form(item, lambda node: (node.operation.kind, getattr(node.operation, "size", None)))


def _form(item: Item | Series, of: Callable[[Node], Hashable]) -> Hashable:
    if isinstance(item, Step):
        return (item.source, item.reads and item.first, *map(of, item.nodes))
    if isinstance(item, Branches):
        joint = None if item.joint is None else _form(item.joint, of)
        return ("branches", *(_form(way, of) for way in item.ways), joint)
    if isinstance(item, Repeat):
        return ("repeat", item.count, _form(item.items, of))
    return ("series", *(_form(each, of) for each in item))
