"""Max pooling of windows that do not overlap, and the backward pass to the winners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import store_floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.convolution import Store
    from pellucid.engines.native.emit.ir import Function, Index, Value

NONE = 255
"""The winner's number where no gradient flows: ReLU has cut it off. Windows whose winners' numbers
come up to here need more than a byte for them."""


def pool_row(
    f: Function,
    source: Value,
    source_step: tuple[int, int],
    size: tuple[int, int],
    columns: Index,
    vectors: int,
    target: Value,
    target_step: int,
    winners: Value | None,
    *,
    rectify: bool,
    store: Store = store_floats,
) -> None:
    """Append the code for one row of windows.

    Args:
        f: The function.
        source: Pointer to the first window's first position.
        source_step: Floats to the next position, (down, across).
        size: The window's (height, width), which is also its stride.
        columns: How many windows.
        vectors: Vectors at each position.
        target: Pointer to the first result.
        target_step: Elements from a result to the next.
        winners: Pointer to the winners' numbers, bytes that lie as the results do; or none.
        rectify: Whether a ReLU comes with it (before or after makes no difference to a maximum).
        store: What writes the results.
    """
    lanes = f.vectors.lanes
    places = [
        y * source_step[0] + x * source_step[1] for y in range(size[0]) for x in range(size[1])
    ]
    numbers = range(size[0] * size[1])

    def window(j: Index, _: list[Value]) -> list[Value]:
        start = f.at(source, f.multiply(j, size[1] * source_step[1]))
        for v in range(vectors):
            best, winner = largest(f, start, [place + v * lanes for place in places], numbers)
            if rectify:
                best = f.rectify(best)
                alive = f.compare("ogt", best, f.zero)
                winner = f.choose_whole(alive, winner, f.whole(NONE))
            to = f.add(f.multiply(j, target_step), v * lanes)
            store(f, best, target, to)
            if winners is not None:
                f.store_bytes(winner, winners, to)
        return []

    f.loop(0, columns, 1, window)


def largest(
    f: Function, start: Value, offsets: Sequence[int], numbers: Sequence[int]
) -> tuple[Value, Value]:
    """A window's largest value and its number; the first of equals, and the first NaN.

    Args:
        f: The function.
        start: Pointer to the window.
        offsets: Where its positions lie from there, row by row.
        numbers: What each is called.
    """
    best = f.load_vector(start, offsets[0])
    winner = f.whole(numbers[0])
    for offset, number in zip(offsets[1:], numbers[1:], strict=True):
        best, winner = larger(f, best, winner, f.load_vector(start, offset), number)
    return best, winner


def larger(
    f: Function, best: Value, winner: Value, value: Value, number: int | Value
) -> tuple[Value, Value]:
    """The better of what won so far and a new value with its number, known now or a vector."""
    if isinstance(number, int):
        number = f.whole(number)
    more = f.compare("ogt", value, best)
    first_nan = f.both(f.compare("uno", value, value), f.compare("ord", best, best))
    wins = f.either(more, first_nan)
    return f.choose(wins, value, best), f.choose_whole(wins, number, winner)


def unpool_row(
    f: Function,
    gradient: Value,
    winners: Value,
    gradient_step: int,
    size: tuple[int, int],
    columns: int,
    vectors: int,
    target: Value,
    target_step: tuple[int, int],
) -> None:
    """Append the code that hands one row of windows' gradients to their winners."""
    lanes = f.vectors.lanes

    def window(j: Index, _: list[Value]) -> list[Value]:
        start = f.at(target, f.multiply(j, size[1] * target_step[1]))
        for v in range(vectors):
            at = f.add(f.multiply(j, gradient_step), v * lanes)
            value, winner = f.load_vector(gradient, at), f.load_bytes(winners, at)
            for place in range(size[0] * size[1]):
                y, x = divmod(place, size[1])
                won = f.equal(winner, f.whole(place))
                share = f.choose(won, value, f.zero)
                f.store_vector(share, start, y * target_step[0] + x * target_step[1] + v * lanes)
        return []

    f.loop(0, columns, 1, window)
