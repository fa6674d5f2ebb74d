"""LitServe with its dynamic batching around ONNX Runtime.

    python peer_litserve.py MODEL.onnx PORT [WORKERS [BATCH]]

It needs litserve, onnxruntime, pillow.
"""

import base64
import os
import sys
from typing import Any

import litserve
import numpy as np
import onnxruntime
from peer_work import Pictures, answer  # type: ignore[import-not-found]


class Api(litserve.LitAPI):  # type: ignore[misc]
    """Pictures in, the five likeliest classes out; batches by LitServe."""

    def setup(self, device: str) -> None:
        """Load the session, in each worker."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        path = os.environ["PEER_MODEL"]
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.pictures = Pictures(path)

    def decode_request(self, request: dict[str, str]) -> Any:
        """Decode one picture, which comes as base64 in JSON."""
        return self.pictures.read(base64.b64decode(request["picture"]))

    def batch(self, inputs: list[Any]) -> Any:
        """Pictures as one array."""
        return np.stack(inputs)

    def predict(self, batch: Any) -> Any:
        """Compute a batch."""
        alone = batch.ndim == 3
        found = self.session.run(None, {self.input.name: batch[None] if alone else batch})[0]
        return found[0] if alone else found

    def unbatch(self, output: Any) -> list[Any]:
        """One answer a picture."""
        return list(output)

    def encode_response(self, output: Any) -> dict[str, Any]:
        """The five likeliest."""
        found: dict[str, Any] = answer(output)
        return found


if __name__ == "__main__":
    os.environ["PEER_MODEL"] = sys.argv[1]
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count() or 1
    batch = int(sys.argv[4]) if len(sys.argv) > 4 else 8
    options = {} if batch == 1 else {"max_batch_size": batch, "batch_timeout": 0.002}
    server = litserve.LitServer(
        Api(**options), accelerator="cpu", workers_per_device=workers, fast_queue=True
    )
    server.run(
        port=int(sys.argv[2]), host="127.0.0.1", log_level="warning", generate_client_file=False,
        access_log=False,
    )  # fmt: skip
