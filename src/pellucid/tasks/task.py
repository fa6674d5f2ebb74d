"""What a task is: what a data set brings, what is minimised, and what a network's outputs mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.tasks.output import Output, of_all
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.labels import LabelKind
    from pellucid.data.targets import Targets
    from pellucid.graph import Graph
    from pellucid.ops.arguments import Position
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Operation, Shape
    from pellucid.tasks.found_box import FoundBox
    from pellucid.tasks.written_unit import WrittenUnit


@dataclass(frozen=True)
class Judged:
    """What a network's outputs for some pictures are worth.

    Attributes:
        loss: Mean over the pictures, without what a recipe adds to it (label smoothing, class
            weights), so that runs compare.
        measures: By name; epochs are ranked by the first, the higher the better, and of equals by
            the loss.
    """

    loss: float
    measures: dict[str, float]


class Judge(ABC):
    """Takes in batches of outputs and what was wanted, and says what they are worth."""

    @abstractmethod
    def add(self, outputs: NDArray[np.float64], targets: Array) -> None:
        """Take in a batch.

        Args:
            outputs: The network's, (N, K).
            targets: What :meth:`Task.targets` gave.
        """

    @abstractmethod
    def judged(self) -> Judged:
        """What all of them together are worth."""


class Task(ABC):
    """What a network is trained for, with the settings that this needs. Frozen dataclasses.

    Attributes:
        kind: Its name in model files: that of the targets it learns from, or of one way to do so.
        title: Its name in words.
        measures: What :meth:`judge` measures, in order.
        read_as: What users read, as a step behind the network's last layer is called.
        outputs: What the network's last layer gives, in a word.
        counted: What :attr:`names` are, in a word.
        estimator: What learns it in Python, a class of :mod:`pellucid.estimators`.
        of_map: Whether the network ends in a map of outputs, (h, w, …); else in one row, (K,).
        of_boxes: Whether the answer is boxes, each of which :meth:`boxes_of` names the outputs of.
        makes_pictures: Whether the network takes noise, and its answer is a picture.
        of_regions: Whether boxes are found in regions that the network itself proposes, so that
            the same place in its outputs is about another region with another picture.
        of_steps: Whether the answer is written step by step, see :meth:`written_in`.
        writes_captions: Whether the answer is written by a second graph, word by word.
        parts: Names of the graphs that a model keeps beside the one that answers.
        each_frame: Whether each frame of an animated picture is answered; else the first.
        drawn: Whether answers can be drawn on the pictures.
        no_answer: Why a picture has no one answer that could be opened, and what to do instead;
            empty where it has one.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    measures: ClassVar[tuple[str, ...]]
    read_as: ClassVar[str] = "probabilities"
    outputs: ClassVar[str] = "logits"
    counted: ClassVar[str] = "classes"
    estimator: ClassVar[str] = "ImageClassifier"
    each_frame: ClassVar[bool] = False
    drawn: ClassVar[bool] = False
    of_map: ClassVar[bool] = False
    of_boxes: ClassVar[bool] = False
    makes_pictures: ClassVar[bool] = False
    of_regions: ClassVar[bool] = False
    of_steps: ClassVar[bool] = False
    writes_captions: ClassVar[bool] = False
    parts: ClassVar[tuple[str, ...]] = ()
    no_answer: ClassVar[str] = ""

    @property
    def data_kind(self) -> str:
        """The kind of the targets that it learns from."""
        return self.kind

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the K outputs stand for: classes, or the columns of numbers."""

    @classmethod
    @abstractmethod
    def of(cls, targets: Targets) -> Self:
        """The task of learning from some targets.

        Raises:
            DataError: If nothing can be learned from them.
        """

    def picture_shape(self, graph: Graph) -> Shape:
        """(height, width, channels) of the pictures that a network is about: those it takes."""
        return graph.input_shape

    def check_outputs(self, shape: Shape) -> None:
        """Check that a network that ends in values of a shape can answer this task.

        Raises:
            ArgumentError: If it cannot; what was expected.
        """
        if len(shape) != 1:
            raise ArgumentError(
                f"a model's network must end in one logit a class, got the shape {shape}; end it "
                "with Flatten() and Dense()"
            )
        (outputs,) = shape
        if len(self.names) != outputs:
            raise ArgumentError(
                f"there are {len(self.names)} {self.counted}, but {counted(outputs, 'logit')}"
            )

    def check_graphs(self, graph: Graph, graphs: Mapping[str, Graph]) -> None:  # noqa: B027 - few have any
        """Check that a network's further graphs suit this task.

        Args:
            graph: The graph that answers.
            graphs: The others, by name.

        Raises:
            ArgumentError: If one that is needed is missing, or does not suit.
        """

    @abstractmethod
    def known(self) -> Targets:
        """Targets of no picture, by which other data are read as this task takes them."""

    @abstractmethod
    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        """What is wanted of some pictures, as the loss takes it, batch axis first."""

    @abstractmethod
    def loss(self) -> Loss:
        """What is minimised, with default settings."""

    def side_losses(self, graph: Graph) -> dict[str, tuple[Loss, float]]:
        """Losses that are minimised beside that of the network's output, with their weights.

        Args:
            graph: The graph that answers.

        Returns:
            By the names of the values that they are of; they compare the same targets.
        """
        return {}

    @abstractmethod
    def answer(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        """What ``predict`` answers, from a network's outputs (N, K)."""

    @property
    @abstractmethod
    def reading(self) -> Operation:
        """What makes of a network's outputs (K,) what users read, (K,): probabilities, numbers."""

    @abstractmethod
    def described(self, read: NDArray[np.float64]) -> Any:
        """The answer for a picture as JSON values: a class's name, labels' names, named numbers.

        Args:
            read: What :attr:`reading` made of the network's outputs, (K,).
        """

    def output_at(self, position: Position) -> Output:
        """What one of the network's outputs stands for, and as what it is explained.

        Of classes and labels that is the logit itself, of numbers the number in its unit.

        Args:
            position: Its place in the network's output, (k,) in a row of K.
        """
        name = self.names[position[-1]]
        return Output(name, f"logit of {printable(name)}", f"probability of {printable(name)}")

    def read_at(self, outputs: NDArray[np.float64], position: Position) -> NDArray[np.float64]:
        """What users read of one of the outputs of many pictures, (N,): probability or number.

        Args:
            outputs: The network's, batch axis first.
            position: Its place in the network's output, (k,) in a row of K.
        """
        read, _ = self.reading.forward([outputs], {})
        return np.asarray(read[of_all(position)])

    def boxes_of(self, outputs: NDArray[np.float64]) -> list[FoundBox]:
        """The boxes in the outputs of one picture, with those outputs that made each.

        Args:
            outputs: The network's, without a batch axis.

        Returns:
            The most probable first, in pixels of what the network takes.

        Raises:
            ArgumentError: If the task is not one of boxes.
        """
        raise ArgumentError(
            f"boxes are what a detector finds, and the model is for {self.title}; leave box and "
            "number out"
        )

    def written_in(self, outputs: NDArray[np.float64]) -> list[WrittenUnit]:
        """What is written of one recording, each word or character with the output it came from.

        Args:
            outputs: The network's, without a batch axis.

        Raises:
            ArgumentError: If the task is not one of steps.
        """
        raise ArgumentError(
            f"words at some time are what is heard in recordings, and the model is for "
            f"{self.title}; leave word and second out"
        )

    @abstractmethod
    def judge(self, loss: Loss | None = None) -> Judge:
        """A new judge.

        Args:
            loss: What is minimised, by which numbers are judged; of classes and labels the plain
                loss judges, whatever is minimised. None: the task's own.
        """

    def correct(self, outputs: Array, targets: Array) -> int | None:
        """How many pictures of a batch are answered right; none where that is no question."""
        return None

    def settled(self, measures: dict[str, float]) -> Self:
        """The task with the settings that a judgement chose."""
        return self

    def with_threshold(self, threshold: float) -> Task:
        """The task that answers from another probability on: with labels, or boxes.

        Args:
            threshold: 0 to 1.

        Raises:
            ArgumentError: If the number is out of range, or nothing is answered by one.
        """
        raise ArgumentError(
            f"a threshold is for several labels a picture or for boxes, and the model is for "
            f"{self.title}; leave it out"
        )

    def with_beam(self, beam: int) -> Task:
        """The task that follows another number of beginnings of captions.

        Args:
            beam: 1 to 100.

        Raises:
            ArgumentError: If the number is out of range, or nothing is written word by word.
        """
        raise ArgumentError(
            f"a beam is for captions, and the model is for {self.title}; leave it out"
        )

    def with_classes(self, classes: tuple[str, ...], label_kind: LabelKind | None) -> Task:
        """The task with other class names.

        Raises:
            ArgumentError: If it has no classes.
        """
        raise ArgumentError(f"a model for {self.title} has no classes to be named")

    @property
    def of_one_class(self) -> bool:
        """Whether the task is to predict the one class of a picture."""
        return False


