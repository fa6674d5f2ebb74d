"""Judging captions: BLEU beside what needs no network, and whether the picture matters at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.architectures.captioner import WORDS_GRAPH, features_of
from pellucid.counter_random import permutation
from pellucid.data.captions import Captions
from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.evaluation.judgement import Judgement, json_values, written
from pellucid.evaluation.outputs import output_batches
from pellucid.metrics.bleu import (
    ORDER,
    best_constant,
    better_share,
    bleu,
    bleu_interval,
    overlaps,
)
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning
from pellucid.tasks.caption_search import likelihood_table, write_captions
from pellucid.text import printable
from pellucid.transfer.body import Body
from pellucid.transfer.feature_cache import open_feature_cache
from pellucid.transfer.features import FeatureReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.evaluation.judgement import Row
    from pellucid.files import Model
    from pellucid.metrics.bleu import Overlaps
    from pellucid.ops.operation import Array

SCHEMA = 1
"""Version of :meth:`CaptionReport.to_dict`."""

NEAREST, FREQUENT, CONSTANT = (
    "the nearest picture's caption", "the most frequent caption", "the best constant caption",
)  # fmt: skip

MOST_RANKED = 100
"""Pictures among which a caption's likelihood is to rank its own."""

TOP = 10
"""A caption counts as found where its picture is among this many of the likeliest."""


@dataclass(frozen=True)
class CaptionBaseline:
    """What captions that need no network for words come to.

    Attributes:
        name: What they are.
        caption: The caption, where it is the same for all pictures.
        bleu: BLEU-1 to BLEU-4, 0 to 1.
        beaten: The share of samples of the pictures in which the network's BLEU-4 is higher.
    """

    name: str
    caption: str | None
    bleu: tuple[float, ...]
    beaten: float


@dataclass(frozen=True)
class CaptionRow:
    """What was written of a picture.

    Attributes:
        index: Its place in the data, from 0.
        name: Its name there: a path, or ``test[17]``.
        caption: What was written.
        log_probability: Of it, natural logarithm.
        right: The share of its words that a caption of the data has, 0 to 1.
        references: The captions of the data.
    """

    index: int
    name: str
    caption: str
    log_probability: float
    right: float
    references: tuple[str, ...]


