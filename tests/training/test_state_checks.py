"""A state that was changed and sealed again ends in one line that names the field."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from pellucid import ImageClassifier
from pellucid.cli.app import app
from pellucid.errors import FileFormatError, PellucidError
from pellucid.files import load_state, save_state
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, ReLU, Sequential
from pellucid.training.checkpoint import from_file
from pellucid.training.saved_run import LAST, PREVIOUS, DamagedStateWarning, read_saved_run
from tests.data.made_files import noise, picture_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pellucid.layers import Block
    from pellucid.ops.operation import Array

X, Y = noise(0, 40, 6, 5)[..., np.newaxis], np.arange(40) % 2


def net(classes: int) -> Sequential:
    layers: list[Block] = [Conv2D(2, 3), BatchNorm(), ReLU(), Flatten(), Dense(classes)]
    return Sequential(layers)


def classifier(**settings: Any) -> ImageClassifier:
    given = {"epochs": 2, "batch_size": 16, "ema": 0.9, "optimizer": "adam", "engine": "reference"}
    return ImageClassifier(net, verbose=0, **{**given, **settings})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    classifier().fit(X, Y, validation_data=(X, Y), out=folder)
    return folder


@pytest.fixture
def state(run: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    arrays, values = load_state(run / LAST)
    return arrays, values


WRONG: list[Any] = [
    None,
    "x",
    -1,
    0.5,
    -0.5,
    1e308,
    1 << 60,
    True,
    [],
    {},
    [[]],
    {"a": 1},
    "\x1b[31m",
]
FIELDS = (
    [("best_epoch",), ("history",), ("now",), ("recovery",), ("history", 0), ("history", 1)]
    + [("now", n) for n in ("epoch", "batch", "images", "correct", "loss_sum", "rate", "seconds")]
    + [("now", "waited"), ("now", "average"), ("now", "average", 0), ("now", "average", 1)]
    + [("recovery", n) for n in ("first_loss", "skipping", "skipped", "rolled_back", "roll_backs")]
    + [("history", 0, n) for n in ("epoch", "loss", "accuracy", "learning_rate", "seconds")]
    + [("history", 1, n) for n in ("validation_loss", "validation_accuracy", "images_per_second")]
    + [("history", 1, n) for n in ("skipped_batches", "roll_backs", "waited")]
)
ANY_NUMBER = {0.5, 1 << 60}
RIGHT: dict[str, set[Any]] = {
    "loss_sum": ANY_NUMBER, "rate": ANY_NUMBER, "seconds": ANY_NUMBER, "waited": ANY_NUMBER,
    "loss": ANY_NUMBER, "learning_rate": ANY_NUMBER, "validation_loss": ANY_NUMBER,
    "images_per_second": ANY_NUMBER, "first_loss": {None, *ANY_NUMBER}, "skipping": {None},
    "accuracy": {0.5}, "validation_accuracy": {0.5},
}  # fmt: skip
"""Of the wrong values those that a field may have."""


def mutants(values: dict[str, Any], field: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    for wrong in WRONG:
        right = RIGHT.get(str(field[-1]), set())
        if isinstance(wrong, list | dict) or wrong is True or wrong not in right:
            changed = copy.deepcopy(values)
            _parent(changed, field)[field[-1]] = wrong
            yield changed
    if isinstance(field[-1], str) and field[-1] != "waited" and field[-1:] not in _LATER:
        changed = copy.deepcopy(values)
        del _parent(changed, field)[field[-1]]
        yield changed


_LATER = {("skipped_batches",), ("roll_backs",)}
"""Fields that rows of earlier versions lack (and the recovery never does)."""


def _parent(values: dict[str, Any], field: tuple[Any, ...]) -> Any:
    found: Any = values
    for step in field[:-1]:
        found = found[step]
    return found


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: ".".join(map(str, field)))
def test_every_field(
    state: tuple[dict[str, Array], dict[str, Any]], field: tuple[Any, ...]
) -> None:
    arrays, values = state
    for changed in mutants(values, field):
        with pytest.raises(FileFormatError) as raised:
            from_file(arrays, changed, "last")
        message = str(raised.value)
        assert message.isprintable()
        assert len(message) < 400
        named = next(part for part in reversed(field) if isinstance(part, str))
        assert named in message or field == ("history",)


def test_unknown_fields_and_arrays(state: tuple[dict[str, Array], dict[str, Any]]) -> None:
    arrays, values = state
    for place in (values["now"], values["recovery"], values["history"][0]):
        place["\x1b[31m odd"] = 1
        with pytest.raises(FileFormatError, match="odd"):
            from_file(arrays, values, "last")
        del place["\x1b[31m odd"]
    with pytest.raises(FileFormatError, match=r"other/conv1\.kernel"):
        from_file({**arrays, "other/conv1.kernel": np.zeros(3, np.float32)}, values, "last")


def _changed(array: Array, how: str) -> Array:
    if how == "NaN":
        return np.full_like(array, np.nan)
    if how == "shape":
        return np.zeros((*array.shape, 2), array.dtype)
    if how == "scalar":
        return np.zeros((), array.dtype)
    if how == "empty":
        return np.zeros((0, *array.shape[1:]), array.dtype)
    return array.astype({"bytes": np.uint8, "whole": np.int64, "short": np.float16}[how])


@pytest.mark.parametrize(
    "how", ["NaN", "shape", "scalar", "empty", "bytes", "whole", "short", "gone"]
)
def test_every_array(state: tuple[dict[str, Array], dict[str, Any]], how: str) -> None:
    arrays, values = state
    for name, array in arrays.items():
        if name.endswith("optimizer/step") and how != "gone":
            continue
        if name.startswith("optimizer/") and how in ("NaN", "gone") and not name.endswith("/step"):
            continue  # what is infinite may come of training; which there must be, the engine says
        changed = dict(arrays)
        del changed[name]
        if how != "gone":
            changed[name] = _changed(array, how)
        with pytest.raises(FileFormatError, match=name.rpartition("/")[2].replace(".", r"\.")):
            from_file(changed, values, "last")


@pytest.mark.parametrize("step", [-1, 1 << 62, 0.5, [1, 2], True, np.nan])
def test_the_counter_of_steps(state: tuple[dict[str, Array], dict[str, Any]], step: object) -> None:
    arrays, values = state
    with pytest.raises(FileFormatError, match="optimizer/step"):
        from_file({**arrays, "optimizer/step": np.array(step)}, values, "last")


def _resumed(folder: Path, **settings: Any) -> ImageClassifier:
    return classifier(**settings).fit(X, Y, validation_data=(X, Y), out=folder, resume=True)


def _half(run: Path, folder: Path) -> Path:
    """A run of three epochs after its second."""
    stop = _Stop()
    with pytest.raises(KeyboardInterrupt):
        classifier(epochs=3).fit(X, Y, validation_data=(X, Y), out=folder, watchers=[stop])
    return folder


class _Stop:
    def after_step(self, progress: object) -> None:
        pass

    def after_epoch(self, trained: Any, program: object) -> None:
        if len(trained.history) == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        ({"now.batch": 4}, "now.batch is 4, at most 3"),
        ({"now.images": 41}, "now.images is 41, at most 40"),
        ({"weights/conv1.kernel": (3, 3, 1, 3)}, "conv1.kernel"),
        ({"weights/conv1.other": (3,)}, "conv1.other"),
        ({"network": "abc"}, "other layers"),
        ({"provenance": {"\x1b[31m" * 99: [1] * 999}}, "cannot go on"),
        ({"provenance": [1]}, "how it was trained"),
    ],
)
def test_what_does_not_fit_the_run(
    run: Path, tmp_path: Path, change: dict[str, Any], printed: str
) -> None:
    folder = _half(run, tmp_path / "half")
    arrays, values = load_state(folder / LAST)
    state: dict[str, Any] = dict(values)
    for name, value in change.items():
        if name.startswith("weights/"):
            for part in ("weights", "average", "best", "good/weights"):
                place = name.replace("weights", part, 1)
                if part == "weights" or any(each.startswith(f"{part}/") for each in arrays):
                    arrays[place] = np.ones(value, np.float32)
            for place in [each for each in arrays if f"optimizer/{name[8:]}." in each]:
                arrays[place] = np.ones(value, np.float32)
        elif "." in name:
            part, own = name.split(".")
            state[part] = {**state[part], own: value}
        else:
            state[name] = value
    (folder / PREVIOUS).unlink(missing_ok=True)
    save_state(folder / LAST, arrays, state)
    with pytest.raises(PellucidError) as raised:
        _resumed(folder, epochs=3)
    assert printed in str(raised.value)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 700


def test_the_state_before_is_used(run: Path, tmp_path: Path) -> None:
    folder = _half(run, tmp_path / "half")
    arrays, values = load_state(folder / LAST)
    now: dict[str, Any] = dict(values)["now"]  # type: ignore[assignment]
    save_state(folder / PREVIOUS, arrays, values)
    save_state(folder / LAST, arrays, {**values, "now": {**now, "batch": -1}})
    kept = read_saved_run(folder)
    assert "now.batch is -1" in str(kept.remark)
    with pytest.warns(DamagedStateWarning, match=r"now\.batch is -1"):
        assert len(_resumed(folder, epochs=3).history_) == 3


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("batch_size", 0), ("batch_size", "16"), ("batch_size", 0.99), ("epochs", -1),
        ("class_weights", 0.99), ("augment", {}), ("seed", 1 << 40), ("seed", True),
        ("image_size", [6, 5]), ("image_size", "6by5"), ("learning_rate", "fast"),
        ("ema", {"a": 1}), ("bad", "ignore"), ("cache", "yes"), ("allow", "all"),
        ("allow", [3]), ("validation", 0.1), ("engine", ["native"]), ("data", {"a": 1}),
        ("max_pixels", -1), ("max_bytes", 0), ("save_every", -1), ("optimizer", 3),
        ("architecture", "\x1b[31mred"), ("patience", 1 << 70), ("weight_decay", 7),
    ],
)  # fmt: skip
def test_settings_that_nobody_typed(
    command_run: tuple[Path, dict[str, Array], dict[str, Any]], setting: str, wrong: object
) -> None:
    folder, arrays, values = command_run
    assert setting in values["notes"]
    save_state(folder / LAST, arrays, {**values, "notes": {**values["notes"], setting: wrong}})
    (folder / PREVIOUS).unlink(missing_ok=True)
    result = CliRunner().invoke(app, ["train", "--resume", str(folder), "--no-report"])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit), result.exception
    assert setting in result.output.replace("-", "_")
    assert "\x1b[31mred" not in result.output


@pytest.fixture(scope="module")
def command_run(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Array], dict[str, Any]]:
    root = tmp_path_factory.mktemp("command")
    pictures = picture_folder(root / "pets", {"cat": 30, "dog": 30}, shape=(28, 28))
    arguments = ["train", str(pictures), "--epochs", "1", "--out", str(root / "run"), "--no-report"]
    result = CliRunner().invoke(app, [*arguments, "--engine", "reference", "--no-cache"])
    assert result.exit_code == 0, result.output
    arrays, values = load_state(root / "run" / LAST)
    return root / "run", arrays, values
