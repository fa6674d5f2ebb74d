"""Old names of public modules, classes and functions, which go on working and warn.

One table. A module that has another name now is found under the old one too; a module that has
kept its name takes its ``__getattr__`` from :func:`old_names` (hidden from type checkers, to which
every name would be right); an attribute that has another name is
an :class:`OldAttribute` under the old one.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

MODULES = {
    "pellucid.classifier": "pellucid.estimators.classifier",
    "pellucid.data.arrange": "pellucid.data.make_splits",
    "pellucid.data.locate": "pellucid.data.detect_format",
    "pellucid.data.names": "pellucid.text",
    "pellucid.data.reduce": "pellucid.data.jpeg_scaling",
    "pellucid.evaluation.answers": "pellucid.evaluation.predict_logits",
    "pellucid.evaluation.chance": "pellucid.metrics.chance",
    "pellucid.evaluation.effect": "pellucid.evaluation.edit_effect",
    "pellucid.evaluation.judge": "pellucid.evaluation.evaluate",
    "pellucid.evaluation.metrics": "pellucid.metrics.classification",
    "pellucid.evaluation.pages": "pellucid.evaluation.run_report",
    "pellucid.evaluation.two_models": "pellucid.evaluation.model_comparison",
    "pellucid.explain.kernels_picture": "pellucid.explain.kernels",
    "pellucid.explain.opened": "pellucid.explain.value_terms",
    "pellucid.explain.question": "pellucid.explain.score",
    "pellucid.explain.sanity": "pellucid.explain.randomisation_test",
    "pellucid.explain.scores": "pellucid.explain.faithfulness",
    "pellucid.explain.subject": "pellucid.explain.activations",
    "pellucid.explain.update": "pellucid.explain.update_rule",
    "pellucid.ops.check": "pellucid.checks",
    "pellucid.training.average": "pellucid.training.ema",
    "pellucid.training.feed": "pellucid.training.batch_loader",
    "pellucid.training.finder": "pellucid.training.lr_finder",
    "pellucid.training.held_out": "pellucid.files.held_out",
    "pellucid.training.kept": "pellucid.training.saved_run",
    "pellucid.training.trained": "pellucid.training.result",
}
"""Modules by their old names."""

NAMES = {
    "pellucid.architectures": {
        "USUAL": "DEFAULTS",
        "Usual": "Defaults",
        "usual": "default_settings",
    },
    "pellucid.evaluation.predict_logits": {"logits": "predict_logits"},
    "pellucid.explain.activations": {"Subject": "Activations"},
    "pellucid.explain.backward": {"OpenedGradient": "GradientTerms"},
    "pellucid.explain.randomisation_test": {"Sanity": "RandomisationTest"},
    "pellucid.explain.score": {"Question": "Score", "ask": "choose_score"},
    "pellucid.explain.story": {"Told": "StoryStep"},
    "pellucid.explain.surgery": {"operate": "edit_model"},
    "pellucid.explain.update_rule": {"Learner": "UpdateRule"},
    "pellucid.explain.value_terms": {"Opened": "ValueTerms"},
    "pellucid.training": {"Trained": "TrainingResult"},
    "pellucid.training.result": {"Trained": "TrainingResult"},
}
"""By module, as it is called now: new names by old ones."""


def warn(old: str, new: str) -> None:
    """Warn that a name is old."""
    warnings.warn(f"{old} is called {new} now", DeprecationWarning, stacklevel=3)


def old_names(module: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module some of whose names are old ones."""

    def get(name: str) -> Any:
        new = NAMES[module].get(name)
        if new is None:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        warn(f"{module}.{name}", f"{module}.{new}")
        return getattr(sys.modules[module], new)

    return get


class OldAttribute:
    """An attribute under its old name; of a method, the method.

    Args:
        new: What it is called now.
    """

    def __init__(self, new: str) -> None:
        self._new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self._old = f"{owner.__name__}.{name}"

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        warn(self._old, self._new)
        return getattr(owner if instance is None else instance, self._new)


class _Loader:
    def __init__(self, new: str) -> None:
        self._new = new

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        old, new = module.__name__, import_module(self._new)
        warn(old, self._new)
        names = NAMES.get(self._new, {})
        module.__getattr__ = lambda name: getattr(  # type: ignore[method-assign]
            new, names.get(name, name)
        )
        module.__doc__ = f"Called :mod:`{self._new}` now; the old name of {old} warns."


class _Finder:
    """Finds modules under their old names, after all others have looked."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        new = MODULES.get(fullname)
        if new is None:
            return None
        return ModuleSpec(fullname, _Loader(new))  # type: ignore[arg-type]  # importlib.abc is slow


def install() -> None:
    """Let modules be imported by their old names; the package does so when it is imported."""
    if not any(type(finder).__name__ == _Finder.__name__ for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
