"""ONNX Runtime, which runs networks but does not train them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import onnxruntime

from benchmarks.contenders import FILES, MEAN, STD, Contender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload


class OnnxRuntime(Contender):
    """A network in ONNX Runtime's processor provider, with all its graph optimisations."""

    floats: ClassVar[bool]

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Load the model; the first time, another process writes it, whose memory is its own."""
        assert not training
        with model_file(workload.name, weights, floats=self.floats) as path:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.add_session_config_entry("session.set_denormal_as_zero", "1")
            self.session = onnxruntime.InferenceSession(
                path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )

    def _run(self, pictures: NDArray[Any]) -> NDArray[np.float32]:
        (logits,) = self.session.run(None, {"pictures": pictures})
        return cast("NDArray[np.float32]", logits)


class FromBytes(OnnxRuntime):
    """Bytes go in, as into all others; the model normalises them."""

    floats: ClassVar[bool] = False

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        return self._run(images)


class FromFloats(OnnxRuntime):
    """Normalised floats go in, ready in the order that it wants, and making them is free."""

    floats: ClassVar[bool] = True

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Nothing is made ready yet."""
        super().prepare(workload, training=training, threads=threads, weights=weights)
        self._ready = ready_floats()

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits; pictures that come again were made ready the first time."""
        return self._run(self._ready(images))


@contextmanager
def model_file(workload: str, weights: Weights | None, *, floats: bool) -> Iterator[Path]:
    """A workload's network as an ONNX file, which another process writes, whose memory is its own.

    Args:
        workload: Its name.
        weights: Its weights; none: first ones, in a file that is kept from start to start.
        floats: Whether it takes normalised floats (N, C, H, W), and no bytes (N, H, W, C).
    """
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing if weights is not None else os.environ.get(FILES, passing))
        path = folder / f"{workload}{'-floats' if floats else ''}.onnx"
        if not path.exists():
            _write(workload, path, weights, floats=floats)
        yield path


def _write(workload: str, path: Path, weights: Weights | None, *, floats: bool) -> None:
    command = [sys.executable, "-m", "benchmarks.onnx_model", workload, str(path)]
    if weights is not None:
        stored = path.with_suffix(".npz")
        np.savez(stored, **cast("dict[str, Any]", dict(weights)))
        command.append(str(stored))
    subprocess.run([*command, *(["--floats"] if floats else [])], check=True)


def ready_floats() -> Callable[[Images], NDArray[np.float32]]:
    """Makes normalised floats (N, C, H, W) of pictures; those that came last are made once."""
    last: list[tuple[Images, NDArray[np.float32]]] = []

    def ready(images: Images) -> NDArray[np.float32]:
        if not last or last[0][0] is not images:
            floats = (images.astype(np.float32) - MEAN) / STD
            last[:] = [(images, np.ascontiguousarray(floats.transpose(0, 3, 1, 2)))]
        return last[0][1]

    return ready
