"""What a training writes into ``RUN/live`` while it runs, and what of it is ours to remove."""

from __future__ import annotations

import gc
import os
import warnings
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.data.ours import RUN, own_folder
from pellucid.engines import get_engine
from pellucid.files.atomic import SYSTEM
from pellucid.training import train
from pellucid.training.live import LiveProgress, LiveWarning, read_progress, read_steps
from pellucid.training.live.watcher import Live
from pellucid.training.objective import training_step
from pellucid.training.run_folder import RunFolder
from pellucid.training.runs import list_runs
from tests.training.runs import Death, Died, Job, layers

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.training.result import Progress, TrainingResult

PICTURES = np.random.default_rng(5).integers(0, 256, (22, 6, 6), np.uint8)
LABELS = np.arange(22) % 3


def classifier(**settings: Any) -> ImageClassifier:
    return ImageClassifier(layers(), epochs=2, batch_size=4, engine="reference", **settings)


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let progress be written after every step."""
    monkeypatch.setattr("pellucid.training.live.watcher.SECONDS", 0.0)
    monkeypatch.setattr("pellucid.training.live.watcher.CHECK", 0.0)
    monkeypatch.setattr("pellucid.training.live.watcher.SHARE", float("inf"))


class Seen:
    """Reads after every step what there is; the run's folder has been notified before."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self.progress: list[LiveProgress] = []
        self.steps: list[int] = []

    def after_step(self, progress: Progress) -> None:
        self.steps.append(progress.step)
        found = read_progress(self._run)
        assert found is not None
        self.progress.append(found)

    def after_epoch(self, *_: object) -> None:
        pass


def test_a_fit_can_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    run = tmp_path / "run"
    seen = Seen(run)
    fitted = classifier().fit(PICTURES, LABELS, out=run, watchers=[seen], verbose=0)
    assert seen.steps == list(range(1, 13))
    assert [found.step for found in seen.progress] == seen.steps
    numbers = [found.number for found in seen.progress]
    assert numbers == sorted(set(numbers))
    assert [(found.epoch, found.images) for found in seen.progress[5:7]] == [(1, 22), (2, 4)]
    assert {(found.epochs, found.of, found.doing, found.ended) for found in seen.progress} == {
        (2, 22, "", "")
    }
    assert {found.pid for found in seen.progress} == {os.getpid()}
    last = read_progress(run)
    assert last is not None
    assert (last.ended, last.paused, last.doing) == ("finished", False, "")
    assert (last.epoch, last.images, last.step) == (2, 22, 12)
    assert last.loss == pytest.approx(fitted.history_[-1].loss)
    assert last.accuracy == pytest.approx(fitted.history_[-1].accuracy)
    assert last.rate == fitted.history_[-1].learning_rate


def test_steps_are_written(tmp_path: Path) -> None:
    fitted = classifier().fit(PICTURES, LABELS, out=tmp_path, verbose=0)
    rows = read_steps(tmp_path)
    assert (rows[0].step, rows[-1].step) == (1, 12)
    widths = np.diff([0, *(row.step for row in rows)])
    assert len(rows) < 12 or widths.max() == 1
    assert rows[-1].rate == pytest.approx(fitted.history_[-1].learning_rate, rel=1e-6)


def test_without_it_nothing_is_written(tmp_path: Path) -> None:
    with_live, without = tmp_path / "with", tmp_path / "without"
    classifier().fit(PICTURES, LABELS, out=with_live, verbose=0)
    classifier().fit(PICTURES, LABELS, out=without, verbose=0, live=False)
    assert (with_live / "live").is_dir()
    assert not (without / "live").exists()
    for name in ("model.safetensors", "config.json"):
        assert (with_live / name).read_bytes() == (without / name).read_bytes()
    # an earlier run's shows nothing of a run that cannot be watched
    classifier().fit(PICTURES, LABELS, out=with_live, overwrite=True, verbose=0, live=False)
    assert not (with_live / "live").exists()


def test_a_new_run_has_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    classifier().fit(PICTURES, LABELS, out=tmp_path, epochs=4, verbose=0)
    (tmp_path / "live" / "control.json").write_text("{}")
    (tmp_path / "live" / ".pellucid-0123456789abcdef.tmp").write_text("")
    seen = Seen(tmp_path)
    classifier().fit(PICTURES, LABELS, out=tmp_path, overwrite=True, watchers=[seen], verbose=0)
    assert seen.progress[0].epoch == 1
    assert read_steps(tmp_path)[-1].step == 12
    assert {path.name for path in (tmp_path / "live").iterdir()} == {
        "network.json", "progress.json", "steps.csv",
    }  # fmt: skip


