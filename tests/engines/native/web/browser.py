"""A program for pages in a WebAssembly runtime, as a page uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from wasmtime import (
    Engine,
    Func,
    FuncType,
    Instance,
    Limits,
    Memory,
    MemoryType,
    Module,
    Store,
    ValType,
)

from pellucid.engines.native.emit.random import write_counter
from pellucid.engines.native.emit.update import write_scalars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.runtime.web.program import Variant, WebProgram
    from pellucid.ops.operation import Array
    from pellucid.optimizers import Optimizer


class Browser:
    """Runs a program; it knows nothing of it but the module, the memory and the manifest."""

    def __init__(
        self, program: WebProgram, weights: Mapping[str, Array], variant: Variant = "fused"
    ) -> None:
        self.about: dict[str, Any] = program.to_dict()
        engine = Engine()
        self._store = Store(engine)
        pages = self.about["pages"]
        self._memory = Memory(self._store, MemoryType(Limits(pages, pages)))
        first = program.memory(weights)
        self._memory.write(self._store, first.tobytes(), 0)
        module = Module(engine, program.modules[variant])
        given: dict[str, Memory | Func] = {
            "__linear_memory": self._memory,
            "pellucid_yield": Func(self._store, FuncType([], [ValType.i32()]), lambda: 0),
        }
        imports = [given[entry.name or ""] for entry in module.imports]
        self._exports = Instance(self._store, module, imports).exports(self._store)
        if self.about["flips"]:
            self.call("flip", 1)

    def call(self, schedule: str, images: int) -> None:
        function: Any = self._exports[schedule]
        function(self._store, self.about["table"], self.about["pixels"], images, 0, 1, 0)

    def run(self, schedules: tuple[str, str], images: Array) -> None:
        """Call a schedule with pixels as bytes, or the one with pixels as floats."""
        as_bytes = images.dtype == np.uint8
        pixels = images if as_bytes else images.astype(np.float32)
        self._write(self.about["pixels"], pixels)
        self.call(schedules[0 if as_bytes else 1], len(images))

    def value(self, kind: str, name: str, count: int) -> Array:
        """A value or gradient of N images, (N, height, width, channels)."""
        place = self.about[kind][name]
        steps = np.array([*place["strides"], 1])
        sizes = (count, *place["shape"])
        index = np.indices(sizes).reshape(4, -1).T @ steps
        found: Array = self._floats()[place["address"] // 4 + index].reshape(sizes)
        return found

    def seed(self, name: str, gradient: Array) -> None:
        """Set the gradient that comes in at a value, (N, channels)."""
        place = self.about["gradients"][name]
        for image, row in enumerate(gradient.astype(np.float32)):
            self._write(place["address"] + 4 * image * place["strides"][0], row)

    def weights(self) -> dict[str, Array]:
        floats = self._floats()
        return {
            name: floats[about["addresses"] // 4].reshape(about["shape"])
            for name, about in self.about["weights"].items()
        }

    def learn(
        self,
        schedules: tuple[str, str],
        images: Array,
        labels: Array,
        *,
        optimizer: Optimizer,
        rate: float,
        seed: int,
        step: int,
    ) -> float:
        """A training step, numbered from 0; its loss."""
        scalars = np.zeros(self.about["scalars"]["count"], np.float32)
        write_counter(scalars, seed, step)
        write_scalars(scalars, optimizer, rate, step + 1)
        self._write(self.about["scalars"]["address"], scalars)
        self._write(self.about["labels"], labels.astype(np.float32))
        self.run(schedules, images)
        found = self._bytes()[self.about["loss"] :][:8]
        return float(np.frombuffer(found.tobytes(), np.float64)[0])

    def _write(self, address: int, array: Array) -> None:
        self._memory.write(self._store, np.ascontiguousarray(array).tobytes(), address)

    def _bytes(self) -> NDArray[np.uint8]:
        return np.frombuffer(self._memory.read(self._store), np.uint8)

    def _floats(self) -> NDArray[np.float32]:
        return self._bytes().view(np.float32)
