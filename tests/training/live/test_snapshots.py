"""Weights that are laid out while somebody watches, and those that are kept after each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.errors import DataError, FileFormatError
from pellucid.files import load_model
from pellucid.files.atomic import SYSTEM
from pellucid.training.live import renew_wanted
from pellucid.training.live.snapshots import ALIVE, SHARE, Snapshots
from pellucid.training.network_file import read_network
from pellucid.training.replay import ReplayWarning, ReplayWriter, read_replay
from pellucid.training.snapshot import Snapshot, read_snapshot
from tests.training.runs import Death, Died, layers, outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pellucid.training.result import Progress

PICTURES = np.random.default_rng(5).integers(0, 256, (22, 6, 6), np.uint8)
LABELS = np.arange(22) % 3
STEPS = 6


def fit(run: Path | None, *watchers: Any, epochs: int = 3, **more: Any) -> ImageClassifier:
    settings = {name: more.pop(name) for name in ("ema", "optimizer") if name in more}
    made = ImageClassifier(
        layers(), epochs=epochs, batch_size=4, engine="reference", learning_rate=0.05, **settings
    )
    return made.fit(PICTURES, LABELS, out=run, watchers=watchers, verbose=0, minutes=0, **more)


class After:
    """Calls something after every step."""

    def __init__(self, what: Callable[[Progress], object]) -> None:
        self._what = what

    def after_step(self, progress: Progress) -> None:
        self._what(progress)

    def after_epoch(self, *_: object) -> None:
        pass


def same(one: Any, other: Any) -> None:
    assert one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


class TestLaidOut:
    @pytest.fixture(autouse=True)
    def at_every_step(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pellucid.training.live.watcher.LOOK", 0.0)
        monkeypatch.setattr("pellucid.training.live.watcher.CHECK", 0.0)
        monkeypatch.setattr("pellucid.training.live.snapshots.SECONDS", 0.0)
        monkeypatch.setattr("pellucid.training.live.snapshots.SHARE", float("inf"))

    @pytest.mark.parametrize("settings", [{}, {"ema": 0.9}])
    def test_while_somebody_watches(self, tmp_path: Path, settings: dict[str, Any]) -> None:
        run = tmp_path / "run"
        found: dict[int, Snapshot] = {}

        def look(progress: Progress) -> None:
            if progress.step == 4:
                renew_wanted(run)
            if (laid := read_snapshot(run)) is not None:
                assert laid.step is not None
                found[laid.step] = laid

        fit(run, After(look), **settings)
        assert sorted(found) == list(range(5, 3 * STEPS + 1))
        assert [found[step].epoch for step in (5, 6, 7, 12, 13)] == [1, 1, 2, 2, 3]
        assert read_snapshot(run) is None  # of a run that has ended, the model is newer
        fit(tmp_path / "whole", **settings)
        assert outcome(run) == outcome(tmp_path / "whole")
        model = load_model(run / "model.safetensors")
        described = read_network(run)
        assert described is not None
        assert described.model.network.graph == model.network.graph
        assert found[18].weights.keys() == model.network.weights.keys()
        if not settings:  # no average, which goes on moving when the epoch ends
            same(found[18].weights, model.network.weights)

    def test_not_where_nobody_watches(self, tmp_path: Path) -> None:
        seen = []
        renewed = tmp_path / "run"
        fit(renewed)
        renew_wanted(renewed)  # by who watched before this training
        fit(renewed, After(lambda _: seen.append(read_snapshot(renewed))), overwrite=True)
        assert set(seen) == {None}
        with pytest.raises(Died):
            fit(renewed, Death(5), overwrite=True)
        renew_wanted(renewed)
        fit(renewed, After(lambda _: seen.append(read_snapshot(renewed))), resume=True)
        assert set(seen) == {None}

    def test_nothing_is_asked_of_a_run_that_is_not_watched(self, tmp_path: Path) -> None:
        fit(tmp_path, live=False)
        renew_wanted(tmp_path)
        assert not (tmp_path / "live").exists()

    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from pellucid.training.live import LiveWarning

        replace, refused = SYSTEM.replace, []

        def full(path: Path, target: Path) -> None:
            if target.name == "weights.safetensors" and target.parent.name == "live":
                refused.append(target)
                raise OSError(28, "No space left on device")
            replace(path, target)

        monkeypatch.setattr(SYSTEM, "replace", full)
        with pytest.warns(LiveWarning, match="full") as caught:
            fit(tmp_path / "run", After(lambda _: renew_wanted(tmp_path / "run")))
        assert len(caught) == 1
        assert len(refused) > 10
        assert not list((tmp_path / "run" / "live").glob(".pellucid*"))
        fit(tmp_path / "whole")
        assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")


def test_for_how_long_and_how_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laying out takes 2 s here, which may be one per cent of the time until the next at most."""
    clock = [100.0]
    monkeypatch.setattr("pellucid.training.live.snapshots.time.perf_counter", lambda: clock[0])

    def weights() -> dict[str, np.ndarray]:
        clock[0] += 2.0
        return {"a": np.ones(3, np.float32), "side": np.ones(2, np.float32)}

    path = tmp_path / "weights.safetensors"
    laid = Snapshots(path, ["a"])
    assert not laid.due(1, 100.0)
    laid.ask(100.0)
    assert laid.due(1, 100.0)
    laid.write(weights, 1, 1)
    free = 102.0 + 2.0 / SHARE
    assert free - 100.0 >= 200.0
    laid.ask(free - 1.0)
    assert not laid.due(2, free - 1.0)
    assert laid.due(2, free)
    assert not laid.due(1, free)  # that is laid out already
    assert path.exists()
    assert not laid.due(2, free + ALIVE)
    assert not path.exists()


