"""A network's outputs for all pictures of a data set, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import images_at_once, parts
from pellucid.errors import DataError
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.tasks import Task


def outputs_of(
    program: Program, dataset: Dataset, task: Task, batch_size: int | None = None
) -> NDArray[np.float64]:
    """A network's outputs, (N, K), in batches that bound the memory.

    Args:
        program: The network.
        dataset: The pictures.
        task: What the network was trained for.
        batch_size: Pictures computed at once; none: as many as bounded memory allows.

    Raises:
        DataError: The pictures are of another shape or for another task than the network's, or it
            answers one with NaN or infinity.
    """
    found = np.empty((len(dataset), *program.graph.output_shape))
    for batch, outputs in output_batches(program, dataset, task, batch_size):
        found[batch] = outputs
    return found


def output_batches(
    program: Program, dataset: Dataset, task: Task, batch_size: int | None = None
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """A network's outputs batch by batch, with the places of the pictures.

    Arguments and errors are those of :func:`outputs_of`.
    """
    graph, name = program.graph, printable(dataset.name)
    if dataset.kind != task.data_kind or dataset.classes != task.names:
        raise DataError(
            f"{name}: data for {dataset.targets.title} ({', '.join(dataset.classes[:8])}), but the "
            f"network is for {task.title} ({', '.join(task.names[:8])}); give data of that kind"
        )
    if dataset.image_shape != graph.input_shape:
        raise DataError(
            f"{name}: has images {dataset.image_shape}, but the network takes "
            f"{graph.input_shape}; read the data with the network's preprocessing"
        )
    for batch in parts(len(dataset), batch_size or images_at_once(program.forward_bytes)):
        with np.errstate(all="ignore"):  # the check below says more than NumPy's warnings
            outputs = program.forward(dataset.images[batch]).astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1))
        if len(bad):
            raise DataError(
                f"{printable(dataset.picture_name(batch.start + int(bad[0])))}: the network "
                "answers with NaN or infinity; its training diverged: train with a lower learning "
                "rate"
            )
        yield batch, outputs
