"""Networks of whole numbers of 8 bits, in models that :mod:`benchmarks.int8_models` has written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import onnxruntime

from benchmarks.contenders import FILES, Contender
from benchmarks.contenders.onnx_runtime import ready_floats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload


class Native(Contender):
    """The compiler."""

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Load the model, and make sure that it was compiled."""
        from pellucid.engines import get_engine
        from pellucid.files import load_model

        assert not training
        assert weights is None
        network = load_model(_folder() / f"{workload.name}-int8.safetensors").network
        self.program = get_engine("native").load(network)
        kind = type(self.program).__name__
        if kind != "NativeProgram":
            raise SystemExit(f"{workload.name}: the native engine declines, {kind} would run")

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        return self.program.forward(images)


class OnnxRuntime(Contender):
    """ONNX Runtime with all its optimisations and a model that its own tool quantised."""

    mode: ClassVar[str]

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Load the model."""
        assert not training
        assert weights is None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        path = _folder() / f"{workload.name}-{self.mode}.onnx"
        self.session = onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self._ready = ready_floats()

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits; floats of pictures that come again were made ready the first time."""
        fed: NDArray[Any] = self._ready(images) if self.mode.endswith("floats") else images
        (logits,) = self.session.run(None, {"pictures": fed})
        return cast("NDArray[np.float32]", logits)


class U8S8(OnnxRuntime):
    """Values without a sign, from bytes."""

    mode: ClassVar[str] = "u8s8"


class U8S8Floats(OnnxRuntime):
    """Values without a sign, from ready floats."""

    mode: ClassVar[str] = "u8s8-floats"


class S8S8(OnnxRuntime):
    """Values with a sign, from bytes."""

    mode: ClassVar[str] = "s8s8"


class S8S8Floats(OnnxRuntime):
    """Values with a sign, from ready floats."""

    mode: ClassVar[str] = "s8s8-floats"


def _folder() -> Path:
    return Path(os.environ[FILES])
