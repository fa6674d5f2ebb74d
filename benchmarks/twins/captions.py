"""The part of a captioner that learns, in PyTorch: places, words, a GRU, attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from benchmarks.twins.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping


class Captions(Twin):
    """Words look at the places of a map; without dropout."""

    def __init__(
        self, *, shape: tuple[int, int, int], vocabulary: int, length: int, units: int
    ) -> None:
        super().__init__()
        self.standard, self.sees = nn.BatchNorm2d(shape[2]), nn.Conv2d(shape[2], units, 1)
        self.embedding = nn.Embedding(vocabulary, units // 2)
        self.reads = nn.GRU(units // 2, units, batch_first=True)
        self.query, self.hidden = nn.Linear(units, units), nn.Linear(2 * units, units)
        self.logits = nn.Linear(units, vocabulary)

    def layers(self) -> dict[str, nn.Module]:
        named = {
            "standard": self.standard, "places": self.sees, "embedding": self.embedding,
            "reads": self.reads, "query": self.query, "hidden": self.hidden, "logits": self.logits,
        }  # fmt: skip
        return {f"caption-{name}": module for name, module in named.items()}

    def losses(self, step: str, feeds: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        norm = self.standard
        x = functional.batch_norm(  # by what was found before training
            self.maps(feeds["features"]), norm.running_mean, norm.running_var, norm.weight,
            norm.bias,
        )  # fmt: skip
        rows = functional.relu(self.sees(x)).flatten(2).transpose(1, 2)
        read, _ = self.reads(self.embedding(feeds["words"].long()))
        looked = functional.scaled_dot_product_attention(self.query(read), rows, rows)
        hidden = functional.relu(self.hidden(torch.cat([read, looked], 2)))
        logits, wanted = self.logits(hidden), feeds["targets"].long()
        return {"loss": functional.cross_entropy(logits.transpose(1, 2), wanted, ignore_index=-1)}
