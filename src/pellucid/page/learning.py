"""What a page needs to train the network itself: pictures, the compiled step, the plan of rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.augment import Augmentation
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.runtime.web.program import inspecting_program, training_program
from pellucid.engines.native.wanted import Wanted
from pellucid.errors import ArgumentError
from pellucid.page.programs import program_data
from pellucid.settings import to_dict
from pellucid.training.batches import batches_per_epoch
from pellucid.training.objective import training_step

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.graph import Network
    from pellucid.page.blobs import Blobs
    from pellucid.training.recipe import Recipe

MOST_TRAINED, MOST_JUDGED = 5000, 1000
"""Pictures to learn from and to judge by that a page takes along, at most."""

JUDGED_AT_ONCE = 16
"""Pictures that the program for answers alone takes at once."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is learned in a page.

    Attributes:
        train: Pictures to learn from.
        judge: Pictures to judge by; none of them is learned.
        recipe: How; pictures are taken as they are.
    """

    train: Dataset
    judge: Dataset
    recipe: Recipe

    def __post_init__(self) -> None:
        if self.train.kind != "single-label":
            raise ArgumentError(
                f"a page can learn one class a picture, got data for {self.train.kind}; leave the "
                "learning out with --no-learn"
            )
        if self.recipe.augmentation != Augmentation() or self.recipe.ema is not None:
            raise ArgumentError(
                "a page learns pictures as they are and keeps no average of weights; leave out "
                "augmentation and ema"
            )

    def to_dict(self, network: Network, blobs: Blobs) -> dict[str, Any]:
        """As JSON values.

        Args:
            network: Its graph learns; its weights are of no matter.
            blobs: Where pictures, labels and modules are kept.
        """
        recipe = self.recipe
        step = training_step(network, recipe)
        program = training_program(Learning.of(step), capacity=recipe.batch_size)
        graph = network.graph
        answers = inspecting_program(
            graph, Wanted(values=frozenset([graph.output])), capacity=JUDGED_AT_ONCE
        )
        folded = {name: f"{norm.name}" for name, norm in answers.folded.norms.items()}
        names = {
            f"{name}.{part}": f"{norm}.{part}"
            for name, norm in folded.items()
            for part in ("kernel", "bias")
        }
        return {
            "recipe": recipe.to_dict(),
            "optimizer": to_dict(recipe.optimizer),
            "rates": blobs.add("learn-rates", self._rates()),
            "parameters": [
                {
                    "name": str(name),
                    "shape": list(parameter.shape),
                    "initializer": parameter.initializer,
                    "fan_in": parameter.fan_in,
                    "fan_out": parameter.fan_out,
                }
                for name, parameter in step.graph.parameters.items()
            ],
            "train": _pictures("train", self.train, blobs),
            "judge": _pictures("judge", self.judge, blobs),
            "step": program_data("learn", program, network.weights, blobs),
            "answers": program_data("answers", answers, network.weights, blobs, names),
        }

    def _rates(self) -> Any:
        """The learning rate of every step, float64."""
        recipe = self.recipe
        steps = batches_per_epoch(len(self.train), recipe.batch_size)
        return np.array(
            [
                recipe.learning_rate * recipe.factor(epoch + 1, batch, steps)
                for epoch in range(recipe.epochs)
                for batch in range(steps)
            ]
        )


def _pictures(part: str, data: Dataset, blobs: Blobs) -> dict[str, Any]:
    return {
        "count": len(data),
        "name": data.name,
        "pixels": blobs.add(f"{part}-pixels", data.images),
        "labels": blobs.add(f"{part}-labels", data.places.astype(np.uint16)),
    }
