"""Judges that we did not write: classic networks, and ONNX's own tests of its operators."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.interop.light import NAMES, TOLERANCE, difference
from tests.interop.node_tests import END, PAGE, START, outcomes, table


@pytest.mark.parametrize("name", ["light_shufflenet", "light_squeezenet"])
def test_classic_networks_agree(name: str) -> None:
    assert name in NAMES
    assert difference(name) <= TOLERANCE


def test_no_test_of_an_operator_fails() -> None:
    found = list(outcomes())
    results = Counter(each.result for each in found)
    failed = [each for each in found if each.result == "failed"]
    assert not failed
    assert results["passed"] > 90
    page = PAGE.read_text(encoding="utf-8")
    written = page.partition(START)[2].partition(END)[0]
    assert written == table(found), "python -m tests.interop.node_tests --write"
