"""Networks with trained weights, by name."""

from pellucid.interop.pretrained.catalogue import PRETRAINED
from pellucid.interop.pretrained.load import pretrained_model

__all__ = ["PRETRAINED", "pretrained_model"]
