"""What fit would do with settings and data: the recipe, the network, the size of pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeGuard

from pellucid import checks
from pellucid.architectures import ARCHITECTURES, Defaults, default_settings, get_architecture
from pellucid.data.augment import get_augmentation
from pellucid.data.augment.settings import SOUND
from pellucid.data.groups import check_group
from pellucid.data.pictures import check_image_size
from pellucid.data.preprocessing import check_max_pixels
from pellucid.data.sound.settings import get_sound
from pellucid.data.split import check_validation
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, PellucidError, ShapeError
from pellucid.estimators.remembered import remembered_model
from pellucid.graph import TRAINING, Network, classifier_weights
from pellucid.interop.models import check_place, network_name
from pellucid.known_names import find_name
from pellucid.layers import Normalise, Sequential
from pellucid.ops.operation import describe
from pellucid.optimizers import OPTIMIZERS
from pellucid.renamed import OldAttribute
from pellucid.tasks import Regression, SingleLabel, task_of
from pellucid.training import make_recipe
from pellucid.training.arguments import are_picture_files
from pellucid.training.batches import automatic_batch_size, automatic_epochs
from pellucid.training.changed_targets import check_augmentation
from pellucid.training.recipe import balanced_weights, default_learning_rate
from pellucid.training.run_folder import RunFolder
from pellucid.training.start import (
    Start,
    architecture_of,
    check_architecture,
    check_startable,
    start_from,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from pellucid.data.augment import Augmentation
    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.graph import Graph
    from pellucid.ops.loss import Loss
    from pellucid.tasks import Task
    from pellucid.training import Recipe
    from pellucid.training.fit import Fitted

DEFAULT_ARCHITECTURE = "lecture"


class Planning:
    """Settings of a training, and what they come to for some data."""

    TASKS: ClassVar[tuple[str, ...]]
    architecture: str | Sequential | Callable[[int], Sequential]
    epochs: int | None
    batch_size: int | None
    optimizer: str
    learning_rate: float | None
    schedule: str
    weight_decay: float | None
    label_smoothing: float | None
    class_weights: tuple[float, ...] | str | None
    patience: int | None
    ema: float | None
    augmentation: str | Augmentation | None
    image_size: tuple[int, int] | None
    max_pixels: int
    validation: float | None
    group: str | None
    sound: object
    units: str | None = None
    seed: int
    engine: str
    start_from: str | os.PathLike[str] | None
    warm_start: bool
    pretrained: str | os.PathLike[str] | None
    fine_tune: int | str | None
    _fitted: Fitted | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name."""
        raise NotImplementedError

    def check_settings(self) -> Self:
        """Raise now what ``fit`` would raise for the settings alone, before any data is read.

        Raises:
            ArgumentError: For an unknown name or a value out of range.
            MissingDependencyError: If the engine's library is not installed.
        """
        for name, place in (("pretrained", self.pretrained), ("start_from", self.start_from)):
            if place is not None:
                check_place(name, place)
        self._recipe()
        check_max_pixels(self.max_pixels)
        check_validation(self.validation)
        check_group(self.group)
        get_sound(self.sound)
        if self.image_size is not None:
            check_image_size(self.image_size)
        get_engine(self.engine)
        checks.truth("warm_start", self.warm_start)
        given = self.start_from if self.pretrained is None else self.pretrained
        if isinstance(self.architecture, str) and given is None:
            self._check_named(self.architecture)
        return self

    def _check_named(self, name: str) -> None:
        """Raise ArgumentError unless an architecture of that name can be trained."""
        get_architecture(name)

    @property
    def planned_epochs(self) -> int:
        """How many epochs ``fit`` trains for: the setting, or the default.

        For few pictures it may be more, see :meth:`planned_recipe`.
        """
        return self._defaults().epochs if self.epochs is None else self.epochs

    def planned_recipe(self, data: Dataset) -> Recipe:
        """How ``fit`` would train on this data: the settings, completed by defaults.

        Raises:
            ArgumentError: For an unknown name or a value out of range.
        """
        return self._recipe(data=data)

    usual_learning_rate = OldAttribute("default_learning_rate")

    def default_learning_rate(self, data: Dataset) -> float:
        """The learning rate that ``fit`` takes for this data where the setting is none."""
        plain = type(self)(**{**self.get_params(), "learning_rate": None})
        return plain.planned_recipe(data).learning_rate

    def _default_rate(self, recipe: Recipe) -> float:
        """The learning rate for a recipe's optimizer and batch size where none is given."""
        kind = recipe.optimizer.kind
        own = self._defaults().learning_rate if kind == "sgd" else None
        return default_learning_rate(kind, recipe.batch_size, own)

    def _defaults(self, architecture: str | None = None) -> Defaults:
        """What is taken where settings are none, by the architecture: that of ``fit``, or this."""
        named = self._planned_architecture() if architecture is None else architecture
        return default_settings(named)

    def _recipe(
        self,
        epochs: int | None = None,
        data: Dataset | None = None,
        architecture: str | None = None,
    ) -> Recipe:
        """The recipe; without data, what is taken from them gets a value that stands for it."""
        taken = self._defaults(architecture)
        given = {
            name: default if (value := getattr(self, name)) is None else value
            for name, default in vars(taken).items()
        }
        heard = data is not None and data.sound is not None
        if heard and self.augmentation is None and self.pretrained is None:
            given["augmentation"] = SOUND
        elif self.augmentation is None and data is not None and data.kind == Regression.kind:
            given["augmentation"] = unmoved(get_augmentation(taken.augmentation))
        given["learning_rate"] = self.learning_rate  # the default depends on the batch size
        rule = find_name("optimizer", self.optimizer, OPTIMIZERS)
        batch_size, class_weights = self.batch_size, self.class_weights
        if batch_size is None:
            height, width, _ = (1, 1, 1) if data is None else data.image_shape
            batch_size = automatic_batch_size(0 if data is None else len(data), height, width)
        if epochs is not None:
            given["epochs"] = epochs
        elif self.epochs is None and data is not None:
            checks.whole("batch_size", batch_size)
            given["epochs"] = automatic_epochs(taken.epochs, len(data), batch_size)
        one_class = data is None or data.kind == SingleLabel.kind
        if isinstance(class_weights, str):
            if class_weights != "balanced":
                raise ArgumentError(
                    "class_weights must be 'balanced', a tuple of numbers or None, got "
                    f"{class_weights!r:.80}"
                )
            if data is None or not one_class:
                class_weights = None
            else:
                class_weights = balanced_weights(data.places, len(data.classes))
        if data is not None and not one_class:
            self._check_of_one_class(data)
            del given["label_smoothing"]
        recipe = make_recipe(
            optimizer=self.optimizer,
            rate_at_128=taken.learning_rate if rule == "sgd" else None,
            pictures=None if data is None else len(data),
            schedule=self.schedule,
            class_weights=class_weights,
            batch_size=batch_size,
            seed=self.seed,
            patience=self.patience,
            ema=self.ema,
            loss=None if data is None or one_class else self._loss(data),
            **given,
        )
        if data is not None:
            recipe.augmentation.check_suits(sound=heard)
            check_augmentation(recipe.augmentation, data.targets)
        return recipe

    def _loss(self, data: Dataset) -> Loss:
        """What is minimised where there is no one class a picture."""
        return self._task_for(data).loss()

    def _task_for(self, data: Dataset) -> Task:
        """What is learned from some data."""
        return task_of(data.targets)

    def _check_of_one_class(self, data: Dataset) -> None:
        """Raise ArgumentError if a setting is given that only one class a picture has."""
        for name in ("label_smoothing", "class_weights"):
            if getattr(self, name):
                raise ArgumentError(
                    f"{name} is made for one class a picture, but {data.name} is for "
                    f"{data.targets.title}; leave it out"
                )

    def _layers(self, classes: int) -> Sequential:
        layers: object = self.architecture
        if isinstance(layers, str):
            layers = get_architecture(layers)
        if makes_layers(layers):
            layers = layers(classes)
        if not isinstance(layers, Sequential):
            raise ArgumentError(
                "architecture must be a name, a Sequential([...]), or a function that makes one "
                f"from the number of classes, got {type(layers).__name__}"
            )
        return layers

    def _origin(self) -> Model | None:
        """The model that ``fit`` starts from; none: it starts from scratch."""
        if self.warm_start and self._fitted is not None:
            return self._fitted.model
        if self.start_from is None:
            return None
        origin = remembered_model(self.start_from, self.engine)
        if {SingleLabel.kind, Regression.kind} & {*self.TASKS}:
            check_startable(origin, model_name(self.start_from))
        return origin

    def _planned_architecture(self) -> object:
        """The architecture that ``fit`` would train, as far as it can be known."""
        try:
            origin = self._origin()
        except PellucidError:  # a run that is resumed needs it no more; fit says what is wrong
            return self.architecture
        return self.architecture if origin is None else architecture_of(origin)

    def reading_size(
        self, pictures: object, size: Sequence[int] | None = None
    ) -> tuple[int, int] | None:
        """The size of picture files: the setting, or that of the model to start from.

        Args:
            pictures: The data, as :meth:`fit` takes them; arrays are never resized.
            size: (height, width, …) instead of the model's.

        Returns:
            (height, width); none: what :func:`pellucid.data.load` chooses.
        """
        if size is None and self.image_size is None and (origin := self._origin()) is not None:
            size = origin.network.graph.input_shape
        if size is None or self.image_size is not None or not are_picture_files(pictures):
            return self.image_size
        return size[0], size[1]

    def _first_network(
        self, data: Dataset, seed: int, before: Start | None = None
    ) -> tuple[Network, dict[str, Any] | None]:
        """The network that training begins with, and where it comes from if not from scratch."""
        if before is not None:
            return before.network, before.record
        origin = self._origin()
        if origin is None:
            return self._new_network(data, seed), None
        started = self._start(origin, data, seed)
        return started.network, started.record

    def _start(self, origin: Model, data: Dataset, seed: int) -> Start:
        again = self.warm_start and self._fitted is not None
        if again or self.start_from is None:
            name = "the classifier itself"
        else:
            name = network_name(self.start_from) or model_name(self.start_from)
        if self.architecture not in (DEFAULT_ARCHITECTURE, architecture_of(origin)):
            check_architecture(self._own_architecture_name(), origin, name)
        mean, deviation = statistics(data)
        return start_from(origin, name, data, mean, deviation, seed)

    def start_line(self, data: Dataset) -> str | None:
        """Which model ``fit`` would start from, in a line; none: no model."""
        origin = self._origin()
        return None if origin is None else self._start(origin, data, self.seed).line

    def _new_network(self, data: Dataset, seed: int) -> Network:
        """The architecture's network with its first weights; with side outputs, if it has any."""
        # Normalisation is part of the network, so that it takes raw pixels wherever it goes.
        mean, deviation = statistics(data)
        normalise = Normalise(mean, deviation, name="normalise")
        layers = Sequential([normalise, *self._layers(len(data.classes)).layers])
        graph = self._graph(layers, data)
        training, sides = layers.training_graph(data.image_shape)
        weights = classifier_weights(training, seed)
        return Network(graph, weights, {TRAINING: training} if sides else {}, sides)

    def _graph(self, layers: Sequential, data: Dataset) -> Graph:
        graph = layers.graph(data.image_shape)
        if graph.output_shape != (len(data.classes),):
            what = "numbers" if data.kind == Regression.kind else "classes"
            raise ShapeError(
                f"the last layer must give one logit for each of the {len(data.classes)} {what}, "
                f"got {describe(graph.output_shape)}; end with Dense({len(data.classes)})"
            )
        if graph.nodes[-1].operation.kind == "softmax":
            raise ArgumentError(
                "the last layer must give logits: leave the Softmax() out, the classifier and the "
                "loss apply it themselves"
            )
        return graph

    def _architecture_name(self) -> str:
        """What the provenance calls the architecture that is trained."""
        origin = self._origin()
        return self._own_architecture_name() if origin is None else architecture_of(origin)

    def _own_architecture_name(self) -> str:
        if isinstance(self.architecture, str):
            return find_name("architecture", self.architecture, ARCHITECTURES)
        return getattr(self.architecture, "__name__", "custom")


def unmoved(augmentation: Augmentation) -> Augmentation:
    """An augmentation without what moves pixels, which may change a number: an angle, a place."""
    return replace(augmentation, horizontal_flip=False, shift=0.0, rotation=0.0, scale=0.0)


def model_name(path: str | os.PathLike[str]) -> str:
    """What a model is called: where it lies is no part of where others come from."""
    *_, folder, last = Path(path).absolute().parts
    return f"{folder}/{last}" if last == RunFolder.MODEL else last


def statistics(data: Dataset) -> tuple[list[float], list[float]]:
    """Mean and deviation of each channel, as the network's first layer has them."""
    mean, deviation = data.channel_statistics()
    return [round(level, 4) for level in mean], [round(max(level, 1.0), 4) for level in deviation]


def makes_layers(architecture: object) -> TypeGuard[Callable[[int], object]]:
    """Whether an architecture is a function of the number of classes; layers can be called too."""
    return callable(architecture) and not isinstance(architecture, Sequential)
