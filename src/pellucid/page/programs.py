"""A compiled program as a page takes it: manifest, modules, and the memory that it begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines.native.runtime.web.program import inspecting_program
from pellucid.engines.native.wanted import Wanted
from pellucid.graph import INPUT
from pellucid.page.blobs import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.runtime.web.program import WebProgram
    from pellucid.graph import Network
    from pellucid.graph.fold import Folded
    from pellucid.ops.operation import Array
    from pellucid.page.blobs import Blobs

BLOCK = 256
"""Bytes of a block of memory; blocks of zeros alone are left out."""


def program_data(
    name: str,
    program: WebProgram,
    weights: Mapping[str, Array],
    blobs: Blobs,
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What a page knows of a program; its weights are the page's own, written where they belong.

    Args:
        name: Of the program, for its blobs.
        program: The program.
        weights: The network's; their shapes alone are used.
        blobs: Where bytes are kept.
        names: What weights are called in the page, where the program calls them otherwise.
    """
    about = program.to_dict()
    places: list[NDArray[np.uint32]] = []
    entries = []
    for own, weight in about["weights"].items():
        copies = [weight["addresses"], *weight["copies"]]
        places += copies
        entries.append(
            {
                "name": (names or {}).get(own, own),
                "shape": weight["shape"],
                "copies": len(copies),
            }
        )
    joined = np.concatenate([place.reshape(-1) for place in places] or [np.zeros(0, np.uint32)])
    # What depends on the weights is written by the page; the rest is the same for all.
    memory = program.memory({name: np.zeros_like(array) for name, array in weights.items()})
    starts, content = _segments(memory)
    return {
        **about,
        "weights": entries,
        "addresses": blobs.add(f"{name}-addresses", differences(joined)),
        "blocks": blobs.add(f"{name}-blocks", differences(starts)),
        "memory": blobs.add(f"{name}-memory", content),
        "modules": {
            variant: blobs.add(f"{name}-{variant}", code)
            for variant, code in program.modules.items()
        },
    }


def inspecting_data(
    network: Network, folded: Folded, blobs: Blobs, step: Callable[[], None], prefix: str = ""
) -> dict[str, Any]:
    """The programs that give every value, and every gradient, of one picture.

    What prediction never makes, a layer's values before the norm that is folded into it, comes with
    the gradients, which are of the graph as it is.

    Args:
        network: The network.
        folded: Its graph as it predicts.
        blobs: Where bytes are kept.
        step: Called after each of the two.
        prefix: Of the blobs' names.
    """
    graph = network.graph
    values = frozenset(name for name in folded.makers if name in graph.shapes)
    forward = inspecting_program(graph, Wanted(values=values))
    names = page_names(folded)
    found = {
        "forward": program_data(f"{prefix}forward", forward, network.weights, blobs, names),
    }
    step()
    every = frozenset([INPUT, *(node.name for node in graph.nodes)])
    hidden = frozenset(graph.shapes) - values - {INPUT}
    seeds = frozenset([graph.output])
    backward = inspecting_program(
        graph, Wanted(values=hidden, seeds=seeds, gradients=every, weights=True)
    )
    found["backward"] = program_data(f"{prefix}backward", backward, network.weights, blobs)
    step()
    return found


def page_names(folded: Folded) -> dict[str, str]:
    """What folded weights are called in a page, by what the compiled graph calls them."""
    return {
        f"{store}.{part}": f"{folded.norms[name].name}.{part}"
        for name, store in folded.made_weights().items()
        for part in ("kernel", "bias")
    }


def all_weights(network: Network, folded: Folded) -> dict[str, Array]:
    """The network's weights and those that folding makes, as a page calls them."""
    names = page_names(folded)
    computed = folded.weights(network.weights)
    return {**network.weights, **{names.get(name, name): a for name, a in computed.items()}}


def _segments(memory: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.uint8]]:
    """Where blocks with something in them begin, and all of these."""
    padded = np.zeros(-(-memory.size // BLOCK) * BLOCK, np.uint8)
    padded[: memory.size] = memory
    blocks = padded.reshape(-1, BLOCK)
    used = np.flatnonzero(blocks.any(axis=1))
    return (used * BLOCK).astype(np.uint32), blocks[used]
