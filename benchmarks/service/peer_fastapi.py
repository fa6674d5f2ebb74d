"""ONNX Runtime behind FastAPI, as its documentation puts them together.

    python peer_fastapi.py MODEL.onnx PORT [WORKERS]

One process for each core, each with one thread of ONNX Runtime: on two cores that answers more than
one process whose session has two threads. It needs fastapi, uvicorn[standard], onnxruntime, pillow.
"""

import os
import sys

import onnxruntime
import uvicorn
from fastapi import FastAPI, Request
from peer_work import Pictures, answer  # type: ignore[import-not-found]
from starlette.concurrency import run_in_threadpool


class Model:
    """The session; pictures in, the five likeliest classes out."""

    def __init__(self, path: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0]
        self.pictures = Pictures(path)

    def answer(self, content: bytes) -> dict[str, list[float] | list[int]]:
        """Decode and compute."""
        pixels = self.pictures.read(content)[None]
        logits = self.session.run(None, {self.input.name: pixels})[0][0]
        found: dict[str, list[float] | list[int]] = answer(logits)
        return found


def create() -> FastAPI:
    """The application; each process makes its own."""
    app, model = FastAPI(), Model(os.environ["PEER_MODEL"])

    @app.post("/predict")  # type: ignore[untyped-decorator]
    async def predict(request: Request) -> dict[str, list[float] | list[int]]:
        return await run_in_threadpool(model.answer, await request.body())

    return app


if __name__ == "__main__":
    os.environ["PEER_MODEL"] = sys.argv[1]
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count() or 1
    uvicorn.run(
        "peer_fastapi:create",
        factory=True,
        port=int(sys.argv[2]),
        workers=workers,
        log_level="warning",
        access_log=False,
    )
