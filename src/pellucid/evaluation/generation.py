"""Judging a generator: are all kinds of pictures there, are they good, and are they new?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.errors import DataError
from pellucid.evaluation.judgement import Judgement, json_values, written
from pellucid.evaluation.nearest import nearest_pictures
from pellucid.metrics.generation import frechet_distance, total_variation
from pellucid.short_repr import short_repr
from pellucid.text import array_shape, counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.evaluation.judgement import Row
    from pellucid.evaluation.picture_judge import PictureJudge

SCHEMA = 1
"""Version of :meth:`GenerationReport.to_dict`."""

SHOWN = 64
"""Pictures that the report keeps, each with the nearest that was learned; and as many nearest."""


@dataclass(frozen=True)
class ShareRow:
    """How often a judge sees a class.

    Attributes:
        name: Of the class.
        share: Of the generated pictures that it takes for this class, 0 to 1.
        share_of_learned: The same share of the pictures that were learned.
    """

    name: str
    share: float
    share_of_learned: float


@dataclass(frozen=True)
class Judged:
    """What a judge makes of generated pictures, beside what it makes of real ones.

    Attributes:
        judge: What it is called.
        per_class: A row a class.
        total_variation: Between both histograms of classes, 0 to 1, see
            :func:`pellucid.metrics.generation.total_variation`.
        confidence: Its probability of the class that it chose, on average, 0 to 1.
        confidence_of_test: The same of real pictures that were not learned.
        frechet: Fréchet's distance between as many generated pictures as there are to test by and
            the learned ones, in its features.
        frechet_of_test: The same between the pictures to test by and the learned ones.
        features: How many numbers a picture is in that space.
    """

    judge: str
    per_class: tuple[ShareRow, ...]
    total_variation: float
    confidence: float
    confidence_of_test: float
    frechet: float
    frechet_of_test: float
    features: int


@dataclass(frozen=True, eq=False)
class Pairs:
    """Generated pictures, each with the nearest that was learned.

    Attributes:
        places: Of each among the generated ones.
        nearest: The pictures, uint8 (N, H, W, C).
    """

    places: tuple[int, ...]
    nearest: NDArray[np.uint8]


@short_repr
@dataclass(frozen=True, eq=False)
class GenerationReport(Judgement):
    """A generator's judgement by its pictures.

    Distances are the root mean square of differences of pixels, in grey levels, 0 to 255.

    Attributes:
        count: How many pictures were generated, N.
        learned: How many real ones it learned from.
        test: How many others it is compared with.
        distance: From a generated picture to the nearest that was learned, the median.
        distance_of_test: The same of real pictures that were not learned.
        nearer: The share of generated pictures that are nearer to a learned one than 99 % of the
            pictures to test by, 0 to 1; of pictures like these, a hundredth.
        variety: The median distance from a generated picture to the nearest other one, divided by
            the same of as many learned ones: far below 1 where pictures resemble each other.
        judged: What a judge makes of them; none: there was none.
        distances: From each generated picture to the nearest learned one, (N,).
        distances_of_test: The same of the others.
        first: The first generated pictures with the nearest to each.
        copies: Those that are nearest to a learned picture, the nearest first.
        pictures: The generated pictures.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("summary.csv", "per_class.csv", "nearest.csv")
    PICTURE: ClassVar[str] = "generation.png"
    record_kind: ClassVar[str] = "generation report"
    count: int
    learned: int
    test: int
    distance: float
    distance_of_test: float
    nearer: float
    variety: float
    judged: Judged | None
    distances: NDArray[np.float64] = field(repr=False)
    distances_of_test: NDArray[np.float64] = field(repr=False)
    first: Pairs = field(repr=False)
    copies: Pairs = field(repr=False)
    pictures: Dataset = field(repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """None: nothing is wanted of the pictures."""
        return ()

    @property
    def distance_ratio(self) -> float | None:
        """The median distance to the nearest learned picture, divided by that of real ones.

        None where that is 0: most of the pictures to test by are learned pictures, too.
        """
        return self.distance / self.distance_of_test if self.distance_of_test else None

    @property
    def score(self) -> float:
        """One number, the lower the better: Fréchet's distance.

        Without a judge, how far the ratio of distances is from 1; where there is none, the
        distance.
        """
        if self.judged is not None:
            return self.judged.frechet
        ratio = self.distance_ratio
        return self.distance if ratio is None else abs(ratio - 1.0)

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        ratio = self.distance_ratio
        words = (
            f"{self.distance:.1f} grey levels from what was learned; most real ones are among it"
            if ratio is None
            else f"{ratio:.2f} times as far from what was learned as real ones, "
            f"{self.nearer:.1%} nearer than 99 % of these"
        )
        if (judged := self.judged) is None:
            return words
        least = min(judged.per_class, key=lambda row: row.share)
        return (
            f"total variation {judged.total_variation:.3f} (rarest class {printable(least.name)}, "
            f"{least.share:.1%}), confidence {judged.confidence:.1%}, Fréchet distance "
            f"{judged.frechet:.1f} (real ones {judged.frechet_of_test:.1f}); {words}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: the attributes above, and ``schema``."""
        values = {
            name: getattr(self, name)
            for name in (
                "count", "learned", "test", "distance", "distance_of_test", "distance_ratio",
                "nearer", "variety",
            )
        }  # fmt: skip
        judged = None if self.judged is None else json_values(asdict(self.judged))
        return {
            "schema": SCHEMA, "record": self.record_kind, **values, "judged": judged,
            "distances": self.distances.tolist(),
        }  # fmt: skip

    def _tables(self) -> Sequence[Sequence[Row]]:
        """The measures, a row a class, a row a generated picture."""
        summary: list[Row] = [
            ["generated pictures", self.count],
            ["learned pictures", self.learned],
            ["pictures to test by", self.test],
            ["median distance to the nearest learned picture", written(self.distance)],
            ["… of the pictures to test by", written(self.distance_of_test)],
            ["… divided by it", written(self.distance_ratio)],
            ["share nearer than the first percentile of these", written(self.nearer)],
            ["variety", written(self.variety)],
        ]
        rows: list[Row] = []
        if (judged := self.judged) is not None:
            summary += [
                ["judge", printable(judged.judge)],
                ["total variation of classes", written(judged.total_variation)],
                ["mean confidence", written(judged.confidence)],
                ["… of the pictures to test by", written(judged.confidence_of_test)],
                ["Fréchet distance", written(judged.frechet)],
                ["… of the pictures to test by", written(judged.frechet_of_test)],
            ]
            rows = [
                [printable(row.name), written(row.share), written(row.share_of_learned)]
                for row in judged.per_class
            ]
        distances: list[Row] = [[i, written(d)] for i, d in enumerate(self.distances.tolist())]
        return (
            [["measure", "value"], *summary],
            [list(ShareRow.__dataclass_fields__), *rows],
            [["picture", "distance"], *distances],
        )


def evaluate_generated(
    generated: Dataset, learned: Dataset, test: Dataset, judge: PictureJudge | None = None
) -> GenerationReport:
    """Judge a generator by its pictures.

    Args:
        generated: What it makes.
        learned: What it learned from.
        test: Real pictures that it has not learned, to compare with.
        judge: A classifier of such pictures; none: classes and features are left out.

    Raises:
        DataError: If pictures are of different shapes, or there are too few.
    """
    for other in (learned, test):
        if other.image_shape != generated.image_shape:
            raise DataError(
                f"{printable(other.name)}: pictures of {array_shape(other.image_shape)}, and the "
                f"generator makes {array_shape(generated.image_shape)}; give such as it learned"
            )
    least = min((generated, learned, test), key=len)
    if len(least) < 2:
        raise DataError(
            f"{printable(least.name)}: {counted(len(least), 'picture')}; at least 2 of each kind "
            "are compared"
        )
    places, distances = nearest_pictures(generated.images, learned.images)
    _, of_test = nearest_pictures(test.images, learned.images)
    nearest_first = np.argsort(distances, kind="stable")[:SHOWN]

    def pairs(chosen: NDArray[Any]) -> Pairs:
        return Pairs(tuple(chosen.tolist()), learned.images[places[chosen]])

    return GenerationReport(
        count=len(generated),
        learned=len(learned),
        test=len(test),
        distance=float(np.median(distances)),
        distance_of_test=float(np.median(of_test)),
        nearer=float((distances < np.percentile(of_test, 1)).mean()),
        variety=_variety(generated.images, learned.images),
        judged=None if judge is None else _judged(judge, generated, learned, test),
        distances=distances,
        distances_of_test=of_test,
        first=pairs(np.arange(min(SHOWN, len(generated)))),
        copies=pairs(nearest_first),
        pictures=generated,
    )


def _variety(generated: NDArray[np.uint8], learned: NDArray[np.uint8]) -> float:
    """How far generated pictures are from each other, divided by how far learned ones are."""
    count = min(len(generated), len(learned))
    medians = []
    for images in (generated[:count], learned[_spread(len(learned), count)]):
        _, distances = nearest_pictures(images[::2], images[1::2])
        medians.append(float(np.median(distances)))
    own, real = medians
    return own / real if real else float(own > 0)


def _spread(count: int, wanted: int) -> NDArray[np.int64]:
    """Some places among many from end to end, since data may be sorted."""
    return np.linspace(0, count - 1, wanted).astype(np.int64)


def _judged(judge: PictureJudge, generated: Dataset, learned: Dataset, test: Dataset) -> Judged:
    made, known, others = (judge.look(pictures) for pictures in (generated, learned, test))
    count = min(len(generated), len(test))  # the distance depends on their number
    some = [each.features[_spread(len(each.features), count)] for each in (made, others)]
    shares = made.counts / made.counts.sum(), known.counts / known.counts.sum()
    return Judged(
        judge=judge.name,
        per_class=tuple(
            ShareRow(name, share, other)
            for name, share, other in zip(
                judge.classes, *(each.tolist() for each in shares), strict=True
            )
        ),
        total_variation=total_variation(*shares),
        confidence=made.confidence,
        confidence_of_test=others.confidence,
        frechet=frechet_distance(some[0], known.features),
        frechet_of_test=frechet_distance(some[1], known.features),
        features=made.features.shape[1],
    )
