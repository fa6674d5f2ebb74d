"""How far a command is: a moving bar on a terminal, nothing elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console


class CountBar:
    """Counts up to a number that becomes known on the way; gone when it is done.

    Args:
        what: What is being done, in words.
        console: Where to draw.
    """

    def __init__(self, what: str, console: Console) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn(what),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Callable[[int, int], None]:
        if not self._bar.disable:
            self._bar.start()
        return lambda done, total: self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        if not self._bar.disable:  # some versions of Rich end also what they never began
            self._bar.stop()
