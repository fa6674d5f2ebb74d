"""One way to learn: what is minimised, what changes, and by which rule."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING

from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.graph import Graph, Node
from pellucid.ops.types import Type
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Parameter
    from pellucid.optimizers import Optimizer


@dataclass(frozen=True)
class Learning:
    """A loss and an update rule, from when a network had one way to learn; see :class:`Step`.

    Attributes:
        loss: On the logits.
        optimizer: The update rule.
        seed: Of the random numbers drawn in training, 0 .. 2³² − 1.
    """

    loss: Loss
    optimizer: Optimizer
    seed: int = 0


LOSS, TARGETS = "loss", "targets"
"""What :func:`with_loss` calls the loss's node and output, and the input of what is wanted."""


@short_repr
@dataclass(frozen=True)
class Step:
    """One way to learn, fixed when a program is made, so that an engine can compile it.

    Names of weights are matched by patterns, as those of files are by a shell: ``head.*``, ``*``.

    Attributes:
        graph: From the inputs to the losses; it may have further outputs, which the step returns.
        optimizer: The update rule; each step brings its learning rate.
        loss: The output that is minimised: one number for the batch. Or several outputs, each with
            its weight, of which the weighted sum is minimised: GoogLeNet's (Szegedy et al. 2014,
            section 5) are ``{"loss": 1.0, "side1": 0.3, "side2": 0.3}``.
        trains: Which weights change, by their full names. Others get no gradient, and what lies
            before the first that changes costs nothing on the way backward.
        running_statistics: Which norms use their running statistics instead of the batch's, by the
            full names of these statistics. Said apart from ``trains``: of a trained body that is
            transferred, both are fixed; a discriminator in its generator's step does not change,
            but goes on using the batch's statistics. A norm's running statistics are updated where
            it uses the batch's and they are among ``trains``; in the order of the nodes.
        seed: Of the random numbers drawn in training (dropout), 0 .. 2³² − 1.

    Raises:
        ArgumentError: If a loss is no number for the batch, its weight is no finite number, or a
            pattern matches no weight.
    """

    graph: Graph
    optimizer: Optimizer
    loss: str | Mapping[str, float] = LOSS
    trains: tuple[str, ...] = ("*",)
    running_statistics: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.loss, str):  # a copy, which nobody changes
            object.__setattr__(self, "loss", dict(self.loss))
        if not self.losses:
            raise ArgumentError("a step minimises at least one output of its graph, got none")
        for name, weight in self.losses.items():
            _check_loss(self.graph, name, weight)
        for pattern in (*self.trains, *self.running_statistics):
            if not any(fnmatchcase(str(name), pattern) for name in self.graph.parameters):
                if pattern == "*":
                    continue
                raise ArgumentError(f"no weight of the network is called {brief(pattern)}")

    @classmethod
    def of(
        cls,
        graph: Graph,
        loss: Loss,
        optimizer: Optimizer,
        *,
        trains: tuple[str, ...] = ("*",),
        running_statistics: tuple[str, ...] = (),
        seed: int = 0,
    ) -> Step:
        """A step that brings a network's only output near to its targets, see :func:`with_loss`."""
        return cls(
            with_loss(graph, loss),
            optimizer,
            trains=trains,
            running_statistics=running_statistics,
            seed=seed,
        )

    def __hash__(self) -> int:
        losses = tuple(self.losses.items())
        return hash(
            (self.graph, self.optimizer, losses, self.trains, self.running_statistics, self.seed)
        )

    @property
    def losses(self) -> dict[str, float]:
        """The weight of each output that is minimised, by name."""
        return {self.loss: 1.0} if isinstance(self.loss, str) else dict(self.loss)

    @cached_property
    def minimised(self) -> dict[str, float]:
        """The weight of each value that is minimised, by the value's name."""
        found: dict[str, float] = {}
        for name, weight in self.losses.items():
            value = self.graph.outputs[name]
            found[value] = found.get(value, 0.0) + weight
        return found

    def total(self, outputs: Mapping[str, Array]) -> float:
        """What is minimised, of a step's outputs: the weighted sum of its losses."""
        return sum(weight * float(outputs[name]) for name, weight in self.losses.items())

    @cached_property
    def trained(self) -> dict[str, Parameter]:
        """The parameters that the optimizer changes, by full name."""
        return {
            str(name): parameter
            for name, parameter in self.graph.parameters.items()
            if parameter.trainable and self._among(str(name), self.trains)
        }

    def normalises_by_batch(self, node: Node) -> bool:
        """Whether a node that has statistics uses the batch's."""
        return not any(self._among(name, self.running_statistics) for name in self._followed(node))

    def updates_statistics(self, node: Node) -> bool:
        """Whether a node's running statistics change."""
        followed = self._followed(node)
        return self.normalises_by_batch(node) and any(
            self._among(name, self.trains) for name in followed
        )

    def _followed(self, node: Node) -> list[str]:
        own = node.operation.parameters(*self.graph.inputs_of(node))
        return [f"{node.store}.{name}" for name, each in own.items() if not each.trainable]

    @staticmethod
    def _among(name: str, patterns: tuple[str, ...]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)


def with_loss(
    graph: Graph,
    loss: Loss,
    *,
    name: str = LOSS,
    targets: str = TARGETS,
    of: str | None = None,
    against: str | None = None,
) -> Graph:
    """A graph with a loss of one of its values, and an input for what is wanted there.

    Called again, it adds a further loss; with ``against`` all of them compare the same targets.

    Args:
        graph: The network.
        loss: The loss.
        name: Of the loss's node and of its output; a number is added where it is taken.
        targets: Of the input; a number is added where it is taken.
        of: The value that is compared; by default the only output.
        against: A value that there is, to compare with in the place of a new input: targets that
            another loss compares, or what the network itself has computed, which then gets no
            gradient from this loss.

    Raises:
        ShapeError: If the loss cannot compare these.
        ArgumentError: If there is no such value.
    """
    value = graph.output if of is None else graph.value(of)
    taken = {*graph.types, *graph.outputs}
    name, targets = _free(name, taken), _free(targets, taken)
    inputs = {targets: Type(loss.target_shape(graph.shapes[value]))}
    if against is not None:
        targets, inputs = graph.value(against), {}
    return graph.extend([Node(name, loss, (value, targets))], {**graph.outputs, name: name}, inputs)


def _check_loss(graph: Graph, name: str, weight: object) -> None:
    """Check an output that is minimised, and its weight.

    Raises:
        ArgumentError: If it is no number for the batch, or its weight is no finite number.
    """
    if name not in graph.outputs:
        raise ArgumentError(
            f"a step minimises an output of its graph; {brief(name)} is not among "
            f"{', '.join(map(brief, graph.outputs))}"
        )
    kind = graph.types[graph.outputs[name]]
    if kind.per != "batch":
        raise ArgumentError(
            f"a step minimises one number for the batch, {brief(name)} is {kind} for each example; "
            "end it with a loss"
        )
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not isfinite(weight):  # type: ignore[arg-type]
        raise ArgumentError(
            f"the weight of the loss {brief(name)} must be a finite number, got {brief(weight)}"
        )


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free
