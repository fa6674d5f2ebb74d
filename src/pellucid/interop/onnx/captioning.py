"""The half of a captioner that writes, as an ONNX file of its own; the other half sees.

The file that sees has pictures as its input, and ``places`` (N, h, w, C) as its output. The file
that writes lies beside it, under the same name with ``-words``, and takes these places. Of a GRU it
takes one word (N,) and the recurrent layer's ``state`` (N, U), zeros at first, and gives for the
next word ``logits`` and ``probabilities`` (N, V), where it ``looked`` (N, h, w), and ``next_state``
(N, U). Of an LSTM, whose memory is no value of the network, it takes all words so far (N, T), and
gives the same at each step: (N, T, V) and (N, T, h, w).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures.captioner import (
    LOGITS,
    LOOKED,
    PLACES,
    READS,
    STATE,
    WORDS,
    one_word,
)
from pellucid.errors import ArgumentError
from pellucid.files import strict_json
from pellucid.graph import graph_from_dict, graph_to_dict
from pellucid.interop.onnx.layers_out import write_layers
from pellucid.interop.onnx.writer import Writer
from pellucid.tasks.captioning import END, UNKNOWN

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnx import GraphProto

    from pellucid.graph import Graph
    from pellucid.interop.onnx.runtime import Session
    from pellucid.ops.operation import Array
    from pellucid.tasks import Captioning

BATCH = "N"

NEXT_STATE, PROBABILITIES = "next_state", "probabilities"

KEY = "pellucid_words"
"""Where the file that writes keeps its graph."""


def words_path(path: str | os.PathLike[str]) -> Path:
    """Where the half that writes lies, beside that which sees: ``a.onnx``, ``a-words.onnx``."""
    given = Path(path)
    return given.with_name(f"{given.stem}-words{given.suffix}")


def words_shapes(graph: Graph) -> tuple[dict[str, str], dict[str, str]]:
    """What the file that writes takes and gives, in words: ``float32 (N, 7, 7, 256)``.

    Args:
        graph: From places and T words.
    """
    height, width, channels = graph.inputs[PLACES].shape
    steps, size = graph.shapes[graph.outputs[LOGITS]]
    one = one_word(graph)
    each = "" if one is not None else f"{steps}, "
    takes = {PLACES: f"float32 (N, {height}, {width}, {channels})"}
    gives = {
        LOGITS: f"float32 (N, {each}{size})",
        PROBABILITIES: f"float32 (N, {each}{size})",
        LOOKED: f"float32 (N, {each}{height}, {width})",
    }
    if one is None:
        return {**takes, WORDS: f"int64 (N, {steps})"}, gives
    state = f"float32 (N, {one.inputs[STATE].shape[0]})"
    return {**takes, WORDS: "int64 (N)", STATE: state}, {**gives, NEXT_STATE: state}


def digest_of(weights: Mapping[str, Array]) -> str:
    """Of weights in float32, by which the file that writes knows the one that sees."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode() + b"\0")
        digest.update(np.ascontiguousarray(weights[name], "<f4").tobytes())
    return digest.hexdigest()


def metadata_of_words(graph: Graph, task: Captioning, sees: str) -> dict[str, str]:
    """What the file that writes says of itself: its graph, and the words for other programs.

    Args:
        graph: The half that writes.
        task: The captioner's.
        sees: :func:`digest_of` the weights of the half that sees.
    """
    texts: dict[str, Any] = {
        KEY: {"format": 1, "graph": graph_to_dict(graph), "sees": sees},
        "words": list(task.words),
        "captions": {
            "end": END,
            "unknown": UNKNOWN,
            "first_word": task.vocabulary - len(task.words),
            "length": task.length,
            "beam": task.beam,
            "length_power": task.length_power,
        },
    }
    return {name: strict_json.canonical(text).decode("ascii") for name, text in texts.items()}


def graph_in(metadata: Mapping[str, str]) -> tuple[Graph, str]:
    """The graph that :func:`metadata_of_words` wrote, and the digest of the half that sees.

    Raises:
        ArgumentError: If there is none, or of another format.
    """
    values = strict_json.parse(metadata.get(KEY, "null").encode("utf-8"))
    if not isinstance(values, dict) or values.keys() != {"format", "graph", "sees"}:
        raise ArgumentError("it is not the half of a captioner that writes")
    if values["format"] != 1:
        raise ArgumentError(f"its format is {values['format']!r:.20}; this version reads 1")
    return graph_from_dict(values["graph"]), str(values["sees"])


