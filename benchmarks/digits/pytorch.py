"""PyTorch in its fastest layout, with the same recipe; the pictures lie ready in plain arrays."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from benchmarks.contenders.pytorch import build
from benchmarks.digits import BATCH, SMOOTHING, WORKLOAD

MEAN, STD = 33.3, 78.6  # of MNIST's training pixels


def main() -> None:
    """Learn, save, judge; see :mod:`benchmarks.digits`."""
    epochs, seed, out, folder, rate, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.set_flush_denormal(True)
    torch.manual_seed(int(seed))
    images, labels = _load(folder, "train")
    model = build(WORKLOAD, 1, 10).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(model.parameters(), float(rate), momentum=0.9, nesterov=True)
    steps = -(-len(images) // BATCH) * int(epochs)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, float(rate), total_steps=steps, cycle_momentum=False
    )
    for _ in range(int(epochs)):
        for chosen in torch.split(torch.randperm(len(images)), BATCH):
            optimizer.zero_grad()
            logits = model(_input(images[chosen]))
            loss = functional.cross_entropy(logits, labels[chosen], label_smoothing=SMOOTHING)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    torch.save(model.state_dict(), out)
    print(json.dumps({"saved": out}), flush=True)

    images, labels = _load(folder, "test")
    with torch.inference_mode():
        guesses = torch.cat(
            [model(_input(part)).argmax(dim=1) for part in torch.split(images, BATCH)]
        )
    accuracy = float((guesses == labels).double().mean())
    print(json.dumps({"accuracy": accuracy}), flush=True)


def _load(folder: str, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = (np.load(Path(folder) / f"{part}-{what}.npy") for what in ("images", "labels"))
    return torch.from_numpy(images), torch.from_numpy(labels)


def _input(images: torch.Tensor) -> torch.Tensor:
    pixels = images.permute(0, 3, 1, 2)
    return pixels.to(torch.float32, memory_format=torch.channels_last).sub_(MEAN).div_(STD)


if __name__ == "__main__":
    main()
