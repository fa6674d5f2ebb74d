"""Word error: how many words must be changed, added or taken away to make one text of another.

    WER = (S + D + I) / N

of the fewest substitutions, deletions and insertions that turn what was heard into what was said,
N words (Levenshtein 1966, *Binary codes capable of correcting deletions, insertions, and
reversals*). It can be above 1. Over several texts the sums count, so that long ones count for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pellucid import checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

Pair = tuple[str | None, str | None]
"""A word that was said and one that was heard; none of what was left out, or added."""

_AT_ONCE = 1 << 22  # numbers that are drawn together


class WordErrors(NamedTuple):
    """How one text differs from another.

    Attributes:
        substitutions: Words that were taken for others.
        deletions: Words that were not heard.
        insertions: Words that were heard and not said.
        said: Words that were said.
    """

    substitutions: int
    deletions: int
    insertions: int
    said: int

    @property
    def errors(self) -> int:
        """All of them."""
        return self.substitutions + self.deletions + self.insertions


def distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest substitutions, deletions and insertions between two sequences."""
    *_, last = _cost_rows(said, heard)
    return int(last[-1])


def align(said: Sequence[str], heard: Sequence[str]) -> list[Pair]:
    """The words of two texts side by side, with the fewest errors.

    Of alignments with as few, the last words are taken for each other where they can be.

    Args:
        said: Words that are right.
        heard: Words that were answered.

    Returns:
        Pairs in the order of the texts: both words; or only the one that was deleted or inserted.
    """
    costs = _costs(said, heard)
    i, j = len(said), len(heard)
    pairs: list[Pair] = []
    while i or j:
        if i and j and costs[i, j] == costs[i - 1, j - 1] + (said[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((said[i], heard[j]))
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
            pairs.append((said[i], None))
        else:
            j -= 1
            pairs.append((None, heard[j]))
    return pairs[::-1]


def word_errors(pairs: Sequence[Pair]) -> WordErrors:
    """The errors of an alignment."""
    return WordErrors(
        sum(said != heard and None not in (said, heard) for said, heard in pairs),
        sum(heard is None for _, heard in pairs),
        sum(said is None for said, _ in pairs),
        sum(said is not None for said, _ in pairs),
    )


def word_error_rate(errors: NDArray[np.int64], said: NDArray[np.int64]) -> float:
    """Errors of all texts by their words, 0 and more.

    Args:
        errors: Of each text, (N,).
        said: Words of each, (N,), at least one in all.
    """
    return float(errors.sum() / said.sum())


def word_error_interval(
    errors: NDArray[np.int64],
    said: NDArray[np.int64],
    *,
    level: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """A bootstrap interval of :func:`word_error_rate`: texts are resampled, as many.

    Bisani and Ney 2004, *Bootstrap estimates for confidence intervals in ASR performance
    evaluation*; the percentile interval. Words of one recording are not independent, recordings
    are taken to be.

    Args:
        errors: Of each text, (N,).
        said: Words of each, (N,), at least one each.
        level: The share of draws between the two, 0..1.
        samples: How many times texts are drawn.
        seed: Equal seeds draw equal texts.
    """
    checks.number("level", level, 0.0, 1.0)
    checks.whole("samples", samples, 1)
    count = len(errors)
    words = np.random.PCG64(seed).random_raw(samples * count).reshape(samples, count)
    step = max(1, _AT_ONCE // count)
    rates = np.concatenate(
        [
            errors[drawn].sum(axis=1) / said[drawn].sum(axis=1)
            for first in range(0, samples, step)
            for drawn in [(words[first : first + step] % np.uint64(count)).astype(np.int64)]
        ]
    )
    low, high = np.quantile(rates, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def _costs(said: Sequence[str], heard: Sequence[str]) -> NDArray[np.int64]:
    """The distance of every beginning of a text to every beginning of another, (M + 1, N + 1)."""
    return np.stack(list(_cost_rows(said, heard)))


def _cost_rows(said: Sequence[str], heard: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    """Row by row, so that distances of long texts take no memory for all of them."""
    numbers = {word: k for k, word in enumerate({*said, *heard})}
    heard_at = np.array([numbers[word] for word in heard], np.int64)
    steps = np.arange(len(heard) + 1)
    before = steps
    yield before
    for word in said:
        row = before + 1
        row[1:] = np.minimum(row[1:], before[:-1] + (heard_at != numbers[word]))
        before = np.minimum.accumulate(row - steps) + steps  # words inserted one after the other
        yield before
