"""``pellucid`` in one of several processes, of which the second dies after some epochs.

torchrun … -m tests.cli.dying_rank train …
"""

from __future__ import annotations

import os
import signal
from typing import Any

from pellucid.cli import main
from pellucid.training.epochs import Epochs

LAST = 3
"""The epoch that it dies after."""

_add_row = Epochs._add_row


def add_row(epochs: Epochs, *arguments: Any, **measured: Any) -> None:
    """Take in an epoch, and perhaps die."""
    _add_row(epochs, *arguments, **measured)
    if len(epochs.trained.history) == LAST and os.environ["RANK"] == "1":
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Epochs._add_row = add_row  # type: ignore[method-assign, assignment]
    main()
