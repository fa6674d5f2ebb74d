"""A model on Ray Serve: replicas over machines, batches by Ray.

pip install "ray[serve]" pellucid
MODEL=pets.safetensors serve run ray_serve:app
curl --data-binary @cat.jpg http://127.0.0.1:8000/
"""

import os
from pathlib import Path
from typing import Any

from ray import serve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import pellucid as pl

CORES = 1  # of each replica, which gets so many threads


@serve.deployment(
    ray_actor_options={
        "num_cpus": CORES,
        "runtime_env": {"env_vars": {"PELLUCID_THREADS": str(CORES)}},
    },
    autoscaling_config={"min_replicas": 1, "max_replicas": 8, "target_ongoing_requests": 8},
    max_ongoing_requests=64,
    max_queued_requests=256,  # more are answered 503
)
class Served:
    """One replica.

    Args:
        path: A model file that every machine has.
    """

    def __init__(self, path: str) -> None:
        self.model = pl.load(path)

    async def __call__(self, request: Request) -> Response:
        """Answer the picture in a request's body."""
        answer = await self.answers(await request.body())
        return JSONResponse(answer, 422 if "error" in answer else 200)

    @serve.batch(max_batch_size=16, batch_wait_timeout_s=0.002)
    async def answers(self, pictures: list[bytes]) -> list[dict[str, Any]]:
        """Answer pictures together; each answer is the same as alone, bit for bit."""
        try:
            return self._of(pictures)
        except pl.PellucidError:  # one of them is no picture: each for itself
            return [self._alone(each) for each in pictures]

    def _of(self, pictures: list[bytes]) -> list[dict[str, Any]]:
        names = [str(name) for name in self.model.classes_]
        rows = self.model.predict_proba(pictures)
        return [dict(zip(names, row.tolist(), strict=True)) for row in rows]

    def _alone(self, picture: bytes) -> dict[str, Any]:
        try:
            return self._of([picture])[0]
        except pl.PellucidError as error:
            return {"error": str(error)}


app = Served.bind(str(Path(os.environ["MODEL"]).resolve()))
