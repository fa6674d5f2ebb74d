"""The next words of beginnings of captions, by an engine or any other program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from pellucid.architectures.captioner import LOGITS, LOOKED, PLACES, STATE, WORDS, one_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines import Program
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array


class Steps(Protocol):
    """The next word of beginnings, one after the other, by whatever program computes it."""

    def next(
        self, words: NDArray[np.int64], step: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The logits of the word behind each row's first ``step + 1``, and where all looked.

        Args:
            words: (R, T + 1); the first is the end's place.
            step: From 0.

        Returns:
            (R, V), and (R, T, L) of which the first ``step + 1`` are known.
        """

    def go_on_from(self, rows: NDArray[np.int64]) -> None:
        """Take for each row what another has remembered."""


class EngineSteps:
    """The next word of beginnings, one after the other, by an engine.

    By a GRU's state; of an LSTM, whose memory is no output, the words so far are read again.

    Args:
        program: The network, loaded by an engine.
        graph: Its graph ``words``.
        places: What each row looks at, (R, h, w, C).
        length: T.
    """

    def __init__(self, program: Program, graph: Graph, places: Array, length: int) -> None:
        self._program, self._graph, self._places, self._length = program, graph, places, length
        self._one = one_word(graph)
        rows, (height, width) = len(places), places.shape[1:3]
        if self._one is not None:
            self._state = np.zeros((rows, *self._one.inputs[STATE].shape), np.float32)
            self._looked = np.zeros((rows, length, height * width))

    def next(
        self, words: NDArray[np.int64], step: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The logits of the word behind each row's first ``step + 1``, and where all looked."""
        feeds: dict[str, Array] = {PLACES: self._places}
        if self._one is None:
            out = self._program.run(self._graph, {**feeds, WORDS: words[:, : self._length]})
            return out[LOGITS][:, step].astype(np.float64), out[LOOKED].astype(np.float64)
        feeds |= {WORDS: words[:, step : step + 1], STATE: self._state}
        out = self._program.run(self._one, feeds)
        self._state = out[STATE][:, 0]
        self._looked[:, step] = out[LOOKED][:, 0]
        return out[LOGITS][:, 0].astype(np.float64), self._looked

    def go_on_from(self, rows: NDArray[np.int64]) -> None:
        """Take for each row what another has remembered."""
        if self._one is not None:
            self._state, self._looked = self._state[rows], self._looked[rows]
