"""The lecture's story of a picture in a network: each kind of step once, then the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from pellucid.graph import INPUT
from pellucid.numerals import compared, place, short
from pellucid.numerals import figure as written
from pellucid.ops import Conv2D
from pellucid.ops.operation import describe
from pellucid.show import document as d
from pellucid.show.html import HOLE
from pellucid.show.sentences import detail_lines, rule_in_words
from pellucid.show.story_answers import answer_parts
from pellucid.show.story_ends import judges_section, learning_section
from pellucid.show.sums import LARGEST_GRID, factored, prose, sum_of_products
from pellucid.show.titles import headline
from pellucid.show.trace import draw_trace, layer_values
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pellucid.explain.story import Story, StoryStep
    from pellucid.explain.value_terms import ValueTerms
    from pellucid.ops.window import Padding

MOST_LINES, ENDS = 12, 4
"""How many steps in a row are printed in a line each; of more, how many at either end."""

MOST_CHANNELS = 3
"""How many channels of a convolution's sum are shown product by product."""

CHOSEN = ("normalise", "propose")
"""Operations of which a value is looked at that the story needs, and not the strongest."""

COLOURS = ("red", "green", "blue")


def story_document(story: Story, *, picture: str = "") -> d.Document:
    """The story, step by step: each kind of step in full once, the others in a line.

    Args:
        story: The story.
        picture: What the picture is called.
    """
    title = headline(story.activations, picture)
    return d.Document(
        title,
        (
            d.Section("What the network sees", list(_picture(story)), printed=False),
            *_steps(story),
            judges_section(story),
            learning_section(story),
        ),
        drawing=lambda: draw_trace(story.trace, title),
        printed=False,
    )


def _steps(story: Story) -> Iterator[d.Section]:
    """A section for each step in full, and for others that follow each other in a line each."""
    lines: list[list[d.Part]] = []
    for described in story.steps[1:-1]:
        logits = described.step.name == story.activations.logits
        parts = list(answer_parts(story, described) if logits else _step(story, described))
        if described.step.name == story.path[-1][0] != story.activations.logits:
            parts.append(
                prose("Nothing reads this value any further; the story goes on without it.")
            )
        if not (logits and story.backward.of_numbers):  # whose table has them already
            parts.append(d.Only("page", layer_values(described.step)))
        if not (described.full or logits):
            lines.append(parts)
            continue
        if lines:
            yield d.Section("", _ends_printed(lines))
            lines = []
        yield d.Section(_head(described), parts, printed=False)
    if lines:
        yield d.Section("", _ends_printed(lines))


def _ends_printed(lines: Sequence[list[d.Part]]) -> list[d.Part]:
    """Steps in a line each; of many, a terminal shows those at both ends, and a page all."""
    count = len(lines) - 2 * ENDS
    if len(lines) <= MOST_LINES:
        return [part for parts in lines for part in parts]
    first, between, last = lines[:ENDS], lines[ENDS:-ENDS], lines[-ENDS:]
    more = f"… and {counted(count, 'more step')}; --out story.html or --json has them all …"
    return [
        *(part for parts in first for part in parts),
        d.Only("terminal", [prose(more, hanging=4)]),
        *(d.Only("page", parts) for parts in between),
        *(part for parts in last for part in parts),
    ]


def _step(story: Story, described: StoryStep) -> Iterator[d.Part]:
    if described.full:
        yield from _in_full(story, described)
    else:
        yield prose(_line(described), hanging=4)


def _picture(story: Story) -> Iterator[d.Part]:
    window, pixels = story.window, story.activations.pixels
    channels = pixels.shape[2]
    colours = f"{channels} channels" if channels > 1 else "one channel"
    (top, left), (bottom, right) = window.first, window.last
    yield d.Only("page", layer_values(story.steps[0].step))
    yield prose(
        f"What the network sees: {describe(pixels.shape[:2])} pixels (rows×columns) of {colours}, "
        "each 0 to 255. "
        f"Where the story looks, rows {top} to {bottom} and columns {left} to {right} (all "
        "positions count from 0):"
    )
    if story.is_flat:
        yield prose(
            "Pixels are nearly alike in all windows of this picture, so that there is little to "
            "see in the sums that follow; another picture shows more."
        )
    names = [_channel(story, INPUT, c) or "pixels" for c in range(channels)]
    yield d.Grids({name: window.pixels[..., c].tolist() for c, name in enumerate(names)})


