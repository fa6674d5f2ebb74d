"""Models whose layers compute with whole numbers of 8 bits, made from trained ones."""

from __future__ import annotations

from pellucid.quantisation.quantise import MOST_PICTURES, Quantised, quantise, weight_bytes

__all__ = ["MOST_PICTURES", "Quantised", "quantise", "weight_bytes"]
