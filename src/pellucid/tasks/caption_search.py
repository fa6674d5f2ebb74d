"""Writing captions: greedy and beam search; and how likely captions are for pictures.

A beam of B follows the B likeliest beginnings at once (Sutskever, Vinyals and Le 2014, *Sequence to
sequence learning with neural networks*, section 3.2). A beginning is finished where its end is
among the B likeliest continuations; of the finished ones that with the highest rank is taken, its
log-probability divided by a power of its length, see :class:`pellucid.tasks.Captioning`. The search
for a picture ends when no beginning can still come to a higher rank, whatever its next words are
(Huang, Zhao and Ma 2017, *When to finish?*, section 3): to end it at B finished captions would take
the short ones, which are finished first. Of equals, the first place wins. Unknown words are
never written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.captioner import (
    LOGITS,
    PLACES,
    READS,
    WORDS,
)
from pellucid.errors import DataError
from pellucid.tasks.caption import Caption
from pellucid.tasks.caption_steps import EngineSteps
from pellucid.tasks.captioning import END, NOT_COUNTED, UNKNOWN, beginnings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from pellucid.engines import Program
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array
    from pellucid.tasks.caption_steps import Steps
    from pellucid.tasks.captioning import Captioning

ROWS = 128
"""Beginnings that are computed together."""


def write_captions(
    program: Program, graph: Graph, task: Captioning, places: Array, *, beam: int | None = None
) -> list[Caption]:
    """The caption of each picture.

    Args:
        program: The network, loaded by an engine.
        graph: Its graph ``words``.
        task: What it was trained for.
        places: Of each picture, (N, h, w, C).
        beam: How many beginnings are followed; none: as many as the task says.

    Raises:
        DataError: If the network answers with NaN or infinity.
    """
    return search(
        lambda rows: EngineSteps(program, graph, rows, task.length),
        task,
        places,
        task.beam if beam is None else beam,
    )


def search(
    steps: Callable[[Array], Steps], task: Captioning, places: Array, wide: int
) -> list[Caption]:
    """The caption of each picture, by whatever program computes the next words.

    Args:
        steps: Makes, of places (R, h, w, C), what gives the next words for as many beginnings.
        task: What the network was trained for.
        places: Of each picture, (N, h, w, C).
        wide: How many beginnings are followed.

    Raises:
        DataError: If the network answers with NaN or infinity.
    """
    at_once = max(1, ROWS // wide)
    written: list[Caption] = []
    for first in range(0, len(places), at_once):
        some = places[first : first + at_once]
        full = np.concatenate([some, some[:1].repeat(at_once - len(some), axis=0)])
        written += _search(steps, task, full, wide)[: len(some)]
    return written


def log_likelihoods(
    program: Program, graph: Graph, places: Array, wanted: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Log-probabilities of captions, each for its picture, float64 (N,).

    Args:
        program: The network, loaded by an engine.
        graph: Its graph ``words``.
        places: Of each picture, (N, h, w, C).
        wanted: The words and the end of each caption, (N, T), −1 behind it.
    """
    found = np.zeros(len(wanted))
    for part, outputs in _in_rows(program, graph, {PLACES: places, WORDS: beginnings(wanted)}):
        found[part] = _likelihoods(outputs[LOGITS], wanted[part])
    return found


