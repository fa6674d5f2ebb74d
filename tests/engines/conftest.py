"""One thread for PyTorch: these networks are small, and the other cores have other tests to run."""

from __future__ import annotations

import torch

torch.set_num_threads(1)
