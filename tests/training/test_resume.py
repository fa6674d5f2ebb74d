"""Broken off anywhere and taken up again, a training ends as if nothing had happened."""

from __future__ import annotations

import json
import math
import shutil
import time
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.engines import StepResult
from pellucid.errors import ArgumentError, DataError, FileFormatError, OutputError
from pellucid.files import atomic, load_model, load_state, save_state
from pellucid.graph import Network, initial_weights
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training.batch_loader import BatchLoader
from pellucid.training.run_folder import RunFolder
from pellucid.training.saved_run import read_saved_run
from tests.messages import check_line
from tests.training.runs import JOBS, Death, Died, Job, outcome

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines import Program
    from pellucid.ops.operation import Array

PLAIN = Job()


class Unsynced(atomic.System):
    """Does not wait for the disk: what a process wrote outlives it all the same."""

    def sync(self, descriptor: int) -> None:
        pass


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "SYSTEM", Unsynced())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without a break."""
    path = tmp_path_factory.mktemp("whole") / "run"
    PLAIN.run(path)
    return path


@pytest.mark.parametrize("name", JOBS)
def test_mid_epoch_and_at_its_end(name: str, tmp_path: Path) -> None:
    job = JOBS[name]
    job.run(tmp_path / "whole")
    expected = outcome(tmp_path / "whole")
    steps = -(-job.pictures // job.recipe.batch_size)
    for number, after in enumerate(([1], [steps, 1], [2, 1, steps - 1, 2])):
        path = tmp_path / f"{number}"
        for life, length in enumerate(after):
            with pytest.raises(Died):
                job.run(path, Death(length + 1), resume=life > 0, minutes=0)
        job.run(path, resume=True)
        assert outcome(path) == expected, after


def test_killed_between_two_states_it_repeats_the_steps_since(whole: Path, tmp_path: Path) -> None:
    for steps in range(4, 9):  # of three an epoch; kept at the epochs' ends alone
        path = tmp_path / f"{steps}"
        with pytest.raises(Died):
            PLAIN.run(path, Death(steps))
        PLAIN.run(path, resume=True)
        assert outcome(path) == outcome(whole)


SALT = 3
"""With which some batches are left out, and others make the rate be halved."""


class Explosive(Job):
    """Some batches break the weights, some of them only at a high rate."""

    def loaded(self, program: Program) -> Program:
        learn = program.train_step

        def train_step(
            images: Array, labels: Array, learning_rate: float, name: str = "train"
        ) -> StepResult:
            result = learn(images, labels, learning_rate, name)
            mark = zlib.crc32(images.tobytes(), SALT) % 64
            if mark == 0 or (mark < 3 and learning_rate > 0.03):
                program.set_weights({n: w * np.nan for n, w in program.weights().items()})
                return StepResult(math.nan, result.answers)
            return result

        program.train_step = train_step  # type: ignore[method-assign]
        return program


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_kept_where_training_had_gone_back(engine: str, tmp_path: Path) -> None:
    """What was tried against exploding losses is part of the state."""
    settings = {"batch_size": 4, "ema": 0.95, "schedule": "constant", "epochs": 2}
    job = Explosive(engine, settings, pictures=360)
    trained = job.run(tmp_path / "whole")
    assert sum(row.skipped_batches for row in trained.history) >= 2
    assert 1 <= sum(row.roll_backs for row in trained.history) <= 2
    for row in trained.history:
        assert math.isfinite(row.loss)
    expected = outcome(tmp_path / "whole")
    for number, lengths in enumerate(([1, 40, 30], [80, 15], [140])):
        path = tmp_path / f"{number}"
        for life, length in enumerate(lengths):
            with pytest.raises(Died):
                job.run(path, Death(length), resume=life > 0, minutes=0)
        job.run(path, resume=True)
        assert outcome(path) == expected


def test_a_finished_run_has_nothing_left_to_do(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    before = {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    trained = PLAIN.run(tmp_path / "run", Death(1), resume=True)
    assert len(trained.history) == 3
    assert {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()} == before


def test_a_patience_that_is_over_stays_over(tmp_path: Path) -> None:
    job = Job(settings={"patience": 1, "epochs": 50, "learning_rate": 0.3})
    done = job.run(tmp_path / "run")
    assert len(done.history) < 50
    again = job.run(tmp_path / "run", Death(1), resume=True)
    assert again.history == done.history
    for name, array in done.best_weights.items():
        np.testing.assert_array_equal(again.best_weights[name], array)


# ------------------------------------------------------------------- a kill at every system call


class Dying(Unsynced):
    """Lets some calls pass; the next one and all after it never return, as in a killed process.

    A write at which it dies has written a half.
    """

    def __init__(self, calls: int) -> None:
        self.left = calls
        self.made: list[str] = []

    def _call(self, name: str) -> None:
        if self.left == 0:
            raise Died
        self.left -= 1
        self.made.append(name)

    def open(self, path: Path, flags: int) -> int:
        self._call("open")
        return super().open(path, flags)

    def write(self, descriptor: int, part: memoryview) -> int:
        if self.left == 0:
            super().write(descriptor, part[: len(part) // 2])
        self._call("write")
        return super().write(descriptor, part)

    def sync(self, descriptor: int) -> None:
        self._call("sync")

    def close(self, descriptor: int) -> None:
        super().close(descriptor)  # the test's own process goes on, and needs its descriptors
        self._call("close")

    def chmod(self, path: Path, mode: int) -> None:
        self._call("chmod")
        super().chmod(path, mode)

    def link(self, path: Path, name: Path) -> None:
        self._call("link")
        super().link(path, name)

    def replace(self, path: Path, target: Path) -> None:
        self._call("replace")
        super().replace(path, target)

    def remove(self, path: Path) -> None:
        self._call("remove")
        super().remove(path)


SHORT = Job(settings={"epochs": 2, "batch_size": 16})


def calls_of(path: Path, monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> list[str]:
    system = Dying(10**6)
    with monkeypatch.context() as patch:
        patch.setattr(atomic, "SYSTEM", system)
        SHORT.run(path, **arguments)
    return system.made


def die_at(call: int, path: Path, monkeypatch: pytest.MonkeyPatch, **arguments: Any) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(atomic, "SYSTEM", Dying(call))
        with pytest.raises(Died):
            SHORT.run(path, **arguments)


def check_consistent(path: Path) -> None:
    """No file is half written, and a configuration tells of the model beside it."""
    for name in ("last.safetensors", "previous.safetensors"):
        if (path / name).exists():
            load_state(path / name)
    if (path / "model.safetensors").exists():
        model = load_model(path / "model.safetensors")
        if (path / "config.json").exists():
            assert config_of(path)["recipe"] == model.provenance["recipe"]


def config_of(path: Path) -> Any:
    return json.loads((path / "config.json").read_text())


def test_killed_at_every_system_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = calls_of(tmp_path / "whole", monkeypatch, minutes=0)
    assert {"open", "write", "sync", "close", "link", "replace", "remove"} == set(calls)
    expected = outcome(tmp_path / "whole")
    for call in range(len(calls)):
        path = tmp_path / f"{call}"
        die_at(call, path, monkeypatch, minutes=0)
        check_consistent(path)
        kept = (path / "last.safetensors").exists()
        SHORT.run(path, resume=kept, overwrite=not kept)
        assert outcome(path) == expected, (call, calls[call])
        shutil.rmtree(path)


def test_killed_while_it_replaces_an_earlier_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier model is there until the new one is; the run goes on from the first state on."""
    earlier = tmp_path / "earlier"
    replace(SHORT, settings={**SHORT.settings, "seed": 1}).run(earlier)
    shutil.copytree(earlier, tmp_path / "whole")
    calls = calls_of(tmp_path / "whole", monkeypatch, overwrite=True)
    expected = outcome(tmp_path / "whole")
    resumed = 0
    for call in range(len(calls)):
        path = tmp_path / f"{call}"
        shutil.copytree(earlier, path)
        die_at(call, path, monkeypatch, overwrite=True)
        check_consistent(path)
        load_model(path / "model.safetensors")
        new = read_saved_run(path).provenance["recipe"]["seed"] == 7
        SHORT.run(path, resume=new, overwrite=not new)
        resumed += new
        assert outcome(path) == expected, (call, calls[call])
        shutil.rmtree(path)
    assert len(calls) // 2 < resumed < len(calls)


