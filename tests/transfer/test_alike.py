"""Pictures that a body sees as nearly the same."""

from __future__ import annotations

import numpy as np

from pellucid.transfer.alike import alike_across, alike_pairs


def test_pairs_across_are_those_of_all_that_lie_across() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(1100, 24)).astype(np.float32)
    features[1050] = features[3] + 0.01 * random.normal(size=24)
    features[7] = features[4] + 0.01 * random.normal(size=24)
    features[1099] = features[5]  # a copy to the last bit, which pixels tell
    held, learned = features[1030:], features[:1030]
    across = alike_across(held, learned)
    assert [pair[:2] for pair in across] == [(20, 3)]
    cosine = held[20] @ learned[3] / np.linalg.norm(held[20]) / np.linalg.norm(learned[3])
    np.testing.assert_allclose(across[0][2], cosine, rtol=1e-5)
    assert [pair[:2] for pair in alike_pairs(features)] == [(3, 1050), (4, 7), (5, 1099)]


def test_all_features_alike_are_no_copies() -> None:
    """Of a body whose features hardly differ, near is what others are not."""
    random = np.random.default_rng(1)
    features = (10 + 0.1 * random.normal(size=(60, 24))).astype(np.float32)
    assert alike_across(features[:20], features[20:]) == []
    assert alike_across(features[:2], features[20:]) == []  # what is usual, the others tell
    assert alike_across(features[:0], features[20:]) == []
    assert alike_across(features[:1], features[20:21]) == []
