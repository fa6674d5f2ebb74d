"""What a run leaves in its folder: enough to judge and to go on, and whole at every moment."""

from __future__ import annotations

import csv
import errno
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Preprocessing
from pellucid.data.ours import drawing
from pellucid.engines import Program, get_engine
from pellucid.errors import DataError, OutputError, TrainingDivergedError
from pellucid.files import Model, load_model, load_state
from pellucid.files.lock import FolderLock
from pellucid.files.run_model import model_path
from pellucid.graph import Network, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, ReLU, Sequential
from pellucid.training import Recipe, TrainingResult, Watcher, make_recipe, train
from pellucid.training.batches import batches
from pellucid.training.run_folder import (
    RunFolder,
    check_free,
    free_folder,
    holds_run,
)
from tests.learning import Learning, step_of
from tests.training.scripted import Scripted, dataset

LOCK = FolderLock.NAME
CLASSES = ("a — 영", "b", "c")
GRAPH = Sequential(
    [Conv2D(3, 2), BatchNorm(), ReLU(), Flatten(), Dropout(0.3), Dense(3)]
).graph((2, 2, 1))  # fmt: skip


def model(seed: int = 0) -> Model:
    network = Network(GRAPH, initial_weights(GRAPH, seed))
    return Model(network, CLASSES, Preprocessing(2, 2, 1), {"recipe": {"seed": seed}})


def load(plan: Recipe) -> Program:
    learning = Learning(plan.loss, plan.optimizer, plan.seed)
    return get_engine("reference").load(model().network, step_of(model().network, learning))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def scripted_model() -> Model:
    program = Scripted([])
    return Model(Network(program.graph, program.weights()), CLASSES, Preprocessing(2, 2, 1))


