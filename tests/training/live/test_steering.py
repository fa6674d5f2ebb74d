"""A training is paused, changed and stopped by a file, and goes on to the same bits."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier
from pellucid.errors import ArgumentError, DataError
from pellucid.files import load_model, load_state, save_state
from pellucid.training import Stopped
from pellucid.training.live import (
    LiveProgress,
    LiveWarning,
    read_control,
    read_progress,
    write_control,
)
from pellucid.training.result import TrainingResult
from tests.training.runs import Death, Died, layers, outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pellucid.training.result import Progress

PICTURES = np.random.default_rng(5).integers(0, 256, (22, 6, 6), np.uint8)
LABELS = np.arange(22) % 3
STEPS = 6


@pytest.fixture(autouse=True)
def looks_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.training.live.watcher.LOOK", 0.0)
    monkeypatch.setattr("pellucid.training.live.watcher.CHECK", 0.0)
    monkeypatch.setattr("pellucid.training.pausing.SECONDS", 0.01)


class At:
    """A watcher that does something after steps of the whole training, by their number."""

    def __init__(self, **what: Callable[[], object]) -> None:
        self._what = {int(name[1:]): each for name, each in what.items()}
        self.rates: list[float] = []

    def after_step(self, progress: Progress) -> None:
        self.rates.append(progress.rate)
        if progress.step in self._what:
            self._what.pop(progress.step)()

    def after_epoch(self, *_: object) -> None:
        pass


def fit(run: Path, *watchers: Any, engine: str = "reference", **more: Any) -> ImageClassifier:
    made = ImageClassifier(
        layers(), epochs=3, batch_size=4, engine=engine, learning_rate=0.05, ema=0.9
    )
    return made.fit(PICTURES, LABELS, out=run, watchers=watchers, verbose=0, minutes=0, **more)


def progress(run: Path) -> LiveProgress:
    found = read_progress(run)
    assert found is not None
    return found


def until(run: Path, holds: Callable[[LiveProgress], bool]) -> LiveProgress:
    """Wait for a training in another thread or process."""
    end = time.monotonic() + 60
    while True:
        found = read_progress(run)
        if found is not None and holds(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.005)


class Waits:
    """A clock by which each wait takes 1000 seconds, in place of :mod:`time`."""

    def __init__(self) -> None:
        self.waited = 0.0

    def perf_counter(self) -> float:
        return time.perf_counter() + self.waited

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
        self.waited += 1000.0


class TestRate:
    def test_it_is_changed_from_the_next_step_on(self, tmp_path: Path) -> None:
        plain, changed = At(), At(
            s4=lambda: write_control(tmp_path / "b", rate_factor=0.5),
            s12=lambda: write_control(tmp_path / "b", rate_factor=2.0),
            s14=lambda: write_control(tmp_path / "b", rate_factor=1.0),
        )  # fmt: skip
        fit(tmp_path / "a", plain)
        fitted = fit(tmp_path / "b", changed)
        factors = [1.0] * 4 + [0.5] * 8 + [2.0] * 2 + [1.0] * 4
        np.testing.assert_allclose(changed.rates, np.multiply(plain.rates, factors), rtol=1e-12)
        assert fitted.model_.provenance["rate_changes"] == [
            {"epoch": 1, "batch": 4, "factor": 0.5},
            {"epoch": 3, "batch": 0, "factor": 2.0},
            {"epoch": 3, "batch": 2, "factor": 1.0},
        ]
        kept = load_model(tmp_path / "b" / "model.safetensors").provenance
        assert kept["rate_changes"] == fitted.model_.provenance["rate_changes"]
        assert "rate_changes" not in load_model(tmp_path / "a" / "model.safetensors").provenance
        rates = [row.learning_rate for row in fitted.history_]
        np.testing.assert_allclose(rates, [changed.rates[i] for i in (5, 11, 17)])

    @pytest.mark.parametrize("engine", ["reference", "native"])
    @pytest.mark.parametrize("death", [5, 6, 9, 12, 15])
    def test_a_resumed_run_has_the_bits_of_one_without_a_break(
        self, tmp_path: Path, engine: str, death: int
    ) -> None:
        def changes(run: Path) -> At:
            return At(
                s4=lambda: write_control(run, rate_factor=0.3),
                s12=lambda: write_control(run, rate_factor=3.0),
            )

        whole, broken = tmp_path / "whole", tmp_path / "broken"
        fit(whole, changes(whole), engine=engine)
        with pytest.raises(Died):
            fit(broken, changes(broken), Death(death), engine=engine)
        # the death came after step 12's file was written, or before: it is written again then
        fit(broken, changes(broken), engine=engine, resume=True)
        assert outcome(broken) == outcome(whole)
        plain = tmp_path / "plain"
        fit(plain, engine=engine)
        assert outcome(plain)["model"] != outcome(whole)["model"]

    def test_steps_that_are_taken_again_keep_their_factors(self) -> None:
        trained = TrainingResult()
        trained.change_rate(1, 5, 0.5)
        trained.change_rate(2, 3, 4.0)
        places = [(1, 4), (1, 5), (2, 2), (2, 3), (9, 0)]
        assert [trained.rate_factor(*place) for place in places] == [1.0, 0.5, 0.5, 4.0, 4.0]
        trained.change_rate(2, 4, 4.0)  # it is so already
        assert len(trained.rate_changes) == 2
        trained.change_rate(2, 1, 0.1)  # training went back: what was to come there is no more
        assert [trained.rate_factor(*place) for place in places] == [1.0, 0.5, 0.1, 0.1, 0.1]

    def test_states_of_before_have_no_changes_and_wrong_ones_are_refused(
        self, tmp_path: Path
    ) -> None:
        with pytest.raises(Died):
            fit(tmp_path, At(s3=lambda: write_control(tmp_path, rate_factor=0.5)), Death(5))
        state = tmp_path / "last.safetensors"
        arrays, values = load_state(state)
        assert values["rate_changes"] == [{"epoch": 1, "batch": 3, "factor": 0.5}]
        change = {"epoch": 1, "batch": 3, "factor": 0.5}
        wrong: Any
        for wrong in (
            {}, [1], [{**change, "factor": 0}], [{**change, "factor": "1"}], [change, change],
            [{**change, "epoch": 0}], [{**change, "more": 1}], [{**change, "factor": 1e9}],
        ):  # fmt: skip
            save_state(state, arrays, {**values, "rate_changes": wrong})
            (tmp_path / "previous.safetensors").unlink(missing_ok=True)
            with pytest.raises(ValueError, match="rate_changes"):
                fit(tmp_path, resume=True)
        del values["rate_changes"]
        save_state(state, arrays, values)
        assert "rate_changes" not in fit(tmp_path, resume=True).model_.provenance


class TestPause:
    def test_the_state_is_kept_and_the_same_bits_come_of_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits = Waits()
        monkeypatch.setattr("pellucid.training.pausing.time", waits)
        monkeypatch.setattr("pellucid.training.epochs.time", waits)
        run, seen = tmp_path / "paused", list[tuple[object, ...]]()

        def steer() -> None:
            found = until(run, lambda found: found.paused)
            now: Any = load_state(run / "last.safetensors")[1]["now"]
            seen.append((found.step, found.control, now["batch"]))
            time.sleep(0.1)
            seen.append((progress(run).step, progress(run).paused))
            write_control(run, paused=False)

        thread = threading.Thread(target=steer)
        thread.start()
        fitted = fit(run, At(s8=lambda: write_control(run, paused=True)))
        thread.join()
        assert seen == [(8, 1, 2), (8, True)]
        fit(tmp_path / "whole")
        assert outcome(run) == outcome(tmp_path / "whole")
        # the pause is in no measure of speed
        assert waits.waited > 1000
        assert sum(row.seconds for row in fitted.history_) < 1000
        assert min(row.images_per_second for row in fitted.history_) > len(PICTURES) / 1000
        assert (progress(run).paused, progress(run).ended) == (False, "finished")

    def test_the_rate_can_be_changed_meanwhile_and_is_kept(self, tmp_path: Path) -> None:
        run = tmp_path / "paused"

        def steer() -> None:
            until(run, lambda found: found.paused)
            write_control(run, rate_factor=0.25)
            found = until(run, lambda found: found.control == 2)
            assert (found.paused, found.rate_factor) == (True, 0.25)
            write_control(run, stop=True)

        thread = threading.Thread(target=steer)
        thread.start()
        with pytest.raises(Stopped):
            fit(run, At(s8=lambda: write_control(run, paused=True)))
        thread.join()
        assert progress(run).ended == "stopped"
        fit(run, resume=True)
        other = tmp_path / "other"
        fit(other, At(s8=lambda: write_control(other, rate_factor=0.25)))
        assert outcome(run) == outcome(other)

    def test_while_features_are_computed(self, tmp_path: Path) -> None:
        fit(tmp_path / "body")
        run, seen = tmp_path / "run", []

        def steer() -> None:
            found = until(run, lambda found: found.paused)
            seen.append((found.doing, (run / "last.safetensors").exists()))
            write_control(run, paused=False, rate_factor=0.5)

        class Once:
            def after_step(self, progress: Progress) -> None:
                if progress.doing and read_control(run) is None:
                    write_control(run, paused=True)

            def after_epoch(self, *_: object) -> None:
                pass

        thread = threading.Thread(target=steer)
        thread.start()
        made = ImageClassifier(
            pretrained=str(tmp_path / "body"), fine_tune="all", epochs=2, batch_size=4,
            engine="reference",
        )  # fmt: skip
        made.fit(PICTURES, LABELS, out=run, watchers=[Once()], verbose=0, cache=False)
        thread.join()
        assert seen == [("features", True)]
        assert made.model_.provenance["rate_changes"] == [{"epoch": 2, "batch": 0, "factor": 0.5}]


class TestStop:
    def test_as_by_a_signal(self, tmp_path: Path) -> None:
        with pytest.raises(Stopped, match=r"in epoch 2; nothing is lost.*resume=True") as stopped:
            fit(tmp_path / "run", At(s8=lambda: write_control(tmp_path / "run", stop=True)))
        assert stopped.value.code == 143
        assert progress(tmp_path / "run").ended == "stopped"
        fit(tmp_path / "run", resume=True)  # the file is still there, and is of before
        fit(tmp_path / "whole")
        assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")

    def test_while_an_epoch_is_judged(self, tmp_path: Path) -> None:
        run = tmp_path / "run"
        held = (PICTURES, LABELS)
        with pytest.raises(Stopped):
            fit(run, At(s6=lambda: write_control(run, stop=True)), validation_data=held)
        assert progress(run).step == STEPS
        assert not (run / "model.safetensors").exists()


class TestWhatIsNotObeyed:
    def test_a_file_of_before_a_new_run_or_of_an_earlier_lab(self, tmp_path: Path) -> None:
        fit(tmp_path / "whole")
        fit(tmp_path / "run")
        write_control(tmp_path / "run", paused=True, rate_factor=0.1, stop=True)
        fit(tmp_path / "run", overwrite=True)
        assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")
        with pytest.raises(Died):
            fit(tmp_path / "died", Death(5))
        old = write_control(tmp_path / "died", paused=True, rate_factor=0.1, stop=True)

        def again() -> None:  # an earlier lab writes what it had asked then
            (tmp_path / "died" / "live" / "control.json").write_bytes(old.to_bytes() + b"\n")

        fit(tmp_path / "died", At(s9=again), resume=True)
        assert outcome(tmp_path / "died") == outcome(tmp_path / "whole")

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"\xff{", b"[1]", b'{"number": 5}', b'{"format": 1, "number": 5}',
            b'{"format": 2, "number": 5, "paused": true, "rate_factor": 1, "stop": false}',
            b'{"format": 1, "number": 5, "paused": 1, "rate_factor": 1, "stop": false}',
            b'{"format": 1, "number": 5, "paused": false, "rate_factor": 0.001, "stop": false}',
            b'{"format": 1, "number": 5, "paused": false, "rate_factor": NaN, "stop": true}',
            b'{"format": 1, "number": -5, "paused": true, "rate_factor": 1, "stop": true}',
            b" " * 100_000,
        ],
    )  # fmt: skip
    def test_a_damaged_one_is_reported_once(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "run" / "live" / "control.json"
        at = At(s4=lambda: path.write_bytes(content), s9=lambda: path.write_bytes(content + b" "))
        with pytest.warns(LiveWarning, match=r"control\.json") as caught:
            fit(tmp_path / "run", at)
        assert len(caught) == 1
        fit(tmp_path / "whole")
        assert outcome(tmp_path / "run") == outcome(tmp_path / "whole")

    def test_after_a_damaged_one_the_next_is_obeyed(self, tmp_path: Path) -> None:
        path = tmp_path / "live" / "control.json"
        at = At(s4=lambda: path.write_text("?"), s5=lambda: write_control(tmp_path, stop=True))
        with pytest.warns(LiveWarning), pytest.raises(Stopped):
            fit(tmp_path, at)
        assert progress(tmp_path).step == 5


class TestWritingAControl:
    def test_what_was_asked_and_not_seen_yet_stays(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="--live"):
            write_control(tmp_path, paused=True)
        fit(tmp_path)
        (tmp_path / "live" / "progress.json").write_bytes(
            LiveProgress(
                **{**vars(progress(tmp_path)), "ended": "", "control": 4, "rate_factor": 0.5}
            ).to_bytes()
        )
        first = write_control(tmp_path, paused=True)
        assert (first.number, first.paused, first.rate_factor, first.stop) == (5, True, 0.5, False)
        second = write_control(tmp_path, rate_factor=2)
        assert (second.number, second.paused, second.rate_factor) == (6, True, 2.0)
        assert read_control(tmp_path) == second
        content = (tmp_path / "live" / "control.json").read_bytes()
        assert json.loads(content)["format"] == 1
        for wrong in (0.001, 101, float("nan"), -1):
            with pytest.raises(ArgumentError, match="rate_factor"):
                write_control(tmp_path, rate_factor=wrong)
        assert (tmp_path / "live" / "control.json").read_bytes() == content
