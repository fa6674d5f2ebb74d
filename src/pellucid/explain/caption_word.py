"""A word of a caption as a classification of the picture: which word comes next.

Words reach the logits by the recurrent layer alone, and the picture by attention alone (see
:mod:`pellucid.architectures.captioner`). So with the words so far as they are, a captioner is a
network from a picture to one class, the next word: its query and what the recurrent layer adds to
the layer before the logits are constants. Everything that looks into a classifier looks into it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ops
from pellucid.architectures.captioner import LOOKS, READS, WORDS, WORDS_GRAPH
from pellucid.engines import get_engine
from pellucid.files import Model
from pellucid.graph import Graph, Network, Node
from pellucid.tasks import Captioning, SingleLabel
from pellucid.tasks.captioning import FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.engines import Program
    from pellucid.files.classifier import Classifier
    from pellucid.ops.operation import Array

END_NAME, UNKNOWN_NAME = "(end)", "(unknown)"
"""What the end of a caption, and a word that is not known, are called among the words."""

QUERY, HIDDEN, ANSWER = "caption-query", "caption-hidden", "caption-logits"
SCORES, SHARES = "caption-look-scores", "caption-look-shares"


@dataclass(frozen=True, eq=False)
class WordClassifier:
    """A captioner behind some words, as a classifier of pictures.

    Attributes:
        model_: From a picture to the logits of the next word.
        max_pixels: Picture files with more pixels are refused.
        engine: Who computes.
    """

    model_: Model
    max_pixels: int
    engine: str

    @cached_property
    def program_(self) -> Program:
        """The network as the engine computes it."""
        return get_engine(self.engine).load(self.model_.network)


def class_names(task: Captioning) -> tuple[str, ...]:
    """The words in the order of the logits, the end and the unknown first."""
    names = [END_NAME, UNKNOWN_NAME]
    while set(names) & set(task.words):
        names = [f"({name})" for name in names]
    return (*names, *task.words)


def word_classifier(
    captioner: Classifier,
    words: Sequence[int],
    engine: str,
    *,
    looked: NDArray[np.float64] | None = None,
) -> WordClassifier:
    """The classifier of the word behind some others.

    Args:
        captioner: The captioner.
        words: The places of the words so far, without the beginning.
        engine: Who computes it.
        looked: Where it looks, whatever the picture, (h, w), adding up to 1; none: as it computes
            by the picture. Held so, the logits are linear in the places, piece by piece.
    """
    model = captioner.model_
    task, network = model.task, model.network
    assert isinstance(task, Captioning)
    state = _state(captioner.program_, network.graphs[WORDS_GRAPH], words)
    body, weights = network.graph, dict(network.weights)
    height, width, channels = body.output_shape
    kernel = weights[f"{HIDDEN}.kernel"].astype(np.float64)
    units = len(state)
    shift = weights[f"{HIDDEN}.bias"] + state @ kernel[:units]
    made = {
        f"{HIDDEN}.kernel": kernel[units:],
        f"{HIDDEN}.bias": shift,
        f"{ANSWER}.kernel": weights[f"{ANSWER}.kernel"],
        f"{ANSWER}.bias": weights[f"{ANSWER}.bias"],
    }
    nodes, look_weights = (
        _looking(state, weights, body.output, (height, width, channels))
        if looked is None
        else _held(looked, body.output, channels)
    )
    hidden, size = kernel.shape[1], task.vocabulary
    nodes += [
        Node("caption-taken", ops.Flatten(), (LOOKS,)),
        Node(HIDDEN, ops.Dense(hidden), ("caption-taken",)),
        Node(f"{HIDDEN}-relu", ops.ReLU(), (HIDDEN,)),
        Node(ANSWER, ops.Dense(size), (f"{HIDDEN}-relu",)),
    ]
    graph = Graph(body.inputs, [*body.nodes, *nodes], {ANSWER: ANSWER})
    own = {str(name): weights[str(name)] for name in body.parameters}
    cast = {name: np.asarray(array, np.float32) for name, array in {**made, **look_weights}.items()}
    word = Model(
        Network(graph, {**own, **cast}),
        SingleLabel(class_names(task)),
        model.preprocessing,
        model.provenance,
    )
    return WordClassifier(word, captioner.max_pixels, engine)


def next_places(words: Sequence[int], length: int) -> NDArray[np.int64]:
    """Words behind the beginning, padded to the steps of the network: (1, T)."""
    row = np.zeros((1, length), np.int64)
    row[0, 1 : len(words) + 1] = words
    return row


def _state(program: Program, graph: Graph, words: Sequence[int]) -> NDArray[np.float64]:
    """What the recurrent layer makes of the words so far, (U,)."""
    (length,) = graph.inputs[WORDS].shape
    found = program.run(graph.select(READS), {WORDS: next_places(words, length)})
    return np.asarray(found[READS][0, len(words)], np.float64)


def _looking(
    state: NDArray[np.float64], weights: dict[str, Array], places: str, shape: tuple[int, ...]
) -> tuple[list[Node], dict[str, Any]]:
    """The nodes that look where the query answers to a place, and their weights."""
    height, width, channels = shape
    query = state @ weights[f"{QUERY}.kernel"].astype(np.float64) + weights[f"{QUERY}.bias"]
    kernel = (query / math.sqrt(channels))[:, np.newaxis]
    nodes = [
        Node("caption-rows", ops.Reshape((height * width, channels)), (places,)),
        Node(SCORES, ops.Dense(1, bias=False), ("caption-rows",)),
        Node(f"{SCORES}-row", ops.Reshape((1, height * width)), (SCORES,)),
        Node(SHARES, ops.Softmax(), (f"{SCORES}-row",)),
        Node(LOOKS, ops.MatrixProduct(), (SHARES, "caption-rows")),
    ]
    return nodes, {f"{SCORES}.kernel": kernel}


def _held(
    looked: NDArray[np.float64], places: str, channels: int
) -> tuple[list[Node], dict[str, Any]]:
    """The node that takes of each place a share that is given, and its weights."""
    kernel = np.repeat(looked[:, :, np.newaxis, np.newaxis], channels, axis=3)
    look = ops.Conv2D(channels, looked.shape, padding="valid", groups=channels, bias=False)
    return [Node(LOOKS, look, (places,))], {f"{LOOKS}.kernel": kernel}


def place_of(task: Captioning, word: str) -> int:
    """The place of a known word."""
    return FIRST + task.words.index(word)
