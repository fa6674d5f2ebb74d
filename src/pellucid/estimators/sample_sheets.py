"""What a generator makes after each epoch, as a sheet of pictures in the run's folder."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.ours import drawing
from pellucid.engines.batches import forward
from pellucid.files import make_folder, remove_file, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines import Program
    from pellucid.ops.operation import Array
    from pellucid.tasks import Generation
    from pellucid.training.result import Progress, TrainingResult

FOLDER = "samples"


class SampleSheets:
    """A watcher that draws the pictures of the same noise after every epoch.

    They are ``samples/epoch-0001.png`` and so on in the run's folder; sheets of an earlier run
    there go with the first epoch, as its other files do.

    Args:
        run: The run's folder.
        task: Makes pictures of the network's outputs.
        noise: What they are made of, (N, 1, 1, latent).
    """

    def __init__(self, run: Path, task: Generation, noise: Array) -> None:
        self._folder, self._task, self._noise = run / FOLDER, task, noise

    def after_step(self, progress: Progress) -> None:
        """Nothing: sheets are drawn after epochs."""

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Draw the epoch's sheet.

        Raises:
            OutputError: If it cannot be written.
        """
        from pellucid.show.contact_sheet import contact_sheet

        epoch = len(trained.history)
        if epoch == 1:
            for old in self._folder.glob("epoch-*.png"):
                remove_file(old)
        make_folder(self._folder)
        outputs = forward(program, self._noise).astype(np.float64)
        pictures, content = self._task.answer(outputs), io.BytesIO()
        names = [str(number) for number in range(len(pictures))]
        contact_sheet(pictures, names).save(content, "PNG")
        write_file(self._folder / f"epoch-{epoch:04}.png", drawing(content.getvalue()))
