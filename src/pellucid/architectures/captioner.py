"""A captioner on any body: words as a GRU or an LSTM reads them, and the places they look at.

Each word of a caption, as a row of numbers, goes into a recurrent layer; from its state a query is
made, and of the body's last map those places are taken that answer to it: soft attention over
places (Xu et al. 2015, *Show, attend and tell*, section 3.1.2; the query comes from the state after
the word, as in Luong et al. 2015, *Effective approaches to attention-based neural machine
translation*, section 3). State and places together give the logits of the next word. The picture
does not enter the recurrent layer ("merge", Tanti et al. 2018, *Where to put the image in an image
caption generator*), so that one pass over a caption gives the next word at every step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid import checks, ops
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph import Graph, Network, initial_weights
from pellucid.known_names import find_name
from pellucid.layers import (
    GRU,
    LSTM,
    Attention,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Input,
    ReLU,
    Reshape,
    Sequential,
    connect,
)
from pellucid.ops.types import Type
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.layers import Value

CELLS = {"gru": GRU, "lstm": LSTM}
"""Recurrent layers by name."""

FEATURES = "features"
"""The input of the graph that learns: the body's map."""

PLACES, WORDS, LOGITS, LOOKED = "places", "words", "logits", "looked"
"""Inputs and outputs of the graph that writes."""

READS, LOOKS = "caption-reads", "caption-looks"
"""Names of the recurrent layer, and of the attention."""

EMBEDDING = "caption-embedding"
"""The name of the layer that makes numbers of words."""

QUERY = "caption-query"
"""The name of the layer that asks, of the state, where to look."""

STATE = "state"
"""Input and output of :func:`one_word`: the recurrent layer's state."""

WORDS_GRAPH = "words"
"""The name of that graph among the network's."""

STANDARD, SEES = "caption-standard", "caption-places"
"""Names of the layers that standardise the body's map, by what was learned from, and that make
places of it."""


@dataclass(frozen=True)
class CaptionerSize:
    """How large a captioner is.

    Attributes:
        embedding: Numbers of a word, 1 to 4096.
        units: Of the recurrent layer, and of the layer before the logits, 1 to 4096.
        places: Channels in which places are compared with queries, 1 to 4096.
        cell: ``"gru"`` or ``"lstm"``.
        dropout: Of words, places and what the logits are made of, 0 to 0.9.

    Raises:
        ArgumentError: If a value is out of range.
    """

    embedding: int = 128
    units: int = 256
    places: int = 256
    cell: str = "gru"
    dropout: float = 0.5

    def __post_init__(self) -> None:
        for name in ("embedding", "units", "places"):
            checks.whole(name, getattr(self, name), 1, 4096)
        checks.number("dropout", self.dropout, 0.0, 0.9)
        find_name("cell", self.cell, CELLS)


@short_repr
@dataclass(frozen=True, eq=False)
class Captioner:
    """The graphs of a captioner over one store of weights.

    Attributes:
        network: From pictures to places; ``words`` is among its graphs.
        body: From pictures to the map that is frozen.
        learns: From that map and words to logits.
        sees: From that map to places.
    """

    network: Network
    body: Graph
    learns: Graph
    sees: Graph


def captioner(
    body: Network, vocabulary: int, length: int, size: CaptionerSize, *, seed: int = 0
) -> Captioner:
    """A captioner on a body.

    Args:
        body: A trained network of one input, whose last map is used.
        vocabulary: V, the words that are known, with the end of captions and the unknown.
        length: T, the steps of a caption.
        size: How large it is.
        seed: Of the first weights.

    Raises:
        ShapeError: If the network has no map of several places.
    """
    cut = last_map(body.graph)
    part = body.graph.select(cut)
    shape = part.output_shape
    see = Sequential(
        [
            BatchNorm(name=STANDARD),
            Conv2D(size.places, 1, name=SEES),
            ReLU(name="caption-places-relu"),
        ]
    )
    features, words = Input(shape), Input((length,), "int32")
    places = see(features)
    sees = connect({FEATURES: features}, {PLACES: places})
    learns = _graph({FEATURES: features, WORDS: words}, places, vocabulary, size)
    given = Input(sees.output_shape)
    writes = _graph({PLACES: given, WORDS: words}, given, vocabulary, size)
    nodes = [
        replace(node, inputs=tuple(cut if name == FEATURES else name for name in node.inputs))
        for node in sees.nodes
    ]
    whole = part.extend(nodes, {PLACES: sees.outputs[PLACES]})
    own = {str(name): body.weights[str(name)] for name in part.parameters}
    if taken := own.keys() & initial_weights(learns, seed).keys():
        raise ArgumentError(
            f"the body has a layer of the name of one of a captioner's, {min(taken)!r}; take "
            "another body"
        )
    weights = {**own, **initial_weights(learns, seed)}
    network = Network(whole, weights, {WORDS_GRAPH: writes})
    return Captioner(network, part, learns, sees)


