"""Labels that are likely wrong: confident learning.

Northcutt, Jiang and Chuang 2021, *Confident learning: estimating uncertainty in dataset labels*,
section 3. Of probabilities that heads give to pictures that they did not learn from, the mean
probability of class j among the pictures labelled j is how sure heads usually are of it. A picture
that reaches this threshold for another class than its own, and of all classes that it reaches is
likeliest to be of that one, is counted as likely mislabelled: it lies off the diagonal of the
confident joint. Of several labels a picture, each label is such a question for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.transfer.head import Floats


@dataclass(frozen=True)
class Doubt:
    """A label that is likely wrong.

    Attributes:
        row: Of which picture.
        given: The class that it is labelled with.
        likely: The class that it seems to be of.
        probability: Of the class given, by heads that did not learn from the picture, 0 to 1.
        of_likely: Of the other one.
    """

    row: int
    given: int
    likely: int
    probability: float
    of_likely: float


def doubtful_labels(probabilities: Floats, labels: NDArray[np.integer]) -> list[Doubt]:
    """The labels that are likely wrong, the most doubtful first.

    Args:
        probabilities: Of each class, by heads that did not learn from the picture, (N, K); rows of
            NaN are passed over.
        labels: The classes given, (N,), 0 to K − 1.
    """
    judged = np.flatnonzero(np.isfinite(probabilities).all(axis=1))
    found, given = probabilities[judged], labels[judged]
    thresholds = np.full(found.shape[1], np.inf)
    for label in np.unique(given).tolist():
        thresholds[label] = found[given == label, label].mean()
    reached = np.where(found >= thresholds, found, -1.0)
    likely = reached.argmax(axis=1)
    wrong = np.flatnonzero((likely != given) & (reached.max(axis=1) >= 0))
    doubts = [
        Doubt(
            int(judged[k]),
            int(given[k]),
            int(likely[k]),
            float(found[k, given[k]]),
            float(found[k, likely[k]]),
        )
        for k in wrong.tolist()
    ]
    return sorted(doubts, key=lambda each: (each.probability - each.of_likely, each.row))