def check_one_class(task: Task, what: str) -> None:
    """Check that a task is single-label classification, which some things are only made for.

    Args:
        task: A model's.
        what: What only such a model has, for the message: ``a confusion matrix``.

    Raises:
        ArgumentError: If it is another.
    """
    if not task.of_one_class:
        raise ArgumentError(
            f"{printable(what)}: the model is for {task.title}; this is made for single-label "
            "classification, one class a picture"
        )


def check_row(task: Task, what: str, *, boxes: bool = False, captions: bool = False) -> None:
    """Check that single outputs of a network mean something: of a row, of boxes, or of steps.

    Args:
        task: A model's.
        what: What only such a model has, for the message: ``a trace``.
        boxes: Whether it can be of boxes, or of steps of a recording, too.
        captions: Whether it can be of captions, too.

    Raises:
        ArgumentError: If it ends in a map, and what is found in that is none of these.
    """
    known = (boxes and (task.of_boxes or task.of_steps)) or (captions and task.writes_captions)
    if task.of_map and not known:
        if task.no_answer:
            raise ArgumentError(f"{what}: the model is for {task.title}; {task.no_answer}")
        raise ArgumentError(
            f"{what}: the model is for {task.title} and ends in a map; this is made for networks "
            "that end in one row of outputs a picture: classes, labels or numbers"
        )