def size_of(graph: Graph) -> CaptionerSize | None:
    """How large a captioner is, by the graph that writes; None of one that was made otherwise.

    Its dropout is no part of that graph.
    """
    nodes = {node.name: node.operation for node in graph.nodes}
    words, reads, looks = (nodes.get(name) for name in (EMBEDDING, READS, QUERY))
    if not isinstance(words, ops.Embedding) or not isinstance(looks, ops.Dense):
        return None
    if not isinstance(reads, ops.GRU | ops.LSTM):
        return None
    return CaptionerSize(words.features, reads.units, looks.units, reads.kind)


def last_map(graph: Graph) -> str:
    """The last value of a network that is a map of several places, (h, w, C).

    Where that is only made of a map with fewer channels, at each place by itself, as networks for
    phones widen their last map for their classes alone (Sandler et al. 2018, *MobileNetV2*, table
    2), it is the map before: there is no more in the wider one, and it takes longer to look at.

    Raises:
        ShapeError: If there is none.
    """
    maps = [
        node
        for node in graph.nodes
        if len(shape := graph.shapes[node.name]) == 3 and shape[0] * shape[1] > 1
    ]
    if not maps or not graph.select(maps[-1].name).parameters:
        raise ShapeError(
            "the body has no map of several places, at which words could look; take a "
            "convolutional network on larger pictures"
        )
    node = maps[-1]
    while len(node.inputs) == 1 and node.operation.family != "convolution":
        if (
            graph.shapes[node.inputs[0]] != graph.shapes[node.name]
            or node.inputs[0] in graph.inputs
        ):
            return maps[-1].name
        node = graph[node.inputs[0]]
    before = graph.shapes[node.inputs[0]]
    widened = len(before) == 3 and before[:2] == graph.shapes[node.name][:2]
    if (
        node.operation.family == "convolution"
        and getattr(node.operation, "size", None) == (1, 1)
        and widened
        and before[2] < graph.shapes[node.name][2]
        and node.inputs[0] not in graph.inputs
    ):
        return node.inputs[0]
    return maps[-1].name


def one_word(graph: Graph) -> Graph | None:
    """The graph that writes, for one word behind a state: (state, places, word) to the next state.

    None where the recurrent layer's output is not all of its state, as an LSTM's.

    Args:
        graph: From places and T words.
    """
    node = graph[READS]
    if node.operation.kind != "gru":
        return None
    (units,) = graph.shapes[READS][1:]
    nodes = [
        replace(each, inputs=(*each.inputs, STATE)) if each.name == READS else each
        for each in graph.nodes
    ]
    inputs = {**graph.inputs, WORDS: Type((1,), graph.inputs[WORDS].dtype), STATE: Type((units,))}
    return Graph(inputs, nodes, {**graph.outputs, STATE: READS})


def features_of(graph: Graph) -> Graph:
    """A captioner's graph from pictures to the body's map that its places are made of."""
    (cut,) = graph[STANDARD].inputs
    return graph.select(cut)


def _graph(inputs: dict[str, Value], places: Value, vocabulary: int, size: CaptionerSize) -> Graph:
    """The graph from places and words to the logits of the next words, and where they looked."""
    drop = size.dropout
    rows = Reshape((-1, size.places), name="caption-rows")(
        Dropout(drop, name="caption-places-dropout")(places)
    )
    embedded = Embedding(vocabulary, size.embedding, name=EMBEDDING)(inputs[WORDS])
    read = CELLS[size.cell](size.units, name=READS)(
        Dropout(drop, name=f"{EMBEDDING}-dropout")(embedded)
    )
    query = Dense(size.places, name=QUERY)(read)
    look = Attention(name=LOOKS)(query, rows, rows)
    both = Concatenate(name="caption-both")(read, look)
    logits = Sequential(
        [
            Dropout(drop, name="caption-both-dropout"),
            Dense(size.units, name="caption-hidden"),
            ReLU(name="caption-hidden-relu"),
            Dropout(drop, name="caption-hidden-dropout"),
            Dense(vocabulary, initializer=0.0, name="caption-logits"),  # at first all words alike
        ]
    )(both)
    graph = connect(inputs, {LOGITS: logits})
    return Graph(graph.inputs, graph.nodes, {**graph.outputs, LOOKED: f"{LOOKS}_weights"})
