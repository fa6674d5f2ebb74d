"""The libraries of the extra ``onnx``, imported late: what is said where they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.errors import MissingDependencyError

if TYPE_CHECKING:
    from types import ModuleType


def onnx_library() -> None:
    """Check that the package ``onnx`` can be imported.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ModuleNotFoundError as error:
        raise _missing(error, "onnx", "ONNX files need the package onnx") from error


def onnx_runtime() -> Any:
    """The module ``onnxruntime``, which computes ONNX files.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        what = "to compute an ONNX file needs the package onnxruntime"
        raise _missing(error, "onnxruntime", what) from error
    module: ModuleType = onnxruntime
    return module


def _missing(error: ModuleNotFoundError, name: str, what: str) -> Exception:
    if error.name != name:  # a part of the library itself is broken: that is another story
        return error
    return MissingDependencyError(
        f'{what}, which is not installed; install it with: pip install "pellucid[onnx]"'
    )
