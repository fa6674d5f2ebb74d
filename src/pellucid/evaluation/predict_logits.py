"""A classifier's answers to many pictures, or the reason why they are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import forward
from pellucid.errors import DataError
from pellucid.renamed import old_names
from pellucid.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.files.classifier import Classifier

DIVERGED = "its training diverged: train it with a lower learning rate"
"""Why a trained network answers with numbers that are none, and what to do."""


def predict_logits(
    classifier: Classifier, pictures: Dataset, name: str, *, why: str = DIVERGED
) -> NDArray[np.float64]:
    """The logits of all pictures, (N, K), in batches that bound the memory.

    Args:
        classifier: Who answers.
        pictures: N pictures of its size.
        name: What it is called.
        why: The end of the error where an answer is no number: a reason, and what to do.

    Raises:
        DataError: If a logit is NaN or infinite; the message names the picture and the classifier.
    """
    with np.errstate(all="ignore"):  # the check below says more than NumPy's warnings
        found = forward(classifier.program_, pictures.images).astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(bad):
        raise DataError(
            f"{printable(pictures.picture_name(int(bad[0])))}: {printable(name)} answers with NaN "
            f"or infinity; {why}"
        )
    return found


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
