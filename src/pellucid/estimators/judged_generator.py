"""Generators that are judged: by a classifier, and by what they learned from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.unlabelled import Unlabelled
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, DataError
from pellucid.estimators.conventions import Estimator
from pellucid.estimators.planning import model_name
from pellucid.estimators.sampling import SamplingEstimator
from pellucid.evaluation.generation import evaluate_generated
from pellucid.evaluation.picture_judge import PictureJudge
from pellucid.files.held_out import learned_pictures
from pellucid.interop.models import find_model
from pellucid.text import array_shape
from pellucid.training.arguments import evaluation_data

if TYPE_CHECKING:
    from pellucid.data.reading import Reading
    from pellucid.evaluation.generation import GenerationReport

    Pictures = Splits | str | os.PathLike[str] | Mapping[str, Any]
    """What a generator learned from, and other such pictures."""

    Judge = Estimator | str | os.PathLike[str]
    """A classifier, or where it is."""

COUNT = 10_000
"""Pictures that a generator is judged by."""


class JudgedGenerator(SamplingEstimator):
    """What an estimator that makes pictures is judged by."""

    def evaluate(
        self,
        pictures: Pictures,
        judge: Judge | None = None,
        *,
        count: int = COUNT,
        seed: int = 0,
    ) -> GenerationReport:
        """Judge the generator: are all kinds of pictures there, are they good, are they new?

        Args:
            pictures: What it learned from, as in :meth:`fit`: ``Splits``, or a folder, a list or a
                name. Besides the training part their test part is needed, or else that of
                validation: real pictures that it has not learned, to compare with.
            judge: A classifier of such pictures, or a model file, a run's folder or a name. None:
                classes, confidence and Fréchet's distance are left out.
            count: How many pictures it makes, at least 2.
            seed: Of these, as :meth:`sample` takes it.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
            DataError: If the data cannot be used, have no such parts, or have pictures of another
                shape.
            ArgumentError: If the judge does not answer with one class a picture.
        """
        if not isinstance(pictures, Splits | str | os.PathLike | Mapping):
            raise ArgumentError(
                "a generator is compared with what it learned from and with other such pictures; "
                "give Splits, or the data's path or name"
            )
        if isinstance(pictures, Splits) and pictures.test is None:
            pictures = replace(pictures, test=pictures.validation)
        test, _ = evaluation_data(pictures, None, self.model_)
        return self.compared(self.learned_from(pictures), test, judge, count=count, seed=seed)

    def compared(
        self,
        learned: Dataset,
        test: Dataset,
        judge: Judge | None = None,
        *,
        count: int = COUNT,
        seed: int = 0,
    ) -> GenerationReport:
        """Judge the generator beside pictures that it learned from, and others.

        Args:
            learned: What it learned from.
            test: Real pictures that it has not learned.
            judge: As :meth:`evaluate` takes it, like the others.
            count: How many pictures it makes.
            seed: Of these.
        """
        made = self.generated(count, seed=seed)
        return evaluate_generated(made, learned, test, self._judge(judge))

    def generated(self, count: int = COUNT, *, seed: int = 0) -> Dataset:
        """Pictures of chance as a data set without labels.

        Args:
            count: How many, at least 2.
            seed: As :meth:`sample` takes it.
        """
        checks.whole("count", count, 2)
        images = self.sample(count, seed=seed)
        return Dataset(images, targets=Unlabelled.of(count), name="generated")

    def learned_from(
        self,
        pictures: Pictures | Dataset,
        reading: Reading | None = None,
        *,
        max_pixels: int | None = None,
    ) -> Dataset:
        """The pictures that this generator learned from, as it saw them.

        Args:
            pictures: As :meth:`fit` takes it.
            reading: How files are read; None: by default.
            max_pixels: Picture files with more pixels are left out; None: as in training.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
            DataError: If the data cannot be used, or have pictures of another shape.
        """
        if isinstance(pictures, str | os.PathLike | Mapping):
            return learned_pictures(pictures, self.model_, reading, max_pixels=max_pixels)
        found = pictures.train if isinstance(pictures, Splits) else pictures
        shape = self.model_.preprocessing.shape
        if found.image_shape != shape:
            raise DataError(
                f"{found.name}: pictures of {array_shape(found.image_shape)}, and the generator "
                f"learned from {array_shape(shape)}; give the data that it learned from"
            )
        return found

    def _judge(self, judge: Judge | None) -> PictureJudge | None:
        if judge is None:
            return None
        if isinstance(judge, Estimator):
            return PictureJudge(judge.model_, judge.program_, type(judge).__name__)
        engine = get_engine(self.engine)
        model = find_model(judge, engine=engine)
        return PictureJudge(model, engine.load(model.network), model_name(judge))
