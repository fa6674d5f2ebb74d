"""OpenVINO, which runs networks but does not train them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, cast

from benchmarks.contenders import MEAN, STD, Contender
from benchmarks.contenders.onnx_runtime import model_file, ready_floats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload

openvino: Any = import_module("openvino")  # which the package is not checked with


class OpenVino(Contender):
    """A network in OpenVINO's plugin for processors, compiled for each number of pictures."""

    floats: ClassVar[bool]

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Read the model; the first time, another process writes it, whose memory is its own."""
        assert not training
        self._core = openvino.Core()
        with model_file(workload.name, weights, floats=True) as path:
            self._model = self._core.read_model(model=path.read_bytes(), weights=b"")
        self._compiled: dict[int, Any] = {}
        self._settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "CPU_DENORMALS_OPTIMIZATION": True,
        }

    def _run(self, pictures: NDArray[Any]) -> NDArray[np.float32]:
        count = len(pictures)
        if count not in self._compiled:
            self._compiled[count] = self._compile(count)
        (logits,) = self._compiled[count].infer({0: pictures}, share_inputs=True).values()
        return cast("NDArray[np.float32]", logits)

    def _compile(self, count: int) -> Any:
        model = self._model.clone()
        _, *sides = model.input(0).partial_shape
        model.reshape([count, *(side.get_length() for side in sides)])
        model = self._taking(model)
        return self._core.compile_model(model, "CPU", self._settings).create_infer_request()

    def _taking(self, model: Any) -> Any:
        """The model with what it does to its input."""
        return model


class FromBytes(OpenVino):
    """Bytes go in; its own preprocessing, compiled with the network, makes floats of them."""

    def _taking(self, model: Any) -> Any:
        steps = openvino.preprocess.PrePostProcessor(model)
        given = steps.input()
        given.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
        given.model().set_layout(openvino.Layout("NCHW"))
        given.preprocess().convert_element_type(openvino.Type.f32).mean(MEAN).scale(STD)
        return steps.build()

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        return self._run(images)


class FromFloats(OpenVino):
    """Normalised floats go in, ready in the order that it wants, and making them is free."""

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Nothing is made ready yet."""
        super().prepare(workload, training=training, threads=threads, weights=weights)
        self._ready = ready_floats()

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits; pictures that come again were made ready the first time."""
        return self._run(self._ready(images))
