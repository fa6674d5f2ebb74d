"""What a lab looks for while others wait: how far it is, what came of it, and how it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pellucid.errors import PellucidError
from pellucid.lab.failures import report_own
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class _StoppedError(Exception):
    """Nobody waits for it any more, or the lab ends."""


@dataclass(eq=False)
class Search(Generic[T]):
    """Something that is looked for.

    Attributes:
        number: Of this search, which names what is found.
        of: What it is about; another one is needed where that has changed.
        state: ``finding``, ``done``, ``failed`` or ``stopped``.
        doing: What is done.
        done: How far that is.
        count: Of how many.
        error: Why nothing was found.
        found: What was found.
    """

    number: int
    of: object
    state: str = "finding"
    doing: str = ""
    done: int = 0
    count: int = 0
    error: str = ""
    found: T | None = None
    _stopped: bool = False

    def progress(self) -> dict[str, Any]:
        """How far it is, as JSON values."""
        names = "number", "state", "doing", "done", "error"
        return {**{name: getattr(self, name) for name in names}, "of": self.count}

    def stop(self) -> None:
        """Let it end at the next picture; what is found already stays."""
        self._stopped = True
        if self.state == "finding":
            self.state = "stopped"

    def watch(self, doing: str) -> Callable[[int, int], None]:
        """What is to be called with how much is done, and of how much; it raises when stopped."""

        def watched(done: int, of: int) -> None:
            if self._stopped:
                raise _StoppedError
            self.doing, self.done, self.count = doing, done, of

        return watched

    def run(self, find: Callable[[], T], what: str) -> None:
        """Look for it.

        Args:
            find: Finds it; it calls what :meth:`watch` gives.
            what: What is done, in words, for a fault of the lab's own.
        """
        if self._stopped:  # before its turn came
            return
        try:
            self.found = find()
            self.state = "done"
        except _StoppedError:
            self.state = "stopped"
        except PellucidError as error:
            self.error, self.state = printable(str(error)), "failed"
        except Exception:  # noqa: BLE001 - reported, in the page and in the terminal
            self.error, self.state = report_own(what), "failed"


def is_over(search: Search[Any], of: object, *, again: bool) -> bool:
    """Whether something must be looked for once more.

    Args:
        search: What was looked for.
        of: What it is about now.
        again: Whether to try once more where it failed.
    """
    return search.of != of or search.state == "stopped" or (again and search.state == "failed")