def test_a_system_without_second_names(whole: Path, tmp_path: Path, monkeypatch: Any) -> None:
    def link(self: atomic.System, path: Path, name: Path) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(atomic.System, "link", link)
    PLAIN.run(tmp_path / "run")
    assert outcome(tmp_path / "run") == outcome(whole)
    assert read_saved_run(tmp_path / "run").remark is None


# ------------------------------------------------------------------------------------- damage


def test_a_damaged_state_gives_way_to_the_one_before_it(whole: Path, tmp_path: Path) -> None:
    for number, harm in enumerate(("cut", "flipped", "gone", "empty")):
        path = tmp_path / f"{number}"
        shutil.copytree(whole, path)
        last = path / "last.safetensors"
        data = bytearray(last.read_bytes())
        data[-5] ^= 1
        if harm == "gone":
            last.unlink()
        else:
            last.write_bytes(bytes({"cut": data[:-100], "flipped": data, "empty": b""}[harm]))
        remark = read_saved_run(path).remark
        assert remark is not None
        assert remark.startswith(f"{last}: ")
        assert remark.endswith(f"the state before it is used, {path / 'previous.safetensors'}")
        trained = PLAIN.run(path, resume=True)
        assert len(trained.history) == 3
        assert outcome(path) == outcome(whole)


