"""Whether two forms of a network compute the same, and where in it they first part.

A form is a model on an engine, or an ONNX file computed by ONNX Runtime. Both get the same bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from pellucid.architectures.captioner import WORDS_GRAPH
from pellucid.engines.batches import forward
from pellucid.errors import DataError
from pellucid.evaluation.matched_rows import MatchedRows, layers_of_regions, matched_rows, scaled
from pellucid.files.self_test import sample_images
from pellucid.ops.operation import describe
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning, Generation, RegionDetection, Regression, check_row
from pellucid.tasks.caption_search import greedy_logits
from pellucid.tasks.caption_steps import EngineSteps
from pellucid.text import counted, printable
from pellucid.training.adversarial import SAMPLES, noise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.files import Model
    from pellucid.files.classifier import Classifier
    from pellucid.ops.operation import Shape
    from pellucid.tasks import Task

SCHEMA = 1
"""Version of what ``to_dict`` gives."""

TOLERANCE = 1e-4
"""How far logits may be apart, as a share of the largest: what float32 sums explain, and more."""

MOST_MADE = 6
"""Pictures of a generator that are compared."""

MOST_OPENED = 2
"""Pictures whose values are compared layer by layer: those whose logits are furthest apart."""


class Form(Protocol):
    """A network in one form, computed by one program."""

    @property
    def model(self) -> Model:
        """The network, with what its answers mean."""

    @property
    def made_by(self) -> str:
        """Who computes it: ``native, float32``."""

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The outputs for pictures (N, H, W, C): (N, K), or of detectors a map or rows of each.

        Of captioners the logits behind each word of the greedy caption, (N, T, V).
        """

    def values(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """The values of layers by name, batch axis first."""


class ComputedModel:
    """A model on an engine.

    Args:
        classifier: The model with its program.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._program = classifier.program_
        self.model, self.made_by = classifier.model_, classifier.program_.made_by()

    def logits(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The outputs for pictures (N, H, W, C): (N, K), or of detectors a map or rows of each."""
        found = forward(self._program, images)
        task = self.model.task
        if isinstance(task, Captioning):
            program, graph = self._program, self.model.network.graphs[WORDS_GRAPH]
            return greedy_logits(
                lambda rows: EngineSteps(program, graph, rows, task.length), task, found
            )
        return found.astype(np.float64)

    def values(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """The values of layers by name, batch axis first."""
        found = self._program.values(images)
        return {name: array for name, array in found.items() if name in self._layers}

    @property
    def _layers(self) -> set[str]:
        return {node.name for node in self.model.network.graph.nodes}


@dataclass(frozen=True)
class LayerDifference:
    """How far the values of a layer are apart.

    Attributes:
        layer: Its name.
        operation: Its kind.
        difference: The largest difference of two values; infinite where one is no number.
        scale: The largest value of A.
    """

    layer: str
    operation: str
    difference: float
    scale: float

    @property
    def share(self) -> float:
        """The difference as a share of the scale."""
        if self.difference == 0.0:
            return 0.0
        return self.difference / self.scale if self.scale > 0 else float("inf")


@short_repr
@dataclass(frozen=True, eq=False)
class Verification(Record):
    """Two forms of a network on the same pictures.

    Attributes:
        names: What A and B are called.
        made_by: Who computes them.
        model: A's.
        images: The pictures, uint8 (N, H, W, C).
        pictures: What each is called.
        logits: Of A and of B, float64 (N, K), or of detectors (N, h, w, K + 4) or (N, R, 7 + 5K);
            of captioners behind each word of the greedy captions, (N, T, V).
        tolerance: How far logits may be apart, as a share of A's largest.
        layers: The layers that both have, in A's order.
        total: How many layers A and B have.
        notes: What else is worth knowing, a line each.
    """

    record_kind: ClassVar[str] = "verification"
    names: tuple[str, str]
    made_by: tuple[str, str]
    model: Model
    images: NDArray[np.uint8]
    pictures: tuple[str, ...]
    logits: tuple[NDArray[np.float64], NDArray[np.float64]]
    tolerance: float
    layers: tuple[LayerDifference, ...]
    total: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def differences(self) -> NDArray[np.float64]:
        """Of each picture, the largest difference of a logit, (N,); infinite where one is none."""
        return differences(*(compared(self.model.task, each) for each in self.logits))

    @property
    def scale(self) -> float:
        """A's largest logit in absolute value."""
        return float(np.abs(np.nan_to_num(compared(self.model.task, self.logits[0]))).max())

    @property
    def allowed(self) -> float:
        """How far logits may be apart."""
        return self.tolerance * self.scale

    @property
    def other_answers(self) -> list[int]:
        """The pictures that get another answer; of numbers and pixels, which are measured, none.

        Of detectors those where other boxes are shown, by how many there are of each class.
        """
        one, two = self.logits
        if isinstance(self.model.task, Regression) or self.model.task.makes_pictures:
            return []
        answers = [_answers(self.model.task, each) for each in (one, two)]
        other = answers[0] != answers[1]
        return np.flatnonzero(other.reshape(len(one), -1).any(axis=1)).tolist()

    @property
    def agrees(self) -> bool:
        """Whether all logits are near enough, and no answer is another one."""
        return bool(self.differences.max() <= self.allowed) and not self.other_answers

    @property
    def first(self) -> LayerDifference | None:
        """The first layer whose values are further apart than is allowed, as a share; or None."""
        return next((each for each in self.layers if not each.share <= self.tolerance), None)

    @property
    def outputs(self) -> str:
        """What is compared, in a word: logits, or a generator's values."""
        return "values" if self.model.task.makes_pictures else "logits"

    @property
    def verdict(self) -> str:
        """Whether they agree, in a sentence."""
        count, largest = counted(len(self.pictures), "picture"), float(self.differences.max())
        far = (
            f"{self.outputs} of {count} are at most {largest:.3g} apart, {self.allowed:.3g} is "
            "allowed"
        )
        if self.agrees:
            return f"A and B agree: {far}"
        others = len(self.other_answers)
        answers = f"; {counted(others, 'picture')} get another answer" if others else ""
        where = f"; they first part at layer {self.first.layer}" if self.first else ""
        return f"A and B differ: {far}{answers}{where}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; what is not finite is None."""
        worst = self.differences
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "agrees": self.agrees,
            "a": {"name": self.names[0], "made_by": self.made_by[0], "layers": self.total[0]},
            "b": {"name": self.names[1], "made_by": self.made_by[1], "layers": self.total[1]},
            "largest_difference": _finite(worst.max()),
            "largest_logit": self.scale,
            "tolerance": self.tolerance,
            "pictures": [
                {"picture": name, "difference": _finite(each)}
                for name, each in zip(self.pictures, worst, strict=True)
            ],
            "other_answers": [self.pictures[i] for i in self.other_answers],
            "layers": [
                {
                    "layer": each.layer,
                    "operation": each.operation,
                    "difference": _finite(each.difference),
                    "largest_value": _finite(each.scale),
                }
                for each in self.layers
            ],
            "first": None if self.first is None else self.first.layer,
            "notes": list(self.notes),
        }


def made_pictures(shape: Shape) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Made pictures, where none are given, always the same (noise, grey, smooth); their names."""
    height, width, channels = shape
    random = np.random.default_rng(0)
    rows, columns = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[:, None]
    waves = [
        128 + 127 * np.sin(random.uniform(1, 9, channels) * rows + 9 * columns * random.random())
        for _ in range(4)
    ]
    smooth = np.stack([np.broadcast_to(each, shape) for each in waves]).astype(np.uint8)
    names = ("noise", "grey", *(f"waves {k + 1}" for k in range(4)))
    return np.concatenate([sample_images(shape), smooth]), names


def made_inputs(model: Model) -> tuple[NDArray[Any], tuple[str, ...]]:
    """What two networks are compared by where nothing is given: made pictures, or noise.

    Args:
        model: Of a generator, what its first pictures of seed 0 are made of.
    """
    task, shape = model.task, model.network.graph.input_shape
    if not isinstance(task, Generation):
        return made_pictures(shape)
    made = noise(MOST_MADE, task.latent, seed=0, stream=SAMPLES)
    return made, tuple(f"sample 0/{k}" for k in range(MOST_MADE))


def given_pictures(given: Any, model: Model) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Pictures as they are given, and their names; none: made ones.

    Args:
        given: uint8 (N, H, W, C), a :class:`pellucid.Dataset`, or None.
        model: Whose network takes them.

    Raises:
        DataError: If they are no such pictures.
    """
    if given is None:
        return made_inputs(model)
    check_looks(model.task)
    shape = model.network.graph.input_shape
    names = getattr(given, "picture_name", "picture {}".format)
    images = np.asarray(getattr(given, "images", given))
    if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        raise DataError(
            f"pictures must be uint8 (N, {', '.join(map(str, shape))}), got {images.dtype} "
            f"{images.shape}"
        )
    return images, tuple(names(k) for k in range(len(images)))


def check_looks(task: Task) -> None:
    """Check that a network looks at pictures, so that some can be given.

    Raises:
        DataError: If it makes them.
    """
    if task.makes_pictures:
        raise DataError(
            f"a network for {task.title} looks at none; leave the pictures out, and its first ones "
            "of seed 0 are compared"
        )


def verify(
    first: Form,
    second: Form,
    images: NDArray[np.uint8],
    pictures: Sequence[str],
    names: tuple[str, str],
    *,
    tolerance: float = TOLERANCE,
) -> Verification:
    """Compare two forms of a network.

    Args:
        first: A.
        second: B.
        images: Pictures as both take them, uint8 (N, H, W, C).
        pictures: What each is called.
        names: What A and B are called.
        tolerance: How far logits may be apart, as a share of A's largest.

    Raises:
        DataError: If they take other pictures, or answer with another number of outputs.
    """
    check_row(first.model.task, "a comparison", boxes=True, captions=True)
    graphs = [each.model.network.graph for each in (first, second)]
    for what, (a, b) in (
        ("takes {} as a picture", [graph.input_shape for graph in graphs]),
        ("answers with {} numbers", [graph.output_shape for graph in graphs]),
    ):
        if a != b:
            raise DataError(
                f"{printable(names[0])} {what.format(describe(a))}, {printable(names[1])} "
                f"{what.format(describe(b))}: they are not two forms of one network"
            )
    notes = []
    if isinstance(first.model.task, Captioning):
        words = [getattr(each.model.task, "words", ()) for each in (first, second)]
        if words[0] != words[1]:
            raise DataError(
                "A and B know other words, so that they are not two forms of one captioner"
            )
        notes.append(
            "captions are written by the likeliest word each time; logits are those behind each "
            "word, layers those of the half that sees"
        )
    if first.model.task.kind != second.model.task.kind:
        notes.append(
            f"A is for {first.model.task.title}, B for {second.model.task.title}: answers are "
            "compared as A's"
        )
    elif first.model.classes != second.model.classes:
        notes.append("their classes have other names; the outputs are compared in their order")
    rows: MatchedRows | None = None
    with np.errstate(all="ignore"):  # what is no number is reported
        logits = first.logits(images), second.logits(images)
        if isinstance(first.model.task, RegionDetection):
            rows = matched_rows(*logits)
            logits = logits[0], rows.of(*logits)
            notes += _other_regions(rows, len(images))
        task = first.model.task
        apart = differences(*(compared(task, each) for each in logits))
        opened = np.argsort(-apart, kind="stable")[:MOST_OPENED]
        values = first.values(images[opened]), second.values(images[opened])
        if rows is not None:
            own = MatchedRows(rows.order[opened], 0)
            for name in layers_of_regions(graphs[0]) & values[0].keys() & values[1].keys():
                values[1][name] = own.of(values[0][name], values[1][name])
        layers = [
            _layer(node.name, node.operation.kind, values[0][node.name], values[1][node.name])
            for node in graphs[0].nodes
            if all(node.name in each for each in values)
            and values[0][node.name].shape == values[1][node.name].shape
        ]
    total = len(graphs[0].nodes), len(graphs[1].nodes)
    if len(layers) < max(total):
        notes.append(
            f"{counted(len(layers), 'layer')} could be compared, of {total[0]} of A and "
            f"{total[1]} of B: those that both have, by name"
        )
    return Verification(
        names, (first.made_by, second.made_by), first.model, images, tuple(pictures), logits,
        tolerance, tuple(layers), total, tuple(notes),
    )  # fmt: skip


def differences(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each picture, the largest difference; infinite where one of the two is no number."""
    a, b = (each.reshape(len(each), -1) for each in (a, b))
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    both = np.isnan(a) & np.isnan(b) | (a == b)
    return np.asarray(np.where(both, 0.0, np.nan_to_num(apart, nan=np.inf)).max(axis=1))


def compared(task: Task, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits as they are compared; the corners of regions are shares of the picture."""
    return scaled(logits, task.size) if isinstance(task, RegionDetection) else logits


def _other_regions(rows: MatchedRows, pictures: int) -> list[str]:
    """A line on proposals that only one form has."""
    if not rows.other:
        return []
    which = f"{counted(rows.other, 'proposal')}, of {rows.order.size // pictures} a picture,"
    return [f"{which} overlap others by so nearly the bound that rounding decides: left out"]


def _answers(task: Task, outputs: NDArray[np.float64]) -> NDArray[Any]:
    """What users are answered of each picture; of boxes how many of each class are shown."""
    if isinstance(task, Captioning):
        return np.array([" ".join(task.greedy_words(each)) for each in outputs], object)
    if task.of_steps:
        return np.asarray(task.answer(np.nan_to_num(outputs)))
    if not task.of_boxes:
        return np.asarray(task.answer(outputs))
    answers = task.answer(np.nan_to_num(outputs))
    counts = [Counter(each["class"] for each in task.described(rows)) for rows in answers]
    return np.array([[count[name] for name in task.names] for count in counts])


def _layer(name: str, kind: str, a: NDArray[Any], b: NDArray[Any]) -> LayerDifference:
    one, two = (each.reshape(len(each), -1).astype(np.float64) for each in (a, b))
    return LayerDifference(name, kind, float(differences(one, two).max()), float(np.abs(one).max()))


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
