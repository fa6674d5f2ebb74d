"""What is explained: one picture in one network, with every value that it gives rise to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.box_geometry import areas
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.explain.layer_values import LayerValues
from pellucid.explain.reading import with_reading
from pellucid.files import Model
from pellucid.files.provenance import safe_max_pixels
from pellucid.files.referenced import picture_size, read_picture
from pellucid.graph import INPUT
from pellucid.known_names import alternatives, near_names
from pellucid.ops.operation import describe
from pellucid.renamed import old_names
from pellucid.short_repr import short_repr
from pellucid.text import counted, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.placement import PicturePlacement
    from pellucid.data.preprocessing import Picture
    from pellucid.engines import Program
    from pellucid.files.classifier import Classifier
    from pellucid.graph import Graph, Node
    from pellucid.ops.operation import Array, Shape
    from pellucid.tasks.found_box import FoundBox
    from pellucid.tasks.written_unit import WrittenUnit

    Position = tuple[int, ...]
    """A value's place in one image's array: (row, column, channel) or (unit,), from 0."""


@short_repr
@dataclass(frozen=True, eq=False)
class Activations:
    """One picture in one network.

    Attributes:
        model: The network with its class names and preprocessing.
        program: The network as the engine computes it.
        pixels: What the network takes, (H, W, C), uint8 0..255; of one that makes pictures of
            noise that, float32 (1, 1, Z).
        name: What the picture's file is called; empty for pixels.
        whole: Whether all values are looked at, and computed in one pass: also those that
            prediction never makes, which otherwise take a pass of their own when they are.
        placement: Of pictures with boxes, where the picture lies in what the network takes.
    """

    model: Model
    program: Program
    pixels: NDArray[Any]
    name: str = ""
    whole: bool = False
    placement: PicturePlacement | None = None

    @classmethod
    def of(
        cls, source: Model | Classifier, picture: Picture, *, whole: bool = False
    ) -> Activations:
        """A model or a classifier, and a picture that it looks at.

        Args:
            source: A classifier, whose engine computes; or a model.
            picture: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C),
                uint8 0..255, of any size: the model's preprocessing is applied.
            whole: Whether all values are looked at.

        Raises:
            DataError: If the picture cannot be used.
            ArgumentError: If it is no picture at all.
            NotFittedError: If the classifier has learned nothing yet.
        """
        name = Path(picture).name if isinstance(picture, str | os.PathLike) else ""
        if isinstance(source, Model):
            model, program, limit = source, get_engine().load(source.network), None
        else:
            model, program, limit = source.model_, source.program_, source.max_pixels
        pixels = read_picture(model, picture, max_pixels=limit)
        placement = None
        if model.task.of_boxes:
            size = picture_size(model, picture, limit or safe_max_pixels(model.provenance))
            placement = model.preprocessing.placement(*size)
        return cls(model, program, pixels, name, whole, placement)

    @cached_property
    def graph(self) -> Graph:
        """The network's graph, and behind it the step that makes its outputs what users read."""
        return with_reading(self.model.network.graph, self.model.task)

    @property
    def from_noise(self) -> bool:
        """Whether the network takes noise, and no picture."""
        return bool(self.pixels.dtype != np.uint8)

    @property
    def logits(self) -> str:
        """The name of the layer that gives the logits, or standardised numbers."""
        return self.model.network.graph.output

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, in the order of the logits; of numbers, what they are called."""
        return self.model.classes

    @cached_property
    def values(self) -> Mapping[str, Array]:
        """Every layer's output for the picture, by name, without a batch axis.

        ``input`` holds the pixels. Values are the engine's, float32; what users read is float64,
        as :meth:`pellucid.ImageClassifier.predict_proba` and
        :meth:`pellucid.ImageRegressor.predict` give it.
        """
        reading = self.graph[self.graph.output]
        return LayerValues(self.program, self.pixels, reading, whole=self.whole)

    @property
    def answer(self) -> NDArray[np.float64]:
        """What users read, (K,): the probability of each class or label, or the numbers."""
        return np.asarray(self.values[self.graph.output])

    @cached_property
    def boxes(self) -> list[FoundBox]:
        """Of detectors, the boxes that were found, the most probable first.

        As :meth:`pellucid.ObjectDetector.detections` numbers them: those that lie wholly in the
        borders around the picture are left out. They are in pixels of what the network takes.

        Raises:
            ArgumentError: If the model finds no boxes.
        """
        outputs = np.asarray(self.values[self.logits], np.float64)
        found, placed = self.model.task.boxes_of(outputs), self.placement
        if placed is None:
            return found
        inside = areas(placed.to_original(np.array([each.box for each in found]).reshape(-1, 4)))
        return [each for each, area in zip(found, inside.tolist(), strict=True) if area > 0]

    @cached_property
    def written(self) -> list[WrittenUnit]:
        """Of speech to text, the words or characters that were written, in their order.

        Raises:
            ArgumentError: If the model writes none.
        """
        outputs = np.asarray(self.values[self.logits], np.float64)
        return self.model.task.written_in(outputs)

    @property
    def engine(self) -> str:
        """Who made the values and predicts: ``native, float32``."""
        return self.program.made_by()

    @cached_property
    def exact(self) -> Program:
        """The network in float64, on the reference engine: for sums that must come out exactly."""
        return get_engine("reference").load(self.model.network, precision="float64")

    def inputs_of(self, node: Node) -> list[Array]:
        """The values that reach a layer."""
        return [self.values[name] for name in node.inputs]

    def weights_of(self, node: Node) -> dict[str, Array]:
        """A layer's own weights, by their short names: ``kernel``, ``bias``."""
        weights = self.model.network.weights
        return {own: weights[name] for own, name in self.graph.parameters_of(node).items()}

    def node(self, name: str) -> Node:
        """The layer of that name.

        Raises:
            ArgumentError: If there is none, with the nearest; or for ``input``, which is no layer.
        """
        if name == INPUT:
            raise ArgumentError(
                f"{INPUT!r} is the picture itself, which nothing computes; name a layer"
            )
        return self.graph[name]

    def readers(self, name: str) -> tuple[Node, ...]:
        """The layers that take a layer's output (or the ``input``)."""
        return tuple(node for node in self.graph.nodes if name in node.inputs)

    def shape(self, name: str) -> Shape:
        """The shape of a layer's output, or of the ``input``.

        Raises:
            ArgumentError: If there is no such layer; the message names the nearest.
        """
        return self.graph.input_shape if name == INPUT else self.graph.shapes[self.graph[name].name]

    def position(self, name: str, at: Sequence[int]) -> Position:
        """A position in a layer's output, checked.

        Raises:
            ArgumentError: If it lies outside, or has not as many numbers as the output has axes.
        """
        return check_position(f"layer {quoted(name)}", self.shape(name), at)

    def label_index(self, label: str | int) -> int:
        """Which logit the class of a label has.

        Args:
            label: What ``predict`` answers: a class's name, or for models of integer labels the
                integer. For those of text labels, as in :meth:`class_index`.

        Raises:
            ArgumentError: If there is no such class; the message names the nearest.
        """
        answers = self.model.answers
        number = isinstance(label, int | np.integer) and not isinstance(label, bool)
        kind = "i" if number else "b" if isinstance(label, bool | np.bool_) else ""
        if answers.dtype.kind != kind:
            return self.class_index(label)
        places = np.flatnonzero(answers == label)
        if places.size:
            return int(places[0])
        raise ArgumentError(f"there is no class {label}; there are {listed(self.classes)}")

    def class_index(self, target: str | int) -> int:
        """Which logit a class has.

        Args:
            target: A text is always a class's name, an integer always its place, from 0.

        Raises:
            ArgumentError: If there is no such class; the message names the nearest.
        """
        if isinstance(target, int | np.integer) and not isinstance(target, bool):
            if 0 <= int(target) < len(self.classes):
                return int(target)
            raise ArgumentError(
                f"an integer is a class's place, 0 to {len(self.classes) - 1}, got {target!r:.80}; "
                f"give a name as text, for example {self.classes[0]!r:.80}"
            )
        if not isinstance(target, str):
            raise ArgumentError(
                f"a class is given by its name (text) or its place (integer), got {target!r:.80} "
                f"({type(target).__name__})"
            )
        if target in self.classes:
            return self.classes.index(target)
        near = near_names(target, self.classes)
        hint = (
            f"did you mean {alternatives(near)}?" if near else f"there are {listed(self.classes)}"
        )
        raise ArgumentError(f"no class is called {quoted(target, 80)}; {hint}")


def check_position(what: str, shape: Shape, at: Sequence[int]) -> Position:
    """Check a position in an array of some shape.

    Raises:
        ArgumentError: If it lies outside; the message gives the range.
    """
    axes = {1: "(unit)", 3: "(row, column, channel)"}.get(len(shape), counted(len(shape), "number"))
    given = tuple(at) if isinstance(at, list | tuple) else (at,)
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in given)
    inside = len(given) == len(shape) and whole
    if not inside or not all(0 <= n < size for n, size in zip(given, shape, strict=True)):
        last = ", ".join(str(size - 1) for size in shape)
        raise ArgumentError(
            f"{what} is {describe(shape)}: a position is {axes} from {', '.join('0' * len(shape))} "
            f"to {last}, got {', '.join(f'{n!r:.40}' for n in given)}"
        )
    return tuple(int(n) for n in given)


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
