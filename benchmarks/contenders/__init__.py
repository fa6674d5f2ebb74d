"""Who is measured, each in a process of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.workloads import Workload

    Images = NDArray[np.uint8]
    """Pictures (N, H, W, C)."""

    Weights = Mapping[str, NDArray[np.float32]]
    """The package's weights by name; kernels HWIO, dense layers over (H, W, C) in that order."""

LEARNING_RATE = 0.001

MEAN, STD = 127.5, 64.0
"""What every contender normalises pixels with."""

FILES = "PELLUCID_BENCHMARK_FILES"
"""The variable that names a folder for what a contender keeps from one start to the next."""

TRAINING = ("train", "cold-train")
"""Tasks in which a contender learns."""

COLD = ("cold-train", "cold-forward")
"""Tasks that end with the first result."""


class Contender(ABC):
    """A framework in one of its modes, with one workload loaded.

    Pictures come as bytes; turning them into what the framework wants is part of what is measured,
    as it is part of training.
    """

    @abstractmethod
    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Build the network; SGD with momentum 0.9 and cross-entropy where it trains.

        Args:
            workload: Which network, on what.
            training: Whether it will train.
            threads: How many it may use.
            weights: What it starts with; none: weights of its own.
        """

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """One step; its loss."""
        raise NotImplementedError

    @abstractmethod
    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""


@dataclass(frozen=True)
class Entry:
    """A contender in the list.

    Attributes:
        target: ``module:Class``, imported in its own process only.
        includes: What its mode does with the bytes of pictures, (N, H, W, C), within what is
            measured: how they become floats, and in which layout.
        peer: Whether it is somebody else's, for ours to be compared with.
        trains: Whether it can.
        packages: What must be installed.
        programs: What must be found besides, on the path.
        by_default: Whether it takes part where none is named.
        environment: Variables that its process is given.
        cold_only: Whether it differs from another only in how it starts.
        only: The task that it is for alone; empty: for all that it can.
    """

    target: str
    includes: str = ""
    peer: bool = False
    trains: bool = True
    packages: tuple[str, ...] = ("pellucid",)
    programs: tuple[str, ...] = ()
    by_default: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    cold_only: bool = False
    only: str = ""

    @property
    def installed(self) -> bool:
        """Whether its packages and programs are there."""
        found = [find_spec(package) for package in self.packages]
        return all((*found, *map(which, self.programs)))

    def make(self) -> Contender:
        """The contender itself."""
        module, _, attribute = self.target.partition(":")
        made: Contender = getattr(import_module(module), attribute)()
        return made

    def can(self, task: str) -> bool:
        """Whether it can be measured on a task."""
        fits = task not in TRAINING or self.trains
        fits = fits and self.only in ("", task)
        return self.installed and fits and (task in COLD or not self.cold_only)


OWN = "bytes go in; floats, normalisation and layout are made by the first layer's kernel"
IN_NUMPY = "bytes go in; NumPy makes floats of them, the first layer normalises them, NHWC"
READY = "normalised floats go in, ready as NCHW: making them is not measured"

CONTENDERS = {
    "native": Entry("benchmarks.contenders.own:Native", OWN),
    "native-uncached": Entry(
        "benchmarks.contenders.own:Native", OWN,
        environment={"PELLUCID_CACHE": "off"}, cold_only=True,
    ),
    "reference": Entry(
        "benchmarks.contenders.own:Reference", IN_NUMPY, by_default=False
    ),
    "torch-engine": Entry(
        "benchmarks.contenders.own:TorchEngine",
        "bytes go in; PyTorch makes floats of them and normalises them, NCHW",
        packages=("torch",), by_default=False,
    ),
    "pytorch": Entry(
        "benchmarks.contenders.pytorch:ChannelsFirst",
        "bytes go in; PyTorch copies them as floats, NCHW, and normalises them in place",
        peer=True, packages=("torch",),
    ),
    "pytorch-channels-last": Entry(
        "benchmarks.contenders.pytorch:ChannelsLast",
        "bytes go in; PyTorch makes floats of them, NHWC, and normalises them in place",
        peer=True, packages=("torch",),
    ),
    "pytorch-compiled": Entry(
        "benchmarks.contenders.pytorch:Compiled",
        "bytes go in; PyTorch makes floats of them, NHWC, and normalises them in place; modules "
        "are compiled by `torch.compile`",
        peer=True, packages=("torch",), programs=("g++",),
    ),
    "onnxruntime": Entry(
        "benchmarks.contenders.onnx_runtime:FromBytes",
        "bytes go in; nodes of the model make floats of them, normalise them, and bring them to "
        "NCHW",
        peer=True, trains=False, packages=("onnx", "onnxruntime"),
    ),
    "onnxruntime-floats": Entry(
        "benchmarks.contenders.onnx_runtime:FromFloats", READY,
        peer=True, trains=False, packages=("onnx", "onnxruntime"),
    ),
    "openvino": Entry(
        "benchmarks.contenders.openvino:FromBytes",
        "bytes go in; its preprocessing, compiled with the network, makes floats of them, "
        "normalises them, and brings them to NCHW",
        peer=True, trains=False, packages=("onnx", "onnxruntime", "openvino"),
    ),
    "openvino-floats": Entry(
        "benchmarks.contenders.openvino:FromFloats", READY,
        peer=True, trains=False, packages=("onnx", "onnxruntime", "openvino"),
    ),
    "jax": Entry(
        "benchmarks.contenders.jax:Jax",
        "bytes go in; the compiled function makes floats of them and normalises them, NHWC",
        peer=True, packages=("jax",),
    ),
    "keras-jax": Entry(
        "benchmarks.contenders.keras:Keras",
        "bytes go in; the compiled model makes floats of them and normalises them, NHWC",
        peer=True, packages=("keras", "jax"), environment={"KERAS_BACKEND": "jax"},
    ),
    "native-int8": Entry(
        "benchmarks.contenders.int8:Native",
        "bytes go in; the first kernel normalises and quantises them",
        trains=False, packages=("onnxruntime",), only="int8",
    ),
    "onnxruntime-int8-u8s8": Entry(
        "benchmarks.contenders.int8:U8S8",
        "bytes go in; nodes of the model normalise them; QDQ, per channel, values without a sign",
        peer=True, trains=False, packages=("onnx", "onnxruntime"), only="int8",
    ),
    "onnxruntime-int8-u8s8-floats": Entry(
        "benchmarks.contenders.int8:U8S8Floats",
        f"{READY}; QDQ, per channel, values without a sign",
        peer=True, trains=False, packages=("onnx", "onnxruntime"), only="int8",
    ),
    "onnxruntime-int8-s8s8": Entry(
        "benchmarks.contenders.int8:S8S8",
        "bytes go in; nodes of the model normalise them; QDQ, per channel, values with a sign",
        peer=True, trains=False, packages=("onnx", "onnxruntime"), only="int8",
    ),
    "onnxruntime-int8-s8s8-floats": Entry(
        "benchmarks.contenders.int8:S8S8Floats",
        f"{READY}; QDQ, per channel, values with a sign",
        peer=True, trains=False, packages=("onnx", "onnxruntime"), only="int8",
    ),
}  # fmt: skip
"""Every contender by name."""


def entry(name: str) -> Entry:
    """A contender by its name in the list; any other is ``module:Class`` or a twin's name."""
    return CONTENDERS.get(name, Entry(name))
