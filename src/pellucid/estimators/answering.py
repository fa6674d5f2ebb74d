"""Estimators that answer: pictures in, what the task makes of the outputs; and how good that is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.engines import get_engine
from pellucid.estimators.base import ImageEstimator
from pellucid.estimators.reading import as_images, outputs
from pellucid.evaluation import Report
from pellucid.evaluation.by_task import evaluate_task
from pellucid.files.provenance import renamed
from pellucid.files.referenced import ReferencedPictures
from pellucid.training.advice import Setup
from pellucid.training.arguments import evaluation_data
from pellucid.training.dead_units import activity
from pellucid.training.diagnosis import diagnose
from pellucid.training.other_faults import other_faults
from pellucid.training.unlike import Unlike, unlike_picture
from pellucid.transfer.body import Body
from pellucid.transfer.feature_cache import open_feature_cache
from pellucid.transfer.features import FeatureReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.class_names import ClassNames
    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.estimators.base import Pictures
    from pellucid.training.diagnosis import Diagnosis


class AnsweringEstimator(ImageEstimator):
    """An estimator whose answers are those of its task."""

    def _answers(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> Any:
        """What the task answers; of one picture without a batch axis."""
        found, single = outputs(self.model_, self.program_, pictures, self.max_pixels)
        answers = self.model_.task.answer(found.astype(np.float64))
        if not single:
            return answers
        return answers[0] if answers.ndim > 1 else answers[0].item()

    def evaluate(
        self,
        pictures: Pictures,
        labels: Sequence[Any] | NDArray[Any] | None = None,
    ) -> Any:
        """Judge the model on labelled pictures.

        Of one class a picture the judgement is a :class:`pellucid.evaluation.Report`; of several
        labels a :class:`pellucid.evaluation.multi_label.MultiLabelReport`, of numbers a
        :class:`pellucid.evaluation.regression.RegressionReport`.

        Args:
            pictures: As in :meth:`fit`. Of ``Splits``, the test part is used; of a folder or a
                built-in set, what was not learned, as ``pellucid evaluate`` does.
            labels: One a picture, where pixels are given: of the kind that ``predict`` answers.

        Raises:
            DataError: If the pictures' size or classes are not the network's, or labels are of
                another kind than its answers.
        """
        data, _ = evaluation_data(pictures, labels, self.model_, max_pixels=self.max_pixels)
        return evaluate_task(self._learned.program, data, self.model_.task)

    def diagnose(self, pictures: Dataset, report: Any = None) -> tuple[Diagnosis, ...]:
        """Look for common faults of training, described in words with numbers.

        Args:
            pictures: Pictures that were not learned, e.g. those of validation.
            report: What :meth:`evaluate` said of them, if that is known already.

        Returns:
            What was found; nothing if training went well. Of a loaded model, whose course is not
            known, only what its answers show.
        """
        model, recipe = self.model_, self._learned.recipe
        if model.task.of_one_class and len(model.classes) < 2:  # whatever the answer, it is right
            return ()
        judged = self.evaluate(pictures) if report is None else report
        history = [] if recipe is None else self.history_
        # without the recipe, losses of the course cannot be judged
        frozen = recipe is not None and recipe.epochs == recipe.head_epochs
        units = (  # what a frozen body leaves silent is no fault of this training
            ()
            if frozen
            else activity(model.network, pictures.images, engine=get_engine(self.engine))
        )
        described = model.provenance.get("recipe")
        recipe_of = described if isinstance(described, dict) else {}
        setup = Setup(
            model.network.graph, recipe_of, model.task, self._defaults().epochs, pictures.noun
        )  # fmt: skip
        if not isinstance(judged, Report):
            return other_faults(history, units, setup, remark=judged.remark)
        return diagnose(
            history,
            classes=len(model.classes),
            confusion=judged.confusion,
            activity=units,
            recipe=recipe,
            setup=setup,
            names=model.classes,
            default_rate=None if recipe is None else self._default_rate(recipe),
        )

    def features(self, pictures: Picture | Sequence[Picture] | NDArray[Any]) -> NDArray[np.float32]:
        """What the last dense layer reads of pictures, float32 (D,) or (N, D).

        Of detectors and speech it is the mean, over all places, of the last maps that everything
        behind is made of (:meth:`pellucid.transfer.body.Body.for_features`).

        Pictures that are alike to the network have features that point the same way: a search for
        nearest neighbours, a clustering or another program's classifier works on them. They are
        kept on disk as decoded pictures are.

        Args:
            pictures: As in :meth:`predict`.

        Raises:
            ArgumentError: If the network has no such values.
        """
        body = Body.for_features(self.model_, "the model")
        images, single = as_images(self.model_, pictures, self.max_pixels)
        reader = FeatureReader(body, get_engine(self.engine), open_feature_cache(True))
        found = reader.read(images)
        return np.asarray(found[0] if single else found)

    def unlike(self, picture: Picture) -> Unlike | None:
        """How a picture differs from those that were learned; None if it is like them.

        Compared are mean level, level at the border, contrast and colourfulness, by ranges that
        training keeps in the model (see :mod:`pellucid.data.picture_statistics`).

        Args:
            picture: As in :meth:`trace`.
        """
        found = ReferencedPictures(self.model_, max_pixels=self.max_pixels).resolved(picture)
        return unlike_picture(self.model_, found, self.max_pixels)

    def with_threshold(self, threshold: float) -> Self:
        """A new estimator that answers from another probability on; this one stays as it is.

        Args:
            threshold: 0 to 1; of boxes 0.001 to 1.

        Raises:
            ArgumentError: If it is out of range; or the model is not for several labels a picture
                or for boxes.
        """
        model = self.model_
        task = model.task.with_threshold(threshold)
        return self._changed(replace(self._learned, model=replace(model, task=task)))

    def with_beam(self, beam: int) -> Self:
        """A new estimator that follows as many beginnings of captions; this one stays as it is.

        Args:
            beam: 1 to 100.

        Raises:
            ArgumentError: If it is out of range, or the model does not write captions.
        """
        model = self.model_
        task = model.task.with_beam(beam)
        return self._changed(replace(self._learned, model=replace(model, task=task)))

    def renamed(self, classes: ClassNames | Sequence[int]) -> Self:
        """A new estimator with other class names; this one stays as it is.

        Args:
            classes: One name for each class, in the order of ``classes_``: a list, ``"cat,dog"``,
                or the path of a file with one name a line. Integers are answered as such.

        Raises:
            DataError: If there are more or fewer names than classes, or two are the same or differ
                only in case or blanks.
            ArgumentError: If the model was trained for numbers, which have no classes.
        """
        learned = self._learned
        return self._changed(replace(learned, model=renamed(learned.model, classes)))
