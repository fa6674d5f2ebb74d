"""The torch engine's options: the same learning, within what each rounds."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.cli.engine_options import ranks_line, written_engine
from pellucid.engines.ranks import ALONE
from pellucid.errors import ArgumentError
from tests.engines import ranks_worker
from tests.messages import check_line


@pytest.mark.parametrize(
    ("options", "limit"), [("channels_last=off", 1e-5), ("precision=bfloat16", 0.05)]
)
def test_losses_are_those_without(options: str, limit: float) -> None:
    data = ranks_worker.pictures()
    losses = []
    for engine in ("torch", f"torch:cpu,{options}"):
        program = ranks_worker.program_of(norm=True, engine=engine)
        losses.append([program.train_step(data.images, data.places, 0.02).loss for _ in range(4)])
        answers = program.forward(data.images)
        assert answers.dtype == np.float32
    np.testing.assert_allclose(losses[1], losses[0], rtol=0, atol=limit)
    if "bfloat16" in options:
        assert losses[1] != losses[0]  # or it computed in float32 all the same


def test_options_are_written_behind_the_engine() -> None:
    found = written_engine("torch:cuda", "bfloat16", False, compiles=True, sync_batch_norm=True)
    assert found == "torch:cuda,precision=bfloat16,channels_last=off,compile,sync_batch_norm"
    assert written_engine("native", None, None, compiles=False, sync_batch_norm=False) == "native"


def test_statistics_of_all_where_there_is_one() -> None:
    assert ranks_line(ALONE, 8, "torch") is None
    said = ranks_line(ALONE, 8, "torch,sync_batch_norm")
    assert said is not None
    assert "--sync-batch-norm" in said
    assert "torchrun" in said


@pytest.mark.parametrize("option", ["--precision", "--compile", "--sync-batch-norm"])
def test_other_engines_refuse_them(option: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        written_engine(
            "native", "bfloat16" if option == "--precision" else None, None,
            compiles=option == "--compile", sync_batch_norm=option == "--sync-batch-norm",
        )  # fmt: skip
    check_line(caught.value)
    assert option in str(caught.value)
    assert "native" in str(caught.value)
