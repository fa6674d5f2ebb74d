"""Several processes learn what one does: the same losses, weights and judgement."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.counter_random import random_words
from pellucid.engines import get_engine, parse_engine
from pellucid.engines.ranks import RankLostError, part_of
from pellucid.errors import ArgumentError
from pellucid.training.batches import check_ranks
from tests.engines import ranks_worker
from tests.messages import check_line
from tests.ops.loss_cases import LOSS_CASES, LossCase

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 1e-4
"""How far a loss may be from that of one process."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what 2 and 4 processes found."""
    root, out = Path(__file__).parents[2], tmp_path_factory.mktemp("ranks")
    done = subprocess.run(
        [sys.executable, "-m", "tests.engines.ranks_worker", str(out), "2", "4"],
        check=False, capture_output=True, text=True, timeout=600, cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root),
             "TORCHINDUCTOR_COMPILE_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    plain = ranks_worker.curve(norm=False, mixup=0.4)
    norm = ranks_worker.curve(norm=True)
    return {"plain": plain, "norm": norm, "judged": ranks_worker.judged()}


@pytest.fixture(scope="module", params=[2, 4])
def together(request: pytest.FixtureRequest, started: Path) -> Mapping[str, Any]:
    found = dict(np.load(started / f"{request.param}.npz"))
    assert found["world"] == request.param
    return found


@pytest.mark.parametrize("name", ["plain", "norm"])
def test_the_loss_curve_of_one_process(
    name: str, alone: Mapping[str, Any], together: Mapping[str, Any]
) -> None:
    losses, weights = alone[name]
    assert np.ptp(losses) > 0.5  # as large as what would be seen if ranks drew apart
    np.testing.assert_allclose(together[name], losses, rtol=0, atol=LIMIT)
    np.testing.assert_allclose(together[f"{name}_weights"], weights, rtol=0, atol=LIMIT)


def test_norms_need_two_values_unless_they_share_them(together: Mapping[str, Any]) -> None:
    """Two processes and batches of two pictures: each has one of them."""
    if together["world"] != 2:
        return
    alone = ranks_worker.one_value_each("torch")
    assert together["one_value"] == pytest.approx(alone, abs=LIMIT)
    assert "2 processes" in str(together["refused"])


def test_compiled_steps_and_norms_that_share_their_statistics(together: Mapping[str, Any]) -> None:
    """What is compiled has the norms' exchange within, and the gradients' behind it."""
    if together["world"] != 2:
        return
    alone = ranks_worker.repeated("torch")
    assert np.ptp(alone) > 0.01
    np.testing.assert_allclose(together["compiled"], alone, rtol=0, atol=LIMIT)


def test_joined_statistics_judgement_and_statistics_apart(
    alone: Mapping[str, Any], together: Mapping[str, Any]
) -> None:
    if together["world"] != 2:
        return
    assert together["off"] < 2e-5  # of values near 100, whose float32 has 7 digits
    np.testing.assert_allclose(together["judged"], alone["judged"], rtol=0, atol=LIMIT)
    program, data = ranks_worker.program_of(norm=True), ranks_worker.pictures()
    halves = []
    for half in (slice(0, 5), slice(5, 10)):
        program = ranks_worker.program_of(norm=True)
        program.step({"input": data.images[half], "targets": data.places[half]}, 0.0)
        halves.append(program.weights()["norm1.mean"])
    np.testing.assert_allclose(together["own_mean"], np.mean(halves, axis=0), rtol=1e-5)


@pytest.mark.parametrize("case", [case for case in LOSS_CASES if case.images > 2], ids=str)
def test_losses_of_parts_add_up(case: LossCase) -> None:
    logits, targets, _ = case.draw()
    whole, gradient = case.loss.value_and_gradient(logits, targets)
    divisor = case.loss.divisor(case.loss.amount(targets))
    total, slopes = 0.0, []
    for part in (slice(0, 2), slice(2, None)):
        loss, slope = case.loss.value_and_gradient(logits[part], targets[part])
        share = case.loss.divisor(case.loss.amount(targets[part])) / divisor
        total += share * loss
        slopes.append(share * slope)
    assert total == pytest.approx(whole, rel=1e-9)
    np.testing.assert_allclose(np.concatenate(slopes), gradient, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("first", [1, 3, 4])
def test_random_numbers_of_a_part_are_those_of_the_whole(first: int) -> None:
    import torch

    from pellucid.engines.torch.random import random_words as torch_words

    whole = random_words((7, 3, 5), 9, 2, 4)
    part = random_words((3, 3, 5), 9, 2, 4, first=first)
    np.testing.assert_array_equal(part, whole[first : first + 3])
    drawn = torch_words((3, 3, 5), 9, 2, 4, torch.device("cpu"), first)
    np.testing.assert_array_equal(drawn.numpy(), part)


@pytest.mark.parametrize("count", [4, 7, 10])
def test_parts_cover_all_evenly(count: int) -> None:
    parts = [part_of(count, rank, 4) for rank in range(4)]
    assert [place for part in parts for place in range(count)[part]] == list(range(count))
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_batches_too_small_to_share() -> None:
    check_ranks(37, 10, 7)
    with pytest.raises(ArgumentError) as caught:
        check_ranks(37, 10, 8)
    check_line(caught.value)
    assert all(word in str(caught.value) for word in ("8 processes", "7", "--batch-size"))


def test_options_behind_an_engines_name() -> None:
    assert parse_engine("torch") == ("torch", {})
    name, options = parse_engine("torch:cuda:1,compile,precision=bfloat16")
    assert name == "torch"
    assert options == {"device": "cuda:1", "compile": "on", "precision": "bfloat16"}
    assert get_engine("torch,compile=off").name == "torch"
    for wrong, *named in (
        ("native,compile", "native", "compile"),
        ("torch,precision=int8", "int8", "bfloat16"),
        ("torch,compile=maybe", "compile", "maybe"),
    ):
        with pytest.raises(ArgumentError) as caught:
            get_engine(wrong)
        check_line(caught.value)
        assert all(word in str(caught.value) for word in named)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_engines_of_one_process_refuse_several(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("RANK", "0"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"), ("MASTER_ADDR", "localhost"),
        ("MASTER_PORT", "1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(ArgumentError) as caught:
        get_engine(engine).join()
    check_line(caught.value)
    assert all(word in str(caught.value) for word in ("2 processes", engine))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"WORLD_SIZE": "2", "RANK": "1"}, ("LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")),
        ({"WORLD_SIZE": "2", "RANK": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "a",
          "MASTER_PORT": "1"}, ("RANK is 2", "0 to 1")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["native", "torch"])
def test_an_environment_that_says_it_by_half(
    given: dict[str, str], named: tuple[str, ...], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ArgumentError) as caught:
        get_engine(engine).join()
    check_line(caught.value)
    assert all(word in str(caught.value) for word in (*named, "torchrun"))


def test_others_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from pellucid.engines.torch import distributed

    monkeypatch.setattr(distributed, "CONNECTING", timedelta(seconds=1))
    for name, value in (
        ("RANK", "1"), ("WORLD_SIZE", "2"), ("LOCAL_RANK", "0"), ("MASTER_ADDR", "127.0.0.1"),
        ("MASTER_PORT", "1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with pytest.raises(RankLostError) as caught:
        get_engine("torch").join()
    check_line(caught.value)
    assert all(word in str(caught.value) for word in ("rank 1", "127.0.0.1:1"))
