"""The files for deploying: what they name exists, and the service works behind nginx."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import onnxruntime
import pytest
import typer
import yaml

from pellucid.cli.app import app
from pellucid.files import save_model
from pellucid.interop.onnx.export import save_onnx
from tests.files.models import model
from tests.serving.running import pictures, png, start

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOST = "pets.example.org"


def options() -> set[str]:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {word for each in commands["serve"].params for word in each.opts}


def test_the_options_in_the_files_exist() -> None:
    known, seen = options(), set()
    for name in ("Dockerfile", "compose.yaml", "nginx.conf"):
        text = (DEPLOY / name).read_text("utf-8")
        lines = [line for line in text.splitlines() if not re.search("docker|pip|build", line)]
        seen |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(lines)))
    seen -= {"--no-cache-dir", "--create-home", "--uid", "--chown", "--start-period", "--interval"}
    seen -= {"--timeout", "--config"}
    assert len(seen) >= 5
    assert seen <= known


def test_the_compose_file_and_prometheus_agree() -> None:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    scrape: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    (job,) = scrape["scrape_configs"]
    (target,) = job["static_configs"][0]["targets"]
    service, port = target.split(":")
    given = compose["services"][service]
    assert given["command"] == ["--allow-host", service]
    assert any(mapping.endswith(f":{port}") for mapping in given["ports"])
    assert f"EXPOSE {port}" in (DEPLOY / "Dockerfile").read_text("utf-8")
    assert (
        job["authorization"]["credentials_file"] in compose["services"]["prometheus"]["command"][0]
    )


def test_the_configuration_for_triton_fits_an_export(tmp_path: Path) -> None:
    """Names and kinds are those of an exported network; shapes are of one's own."""
    save_onnx(tmp_path / "model.onnx", model())
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    text = (DEPLOY / "triton" / "digits" / "config.pbtxt").read_text("utf-8")
    kinds = {"tensor(uint8)": "TYPE_UINT8", "tensor(float)": "TYPE_FP32"}
    places = [*session.get_inputs(), *session.get_outputs()]
    for place in places:
        assert f'name: "{place.name}" data_type: {kinds[place.type]}' in text
    assert len(re.findall(r"{ name: ", text)) == len(places)


def test_the_script_for_ray_is_python_and_uses_public_names() -> None:
    import pellucid as pl

    tree = ast.parse((DEPLOY / "ray_serve.py").read_text("utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "pl"
    }
    assert used
    assert all(hasattr(pl, name) for name in used)


@contextmanager
def nginx(port: int, service: str, folder: Path) -> Iterator[None]:
    """nginx with the configuration, before a service."""
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    text = text.replace("127.0.0.1:8001", service).replace(
        "listen 8080", f"listen 127.0.0.1:{port}"
    )
    text = text.replace("rate=50r/s", "rate=5000r/s")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/errors; events {{}}\n"
        f"http {{ access_log off; {paths}\n{text}\n}}"
    )
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(1200):
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_behind_nginx(tmp_path: Path) -> None:
    save_model(tmp_path / "pets.safetensors", model())
    served = start(tmp_path / "pets.safetensors", "--allow-host", HOST, folder=tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    body = png(pictures(1)[0])
    try:
        with (
            nginx(port, served.place, tmp_path),
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers={"Host": HOST}, timeout=120
            ) as client,
        ):
            assert client.get("/v2/health/ready").status_code == 200
            answers = [client.post("/predict", content=body) for _ in range(5)]
            assert {answer.status_code for answer in answers} == {200}
            assert client.post("/predict", content=iter([body])).json() == answers[0].json()
            own = {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}
            assert client.post("/predict", content=body, headers=own).status_code == 200
            other = {"Origin": "https://evil.example"}
            assert client.post("/predict", content=body, headers=other).status_code == 403
            evil = {"Host": "evil.example"}
            assert client.post("/predict", content=body, headers=evil).status_code == 421
            assert client.get("/metrics").status_code == 403
            assert client.post("/predict", content=bytes((32 << 20) + 1)).status_code == 413
    finally:
        served.stop()
