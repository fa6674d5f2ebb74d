"""Estimators as web pages that compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.augment import Augmentation
from pellucid.errors import ArgumentError
from pellucid.estimators.opened import OpenEstimator
from pellucid.graph import check_reals
from pellucid.page import make_page
from pellucid.page.learning import MOST_JUDGED, MOST_TRAINED, Lesson
from pellucid.page.pictures import Finder, noise
from pellucid.page.replay import replay_of
from pellucid.page.samples import SAMPLES
from pellucid.tasks import check_row

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from pellucid.data.dataset import Dataset
    from pellucid.data.decisions import Decisions
    from pellucid.page import Page
    from pellucid.page.page import Language
    from pellucid.page.pictures import PagePictures, Pictures
    from pellucid.training.recipe import Recipe

MOST_VALUES = 64 * 64 * 3
"""Numbers of a picture up to which a page learns where nothing else is asked for."""


class PagedEstimator(OpenEstimator):
    """An estimator whose network can be taken into a page."""

    def page(
        self,
        pictures: Pictures | None = None,
        *,
        samples: int = SAMPLES,
        learn: bool | None = None,
        decisions: Decisions | str | os.PathLike[str] | None = None,
        title: str = "",
        allow_large: bool = False,
        language: Language = "en",
        replay: str | os.PathLike[str] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Page:
        """The network as one web page that computes, and needs nothing else.

        ``page.save("net.html")`` writes it; in a notebook it displays itself. ``page.notes`` says
        which pictures it shows, and why it learns nothing where it does not.

        Args:
            pictures: What it brings along. Data as :func:`pellucid.data.load` takes them or gives
                them: of these, pictures that were not learned, as far as is known, the first of
                every class, then the second, and so on. Or pictures as ``pellucid predict`` takes
                them, with or without labels: a file, a folder, a pattern, ``"mnist:test[3]"``, or
                a list of these. None: noise and a grey picture.
            samples: How many pictures, at most.
            learn: Whether the network can also be trained there: up to 5 000 of the training
                pictures come along, and up to 1 000 others to judge by. None: where they are small
                and have one class each.
            decisions: What people decided about the pictures of data, or the path of its CSV file,
                as :func:`pellucid.data.load` takes it.
            title: What the page is called.
            allow_large: Whether it may have more than 60 MB of weights.
            language: Of its texts at first.
            replay: The folder of the run that the network is of: the page then shows its training
                again, with the weights after each epoch that ``fit(…, replay=True)`` has kept, and
                learns nothing itself.
            progress: Called with the number of programs compiled, and of all, after each.

        Raises:
            DataError: If the data cannot be used, or their classes are not the network's.
            ArgumentError: If the model is quantised, there is a layer without compiled code, or the
                page becomes too large; or ``learn`` is True, and there is nothing to learn, or a
                training is shown again.
            FileFormatError: If weights that a run has kept are damaged, or of another network.
        """
        model = self.model_
        # before the pictures cost any time
        check_row(model.task, "a page", boxes=True, captions=True)
        check_reals(model.network.graph, "a page")
        again = None if replay is None else replay_of(Path(replay), model)
        if again is not None:
            if learn:
                raise ArgumentError(
                    "a page shows a training again, or learns itself; leave out replay or learn"
                )
            learn = False
        finder = Finder(
            model,
            samples,
            self.max_pixels,
            self.seed,
            learn is not False and self._may_learn(learn),
            decisions,
        )
        if decisions is not None and pictures is None:
            raise ArgumentError(
                "decisions are given, and no data; give the data, or leave them out"
            )
        chosen = noise(model) if pictures is None else finder.find(pictures)
        lesson, why_not = (None, "") if learn is False else self._lesson(chosen, learn)
        page = make_page(
            model,
            chosen.samples,
            lesson=lesson,
            replay=again,
            title=title,
            allow_large=allow_large,
            language=language,
            progress=progress,
        )
        left_out = (f"the page learns nothing: {why_not}",) if why_not else ()
        shown = again.note(allow_large=allow_large) if again is not None else ""
        return replace(page, notes=(*chosen.notes, *left_out, *([shown] if shown else [])))

    def _may_learn(self, learn: bool | None) -> bool:
        """Whether pictures to learn from are worth reading."""
        return bool(learn) or not self._obstacle()

    def _obstacle(self) -> str:
        """Why nothing is learned where nobody asks for it; empty if something is."""
        if not self.model_.task.of_one_class:
            return "only networks for one class a picture learn there"
        height, width, channels = self.model_.network.graph.input_shape
        if height * width * channels > MOST_VALUES:
            return f"pictures of {height}×{width} are large; --learn (learn=True) takes them along"
        return ""

    def _lesson(self, chosen: PagePictures, learn: bool | None) -> tuple[Lesson | None, str]:
        """What can be learned in the page, or why nothing can.

        Raises:
            ArgumentError: Something is to be learned, and nothing can.
        """
        why_not = chosen.unlearnable
        why_not = why_not if learn else self._obstacle() or why_not
        if not why_not and chosen.train is not None and chosen.judge is not None:
            train, judge = _part(chosen.train, MOST_TRAINED), _part(chosen.judge, MOST_JUDGED)
            lesson = Lesson(self.model_, train, judge, self._lesson_recipe(train))
            why_not = lesson.obstacle or ""
            if not why_not:
                return lesson, ""
        if learn:
            raise ArgumentError(f"nothing can be learned in the page: {why_not}; leave out --learn")
        return None, why_not

    def _lesson_recipe(self, train: Dataset) -> Recipe:
        """How a page trains: as ``fit`` would, with pictures as they are."""
        return replace(
            self.planned_recipe(train), augmentation=Augmentation(), ema=None, patience=None
        )


def _part(data: Dataset, most: int) -> Dataset:
    """The first pictures of a data set."""
    return data.subset(range(min(most, len(data))))
