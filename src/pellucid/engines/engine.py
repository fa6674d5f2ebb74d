"""The protocol of engines, which compute graphs.

An :class:`Engine` turns graphs over one store of weights into a :class:`Program`, which holds the
weights, and computes. All engines give the same numbers within rounding; nothing above this
protocol may care which one runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from pellucid.engines.batches import values_bytes
from pellucid.engines.ranks import ALONE, Ranks, refuse_several
from pellucid.engines.step import Learning, Step, with_loss
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import check_reals
from pellucid.known_names import find_name
from pellucid.renamed import OldAttribute, warn
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Parameter

Precision = Literal["float32", "float64"]
"""What an engine computes in."""

TRAIN = "train"
"""The name of a program's step, where there is one."""


@short_repr
@dataclass(frozen=True, eq=False)
class Gradients:
    """What one differentiation found.

    Attributes:
        outputs: The graph's outputs, by name.
        values: ∂score/∂value of each value asked for, by name, batch axis first.
        weights: ∂score/∂weight of each weight asked for, by full name.
    """

    outputs: dict[str, Array]
    values: dict[str, Array]
    weights: Weights


@short_repr
@dataclass(frozen=True, eq=False)
class Backward:
    """A loss and every gradient of it.

    Attributes:
        loss: Mean over the batch.
        values: ∂loss/∂value of every node's output, by name; ``input`` too.
        weights: ∂loss/∂weight of every trainable weight, by full name.
    """

    loss: float
    values: dict[str, Array]
    weights: Weights


@dataclass(frozen=True, eq=False)
class StepResult:
    """What a step of a network with one answer found, before its update.

    Attributes:
        loss: What was minimised, a mean over the batch.
        answers: The network's, (N, …).
        labels: What was wanted, as it was given.
        of_sides: Of the loss, what side outputs contribute.
    """

    loss: float
    answers: Array
    labels: Array | None = None
    of_sides: float = 0.0

    @property
    def correct(self) -> int:
        """How many answers have their largest value where the wanted ones have theirs."""
        assert self.labels is not None
        wanted = self.labels if self.labels.ndim == 1 else self.labels.argmax(axis=1)
        return int((self.answers.argmax(axis=1) == wanted).sum())

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, StepResult)
            and self.loss == other.loss
            and np.array_equal(self.answers, other.answers)
        )

    __hash__ = None  # type: ignore[assignment]


