"""ONNX files computed by ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError
from pellucid.interop.onnx.library import onnx_runtime
from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto


class Session:
    """A model, prepared by ONNX Runtime on the CPU.

    Args:
        model: What is computed.
        optimised: Whether nodes may be joined and moved; without, each is computed as it is
            written.

    Raises:
        MissingDependencyError: If onnxruntime is not installed.
        DataError: If ONNX Runtime does not take the model.
    """

    def __init__(self, model: ModelProto, *, optimised: bool = True) -> None:
        runtime = onnx_runtime()
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        levels = runtime.GraphOptimizationLevel
        options.graph_optimization_level = (
            levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
        )
        try:
            self._session = runtime.InferenceSession(
                model.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise DataError(f"ONNX Runtime does not take it: {_reason(error)}") from error

    def run(
        self, outputs: Sequence[str], feeds: Mapping[str, NDArray[Any]]
    ) -> dict[str, NDArray[Any]]:
        """Some outputs by name.

        Raises:
            DataError: If ONNX Runtime cannot compute them.
        """
        try:
            found = self._session.run(list(outputs), dict(feeds))
        except Exception as error:
            raise DataError(f"ONNX Runtime cannot compute it: {_reason(error)}") from error
        return dict(zip(outputs, map(np.asarray, found), strict=True))


def _reason(error: Exception) -> str:
    return truncated(" ".join(str(error).split()), 300)
