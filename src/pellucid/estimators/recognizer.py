"""The speech recognizer: a network that writes what is said in recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.architectures import Defaults
from pellucid.architectures.speech import NAME, STEPS, speech
from pellucid.data.augment.settings import SPEECH
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.transcripts import Transcripts
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError, DataError
from pellucid.estimators.paged import PagedEstimator
from pellucid.estimators.planning import makes_layers, statistics
from pellucid.estimators.reading import outputs
from pellucid.graph import Network, initial_weights
from pellucid.layers import Normalise, Sequential
from pellucid.tasks import Transcription
from pellucid.tasks.transcript import Transcript
from pellucid.text import counted, printable, quoted
from pellucid.training.start import Start, with_fitting_weights

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.cache import CacheSetting
    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.estimators.base import Pictures
    from pellucid.files import Model
    from pellucid.graph import Graph
    from pellucid.training.recipe import Recipe

DEFAULTS = Defaults(epochs=30, weight_decay=1e-4, augmentation=SPEECH)
"""How a recognizer is trained where nothing is given."""

BATCH = 16
"""Recordings a step where none are given."""


class SpeechRecognizer(PagedEstimator):
    """Learns to write what is said in recordings, from recordings with their texts.

    Follows scikit-learn's conventions, as :class:`pellucid.ImageClassifier` does. Nobody needs to
    say when each word is: the loss (:mod:`pellucid.ops.ctc_loss`) counts all ways to place them.
    The network is that of :mod:`pellucid.architectures.speech`.

    Args:
        architecture: ``"speech"``; or layers, or a function that makes them from the number of
            logits a step, K + 1, which end in a map of one row (1, steps, K + 1), or in
            (steps, K + 1).
        units: What is written, ``"words"`` or ``"characters"``; none: words where they are few and
            occur often, else characters, which can write words that were never heard.
        start_from: A recognizer whose weights are taken where they fit: a model file or a run.
        epochs: As of the classifier, like all settings that follow.
        batch_size: Recordings a step.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Its peak; none for the default.
        schedule: ``"constant"``, ``"step"``, ``"cosine"`` or ``"one-cycle"``.
        weight_decay: On kernels, 0 to 1; none for the default.
        patience: Epochs without a better validation after which training ends; none: never.
        ema: The decay of the weights' moving average; none: no average.
        augmentation: How training recordings are changed; none for ``"speech"``.
        max_pixels: As of the classifier.
        validation: How much to hold out where the data has no part for it.
        group: What keeps recordings together when parts are drawn, such as those of a speaker.
        sound: How recordings become pictures, as of the classifier. All of a recording is heard:
            longer ones than ``seconds`` are left out, and refused by :meth:`predict`.
        seed: Of everything random; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: its progress on a terminal and in notebooks.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`.
        warm_start: Whether a further ``fit`` starts from what this recognizer has learned.

    Attributes:
        history_: A row an epoch; word accuracy of validation is among its ``measures``.
    """

    TASKS: ClassVar[tuple[str, ...]] = (Transcription.kind,)
    units: str | None
    label_smoothing = None
    class_weights = None
    pretrained = None
    fine_tune = None
    image_size = None

    def __init__(
        self,
        architecture: str | Sequential | Callable[[int], Sequential] = NAME,
        *,
        units: str | None = None,
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
        max_pixels: int = MAX_PIXELS,
        validation: float | None = None,
        group: str | None = None,
        sound: object = None,
        seed: int = 0,
        verbose: int | None = None,
        engine: str = DEFAULT,
        warm_start: bool = False,
    ) -> None:
        given = locals()
        super().__init__(**{n: given[n] for n in given if n not in ("self", "__class__")})

    # ------------------------------------------------------------------------------- what fit does

    def _take_settings(self, model: Model) -> None:
        super()._take_settings(model)
        assert isinstance(model.task, Transcription)
        self.units = model.task.units

    def _defaults(self, architecture: str | None = None) -> Defaults:
        return DEFAULTS

    def _check_named(self, name: str) -> None:
        if name != NAME:
            raise ArgumentError(
                f"architecture is {name!r:.80}, and speech to text is learned by {NAME!r}, or by "
                "your own layers, which end in a row of logits a step; leave it out"
            )

    def _own_architecture_name(self) -> str:
        if isinstance(self.architecture, str):
            self._check_named(self.architecture)
            return NAME
        return getattr(self.architecture, "__name__", "custom")

    def _recipe(
        self,
        epochs: int | None = None,
        data: Dataset | None = None,
        architecture: str | None = None,
    ) -> Recipe:
        if data is not None:
            self._check_sound(data)
        if self.batch_size is None or self.augmentation is None:
            own = {"batch_size": BATCH, "augmentation": SPEECH}
            given = self.get_params()
            found = {name: own[name] if given[name] is None else given[name] for name in own}
            return type(self)(**{**given, **found})._recipe(epochs, data, architecture)
        return super()._recipe(epochs, data, architecture)

    def _check_fits(self, graph: Graph, data: Dataset) -> None:
        """Check that a network ends in logits of steps, which are enough for every text."""
        task = Transcription.of(data.targets)
        task.check_outputs(graph.output_shape)
        steps = graph.output_shape[-2]
        loss = task.loss()
        for i, row in enumerate(task.targets(data, slice(None))):
            try:
                loss.check_fit(row[np.newaxis], (steps, len(task.names) + 1))
            except ArgumentError as error:
                text = data.targets.text(i)
                raise DataError(
                    f"{printable(data.picture_name(i))}: its text ({quoted(text, 60)}) has "
                    f"{counted(int((row >= 0).sum()), task.units.removesuffix('s'))}, and the "
                    f"network writes at most one in each of {counted(steps, 'step')}, with one "
                    "between equal ones; correct the text, or take a longer window or a shorter "
                    "hop (--sound seconds=…,hop=…)"
                ) from error

    def _learn(
        self,
        model: Model,
        recipe: Recipe,
        data: Dataset,
        validation: Dataset | None,
        cache: CacheSetting,
        **options: Any,
    ) -> None:
        if validation is not None:  # it is judged by only when an epoch is over
            self._check_fits(model.network.graph, validation)
        super()._learn(model, recipe, data, validation, cache, **options)

    def _new_network(self, data: Dataset, seed: int) -> Network:
        mean, deviation = statistics(data)
        targets = data.targets
        assert isinstance(targets, Transcripts)
        outputs_of_step = len(targets.vocabulary) + 1
        if makes_layers(self.architecture) or isinstance(self.architecture, Sequential):
            layers = self._layers(outputs_of_step)
        else:
            layers = speech(data.image_shape[0], outputs_of_step, STEPS[targets.units])
        whole = Sequential([Normalise(mean, deviation, name="normalise"), *layers.layers])
        graph = whole.graph(data.image_shape)
        self._check_fits(graph, data)
        return Network(graph, initial_weights(graph, seed))

    def _start(self, origin: Model, data: Dataset, seed: int) -> Start:
        """The network for the data, with a recognizer's weights where it has such."""
        again = self.warm_start and self._fitted is not None
        name = "the recognizer itself" if again or self.start_from is None else self.start_from
        if origin.task.kind != Transcription.kind:
            raise ArgumentError(
                f"{printable(name)}: a model for {origin.task.title}; speech to text starts from a "
                "recognizer (SpeechRecognizer), or from scratch"
            )
        network = self._new_network(data, seed)
        same = isinstance(origin.task, Transcription) and origin.task.vocabulary == data.classes
        *_, last = (each.node for each in network.graph.parameters)
        fresh = () if same else (last,)
        return with_fitting_weights(origin, str(name), network, fresh=fresh)

    @staticmethod
    def _check_sound(data: Dataset) -> None:
        if data.sound is None:
            raise DataError(
                f"{data.name}: pictures that are not known to be of sound; give recordings, or "
                "pictures of them with the settings they were made by: Dataset(…, sound=Sound(…))"
            )

    # ------------------------------------------------------------------------------------- answers

    def predict(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> str | list[str]:
        """What is said in recordings: a text for one recording, a list of them for several.

        Args:
            pictures: As :meth:`pellucid.ImageClassifier.predict` takes recordings.
        """
        found = self.transcribe(pictures)
        return found.text if isinstance(found, Transcript) else [each.text for each in found]

    def transcribe(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any]
    ) -> Transcript | list[Transcript]:
        """The same with the time and the probability of each word.

        Args:
            pictures: As :meth:`predict` takes them.
        """
        rows, single = outputs(self.model_, self.program_, pictures, self.max_pixels)
        task, sound = self.model_.task, self.model_.preprocessing.sound
        assert isinstance(task, Transcription)
        assert sound is not None
        found = [Transcript.of(row.astype(np.float64), task, sound) for row in rows]
        return found[0] if single else found

    def score(
        self, pictures: Pictures, labels: Sequence[Any] | NDArray[Any] | None = None
    ) -> float:
        """Word accuracy, 1 − word error, at most 1; see :meth:`evaluate`."""
        return float(self.evaluate(pictures, labels).score)
