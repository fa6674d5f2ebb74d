"""Functions in Python that native code calls from between its stages.

One thread does it, which is Python's own; the others wait. The code finds the functions' addresses
in the arena, where :meth:`PythonCalls.bind` puts them: so it is the same from run to run, and can
be kept.
"""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.memory.arena import floats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan

CALL = ctypes.CFUNCTYPE(None, ctypes.c_int64)
"""What native code calls, with the number of images."""


class PythonCalls:
    """Room for some functions, and what they raised.

    Args:
        plan: The plan.
        name: For people.
        count: How many functions.
    """

    def __init__(self, plan: Plan, name: str, count: int) -> None:
        self.place = plan.place(f"calls {name}", 2 * count)
        self._raised: list[BaseException] = []

    def write(self, f: Function, number: int, touched: Sequence[int]) -> None:
        """Append the call of a function.

        Args:
            f: A stage of one unit.
            number: Of the function.
            touched: Places that it reads and writes.
        """
        for place in touched:  # so that it is known what is touched
            buffer(f, place)
        calls = buffer(f, self.place)

        def once(_: Index, __: list[Value]) -> list[Value]:
            function = f.value(f"load ptr, ptr {f.at(calls, 2 * number)}, align 8")
            f.do(f"call void {function}(i64 %images)")
            return []

        f.loop("%first", "%last", 1, once)

    def bind(self, memory: NDArray[np.uint8], functions: Sequence[Callable[[int], None]]) -> None:
        """Let native code call these functions, with the number of images.

        Args:
            memory: The arena, settled.
            functions: In their order.
        """

        def call(compute: Callable[[int], None]) -> Any:
            def run(images: int) -> None:
                with self._kept_for_later():
                    compute(images)

            return CALL(run)

        self._calls = [*map(call, functions)]  # kept: native code holds their addresses only
        places = floats(memory, self.place, 2 * len(self._calls)).view(np.uint64)
        places[:] = [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in self._calls]

    def take_raised(self) -> list[BaseException]:
        """What calls have raised, which native code could not pass on."""
        raised, self._raised = self._raised, []
        return raised

    @contextmanager
    def _kept_for_later(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - an interruption from the keyboard too
            self._raised.append(error)