def _in_full(story: Story, described: StoryStep) -> Iterator[d.Part]:
    opened = described.opened
    assert opened is not None
    operation, kind = story.activations.graph[opened.layer].operation, described.step.kind
    if isinstance(operation, Conv2D):
        yield from _convolution(story, opened, operation)
    elif operation.family == "pooling":
        yield from _pooling(described, opened)
    elif kind == "flatten":
        yield from _flattening(described, opened)
    elif operation.words:
        zeroed = f" {described.zeroed:,} of {described.step.values.size:,} values become 0."
        here = _here(described)
        yield prose(
            f"{_head(described)}: {operation.words}.{zeroed if described.zeroed else ''} "
            f"{here[0].upper()}{here[1:]}.",
        )
    elif described.step.name == story.start.layer:
        yield prose(
            f"{_head(described)}. The network has no convolution; we take unit {opened.at[0]}, "
            f"{written(opened.value)}, the sum of {counted(len(opened), 'product')}, and follow "
            "it.",
        )
    else:
        yield prose(f"{_head(described)}: {_here(described)}.")
        for line in detail_lines(opened):
            yield prose(line, 2, 2)


def _convolution(story: Story, opened: ValueTerms, operation: Conv2D) -> Iterator[d.Part]:
    height, width, maps = story.activations.shape(opened.layer)
    row, column, map_ = opened.at
    (source,) = opened.node.inputs
    read = story.activations.shape(source)[2] // operation.groups
    yield prose(
        f"Step 1, convolution ({opened.layer}): {counted(maps, 'kernel')} of "
        f"{describe((*operation.size, read))} slide over what the layer is given, stride "
        f"{_pair(operation.stride)}, padding {_padding(operation.padding)}, and every position "
        f"gives the sum of the elementwise products: {counted(maps, 'feature map')} of "
        f"{height}×{width}. Of the liveliest, map {map_}, we take the value at row {row}, column "
        f"{column}, and follow it from here on:",
    )
    terms, places = opened.terms, opened.weights
    channels = terms.sources[:, -1]
    by_channel = {int(c): np.flatnonzero(channels == c) for c in np.unique(channels)}
    totals = {c: float(terms.products[which].sum()) for c, which in by_channel.items()}
    chosen = sorted(sorted(totals, key=lambda c: -abs(totals[c]))[:MOST_CHANNELS])
    for c in chosen:
        which = by_channel[c]
        at = [weight[1][:2] for weight in (places[i] for i in which) if weight is not None]
        name = _channel(story, source, c)
        if max(operation.size) <= LARGEST_GRID:
            columns = {name or "what it sees": terms.values, f"kernel {map_}": terms.factors}
            columns["products"] = terms.products
            grids = {
                title: _laid_out(operation.size, at, each[which]) for title, each in columns.items()
            }
            yield d.Grids(grids)
        line = sum_of_products(terms.values[which], terms.factors[which])
        yield prose(f"{name + ': ' if name else ''}{line} = {written(totals[c])}", 2, 2)
    parts = [written(totals[c]) for c in chosen]
    if len(totals) > len(chosen):
        rest = sum(total for c, total in totals.items() if c not in chosen)
        parts.append(f"{counted(len(totals) - len(chosen), 'other channel')} {written(rest)}")
    if terms.bias:
        parts.append(f"bias {written(terms.bias)}")
    if len(parts) > 1:
        yield prose(f"together: {' + '.join(parts)} = {written(terms.total)}", 2, 2)
    yield d.Only("terminal", [d.Text("")])
    whole = len(opened) == operation.size[0] * operation.size[1] * len(totals)
    hole = "" if whole else f"The kernel hangs over the edge ({HOLE}), where zeros are read. "
    total, engine, difference = compared(terms.total, opened.value)
    yield prose(
        f"{hole}With all digits the sum is {total}; the engine's value is {engine}; the difference "
        f"is {difference}. (Products are printed with three digits, and added up with all.)",
    )


def _pooling(described: StoryStep, opened: ValueTerms) -> Iterator[d.Part]:
    terms, operation = opened.terms, opened.node.operation
    windows = ""
    window = getattr(operation, "window", None)
    if window is not None:
        windows = f" by windows of {describe(window.size)}, stride {_pair(window.stride)}"
    whose = "" if described.passes else ", its strongest"
    yield prose(f"{_head(described)}{windows}. What makes the value at {place(opened.at)}{whose}:")
    rows, columns = (np.unique(terms.sources[:, axis]) for axis in (1, 2))
    if max(len(rows), len(columns)) <= LARGEST_GRID:
        at = [(row - rows[0], column - columns[0]) for row, column in terms.sources[:, 1:3]]
        size = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        title = f"rows {rows[0]} to {rows[-1]}, columns {columns[0]} to {columns[-1]}"
        yield d.Grids({title: _laid_out(size, at, terms.values)})
    if terms.rule == "maximum":
        _, winner = opened.source(terms.own)
        ours = ", the value we follow" if described.term == terms.own else ""
        yield prose(
            f"The largest wins: {written(opened.value)} at row {winner[0]}, column {winner[1]}"
            f"{ours}.",
        )
        return
    rule = f"the mean of {counted(len(opened), 'value')}"
    if terms.weight is not None:
        rule = f"{written(terms.factors[0])} × each, {rule_in_words(opened)}"
    yield prose(f"It is {written(opened.value)}, {rule}{_brings(described)}.")


