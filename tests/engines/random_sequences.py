"""What draws operations on sequences, between a map whose places they are and a flat vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops

if TYPE_CHECKING:
    from tests.engines.random_graphs import Growing


def _places(growing: Growing) -> str:
    """The places of a map, squashed, so that no gate is shut for good."""
    source = growing.any_value(maps=True)
    return growing.add(
        ops.Reshape((-1, growing.shapes[source][2])), growing.add(ops.Tanh(), source)
    )


def _recurrent(growing: Growing, kind: type[ops.GRU | ops.LSTM], states: int) -> str:
    units = growing.draw.choice((1, 3, 16, 16))
    inputs = [_places(growing)]
    if growing.draw.random() < 0.5:
        flat = growing.add(ops.Flatten(), inputs[0])
        inputs += [
            growing.add(ops.Tanh(), growing.add(ops.Dense(units), flat)) for _ in range(states)
        ]
    return growing.add(ops.Flatten(), growing.add(kind(units), *inputs))


def gru(growing: Growing) -> str:
    """From zeros, or from a state made of a vector; of units that fill vectors or do not."""
    return _recurrent(growing, ops.GRU, 1)


def lstm(growing: Growing) -> str:
    """From zeros, or from a state and a cell; of units that fill vectors or do not."""
    return _recurrent(growing, ops.LSTM, 2)


def matrix_product(growing: Growing) -> str:
    """A sequence with itself, transposed; and perhaps its rows weighted by that."""
    places = _places(growing)
    score = ops.MatrixProduct(transposed=True, scaled=growing.draw.random() < 0.5)
    found = growing.add(score, places, places)
    if growing.draw.random() < 0.6:
        found = growing.add(ops.MatrixProduct(), growing.add(ops.Softmax(), found), places)
    return growing.add(ops.Flatten(), found)
