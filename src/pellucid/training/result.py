"""What training has come to, how far it is, and who is notified."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from pellucid.graph import Network, parameters
from pellucid.renamed import old_names
from pellucid.short_repr import short_repr
from pellucid.training.history import OF_THE_RUN, Epoch, to_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pellucid.engines import Program
    from pellucid.files import Model
    from pellucid.graph import Graph, Weights
    from pellucid.ops.operation import Array
    from pellucid.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Progress:
    """How far training is after a step.

    Attributes:
        epoch: The current epoch, from 1.
        images: Pictures seen in this epoch.
        of: Pictures in an epoch.
        loss: Mean over those seen in this epoch.
        accuracy: Of those pictures, 0 to 1; none where there is no one class a picture.
        images_per_second: In this epoch so far.
        doing: What is done instead of steps, in a word; empty in an epoch of steps.
        step: Steps of the whole training that are done.
        rate: The last step's learning rate; 0 before the first.
        rate_factor: What the schedule's learning rate is multiplied with, as was asked for.
    """

    epoch: int
    images: int
    of: int
    loss: float
    accuracy: float | None
    images_per_second: float
    doing: str = ""
    step: int = 0
    rate: float = 0.0
    rate_factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Underway:
    """A training that begins, or goes on from an earlier step.

    Attributes:
        epochs: How many there will be at most.
        progress: How far it is.
        weights: Gives copies of the weights that would answer now: their moving average, where the
            recipe has one. It changes nothing, and asks no other process.
    """

    epochs: int
    progress: Progress
    weights: Callable[[], Weights]


@dataclass(frozen=True)
class RateChange:
    """The learning rate was changed by hand.

    Attributes:
        epoch: From 1.
        batch: Batches of the epoch that were done before.
        factor: What the schedule's rate is multiplied with from then on.
    """

    epoch: int
    batch: int
    factor: float


@short_repr
@dataclass(eq=False)
class TrainingResult:
    """What training has come to.

    Attributes:
        history: A row for each finished epoch.
        best_epoch: The epoch with the highest validation accuracy, or what else the task ranks
            epochs by; of equals, that with the lowest validation loss; of those, the last. Without
            validation pictures, the last of all.
        best_weights: The weights after that epoch; their moving average, if the recipe has one.
        rate_changes: How the learning rate was changed by hand, in the order of steps.
    """

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: Weights = field(default_factory=dict)
    rate_changes: list[RateChange] = field(default_factory=list)

    def add(self, row: Epoch, weights: Weights) -> None:
        """Take in an epoch, and the weights after it if they are the best so far."""
        self.history.append(row)
        if self.best_epoch == 0 or _rank(row) >= _rank(self.history[self.best_epoch - 1]):
            self.best_epoch = row.epoch
            self.best_weights = weights

    def rate_factor(self, epoch: int, batch: int) -> float:
        """What the schedule's learning rate is multiplied with at a step; 1 unless changed.

        Args:
            epoch: From 1.
            batch: Of the epoch, from 0.
        """
        for change in reversed(self.rate_changes):
            if (change.epoch, change.batch) <= (epoch, batch):
                return change.factor
        return 1.0

    def change_rate(self, epoch: int, batch: int, factor: float) -> None:
        """Multiply the schedule's learning rate with another factor from a step on.

        Where training has gone back and takes steps again, they keep the factor that they had: a
        change to come is dropped only if there is another before it.
        """
        if factor == self.rate_factor(epoch, batch):
            return
        earlier = [each for each in self.rate_changes if (each.epoch, each.batch) < (epoch, batch)]
        self.rate_changes = [*earlier, RateChange(epoch, batch, factor)]

    def best_model(self, model: Model) -> Model:
        """The model of the best epoch; its provenance has that epoch's row and the history.

        And the weights of the losses of side outputs, which the network that answers has no more.
        """
        best = self.history[self.best_epoch - 1]
        results = best.to_dict()
        for name in OF_THE_RUN:
            del results[name]
        changes = [each for each in self.rate_changes if each.epoch <= len(self.history)]
        return replace(
            model,
            task=model.task.settled(best.measures),
            network=answering_network(model, self.best_weights),
            provenance={
                **model.provenance,
                **({SIDES: dict(model.network.sides)} if model.network.sides else {}),
                "results": results,
                "history": to_record(self.history),
                **({RATE_CHANGES: [asdict(each) for each in changes]} if changes else {}),
            },
        )


RATE_CHANGES = "rate_changes"
"""In a provenance, how the learning rate was changed by hand: ``epoch``, ``batch``, ``factor``."""

SIDES = "side_outputs"
"""In a provenance, the weight of the loss of each side output that a network was trained with."""


def answering(
    graph: Graph, weights: Mapping[str, Array], graphs: Mapping[str, Graph] | None = None
) -> Network:
    """The network that answers, with its own of some weights: side outputs are left behind.

    Args:
        graph: The graph that answers.
        weights: All weights, by full name.
        graphs: Further graphs that are needed to answer, by name.
    """
    parts = dict(graphs or {})
    needed = parameters((graph, *parts.values()))
    return Network(graph, {name: weights[name] for name in needed}, parts)


def answering_network(model: Model, weights: Mapping[str, Array]) -> Network:
    """The network with which a model answers that learns with some weights."""
    graphs = {n: graph for n, graph in model.network.graphs.items() if n in model.task.parts}
    return answering(model.network.graph, weights, graphs)


class Watcher(Protocol):
    """Who is notified of a training's progress: a progress bar, a run folder."""

    def after_step(self, progress: Progress) -> None:
        """Called after every step."""

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Called after every epoch and its validation; ``trained`` grows by a row each time."""


@runtime_checkable
class Keeper(Protocol):
    """A watcher that also keeps a training's state, so that it can go on after any end."""

    def due(self) -> bool:
        """Whether the state should be kept now; asked before every step."""

    def stopping(self) -> bool:
        """Whether training should end as soon as the state is kept; asked while it validates."""

    def keep(self, checkpoint: Checkpoint) -> None:
        """Keep the state; also called after every epoch, after ``after_epoch``."""

    def stop(self, checkpoint: Checkpoint) -> None:
        """End training, by raising what says so; the state has been kept."""


@runtime_checkable
class Steering(Protocol):
    """A watcher by which others look at a training and steer it while it runs."""

    def begin(self, underway: Underway) -> None:
        """Called before the first step, and when training went back to an earlier one."""

    def doing(self, what: str) -> None:
        """Called when something else is done than steps: ``what`` in a word."""

    def factor(self) -> float | None:
        """What the schedule's learning rate is multiplied with from the next step on.

        None: as before. Asked before every step, after :meth:`Keeper.due`.
        """

    def paused(self) -> bool:
        """Whether the next step is to wait; asked before every step, after :meth:`factor`."""


def _rank(row: Epoch) -> tuple[float, float]:
    """Higher is better; equal for all epochs where nothing was validated."""
    if row.validation_loss is None:
        return 0.0, 0.0
    ranks = (row.validation_accuracy, *row.measures.values())
    return next((each for each in ranks if each is not None), 0.0), -row.validation_loss


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
