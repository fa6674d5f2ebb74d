"""An experiment: R-CNN, Fast R-CNN and Faster R-CNN on one body, what each finds and how fast.

The story of three papers (Girshick et al. 2014; Girshick 2015; Ren et al. 2015): first the network
looks at every proposed region on its own, then at the picture once and at the regions in its map,
and at last it proposes the regions itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import __version__, checks
from pellucid.architectures import get_architecture
from pellucid.data.boxes import Boxes
from pellucid.data.proposals.regions import library
from pellucid.engines import DEFAULT
from pellucid.errors import TrainingDivergedError
from pellucid.estimators.detector import body_for
from pellucid.estimators.learnable import check_learnable_data
from pellucid.estimators.planning import model_name, statistics
from pellucid.estimators.remembered import remembered_model
from pellucid.evaluation.detection import report_on
from pellucid.experiments.detector_outcome import DetectorOutcome, DetectorRun
from pellucid.experiments.detector_training import judge_regions, train_regions
from pellucid.experiments.kept_runs import KeptRuns, digest_of
from pellucid.experiments.proposed import TIMED, covered, proposed, search_seconds
from pellucid.experiments.region_detectors import DETECTORS
from pellucid.experiments.scenes import scenes
from pellucid.graph import Network
from pellucid.interop.models import network_name
from pellucid.layers import Normalise, Sequential
from pellucid.tasks import DETECTORS as TASKS
from pellucid.tasks import RegionDetection, SingleLabel
from pellucid.text import counted
from pellucid.training import make_recipe
from pellucid.training.start import start_record, with_fitting_weights

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pellucid.data.dataset import Dataset
    from pellucid.experiments.proposed import Regions
    from pellucid.experiments.region_detectors import RegionDetector
    from pellucid.files import Model
    from pellucid.graph import Graph
    from pellucid.ops.operation import Shape
    from pellucid.training.recipe import Recipe

NAME = "detectors"

BODY = "lenet5"
"""The body that learns from nothing where no trained one is given: a small one, which R-CNN runs
64 times for each picture that is learned."""

EPOCHS, BATCH, PROPOSALS = 8, 4, 1000
"""How often every picture is seen; pictures a step; and regions that selective search proposes."""

SCENES = 240, 80
"""Scenes that are made to learn from and to judge by, where pictures have a class each."""


@dataclass(frozen=True, eq=False)
class Setting:
    """What all detectors of an experiment have in common.

    Attributes:
        learned: Pictures to learn from.
        judged: Others to judge by.
        origin: The model that the body is of; none: it learns from nothing.
        body: What it is called.
        epochs: How often every picture is seen.
        proposals: Regions that selective search proposes of a picture, at most.
    """

    learned: Dataset
    judged: Dataset
    origin: Model | None
    body: str
    epochs: int
    proposals: int

    @property
    def task(self) -> RegionDetection:
        """What is learned."""
        targets, shape = self.learned.targets, self.learned.image_shape
        task = RegionDetection.of_pictures(targets, shape)
        assert isinstance(task, RegionDetection)
        return task

    def body_of(self, shape: Shape) -> Graph:
        """The body's graph for pictures of a shape."""
        if self.origin is not None:
            return body_for(self.origin, self.body, shape)
        layers = get_architecture(self.body)(len(self.learned.classes)).layers
        first = Normalise(*statistics(self.learned), name="normalise")
        return Sequential([first, *layers]).graph(shape)

    def graph(self, detector: RegionDetector) -> Graph:
        """The graph by which a detector answers."""
        data = self.learned
        return detector.graph(
            self.body_of, data.image_shape, self.task, data.targets, self.proposals
        )

    def network(self, detector: RegionDetector, seed: int) -> Network:
        """A detector with first weights, those of its body as they were learned."""
        graph, task = self.graph(detector), self.task
        network = Network(graph, task.first_weights(graph, seed))
        if self.origin is not None:
            network = with_fitting_weights(self.origin, self.body, network).network
        return detector.for_training(network, task)

    def recipe(self, seed: int) -> Recipe:
        """How each is trained."""
        return make_recipe(
            optimizer="adamw", weight_decay=1e-4, augmentation="boxes", epochs=self.epochs,
            batch_size=BATCH, pictures=len(self.learned), seed=seed, loss=self.task.loss(),
        )  # fmt: skip

    @property
    def follows_from(self) -> dict[str, Any]:
        """What a run follows from besides detector and seed, as JSON values."""
        origin = self.origin
        weights = None if origin is None else start_record("", origin.network, [])["weights"]
        return {
            "experiment": NAME,
            "version": __version__,
            "pictures to learn from": self.learned.fingerprint(),
            "pictures to judge by": self.judged.fingerprint(),
            "body": self.body if weights is None else f"{self.body}, {weights[:16]}",
            "settings": digest_of(self.recipe(0).to_dict()),
            "epochs": self.epochs,
            "proposals": self.proposals,
        }