class TestWhatIsNotOurs:
    def test_a_folder_with_other_files_stays_as_it_is(self, tmp_path: Path) -> None:
        (tmp_path / "live").mkdir()
        for name in ("steps.csv", "notes.txt"):
            (tmp_path / "live" / name).write_text("mine")
        with pytest.warns(LiveWarning, match=r"notes\.txt") as caught:
            classifier().fit(PICTURES, LABELS, out=tmp_path, verbose=0)
        assert len(caught) == 1
        assert (tmp_path / "model.safetensors").exists()
        assert {path.name: path.read_text() for path in (tmp_path / "live").iterdir()} == {
            "steps.csv": "mine", "notes.txt": "mine",
        }  # fmt: skip

    @pytest.mark.parametrize("what", ["file", "link"])
    def test_a_file_or_a_link_in_its_place(self, tmp_path: Path, what: str) -> None:
        run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
        run.mkdir()
        elsewhere.mkdir()
        if what == "link":
            (run / "live").symlink_to(elsewhere, target_is_directory=True)
        else:
            (run / "live").write_text("mine")
        with pytest.warns(LiveWarning) as caught:
            classifier().fit(PICTURES, LABELS, out=run, verbose=0)
        assert len(caught) == 1
        assert list(elsewhere.iterdir()) == []
        assert (run / "model.safetensors").exists()


def test_a_full_disk_ends_no_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported once; what is written when there is room again is whole."""
    at_once(monkeypatch)
    write, full = SYSTEM.write, True

    class Space(Seen):
        def after_step(self, progress: Progress) -> None:
            nonlocal full
            full = progress.step < 6
            self.steps.append(progress.step)

    def refused(descriptor: int, part: memoryview) -> int:
        if full and "/live/" in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(28, "No space left on device")
        return write(descriptor, part)

    if not Path("/proc/self/fd").exists():
        return
    monkeypatch.setattr(SYSTEM, "write", refused)
    space = Space(tmp_path)
    with pytest.warns(LiveWarning, match="full") as caught:
        classifier().fit(PICTURES, LABELS, out=tmp_path, watchers=[space], verbose=0)
    assert len(caught) == 1
    assert space.steps == list(range(1, 13))
    last = read_progress(tmp_path)
    assert last is not None
    assert last.ended == "finished"
    assert not list((tmp_path / "live").glob(".pellucid-*"))


def test_how_a_training_ended_is_written(tmp_path: Path) -> None:
    class Ends:
        def __init__(self, error: BaseException) -> None:
            self._error = error

        def after_step(self, progress: Progress) -> None:
            if progress.step == 8:
                raise self._error

        def after_epoch(self, *_: object) -> None:
            pass

    for error, ended in ((RuntimeError("x"), "failed"), (KeyboardInterrupt(), "stopped")):
        run = tmp_path / ended
        with pytest.raises(type(error)):
            classifier().fit(PICTURES, LABELS, out=run, watchers=[Ends(error)], verbose=0)
        last = read_progress(run)
        assert last is not None
        assert (last.ended, last.step) == (ended, 8)
        number = last.number
        classifier().fit(PICTURES, LABELS, out=run, resume=True, verbose=0)
        last = read_progress(run)
        assert last is not None
        assert (last.ended, last.step) == ("finished", 12)
        assert last.number > number
        steps = [row.step for row in read_steps(run)]
        assert steps == sorted(set(steps))
        assert steps[-1] == 12


def test_a_run_with_live_files_is_a_run(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one"
    classifier().fit(PICTURES, LABELS, out=run, verbose=0)
    assert own_folder(run, refuse_mixed=True) == RUN
    assert own_folder(tmp_path / "runs", refuse_mixed=True) is not None
    assert [found.path for found in list_runs(tmp_path)] == [run]


def test_the_head_of_a_body_is_watched_too(tmp_path: Path) -> None:
    classifier().fit(PICTURES, LABELS, out=tmp_path / "body", verbose=0)
    seen = Seen(tmp_path / "run")
    ImageClassifier(pretrained=str(tmp_path / "body"), engine="reference").fit(
        PICTURES, LABELS, out=tmp_path / "run", watchers=[seen], verbose=0, cache=False
    )
    assert seen.progress
    assert {found.doing for found in seen.progress} == {"features"}
    last = read_progress(tmp_path / "run")
    assert last is not None
    assert (last.ended, last.doing) == ("finished", "")
    assert last.epoch == last.epochs  # its last epoch, not one after that
    assert last.images == last.of > 0


def test_a_state_kept_before_it_could_be_watched(tmp_path: Path) -> None:
    """Whatever of ``live`` is missing or damaged when a run goes on."""
    with pytest.raises(Died):
        Job().run(tmp_path, Death(5), minutes=0)
    live = Live(tmp_path, [], resumed=True)
    live.end("finished")
    (tmp_path / "live" / "progress.json").write_text("?")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        live = Live(tmp_path, [], resumed=True)
        live.end("stopped")
    found = read_progress(tmp_path)
    assert found is not None
    assert (found.number, found.ended) == (1, "stopped")


def test_what_learned_does_not_outlive_the_training(tmp_path: Path) -> None:
    """A run's folder that is still held holds no pictures and no program."""
    job, found = Job(), []
    folder = RunFolder(tmp_path, job.model(), live=True)
    recipe, network = job.recipe, job.model().network
    program = get_engine("reference").load(network, training_step(network, recipe))

    class Looks:
        def after_step(self, progress: Progress) -> None:
            pass

        def after_epoch(self, trained: TrainingResult, program: Program) -> None:
            found.append(weakref.ref(program))

    gc.disable()
    try:
        train(program, job.data(), recipe, watchers=[folder, Looks()])
        del program
        assert found[0]() is None
    finally:
        gc.enable()
    folder.close()
