"""The native engine as others see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid.cores import available_threads, check_threads
from pellucid.engines.engine import Engine, Learning, Program
from pellucid.engines.native.lower.stages import Declined
from pellucid.engines.native.processor import this_processor
from pellucid.engines.native.runtime.host.program import NativeProgram
from pellucid.engines.reference import ReferenceEngine

if TYPE_CHECKING:
    from pellucid.engines.engine import Precision
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

    def load(
        self,
        network: Network,
        *,
        learning: Learning | None = None,
        precision: Precision = "float32",
    ) -> Program:
        if precision == "float32":
            try:
                return NativeProgram(
                    network.graph, network.weights, learning, self.threads, this_processor()
                )
            except Declined:
                pass
        return ReferenceEngine().load(network, learning=learning, precision=precision)
