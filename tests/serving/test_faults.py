"""What goes wrong around a service, with the whole service in a process of its own."""

from __future__ import annotations

import io
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from pellucid.files import save_model
from tests.files.models import model
from tests.serving.raw import Connection
from tests.serving.running import Process, pictures, png, start

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKUP = "</script><img src=x onerror=alert(1)>"
BODY, PIXELS, PARTS = 200_000, 5000, 8


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A service of two models with markup in the names of classes, files and folders."""
    folder = tmp_path_factory.mktemp("faults")
    hostile = model()
    hostile = type(hostile)(
        hostile.network, (MARKUP, "b", "c"), hostile.preprocessing, hostile.provenance
    )
    (folder / "<b>").mkdir()
    path = folder / "<b>" / "<img src=x onerror=alert(1)>.safetensors"
    save_model(path, hostile)
    (folder / "secret.txt").write_text("the secret")
    limits = {
        "--max-body": BODY, "--max-pixels": PIXELS, "--max-parts": PARTS, "--head-seconds": 60,
        "--request-seconds": 120, "--linger-seconds": 0.3,
    }  # fmt: skip
    options = [text for pair in limits.items() for text in pair]
    process = start(path, f"other={path}", *options, folder=folder)
    try:
        yield process
    finally:
        process.stop()
        Connection.close_all()


@pytest.fixture
def client(served: Process) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, params={"model": "other"}, timeout=120) as found:
        yield found


def one(seed: int = 0) -> bytes:
    return png(pictures(1, seed)[0])


# ------------------------------------------------------------------------------------------- size


def test_limits_of_bodies_pixels_and_parts(client: httpx.Client) -> None:
    assert client.post("/predict", content=bytes(BODY + 1)).status_code == 413
    assert client.post("/predict", content=iter([bytes(BODY), b"x"])).status_code == 413
    large = client.post("/predict", content=png(np.zeros((100, 51, 3), np.uint8)))
    assert 400 <= large.status_code < 500
    assert str(PIXELS) in large.json()["error"]
    many = [("files", (f"{k}.png", one())) for k in range(PARTS + 1)]
    assert client.post("/predict", files=many).status_code == 413
    assert client.post("/predict", files=many[:PARTS]).status_code == 200


def test_a_hundred_thousand_parts(client: httpx.Client) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    answer = client.post(
        "/predict",
        content=iter([part * 1000] * 100),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413


def test_of_a_film_the_first_frame_is_answered(client: httpx.Client) -> None:
    frames = [Image.fromarray(each) for each in pictures(20)]
    file, first = io.BytesIO(), io.BytesIO()
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    frames[0].save(first, "TIFF")
    both = [client.post("/predict", content=each.getvalue()) for each in (file, first)]
    assert both[0].status_code == 200
    assert both[0].json()["answers"] == both[1].json()["answers"]


def test_what_is_compressed_is_refused(client: httpx.Client) -> None:
    answer = client.post("/predict", content=one(), headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


# ----------------------------------------------------------------------------- whose request it is


def test_other_names_and_other_sites(client: httpx.Client) -> None:
    for fields, status in (
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}, 200),
    ):
        assert client.post("/predict", content=one(), headers=fields).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/page/../secret.txt",
        "/page/..%2fsecret.txt", "/page/%2e%2e", "/v2/models/..%2fsecret.txt",
        "/v2/models/%2e%2e/ready", "/v2/models/other/versions/..%2f..", "/page/secret.txt%00",
        "/v2/models/..\\secret.txt", "//secret.txt", "/page/%2fetc%2fpasswd",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(served: Process, path: str) -> None:
    host, port = served.place.split(":")
    connection = Connection(int(port))
    answer = connection.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).answer()
    assert 400 <= answer.status < 500
    assert b"secret" not in answer.body.replace(b"secret.txt", b"")
    assert b"root:" not in answer.body


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "secret.txt", "..%2fother", "a\0b"])
def test_no_model_is_loaded_by_its_place(client: httpx.Client, name: str) -> None:
    assert 400 <= client.post("/predict", params={"model": name}, content=one()).status_code < 500
    load = client.post("/v2/repository/models/" + name.replace("/", "%2f").replace("\0", "%00")
                       + "/load")  # fmt: skip
    assert 400 <= load.status_code < 500


def test_no_address_is_fetched(client: httpx.Client) -> None:
    reached = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as bait:
        bait.settimeout(0.5)
        address = f"http://127.0.0.1:{bait.getsockname()[1]}/a.png"
        tensor = {"name": "file", "datatype": "BYTES", "shape": [1], "data": [address]}
        tries: list[dict[str, Any]] = [
            {"url": "/predict", "content": address.encode()},
            {"url": "/predict", "params": {"model": "other", "url": address}, "content": one()},
            {"url": "/predict", "files": {"url": (address, address.encode())}},
            {"url": "/predict", "json": {"url": address}},
            {"url": "/v2/models/other/infer", "json": {"inputs": [tensor]}},
            {"url": "/v2/repository/models/other/load",
             "json": {"parameters": {"config": address, "file:1/m": address}}},
            {"url": "/predict", "content": b"<svg><image href='" + address.encode() + b"'/></svg>"},
        ]  # fmt: skip
        for each in tries:
            client.post(**each)
        try:
            bait.accept()[0].close()
            reached.set()
        except TimeoutError:
            pass
    assert not reached.is_set()


# ------------------------------------------------------------------------------------------ markup


class Tags(HTMLParser):
    """The tags of a page, and what its scripts say."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_markup_in_names_stays_text(client: httpx.Client) -> None:
    for path in ("/", "/page/other", f"/{MARKUP}", f"/page/{MARKUP}"):
        answer = client.get(path, params={})
        if not answer.headers["content-type"].startswith("text/html"):
            assert answer.headers["content-type"] == "application/json"
            continue
        found = Tags()
        found.feed(answer.text)
        assert not [tag for tag, attributes in found.tags if "onerror" in attributes or tag == "b"]
        assert MARKUP not in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    files = [("files", (MARKUP + str(k), one(k))) for k in range(2)]
    answer = client.post("/predict", files=files)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    named = [each["class"] for each in answer.json()["answers"][0]["guesses"]]
    assert MARKUP in named


