"""Common faults where pictures have several labels or numbers, instead of one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.text import counted
from pellucid.training import advice
from pellucid.training.diagnosis import LIMITS, Diagnosis, dead_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.training.advice import Setup
    from pellucid.training.dead_units import Activity
    from pellucid.training.history import Epoch

LEAST_LEARNED = 0.02
"""A loss that fell by a smaller share of the first has hardly fallen."""

BY_HEART = 4.0
"""A validation loss this many times the training loss shows that pictures are learned by heart."""


def other_faults(
    history: Sequence[Epoch],
    activity: Sequence[Activity],
    setup: Setup,
    *,
    remark: str | None = None,
) -> tuple[Diagnosis, ...]:
    """Look for common faults.

    Args:
        history: A row an epoch; rules on the course of training are left out for fewer than two.
        activity: What :func:`pellucid.training.dead_units.activity` found on some pictures.
        setup: What was trained and how, so that nothing is advised that is there already.
        remark: What a judgement says where answers are no better than guessing; else none.

    Returns:
        What was found; nothing for a training that goes well.
    """
    longer = advice.train_longer(setup, history)
    found = [dead_units(activity, setup, history)]
    if remark is not None:
        found.append(Diagnosis("guessing", remark, f"{longer}, or {setup.check_labels}", {}))
    if len(history) >= LIMITS.epochs:
        first, last = history[0], history[-1]
        lowest = min(row.loss for row in history)
        if lowest > (1.0 - LEAST_LEARNED) * first.loss and not setup.on_body:
            found.append(
                Diagnosis(
                    "stuck",
                    f"the loss is {lowest:.4g} at best in {counted(len(history), 'epoch')} and was "
                    f"{first.loss:.4g} in the first: hardly anything has been learned",
                    f"try other learning rates (pellucid find-rate), or {setup.check_labels}",
                    {"lowest_loss": lowest, "first_loss": first.loss},
                )
            )
        if last.validation_loss is not None and last.validation_loss > BY_HEART * last.loss:
            found.append(
                Diagnosis(
                    "overfitting",
                    f"the loss is {last.loss:.4g} on the training {setup.noun}s but "
                    f"{last.validation_loss:.4g} on those of validation: the network learns its "
                    f"{setup.noun}s by heart",
                    advice.generalise(setup),
                    {"loss": last.loss, "validation_loss": last.validation_loss},
                )
            )
    return tuple(each for each in found if each is not None)