@short_repr
@dataclass(frozen=True, eq=False)
class CaptionReport(Judgement):
    """A captioner's judgement on pictures with captions.

    Attributes:
        count: How many pictures, N.
        references: How many captions people wrote of them.
        bleu: BLEU-1 to BLEU-4 of the captions that were written, 0 to 1.
        interval: The 95 % interval of BLEU-4, by resampling pictures.
        beam: How many beginnings were followed.
        baselines: What needs no network for words; none where what was learned is not known.
        shuffled: BLEU-4 where each picture has another one's caption; none of one picture.
        ranked: Pictures among which captions of the data were to find their own by likelihood.
        found: The share of these captions whose picture is among the :data:`TOP` likeliest.
        rows: Every picture, that with the fewest right words first.
    """

    TABLES: ClassVar[tuple[str, ...]] = ("summary.csv", "captions.csv")
    PICTURE: ClassVar[str] = "bleu.png"
    record_kind: ClassVar[str] = "caption report"
    classes: ClassVar[tuple[str, ...]] = ()
    count: int
    references: int
    bleu: tuple[float, ...]
    interval: tuple[float, float]
    beam: int
    baselines: tuple[CaptionBaseline, ...]
    shuffled: float | None
    ranked: int
    found: float
    rows: tuple[CaptionRow, ...] = field(repr=False)

    @property
    def score(self) -> float:
        """What the judgement comes to in one number: BLEU-4."""
        return self.bleu[-1]

    @property
    def chance(self) -> float:
        """The share of captions whose picture chance would find."""
        return min(1.0, TOP / self.ranked)

    @property
    def headline(self) -> str:
        """The judgement in a line."""
        low, high = self.interval
        best = max(self.baselines, key=lambda each: each.bleu[-1], default=None)
        beside = f"; {best.name} {best.bleu[-1]:.1%}" if best else ""
        return (
            f"BLEU-4 {self.bleu[-1]:.1%} (95 % interval {low:.1%} to {high:.1%}), "
            f"BLEU-1 {self.bleu[0]:.1%}{beside}"
        )

    @property
    def remark(self) -> str | None:
        """A remark where the captions say little of their pictures; else none."""
        if self.shuffled is not None and self.shuffled > 0.9 * self.bleu[-1]:
            return (
                f"the captions hardly depend on the pictures: with those of other pictures BLEU-4 "
                f"is {self.shuffled:.1%} instead of {self.bleu[-1]:.1%}; train for more epochs, or "
                "give more captions"
            )
        weaker = [each for each in self.baselines if each.beaten < 0.5]
        if weaker:
            return (
                f"{weaker[0].name} is as good: BLEU-4 {weaker[0].bleu[-1]:.1%}; train for more "
                "epochs, or give more captions"
            )
        return None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values: the attributes above, and ``schema``."""
        values = json_values(asdict(self))
        pictures = values.pop("rows")
        return {"schema": SCHEMA, "record": self.record_kind, **values, "pictures": pictures}

    def _tables(self) -> Sequence[Sequence[Row]]:
        """The measures; a row a picture."""
        summary: list[Row] = [
            *([f"BLEU-{n + 1}", f"{value:.6f}"] for n, value in enumerate(self.bleu)),
            ["BLEU-4, 95 % interval, from", f"{self.interval[0]:.6f}"],
            ["BLEU-4, 95 % interval, to", f"{self.interval[1]:.6f}"],
            ["BLEU-4 with pictures shuffled", written(self.shuffled)],
            [f"captions whose picture is among the {TOP} likeliest", f"{self.found:.6f}"],
            ["… of pictures", self.ranked],
            *([f"BLEU-4 of {each.name}", f"{each.bleu[-1]:.6f}"] for each in self.baselines),
            *(
                [f"share of samples above {each.name}", f"{each.beaten:.6f}"]
                for each in self.baselines
            ),
            ["pictures", self.count],
            ["captions of the data", self.references],
            ["beam", self.beam],
        ]
        rows: list[Row] = [
            [each.index, printable(each.name), printable(each.caption), written(each.right),
             written(each.log_probability), *map(printable, each.references)]
            for each in sorted(self.rows, key=lambda row: row.index)
        ]  # fmt: skip
        most = max((len(each.references) for each in self.rows), default=0)
        heads = ["index", "path", "caption", "right words", "log probability"]
        heads += [f"reference {k + 1}" for k in range(most)]
        return [["measure", "value"], *summary], [heads, *rows]


def evaluate_captions(
    program: Program,
    dataset: Dataset,
    model: Model,
    *,
    learned: Dataset | None = None,
    engine: str | None = None,
) -> CaptionReport:
    """Judge a captioner on pictures with captions.

    Args:
        program: The network, loaded by an engine.
        dataset: The pictures and their captions.
        model: The model.
        learned: What was learned from, for the baselines; none: they are left out.
        engine: Who computes what the body sees, for the nearest pictures; none: the default.

    Raises:
        DataError: The data are not the network's, a picture has no caption, or the network answers
            with NaN or infinity.
    """
    return judged_captions(program, dataset, model, learned=learned, engine=engine)[0]


def judged_captions(
    program: Program,
    dataset: Dataset,
    model: Model,
    *,
    learned: Dataset | None = None,
    engine: str | None = None,
) -> tuple[CaptionReport, Overlaps]:
    """The judgement, and the counts behind its BLEU; see :func:`evaluate_captions`."""
    task, captions = model.task, dataset.targets
    assert isinstance(task, Captioning)
    places = _places(program, dataset, task)
    assert isinstance(captions, Captions)
    truth = [captions.words(i) for i in range(len(dataset))]
    for i, of_picture in enumerate(truth):
        if not any(of_picture):
            raise DataError(
                f"{printable(dataset.picture_name(i))}: has no caption to judge by; leave it out"
            )
    truth = [[words for words in each if words] for each in truth]
    graph = model.network.graphs[WORDS_GRAPH]
    found = write_captions(program, graph, task, places)
    texts = [each.words for each in found]
    own = overlaps(texts, truth)
    ranked = min(MOST_RANKED, len(dataset))
    wanted = np.asarray(task.targets(dataset, slice(0, ranked)), np.int64)
    rows = [
        CaptionRow(
            i,
            dataset.picture_name(i),
            str(caption),
            caption.log_probability,
            float(own.right[i, 0] / own.total[i, 0]),
            captions.of_picture(i),
        )
        for i, caption in enumerate(found)
    ]
    report = CaptionReport(
        count=len(dataset),
        references=sum(map(len, truth)),
        bleu=_all_orders(own),
        interval=bleu_interval(own),
        beam=task.beam,
        baselines=()
        if learned is None
        else _baselines(own, truth, dataset, learned, model, engine),
        shuffled=bleu(overlaps(_shuffled(texts), truth)) if len(texts) > 1 else None,
        ranked=ranked,
        found=_found_share(program, model, places[:ranked], wanted),
        rows=tuple(sorted(rows, key=lambda row: (row.right, row.index))),
    )
    return report, own


def _places(program: Program, dataset: Dataset, task: Captioning) -> Array:
    """What words look at in each picture, (N, h, w, C)."""
    found = np.empty((len(dataset), *program.graph.output_shape), np.float32)
    for batch, outputs in output_batches(program, dataset, task):
        found[batch] = outputs
    return found


def _all_orders(found: Overlaps) -> tuple[float, ...]:
    return tuple(bleu(found, n) for n in range(1, ORDER + 1))


def _shuffled(texts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Each picture's text at another: the next one's, in an order of chance."""
    order = permutation(len(texts), 0, 0).tolist()
    found = list(texts)
    for at, other in zip(order, [*order[1:], order[0]], strict=True):
        found[at] = texts[other]
    return found


