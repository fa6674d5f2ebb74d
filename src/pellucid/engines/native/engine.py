"""The native engine as others see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid.cores import available_threads, check_threads
from pellucid.engines.engine import Engine, Program
from pellucid.engines.native.kernels.kernel import Declined
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.engines.reference import ReferenceEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines.engine import Precision
    from pellucid.engines.step import Step
    from pellucid.graph import Network


class NativeEngine(Engine):
    """Compiles graphs; a layer without a kernel is computed by its definition, between the others.

    Args:
        threads: How many to use; by default ``PELLUCID_THREADS``, or as many as there are cores for
            this process.

    Raises:
        ArgumentError: If that is no number of threads.
    """

    name: ClassVar[str] = "native"

    def __init__(self, *, threads: int | None = None) -> None:
        self.threads = available_threads() if threads is None else check_threads(threads)

    def _load(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> Program:
        if precision == "float32":
            try:
                return NativeProgram(network, steps, host_target(self.threads))
            except Declined:
                pass
        return ReferenceEngine().load(network, steps, precision=precision)
