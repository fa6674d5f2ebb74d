"""One value of a network, opened into everything that made it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.explain.downstream import Use, downstream
from pellucid.explain.records import number, numbers, record
from pellucid.graph import INPUT
from pellucid.record import Record
from pellucid.renamed import OldAttribute, old_names
from pellucid.short_repr import short_repr
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.explain.activations import Activations, Position
    from pellucid.graph import Node
    from pellucid.ops.operation import Array
    from pellucid.ops.terms import Terms


@dataclass(frozen=True)
class Pixel:
    """A value that nothing computes: one channel of one pixel.

    Attributes:
        layer: ``"input"``.
        at: (row, column, channel), from 0.
        value: 0..255.
    """

    at: Position
    value: float
    layer: str = INPUT

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"layer": self.layer, "at": list(self.at), "value": self.value}


@short_repr
@dataclass(frozen=True, eq=False)
class Folding:
    """A batch norm and the layer before it, which predict as one: its kernel times the scale.

    Attributes:
        layer: The layer before the norm, whose own value prediction never makes.
        before: That value, computed separately.
        scale: γ / √(σ² + ε) of the channel.
        stored: The layer's own weight of each term; times the scale it is the term's factor.
    """

    layer: str
    before: float
    scale: float
    stored: Array

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "layer": self.layer,
            "before": number(self.before),
            "scale": number(self.scale),
            "stored": numbers(self.stored),
        }


@short_repr
@dataclass(frozen=True, eq=False)
class ValueTerms(Record):
    """One output value of a layer, opened into all its terms.

    Attributes:
        activations: The picture in its network.
        node: The layer, as the predicting program computes it: where a batch norm is folded into
            the layer before, both in one, under the norm's name.
        at: The place of the value in the layer's output.
        value: What the engine computed there.
        terms: The arithmetic behind it; see :class:`pellucid.ops.terms.Terms`.
        details: What else the operation knows of this value; see ``docs/records.md``.
        folding: What was folded together; none for all other layers.
    """

    record_kind: ClassVar[str] = "value"
    activations: Activations
    node: Node
    at: Position
    value: float
    terms: Terms
    details: dict[str, Any]
    folding: Folding | None = None

    subject = OldAttribute("activations")

    @classmethod
    def of(cls, activations: Activations, layer: str, at: Sequence[int]) -> ValueTerms:
        """Open a value.

        Args:
            activations: The picture in its network.
            layer: A layer's name; ``"probabilities"`` or ``"numbers"`` for what users read.
            at: (row, column, channel) or (unit,), from 0.

        Raises:
            ArgumentError: If there is no such layer, or the position lies outside its output.
        """
        node = activations.node(layer)
        place = activations.position(layer, at)
        value = float(activations.values[layer][place])
        inputs, weights = activations.inputs_of(node), activations.weights_of(node)
        terms = node.operation.terms(inputs, weights, place)
        details = node.operation.details(terms, inputs, weights, place)
        folded = activations.program.folded(layer)
        if folded is None:
            return cls(activations, node, place, value, terms, details)
        (before,), norm = node.inputs, terms
        made, own = folded
        terms = made.operation.terms(activations.inputs_of(made), own, place)
        kernel = activations.weights_of(activations.graph[before])["kernel"]
        assert terms.weights is not None  # factors of what a norm is folded into
        folding = Folding(
            before,
            float(norm.values[0]),
            float(norm.factors[0]),
            np.asarray(kernel[tuple(terms.weights.T)], np.float64),
        )
        return cls(activations, made, place, value, terms, details, folding)

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.node.name

    @property
    def kind(self) -> str:
        """The layer's operation."""
        return self.activations.graph[self.layer].operation.kind

    @property
    def predicted(self) -> bool:
        """Whether prediction makes this value, and not only what a norm behind makes of it."""
        return self.layer not in self.activations.program.unpredicted

    def __len__(self) -> int:
        return len(self.terms.values)

    @property
    def difference(self) -> float:
        """The terms added up in float64, minus the predicted value: float32's rounding."""
        return self.terms.total - self.value

    @property
    def relative_difference(self) -> float:
        """The difference as a share of what was added up: of all terms' and the bias' sizes.

        Terms that cancel leave a small value with the rounding of large ones, so that a share of
        the value itself would measure the cancelling.
        """
        size = max(abs(self.value), abs(self.terms.total))
        if self.terms.rule in ("sum", "sampled"):
            size = max(size, float(np.abs(self.terms.products).sum()) + abs(self.terms.bias))
        return abs(self.difference) / size if size else abs(self.difference)

    def source(self, i: int) -> tuple[str, Position]:
        """Where the i-th term reads: a layer's name, or ``input``, and the position there.

        Raises:
            ArgumentError: If there are fewer terms.
        """
        if not 0 <= i < len(self):
            raise ArgumentError(
                f"{self.layer}{list(self.at)} is made of {counted(len(self), 'term')}, 0 to "
                f"{len(self) - 1}; got {i!r:.40}"
            )
        branch, at = self.terms.source(i)
        return self.node.inputs[branch], at

    def input(self, i: int) -> ValueTerms | Pixel:
        """Open what the i-th term reads; in the end that is a pixel.

        Raises:
            ArgumentError: If there are fewer terms.
        """
        layer, at = self.source(i)
        if layer == INPUT:
            return Pixel(at, float(self.activations.values[INPUT][at]))
        return ValueTerms.of(self.activations, layer, at)

    @cached_property
    def weights(self) -> list[tuple[str, Position] | None]:
        """The stored weight of each term: its full name and place; none where there is none.

        A batch norm's factor is made of several weights: see its details instead.
        """
        if self.terms.weights is None:
            return [None] * len(self)
        layer = self.layer if self.folding is None else self.folding.layer
        name = f"{self.activations.graph[layer].store}.{self.terms.weight}"
        return [(name, tuple(place)) for place in self.terms.weights.tolist()]

    uses = OldAttribute("downstream")

    @cached_property
    def downstream(self) -> tuple[Use, ...]:
        """What activations, norms and poolings behind the layer make of the value."""
        return downstream(self.activations, self.layer, self.at)

    def largest(self, count: int | None = None) -> list[int]:
        """The numbers of the terms, the largest contribution (by size) first."""
        order = np.argsort(-np.abs(self.terms.products), kind="stable")
        return [int(i) for i in order[:count]]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/records.md``."""
        terms = []
        for i in range(len(self)):
            layer, at = self.source(i)
            weight = self.weights[i]
            terms.append(
                {
                    "layer": layer,
                    "at": list(at),
                    "value": number(self.terms.values[i]),
                    "factor": number(self.terms.factors[i]),
                    "product": number(self.terms.products[i]),
                    "weight": None
                    if weight is None
                    else {"name": weight[0], "at": list(weight[1])},
                }
            )
        return record(
            "value",
            layer=self.layer,
            operation=self.kind,
            at=list(self.at),
            value=number(self.value),
            engine=self.activations.engine,
            predicted=self.predicted,
            folding=None if self.folding is None else self.folding.to_dict(),
            rule=self.terms.rule,
            terms=terms,
            bias=number(self.terms.bias),
            own=self.terms.own,
            total=number(self.terms.total),
            difference=number(self.difference),
            relative_difference=number(self.relative_difference),
            details={key: numbers(value) for key, value in self.details.items()},
            uses=[use.to_dict() for use in self.downstream],
        )


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
