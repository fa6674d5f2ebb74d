"""The training history in model files and run folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.explain.surgery import SetWeight
from pellucid.layers import Dense, Flatten, Sequential
from pellucid.training.history import MOST_ROWS, Epoch, from_record, to_record

if TYPE_CHECKING:
    from pathlib import Path

ROW = Epoch(2, 0.1, 0.5, None, None, 1e-3, 300.5, 2.5, 1, 2, 0.25)
X = np.random.default_rng(0).integers(0, 256, (40, 6, 5)).astype(np.uint8)
Y = np.arange(40) % 2


def test_a_row_without_what_depends_on_the_machine() -> None:
    (record,) = to_record([ROW])
    assert record.keys() == {
        "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate",
    }  # fmt: skip
    assert from_record([record]) == [Epoch(2, 0.1, 0.5, None, None, 1e-3, 0.0, 0.0)]
    assert len(to_record([ROW] * (MOST_ROWS + 7))) == MOST_ROWS


@pytest.mark.parametrize(
    "rows",
    [
        None, 3, "abc", {}, [3], [{}], [{"epoch": 1}], [{**to_record([ROW])[0], "epoch": "1"}],
        [{**to_record([ROW])[0], "loss": None}], [{**to_record([ROW])[0], "epoch": 1.5}],
        [{**to_record([ROW])[0], "loss": True}], [{**to_record([ROW])[0], "other": 1}],
        [[1, 2]], [to_record([ROW])[0], None],
    ],
)  # fmt: skip
def test_what_is_no_history_is_left_out(rows: Any) -> None:
    assert from_record(rows) == []


def test_it_is_there_after_loading(tmp_path: Path) -> None:
    layers = Sequential([Flatten(), Dense(2)])
    model = pl.ImageClassifier(layers, epochs=4, batch_size=8)
    model.fit(X, Y, validation_data=(X, Y), out=tmp_path / "run")
    model.save(tmp_path / "m.safetensors")
    losses = [row.validation_loss for row in model.history_]
    assert len(losses) == 4
    loaded = pl.load(tmp_path / "m.safetensors")
    assert [row.validation_loss for row in loaded.history_] == losses
    folder = pl.load(tmp_path / "run")
    assert folder.history_ == model.history_  # with speed and seconds, from history.csv
    (tmp_path / "run" / "history.csv").write_text("epoch,loss\n1,abc\n")
    best = model.model_.provenance["results"]["epoch"]
    assert [row.validation_loss for row in pl.load(tmp_path / "run").history_] == losses[:best]
    changed = loaded.edited(SetWeight("dense1.bias", (0,), 1.0))
    assert changed.history_ == []
