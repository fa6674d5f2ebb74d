"""Old names of public things go on working, and warn."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data import Dataset
from pellucid.explain.surgery import Mute
from pellucid.renamed import MODULES, NAMES, OldAttribute
from pellucid.training.rate_curve import curve

if TYPE_CHECKING:
    import pellucid as pl


@pytest.mark.parametrize("old", MODULES)
def test_modules_are_found_by_their_old_names(old: str) -> None:
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=old):
        module = import_module(old)
    new = import_module(MODULES[old])
    for name, now in NAMES.get(MODULES[old], {}).items():
        assert getattr(module, name) is getattr(new, now)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [(m, old, new) for m, names in NAMES.items() for old, new in names.items()],
)
def test_names_are_found_by_their_old_names(module: str, old: str, new: str) -> None:
    home = import_module(module)
    with pytest.warns(DeprecationWarning, match=new):
        assert getattr(home, old) is getattr(home, new)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = home.no_such_name


def test_attributes_are_found_by_their_old_names(classifier: pl.ImageClassifier) -> None:
    picture = np.zeros(classifier.model_.network.graph.input_shape, np.uint8)
    with pytest.warns(DeprecationWarning, match="edited"):
        changed = classifier.operated(Mute("relu1", 0))
    assert changed.model_.network.graph == classifier.edited(Mute("relu1", 0)).model_.network.graph
    trace = classifier.trace(picture)
    with pytest.warns(DeprecationWarning, match="activations"):
        assert trace.subject is trace.activations
    assert isinstance(vars(type(trace))["subject"], OldAttribute)


def test_default_rates_are_found_by_their_old_names(classifier: pl.ImageClassifier) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1)).astype(np.uint8)
    data = Dataset(pictures, np.arange(32) % 2, ("a", "b"))
    with pytest.warns(DeprecationWarning, match="default_learning_rate"):
        rate = classifier.usual_learning_rate(data)
    assert rate == classifier.default_learning_rate(data)
    losses = np.linspace(2.0, 1.0, 50)[None]
    found = curve(np.geomspace(1e-5, 1.0, 50), losses, default=rate)
    with pytest.warns(DeprecationWarning, match="default"):
        assert found.usual == found.default == rate