def words_graph(graph: Graph, weights: Mapping[str, Array]) -> GraphProto:
    """The half that writes, as ONNX has it: the same graph and weights give the same bytes.

    Args:
        graph: From places and T words.
        weights: float32, by full name.
    """
    from onnx import TensorProto, helper

    one = one_word(graph)
    whole = graph if one is None else one
    height, width, channels = whole.inputs[PLACES].shape
    writer = Writer()
    names = {node.name: node.name for node in whole.nodes}
    names |= {PLACES: f"{PLACES}.map", WORDS: f"{WORDS}.numbers", STATE: STATE}
    writer.node("Transpose", [PLACES], names[PLACES], perm=(0, 3, 1, 2))
    words = WORDS
    if one is not None:
        words = writer.node("Unsqueeze", [WORDS, writer.whole("axis.1", [1])], f"{WORDS}.row")
    writer.node("Cast", [words], names[WORDS], to=TensorProto.FLOAT)
    write_layers(writer, whole, names, weights)
    _write_outputs(writer, whole, (height, width), stepwise=one is None)
    steps, size = whole.shapes[whole.outputs[LOGITS]]
    each = [BATCH] if one is not None else [BATCH, steps]
    number = TensorProto.FLOAT
    inputs = [
        (PLACES, number, [BATCH, height, width, channels]), (WORDS, TensorProto.INT64, each),
    ]  # fmt: skip
    outputs = [
        (LOGITS, number, [*each, size]),
        (PROBABILITIES, number, [*each, size]),
        (LOOKED, number, [*each, height, width]),
    ]
    if one is not None:
        inputs.append((STATE, number, [BATCH, *one.inputs[STATE].shape]))
        outputs.append((NEXT_STATE, number, [BATCH, *one.inputs[STATE].shape]))
    return helper.make_graph(
        writer.nodes,
        "words",
        [helper.make_tensor_value_info(*each) for each in inputs],  # type: ignore[arg-type]
        [helper.make_tensor_value_info(*each) for each in outputs],
        list(writer.constants.values()),
    )


def _write_outputs(writer: Writer, graph: Graph, size: tuple[int, int], *, stepwise: bool) -> None:
    """Sequences (N, F, T), as ONNX's nodes have them, as outputs: step by step, or of one step."""
    logits, looked = graph.outputs[LOGITS], graph.outputs[LOOKED]
    last = writer.whole("axis.2", [2])

    def rows(value: str, name: str) -> str:
        if stepwise:
            return writer.node("Transpose", [value], name, perm=(0, 2, 1))
        return writer.node("Squeeze", [value, last], name)

    writer.node("Softmax", [rows(logits, LOGITS)], PROBABILITIES, axis=-1)
    shape = writer.whole(f"{LOOKED}.shape", [0, 0, *size] if stepwise else [0, *size])
    writer.node("Reshape", [rows(looked, f"{LOOKED}.rows"), shape], LOOKED)
    if not stepwise:
        rows(READS, NEXT_STATE)


class OnnxSteps:
    """The next word of beginnings, by ONNX Runtime.

    See :class:`pellucid.tasks.caption_steps.Steps`.

    Args:
        session: The file that writes.
        graph: From places and T words.
        places: What each row looks at, (R, h, w, C).
        length: T.
    """

    def __init__(self, session: Session, graph: Graph, places: Array, length: int) -> None:
        self._session, self._places, self._length = session, places, length
        one = one_word(graph)
        self._looked = np.zeros((len(places), length, int(np.prod(places.shape[1:3]))))
        self._state = (
            None if one is None else np.zeros((len(places), *one.inputs[STATE].shape), np.float32)
        )

    def next(
        self, words: NDArray[np.int64], step: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The logits of the word behind each row's first ``step + 1``, and where all looked."""
        rows = len(words)
        if self._state is None:
            feeds = {PLACES: self._places, WORDS: np.ascontiguousarray(words[:, : self._length])}
            out = self._session.run([LOGITS, LOOKED], feeds)
            looked = out[LOOKED].astype(np.float64).reshape(rows, self._length, -1)
            return out[LOGITS][:, step].astype(np.float64), looked
        feeds = {
            PLACES: self._places, WORDS: np.ascontiguousarray(words[:, step]), STATE: self._state,
        }  # fmt: skip
        out = self._session.run([LOGITS, LOOKED, NEXT_STATE], feeds)
        self._state = out[NEXT_STATE]
        self._looked[:, step] = out[LOOKED].reshape(rows, -1)
        return out[LOGITS].astype(np.float64), self._looked

    def go_on_from(self, rows: NDArray[np.int64]) -> None:
        """Take for each row what another has remembered."""
        if self._state is not None:
            self._state, self._looked = self._state[rows], self._looked[rows]
