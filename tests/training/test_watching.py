"""Where fit shows its progress by itself."""

from __future__ import annotations

import io
import multiprocessing
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console

import pellucid as pl
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training.progress import ProgressBar
from pellucid.training.watching import LINES, in_worker

if TYPE_CHECKING:
    from pellucid import ImageClassifier

X = np.zeros((20, 6, 5), np.uint8)
Y = np.arange(20) % 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(**options: Any) -> Terminal:
    """What fit writes on a terminal; pytest sets another standard error after every fixture."""
    with pytest.MonkeyPatch.context() as patch:
        stream = Terminal()
        patch.setattr(sys, "stderr", stream)
        fit(**options)
    return stream


def fit(epochs: int = 3, setting: int | None = None, **options: Any) -> ImageClassifier:
    layers = Sequential([Flatten(), Dense(2)])
    model = pl.ImageClassifier(layers, epochs=epochs, verbose=setting)
    return model.fit(X, Y, **options)


def epochs_in(stream: io.StringIO) -> int:
    return sum("accuracy" in line and "images/s," in line for line in stream.getvalue().split("\n"))


def test_a_line_an_epoch_on_a_terminal() -> None:
    terminal = on_terminal()
    assert epochs_in(terminal) == 3
    assert "epoch 3/3" in terminal.getvalue()


@pytest.mark.parametrize("options", [{"verbose": 0}, {"setting": 0}, {"setting": 1, "verbose": 0}])
def test_silence_where_it_is_wanted(options: Any) -> None:
    assert on_terminal(**options).getvalue() == ""


def test_nothing_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    fit()
    assert stream.getvalue() == ""
    fit(verbose=1)  # unless it is asked for
    assert epochs_in(stream) == 3
    monkeypatch.setattr(sys, "stderr", None)
    fit(verbose=1)


def test_one_bar_where_the_caller_has_one() -> None:
    console = Console(file=io.StringIO())
    with ProgressBar(3, console) as bar:
        assert on_terminal(watchers=[bar]).getvalue() == ""


def test_nothing_in_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    threads = [threading.Thread(target=fit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert terminal.getvalue() == ""
    monkeypatch.undo()
    assert not in_worker()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(in_worker)


def test_a_notebook_shows_text_that_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what IPython offers in a kernel: one display, which is updated."""
    shows: list[str] = []

    def display(data: dict[str, str], **_: Any) -> Any:
        shows.append(data["text/plain"])
        return SimpleNamespace(update=lambda data, raw: shows.append(data["text/plain"]))

    module: Any = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    fit(LINES + 5)
    last = shows[-1].split("\n")
    assert len(last) == LINES + 1
    assert "5 epochs" in last[0]
    assert last[-1].startswith(f"epoch {LINES + 5}/{LINES + 5}: loss ")
    assert len(shows) >= LINES + 5
    shows.clear()
    fit(verbose=0)
    assert shows == []
