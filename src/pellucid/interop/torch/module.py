"""A module of PyTorch as a model: through PyTorch's own exporter, and the layers of an ONNX graph.

The exporter would make batch norms part of convolutions; here it must not, so that the layers are
those of the module. They are named as its parts are: ``layer1.0.conv1`` becomes ``layer1_0_conv1``.
"""

from __future__ import annotations

import ast
import logging
import warnings
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError, MissingDependencyError
from pellucid.interop.onnx.importing import Imported, Meaning, import_proto
from pellucid.interop.onnx.library import onnx_library
from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto, NodeProto
    from torch import Tensor, nn

    from pellucid.interop.onnx.translating import Asked

_SCOPES, _CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"


def import_module(
    module: nn.Module | object,
    example: Tensor | object,
    asked: Asked | None = None,
    meaning: Meaning | None = None,
) -> Imported:
    """The model that a module of PyTorch computes at inference.

    Args:
        module: Feature maps (N, C, H, W) in, (N, K) out; it is left as it was.
        example: What it takes, of any batch: its height and width are those of the model.
        asked: What is done to pixels before it.
        meaning: What its pictures and answers mean.

    Raises:
        MissingDependencyError: If torch, onnx or onnxscript is not installed.
        ArgumentError: If these are no such module and tensor, or PyTorch cannot export it.
        FileFormatError: If there is no layer for something that it computes.
    """
    onnx_library()
    try:
        import torch
    except ModuleNotFoundError as error:
        raise _missing(error, "torch", "pip install torch") from error
    if not isinstance(module, torch.nn.Module) or not isinstance(example, torch.Tensor):
        raise ArgumentError(
            f"from_torch takes a torch.nn.Module and a tensor for it, got {type(module).__name__} "
            f"and {type(example).__name__}"
        )
    if example.ndim != 4:
        raise ArgumentError(
            f"the example must be (N, C, H, W), got a tensor of shape {tuple(example.shape)}"
        )
    return import_proto(_exported(module, example), asked, meaning, type(module).__name__)


def _exported(module: nn.Module, example: Tensor) -> ModelProto:
    """The module as an ONNX graph, none of its layers joined."""
    import torch

    training = {part: part.training for part in module.modules()}
    log = logging.getLogger("torch.onnx")
    level = log.level
    try:
        module.eval()
        log.setLevel(logging.ERROR)  # it tells which other packages are missing
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PyTorch about itself
            try:
                from onnxscript import optimizer
            except ModuleNotFoundError as error:
                raise _missing(error, "onnxscript", 'pip install "pellucid[onnx]"') from error
            # in PyTorch's own order: others it writes as flattenings of the whole batch
            example = example.detach().contiguous()
            program = torch.onnx.export(
                module, (example,), dynamo=True, optimize=False, verbose=False
            )
            assert program is not None
            optimizer.fold_constants(program.model)
            optimizer.remove_unused_nodes(program.model)
            return _named(program.model_proto)
    except MissingDependencyError:
        raise
    except Exception as error:
        reason = truncated(" ".join(str(error).split()), 300)
        raise ArgumentError(f"PyTorch cannot export {type(module).__name__}: {reason}") from error
    finally:
        log.setLevel(level)
        for part, mode in training.items():
            part.training = mode


def _named(proto: ModelProto) -> ModelProto:
    """The graph with values named after the parts of the module that make them."""
    taken = {name for node in proto.graph.node for name in (*node.input, *node.output)}
    new: dict[str, str] = {}
    for node, part in _parts(list(proto.graph.node)):
        name, number = part, 1
        while name in taken:  # a part that is called more than once
            number += 1
            name = f"{part}_{number}"
        taken.add(name)
        new[node.output[0]] = name
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = [new.get(name, name) for name in names]
    for value in (*proto.graph.output, *proto.graph.value_info):
        value.name = new.get(value.name, value.name)
    return proto


def _parts(nodes: list[NodeProto]) -> Iterator[tuple[NodeProto, str]]:
    """The nodes that make the values of PyTorch's own layers, and where these are in the module."""
    placed = [_place(node) for node in nodes]
    for number, (node, place) in enumerate(zip(nodes, placed, strict=True)):
        following = placed[number + 1] if number + 1 < len(nodes) else None
        if place is not None and place != following:
            yield node, place[0]


def _place(node: NodeProto) -> tuple[str, str] | None:
    """The layer that a node belongs to, and the call; None where it is no layer of PyTorch's."""
    texts = {each.key: each.value for each in node.metadata_props}
    try:
        scopes, classes = (ast.literal_eval(texts[key]) for key in (_SCOPES, _CLASSES))
        if classes[-2].startswith("torch.nn.modules.") and scopes[-2]:
            return scopes[-2], scopes[-1]
    except (LookupError, SyntaxError, TypeError, ValueError, AttributeError):
        pass
    return None


def _missing(error: ModuleNotFoundError, name: str, command: str) -> Any:
    if error.name != name:
        return error
    return MissingDependencyError(
        f"from_torch needs {name}, which is not installed; install it with: {command}"
    )
