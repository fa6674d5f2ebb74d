"""The image regressor: a network that predicts numbers, as scikit-learn has regressors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pellucid import checks
from pellucid.data.pillow import MAX_PIXELS
from pellucid.engines import DEFAULT
from pellucid.estimators.paged import PagedEstimator
from pellucid.estimators.planning import DEFAULT_ARCHITECTURE
from pellucid.ops import Huber, SquaredError
from pellucid.tasks import Regression

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.data.augment import Augmentation
    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.estimators.base import Pictures
    from pellucid.files import Model
    from pellucid.layers import Sequential
    from pellucid.ops.loss import Loss

LOSSES = ("squared", "huber")
"""What a regressor can minimise."""


class ImageRegressor(PagedEstimator):
    """Learns to predict numbers from pictures.

    Follows scikit-learn's conventions, as :class:`pellucid.ImageClassifier` does. Targets are (N,)
    or (N, M) numbers; they are standardised inside, so that learning rates and losses do not depend
    on their unit.

    Args:
        architecture: A name of :data:`pellucid.architectures.ARCHITECTURES`; or layers from
            normalised pixels to M numbers; or a function that makes them from M.
        loss: ``"huber"``, which minds targets far off less, or ``"squared"`` error.
        epochs: As of the classifier, like all settings that follow.
        batch_size: Pictures a step; none: as many as suit the pictures' number and size.
        optimizer: ``"sgd"``, ``"adam"`` or ``"adamw"``.
        learning_rate: Its peak; none for the default.
        schedule: ``"constant"``, ``"step"``, ``"cosine"`` or ``"one-cycle"``.
        weight_decay: On kernels, 0 to 1; none for the architecture's default.
        patience: Epochs without a better validation after which training ends; none: never.
        ema: The decay of the weights' moving average; none: no average.
        augmentation: How training pictures are changed; none for the architecture's default. A flip
            negates the numbers that its ``flip_negates`` names; where another change of the picture
            changes its number, leave it out.
        image_size: (height, width) that pictures from files are brought to; none: their own.
        max_pixels: Picture files with more pixels are left out, and never decoded.
        validation: How much to hold out where the data has no part for it.
        group: What keeps pictures together when parts are drawn.
        sound: How recordings become pictures, as :func:`pellucid.data.load` takes it.
        seed: Of everything random; the same seed gives the same bits.
        verbose: 0: ``fit`` shows nothing; none: its progress on a terminal and in notebooks.
        engine: Who computes: a name of :data:`pellucid.engines.ENGINES`.
        start_from: A network whose weights ``fit`` starts from: a name, a model file or a run.
        warm_start: Whether a further ``fit`` starts from what this regressor has learned.
        pretrained: A network whose frozen body a new last layer is learned on.
        fine_tune: What of that body learns afterwards.

    Attributes:
        history_: A row an epoch; R² and mean absolute error of validation are its ``measures``.
    """

    TASKS: ClassVar[tuple[str, ...]] = (Regression.kind,)
    loss: str
    label_smoothing = None
    class_weights = None

    def __init__(
        self,
        architecture: str | Sequential | Callable[[int], Sequential] = DEFAULT_ARCHITECTURE,
        *,
        loss: str = "huber",
        epochs: int | None = None,
        batch_size: int | None = None,
        optimizer: str = "adam",
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
        """What scikit-learn asks when it is handed this regressor: only then is it imported."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True),
            regressor_tags=RegressorTags(),
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )

    def _take_settings(self, model: Model) -> None:
        super()._take_settings(model)
        recipe = model.provenance.get("recipe")
        loss = recipe.get("loss") if isinstance(recipe, dict) else None
        if isinstance(loss, dict) and loss.get("kind") == SquaredError.kind:
            self.loss = "squared"

    def _loss(self, data: Dataset) -> Loss:
        checks.choice("loss", self.loss, LOSSES)
        return Huber() if self.loss == "huber" else SquaredError()

    def predict(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> Any:
        """The numbers of pictures: a float for one picture, an array (N,) for several.

        Of M numbers a picture, arrays (M,) and (N, M). They are in the unit of the targets.

        Args:
            pictures: As :meth:`pellucid.ImageClassifier.predict` takes them.
        """
        return self._answers(pictures)

    def score(
        self, pictures: Pictures, labels: Sequence[Any] | NDArray[Any] | None = None
    ) -> float:
        """R² on pictures with their numbers, at most 1; see :meth:`evaluate`."""
        return float(self.evaluate(pictures, labels).score)
