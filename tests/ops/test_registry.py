"""One registry, one battery: what is registered and has no cases fails here."""

from __future__ import annotations

import dataclasses
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from pellucid import ops, optimizers
from pellucid.errors import ArgumentError
from pellucid.ops import CHOICES, LOSSES, OPERATIONS, QUANTISED
from pellucid.ops.find_boxes import FindBoxes
from pellucid.ops.find_regions import FindRegions
from pellucid.ops.grey_levels import GreyLevels
from pellucid.ops.loss import Loss
from pellucid.ops.operation import Operation
from pellucid.ops.pointwise import Pointwise
from pellucid.ops.positive_gradient import PositiveGradient
from pellucid.ops.rescale import Rescale
from pellucid.optimizers import OPTIMIZERS, Optimizer
from tests.ops.cases import CASES, SMOOTH
from tests.ops.errors import REFUSED
from tests.ops.examples import EXAMPLES
from tests.ops.loss_cases import LOSS_CASES, OTHER_TARGETS
from tests.ops.oracle import ORACLES
from tests.ops.test_kinks import SLOPES
from tests.ops.test_optimizers import PEERS


def kinds(cases: list[object]) -> set[str]:
    return {case.operation.kind for case in cases}  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", OPERATIONS)
def test_every_operation_is_in_every_check(kind: str) -> None:
    assert kind in kinds([*CASES]), "add cases to tests/ops/cases"
    assert kind in kinds([*SMOOTH]), "add a case that keeps away from kinks"
    assert kind in kinds([*EXAMPLES]), "work one example by hand in tests/ops/examples.py"
    assert kind in ORACLES, "say in tests/ops/oracle.py what it is in PyTorch"
    assert kind in {refused.kind for refused in REFUSED}, (
        "say in tests/ops/errors.py what it refuses"
    )


KOREAN = Path(__file__).parents[2] / "web" / "src" / "text" / "ko" / "network.ts"


@pytest.mark.parametrize("kind", [kind for kind in OPERATIONS if kind not in LOSSES])
def test_every_operation_has_a_korean_name_in_pages(kind: str) -> None:
    names, words = (
        re.findall(r"^ +(\w+): ", part, re.MULTILINE)
        for part in KOREAN.read_text("utf-8").split("const WORDS", 1)
    )
    assert kind in names, "name it in KINDS of web/src/text/ko/network.ts, then scripts/web build"
    if OPERATIONS[kind].words:
        assert kind in words, "say what it does in WORDS of web/src/text/ko/network.ts"


@pytest.mark.parametrize("kind", LOSSES)
def test_every_loss_is_in_every_check(kind: str) -> None:
    if kind in OTHER_TARGETS:
        assert Path(__file__).with_name(f"test_{kind}.py").exists()
    else:
        assert kind in {case.loss.kind for case in LOSS_CASES}


@pytest.mark.parametrize("kind", CHOICES)
def test_what_chooses_is_tested_by_itself(kind: str) -> None:
    assert kind not in OPERATIONS
    assert Path(__file__).with_name(f"test_{kind}.py").exists()


@pytest.mark.parametrize("kind", QUANTISED)
def test_what_computes_with_narrow_numbers_is_tested_by_itself(kind: str) -> None:
    assert kind not in OPERATIONS
    name = "test_bfloat16.py" if kind.startswith("bfloat16") else "test_whole_numbers.py"
    assert kind in Path(__file__).with_name(name).read_text("utf-8")


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimizer_is_in_every_check(kind: str) -> None:
    assert kind in {peer.rule.kind for peer in PEERS}


def test_every_case_has_a_name_of_its_own() -> None:
    for cases in (CASES, EXAMPLES, LOSS_CASES, PEERS):
        names = [str(case) for case in cases]
        assert len(names) == len(set(names))


def concrete(package: str, base: type) -> set[type]:
    """Every class of a package's files that can be made, registered or not."""
    found = set()
    folder = Path(inspect.getfile(import_module(package))).parent
    for path in folder.glob("*.py"):
        for value in vars(import_module(f"{package}.{path.stem}")).values():
            if inspect.isclass(value) and issubclass(value, base) and not inspect.isabstract(value):
                found.add(value)
    return found


def test_nothing_is_forgotten_by_the_registries() -> None:
    in_no_file = {FindBoxes, FindRegions, GreyLevels, PositiveGradient, Rescale}
    tables = OPERATIONS, LOSSES, CHOICES, QUANTISED
    every = {made for table in tables for made in table.values()} | in_no_file
    assert concrete("pellucid.ops", Operation) == every
    assert concrete("pellucid.ops", Loss) == set(LOSSES.values())
    assert concrete("pellucid.optimizers", Optimizer) == set(OPTIMIZERS.values())


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        *OPERATIONS.items(),
        *LOSSES.items(),
        *CHOICES.items(),
        *QUANTISED.items(),
        *OPTIMIZERS.items(),
    ],
)
def test_kinds_are_frozen_dataclasses(kind: str, made: type) -> None:
    assert made.kind == kind  # type: ignore[attr-defined]
    assert dataclasses.is_dataclass(made)
    assert made.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert made.__name__ in ops.__all__ + optimizers.__all__


def test_kinds_never_change() -> None:
    """They stand in published model files: a new one may come, none may go."""
    assert set(OPERATIONS) >= {
        "add",
        "average_pool",
        "batch_norm",
        "concatenate",
        "conv2d",
        "dense",
        "dropout",
        "flatten",
        "global_average_pool",
        "leaky_relu",
        "local_response_norm",
        "max_pool",
        "normalise",
        "prelu",
        "relu",
        "relu6",
        "sigmoid",
        "softmax",
        "subsample",
        "channel_shuffle",
        "channel_slice",
        "clip",
        "crop",
        "global_max_pool",
        "hard_sigmoid",
        "hard_swish",
        "multiply",
        "pad",
        "silu",
        "tanh",
    }
    assert set(LOSSES) >= {"cross_entropy", "huber", "mean_squared_error"}
    assert set(OPTIMIZERS) >= {"adam", "adamw", "sgd"}


POINTWISE = {kind: made for kind, made in OPERATIONS.items() if issubclass(made, Pointwise)}


@pytest.mark.parametrize("kind", POINTWISE)
def test_every_setting_of_a_function_is_tried(kind: str) -> None:
    """What is right for the default alone would go unseen, and so would a kink without a slope."""
    made = POINTWISE[kind]()
    if dataclasses.fields(made):  # type: ignore[arg-type]
        cases = [case.operation for case in CASES if case.operation.kind == kind]
        assert any(operation != made for operation in cases), (
            "add the operation with another value to ACTIVATIONS of tests/ops/cases/pointwise.py"
        )
        assert any(each.kind == kind and each.error is ArgumentError for each in REFUSED), (
            "say in tests/ops/errors.py which settings it refuses"
        )
    if made.kinks():
        assert kind in {operation.kind for operation, _, _ in SLOPES}, (
            "say in SLOPES of tests/ops/test_kinks.py which slope is declared at each kink"
        )