def _flattening(described: StoryStep, opened: ValueTerms) -> Iterator[d.Part]:
    step, (_, origin) = described.step, opened.source(0)
    shape = step.activations.shape(opened.node.inputs[0])
    text = (
        f"Step 3, flattening ({step.name}): row by row, and at each place map by map, "
        f"into one vector of {step.shape[0]:,} numbers."
    )
    if len(shape) == 3:
        row, column, map_ = origin
        _, width, maps = shape
        ours = "the value we follow" if described.passes else "its strongest value"
        text += (
            f" Row {row}, column {column}, map {map_}, {ours}, becomes entry "
            f"({row}·{width} + {column})·{maps} + {map_} = {opened.at[0]}: {written(opened.value)}."
        )
    yield prose(text)


def _head(described: StoryStep) -> str:
    title = described.step.title
    return (
        f"{title[0].upper()}{title[1:]} ({described.step.name}), {describe(described.step.shape)}"
    )


def _line(described: StoryStep) -> str:
    """A step in a line."""
    title = re.sub(r"^step [^,]*, ", "", described.step.title)
    head = f"{described.step.name} ({title}), {describe(described.step.shape)}"
    return f"{head}; {_here(described)}." if described.opened else f"{head}."


def _here(described: StoryStep) -> str:
    """What this step makes of the value that is looked at."""
    opened = described.opened
    assert opened is not None
    whose = "" if described.passes or described.step.kind in CHOSEN else "its strongest value, "
    at, value, terms = f"{whose}at {place(opened.at)}", written(opened.value), opened.terms
    if terms.rule == "maximum":
        return f"{at}: {value}{', ours wins' if described.term == terms.own else ''}"
    if opened.folding is not None:
        return f"{at}: {written(opened.folding.before)} → {value}"
    if len(opened) == 1:
        return f"{at}: {written(float(terms.values[0]))} → {value}"
    if terms.rule == "product":
        return f"{at}: {' · '.join(map(written, terms.values))} = {value}"
    if described.step.kind == "add":
        return f"{at}: {' + '.join(map(written, terms.values))} = {value}"
    if described.term is None or terms.rule != "sum":
        return f"{at}: {value}"
    return f"{at}: {value}, {short(terms.products[described.term])} of it from ours"


def _brings(described: StoryStep) -> str:
    """What the followed value has of a pooling's sum."""
    opened, i = described.opened, described.term
    if opened is None or i is None:
        return ""
    product = factored(written(opened.terms.values[i]), written(opened.terms.factors[i]))
    return f"; ours brings {product} = {written(opened.terms.products[i])}"


def _channel(story: Story, source: str, channel: int) -> str:
    """What a channel is called; nothing where there is but one."""
    channels = story.activations.shape(source)[2]
    if channels == 1:
        return ""
    pixels = source == INPUT or story.activations.graph[source].operation.kind == "normalise"
    return COLOURS[channel] if pixels and channels == 3 else f"channel {channel}"


def _padding(padding: Padding) -> str:
    """A convolution's padding: its name, or the pixels on each side."""
    if isinstance(padding, str):
        return padding
    sides = {side for axis in padding for side in axis}
    if len(sides) == 1:
        return str(sides.pop())
    (top, bottom), (left, right) = padding
    return f"{top} above, {bottom} below, {left} left, {right} right"


def _pair(numbers: tuple[int, int]) -> str:
    """A stride down and across, which mostly are one number."""
    return str(numbers[0]) if numbers[0] == numbers[1] else describe(numbers)


def _laid_out(
    size: tuple[int, int], at: Sequence[tuple[int, ...]], numbers: NDArray[np.float64]
) -> list[list[float | None]]:
    """Numbers as a table of some rows and columns, by their places in it."""
    cells: list[list[float | None]] = [[None] * size[1] for _ in range(size[0])]
    for (row, column), number in zip(at, numbers.tolist(), strict=True):
        cells[row][column] = number
    return cells
