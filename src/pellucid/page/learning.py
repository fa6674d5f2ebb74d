"""What a page needs to train the network itself: pictures, the compiled step, how it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.augment import Augmentation
from pellucid.engines.native.lower.learning import Learning
from pellucid.engines.native.runtime.web.program import (
    PAGE,
    WebProgram,
    inspecting_program,
    training_program,
)
from pellucid.engines.native.wanted import Wanted
from pellucid.errors import ArgumentError
from pellucid.graph import first_factors, graph_to_dict, is_quantised
from pellucid.ops import CrossEntropy
from pellucid.page.programs import page_names, program_data
from pellucid.settings import to_dict
from pellucid.text import listed
from pellucid.training.batches import batch_places, batches_per_epoch
from pellucid.training.objective import training_step
from pellucid.training.provenance import provenance
from pellucid.training.result import SIDES
from pellucid.training.start import architecture_of

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.page.blobs import Blobs
    from pellucid.training.recipe import Recipe

MOST_TRAINED, MOST_JUDGED = 5000, 1000
"""Pictures to learn from and to judge by that a page takes along, at most."""

MOST_MEMORY = 1_000_000_000
"""Bytes that learning may take in a page."""

JUDGED_AT_ONCE = 16
"""Pictures that the program for answers alone takes at once."""

ENGINE = "native, compiled for pages"
"""Who computes, as the file of a network that learned in a page says."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is learned in a page.

    Attributes:
        model: The model; its graph learns, its weights are of no matter.
        train: Pictures to learn from.
        judge: Pictures to judge by; none of them is learned.
        recipe: How; pictures are taken as they are.
    """

    model: Model
    train: Dataset
    judge: Dataset
    recipe: Recipe

    @cached_property
    def obstacle(self) -> str | None:
        """Why a page cannot train the network, as the end of a sentence; none if it can."""
        if self.train.kind != "single-label":
            return f"pages learn one class a picture, and the data are for {self.train.kind}"
        if self.train.classes != self.model.classes:
            return f"the data's classes are {listed(self.train.classes)}, not the network's"
        if self.recipe.augmentation != Augmentation() or self.recipe.ema is not None:
            return "pages learn pictures as they are, without augmentation and ema"
        if self.model.network.sides or SIDES in self.model.provenance:
            return "pages learn networks of one output, and this one is trained with side outputs"
        if is_quantised(self.model.network.graph):
            return "the network is quantised, and learning needs real numbers"
        size = self.program.pages * PAGE
        if size > MOST_MEMORY:
            return (
                f"its training takes {size / 1e9:.1f} GB of memory, in a page at most "
                f"{MOST_MEMORY / 1e9:.0f} GB"
            )
        return None

    @cached_property
    def program(self) -> WebProgram:
        """The compiled step, with room for the largest batch."""
        count, size = len(self.train), self.recipe.batch_size
        places = (batch_places(count, size, k) for k in range(batches_per_epoch(count, size)))
        largest = max(place.stop - place.start for place in places)
        step = training_step(self.model.network, self.recipe)
        return training_program(Learning.of(step), capacity=max(size, largest))

    def to_dict(self, blobs: Blobs) -> dict[str, Any]:
        """As JSON values.

        Args:
            blobs: Where pictures, labels and modules are kept.

        Raises:
            ArgumentError: If there is an obstacle.
        """
        if self.obstacle is not None:
            raise ArgumentError(f"the network cannot be trained in a page: {self.obstacle}")
        network = self.model.network
        graph, weights = network.graph, network.weights
        answers = inspecting_program(
            graph, Wanted(values=frozenset([graph.output])), capacity=JUDGED_AT_ONCE
        )
        names = page_names(answers.folded)
        return {
            "recipe": self.recipe.to_dict(),
            "parameters": self._parameters(),
            "head": self._head(),
            "train": _pictures("train", self.train, blobs),
            "judge": _pictures("judge", self.judge, blobs),
            "step": program_data("learn", self.program, weights, blobs),
            "answers": program_data("answers", answers, weights, blobs, names),
            "file": self._file(),
        }

    def _parameters(self) -> list[dict[str, Any]]:
        """How every array starts."""
        graph = self.model.network.graph
        factors = first_factors(graph)
        return [
            {
                "name": str(name),
                "shape": list(parameter.shape),
                "initializer": parameter.initializer,
                "fan_in": parameter.fan_in,
                "fan_out": parameter.fan_out,
                **({"times": factors[str(name)]} if str(name) in factors else {}),
            }
            for name, parameter in graph.parameters.items()
        ]

    def _head(self) -> dict[str, Any] | None:
        """The layer that makes the outputs, if some of them can be left out in learning.

        An output that is never right gets a probability of 0 by its bias. That is exactly a network
        without it only where the loss does not count the classes, as smoothing and weights do.
        """
        graph, loss = self.model.network.graph, self.recipe.loss
        node = graph[graph.output]
        shares = [each for each in graph.nodes if each.store == node.store]
        counts = isinstance(loss, CrossEntropy) and (loss.label_smoothing or loss.class_weights)
        units = graph.output_shape[0]
        own, other = to_dict(node.operation), to_dict(node.operation.with_outputs(units + 1))
        settings = [name for name, value in own.items() if value != other[name]]
        parts = dict(graph.parameters_of(node))
        if len(shares) > 1 or counts or len(settings) != 1 or parts.keys() != {"kernel", "bias"}:
            return None
        return {"layer": node.name, **parts, "units": units, "setting": settings[0]}

    def _file(self) -> dict[str, Any]:
        """What the page writes into the file of a network that it trained."""
        model = self.model
        origin = provenance(architecture_of(model), self.recipe, self.train, self.judge, ENGINE)
        return {
            "graph": graph_to_dict(model.network.graph),
            "classes": list(model.classes),
            "label_kind": model.label_kind,
            "preprocessing": model.preprocessing.to_dict(),
            "provenance": origin,
        }


def _pictures(part: str, data: Dataset, blobs: Blobs) -> dict[str, Any]:
    return {
        "count": len(data),
        "name": data.name,
        "pixels": blobs.add(f"{part}-pixels", data.images),
        "labels": blobs.add(f"{part}-labels", data.places.astype(np.uint16)),
    }
