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
from tests.golden.cases import CASES
from tests.golden.recorded import Outcome, engine_outcome, native_outcome, processors, read

if TYPE_CHECKING:
    from pellucid.engines import Precision

RECORDED = read()
TOLERANCES: dict[Precision, float] = {"float64": 1e-10, "float32": 2e-5}
"""Of each step's loss, relative, beside the reference in float64: ten times what was found."""


SMALL = ("lenet5", "every operation", "dropout", "separable")
"""Cases for which code of all kinds is tested; ``scripts/golden`` compares all for the others too,
whose code takes longer to compile than to run."""


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
    assert_near(name, found, "float32")
    if how == "by bits":
        assert found == Outcome(**RECORDED[name]["native"][kind])


def test_the_number_of_threads_makes_no_difference() -> None:
    kind, target = next(iter(processors().items()))
    for name in ("every operation", "separable"):
        one, three = (native_outcome(CASES[name], target, threads) for threads in (1, 3))
        assert one == three, f"{name}, {kind}"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    ("engine", "precision"),
    [
        ("reference", "float64"),
        ("reference", "float32"),
        ("torch", "float64"),
        ("torch", "float32"),
    ],
)
def test_other_engines(engine: str, precision: Precision, name: str) -> None:
    assert_near(name, engine_outcome(CASES[name], engine, precision), precision)


def assert_near(name: str, found: Outcome, precision: Precision) -> None:
    expected = RECORDED[name]["reference"]
    np.testing.assert_allclose(
        found.losses, expected["losses"], rtol=TOLERANCES[precision], atol=0, err_msg=name
    )
    assert found.correct == expected["correct"]


def test_every_architecture_and_operation_is_recorded() -> None:
    assert set(FOR_SMALL_PICTURES) <= set(CASES) == set(RECORDED)
    kinds = {node.operation.kind for case in CASES.values() for node in case.network().graph.nodes}
    left = {kind for kind, made in OPERATIONS.items() if not issubclass(made, Pointwise)} - kinds
    assert not left  # functions of one value share their code, and need no record of their own
