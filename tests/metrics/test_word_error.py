"""Word error: the fewest changes, as jiwer counts them."""

from __future__ import annotations

import jiwer
import numpy as np
import pytest

from pellucid.metrics.word_error import (
    align,
    distance,
    word_error_interval,
    word_error_rate,
    word_errors,
)


def drawn(random: np.random.Generator, least: int) -> list[str]:
    return [str(random.choice(list("abcd"))) for _ in range(random.integers(least, 9))]


def test_it_is_that_of_jiwer() -> None:
    random = np.random.default_rng(0)
    said = [drawn(random, 1) for _ in range(300)]
    heard = [drawn(random, 0) for _ in range(300)]
    found = [word_errors(align(*pair)) for pair in zip(said, heard, strict=True)]
    for own, text, answer in zip(found, said, heard, strict=True):
        theirs = jiwer.process_words(" ".join(text), " ".join(answer))
        total = theirs.substitutions + theirs.deletions + theirs.insertions
        assert own.errors == total == distance(text, answer)
        assert own.said == len(text)
        # of equally many errors, which are substitutions may differ, but not how lengths differ
        assert own.deletions - own.insertions == theirs.deletions - theirs.insertions
    whole = jiwer.wer([" ".join(text) for text in said], [" ".join(text) for text in heard])
    errors, words = np.array([own.errors for own in found]), np.array([own.said for own in found])
    assert word_error_rate(errors, words) == pytest.approx(whole, abs=1e-12)


def test_words_are_aligned() -> None:
    assert align(["a", "b", "c"], ["a", "c"]) == [("a", "a"), ("b", None), ("c", "c")]
    assert align(["a"], ["b", "a"]) == [(None, "b"), ("a", "a")]
    assert align(["a", "b"], ["a", "x"]) == [("a", "a"), ("b", "x")]
    assert align([], []) == []
    assert word_errors(align(["a", "b"], [])) == (0, 2, 0, 2)


def test_the_interval_holds_the_rate() -> None:
    random = np.random.default_rng(3)
    words = random.integers(1, 6, 200)
    errors = random.binomial(words, 0.1)
    low, high = word_error_interval(errors, words)
    rate = word_error_rate(errors, words)
    assert low < rate < high
    spread = np.sqrt(0.1 * 0.9 / words.sum())  # of independent words
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.3)
    assert word_error_interval(errors, words) == (low, high)
    assert word_error_interval(np.zeros(5, np.int64), np.ones(5, np.int64)) == (0.0, 0.0)
