"""Public names of earlier versions go on working, and warn."""

from __future__ import annotations

from importlib import import_module

import pytest

from pellucid.renamed import RENAMED


@pytest.mark.parametrize(("module", "old"), RENAMED)
def test_an_earlier_name_stands_for_the_same_object_and_warns(module: str, old: str) -> None:
    home = import_module(module)
    with pytest.warns(DeprecationWarning, match=RENAMED[module, old]):
        found = getattr(home, old)
    assert found is getattr(home, RENAMED[module, old])


def test_a_name_that_never_was_is_missing() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = import_module("pellucid.architectures").nothing_such
