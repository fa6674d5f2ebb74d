"""Ctrl-C and SIGTERM end a training after the step it is at, not in its midst."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A training was asked to stop, and has kept its state.

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

    Attributes:
        code: 128 and the number of the signal that came; 0 before.
    """

    def __init__(self) -> None:
        self.code = 0
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Begin."""
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
        self.end()
