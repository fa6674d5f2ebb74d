"""Models whose layers compute with whole numbers or bfloat16, made from trained ones."""

from __future__ import annotations

from pellucid.quantisation.bfloat16 import to_bfloat16
from pellucid.quantisation.quantise import MOST_PICTURES, quantise, weight_bytes
from pellucid.quantisation.replaced import Quantised

__all__ = ["MOST_PICTURES", "Quantised", "quantise", "to_bfloat16", "weight_bytes"]
