"""A captioner as a page takes it: a classifier of the next word, and what makes it that of a word.

With the words before it and where it looks as they are, a captioner is a network from a picture to
the next word (see :mod:`pellucid.explain.caption_word`): shares of places are one kernel, and what
words add is one bias, that of the hidden layer. A page has this network, compiled; and the weights
from which it computes the kernel and the bias behind any words: embedding, recurrent layer, query,
and the rows of the hidden layer that read the recurrent layer's state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures.captioner import EMBEDDING, LOOKS, READS, SEES, WORDS_GRAPH
from pellucid.engines.batches import forward
from pellucid.explain.caption_word import (
    ANSWER,
    HIDDEN,
    QUERY,
    WordClassifier,
    word_classifier,
)
from pellucid.tasks import Captioning
from pellucid.tasks.caption_search import greedy_logits
from pellucid.tasks.caption_steps import EngineSteps
from pellucid.tasks.captioning import END, FIRST, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.files import Model
    from pellucid.ops.operation import Array

STATE_ROWS, OWN_BIAS = "caption-words.kernel", "caption-words.bias"
"""The rows of the hidden layer's kernel that read the recurrent state, and its own bias."""


@dataclass(frozen=True, eq=False)
class PagedCaptioner:
    """What a page has of a captioner.

    Attributes:
        word: The classifier of the first word, whose network is compiled.
        data: What the page knows besides, as JSON values.
    """

    word: Model
    data: dict[str, Any]

    @classmethod
    def of(cls, model: Model, pixels: NDArray[np.uint8]) -> PagedCaptioner:
        """What a page has of a captioner.

        Args:
            model: The captioner.
            pixels: Pictures whose captions the page checks its own by, (N, H, W, C).
        """
        task, network = model.task, model.network
        assert isinstance(task, Captioning)
        graph = network.graphs[WORDS_GRAPH]
        whole = WordClassifier(model, 0, "native")
        height, width, _ = network.graph.output_shape
        word = _first_word(whole)
        reads = graph[READS]
        data = {
            "cell": reads.operation.kind,
            "gates": reads.operation.opening(*graph.inputs_of(reads))["gates"],
            "end": END,
            "unknown": UNKNOWN,
            "first": FIRST,
            "length": task.length,
            "beam": task.beam,
            "size": [height, width],
            "layers": {
                "places": network.graph.output,
                "sees": SEES,
                "looks": LOOKS,
                "hidden": HIDDEN,
                "answer": ANSWER,
            },
            "weights": {
                "table": f"{EMBEDDING}.table",
                "reads": READS,
                "query": QUERY,
                "state": STATE_ROWS,
                "bias": OWN_BIAS,
            },
            "expected": _expected(task, whole.program_, graph, pixels),
        }
        return cls(word, data)


def captioner_weights(model: Model) -> dict[str, Array]:
    """The weights that a page has of a captioner: of its first word, and what makes others of it.

    Args:
        model: The captioner.
    """
    word = _first_word(WordClassifier(model, 0, "native"))
    return {**word.network.weights, **_of_words(model)}


def _first_word(whole: WordClassifier) -> Model:
    """The classifier of a caption's first word, which looks everywhere alike."""
    height, width, _ = whole.model_.network.graph.output_shape
    looked = np.full((height, width), 1 / (height * width))
    return word_classifier(whole, [], "native", looked=looked).model_


def _of_words(model: Model) -> dict[str, Array]:
    """The weights that make of the first word's network that of another one."""
    network = model.network
    units = network.graphs[WORDS_GRAPH].shapes[READS][1]
    found = {
        name: array
        for name, array in network.weights.items()
        if name.rpartition(".")[0] in (EMBEDDING, READS, QUERY)
    }
    found[STATE_ROWS] = network.weights[f"{HIDDEN}.kernel"][:units]
    found[OWN_BIAS] = network.weights[f"{HIDDEN}.bias"]
    return found


def _expected(
    task: Captioning, program: Any, graph: Any, pixels: NDArray[np.uint8]
) -> list[dict[str, Any]]:
    """The greedy caption of each picture: the places of its words, and their probabilities."""
    places = forward(program, pixels)
    found = []
    for logits in greedy_logits(
        lambda rows: EngineSteps(program, graph, rows, task.length), task, places
    ):
        words = [*task.places(task.greedy_words(logits))]
        rows = logits[: len(words)]
        powers = np.exp(rows - rows.max(axis=1, keepdims=True))
        shares = powers[np.arange(len(words)), words] / powers.sum(axis=1)
        found.append({"words": words, "probabilities": shares.tolist()})
    return found
