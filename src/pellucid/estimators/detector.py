"""The object detector: a network that finds boxes around things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pellucid import checks
from pellucid.architectures import Defaults
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.engines.batches import forward
from pellucid.errors import ArgumentError
from pellucid.estimators.paged import PagedEstimator
from pellucid.estimators.planning import model_name, statistics
from pellucid.estimators.reading import as_images
from pellucid.files.referenced import picture_size
from pellucid.graph import Graph, Network
from pellucid.interop.models import network_name
from pellucid.known_names import find_name
from pellucid.layers import Normalise, Sequential
from pellucid.ops.types import Type
from pellucid.tasks import DETECTORS, Detection, detector_name
from pellucid.tasks.found import Found
from pellucid.text import counted, printable
from pellucid.training.start import Start, architecture_of, check_architecture, with_fitting_weights

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.estimators.base import Pictures
    from pellucid.files import Model
    from pellucid.ops.operation import Shape
    from pellucid.training.recipe import Recipe

BODY = "resnet20"
"""The body of a detector that starts from scratch."""

DEFAULTS = Defaults(epochs=60, weight_decay=1e-4, augmentation="boxes")
"""How a detector is trained where nothing is given."""

BATCH = 8
"""Pictures a step where none are given: they are large, and each has many boxes."""


class ObjectDetector(PagedEstimator):
    """Learns to find things in pictures: a box around each, and its class.

    Follows scikit-learn's conventions, as :class:`pellucid.ImageClassifier` does. The network is a
    detector on the body of an architecture, or, much better where pictures are few, of a trained
    network: with one stage (:mod:`pellucid.architectures.detector`), or with two, Faster R-CNN
    (:mod:`pellucid.architectures.faster_rcnn`).

    Args:
        architecture: The body: a name of :data:`pellucid.architectures.ARCHITECTURES`, or layers,
            or a function that makes them from the number of classes.
        detector: ``"centre"``, with one stage, or ``"faster-rcnn"``; none for that of the detector
            to start from, and else with one stage.
        start_from: A trained network whose body is taken, all of which learns on: a name
            (``"efficientnet-lite0"``), a model file or a run; or a detector.
        epochs: As of the classifier, like all settings that follow.
        batch_size: Pictures a step.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Its peak; none for the default.
        schedule: ``"constant"``, ``"step"``, ``"cosine"`` or ``"one-cycle"``.
        weight_decay: On kernels, 0 to 1; none for the default.
        patience: Epochs without a better validation after which training ends; none: never.
        ema: The decay of the weights' moving average; none: no average.
        augmentation: How training pictures are changed, and boxes with them; none for
            ``"boxes"``.
        image_size: (height, width) that pictures are brought to between borders, multiples of 32;
            none: by the pictures.
        max_pixels: Picture files with more pixels are left out, and never decoded.
        validation: How much to hold out where the data has no part for it.
        group: What keeps pictures together when parts are drawn.
        seed: Of everything random; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: its progress on a terminal and in notebooks.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`.
        warm_start: Whether a further ``fit`` starts from what this detector has learned.

    Attributes:
        history_: A row an epoch; mean average precision of validation is among its ``measures``.
    """

    TASKS: ClassVar[tuple[str, ...]] = tuple(kind.kind for kind in DETECTORS.values())
    label_smoothing = None
    class_weights = None
    pretrained = None
    fine_tune = None
    sound = None

    def __init__(
        self,
        architecture: str | Sequential | Callable[[int], Sequential] = BODY,
        *,
        detector: str | None = None,
        start_from: str | os.PathLike[str] | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: str = "adamw",
        learning_rate: float | None = None,
        schedule: str = "one-cycle",
        weight_decay: float | None = None,
        patience: int | None = None,
        ema: float | None = None,
        augmentation: str | Augmentation | None = None,
        image_size: tuple[int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        validation: float | None = None,
        group: str | None = None,
        seed: int = 0,
        verbose: int | None = None,
        engine: str = DEFAULT,
        warm_start: bool = False,
    ) -> None:
        given = locals()
        super().__init__(**{n: given[n] for n in given if n not in ("self", "__class__")})

    # ------------------------------------------------------------------------------- what fit does

    def check_settings(self) -> Self:
        """As of the classifier; and whether there is such a detector."""
        if self.detector is not None:
            find_name("detector", self.detector, DETECTORS)
        return super().check_settings()

    def _defaults(self, architecture: str | None = None) -> Defaults:
        return DEFAULTS

    def _recipe(
        self,
        epochs: int | None = None,
        data: Dataset | None = None,
        architecture: str | None = None,
    ) -> Recipe:
        if self.batch_size is None:
            plain = {**self.get_params(), "batch_size": BATCH}
            sized = type(self)(**plain)
            sized._fitted = self._fitted
            return sized._recipe(epochs, data, architecture)
        return super()._recipe(epochs, data, architecture)

    def _reads_as(self) -> Model | None:
        """The detector whose preprocessing is taken; a body's own would cut boxes off."""
        origin = self._origin()
        return origin if origin is not None and isinstance(origin.task, Detection) else None

    def reading_size(
        self, pictures: object, size: Sequence[int] | None = None
    ) -> tuple[int, int] | None:
        """The size of picture files: the setting, or that of the detector to start from."""
        if size is None and self._reads_as() is None:
            return self.image_size
        return super().reading_size(pictures, size)

    def _start(self, origin: Model, data: Dataset, seed: int) -> Start:
        """A detector whose weights are a model's where that has them."""
        again = self.warm_start and self._fitted is not None
        if again or self.start_from is None:
            name = "the detector itself"
        else:
            name = network_name(self.start_from) or model_name(self.start_from)
        if self.architecture not in (BODY, architecture_of(origin)):
            check_architecture(self._own_architecture_name(), origin, name)
        body = body_for(origin, name, data.image_shape)
        task = self._task_for(data)
        graph = (
            task.with_own_classes(body)
            if task.kind == origin.task.kind
            else task.on_body(body, data.targets)
        )
        network = Network(graph, task.first_weights(graph, seed))
        return with_fitting_weights(origin, name, network)

    def _new_network(self, data: Dataset, seed: int) -> Network:
        mean, deviation = statistics(data)
        layers = self._layers(len(data.classes)).layers
        whole = Sequential([Normalise(mean, deviation, name="normalise"), *layers])
        task = self._task_for(data)
        graph = task.on_body(whole.graph(data.image_shape), data.targets)
        return Network(graph, task.first_weights(graph, seed))

    def _first_network(
        self, data: Dataset, seed: int, before: Start | None = None
    ) -> tuple[Network, dict[str, Any] | None]:
        network, record = super()._first_network(data, seed, before)
        return self._task_for(data).for_training(network), record

    def _task_for(self, data: Dataset) -> Detection:
        return self._detector.of_pictures(data.targets, data.image_shape)

    @property
    def _detector(self) -> type[Detection]:
        """The setting, or that of the detector to start from."""
        if self.detector is not None:
            return DETECTORS[find_name("detector", self.detector, DETECTORS)]
        origin = self._reads_as()
        if origin is None:
            return next(iter(DETECTORS.values()))
        assert isinstance(origin.task, Detection)
        return type(origin.task)

    def _take_settings(self, model: Model) -> None:
        super()._take_settings(model)
        self.detector = detector_name(model.task)

    # ------------------------------------------------------------------------------------- answers

    def predict(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> Found | list[Found]:
        """What is found in pictures: a :class:`Found` for one picture, a list of them for several.

        Args:
            pictures: As :meth:`pellucid.ImageClassifier.predict` takes them.
        """
        return self._found(pictures, self._task.shown)

    def detections(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any], least: float = 0.0
    ) -> Found | list[Found]:
        """The same with a least probability of your own.

        Args:
            pictures: As :meth:`predict` takes them.
            least: 0 to 1; nothing below the task's own :attr:`least` is found.
        """
        return self._found(pictures, least)

    @property
    def _task(self) -> Detection:
        task = self.model_.task
        assert isinstance(task, Detection)
        return task

    def _found(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any], least: float
    ) -> Found | list[Found]:
        checks.number("least", least, 0.0, 1.0)
        if isinstance(pictures, list | tuple) and pictures:
            return [each for picture in pictures for each in self._of_one(picture, least)[0]]
        found, single = self._of_one(pictures, least)
        return found[0] if single else found

    def _of_one(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any], least: float
    ) -> tuple[list[Found], bool]:
        """What is found in a picture, or in each of an array of pictures of the network's size.

        Returns:
            What is found, and whether a single picture was meant.
        """
        images, single = as_images(self.model_, pictures, self.max_pixels)
        placement = None
        if single:
            size = picture_size(self.model_, pictures, self.max_pixels)  # type: ignore[arg-type]
            placement = self.model_.preprocessing.placement(*size)
        rows = self._task.answer(forward(self._learned.program, images).astype(np.float64))
        return [Found.of(each, self._task, placement, least) for each in rows], single

    def score(
        self, pictures: Pictures, labels: Sequence[Any] | NDArray[Any] | None = None
    ) -> float:
        """Mean average precision at an IoU of 0.5, 0 to 1; see :meth:`evaluate`."""
        return float(self.evaluate(pictures, labels).score)


def body_for(origin: Model, name: str, shape: Shape) -> Graph:
    """A model's graph for pictures of another size.

    Args:
        origin: The model.
        name: What it is called in messages.
        shape: Of the pictures, (height, width, channels).

    Raises:
        ArgumentError: If it takes another number of channels.
    """
    old = origin.network.graph
    if old.input_shape[2] != shape[2]:
        raise ArgumentError(
            f"{printable(name)}: takes pictures of {counted(old.input_shape[2], 'channel')}, "
            f"and these have {shape[2]}; train from scratch"
        )
    return Graph({old.input: Type(shape)}, old.nodes, old.outputs)
