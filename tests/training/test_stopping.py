"""Ctrl-C and SIGTERM: after the step, with everything kept."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from pellucid.training import Stopped
from pellucid.training.run_folder import RunFolder
from pellucid.training.stopping import StopRequest, sigterm_raises
from tests.training.runs import Death, Job, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

    from pellucid.engines import Program
    from pellucid.training import Progress


class Signal(Death):
    """A watcher that sends the process a signal after some steps."""

    number = signal.SIGINT

    def after_step(self, progress: Progress) -> None:
        self.steps -= 1
        if self.steps == 0:
            os.kill(os.getpid(), self.number)


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run folders listen to signals as long as they are open."""
    original, close = RunFolder.__init__, RunFolder.close

    def begin(self: RunFolder, *arguments: object, **named: object) -> None:
        original(self, *arguments, **named)  # type: ignore[arg-type]
        self._request.listen()

    def end(self: RunFolder) -> None:
        self._request.end()
        close(self)

    monkeypatch.setattr(RunFolder, "__init__", begin)
    monkeypatch.setattr(RunFolder, "close", end)


@pytest.mark.parametrize(
    ("steps", "place"),
    [(1, "in epoch 1"), (3, "in epoch 1"), (5, "in epoch 2"), (0, "before the first step")],
)
@pytest.mark.parametrize("ema", [None, 0.9])
def test_the_state_is_kept(
    listening: None, steps: int, place: str, ema: float | None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    job = Job(settings={"ema": ema})
    job.run(tmp_path / "whole")
    before = signal.getsignal(signal.SIGINT)
    if steps == 0:
        monkeypatch.setattr(StopRequest, "listen", lambda self: setattr(self, "code", 130))
    with pytest.raises(Stopped) as caught:
        job.run(tmp_path / "my run", Signal(steps))
    assert signal.getsignal(signal.SIGINT) is before
    assert caught.value.code == 130
    assert str(caught.value) == (
        f"stopped {place}; nothing is lost, go on with: "
        f"ImageClassifier(…).fit(…, out='{tmp_path}/my run', resume=True)"
    )
    monkeypatch.undo()
    job.run(tmp_path / "my run", resume=True)
    assert outcome(tmp_path / "my run") == outcome(tmp_path / "whole")


def test_also_while_it_validates(listening: None, tmp_path: Path) -> None:
    """The averaged weights are in the program then; what is kept are its own."""

    class Interrupted(Job):
        def loaded(self, program: Program) -> Program:
            answer = program.forward

            def forward(images: np.ndarray) -> np.ndarray:
                os.kill(os.getpid(), signal.SIGTERM)
                return answer(images)

            program.forward = forward  # type: ignore[method-assign]
            return program

    settings = {"ema": 0.9}
    Job(settings=settings, pictures=300).run(tmp_path / "whole")  # two batches to judge
    with pytest.raises(Stopped, match=r"^stopped in epoch 1; ") as caught:
        Interrupted(settings=settings, pictures=300).run(tmp_path / "run")
    assert caught.value.code == 143
    Job(settings=settings, pictures=300).run(tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises, also where this process was started to ignore it, as in a background job."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_the_second_signal_acts_at_once() -> None:
    request = StopRequest()
    request.listen()
    signal.raise_signal(signal.SIGINT)  # to this very thread
    assert request.code == 130
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)  # to this very thread
    request.end()


def test_sigterm_raises_once() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with sigterm_raises():
            with pytest.raises(Stopped, match=r"^stopped$") as caught:
                signal.raise_signal(signal.SIGTERM)
            assert caught.value.code == 143
            # while things are tidied up, the next one ends the process
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        with sigterm_raises():
            ours, request = signal.getsignal(signal.SIGTERM), StopRequest()
            request.listen()
            request.end()
            assert signal.getsignal(signal.SIGTERM) is ours  # as it was before training
            assert callable(ours)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with sigterm_raises():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_threads_hear_nothing() -> None:
    request = StopRequest()
    thread = threading.Thread(target=request.listen)
    thread.start()
    thread.join()
    request.end()
    assert request.code == 0


def test_it_is_an_interruption_from_the_keyboard_to_everybody_else() -> None:
    assert issubclass(Stopped, KeyboardInterrupt)
