"""BLEU: how much of what was written is in what others wrote of the same picture.

Papineni, Roukos, Ward and Zhu 2002, *BLEU: a method for automatic evaluation of machine
translation*. A candidate's n-grams count as right as often as they are in the reference that has
them most often ("clipped"). With p_n the share of all candidates' n-grams that are right, c the
words of all candidates and r those of the references nearest in length (the shorter of two),

    BLEU-N = min(1, exp(1 − r/c)) · (p_1 · … · p_N)^(1/N)

of the whole corpus, not a mean of pictures; without smoothing, so that it is 0 where no N-gram is
right. A candidate of fewer than n words counts as one n-gram that is wrong, as in NLTK's
``corpus_bleu``. Only sums over pictures enter, which makes resampling pictures cheap.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Words = Sequence[str]

ORDER = 4
"""The longest n-grams that are counted."""

DRAWS = 1000
"""Samples of the bootstrap."""


@short_repr
@dataclass(frozen=True, eq=False)
class Overlaps:
    """What BLEU needs of each picture's candidate.

    Attributes:
        right: Its n-grams that are in a reference, clipped, for n = 1 … 4, int64 (N, 4).
        total: All its n-grams, at least one, int64 (N, 4).
        length: Its words, int64 (N,).
        reference: The words of the reference nearest in length, int64 (N,).
    """

    right: NDArray[np.int64]
    total: NDArray[np.int64]
    length: NDArray[np.int64]
    reference: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.length)

    def sums(self, weights: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Sums over pictures, (…, 10): right, total, length and reference.

        Args:
            weights: How often each picture counts, (…, N); once each by default.
        """
        columns = np.column_stack([self.right, self.total, self.length, self.reference])
        return columns.sum(axis=0) if weights is None else np.asarray(weights @ columns)


def overlaps(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> Overlaps:
    """Count what is right in candidates.

    Args:
        candidates: The words that were written of each picture.
        references: What others wrote of it, at least one each.
    """
    right = np.zeros((len(candidates), ORDER), np.int64)
    total = np.zeros_like(right)
    nearest = np.zeros(len(candidates), np.int64)
    for i, (candidate, others) in enumerate(zip(candidates, references, strict=True)):
        length = len(candidate)
        nearest[i] = min((len(each) for each in others), key=lambda n: (abs(n - length), n))
        for n in range(1, ORDER + 1):
            counts = _ngrams(candidate, n)
            most: Counter[tuple[str, ...]] = Counter()
            for each in others:
                most |= _ngrams(each, n)
            right[i, n - 1] = (counts & most).total()
            total[i, n - 1] = max(1, counts.total())
    lengths = np.array([len(candidate) for candidate in candidates], np.int64)
    return Overlaps(right, total, lengths, nearest)


def bleu(found: Overlaps, order: int = ORDER) -> float:
    """BLEU of all candidates together, 0 to 1.

    Args:
        found: What :func:`overlaps` counted.
        order: N, 1 to 4.
    """
    return float(_bleu(found.sums(), order))


def bleu_interval(found: Overlaps, *, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of BLEU-4 by resampling pictures (Efron 1979, the percentile interval).

    Args:
        found: What :func:`overlaps` counted.
        seed: Of what is drawn.
    """
    drawn = _bleu(found.sums(_drawn(len(found), seed)), ORDER)
    low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
    return low, high


def bleu_difference(
    found: Overlaps, other: Overlaps, *, seed: int = 0
) -> tuple[float, tuple[float, float]]:
    """By how much BLEU-4 is above another's, and the 95 % interval, the same pictures for both.

    Args:
        found: Of some candidates.
        other: Of others for the same pictures.
        seed: Of what is drawn.
    """
    weights = _drawn(len(found), seed)
    own, others = (_bleu(each.sums(weights), ORDER) for each in (found, other))
    low, high = np.percentile(own - others, [2.5, 97.5]).tolist()
    return bleu(found) - bleu(other), (low, high)


def better_share(found: Overlaps, other: Overlaps, *, seed: int = 0) -> float:
    """In which share of samples BLEU-4 is above another's, the same pictures drawn for both.

    Koehn 2004, *Statistical significance tests for machine translation evaluation*, section 4.

    Args:
        found: Of some candidates.
        other: Of others for the same pictures.
        seed: Of what is drawn.
    """
    weights = _drawn(len(found), seed)
    own, others = (_bleu(each.sums(weights), ORDER) for each in (found, other))
    return float((own > others).mean())


def _bleu(sums: NDArray[np.int64], order: int) -> NDArray[np.float64]:
    """BLEU from sums (…, 10)."""
    values = sums.astype(np.float64)
    right, total = values[..., :order], values[..., ORDER : ORDER + order]
    length, reference = values[..., 2 * ORDER], values[..., 2 * ORDER + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.log(right / total).mean(axis=-1)
        brevity = np.minimum(0.0, 1.0 - reference / np.maximum(length, 1))
        found = np.exp(brevity + mean)
    return np.where(length > 0, np.nan_to_num(found), 0.0)


def _drawn(count: int, seed: int) -> NDArray[np.int64]:
    """How often each picture is in each sample, (DRAWS, count)."""
    words = np.random.PCG64(seed).random_raw(DRAWS * count).reshape(DRAWS, count)
    drawn = (words % np.uint64(count)).astype(np.int64)
    return np.stack([np.bincount(row, minlength=count) for row in drawn])


def _ngrams(words: Words, n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[k:] for k in range(n)), strict=False))


def best_constant(references: Sequence[Sequence[Words]]) -> tuple[str, ...]:
    """The one reference that has the highest BLEU-4 if it is written of every picture.

    Args:
        references: What was written of each picture.
    """
    counts: dict[
        tuple[str, ...], Counter[int]
    ] = {}  # by n-gram: pictures by how often they have it
    for others in references:
        most: Counter[tuple[str, ...]] = Counter()
        for each in others:
            for n in range(1, ORDER + 1):
                most |= _ngrams(each, n)
        for gram, number in most.items():
            counts.setdefault(gram, Counter())[number] += 1
    every = list(dict.fromkeys(tuple(each) for others in references for each in others))
    nearest = {
        length: sum(
            min((len(each) for each in others), key=lambda n: (abs(n - length), n))
            for others in references
        )
        for length in {len(each) for each in every}
    }
    sums = np.zeros((len(every), 2 * ORDER + 2), np.int64)
    for row, words in zip(sums, every, strict=True):
        for n in range(1, ORDER + 1):
            grams = _ngrams(words, n)
            row[n - 1] = sum(
                min(own, number) * pictures
                for gram, own in grams.items()
                for number, pictures in counts.get(gram, Counter()).items()
            )
            row[ORDER + n - 1] = max(1, grams.total()) * len(references)
        row[2 * ORDER :] = len(words) * len(references), nearest[len(words)]
    return every[int(_bleu(sums, ORDER).argmax())]
