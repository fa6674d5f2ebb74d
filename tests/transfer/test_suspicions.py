"""Labels that are likely wrong, and pictures that are alike, by features."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.data.check.report import DataReport
from pellucid.files.feature_file import FeatureSet
from pellucid.tasks import MultiLabel, Regression, SingleLabel, Task
from pellucid.transfer.alike import alike_pairs, linked
from pellucid.transfer.suspicions import with_suspicions
from pellucid.transfer.wrong_labels import doubtful_labels

RANDOM = np.random.default_rng(5)


def test_confident_learning_by_hand() -> None:
    probabilities = np.array(
        [[0.9, 0.1, 0.0], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.6, 0.1], [0.2, 0.7, 0.1],
         [0.0, 0.1, 0.9], [np.nan] * 3]
    )  # fmt: skip
    labels = np.array([0, 0, 1, 1, 0, 2, 1])
    # thresholds: class 0 (0.9 + 0.7 + 0.2) / 3 = 0.6, class 1 (0.8 + 0.6) / 2 = 0.7, class 2 0.9
    (doubt,) = doubtful_labels(probabilities, labels)
    assert (doubt.row, doubt.given, doubt.likely) == (4, 0, 1)
    assert (doubt.probability, doubt.of_likely) == (0.2, 0.7)


def test_alike_pairs_and_groups() -> None:
    features = RANDOM.normal(size=(50, 40))
    features[7] = features[3] * 2 + RANDOM.normal(size=40) * 0.1
    features[9] = features[7] + RANDOM.normal(size=40) * 0.1
    pairs = alike_pairs(features)
    assert [(one, other) for one, other, _ in pairs] == [(3, 7), (3, 9), (7, 9)]
    groups = linked(pairs, 50)
    assert groups[3] == groups[7] == groups[9]
    assert len(np.unique(groups)) == 48
    everything = 5 + RANDOM.normal(size=(50, 40)) * 0.1  # all point the same way
    assert alike_pairs(everything) == []


@pytest.mark.parametrize("kind", ["one", "several", "numbers"])
def test_what_is_planted_is_found(kind: str) -> None:
    labels = np.arange(80) % 2
    features = (RANDOM.normal(size=(80, 30)) + 2 * labels[:, None]).astype(np.float32)
    features[20] = features[10] * 1.01
    wrong = labels.copy()
    wrong[33] = 1 - wrong[33]
    task: Task = SingleLabel(("a", "b"))
    targets = wrong
    if kind == "several":
        task = MultiLabel(("a", "b"))
        targets = np.stack([wrong, 1 - labels], axis=1).astype(np.uint8)
    elif kind == "numbers":
        task, targets = Regression(("n",), (0.0,), (1.0,)), wrong[:, None].astype(float)
    parts = np.full(80, 1, np.uint8)
    parts[20] = 3
    kept = FeatureSet(features, tuple(map(str, range(80))), "body", targets, parts, task)
    report = with_suspicions(DataReport("it", ("train", "test"), (), ()), kept)
    found = {each.kind: each for each in report.findings}
    assert found["near-leakage"].names == ("10", "20")
    doubt = found["likely-wrong-label"]
    assert doubt.names == ("33",)
    if kind == "numbers":
        assert (doubt.values["number"], doubt.values["given"]) == ("n", f"{wrong[33]}")
        assert abs(float(doubt.values["likely"]) - labels[33]) < 0.25
    again = with_suspicions(report, kept)
    assert sum(each.kind == "near-leakage" for each in again.findings) == 1  # known already


def test_features_that_tell_nothing_doubt_no_number() -> None:
    """Numbers far from all others are no wrong ones where pictures say nothing of them."""
    random = np.random.default_rng(2)
    features = random.normal(size=(60, 40)).astype(np.float32)
    numbers = random.standard_cauchy((60, 1))
    task = Regression(("n",), (0.0,), (float(numbers.std()),))
    kept = FeatureSet(
        features, tuple(map(str, range(60))), "body", numbers, np.ones(60, np.uint8), task
    )
    assert with_suspicions(DataReport("it", ("train",), (), ()), kept).findings == ()


def test_features_that_tell_nothing_doubt_no_label() -> None:
    """Heads on noise are right by chance alone, and sure of it: their doubts mean nothing."""
    random = np.random.default_rng(2)
    features = random.normal(size=(60, 40)).astype(np.float32)
    task = SingleLabel(("a", "b", "c"))
    kept = FeatureSet(
        features, tuple(map(str, range(60))), "body", np.arange(60) % 3, np.ones(60, np.uint8), task
    )
    report = with_suspicions(DataReport("it", ("train",), (), ()), kept)
    (finding,) = report.findings
    assert finding.kind == "not-told-apart"
    assert "of 60 pictures" in finding.words
