"""Every task's network twice: in the package, and written by hand in PyTorch.

A twin computes the same losses and gradients from the same weights, and both are trained side by
side. What a task learns, on the package's side, is in :mod:`benchmarks.twins.lessons`; its twin is
in a module of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines import Step
    from pellucid.graph import Network

    Array = NDArray[Any]

    Feeds = Mapping[str, Mapping[str, Array]]
    """Arrays by step, then by input, batch axis first."""

CONTENDERS = ("native", "pytorch", "pytorch-channels-last", "pytorch-compiled")
"""Who trains; all but the first are PyTorch."""


RATES = {"sgd": 0.001, "adam": 0.0002}
"""Learning rates by rule: SGD with momentum 0.9, Adam with β₁ = 0.5."""


@dataclass(frozen=True)
class Lesson:
    """What is learned from a batch.

    Attributes:
        network: With first weights.
        steps: Taken one after the other, by name.
        feeds: What each step is given.
    """

    network: Network
    steps: Mapping[str, Step]
    feeds: Feeds

    @property
    def count(self) -> int:
        """Examples in a batch."""
        return len(next(iter(next(iter(self.feeds.values())).values())))


@dataclass(frozen=True)
class Task:
    """A task that is learned twice.

    Attributes:
        name: As in the tables, and of its function in :mod:`benchmarks.twins.lessons`.
        twin: ``module:Class`` of the network in PyTorch.
        batch: Examples in a step, as they are measured.
        settings: Of both networks, as they are measured.
        small: The same for tests, which also compare weights.
        small_batch: Examples in a step of a test.
        what: The network and its input, in words.
        optimizer: The rule that it is measured with, a name of :data:`RATES`.
        rates: The learning rate by rule.
    """

    name: str
    twin: str
    batch: int
    settings: Mapping[str, Any]
    small: Mapping[str, Any]
    what: str
    small_batch: int = 3
    optimizer: str = "sgd"
    rates: Mapping[str, float] = field(default_factory=lambda: RATES)

    def lesson(self, rule: str, *, small: bool = False, seed: int = 0) -> Lesson:
        """The package's side.

        Args:
            rule: A name of :data:`RATES`.
            small: Whether it is for a test.
            seed: Of the data.
        """
        from benchmarks.twins import lessons
        from pellucid.optimizers import SGD, Adam

        optimizer = SGD(momentum=0.9) if rule == "sgd" else Adam(beta1=0.5)
        make = getattr(lessons, self.name.replace("-", "_"))
        batch = self.small_batch if small else self.batch
        random = np.random.default_rng(seed)
        made: Lesson = make(optimizer, batch, random, **(self.small if small else self.settings))
        return made

    def twin_of(self, *, small: bool = False) -> Any:
        """PyTorch's side: a :class:`benchmarks.twins.twin.Twin`."""
        module, _, name = self.twin.partition(":")
        settings = self.small if small else self.settings
        return getattr(import_module(module), name)(**settings)


TASKS = {
    task.name: task
    for task in (
        Task(
            "detection",
            "benchmarks.twins.detection:Detection",
            batch=8,
            settings={"size": (320, 416), "classes": 3, "depth": 3},
            small={"size": (64, 96), "classes": 3, "depth": 1},
            what="one-stage detector on resnet20, 320×416×3",
            optimizer="adam",
            rates={"sgd": 3e-5, "adam": 1e-4},
        ),
        Task(
            "two-stages",
            "benchmarks.twins.two_stages:TwoStages",
            batch=8,
            settings={
                "size": (320, 416),
                "classes": 3,
                "depth": 3,
                "scales": (16, 32, 64, 128),
                "proposals": 300,
                "candidates": 3000,
                "sample": 64,
            },
            small={
                "size": (64, 96),
                "classes": 3,
                "depth": 1,
                "scales": (16, 32),
                "proposals": 12,
                "candidates": 40,
                "sample": 256,  # every region is drawn
            },
            what="Faster R-CNN on resnet20, 320×416×3",
            optimizer="adam",
            rates={"sgd": 1e-4, "adam": 1e-4},
        ),
        Task(
            "sound",
            "benchmarks.twins.sound:Sound",
            batch=128,
            settings={"size": (64, 55), "classes": 10},
            small={"size": (16, 11), "classes": 4},
            what="lecture's network on spectrograms, 64×55×1",
        ),
        Task(
            "transcripts",
            "benchmarks.twins.transcripts:Transcripts",
            batch=16,
            settings={"size": (64, 190), "classes": 11, "labels": 5},
            small={"size": (16, 40), "classes": 4, "labels": 3},
            what="speech to text, 64×190×1, 48 steps, CTC loss",
            optimizer="adam",
            rates={"sgd": 1e-4, "adam": 1e-4},
        ),
        Task(
            "captions",
            "benchmarks.twins.captions:Captions",
            batch=64,
            settings={"shape": (10, 10, 320), "vocabulary": 2000, "length": 20, "units": 256},
            small={"shape": (3, 2, 5), "vocabulary": 7, "length": 4, "units": 6},
            what="GRU with attention to a map of 10×10×320, 20 of 2000 words",
            optimizer="adam",
            rates={"sgd": 0.001, "adam": 0.001},
        ),
        Task(
            "driving",
            "benchmarks.twins.driving:Driving",
            batch=64,
            settings={"size": (66, 200)},
            small={"size": (61, 70)},
            what="pilotnet, 66×200×3, Huber loss",
        ),
        Task(
            "generator",
            "benchmarks.twins.generator:Adversaries",
            batch=64,
            settings={"size": (28, 28), "channels": 1, "latent": 100, "width": 32},
            small={"size": (20, 28), "channels": 3, "latent": 5, "width": 4},
            what="DCGAN, 28×28×1, a step of each network",
            optimizer="adam",
        ),
        Task(
            "spatial-transformer",
            "benchmarks.twins.spatial:Spatial",
            batch=64,
            settings={"size": (28, 28), "classes": 10},
            small={"size": (20, 20), "classes": 4},
            what="spatial transformer before a small network, 28×28×1",
            rates={"sgd": 1e-4, "adam": 1e-4},
        ),
    )
}
"""All of them by name."""