class TestReplay:
    def test_weights_after_each_epoch(self, tmp_path: Path) -> None:
        run = tmp_path / "run"
        fitted = fit(run, replay=True)
        replay = read_replay(run)
        assert replay is not None
        assert replay.epochs == (0, 1, 2, 3)
        assert [replay.snapshot(each).step for each in replay.epochs] == [0, 6, 12, 18]
        same(replay.snapshot(3).weights, fitted.model_.network.weights)
        for epochs in (1, 2):
            alone = fit(tmp_path / f"only-{epochs}", epochs=epochs).model_
            assert alone.network.weights.keys() == replay.snapshot(epochs).weights.keys()
        kernel = replay.snapshot(0).weights
        assert any((kernel[name] != replay.snapshot(1).weights[name]).any() for name in kernel)
        with pytest.raises(DataError, match="after epoch 7"):
            replay.snapshot(7)
        model = replay.model(1)
        same(model.network.weights, replay.snapshot(1).weights)
        assert model.classes == fitted.model_.classes
        fit(tmp_path / "whole")
        assert outcome(run)["model"] == outcome(tmp_path / "whole")["model"]
        assert read_replay(tmp_path / "whole") is None

    def test_a_run_that_was_broken_off_goes_on_with_it(self, tmp_path: Path) -> None:
        whole, broken = tmp_path / "whole", tmp_path / "broken"
        fit(whole, replay=True)
        with pytest.raises(Died):
            fit(broken, Death(8), replay=True)
        fit(broken, resume=True, replay=True)
        one, other = read_replay(whole), read_replay(broken)
        assert one is not None
        assert other is not None
        assert one.epochs == other.epochs
        for epoch in one.epochs:
            same(one.snapshot(epoch).weights, other.snapshot(epoch).weights)

    def test_an_earlier_run_s_stay_until_a_new_one_has_a_state(self, tmp_path: Path) -> None:
        fit(tmp_path, replay=True, epochs=4)
        before = {path.name: path.read_bytes() for path in (tmp_path / "replay").iterdir()}
        seen = []

        def look(progress: Progress) -> None:
            now = {path.name: path.read_bytes() for path in (tmp_path / "replay").iterdir()}
            seen.append(now == before)

        made = ImageClassifier(layers(), epochs=2, batch_size=4, engine="reference", seed=9)
        made.fit(
            PICTURES, LABELS, out=tmp_path, watchers=[After(look)], overwrite=True, replay=True,
            verbose=0,
        )  # fmt: skip
        assert seen == [True] * STEPS + [False] * STEPS
        replay = read_replay(tmp_path)
        assert replay is not None
        assert replay.epochs == (0, 1, 2)
        same(replay.snapshot(2).weights, made.model_.network.weights)
        made.fit(PICTURES, LABELS, out=tmp_path, overwrite=True, verbose=0)
        assert not (tmp_path / "replay").exists()

    def test_never_more_than_some_files_evenly_apart(self, tmp_path: Path) -> None:
        def weights(epoch: int) -> dict[str, Any]:
            return {"a": np.full(3, epoch, np.float32)}

        writer = ReplayWriter(tmp_path, ["a"], resumed=False, writes=True, most_files=8)
        writer.begin(weights(0))
        for epoch in range(1, 101):
            if epoch == 50:  # taken up again
                writer = ReplayWriter(tmp_path, ["a"], resumed=True, writes=True, most_files=8)
            writer.add(epoch, 6 * epoch, weights(epoch))
            replay = read_replay(tmp_path)
            assert replay is not None
            assert (replay.epochs[0], replay.epochs[-1]) == (0, epoch)
            assert min(epoch + 1, 4) <= len(replay.epochs) <= 8
            assert len(set(np.diff(replay.epochs[:-1]))) <= 1
        replay = read_replay(tmp_path)
        assert replay is not None
        assert replay.epochs == (0, 16, 32, 48, 64, 80, 96, 100)
        assert replay.snapshot(96).weights["a"][0] == 96

    def test_never_more_than_some_bytes(self, tmp_path: Path) -> None:
        most = 5000
        writer = ReplayWriter(tmp_path, ["a"], resumed=False, writes=True, most_bytes=most)
        writer.begin({"a": np.zeros(200, np.float32)})
        for epoch in range(1, 30):
            writer.add(epoch, epoch, {"a": np.zeros(200, np.float32)})
            files = list((tmp_path / "replay").iterdir())
            assert sum(file.stat().st_size for file in files) <= most
        writer = ReplayWriter(tmp_path, ["a"], resumed=True, writes=True, most_bytes=10)
        writer.add(30, 30, {"a": np.zeros(200, np.float32)})
        assert len(list((tmp_path / "replay").iterdir())) == 2

    def test_what_is_not_ours_stays(self, tmp_path: Path) -> None:
        (tmp_path / "replay").mkdir()
        (tmp_path / "replay" / "notes.txt").write_text("mine")
        with pytest.warns(ReplayWarning, match=r"notes\.txt") as caught:
            fit(tmp_path, replay=True)
        assert len(caught) == 1
        assert [path.name for path in (tmp_path / "replay").iterdir()] == ["notes.txt"]
        assert (tmp_path / "model.safetensors").exists()

    def test_a_damaged_file_is_named(self, tmp_path: Path) -> None:
        fit(tmp_path, replay=True, epochs=1)
        path = tmp_path / "replay" / "epoch-000001.safetensors"
        path.write_bytes(path.read_bytes()[:-5])
        replay = read_replay(tmp_path)
        assert replay is not None
        with pytest.raises(FileFormatError, match="epoch-000001"):
            replay.snapshot(1)
