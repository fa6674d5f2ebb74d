"""Where everything of a drawing lies: from above to below, branches side by side.

Blocks that come more than once are closed boxes with a letter, and drawn open once, at the right.
What is tall is broken into columns.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.ops.operation import describe
from pellucid.show.network.outline import Branches, Repeat, Step, alike, outline
from pellucid.show.network.pieces import TITLE, Line, Piece, Words, box, joined, text_width
from pellucid.show.network.words import form_of, lines, numbers, own_name

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from pellucid.graph import Graph
    from pellucid.show.network.outline import Item, Series

GAP = 26.0
"""Between boxes one above the other, where the arrow and the shape are."""

FORK = 12.0
"""Between a box and the line across that its branches start from."""

BETWEEN = 18.0
"""Between branches."""

COLUMNS = 44.0
"""Between columns."""

TALLEST = 900.0
"""How tall a column becomes before it is broken."""

WIDEST = 1000.0
"""How wide a drawing becomes before columns are taller, and open blocks come below."""

MOST_COLUMNS = 4

MARGIN = 14.0

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def network_drawing(graph: Graph) -> Piece:
    """A graph, laid out."""
    items = outline(graph)
    layout = _Layout(graph, items)
    main = layout.columns(items)
    opened = _beside(main, layout.opened()) or _below(main, layout.opened())
    placed = [piece.moved(MARGIN, MARGIN) for piece in (main, *opened)]
    wide, tall = _extent(main, opened)
    notes = _notes(placed, opened=bool(opened))
    below = tall + 2 * MARGIN + 8
    words = [Words(MARGIN, below + 16.0 * k, note) for k, note in enumerate(notes, 1)]
    wide = 2 * MARGIN + max([wide, *map(text_width, notes)])
    return joined(wide, below + 16.0 * len(notes) + MARGIN, wide / 2, placed, words=words)


def _beside(main: Piece, opened: Sequence[Piece]) -> list[Piece]:
    """Blocks drawn open at the right, in as few columns as are not much taller; empty: no room."""
    for count in range(1, len(opened) + 1):
        x, placed = main.width + COLUMNS, []
        per = -(-len(opened) // count)
        for first in range(0, len(opened), per):
            column, y = opened[first : first + per], 0.0
            for piece in column:
                placed.append((piece, x, y))
                y += piece.height + GAP
            x += max(piece.width for piece in column) + COLUMNS
        tall = max(y + piece.height for piece, _, y in placed)
        if x - COLUMNS <= WIDEST and tall <= max(1.3 * main.height, TALLEST):
            return [piece.moved(x, y) for piece, x, y in placed]
    return []


def _below(main: Piece, opened: Sequence[Piece]) -> list[Piece]:
    """Blocks drawn open below, in rows."""
    x, y, tall, placed = 0.0, main.height + GAP, 0.0, []
    for piece in opened:
        if x and x + piece.width > WIDEST:
            x, y, tall = 0.0, y + tall + GAP, 0.0
        placed.append(piece.moved(x, y))
        x += piece.width + COLUMNS
        tall = max(tall, piece.height)
    return placed


def _extent(main: Piece, opened: Sequence[Piece]) -> tuple[float, float]:
    """How far everything reaches to the right and down."""
    wide, tall = [main.width], [main.height]
    for piece in opened:
        wide += [box.x + box.width for box in piece.boxes]
        wide += [x for line in piece.lines for x, _ in line.points]
        wide += [word.x + text_width(word.text, TITLE) for word in piece.words]
        tall += [y for line in piece.lines for _, y in line.points]
    return max(wide), max(tall)


class _Layout:
    """Lays out the items of one graph.

    Attributes:
        blocks: The blocks that are drawn open once: the first of each kind, by what is alike.
    """

    def __init__(self, graph: Graph, items: Series) -> None:
        self._graph = graph
        counts: Counter[Hashable] = Counter()
        first: dict[Hashable, Branches] = {}
        for block, count in _blocks(items):
            form = alike(block)
            counts[form] += count
            first.setdefault(form, block)
        self.blocks = {form: block for form, block in first.items() if counts[form] > 1}
        if len(self.blocks) > len(LETTERS):
            self.blocks = {}
        self._tags = dict(zip(self.blocks, LETTERS, strict=False))

    # --------------------------------------------------------------------------------- columns

    def columns(self, items: Series) -> Piece:
        """The main way, broken where it becomes too tall, if there is room."""
        pieces = [(item, self._piece(item)) for item in items]
        tall = sum(piece.height + GAP for _, piece in pieces)
        count = min(MOST_COLUMNS, math.ceil(tall / TALLEST))
        while (found := self._broken(pieces, tall, count)).width > WIDEST and count > 1:
            count -= 1
        return found

    def _broken(self, pieces: Sequence[tuple[Item, Piece]], tall: float, count: int) -> Piece:
        """The main way in some columns."""
        parts: list[list[Item]] = [[]]
        filled = 0.0
        for item, piece in pieces:
            # A column is full where half of what comes next would lie below its share.
            if parts[-1] and filled + piece.height / 2 > tall / count * len(parts):
                parts.append([])
            parts[-1].append(item)
            filled += piece.height + GAP
        x, before, changed, shapes = 0.0, "", False, self._graph.shapes
        placed: list[Piece] = []
        turns: list[Line] = []
        words: list[Words] = []
        for part in parts:
            piece = self.series(tuple(part), before).moved(x, 0.0)
            if placed:
                left = placed[-1]
                start = x - COLUMNS - left.width + left.axis
                turn, end = x - COLUMNS / 2, x + piece.axis
                low = left.height + FORK
                corners = (
                    (start, left.height), (start, low), (turn, low), (turn, -FORK), (end, -FORK),
                    (end, 0.0),
                )  # fmt: skip
                turns.append(Line(corners, arrow=not piece.forks))
                if changed:
                    words.append(Words(end + 8.0, -2.0, describe(shapes[before])))
            placed.append(piece)
            earlier = part[-2].last if len(part) > 1 else before
            before = part[-1].last
            changed = shapes[before] != shapes.get(earlier)
            x += piece.width + COLUMNS
        tall = max(piece.height for piece in placed) + (2 * FORK if turns else 0.0)
        whole = joined(x - COLUMNS, tall, placed[0].axis, placed, turns, words)
        return whole.moved(0.0, FORK) if turns else whole

    def opened(self) -> list[Piece]:
        """The blocks that are drawn open, each under its heading."""
        found = []
        for form, block in self.blocks.items():
            name = own_name(block)
            heading = f"{self._tags[form]} · {form_of(block)}" + (f" ({name})" if name else "")
            before = self._entry(block)
            inside = self._branches(block, before)
            shapes = self._graph.shapes
            top = 44.0
            axis = inside.axis
            words = [
                Words(0.0, TITLE, heading, "heading"),
                Words(axis + 8.0, top - 8.0, describe(shapes[before]) if before else ""),
                Words(axis + 8.0, top + inside.height + 18.0, describe(shapes[block.last])),
            ]
            bottom = top + inside.height
            ends = [
                Line(((axis, top - 18.0), (axis, top))),
                Line(((axis, bottom), (axis, bottom + 24.0)), arrow=True),
            ]
            wide = max(
                inside.width, text_width(heading, TITLE) + 10, axis + 8 + text_width(words[1].text)
            )
            found.append(joined(wide, bottom + 26.0, axis, [inside.moved(0.0, top)], ends, words))
        return found

    def _entry(self, block: Branches) -> str:
        """The value that a block reads."""
        for way in block.ways:
            if way:
                return _reads(way[0])
        return ""

    # ---------------------------------------------------------------------------------- pieces

    def series(self, items: Series, before: str, *, joins: bool = False) -> Piece:
        """Items one below the other; an empty series is a line.

        Args:
            items: The items.
            before: The value that comes in; its shape is not written again.
            joins: Whether a joint follows.
        """
        if not items:
            return Piece(24.0, 0.0, 12.0)
        shapes = self._graph.shapes
        pieces = _evened(
            [
                self._piece(item, read, joins=joins)
                for item, read in zip(items, (before, *(each.last for each in items)), strict=False)
            ]
        )
        axis = max(piece.axis for piece in pieces)
        placed: list[Piece] = []
        arrows: list[Line] = []
        words: list[Words] = []
        y, wide = 0.0, 0.0
        written = shapes.get(before)
        for k, (item, piece) in enumerate(zip(items, pieces, strict=True)):
            placed.append(piece.moved(axis - piece.axis, y))
            wide = max(wide, axis - piece.axis + piece.width)
            y += piece.height
            if k == len(items) - 1:
                break
            following = items[k + 1]
            if isinstance(following, Step) and following.reads:  # words say what it reads
                y += GAP / 2
                continue
            arrows.append(Line(((axis, y), (axis, y + GAP)), arrow=not pieces[k + 1].forks))
            shape = shapes[item.last]
            if shape != written:
                words.append(Words(axis + 8.0, y + GAP / 2 + 4.0, describe(shape)))
                wide = max(wide, axis + 12.0 + text_width(words[-1].text))
                written = shape
            y += GAP
        return joined(wide, y, axis, placed, arrows, words, forks=pieces[0].forks)

    def _piece(self, item: Item, before: str = "", *, joins: bool = False) -> Piece:
        if isinstance(item, Step):
            return self._step(item)
        if isinstance(item, Repeat):
            return self._repeat(item, before)
        tag = self._tags.get(alike(item))
        if tag is not None:
            return self._closed(item, tag)
        return self._branches(item, before, joins=joins)

    def _step(self, step: Step) -> Piece:
        family = step.nodes[0].operation.family if step.nodes and not step.source else ""
        return box(lines(step, self._graph), family)

    def _closed(self, block: Branches, tag: str) -> Piece:
        title = own_name(block) or form_of(block)
        below = [numbers(block, self._graph)]
        assert block.joint is not None
        return box([title, *filter(None, below)], block.joint.nodes[0].operation.family, tag)

    def _repeat(self, repeat: Repeat, before: str) -> Piece:
        inside = self.series(repeat.items, before)
        left, tall = inside.width + 8.0, inside.height
        bracket = ((left - 4, 0.0), (left, 0.0), (left, tall), (left - 4, tall))
        times = Words(left + 6.0, tall / 2 + 5.0, f"×{repeat.count}", "times")
        wide = left + 10.0 + text_width(times.text, TITLE)
        return joined(
            wide, tall, inside.axis, [inside], [Line(bracket)], [times], forks=inside.forks
        )

    def _branches(self, block: Branches, before: str, *, joins: bool = False) -> Piece:
        joins = joins or block.joint is not None
        ways = [self.series(way, before, joins=joins) for way in block.ways]
        inputs = all(_begins_with_input(way) for way in block.ways)
        top = 0.0 if inputs else 2 * FORK
        tall = max(way.height for way in ways)
        x, placed, links = 0.0, [], []
        axes = []
        for way in ways:
            placed.append(way.moved(x, top))
            axes.append(x + way.axis)
            x += way.width + BETWEEN
        wide = x - BETWEEN
        axis = (axes[0] + axes[-1]) / 2
        for way, at in zip(ways, axes, strict=True):
            if not inputs:
                links.append(Line(((at, FORK), (at, top)), arrow=way.height > 0 and not way.forks))
            if joins:
                links.append(Line(((at, top + way.height), (at, top + tall + FORK))))
        if not inputs:
            links += [Line(((axis, 0.0), (axis, FORK))), Line(((axes[0], FORK), (axes[-1], FORK)))]
        bottom = top + tall
        if joins:
            bottom += FORK
            links.append(Line(((axes[0], bottom), (axes[-1], bottom))))
        if block.joint is not None:
            joint = self._step(block.joint)
            links.append(Line(((axis, bottom), (axis, bottom + FORK + 4)), arrow=True))
            bottom += FORK + 4
            shift = max(0.0, joint.axis - axis)
            placed.append(joint.moved(axis - joint.axis, bottom))
            bottom += joint.height
            if shift:
                whole = joined(wide, bottom, axis, placed, links).moved(shift, 0.0)
                wide = max(wide + shift, axis + shift + joint.width - joint.axis)
                return joined(wide, bottom, axis + shift, [whole], forks=not inputs)
            wide = max(wide, axis + joint.width - joint.axis)
        return joined(wide, bottom, axis, placed, links, forks=not inputs)


def _blocks(items: Series, times: int = 1) -> Iterable[tuple[Branches, int]]:
    """The outermost blocks with a joint, and how often each comes."""
    for item in items:
        if isinstance(item, Repeat):
            yield from _blocks(item.items, times * item.count)
        elif isinstance(item, Branches):
            if item.joint is not None and not _begins_with_input(item.ways[0]):
                yield item, times
            else:
                for way in item.ways:
                    yield from _blocks(way, times)


def _evened(pieces: list[Piece]) -> list[Piece]:
    """Pieces of which those of one box, with or without a bracket, are as wide as the widest."""
    wide = max([0.0, *(piece.boxes[0].width for piece in pieces if len(piece.boxes) == 1)])
    return [_widened(piece, wide) if len(piece.boxes) == 1 else piece for piece in pieces]


def _widened(piece: Piece, wide: float) -> Piece:
    (only,) = piece.boxes
    more = wide - only.width
    moved = replace(piece, boxes=()).moved(more, 0.0)  # the bracket at its right
    boxes = (replace(only, width=wide),)
    return replace(moved, boxes=boxes, width=piece.width + more, axis=piece.axis + more / 2)


def _begins_with_input(way: Series) -> bool:
    first = way[0] if way else None
    if isinstance(first, Branches | Repeat):
        inside = first.items if isinstance(first, Repeat) else first.ways[0]
        return _begins_with_input(inside)
    return isinstance(first, Step) and bool(first.source)


def _reads(item: Item) -> str:
    """The first value that an item reads."""
    if isinstance(item, Step):
        return item.nodes[0].inputs[0] if not item.source else ""
    if isinstance(item, Repeat):
        return _reads(item.items[0])
    return next((_reads(way[0]) for way in item.ways if way), "")


def _notes(placed: Sequence[Piece], *, opened: bool) -> list[str]:
    """What the marks mean, as far as there are any."""
    notes = ["Beside arrows, rows×columns×channels of what flows, where it changes."]
    if any(word.kind == "times" for piece in placed for word in piece.words):
        notes.append("×n: n in a row, each with weights of its own.")
    if opened:
        notes.append(
            "Letters: blocks that are drawn open once, with the numbers of their first place."
        )
    return notes