def test_both_states_damaged(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    for name in ("last", "previous"):
        (tmp_path / "run" / f"{name}.safetensors").write_bytes(b"nothing")
    with pytest.raises(FileFormatError, match=r"previous.safetensors: ") as caught:
        PLAIN.run(tmp_path / "run", resume=True)
    check_line(caught.value)


def test_what_was_waited_before_a_break_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, pause = BatchLoader.batch, 0.01

    def slowly(self: BatchLoader, *place: int) -> Any:
        time.sleep(pause)
        return make(self, *place)

    monkeypatch.setattr(BatchLoader, "batch", slowly)
    with pytest.raises(Died):
        PLAIN.run(tmp_path / "run", Death(3), minutes=0)
    monkeypatch.undo()
    row = PLAIN.run(tmp_path / "run", resume=True).history[0]
    assert 2 * pause <= row.waited <= row.seconds


def test_a_state_from_before_waiting_was_measured(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(Died):
        PLAIN.run(tmp_path / "run", Death(6), minutes=0)  # in the second epoch of three steps each
    arrays, values = load_state(tmp_path / "run" / "last.safetensors")
    parts: list[Any] = [values["now"], values["good"], *values["history"]]  # type: ignore[misc]
    assert len(parts) == 3
    for part in parts:
        del part["waited"]
    save_state(tmp_path / "run" / "last.safetensors", arrays, values)
    PLAIN.run(tmp_path / "run", resume=True)
    assert outcome(tmp_path / "run") == outcome(whole)


def test_no_run_to_resume(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        PLAIN.run(tmp_path / "run", resume=True)
    assert not (tmp_path / "run").exists()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataError, match="is a file"):
        PLAIN.run(tmp_path / "file", resume=True)
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError, match="holds no training that can be taken up again") as caught:
        PLAIN.run(tmp_path / "run", resume=True)
    check_line(caught.value)
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize("missing", ["now", "history", "recovery", "provenance", "notes"])
def test_a_state_of_something_else(missing: str, whole: Path, tmp_path: Path) -> None:
    arrays, values = load_state(whole / "last.safetensors")
    del values[missing]
    save_state(tmp_path / "last.safetensors", arrays, values)
    with pytest.raises(
        FileFormatError, match=r"last.safetensors: .*; train from scratch"
    ) as caught:
        read_saved_run(tmp_path)
    check_line(caught.value)


# -------------------------------------------------------------------------- another configuration


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (Job(settings={"learning_rate": 0.1}), "learning_rate: 0.05 → 0.1"),
        (
            Job(settings={"batch_size": 4, "ema": 0.9}),
            "batch_size: 8 → 4; ema: none → 0.9",
        ),
        (
            Job(settings={"optimizer": "adam", "learning_rate": 0.003}),
            "optimizer: sgd → adam; learning_rate: 0.05 → 0.003",
        ),
        (Job("native"), "engine: reference → native"),
        (
            Job(pictures=23),
            "the training pictures: 22 → 23; the validation pictures: 22 → 23",
        ),
    ],
)
def test_another_configuration_is_refused(
    changed: Job, message: str, whole: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole, tmp_path / "run")
    before = {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()}
    with pytest.raises(ArgumentError) as caught:
        changed.run(tmp_path / "run", resume=True)
    check_line(caught.value)
    assert f"asked for: {message})" in str(caught.value)  # the run has ended already
    assert {file.name: file.read_bytes() for file in (tmp_path / "run").iterdir()} == before


def test_other_pictures_of_the_same_number_are_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")

    class Others(Job):
        def data(self, seed: int = 0) -> Any:
            return super().data(seed + 5)

    with pytest.raises(ArgumentError, match="the training pictures are others; the validation"):
        Others().run(tmp_path / "run", resume=True)


def test_another_network_is_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    model = PLAIN.model()
    graph = Sequential([Flatten(), Dense(3)]).graph(model.network.graph.input_shape)
    other = replace(model, network=Network(graph, initial_weights(graph, 0)))
    with pytest.raises(ArgumentError, match="the network has other layers"):
        RunFolder(tmp_path / "run", other, resume=True)


# ------------------------------------------------------------------------------ one at a time


def test_two_runs_in_one_folder_are_refused(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "run")
    first = RunFolder(tmp_path / "run", PLAIN.model(), resume=True)
    for how in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(OutputError, match="run: another training is writing in this") as caught:
            PLAIN.run(tmp_path / "run", **how)
        check_line(caught.value)
    first.close()
    first.close()
    PLAIN.run(tmp_path / "run", resume=True)
