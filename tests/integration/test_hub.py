"""Fetching a checkpoint from a hub on this machine, by real requests, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.hub import COMMIT, LABELS, serve
from voicego.spotting.hub import fetched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hub import Hub

ROOT = Path(__file__).parents[2]

FETCH = """
import json, sys
from voicego.errors import VoicegoError
from voicego.spotting.hub import fetch

found = {}
for model in sys.argv[1:]:
    said = []
    try:
        found[model] = {"folder": str(fetch(model, said.append)), "said": said}
    except VoicegoError as error:
        found[model] = {"error": str(error), "said": said}
print(json.dumps(found))
"""


def run(script: str, *arguments: object, **environ: str) -> str:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_", "HUGGING"))
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=kept | environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fetch(hub: Hub | str, home: Path, *models: str, **environ: str) -> dict[str, Any]:
    url = hub if isinstance(hub, str) else hub.url
    found: dict[str, Any] = json.loads(run(FETCH, *models, HF_ENDPOINT=url, HF_HOME=str(home), **environ))
    return found


def checkpoint(folder: Path, config: object = None, **files: str | None) -> Path:
    """Make what looks like a checkpoint; `name=None` leaves a file out, dots are written `__`."""
    usual: dict[str, Any] = {
        "architectures": ["Wav2Vec2ForSequenceClassification"],
        "id2label": {str(index): label for index, label in enumerate(LABELS)},
    }
    contents: dict[str, str | None] = {
        "config.json": json.dumps(usual if config is None else config),
        "preprocessor_config.json": "{}",
        "model.safetensors": "weights",
        "README.md": "a card",
    }
    contents |= {name.replace("__", "."): text for name, text in files.items()}
    folder.mkdir()
    for name, text in contents.items():
        if text is not None:
            (folder / name).write_text(text)
    return folder


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    whole = checkpoint(tmp_path / "whole", pytorch_model__bin="pickled", optimizer__pt="state", decision__json="{}")
    with serve({"me/whole": whole}) as hub:
        yield hub


class TestFetching:
    def test_it_brings_what_is_needed_and_nothing_else(self, hub: Hub, tmp_path: Path) -> None:
        found = fetch(hub, tmp_path / "home", "me/whole")["me/whole"]

        files = sorted(path.name for path in Path(found["folder"]).iterdir())
        assert files == ["config.json", "decision.json", "model.safetensors", "preprocessor_config.json"]
        assert found["said"][0] == f"me/whole hears: {', '.join(LABELS)}"
        assert not [line for line in hub.asked if "GET" in line and re.search("pytorch_model|optimizer|README", line)]

    def test_what_was_fetched_is_found_again_without_asking(self, hub: Hub, tmp_path: Path) -> None:
        environ = {"HF_HOME": str(tmp_path / "home")}
        before = fetched("me/whole", environ)
        folder = fetch(hub, tmp_path / "home", "me/whole")["me/whole"]["folder"]
        asked = len(hub.asked)

        assert before is None
        assert fetched("me/whole", environ) == Path(folder)
        assert fetched("me/other", environ) is None
        assert len(hub.asked) == asked

    def test_a_second_time_brings_nothing_twice(self, hub: Hub, tmp_path: Path) -> None:
        first = fetch(hub, tmp_path / "home", "me/whole")
        hub.asked.clear()

        assert fetch(hub, tmp_path / "home", "me/whole") == first
        assert not [line for line in hub.asked if "GET" in line and "resolve" in line]

    def test_weights_in_parts_are_brought_whole(self, tmp_path: Path) -> None:
        index = json.dumps({"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}})
        parts = checkpoint(tmp_path / "parts", model__safetensors=None)
        (parts / "model.safetensors.index.json").write_text(index)
        (parts / "model-1-of-2.safetensors").write_text("1")
        (parts / "model-2-of-2.safetensors").write_text("2")

        with serve({"me/parts": parts}) as hub:
            folder = Path(fetch(hub, tmp_path / "home", "me/parts")["me/parts"]["folder"])

        assert fetched("me/parts", {"HF_HOME": str(tmp_path / "home")}) == folder
        (folder / "model-2-of-2.safetensors").unlink()
        assert fetched("me/parts", {"HF_HOME": str(tmp_path / "home")}) is None

    def test_older_weights_are_taken_where_there_are_no_others(self, tmp_path: Path) -> None:
        old = checkpoint(tmp_path / "old", model__safetensors=None, pytorch_model__bin="pickled")

        with serve({"me/old": old}) as hub:
            folder = Path(fetch(hub, tmp_path / "home", "me/old")["me/old"]["folder"])

        assert (folder / "pytorch_model.bin").read_text() == "pickled"
        assert fetched("me/old", {"HF_HOME": str(tmp_path / "home")}) == folder

    @pytest.mark.slow
    def test_a_real_checkpoint_loads_with_the_network_forbidden(self, tmp_path: Path) -> None:
        subprocess.run([sys.executable, ROOT / "tests" / "hub.py", tmp_path / "tiny"], capture_output=True, check=True)
        with serve({"me/tiny": tmp_path / "tiny"}) as hub:
            fetch(hub, tmp_path / "home", "me/tiny")
            asked = len(hub.asked)

            labels = run(
                "from voicego.spotting.hub import fetched, offline; offline()\n"
                "from transformers import AutoFeatureExtractor, AutoModelForAudioClassification\n"
                "folder = fetched('me/tiny')\n"
                "AutoFeatureExtractor.from_pretrained(folder)\n"
                "print(*AutoModelForAudioClassification.from_pretrained(folder).config.id2label.values())\n"
                "AutoModelForAudioClassification.from_pretrained('me/tiny')",  # by its name as well
                HF_ENDPOINT=hub.url,
                HF_HOME=str(tmp_path / "home"),
            )

            assert labels.split() == list(LABELS)
            assert len(hub.asked) == asked


def test_a_network_that_can_be_fine_tuned_is_fetched_and_said_to_hear_nothing_yet(tmp_path: Path) -> None:
    body = {"architectures": ["Wav2Vec2ForPreTraining"], "model_type": "wav2vec2"}
    with serve({"me/body": checkpoint(tmp_path / "body", body)}) as hub:
        found = fetch(hub, tmp_path / "home", "me/body")["me/body"]

    assert any("voicego train --start me/body" in line for line in found["said"])


REFUSED = {
    "me/none": "has no model me/none",
    "me/gated": "is gated: ask for access at",
    "not/a/name": "is no name of a model",
    "me/generator": "is no audio classifier but GPT2LMHeadModel",
    "me/nameless": "is no audio classifier but something unnamed",
    "me/unlabelled": "does not say what it hears",
    "me/stand_ins": "does not say what it hears",
    "me/text": "has no preprocessor_config.json: it is no model for sound",
    "me/weightless": "has no weights for PyTorch",
    "me/torn": "lacks model-1-of-2.safetensors",
    "me/empty": "has no config.json",
    "me/garbage": "is no JSON",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("hub")
    classifier = ["Wav2Vec2ForSequenceClassification"]
    torn = checkpoint(folder / "torn", model__safetensors=None)
    (torn / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-1-of-2.safetensors"}}')
    models = {
        "me/gated": checkpoint(folder / "gated"),
        "me/generator": checkpoint(folder / "generator", {"architectures": ["GPT2LMHeadModel"]}),
        "me/nameless": checkpoint(folder / "nameless", {}),
        "me/unlabelled": checkpoint(folder / "unlabelled", {"architectures": classifier}),
        "me/stand_ins": checkpoint(
            folder / "stand_ins", {"architectures": classifier, "id2label": {"0": "LABEL_0", "1": "LABEL_1"}}
        ),
        "me/text": checkpoint(folder / "text", preprocessor_config__json=None),
        "me/weightless": checkpoint(folder / "weightless", model__safetensors=None, tf_model__h5="tensors"),
        "me/torn": torn,
        "me/empty": checkpoint(folder / "empty", config__json=None),
        "me/garbage": checkpoint(folder / "garbage", config__json="{"),
    }
    with serve(models, gated=frozenset({"me/gated"})) as hub:
        return fetch(hub, folder / "home", *REFUSED)


class TestRefusing:
    @pytest.mark.parametrize("model", REFUSED)
    def test_what_cannot_be_used_is_a_sentence(self, outcomes: dict[str, Any], model: str) -> None:
        assert REFUSED[model] in outcomes[model]["error"]
        assert "\n" not in outcomes[model]["error"]

    def test_a_hub_that_is_down_is_named_without_a_second_try(self, tmp_path: Path) -> None:
        never_wait = "import sys, time\ntime.sleep = lambda _: sys.exit('it waits, to try again')\n"
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, not listening: it refuses
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"

            found = json.loads(run(never_wait + FETCH, "me/whole", HF_ENDPOINT=url, HF_HOME=str(tmp_path)))

        assert found["me/whole"]["error"].startswith(f"cannot reach the hub at {url}: ")

    def test_a_page_to_log_in_at_is_not_taken_for_the_hub(self, tmp_path: Path) -> None:
        class Portal(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(HTTPStatus.OK)
                self.end_headers()
                self.wfile.write(b"<html>Room number and surname?</html>")

            def log_message(self, *_: object) -> None: ...

        with HTTPServer(("127.0.0.1", 0), Portal) as portal:
            thread = threading.Thread(target=portal.handle_request)
            thread.start()
            url = f"http://127.0.0.1:{portal.server_port}"

            error = fetch(url, tmp_path, "me/whole")["me/whole"]["error"]
            thread.join()

        assert error.startswith(f"what answers at {url} is not the hub")

    def test_a_forbidden_network_is_said_to_be_forbidden(self, hub: Hub, tmp_path: Path) -> None:
        error = fetch(hub, tmp_path / "home", "me/whole", HF_HUB_OFFLINE="1")["me/whole"]["error"]

        assert "forbids the network (HF_HUB_OFFLINE" in error
        assert hub.asked == []

    def test_a_cache_that_cannot_be_written_is_a_sentence(self, hub: Hub, tmp_path: Path) -> None:
        (tmp_path / "home").touch()

        error = fetch(hub, tmp_path / "home", "me/whole")["me/whole"]["error"]

        assert error.startswith(f"cannot keep me/whole in {tmp_path / 'home' / 'hub'}: ")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits for a process")
    def test_a_disk_too_small_is_a_sentence_and_leaves_no_half_model(self, tmp_path: Path) -> None:
        large = checkpoint(tmp_path / "large", model__safetensors="x" * 200_000)
        limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n{FETCH}"

        with serve({"me/large": large}) as hub:
            found = json.loads(run(limited, "me/large", HF_ENDPOINT=hub.url, HF_HOME=str(tmp_path / "home")))

        assert "cannot keep me/large in" in found["me/large"]["error"]
        assert fetched("me/large", {"HF_HOME": str(tmp_path / "home")}) is None


class TestCache:
    @pytest.mark.parametrize(
        "environ",
        [
            {},
            {"XDG_CACHE_HOME": "/a"},
            {"XDG_CACHE_HOME": ""},
            {"HF_HOME": "/b"},
            {"HF_HOME": "~/b"},
            {"HF_HOME": "$HOME/b", "XDG_CACHE_HOME": "/a"},
            {"HUGGINGFACE_HUB_CACHE": "/c", "HF_HOME": "/b"},
            {"HF_HUB_CACHE": "/d", "HUGGINGFACE_HUB_CACHE": "/c"},
        ],
        ids=str,
    )
    def test_it_is_where_the_hubs_own_library_keeps_it(self, environ: dict[str, str]) -> None:
        script = (
            "import os; from voicego.spotting.hub import _cache; from huggingface_hub.constants import HF_HUB_CACHE\n"
            "print(_cache(os.environ) == __import__('pathlib').Path(HF_HUB_CACHE), HF_HUB_CACHE)"
        )

        assert run(script, **environ).startswith("True")

    @pytest.mark.parametrize("commit", ["", "elsewhere", "../..", "\0", "é"])
    def test_a_cache_that_is_not_whole_is_none(self, tmp_path: Path, commit: str) -> None:
        refs = tmp_path / "models--me--x" / "refs"
        refs.mkdir(parents=True)
        (refs / "main").write_text(commit)
        (tmp_path / "models--me--x" / "snapshots" / COMMIT).mkdir(parents=True)

        assert fetched("me/x", {"HF_HUB_CACHE": str(tmp_path)}) is None

    def test_looking_imports_nothing(self) -> None:
        script = (
            "import sys; from voicego.spotting.hub import fetched; fetched('me/x')\n"
            "print({'huggingface_hub', 'numpy', 'torch'} & sys.modules.keys())"
        )

        assert run(script) == "set()\n"

    def test_offline_is_read_by_the_hubs_own_library(self) -> None:
        script = (
            "from voicego.spotting.hub import offline; offline()\n"
            "from huggingface_hub import constants; print(constants.HF_HUB_OFFLINE)"
        )

        assert run(script) == "True\n"
