"""The image classifier: a network with class names and preprocessing, as scikit-learn has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.estimators.paged import PagedEstimator
from pellucid.estimators.planning import DEFAULT_ARCHITECTURE
from pellucid.estimators.reading import outputs
from pellucid.ops.softmax import probabilities
from pellucid.tasks import MultiLabel, SingleLabel

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.preprocessing import Picture
    from pellucid.estimators.base import Pictures
    from pellucid.layers import Sequential


class ImageClassifier(PagedEstimator):
    """Learns to tell pictures apart, and can be opened up.

    Labels (N,) are one class a picture; (N, K) of 0 and 1 any number of K labels a picture, see
    :class:`pellucid.tasks.MultiLabel`.

    Follows scikit-learn's conventions: settings are stored as given and changed by ``set_params``;
    what is learned bears a trailing underscore; ``fit`` returns the classifier itself.

    Args:
        architecture: A name of :data:`pellucid.architectures.ARCHITECTURES`; or layers from
            normalised pixels to one logit a class; or a function that makes them from the number of
            classes.
        epochs: How often every picture is seen; none, as for all settings that say so: what is
            the default of the architecture, see :data:`pellucid.architectures.DEFAULTS`.
        batch_size: Pictures a step; none: as many as suit the pictures' number and size, see
            :func:`pellucid.training.batches.automatic_batch_size`.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Its peak; none for the default of the optimizer, the architecture and the
            batch size, see :func:`pellucid.training.recipe.default_learning_rate`.
        schedule: ``"constant"``, ``"step"``, ``"cosine"`` or ``"one-cycle"``.
        weight_decay: On kernels, 0 to 1; none for the default.
        label_smoothing: 0 to less than 1; none for the default.
        class_weights: One positive weight a class, in the order of the classes; ``"balanced"``: all
            classes count the same, however many pictures they have; none: all pictures do.
        patience: Epochs without a better validation after which training ends; none: never.
        ema: The decay of the weights' moving average, e.g. 0.999, which is then judged and kept in
            their place; none: no average.
        augmentation: How training pictures are changed: ``"none"``, ``"digits"``, ``"photos"``, or
            one's own; none for the default.
        image_size: (height, width) that pictures from files are brought to; none: their own.
        max_pixels: Picture files with more pixels are left out, and never decoded.
        validation: How much to hold out where the data has no part for it: a share of the training
            pictures (below 1) or their number; none for the source's default; 0 for nothing.
        group: What keeps pictures together when parts are drawn, e.g. those of a patient, see
            :func:`pellucid.data.load`.
        sound: How recordings become pictures, as :func:`pellucid.data.load` takes it.
        seed: Of everything random; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: it shows its progress on a terminal and in
            notebooks, never in worker processes; 1: it prints a line an epoch elsewhere, too.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`, e.g. ``"torch:cuda"``.
        start_from: A network whose weights ``fit`` starts from, named as ``pretrained`` names it;
            everything learns. The architecture is then the model's own, and so is the size of
            pictures unless ``image_size`` is given; channels and classes are those of the data.
            Layers that do not fit these start from scratch. None: all do.
        warm_start: Whether a further ``fit`` starts from what this classifier has learned or
            loaded, in the same way; else it starts from scratch (or from ``start_from``).
        pretrained: A network with trained weights whose body is frozen, so that only a new last
            layer is learned, on its features: a name such as ``"efficientnet-lite0"``, a model
            file, or a run's folder. Size and channels of pictures are then the body's, and
            ``weight_decay`` is that of the new layer, chosen by cross-validation where it is none.
        fine_tune: What learns afterwards, at a low rate: a number of the body's last blocks, the
            name of the first layer, or ``"all"``; none: nothing. What it brings is kept only if it
            does better on validation.

    Attributes:
        classes_: What ``predict`` answers, an array (K,), in the order of the probabilities.
        history_: A row an epoch, as :class:`pellucid.training.history.Epoch`; of a loaded model,
            too, if its file has it.
    """

    TASKS: ClassVar[tuple[str, ...]] = (SingleLabel.kind, MultiLabel.kind)

    def __init__(
        self,
        architecture: str | Sequential | Callable[[int], Sequential] = DEFAULT_ARCHITECTURE,
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: str = "sgd",
        learning_rate: float | None = None,
        schedule: str = "one-cycle",
        weight_decay: float | None = None,
        label_smoothing: float | None = None,
        class_weights: tuple[float, ...] | str | None = None,
        patience: int | None = None,
        ema: float | None = None,
        augmentation: str | Augmentation | None = None,
        image_size: tuple[int, int] | None = None,
        max_pixels: int = MAX_PIXELS,
        validation: float | None = None,
        group: str | None = None,
        sound: object = None,
        seed: int = 0,
        verbose: int | None = None,
        engine: str = DEFAULT,
        start_from: str | os.PathLike[str] | None = None,
        warm_start: bool = False,
        pretrained: str | os.PathLike[str] | None = None,
        fine_tune: int | str | None = None,
    ) -> None:
        given = locals()  # a subclass may have other settings than these
        super().__init__(**{n: given[n] for n in given if n not in ("self", "__class__")})

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks when it is handed this classifier: only then is it imported."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_label=True),
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )

    # ----------------------------------------------------------------------------------- answering

    def predict(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> Any:
        """What pictures show: one class for one picture, an array (N,) for several.

        Classes are given as they were at ``fit``, also after saving and loading: integers for
        MNIST and for labels that were integers, names for folders of pictures. Of several labels a
        picture, the answer is a row of 0 and 1, int64 (K,) or (N, K): 1 where a label's probability
        is at least ``model_.task.threshold``.

        Args:
            pictures: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C): one
                picture, of any size. A list of those: several. An array (N, H, W) or (N, H, W, C)
                of the network's own size: several. Pixels are uint8, 0..255.
        """
        return self._answers(pictures)

    def predict_proba(
        self, pictures: Picture | Sequence[Picture] | NDArray[Any]
    ) -> NDArray[np.float64]:
        """The probability of every class, (K,) for one picture, (N, K) for several.

        Rows sum to 1; of several labels a picture each probability stands for itself.

        Args:
            pictures: As in :meth:`predict`.
        """
        found, single = outputs(self.model_, self.program_, pictures, self.max_pixels)
        answers = self._probabilities(found)
        return np.asarray(answers[0] if single else answers)

    def _probabilities(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        task = self.model_.task
        if isinstance(task, MultiLabel):
            return np.asarray(task.probabilities(logits))
        return probabilities(logits)

    def score(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
    ) -> float:
        """The accuracy on labelled pictures, 0 to 1; of several labels the mAP.

        See :meth:`evaluate`.
        """
        return float(self.evaluate(pictures, labels).score)

    @property
    def classes_(self) -> NDArray[Any]:
        """What :meth:`predict` answers, (K,), in the order of the probabilities.

        Integers (int64) or texts, as the labels were; ``model_.classes`` are always the names.
        """
        return self.model_.answers
