"""A hub on this machine: serves the folders of checkpoints as huggingface.co would, to be named by `HF_ENDPOINT`."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LABELS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "_silence_", "_unknown_")


class Hub(ThreadingHTTPServer):
    """Models by name; what was asked is kept in `asked`."""

    daemon_threads = True

    def __init__(self, models: dict[str, Path], gated: frozenset[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.models = models
        self.gated = gated
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve(models: dict[str, Path], gated: frozenset[str] = frozenset()) -> Iterator[Hub]:
    """Serve until the end of the block."""
    hub = Hub(models, gated)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05}, name="hub")
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()


class _Answer(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
        self.server.asked.append(format % args)

    def _answer(self, *, with_body: bool) -> None:
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._list("/".join(parts[2:4]))
        else:
            self._file("/".join(parts[:2]), "/".join(parts[4:]), with_body=with_body)  # owner/name/resolve/main/file

    def _list(self, name: str) -> None:
        folder = self.server.models.get(name)
        if folder is None:
            self._refuse(HTTPStatus.UNAUTHORIZED, "RepoNotFound")  # so the hub answers who is not logged in
            return
        files = [{"rfilename": file.name, "size": file.stat().st_size} for file in sorted(folder.iterdir())]
        self._send(
            json.dumps({"id": name, "sha": COMMIT, "siblings": files}).encode(), {"Content-Type": "application/json"}
        )

    def _file(self, name: str, file: str, *, with_body: bool) -> None:
        path = self.server.models.get(name, Path()) / file
        if name in self.server.gated:
            self._refuse(HTTPStatus.FORBIDDEN, "GatedRepo")
        elif not path.is_file():
            self._refuse(HTTPStatus.NOT_FOUND, "EntryNotFound")
        else:
            body = path.read_bytes()
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
            self._send(body, headers, with_body=with_body)

    def _refuse(self, status: HTTPStatus, code: str) -> None:
        self._send(b"", {"X-Error-Code": code, "X-Repo-Commit": COMMIT}, status=status)

    def _send(
        self, body: bytes, headers: dict[str, str], *, with_body: bool = True, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def make_checkpoint(folder: Path, labels: tuple[str, ...] = LABELS) -> None:
    """Write a wav2vec2 with random weights, as small as can be. Imports torch: better in a process of its own."""
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification  # noqa: PLC0415

    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(10, 8),
        conv_kernel=(10, 8),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    Wav2Vec2ForSequenceClassification(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(return_attention_mask=False).save_pretrained(folder)


if __name__ == "__main__":
    make_checkpoint(Path(sys.argv[1]))
