"""A page that shows a training again, and what Python makes of the weights after each epoch.

``write(FOLDER)`` writes ``replayed.html``; ``curves.html``, of a run that has kept no weights; and
``replayed.json``: of each epoch the outputs of the first sample, and its row of the history.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pellucid import ImageClassifier
from pellucid.engines import get_engine
from pellucid.layers import Sequential
from pellucid.page import make_page
from pellucid.page.replay import PageReplay
from pellucid.page.samples import Samples
from pellucid.training.snapshot import Snapshot, with_weights
from tests.page.lessons import CASES

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines import Program
    from pellucid.files import Model
    from pellucid.training.result import TrainingResult

EPOCHS = 4


class Kept:
    """Keeps the weights after each epoch, as a run does."""

    def __init__(self) -> None:
        self.found: dict[int, dict[str, Any]] = {}

    @property
    def epochs(self) -> tuple[int, ...]:
        return tuple(self.found)

    def snapshot(self, epoch: int) -> Snapshot:
        return Snapshot(self.found[epoch], epoch, 11 * epoch)

    def after_step(self, progress: object) -> None:
        pass

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        self.found[len(trained.history)] = {n: a.copy() for n, a in program.weights().items()}


@dataclass(frozen=True)
class Trained:
    """A training with the weights after its epochs."""

    classifier: ImageClassifier
    kept: Kept
    samples: Samples

    @property
    def model(self) -> Model:
        return self.classifier.model_

    def replay(self) -> PageReplay:
        return PageReplay(self.model, self.classifier.history_, self.kept)


def trained() -> Trained:
    """A network that learns noise with bars in it for some epochs."""
    case, kept = CASES["sgd"], Kept()
    data = case.data()
    assert data.test is not None
    settings = {**case.settings, "epochs": EPOCHS}
    made = ImageClassifier(Sequential(list(case.layers)), **settings)
    fitted = made.fit(data.train, validation_data=data.test, watchers=[kept])
    return Trained(fitted, kept, Samples.of(data.test, 3))


def write(folder: Path) -> None:
    """Write both pages, and what Python makes of the weights."""
    found = trained()
    replay = found.replay()
    page = make_page(found.model, found.samples, replay=replay, title="A training")
    page.save(folder / "replayed.html")
    alone = make_page(found.model, found.samples, replay=replace(replay, kept=None))
    alone.save(folder / "curves.html")
    facts = {}
    for epoch in found.kept.epochs:
        network = with_weights(found.model, found.kept.snapshot(epoch)).network
        values = get_engine("native").load(network).values(found.samples.pixels[:1])
        facts[epoch] = values[network.graph.output][0].tolist()
    rows = [row.to_dict() for row in found.classifier.history_]
    (folder / "replayed.json").write_text(json.dumps({"outputs": facts, "rows": rows}), "utf-8")
