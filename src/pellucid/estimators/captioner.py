"""The image captioner: what is to be seen in a picture, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pellucid import checks
from pellucid.architectures.captioner import (
    WORDS_GRAPH,
    Captioner,
    CaptionerSize,
    captioner,
    last_map,
    size_of,
)
from pellucid.data.arrays import dataset_from
from pellucid.data.captions import Captions
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.engines.batches import forward
from pellucid.estimators.opened_captions import OpenCaptioner
from pellucid.estimators.reading import as_images
from pellucid.evaluation.captions import evaluate_captions
from pellucid.files.provenance import TRANSFER
from pellucid.graph import Graph, Network
from pellucid.interop.pretrained import PRETRAINED
from pellucid.ops.types import Type
from pellucid.tasks import Captioning
from pellucid.tasks.caption_search import write_captions
from pellucid.tasks.captioning import LEAST_COUNT
from pellucid.text import array_shape, printable
from pellucid.training import make_recipe
from pellucid.training.arguments import evaluation_data
from pellucid.training.fit_captioner import fit_captioner
from pellucid.transfer.feature_cache import open_feature_cache

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.cache import CacheSetting
    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture, Preprocessing
    from pellucid.estimators.base import Pictures
    from pellucid.evaluation.captions import CaptionReport
    from pellucid.files import Model
    from pellucid.ops.loss import Loss
    from pellucid.tasks import Task
    from pellucid.tasks.caption import Caption
    from pellucid.training.recipe import Recipe
    from pellucid.training.start import Start

ARCHITECTURE = "captioner"

BODY = "efficientnet-lite0"
"""The trained network whose body looks at pictures where none is named."""

EPOCHS = 12

BATCH = 64
"""Captions a step where none are given."""

RATE = 2e-3
"""The peak learning rate for such batches."""

WEIGHT_DECAY = 1e-4


class ImageCaptioner(OpenCaptioner):
    """Learns to write what is to be seen in pictures, from pictures with captions.

    Follows scikit-learn's conventions, as :class:`pellucid.ImageClassifier` does. A trained
    network's body looks at the pictures and stays as it is; what lies behind it (see
    :mod:`pellucid.architectures.captioner`) learns to write, word by word, and to look for each
    word where the picture says most about it.

    Args:
        pretrained: The network whose body is used: a name (``"efficientnet-lite0"``), a model file
            or a run.
        epochs: How often every caption is seen; none for 12.
        batch_size: Captions a step; none for 64.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Its peak; none for the default.
        schedule: ``"constant"``, ``"step"``, ``"cosine"`` or ``"one-cycle"``.
        weight_decay: On kernels, 0 to 1; none for the default.
        patience: Epochs without a better BLEU-4 of the validation pictures after which training
            ends; none: never. The best epoch's weights are kept in any case.
        image_size: (height, width) that pictures are brought to; none: as the body takes them.
        max_pixels: Picture files with more pixels are left out, and never decoded.
        validation: How much to hold out where the data has no part for it.
        group: What keeps pictures together when parts are drawn.
        seed: Of everything random; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: its progress on a terminal and in notebooks.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`.
        least_count: How often a word must be in captions to be known.
        embedding: Numbers of a word.
        hidden: Units of the recurrent layer, and of the layer before the logits.
        cell: ``"gru"`` or ``"lstm"``.
        dropout: The share of numbers that are left out in training, 0 to 0.9.
        beam: How many beginnings of captions are followed when captions are written.

    Attributes:
        history_: A row an epoch; BLEU-4 and BLEU-1 of validation are its ``measures``. Losses are
            of a word, in nats.
    """

    TASKS: ClassVar[tuple[str, ...]] = (Captioning.kind,)
    architecture = ARCHITECTURE
    label_smoothing = None
    class_weights = None
    augmentation = None
    ema = None
    start_from = None
    warm_start = False
    fine_tune = None
    sound = None
    least_count: int
    embedding: int
    hidden: int
    cell: str
    dropout: float
    beam: int

    def __init__(
        self,
        pretrained: str | os.PathLike[str] = BODY,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: str = "adamw",
        learning_rate: float | None = None,
        schedule: str = "one-cycle",
        weight_decay: float | None = None,
        patience: int | None = None,
        image_size: tuple[int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        validation: float | None = None,
        group: str | None = None,
        seed: int = 0,
        verbose: int | None = None,
        engine: str = DEFAULT,
        least_count: int = LEAST_COUNT,
        embedding: int = 128,
        hidden: int = 256,
        cell: str = "gru",
        dropout: float = 0.5,
        beam: int = 5,
    ) -> None:
        given = locals()
        super().__init__(**{n: given[n] for n in given if n not in ("self", "__class__")})

    # ------------------------------------------------------------------------------- what fit does

    def check_settings(self) -> Self:
        """Raise now what ``fit`` would raise for the settings alone, before any data is read."""
        checks.whole("least_count", self.least_count, 1)
        checks.whole("beam", self.beam, 1, 100)
        self._size()
        return super().check_settings()

    def _size(self) -> CaptionerSize:
        return CaptionerSize(self.embedding, self.hidden, self.hidden, self.cell, self.dropout)

    @property
    def planned_epochs(self) -> int:
        """How many epochs ``fit`` trains for."""
        return EPOCHS if self.epochs is None else self.epochs

    def _recipe(
        self,
        epochs: int | None = None,
        data: Dataset | None = None,
        architecture: str | None = None,
    ) -> Recipe:
        batch = BATCH if self.batch_size is None else self.batch_size
        recipe = make_recipe(
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            weight_decay=WEIGHT_DECAY if self.weight_decay is None else self.weight_decay,
            epochs=self.planned_epochs if epochs is None else epochs,
            batch_size=batch,
            seed=self.seed,
            patience=self.patience,
            loss=self._loss(data),
        )
        if self.learning_rate is not None:
            return recipe
        return replace(recipe, learning_rate=self._default_rate(recipe))

    def _loss(self, data: Dataset | None) -> Loss:
        return Captioning(("word",)).loss()

    def _default_rate(self, recipe: Recipe) -> float:
        factor = 25.0 if recipe.optimizer.kind == "sgd" else 1.0
        return float(f"{factor * RATE * (recipe.batch_size / BATCH) ** 0.5:.2g}")

    def _task_for(self, data: Dataset) -> Task:
        return Captioning.of(data.targets, least_count=self.least_count, beam=self.beam)

    def _training_data(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None,
        validation_data: Dataset | tuple[Any, Any] | None,
        **options: Any,
    ) -> tuple[Dataset, Dataset | None]:
        if labels is not None:
            pictures, labels = with_captions(pictures, labels), None
        if isinstance(validation_data, tuple | list) and len(validation_data) == 2:
            validation_data = with_captions(*validation_data)
        return super()._training_data(pictures, labels, validation_data, **options)

    def _first_network(
        self, data: Dataset, seed: int, before: Start | None = None
    ) -> tuple[Network, dict[str, Any] | None]:
        return self._networks(self._task_for(data), data.image_shape, seed).network, None

    def _networks(self, task: Task, shape: tuple[int, ...], seed: int) -> Captioner:
        origin = self._origin()
        assert origin is not None
        assert isinstance(task, Captioning)
        old = origin.network.graph
        body = Graph({old.input: Type(tuple(shape))}, old.nodes, old.outputs)
        network = Network(body, origin.network.weights)
        return captioner(network, task.vocabulary, task.length, self._size(), seed=seed)

    def _architecture_name(self) -> str:
        return ARCHITECTURE

    def _transfer_record(self, like: Preprocessing | None) -> dict[str, Any] | None:
        if like is None:
            return None
        return {
            "body": printable(self._body_name()),
            "preprocessing": like.to_dict(),
            "embedding": self.embedding,
            "hidden": self.hidden,
            "cell": self.cell,
            "dropout": self.dropout,
            "least_count": self.least_count,
        }

    def _learn(
        self,
        model: Model,
        recipe: Recipe,
        data: Dataset,
        validation: Dataset | None,
        cache: CacheSetting,
        **options: Any,
    ) -> None:
        networks = self._networks(model.task, data.image_shape, recipe.seed)
        self._learned_from = data
        fit_captioner(
            model, networks, recipe, data, validation, self.engine,
            cache=open_feature_cache(cache), **options,
        )  # fmt: skip

    def _take_settings(self, model: Model) -> None:
        size = size_of(model.network.graphs[WORDS_GRAPH])
        if size is not None:
            self.embedding, self.hidden, self.cell = size.embedding, size.units, size.cell
        assert isinstance(model.task, Captioning)
        self.beam = model.task.beam
        record = model.provenance.get(TRANSFER)
        if not isinstance(record, dict):
            return
        rate = record.get("dropout")
        if isinstance(rate, float | int) and not isinstance(rate, bool) and 0 <= rate <= 0.9:
            self.dropout = float(rate)
        if type(least := record.get("least_count")) is int and least >= 1:
            self.least_count = least
        if isinstance(body := record.get("body"), str) and body in PRETRAINED:
            self.pretrained = body

    _learned_from: Dataset | None = None
    """What this captioner has learned from, for the baselines that it is compared with."""

    def start_line(self, data: Dataset) -> str | None:
        """Which body ``fit`` would use, in a line."""
        origin = self._origin()
        assert origin is not None
        graph = origin.network.graph
        body = Graph({graph.input: Type(data.image_shape)}, graph.nodes, graph.outputs)
        cut = last_map(body)
        return (
            f"body: {printable(self._body_name())} up to {printable(cut)}, frozen, a map of "
            f"{array_shape(body.shapes[cut])} of pictures {array_shape(data.image_shape)}"
        )

    # ------------------------------------------------------------------------------------- answers

    @property
    def _task(self) -> Captioning:
        task = self.model_.task
        assert isinstance(task, Captioning)
        return task

    def predict(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> Any:
        """What is to be seen: a text for one picture, a list of texts for several.

        Args:
            pictures: As :meth:`pellucid.ImageClassifier.predict` takes them.
        """
        found = self.captions(pictures)
        return [str(each) for each in found] if isinstance(found, list) else str(found)

    def captions(
        self,
        pictures: Picture | Sequence[Picture] | NDArray[Any],
        *,
        beam: int | None = None,
    ) -> Caption | list[Caption]:
        """Captions with their log-probabilities, and where each word looked.

        Args:
            pictures: As :meth:`predict` takes them.
            beam: How many beginnings are followed, 1 to 100; none: as many as the setting says.
        """
        if beam is not None:
            checks.whole("beam", beam, 1, 100)
        images, single = as_images(self.model_, pictures, self.max_pixels)
        program = self._learned.program
        places = forward(program, images)
        graph = self.model_.network.graphs[WORDS_GRAPH]
        found = write_captions(program, graph, self._task, places, beam=beam)
        return found[0] if single else found

    def evaluate(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
        *,
        learned: Dataset | None = None,
    ) -> CaptionReport:
        """Judge the captions that are written of pictures, by those that people wrote.

        Args:
            pictures: As in :meth:`fit`. Of ``Splits``, the test part is used.
            labels: Captions of each picture, where pixels are given.
            learned: The pictures that were learned from, for the baselines that the captions are
                compared with; none: those of ``Splits`` or of the last ``fit``, if there are.

        Raises:
            DataError: If the pictures do not suit the network, or have no captions.
        """
        if labels is not None:
            pictures, labels = with_captions(pictures, labels), None
        if learned is None:
            learned = getattr(pictures, "train", None) or self._learned_from
        data, _ = evaluation_data(pictures, labels, self.model_, max_pixels=self.max_pixels)
        return evaluate_captions(
            self._learned.program, data, self.model_, learned=learned, engine=self.engine
        )

    def score(
        self, pictures: Pictures, labels: Sequence[Any] | NDArray[Any] | None = None
    ) -> float:
        """BLEU-4, 0 to 1; see :meth:`evaluate`."""
        return float(self.evaluate(pictures, labels).score)


def with_captions(pictures: Any, captions: Any) -> Dataset:
    """Pixels (N, H, W, C) or (N, H, W) with a caption, or several, of each."""
    plain = dataset_from(pictures, np.zeros(len(pictures), np.int64))
    return replace(plain, targets=Captions.of(captions))
