"""A training in progress, watched and steered through files in its run's folder.

:mod:`pellucid.training.live.formats` says which files there are; a training writes them by
:class:`pellucid.training.live.watcher.Live`, who watches reads them by the functions here.
"""

from __future__ import annotations

from pellucid.training.live.formats import LIVE, Control, LiveProgress
from pellucid.training.live.readers import (
    StepRow,
    StepsTail,
    read_control,
    read_progress,
    read_steps,
)
from pellucid.training.live.requests import renew_wanted, write_control
from pellucid.training.live.watcher import LiveWarning

__all__ = [
    "LIVE",
    "Control",
    "LiveProgress",
    "LiveWarning",
    "StepRow",
    "StepsTail",
    "read_control",
    "read_progress",
    "read_steps",
    "renew_wanted",
    "write_control",
]