def test_everything_of_a_run(tmp_path: Path) -> None:
    plan = make_recipe(epochs=3, batch_size=4, seed=3)
    folder = RunFolder(tmp_path / "runs" / "one", model())
    assert contents(folder.path).keys() == {"config.json", LOCK}
    program = load(plan)
    trained = train(program, dataset(10), plan, validation=dataset(9, seed=1), watchers=[folder])
    folder.close()
    assert contents(folder.path).keys() == {
        "config.json", "history.csv", "last.safetensors", "model.safetensors",
        "previous.safetensors",
    }  # fmt: skip

    config = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    assert config == {
        "recipe": {"seed": 0},
        "classes": list(CLASSES),
        "preprocessing": Preprocessing(2, 2, 1).to_dict(),
    }
    with (folder.path / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [{name: float(value) for name, value in row.items()} for row in rows] == [
        row.to_dict() for row in trained.history
    ]
    best = load_model(folder.path / "model.safetensors")
    assert best.classes == CLASSES
    for name, array in trained.best_weights.items():
        np.testing.assert_array_equal(best.network.weights[name], array)
    assert best.provenance["results"]["epoch"] == trained.best_epoch

    arrays, values = load_state(folder.path / "last.safetensors")
    expected = {
        **{f"weights/{name}": array for name, array in program.weights().items()},
        **{f"optimizer/{name}": array for name, array in program.state().items()},
    }
    if trained.best_epoch < 3:
        expected |= {f"best/{name}": array for name, array in trained.best_weights.items()}
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
    assert values["history"] == [row.to_dict() for row in trained.history]
    assert values["best_epoch"] == trained.best_epoch
    assert values["provenance"] == {"recipe": {"seed": 0}}


def test_the_last_state_is_all_it_takes_to_go_on(tmp_path: Path) -> None:
    """Two epochs, the state read back into a new program, and a third: the same bits as three."""
    plan = make_recipe(optimizer="adam", schedule="constant", epochs=2, batch_size=4, seed=5)
    data = dataset(10)
    folder = RunFolder(tmp_path / "run", model())
    program = load(plan)
    train(program, data, plan, watchers=[folder])

    arrays, _ = load_state(folder.path / "last.safetensors")
    again = load(plan)
    parts: dict[str, dict[str, np.ndarray]] = {"weights": {}, "optimizer": {}}
    for name, array in arrays.items():
        kind, _, rest = name.partition("/")
        parts[kind][rest] = array
    again.set_weights(parts["weights"])
    again.set_state(parts["optimizer"])
    for batch in batches(len(data), plan.batch_size, seed=plan.seed, epoch=2):
        for one in (program, again):
            one.train_step(data.images[batch], data.places[batch], plan.learning_rate)
    for name, array in program.weights().items():
        np.testing.assert_array_equal(again.weights()[name], array)


def test_the_model_is_the_best_one_and_the_state_the_last(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", scripted_model())
    program, lines = Scripted([1.0], logits=np.array([1.0, 0.0, 0.0])), []
    original = program.forward

    def best_in_the_middle(images: np.ndarray) -> np.ndarray:
        return original(images) * (0.1 if program.count == 6 else program.count)

    program.forward = best_in_the_middle  # type: ignore[method-assign]

    class Lines:
        def after_step(self, progress: object) -> None:
            pass

        def after_epoch(self, trained: TrainingResult, program: Program) -> None:
            lines.append(len((folder.path / "history.csv").read_text().splitlines()))

    plan = make_recipe(epochs=3, batch_size=4)
    watchers: list[Watcher] = [folder, Lines()]
    train(program, dataset(10), plan, validation=dataset(50), watchers=watchers)
    assert lines == [2, 3, 4]
    best = load_model(folder.path / "model.safetensors")
    assert set(best.network.weights["dense1.kernel"].ravel()) == {6.0}
    assert best.provenance["results"]["epoch"] == 2
    for name, count, epochs in (("last", 9.0, 3), ("previous", 6.0, 2)):
        arrays, values = load_state(folder.path / f"{name}.safetensors")
        assert set(arrays["weights/dense1.kernel"].ravel()) == {count}
        history = values["history"]
        assert isinstance(history, list)
        assert len(history) == epochs
        assert values["best_epoch"] == 2


@pytest.mark.parametrize("victim", ["model.safetensors", "last.safetensors", "history.csv"])
def test_a_disk_that_fills_up_in_mid_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    """Each file is as the epoch before left it, or as this one did; none is in between."""
    plan = make_recipe(epochs=3, batch_size=4)
    folder = RunFolder(tmp_path / "run", model())
    seen: list[dict[str, bytes]] = []

    class Snapshot:
        def after_step(self, progress: object) -> None:
            pass

        def after_epoch(self, trained: TrainingResult, program: Program) -> None:
            seen.append(contents(folder.path))
            if len(seen) == 1:
                fill_up()

    def fill_up() -> None:
        real = Path.replace

        def replace(file: Path, target: Path) -> Path:
            if target.name == victim:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(file, target)

        monkeypatch.setattr(Path, "replace", replace)

    with pytest.raises(OutputError, match=f"{victim}: cannot be written: the disk is full"):
        train(load(plan), dataset(10), plan, watchers=[folder, Snapshot()])
    monkeypatch.undo()
    left = contents(folder.path)
    assert left.keys() - {"previous.safetensors"} == seen[0].keys()  # and so no temporary file
    assert left[victim] == seen[0][victim]
    assert left["config.json"] == seen[0]["config.json"]
    load_model(folder.path / "model.safetensors")
    _, values = load_state(folder.path / "last.safetensors")
    history = values["history"]
    assert isinstance(history, list)
    assert len(history) == (2 if victim == "history.csv" else 1)


def test_a_run_that_diverges_keeps_what_it_had(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run", scripted_model())
    program = Scripted([1.0, 1.0, 1.0, float("nan")])  # and so on
    plan = make_recipe(epochs=2, batch_size=4)
    with pytest.raises(TrainingDivergedError):
        train(program, dataset(10), plan, watchers=[folder])
    best = load_model(folder.path / "model.safetensors")
    assert set(best.network.weights["dense1.kernel"].ravel()) == {3.0}
    _, values = load_state(folder.path / "last.safetensors")
    assert values["best_epoch"] == 1
    assert len((folder.path / "history.csv").read_text().splitlines()) == 2


def test_a_run_is_replaced_only_when_asked(tmp_path: Path) -> None:
    first = RunFolder(tmp_path / "run", model())
    before = contents(first.path)
    assert holds_run(first.path)
    with pytest.raises(OutputError, match=r"run holds a run already; choose .* \(--overwrite\)"):
        RunFolder(first.path, model(1))
    assert contents(first.path) == before
    first.close()
    second = RunFolder(first.path, model(1), overwrite=True)
    assert contents(first.path) == before  # and so until the first epoch is done
    train(load(make_recipe(epochs=1)), dataset(10), make_recipe(epochs=1), watchers=[second])
    assert contents(first.path)["config.json"] != before["config.json"]


def test_a_folder_with_other_things_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert not holds_run(tmp_path)
    check_free(tmp_path, overwrite=False)
    RunFolder(tmp_path, model())
    assert (tmp_path / "notes.txt").read_text() == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.safetensors").touch()
    assert holds_run(tmp_path / "other")


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path, reason in (
        (tmp_path / "file", "a file of that name is in the way"),
        (tmp_path / "file" / "run", "the folder cannot be made"),
    ):
        with pytest.raises(OutputError, match=f"{reason}.*; choose another"):
            RunFolder(path, model())
    assert (tmp_path / "file").read_text() == "mine"


def test_a_free_name(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "digits-lecture") == tmp_path / "digits-lecture"
    for name in ("digits-lecture", "digits-lecture-2"):
        RunFolder(tmp_path / name, model())
    assert free_folder(tmp_path, "digits-lecture") == tmp_path / "digits-lecture-3"


def test_which_file_is_meant(tmp_path: Path) -> None:
    assert model_path(tmp_path / "x.safetensors") == tmp_path / "x.safetensors"
    with pytest.raises(DataError, match=r"holds no model.safetensors; give a model file, or"):
        model_path(tmp_path)
    (tmp_path / "model.safetensors").touch()
    assert model_path(tmp_path) == tmp_path / "model.safetensors"


def test_no_run_beside_pictures(tmp_path: Path) -> None:
    """Unless Pellucid drew them: those of a report may be replaced with their run."""
    noise = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    for name in ("cat", "report"):
        (tmp_path / name).mkdir()
    Image.fromarray(noise).save(tmp_path / "cat" / "0.jpg")
    with pytest.raises(OutputError, match=r"0\.jpg"):
        check_free(tmp_path / "cat", overwrite=True)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    (tmp_path / "report" / "map.png").write_bytes(drawing(buffer.getvalue()))
    check_free(tmp_path / "report", overwrite=True)
    check_free(tmp_path, overwrite=False)  # class folders below it are none of its concern
