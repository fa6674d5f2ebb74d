"""What networks learn is what was recorded: the native engine to the last bit.

A change that must not alter numbers leaves every test here green. One that must, e.g. of the random
streams, records them again with ``scripts/golden --write`` and says so in the changelog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.ops import OPERATIONS
from pellucid.ops.pointwise import Pointwise
from tests.architectures.small import FOR_SMALL_PICTURES
from tests.golden.cases import CASES, STEPS
from tests.golden.recorded import Outcome, engine_steps, native_outcome, processors, read

if TYPE_CHECKING:
    from pellucid.engines import Precision

RECORDED = read()
TOLERANCES: dict[Precision, float] = {"float64": 1e-10, "float32": 2e-5}
"""Of each step's loss, relative, beside the reference in float64: ten times what was found."""


SMALL = ("every operation", "separable")
"""Cases for which code of all kinds is tested; ``scripts/golden`` compares all for the others too,
whose code takes longer to compile than to run."""

SEVERAL = 5
"""Steps of named architectures that are compared with the reference: if a number differs anywhere,
forward or backward, it does so by then. Other engines compute large networks slowly; and sooner or
later some value is so close to a kink of a ReLU or to another of its window that rounding decides.
From then on losses are apart by more than rounding. Other cases take all steps, and bits are
compared of all."""


def kinds_of_code() -> list[tuple[str, str, str]]:
    """Cases and kinds of code, and whether bits of that kind were recorded."""
    own, *others = processors()
    return [
        (name, kind, "by bits" if kind in RECORDED[name]["native"] else "by tolerance")
        for name in CASES
        for kind in (own, *(others if name in SMALL else ()))
    ]


@pytest.mark.parametrize(("name", "kind", "how"), kinds_of_code())
def test_native(name: str, kind: str, how: str) -> None:
    found = native_outcome(CASES[name], processors()[kind])
    steps = SEVERAL if name in FOR_SMALL_PICTURES else STEPS
    assert_near(name, (found.losses[:steps], found.correct[:steps]), "float32")
    if how == "by bits":
        assert found == Outcome(**RECORDED[name]["native"][kind])


def test_the_number_of_threads_makes_no_difference() -> None:
    kind, target = next(iter(processors().items()))
    for name in ("every operation", "separable"):
        one, three = (native_outcome(CASES[name], target, threads) for threads in (1, 3))
        assert one == three, f"{name}, {kind}"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", ["reference", "torch"])
def test_other_engines(engine: str, name: str) -> None:
    steps = SEVERAL if name in FOR_SMALL_PICTURES else STEPS
    assert_near(name, engine_steps(CASES[name], engine, "float64", steps), "float64")


@pytest.mark.parametrize("name", [name for name in CASES if name not in FOR_SMALL_PICTURES])
@pytest.mark.parametrize("engine", ["reference", "torch"])
def test_other_engines_in_single_precision(engine: str, name: str) -> None:
    assert_near(name, engine_steps(CASES[name], engine, "float32"), "float32")


def assert_near(name: str, found: tuple[list[float], list[int]], precision: Precision) -> None:
    losses, correct = found
    expected = RECORDED[name]["reference"]
    np.testing.assert_allclose(
        losses, expected["losses"][: len(losses)], rtol=TOLERANCES[precision], atol=0, err_msg=name
    )
    assert correct == expected["correct"][: len(losses)]


def test_every_architecture_and_operation_is_recorded() -> None:
    assert set(FOR_SMALL_PICTURES) <= set(CASES) == set(RECORDED)
    kinds = {node.operation.kind for case in CASES.values() for node in case.network().graph.nodes}
    left = {kind for kind, made in OPERATIONS.items() if not issubclass(made, Pointwise)} - kinds
    assert not left  # functions of one value share their code, and need no record of their own