def likelihood_table(
    program: Program, graph: Graph, places: Array, wanted: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Log-probabilities of captions, each for all pictures, float64 (captions, pictures).

    The words of each caption are read once.

    Args:
        program: The network, loaded by an engine.
        graph: Its graph ``words``.
        places: Of each picture, (N, h, w, C).
        wanted: The words and the end of each caption, (M, T), −1 behind it.
    """
    read, rest = graph.split(READS)
    words = {WORDS: beginnings(wanted)}
    states = np.concatenate([out[READS] for _, out in _in_rows(program, read, words)])
    table = np.zeros((len(wanted), len(places)))
    for picture in range(len(places)):
        rows = np.broadcast_to(places[picture], (len(wanted), *places.shape[1:]))
        for part, out in _in_rows(program, rest, {PLACES: rows, READS: states}):
            table[part, picture] = _likelihoods(out[LOGITS], wanted[part])
    return table


def _likelihoods(logits: Array, aims: NDArray[np.int64]) -> NDArray[np.float64]:
    """The log-probability of what is wanted, of logits (N, T, V)."""
    picked = np.take_along_axis(logits, np.maximum(aims, END)[..., np.newaxis], -1)[..., 0]
    each = picked.astype(np.float64) - _log_sums(logits)
    return np.asarray(np.where(aims == NOT_COUNTED, 0.0, each).sum(axis=1))


def _in_rows(
    program: Program, graph: Graph, feeds: Mapping[str, Array]
) -> Iterator[tuple[slice, dict[str, Array]]]:
    """The graph's outputs for rows, as many at once each time, so that it is compiled once."""
    count = len(next(iter(feeds.values())))
    for first in range(0, count, ROWS):
        part = slice(first, min(first + ROWS, count))
        missing = first + ROWS - part.stop
        some = {
            name: np.concatenate([array[part], array[part][:1].repeat(missing, axis=0)])
            for name, array in feeds.items()
        }
        found = program.run(graph, some)
        yield part, {name: array[: part.stop - first] for name, array in found.items()}


def greedy_logits(
    steps: Callable[[Array], Steps], task: Captioning, places: Array
) -> NDArray[np.float64]:
    """The logits behind each word of the greedy captions, (N, T, V); zeros behind their ends.

    Args:
        steps: As :func:`search` takes it.
        task: What the network was trained for.
        places: Of each picture, (N, h, w, C).
    """
    kept: list[_Recorded] = []

    def recorded(rows: Array) -> Steps:
        kept.append(_Recorded(steps(rows)))
        return kept[-1]

    captions = search(recorded, task, places, 1)
    found = np.zeros((len(places), task.length, task.vocabulary))
    for n, caption in enumerate(captions):
        batch, row = divmod(n, ROWS)
        for step in range(len(caption.words) + 1):
            found[n, step] = kept[batch].logits[step][row]
    return found


class _Recorded:
    """Keeps the logits of each step.

    Args:
        steps: Who computes them.
    """

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.logits: list[NDArray[np.float64]] = []

    def next(
        self, words: NDArray[np.int64], step: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        logits, looked = self._steps.next(words, step)
        self.logits.append(logits.copy())
        return logits, looked

    def go_on_from(self, rows: NDArray[np.int64]) -> None:
        self._steps.go_on_from(rows)


class _Beams:
    """The beginnings of captions that are followed for some pictures.

    Args:
        task: What the network was trained for.
        pictures: N.
        wide: B.
    """

    def __init__(self, task: Captioning, pictures: int, wide: int) -> None:
        self._task, self._wide = task, wide
        self.words = np.full((pictures, wide, task.length + 1), END, np.int64)
        self.scores = np.full((pictures, wide), -np.inf)
        self.scores[:, 0] = 0.0  # all begin alike: one is enough
        self.best = np.full(pictures, -np.inf)
        self.finished: list[tuple[list[int], float, NDArray[np.float64]] | None]
        self.finished = [None] * pictures

    @property
    def followed(self) -> bool:
        """Whether there is a beginning that may become the best caption."""
        return bool((self.scores > -np.inf).any())

    def grow(
        self, step: int, log_p: NDArray[np.float64], looked: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Append a word to each beginning.

        Args:
            step: From 0.
            log_p: Of each word behind each beginning, (N, B, V).
            looked: Where each beginning looked so far, (N, B, T, L).

        Returns:
            Of each beginning, which of those before it goes on from, (N, B).
        """
        pictures, wide, size = log_p.shape
        log_p[:, :, UNKNOWN] = -np.inf
        if step == 0:  # a caption has a word
            log_p[:, :, END] = -np.inf
        if step == self._task.length - 1:
            log_p[:, :, :END] = log_p[:, :, END + 1 :] = -np.inf
        total = (self.scores[:, :, np.newaxis] + log_p).reshape(pictures, wide * size)
        order = np.argsort(-total, axis=1, kind="stable")[:, : 2 * wide]
        words, scores = self.words.copy(), np.full_like(self.scores, -np.inf)
        origins = np.zeros((pictures, wide), np.int64)
        for i in range(pictures):
            kept = 0
            for rank, place in enumerate(order[i].tolist()):
                beam, word = divmod(place, size)
                score = float(total[i, place])
                if score == -np.inf or kept == wide:
                    break
                if word != END:
                    words[i, kept] = self.words[i, beam]
                    words[i, kept, step + 1] = word
                    scores[i, kept], origins[i, kept] = score, beam
                    kept += 1
                elif rank < wide:
                    self._finish(i, beam, step, score, looked[i, beam])
        # a score can only fall, and is divided by no more than the longest caption's power
        hopeless = scores / self._task.length**self._task.length_power <= self.best[:, np.newaxis]
        if wide == 1:  # the likeliest word each time, and nothing else
            hopeless |= self.best[:, np.newaxis] > -np.inf
        scores[hopeless] = -np.inf
        self.words, self.scores = words, scores
        return origins

    def _finish(
        self, i: int, beam: int, step: int, score: float, looked: NDArray[np.float64]
    ) -> None:
        rank = score / (step + 1) ** self._task.length_power
        if rank > self.best[i]:
            self.best[i] = rank
            words = self.words[i, beam, 1 : step + 1].tolist()
            self.finished[i] = words, score, looked[:step].copy()


def _search(
    made: Callable[[Array], Steps], task: Captioning, places: Array, wide: int
) -> list[Caption]:
    count, (height, width, _) = len(places), places.shape[1:]
    rows = np.repeat(places, wide, axis=0)
    beams = _Beams(task, count, wide)
    steps = made(rows)
    every = np.arange(count)[:, np.newaxis] * wide
    for step in range(task.length):
        logits, looked = steps.next(beams.words.reshape(count * wide, -1), step)
        if not np.isfinite(logits).all():
            raise DataError(
                "the network answers with NaN or infinity; its training diverged: train it with a "
                "lower learning rate"
            )
        log_p = logits - _log_sums(logits)[:, np.newaxis]
        origins = beams.grow(
            step,
            log_p.reshape(count, wide, -1),
            looked.reshape(count, wide, *looked.shape[1:]),
        )
        if not beams.followed:
            break
        steps.go_on_from((origins + every).reshape(-1))
    found = []
    for each in beams.finished:
        assert each is not None  # the last step has no other word than the end
        chosen, score, looked = each
        text = task.text_of(chosen)
        found.append(Caption(text, score, looked.reshape(len(text), height, width)))
    return found


def _log_sums(logits: Array) -> NDArray[np.float64]:
    """The logarithm of the sum of the exponentials along the last axis, float64."""
    most = logits.max(axis=-1)
    apart = np.exp(logits - most[..., np.newaxis])
    return np.asarray(most + np.log(apart.sum(axis=-1, dtype=np.float64)))