def _found_share(
    program: Program,
    model: Model,
    places: Array,
    wanted: NDArray[np.int64],
) -> float:
    """The share of captions that are likelier for their own picture than for most others."""
    graph = model.network.graphs[WORDS_GRAPH]
    own, at = np.nonzero((wanted >= 0).any(axis=2))
    captions = wanted[own, at]
    likely = likelihood_table(program, graph, places, captions)
    ranks = (likely > likely[np.arange(len(own)), own][:, np.newaxis]).sum(axis=1)
    return float((ranks < TOP).mean())


def _baselines(
    own: Overlaps,
    truth: Sequence[Sequence[list[str]]],
    dataset: Dataset,
    learned: Dataset,
    model: Model,
    engine: str | None,
) -> tuple[CaptionBaseline, ...]:
    """What captions come to that are copied from what was learned."""
    known = learned.targets
    assert isinstance(known, Captions)
    others = [[words for words in known.words(i) if words] for i in range(len(learned))]
    others = [each for each in others if each]
    counts = Counter(tuple(words) for each in others for words in each)
    frequent = max(counts, key=lambda each: counts[each])
    constant = best_constant(others)
    places = _nearest(dataset, learned, model, engine)
    nearest = [next((w for w in known.words(j) if w), ["a"]) for j in places.tolist()]
    found = []
    for name, texts, caption in (
        (NEAREST, nearest, None),
        (FREQUENT, [frequent] * len(truth), " ".join(frequent)),
        (CONSTANT, [constant] * len(truth), " ".join(constant)),
    ):
        each = overlaps(texts, truth)
        found.append(CaptionBaseline(name, caption, _all_orders(each), better_share(own, each)))
    return tuple(found)


def _nearest(
    dataset: Dataset, learned: Dataset, model: Model, engine: str | None
) -> NDArray[np.int64]:
    """The learned picture that is most alike to each, by the cosine of the body's mean features."""
    body = Body(model.network.part(features_of(model.network.graph)), model.preprocessing, "", "")
    computing = get_engine(engine) if engine else get_engine()
    reader = FeatureReader(body, computing, open_feature_cache(True))
    seen, known = (
        reader.read_maps(each.images).mean(axis=(1, 2), dtype=np.float64)
        for each in (dataset, learned)
    )
    mean, deviation = known.mean(axis=0), known.std(axis=0) + 1e-9
    units = [(each - mean) / deviation for each in (seen, known)]
    units = [each / (np.linalg.norm(each, axis=1, keepdims=True) + 1e-9) for each in units]
    return np.asarray((units[0] @ units[1].T).argmax(axis=1))
