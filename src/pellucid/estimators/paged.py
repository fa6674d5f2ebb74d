"""Estimators as web pages that compute."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid.data.augment import Augmentation
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.load import read_splits
from pellucid.data.reading import Reading
from pellucid.errors import ArgumentError
from pellucid.estimators.opened import OpenEstimator
from pellucid.files.self_test import sample_images
from pellucid.page import make_page
from pellucid.page.learning import MOST_JUDGED, MOST_TRAINED, Lesson
from pellucid.page.samples import SAMPLES, Samples

if TYPE_CHECKING:
    from pellucid.data.read_part import DataSource
    from pellucid.page import Page
    from pellucid.page.page import Language

MOST_VALUES = 64 * 64 * 3
"""Numbers of a picture up to which a page learns where nothing else is asked for."""


class PagedEstimator(OpenEstimator):
    """An estimator whose network can be taken into a page."""

    def page(
        self,
        pictures: DataSource | Dataset | Splits | None = None,
        *,
        samples: int = SAMPLES,
        learn: bool | None = None,
        title: str = "",
        allow_large: bool = False,
        language: Language = "en",
    ) -> Page:
        """The network as one web page that computes, and needs nothing else.

        ``page.save("net.html")`` writes it; in a notebook it displays itself.

        Args:
            pictures: Data whose pictures it brings along, as :func:`pellucid.data.load` takes them
                or gives them. Of divided data those that were not learned. None: two pictures of
                noise.
            samples: How many pictures, at most.
            learn: Whether the network can also be trained there: up to 5 000 of the training
                pictures come along, and up to 1 000 others to judge by. None: where they are small
                and have one class each.
            title: What the page is called.
            allow_large: Whether it may have more than 60 MB of weights.
            language: Of its texts at first.

        Raises:
            DataError: If the data cannot be used, or their classes are not the network's.
            ArgumentError: If there is a layer without compiled code, or the page becomes too large.
        """
        model = self.model_
        if pictures is None:
            if learn:
                raise ArgumentError("learn is True, but there are no pictures; give some")
            noise = sample_images(model.network.graph.input_shape)
            own = Samples(noise, ("noise", "grey"), (None, None))
            return make_page(model, own, title=title, allow_large=allow_large, language=language)
        splits = self._page_splits(pictures)
        judges = splits.test or splits.validation
        if learn and judges is None:
            raise ArgumentError(
                "learn is True, but there are no pictures to judge by besides those that are "
                "learned; give divided data"
            )
        others = judges or splits.train
        lesson = None
        if learn or (learn is None and self._should_learn(splits)):
            train = _part(splits.train, MOST_TRAINED)
            judge = _part(others, MOST_JUDGED)
            lesson = Lesson(model, train, judge, self._lesson_recipe(train))
            if learn is None and lesson.obstacle is not None:
                lesson = None
        return make_page(
            model,
            Samples.of(others, samples),
            lesson=lesson,
            title=title,
            allow_large=allow_large,
            language=language,
        )

    def _page_splits(self, pictures: DataSource | Dataset | Splits) -> Splits:
        """The data in parts, as the network takes them."""
        if isinstance(pictures, Dataset):
            return Splits(pictures, None, None)
        if isinstance(pictures, Splits):
            return pictures
        reading = Reading("quarantine", self.max_pixels, None, True, None, None)
        return read_splits(
            pictures, reading, seed=self.seed, allow_one_class=True,
            like=self.model_.preprocessing,
        )  # fmt: skip

    def _should_learn(self, splits: Splits) -> bool:
        shape = self.model_.network.graph.input_shape
        others = splits.test or splits.validation
        return (
            self.model_.task.of_one_class
            and shape[0] * shape[1] * shape[2] <= MOST_VALUES
            and others is not None
            and splits.train.classes == self.model_.classes
        )

    def _lesson_recipe(self, train: Dataset) -> Any:
        """How a page trains: as ``fit`` would, with pictures as they are."""
        return replace(
            self.planned_recipe(train), augmentation=Augmentation(), ema=None, patience=None
        )


def _part(data: Dataset, most: int) -> Dataset:
    """The first pictures of a data set."""
    return data.subset(range(min(most, len(data))))