def test_a_part_of_a_page_is_not_given(client: httpx.Client) -> None:
    whole = client.get("/openapi.json")
    for asked in ("bytes=0-3", "bytes=0-0,1-1,2-2", "bytes=-1", "bytes=9999999-"):
        part = client.get("/openapi.json", headers={"Range": asked})
        assert (part.status_code, part.content) == (200, whole.content)


# -------------------------------------------------------------------------------------- load


def test_batched_is_single_bit_for_bit(client: httpx.Client) -> None:
    sent = [one(seed) for seed in range(24)]
    alone = [client.post("/predict", content=each).json()["answers"][0] for each in sent]
    files = [("files", (f"{k}.png", each)) for k, each in enumerate(sent[:PARTS])]
    together = client.post("/predict", files=files).json()["answers"]
    with ThreadPoolExecutor(12) as pool:
        at_once = [
            answer.json()["answers"][0]
            for answer in pool.map(lambda each: client.post("/predict", content=each), sent)
        ]
    for found in (*together, *at_once, *alone):
        found.pop("picture")
    assert together == alone[:PARTS]
    assert at_once == alone


def test_one_bad_item_fails_alone(client: httpx.Client) -> None:
    files = [
        ("files", ("a.png", one())),
        ("files", ("b.png", b"noise")),
        ("files", ("c.png", one(1))),
    ]
    answers = client.post("/predict", files=files).json()["answers"]
    assert ["error" in each for each in answers] == [False, True, False]


# ------------------------------------------------------------- whatever its description allows


def test_what_the_description_allows(served: Process) -> None:
    """Every operation, with cases drawn from the description; pages take seconds to be compiled.

    What it allows must be accepted, but where JSON schemas cannot say what is: that bytes are a
    picture, that a tensor has as many values as its shape, and which layers and boxes a model has.
    """
    import schemathesis  # which takes a second, and every process of the tests reads this file
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    schema = schemathesis.openapi.from_url(served.url + "/openapi.json")
    tried = accepted = 0
    for result in schema.exclude(path_regex=r"^/$|^/page").get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()

        @settings(
            max_examples=4, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            excluded = [positive_data_acceptance] if case.operation.body else []
            case.call_and_validate(excluded_checks=excluded)
            if case.operation.path == "/predict":  # its parameters, with a picture
                case.body, case.media_type = one(), "image/png"
                case.call_and_validate()

        ask()
        tried += 1
        accepted += not operation.body or operation.path == "/predict"
    assert tried >= 10
    assert accepted >= 9


def test_it_is_still_well(client: httpx.Client, served: Process) -> None:
    assert client.post("/predict", content=one()).status_code == 200
    assert served.process.poll() is None
    assert json.loads(client.get("/v2/health/ready").text) == {"ready": True}
