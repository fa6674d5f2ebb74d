"""Ctrl-C and SIGTERM end a training after the step it is at, not in between."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A training was asked to stop, and has kept its state, if it had begun.

    Attributes:
        code: The exit code that a shell expects: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class StopRequest:
    """Listens for the signals that ask a process to end.

    The first is noted in ``code``; the next acts as it would have without us. Outside of the main
    thread, where Python gives signals to nobody, it hears nothing.

    Args:
        again: Whether further signals are noted, too: processes that were started together get
            one from the terminal and one from what started them.

    Attributes:
        code: 128 and the number of the signal that came; 0 before.
    """

    def __init__(self, *, again: bool = False) -> None:
        self.code, self._again = 0, again
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Take SIGTERM's and Ctrl-C's handlers over, in the main thread."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}

    def end(self) -> None:
        """Let signals act as before."""
        for number, before in self._before.items():
            # None stands for a handler that was not set from Python, and cannot be
            signal.signal(number, signal.SIG_DFL if before is None else before)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.code = 128 + number
        if not self._again:
            self.end()


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Let SIGTERM raise :exc:`Stopped`, so that everything is tidied up as it is after Ctrl-C.

    The next SIGTERM ends the process at once. Outside of the main thread, and where the process
    has set other handlers, nothing changes.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise Stopped("stopped", 128 + number)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
