"""Tasks whose networks have no answer for one picture that could be judged, or read off a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.errors import ArgumentError
from pellucid.tasks.task import Judge, Task

if TYPE_CHECKING:
    from typing import NoReturn

    from numpy.typing import NDArray

    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Operation


class NoSingleAnswer(Task):
    """A task that is not answered by one pass of one graph over one picture.

    What needs such an answer raises; a subclass gives what it has all the same.

    Attributes:
        no_answer: Why there is none, and what to do instead, for the message.
    """

    no_answer: ClassVar[str]

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    def answer(self, outputs: NDArray[Any]) -> NDArray[Any]:
        self._decline()

    @property
    def reading(self) -> Operation:
        self._decline()

    def described(self, read: NDArray[Any]) -> Any:
        self._decline()

    def judge(self, loss: Loss | None = None) -> Judge:
        self._decline()

    def _decline(self) -> NoReturn:
        raise ArgumentError(self.no_answer)