def run_detectors(
    learned: Dataset,
    judged: Dataset,
    *,
    start_from: str | os.PathLike[str] | None = None,
    epochs: int = EPOCHS,
    seeds: int = 1,
    proposals: int = PROPOSALS,
    limit: int | None = None,
    folder: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> DetectorOutcome:
    """Train and judge all three with every seed.

    Every detector learns in the same steps: from 64 regions of each of the same four pictures,
    changed in the same way. The last epoch counts, not the best one: nothing is chosen by the
    pictures that judge.

    Args:
        learned: Pictures with boxes to learn from; or pictures of one class each, of which scenes
            are made.
        judged: Others to judge by.
        start_from: A trained network whose body is taken: a name (``"efficientnet-lite0"``), a
            model file or a run; none: the small body :data:`BODY`, from nothing.
        epochs: How often every picture is seen, at least 1.
        seeds: How often each is trained, with seeds from 0.
        proposals: Regions that selective search proposes of a picture at most, 1 to 4000.
        limit: The most pictures of each part; none: all.
        folder: A folder in whose ``unfinished`` runs are kept: asked again, it trains those that
            are missing. Who has saved what came out may remove them. None: they are not kept.
        progress: Called with a line at a time.

    Raises:
        DataError: If the pictures have neither boxes nor one class each.
        MissingDependencyError: If scikit-image is not installed.
        ArgumentError: If a number is out of range, the body takes other pictures, or the folder
            has runs of another experiment, pictures, bodies or settings.
    """
    library()  # without which no region is proposed
    checks.whole("epochs", epochs)
    checks.whole("seeds", seeds, 1, 50)
    checks.whole("proposals", proposals, 1, 4000)
    parts = detection_parts(learned, judged, limit)
    origin = None if start_from is None else remembered_model(start_from, DEFAULT)
    body = BODY if start_from is None else network_name(start_from) or model_name(start_from)
    setting = Setting(*parts, origin, body, epochs, proposals)
    for detector in DETECTORS:
        setting.graph(detector)  # what does not fit is said before anything costs time
    runs = _runs(setting, seeds, folder, progress or _silent)
    train, test = parts
    assert isinstance(test.targets, Boxes)
    return DetectorOutcome(
        learned=len(train),
        judged=len(test),
        boxes=sum(test.targets.box_counts().values()),
        body=body,
        trained_body=origin is not None,
        epochs=epochs,
        batch=BATCH,
        proposals=proposals,
        timed=min(TIMED, len(test)),
        runs=tuple(runs[each.name, seed] for each in DETECTORS for seed in range(seeds)),
    )


def _runs(
    setting: Setting, seeds: int, folder: Path | None, say: Callable[[str], None]
) -> dict[tuple[str, int], DetectorRun]:
    """Every run, by detector and seed; those that the folder has are not made again."""
    kept = None if folder is None else KeptRuns.open(folder, setting.follows_from)
    runs: dict[tuple[str, int], DetectorRun] = {}
    missing: list[tuple[RegionDetector, int]] = []
    for seed in range(seeds):
        for each in DETECTORS:
            before = None if kept is None else kept.find_as(DetectorRun.from_dict, each.name, seed)
            if before is None:
                missing.append((each, seed))
            else:
                say(f"{before.described}, as it was found before")
                runs[each.name, seed] = before
    regions, search = [], 0.0
    if any(each.searches for each, _ in missing):
        parts = setting.learned, setting.judged
        regions = [_proposed(part, setting.proposals, say) for part in parts]
        search = search_seconds(setting.judged)
        most = max(1, *(int((each[..., 5] >= 0).sum(axis=1).max()) for each in regions))
        regions = [each[:, :most] for each in regions]  # empty rows would only cost time
        setting = replace(setting, proposals=most)
    for each, seed in missing:
        run = _run(setting, each, seed, regions, search, say)
        if kept is not None:
            kept.keep_record(each.name, seed, run.to_dict())
        runs[each.name, seed] = run
    return runs


def detection_parts(
    learned: Dataset, judged: Dataset, limit: int | None = None
) -> tuple[Dataset, Dataset]:
    """Pictures with boxes: those given, or scenes of those given.

    Args:
        learned: To learn from.
        judged: To judge by.
        limit: The most pictures of each.

    Raises:
        DataError: If they have neither boxes nor one class each.
    """
    if limit is not None:
        checks.whole("limit", limit, 2)
    found = []
    for k, data in enumerate((learned, judged)):
        if data.kind == SingleLabel.kind:
            count = SCENES[k] if limit is None else min(limit, SCENES[k])
            found.append(scenes(data, count, seed=k))
            continue
        check_learnable_data(data, tuple(each.kind for each in TASKS.values()))
        if limit is not None and limit < len(data):
            chosen = np.sort(np.random.default_rng(k).permutation(len(data))[:limit])
            found.append(data.subset(chosen))
        else:
            found.append(data)
    train, test = found
    return train, replace(test, targets=train.targets.adopt(test.targets, test.name))


def _proposed(data: Dataset, most: int, say: Callable[[str], None]) -> Regions:
    """What selective search proposes, with a line now and then."""

    def done(count: int, total: int) -> None:
        if count % 50 == 0 or count == total:
            say(f"selective search: {count} of {counted(total, 'picture')} of {data.name}")

    return proposed(data, most, done)


def _run(
    setting: Setting, detector: RegionDetector, seed: int, regions: Sequence[Regions],
    search: float, say: Callable[[str], None],
) -> DetectorRun:  # fmt: skip
    """Train and judge one detector."""
    learned, judged = regions if detector.searches else (None, None)
    name = f"{detector.name}, seed {seed}"
    try:
        trained = train_regions(
            detector, setting.network(detector, seed), setting.learned, learned,
            setting.recipe(seed), setting.task,
            lambda epoch, loss: say(f"{name}: epoch {epoch} of {setting.epochs}, loss {loss:.4f}"),
        )  # fmt: skip
        found, looked, seconds = judge_regions(
            detector, trained.program, setting.judged, judged, setting.task
        )
    except TrainingDivergedError as error:
        say(f"{name}: {error}")
        return DetectorRun(detector.name, seed, diverged=True)
    targets = setting.judged.targets
    assert isinstance(targets, Boxes)
    report, _ = report_on(found, setting.judged, setting.task)
    own = detector.proposal_seconds(trained.program, setting.judged.images[:TIMED])
    run = DetectorRun(
        detector.name,
        seed,
        losses=trained.losses,
        training_seconds=trained.seconds,
        proposal_seconds=search if own is None else own,
        network_seconds=seconds - (own or 0.0),
        map50=report.map50,
        map50_interval=report.map50_interval,
        map=report.map,
        by_class={row.name: row.average_precision_50 for row in report.per_class},
        covered=covered(looked, targets).share,
    )
    say(run.described)
    return run


def _silent(line: str) -> None:
    """Nothing."""
