"""BLEU against NLTK's, which we did not write, on sentences of chance."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nltk.translate.bleu_score import corpus_bleu

from pellucid.metrics.bleu import better_share, bleu, bleu_interval, overlaps

WORDS = ["a", "dog", "cat", "runs", "jumps", "on", "the", "grass", "in", "with", "red", "ball"]


def sentences(seed: int, pictures: int = 40) -> tuple[list[list[str]], list[list[list[str]]]]:
    chance = np.random.default_rng(seed)

    def sentence() -> list[str]:
        return [WORDS[k] for k in chance.integers(0, len(WORDS), chance.integers(1, 14))]

    references = [[sentence() for _ in range(chance.integers(1, 6))] for _ in range(pictures)]
    candidates = []
    for own in references:  # partly right, so that longer n-grams match
        base = list(own[0])
        base[int(chance.integers(len(base)))] = WORDS[int(chance.integers(len(WORDS)))]
        candidates.append(base if chance.random() < 0.7 else sentence())
    return candidates, references


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_bleu_is_that_of_nltk(seed: int, order: int) -> None:
    candidates, references = sentences(seed)
    wanted = corpus_bleu(references, candidates, weights=[1 / order] * order)
    assert bleu(overlaps(candidates, references), order) == pytest.approx(wanted, abs=1e-12)


def test_short_candidates_pay_for_it() -> None:
    candidates, references = sentences(9)
    short = [each[:5] for each in candidates]
    wanted = corpus_bleu(references, short, weights=[1, 0, 0, 0])
    assert bleu(overlaps(short, references), 1) == pytest.approx(wanted, abs=1e-12)


def test_nothing_right_is_nothing() -> None:
    found = overlaps([["x", "y"], []], [[["a", "dog"]], [["a"]]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert bleu(found) == 0 == bleu(found, 1)


def test_the_bootstrap_knows_the_better() -> None:
    candidates, references = sentences(1)
    found = overlaps(candidates, references)
    worse = overlaps([each[::-1] for each in candidates], references)
    low, high = bleu_interval(found)
    assert low < bleu(found) < high
    assert better_share(found, worse) > 0.99
    assert better_share(worse, found) < 0.01
    assert better_share(found, found) == 0