class Program(ABC):
    """Graphs over one store of weights, loaded: computes, differentiates and learns.

    Arrays go in and come out by name, batch axis first: (N, *shape), N at least 1. Pictures are
    uint8 or float in pixel units 0 .. 255; where a loss takes targets (N, K), class numbers (N,)
    may be given.

    Attributes:
        engine: The name of the engine that computes.
        precision: What it computes in.
        graph: The graph that answers.
        steps: The ways in which it learns, by name.
        ranks: The processes that learn together. Each is fed its part of every batch, and all take
            the same steps: a loss is what this rank's examples contribute to the whole batch's.
            All ranks ask for weights at the same places, since running statistics are brought
            together there.
        joint_statistics: Whether batch norms use the statistics of all ranks' examples.
    """

    engine: ClassVar[str]
    precision: Precision = "float32"
    graph: Graph
    steps: Mapping[str, Step]
    ranks: Ranks = ALONE
    joint_statistics: bool = False

    # -------------------------------------------------------------------------------- computing

    @abstractmethod
    def run(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """A graph's outputs at inference, by name.

        Args:
            graph: Any graph over the program's weights, most often the program's own or what
                :meth:`Graph.select` made of it; it is prepared at its first use.
            feeds: An array for each input.

        Raises:
            ShapeError: If an array has not its input's shape, or the graph needs a weight that the
                program does not have.
            ArgumentError: If an input is missing or unknown.
        """

    @abstractmethod
    def differentiate(
        self,
        graph: Graph,
        feeds: Mapping[str, Array],
        at: Mapping[str, Array],
        *,
        values: Iterable[str] = (),
        weights: Iterable[str] = (),
    ) -> Gradients:
        """Gradients of a score at inference (no dropout, running statistics).

        Args:
            graph: As :meth:`run` takes it.
            feeds: As :meth:`run` takes them.
            at: ∂score/∂value where the score reads it, shaped as that value: for a score that is
                one logit, 1 there and 0 elsewhere; for a loss in the graph, 1.
            values: The values at which the gradient is wanted; inputs too.
            weights: Full names of trainable weights at which the gradient is wanted.
        """

    def fetch(self, array: Array) -> None:  # noqa: B027 - most engines have no second memory
        """Begin to bring what will be fed soon to where it is computed; another thread may ask.

        Args:
            array: The very array that is fed later, unchanged until then.
        """

    @abstractmethod
    def step(self, feeds: Mapping[str, Array], rate: float, name: str = TRAIN) -> dict[str, Array]:
        """Learn from a batch: forward, backward, update of weights and statistics.

        Args:
            feeds: An array for each input of the step's graph.
            rate: The learning rate.
            name: Of the step.

        Returns:
            The outputs of the step's graph, as they were before the update.

        Raises:
            ArgumentError: If there is no such step, or as :meth:`run`.
        """

    # ---------------------------------------------------------------------------------- weights

    @abstractmethod
    def weights(self) -> Weights:
        """Copies of all weights and statistics, by full name."""

    def own_weights(self) -> Weights:
        """Copies of all weights and statistics, as this process has them.

        Of processes that learn together each has running statistics of its own between two calls of
        :meth:`weights`, which makes them one; this asks no other process and changes nothing.
        """
        return self.weights()

    @abstractmethod
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Replace all weights and statistics.

        Raises:
            ShapeError: If they are not the program's.
        """

    optimizer_state, set_optimizer_state = OldAttribute("state"), OldAttribute("set_state")

    @abstractmethod
    def state(self, name: str = TRAIN) -> dict[str, Array]:
        """Copies of what a step remembers: ``step``, ``conv1.kernel.velocity`` and so on."""

    @abstractmethod
    def set_state(self, state: Mapping[str, Array], name: str = TRAIN) -> None:
        """Go on from a remembered state: a program so restored takes the very same next step.

        Raises:
            ShapeError: If it is not that of the step's weights and update rule.
        """

    # ------------------------------------------------------ graphs with one input and one output

    def forward(self, images: Array) -> Array:
        """The network's answer at inference, (N, …): logits (N, K) for a classifier."""
        graph = self.graph
        feeds, _ = {graph.input: images}, graph.output  # one of each, or an error that says so
        (answer,) = self.run(graph, feeds).values()
        return answer

    def values(self, images: Array) -> dict[str, Array]:
        """Every node's output at inference, by name, batch axis first; ``input`` too."""
        return self.run(self._everything, {self.graph.input: images})

    @cached_property
    def _everything(self) -> Graph:
        """The graph with every value as an output."""
        return self.graph.select(*self.graph.types)

    def gradients(self, images: Array, labels: Array, loss: Loss) -> Backward:
        """The loss at inference and every gradient of it."""
        graph = with_loss(self.graph, loss)
        end = graph.nodes[-1].name
        (targets,) = graph.inputs.keys() - self.graph.inputs.keys()
        trainable = [str(name) for name, each in graph.parameters.items() if each.trainable]
        found = self.differentiate(
            graph,
            {self.graph.input: images, targets: labels},
            {end: np.ones(())},
            values=self.graph.types,
            weights=trainable,
        )
        return Backward(float(found.outputs[end]), found.values, found.weights)

    def train_step(
        self, images: Array, labels: Array, learning_rate: float, name: str = TRAIN
    ) -> StepResult:
        """Learn from images and their labels, by a step that :meth:`Step.of` made.

        The first output that is no loss is the network's answer, and the first loss is of it; all
        other losses are of side outputs.
        """
        step = self.find_step(name)
        own = self.graph.input
        (targets,) = step.graph.inputs.keys() - {own}
        found = self.step({own: images, targets: labels}, learning_rate, name)
        loss = step.total(found)
        answer = next(array for name, array in found.items() if name not in step.losses)
        (_, *sides) = step.losses.items()
        of_sides = sum(weight * float(found[name]) for name, weight in sides)
        return StepResult(loss, answer, np.asarray(labels), of_sides)

    @property
    def forward_bytes(self) -> int:
        """About how many bytes each image of a batch needs in :meth:`forward`."""
        return self.values_bytes

    @property
    def values_bytes(self) -> int:
        """About how many bytes each image of a batch needs in :meth:`values`."""
        return values_bytes(self.graph)

    @property
    def unpredicted(self) -> frozenset[str]:
        """Nodes whose values :meth:`forward` never makes, since a batch norm is folded into them.

        :meth:`values` gives them all the same, computed beside the others.
        """
        return frozenset()

    def folded(self, name: str) -> tuple[Node, Weights] | None:
        """The layer that :meth:`forward` computes in the place of a batch norm and the one before.

        Args:
            name: Of any node.

        Returns:
            A layer of that name that reads what the one before reads, and its own weights, which
            hold both; none where the node is computed as the graph has it.
        """
        return None

    def made_by(self, graph: Graph | None = None) -> str:
        """Which engine computes a graph, and in what precision: ``native, float32``.

        Args:
            graph: As :meth:`run` takes it; by default the program's own.
        """
        return f"{self.engine}, {self.precision}"

    def find_step(self, name: str) -> Step:
        """The step of that name.

        Raises:
            ArgumentError: If there is none.
        """
        if not self.steps:
            raise ArgumentError(
                "this program does not learn; load the network with steps={'train': Step(...)}"
            )
        return self.steps[find_name("step", name, self.steps)]


def check_precision(precision: object) -> None:
    """Check that a precision is one that engines know.

    Raises:
        ArgumentError: If it is not.
    """
    known = get_args(Precision)
    if precision not in known:
        raise ArgumentError(f"precision must be one of {', '.join(known)}, got {precision!r:.80}")


class Engine(ABC):
    """A way to compute graphs.

    Attributes:
        name: What it is called.
        joint_statistics: Of its programs; see :class:`Program`.
    """

    name: ClassVar[str]
    joint_statistics: bool = False

    def load(
        self,
        network: Network,
        steps: Mapping[str, Step] | Step | None = None,
        *,
        precision: Precision = "float32",
        learning: Learning | None = None,
    ) -> Program:
        """Make a program of a network; the network's own weights are copied, never changed.

        Args:
            network: Graphs over one store of weights.
            steps: The ways in which it learns, by name; a step alone is called ``train``. Their
                graphs use the network's weights.
            precision: What is computed in.
            learning: What steps were called when a network could have one alone; it warns.

        Raises:
            ArgumentError: If the precision is unknown, or this engine cannot compute the network.
            ShapeError: If a step's graph needs a weight that the network does not have.
        """
        if learning is not None:
            warn("learning=Learning(...)", "steps=Step.of(graph, loss, optimizer)")
            steps = Step.of(network.graph, learning.loss, learning.optimizer, seed=learning.seed)
        check_precision(precision)
        return self._load(network, named_steps(network, steps), precision)

    def join(self) -> Ranks:
        """Connect with the processes that ``torchrun`` started together with this one.

        Raises:
            ArgumentError: If there are some, and this engine computes in one process alone.
            RankLostError: If they cannot be reached.
        """
        refuse_several(f"the engine {self.name} trains")
        return ALONE

    @abstractmethod
    def _load(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> Program:
        """The same, once its arguments are found good."""


def named_steps(network: Network, steps: Mapping[str, Step] | Step | None) -> dict[str, Step]:
    """Steps by name, once their graphs are found to use the network's weights.

    Raises:
        ShapeError: Naming the first weight that the network lacks.
        ArgumentError: If a graph is quantised.
    """
    named = {TRAIN: steps} if isinstance(steps, Step) else dict(steps or {})
    for step in named.values():
        check_reals(step.graph, "training")
        check_known(step.graph, network.parameters)
    return named


def check_known(graph: Graph, stored: Mapping[str, Parameter]) -> None:
    """Check that a graph uses weights of a store.

    Raises:
        ShapeError: Naming the first that is missing there or has another shape.
    """
    for name, parameter in graph.parameters.items():
        if str(name) not in stored:
            raise ShapeError(f"weight {str(name)!r} is missing")
        if stored[str(name)].shape != parameter.shape:
            raise ShapeError(
                f"weight {str(name)!r} has the shape {stored[str(name)].shape}, the graph needs "
                f"{parameter.shape}"
            )
