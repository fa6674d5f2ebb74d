"""Several processes that learn together, by PyTorch's process groups.

Small numbers are exchanged between processors (gloo), gradients between devices: by gloo on
processors, by NCCL on GPUs.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from pellucid.engines.ranks import ALONE, RankLostError, Ranks, started_together
from pellucid.engines.torch.layout import value_array
from pellucid.ops.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from pellucid.engines.step import Step

CONNECTING = timedelta(minutes=5)
"""How long a rank waits until all others are there."""

PATIENCE = timedelta(hours=1)
"""How long a rank waits for another that is there and does not answer."""

_LOST = ("connection", "gloo", "nccl", "timed out", "timeout", "process group", "socket")
"""What messages have in them where another rank cannot be reached."""


class TorchRanks(Ranks):
    """The processes that ``torchrun`` started, connected.

    Args:
        device: This one's.
    """

    def __init__(self, device: torch.device) -> None:
        found = started_together()
        assert found is not None
        self.rank, self.world, self._local = found.rank, found.world, found.local_rank
        self.transport = "nccl" if device.type == "cuda" else "gloo"
        if device.type == "cuda":
            torch.cuda.set_device(device)
        try:
            distributed.init_process_group(
                "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", timeout=CONNECTING
            )
        except RuntimeError as error:
            raise RankLostError(
                f"rank {self.rank} of {self.world} cannot reach the others at "
                f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}; start all of them, and "
                "check the address and the port"
            ) from error
        with lost(self):
            # Each apart, since sums of gradients run while others are waited for.
            self._group = distributed.new_group(backend="gloo", timeout=PATIENCE)
            self.gradients = distributed.new_group(timeout=PATIENCE)
            self.statistics = distributed.new_group(timeout=PATIENCE)

    def sum(self, values: Sequence[float]) -> list[float]:
        tensor = torch.tensor(values, dtype=torch.float64)
        with lost(self):
            distributed.all_reduce(tensor, group=self._group)
        found: list[float] = tensor.tolist()
        return found

    def gather(self, value: Any) -> list[Any]:
        found: list[Any] = [None] * self.world
        with lost(self):
            distributed.all_gather_object(found, value, self._group)
        return found

    def table(self, row: Sequence[float]) -> Tensor:
        """A row of numbers from each rank, float64, (world, n)."""
        tensor = torch.zeros((self.world, len(row)), dtype=torch.float64)
        tensor[self.rank] = torch.tensor(row, dtype=torch.float64)
        with lost(self):
            distributed.all_reduce(tensor, group=self._group)
        return tensor

    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Bring tensors of every rank to their mean over all ranks, in place."""
        if not tensors:
            return
        flat = torch.cat([tensor.detach().double().cpu().reshape(-1) for tensor in tensors])
        with lost(self):
            distributed.all_reduce(flat, group=self._group)
        sizes = [tensor.numel() for tensor in tensors]
        for tensor, part in zip(tensors, torch.split(flat / self.world, sizes), strict=True):
            tensor.detach().copy_(part.view(tensor.shape))

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        if self._local != 0:
            self.sum([0.0])
        yield
        if self._local == 0:
            self.sum([0.0])

    def claim(self) -> bool:
        store = distributed.distributed_c10d._get_default_store()
        try:
            return bool(store.add("pellucid/failed", 1) == 1)
        except RuntimeError:  # the process that kept it is gone, and nobody can be asked
            return self.leads


class Together:
    """How a step is taken by all ranks together.

    Args:
        ranks: The processes.
        step: The step.
        module: Its graph.
        device: Where it is computed.
    """

    def __init__(
        self, ranks: TorchRanks, step: Step, module: nn.Module, device: torch.device
    ) -> None:
        self._ranks, self.world = ranks, ranks.world
        self._losses = {
            node.name: (node.operation, node.inputs[1])
            for node in step.graph.nodes
            if isinstance(node.operation, Loss)
        }
        with lost(ranks):
            self.module = DistributedDataParallel(
                module,
                device_ids=[device.index] if device.type == "cuda" else None,
                process_group=ranks.gradients,
                gradient_as_bucket_view=True,
            )

    def shares(self, inputs: Mapping[str, Tensor]) -> tuple[int, dict[str, float]]:
        """The place of this rank's first example in the whole batch; and how much its losses count.

        Args:
            inputs: Of the step's graph, by name; targets as ones and zeros among them.

        Returns:
            The place; and for each loss, by its value's name, the factor by which this rank's,
            a mean of its own, enters the mean over the whole batch.
        """
        count = len(next(iter(inputs.values())))
        losses = [
            (value, loss, loss.amount(value_array(inputs[name])) if name in inputs else count)
            for value, (loss, name) in self._losses.items()
        ]
        ranks = self._ranks
        table = ranks.table([count, *(amount for *_, amount in losses)])
        first, *_ = table[: ranks.rank].sum(0).tolist() if ranks.rank else [0.0]
        _, *wholes = table.sum(0).tolist()
        factors = {
            value: loss.divisor(amount) / loss.divisor(whole)
            for (value, loss, amount), whole in zip(losses, wholes, strict=True)
        }
        return int(first), factors


def join(device: torch.device) -> Ranks:
    """Connect with the processes that were started together with this one; a second time too."""
    global _joined
    if _joined is None:
        if started_together() is None:
            return ALONE
        _joined = TorchRanks(device)
    return _joined


def joined() -> TorchRanks | None:
    """The processes that this one is connected with; None: it is alone."""
    return _joined


_joined: TorchRanks | None = None


@contextmanager
def lost(ranks: TorchRanks | None) -> Iterator[None]:
    """While it lasts, a rank that cannot be reached is reported in one line.

    Args:
        ranks: Those that learn together; none: this process is alone.

    Raises:
        RankLostError: If PyTorch says that another rank is gone.
    """
    try:
        yield
    except RuntimeError as error:
        if ranks is None or not any(word in str(error).lower() for word in _LOST):
            raise
        raise RankLostError(
            f"rank {ranks.rank} lost another rank, which has ended or cannot be reached; what was "
            "kept is whole, go on with: pellucid train --resume FOLDER"
        ) from error


os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # a lost rank is said in one line, by us
