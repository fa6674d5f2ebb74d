"""scikit-learn's conventions, and model files, for whatever learns from pictures."""

from __future__ import annotations

import copy
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pellucid.data.preprocessing import check_max_pixels
from pellucid.engines import DEFAULT, get_engine
from pellucid.errors import ArgumentError, DataError, NotFittedError
from pellucid.estimators.learnable import OTHERS
from pellucid.files import Model, save_model
from pellucid.files.provenance import safe_max_pixels
from pellucid.graph import summarise
from pellucid.interop.models import place_of
from pellucid.pickling import restored, state_of
from pellucid.text import brief_settings, printable
from pellucid.training.fit import Fitted
from pellucid.training.history import History
from pellucid.training.provenance import history_of
from pellucid.training.run_folder import run_history

if TYPE_CHECKING:
    import os

    from pellucid.engines import Program
    from pellucid.graph import Summary


class Estimator:
    """Has settings, learns a model, and keeps it in a file.

    Attributes:
        history_: A row an epoch, as :class:`pellucid.training.history.Epoch`; of a loaded model,
            too, if its file has it.
    """

    TASKS: ClassVar[tuple[str, ...]]
    """The tasks that it learns, by name; data that are none of these are read as the first."""

    engine: str
    verbose: int | None
    _fitted: Fitted | None = None
    _from_file = False  # whether what is known was loaded, and not learned here

    def __init__(self, **settings: Any) -> None:
        for name, value in settings.items():
            setattr(self, name, value)
        self._fitted = None

    # ------------------------------------------------------------------ scikit-learn's conventions

    @classmethod
    def _settings(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name."""
        return {name: getattr(self, name) for name in self._settings()}

    def set_params(self, **settings: object) -> Self:
        """Change settings; they take effect at the next ``fit``.

        Raises:
            ArgumentError: For a name that is no setting.
        """
        for name, value in settings.items():
            if name not in self._settings():
                raise ArgumentError(
                    f"an {type(self).__name__} has no setting {name!r}; there are "
                    f"{', '.join(self._settings())}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        given = {
            name: value
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name].default)
        }
        return f"{type(self).__name__}({brief_settings(given)})"

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: settings and the model file's bytes; see :mod:`pellucid.pickling`."""
        return state_of(self.get_params(), None if self._fitted is None else self.model_)

    def __setstate__(self, state: Any) -> None:
        settings, model = restored(state, self._settings())
        self.__init__(**settings)  # type: ignore[misc]
        if model is not None:
            program = get_engine(self.engine).load(model.network)
            self._fitted = Fitted(model, program, history_of(model))
            self._from_file = True

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = type(self)(**copy.deepcopy(self.get_params(), memo))
        if self._fitted is not None:
            model = copy.deepcopy(self.model_, memo)
            program = get_engine(self.engine).load(model.network)
            copied._fitted = replace(self._fitted, model=model, program=program)
            copied._from_file = self._from_file
        return copied

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    # ---------------------------------------------------------------------------------- what it is

    @property
    def model_(self) -> Model:
        """The network with its class names, preprocessing and provenance.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
        """
        return self._learned.model

    @property
    def program_(self) -> Program:
        """The network as the engine computes it.

        Raises:
            NotFittedError: Before ``fit`` or ``load``.
        """
        return self._learned.program

    @property
    def history_(self) -> History:
        """The training history, a row an epoch, also of a loaded model.

        A model file does not keep speed and seconds, which are then 0, and that of a run ends with
        its best epoch, but a run's folder has all; files of older versions have none.
        """
        return History(self._learned.history)

    def summary(self) -> Summary:
        """Layer by layer: output shape, parameters, multiply-adds, receptive field."""
        return summarise(self.model_.network.graph)

    @property
    def _learned(self) -> Fitted:
        if self._fitted is None:
            raise NotFittedError(
                f"this {type(self).__name__} has learned nothing yet; call fit(...) or load a "
                "model file"
            )
        return self._fitted

    # --------------------------------------------------------------------------------------- files

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file (``.safetensors``).

        Raises:
            OutputError: If it cannot be written; an earlier file there is then untouched.
        """
        save_model(path, self.model_)

    def _take_settings(self, model: Model) -> None:
        """Take the settings that a loaded model was made with."""

    @classmethod
    def _of_model(
        cls,
        model: Model,
        path: str | os.PathLike[str],
        engine: str = DEFAULT,
        max_pixels: int | None = None,
        invert: bool = False,
    ) -> Self:
        """The estimator of a model that was read from a path."""
        if model.task.kind not in cls.TASKS:
            raise DataError(
                f"{printable(path)}: a model for {model.task.title}; load it as "
                f"{OTHERS[model.task.kind]}, or by pellucid.load(…)"
            )
        if invert:
            model = replace(model, preprocessing=replace(model.preprocessing, invert=True))
        limit = safe_max_pixels(model.provenance) if max_pixels is None else max_pixels
        check_max_pixels(limit)
        estimator = cls(engine=engine, max_pixels=limit)
        estimator._take_settings(model)
        program = get_engine(engine).load(model.network)
        place = place_of(path)
        history = history_of(model) if place is None else run_history(place) or history_of(model)
        estimator._fitted = Fitted(model, program, history)
        estimator._from_file = True
        return estimator
