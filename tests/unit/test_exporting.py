"""Exports equal torch, say what they were made from, and are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import soundfile
import torch
from transformers import AutoModelForAudioClassification, Wav2Vec2BertConfig, Wav2Vec2BertForSequenceClassification

import voicego
from tests.hub import LABELS, make_checkpoint
from voicego.app.comparing import Row, must_equal, why_not
from voicego.app.exporting import Exported, ExportSettings, export, table
from voicego.cli import main
from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import EMBEDDED, EMBEDDED_FOLDER, find
from voicego.spotting.engines import load
from voicego.spotting.export import to_onnx
from voicego.spotting.quiet_runtime import onnxruntime
from voicego.spotting.torch_engine import TorchClassifier

KINDS = ("wav2vec2", "ours", EMBEDDED)


def make_ours(folder: Path) -> None:
    """Write a network as the embedded one with random weights, but as small as can be."""
    config = Wav2Vec2BertConfig.from_pretrained(
        EMBEDDED_FOLDER, hidden_size=16, num_hidden_layers=1, intermediate_size=16, classifier_proj_size=8
    )
    Wav2Vec2BertForSequenceClassification(config).save_pretrained(folder)
    shutil.copy(EMBEDDED_FOLDER / "preprocessor_config.json", folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models")
    make_checkpoint(folder / "wav2vec2")
    make_ours(folder / "ours")
    return {"wav2vec2": str(folder / "wav2vec2"), "ours": str(folder / "ours"), EMBEDDED: EMBEDDED}


@pytest.fixture(scope="module")
def exports(models: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Each kind with int8 weights, in a folder of its own."""
    root = tmp_path_factory.mktemp("exports")
    return {kind: export(ExportSettings(model, root / kind, int8=True), quietly) for kind, model in models.items()}


def quietly(_: str) -> None:
    """What is reported goes nowhere."""


def row_of(engine: str, done: Exported) -> Row:
    return next(row for row in done.rows if row.engine == engine)


def make_row(accuracy: float | None, difference: float = 0.0) -> Row:
    return Row("onnx int8", "model.int8.onnx", 1, 1.0, 1.0, difference, accuracy)


def facts_in(path: Path) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


@pytest.mark.parametrize("kind", KINDS)
def test_onnx_equals_torch(kind: str, exports: dict[str, Exported]) -> None:
    row = row_of("onnx", exports[kind])

    assert row.difference < 1e-4
    assert row.same_label == 1.0


def test_int8_of_the_embedded_network_hears_what_torch_hears(exports: dict[str, Exported]) -> None:
    assert row_of("onnx int8", exports[EMBEDDED]).same_label >= 0.9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", ["model.onnx", "model.int8.onnx"])
@pytest.mark.parametrize("batch", [1, 5])
def test_any_number_of_windows_is_scored_at_once(
    kind: str, file: str, batch: int, exports: dict[str, Exported]
) -> None:
    session = onnxruntime().InferenceSession(exports[kind].folder / file)
    (entry,) = session.get_inputs()
    windows = np.zeros((batch, *entry.shape[1:]), np.float32)

    (logits,) = session.run(["logits"], {entry.name: windows})

    assert entry.name == ("input_values" if kind == "wav2vec2" else "input_features")
    assert logits.shape == (batch, len(LABELS) if kind == "wav2vec2" else 37)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", ["model.onnx", "model.int8.onnx"])
def test_an_export_says_what_it_was_made_from(
    kind: str, file: str, models: dict[str, str], exports: dict[str, Exported]
) -> None:
    checkpoint = find(models[kind])

    facts = facts_in(exports[kind].folder / file)

    assert tuple(json.loads(facts["labels"])) == checkpoint.labels
    assert json.loads(facts["preprocessor"]) == checkpoint.preprocessor
    weights = (checkpoint.folder / "model.safetensors").read_bytes()
    assert facts["weights_sha256"] == hashlib.sha256(weights).hexdigest()
    assert (facts["sample_rate"], facts["window"], facts["opset"]) == ("16000", "16000", "17")
    assert facts["voicego_version"] == voicego.__version__


def test_weights_in_several_files_are_loaded_and_hashed_in_order(models: dict[str, str], tmp_path: Path) -> None:
    folder = shutil.copytree(models["wav2vec2"], tmp_path / "shards")
    (folder / "model.safetensors").unlink()
    AutoModelForAudioClassification.from_pretrained(models["wav2vec2"]).save_pretrained(folder, max_shard_size="6KB")
    shards = sorted(folder.glob("model-*-of-*.safetensors"))

    done = export(ExportSettings(str(folder), int8=False), quietly)

    assert len(shards) > 1
    assert row_of("torch", done).size == sum(shard.stat().st_size for shard in shards)
    together = b"".join(shard.read_bytes() for shard in shards)
    assert facts_in(folder / "model.onnx")["weights_sha256"] == hashlib.sha256(together).hexdigest()


def test_the_report_beside_the_files_holds_the_table(exports: dict[str, Exported]) -> None:
    done = exports["ours"]

    found = json.loads((done.folder / "export.json").read_text())

    assert [row["file"] for row in found["rows"]] == ["model.safetensors", "model.onnx", "model.int8.onnx"]
    assert found["rows"][1]["size"] == (done.folder / "model.onnx").stat().st_size
    assert len(table(done)) == 4


def test_int8_is_kept_unmeasured_only_if_asked_for_and_an_older_one_is_removed(
    models: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "model.int8.onnx").write_bytes(b"of an earlier export")

    done = export(ExportSettings(models["ours"], tmp_path), quietly)

    assert "--clips" in row_of("onnx int8", done).dropped
    assert sorted(file.name for file in tmp_path.iterdir()) == ["export.json", "model.onnx"]


def test_no_int8_does_not_try_it(models: dict[str, str], tmp_path: Path) -> None:
    done = export(ExportSettings(models["ours"], tmp_path, int8=False), quietly)

    assert [row.engine for row in done.rows] == ["torch", "onnx"]


def test_a_folder_of_ones_own_is_where_the_files_go(models: dict[str, str], tmp_path: Path) -> None:
    folder = shutil.copytree(models["wav2vec2"], tmp_path / "mine")

    export(ExportSettings(str(folder), int8=False), quietly)

    assert (folder / "model.onnx").is_file()


def test_clips_give_accuracies(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "reel.wav", np.random.default_rng(0).normal(0, 0.01, 48_000), 16_000)
    lines = ["label\tfile\tfirst_sample", "_silence_\treel.wav\t0", "_silence_\treel.wav\t16000", "go\treel.wav\t32000"]
    (tmp_path / "clips.tsv").write_text("\n".join(lines))

    done = export(ExportSettings(EMBEDDED, tmp_path / "out", clips=tmp_path / "clips.tsv"), quietly)

    assert [row.accuracy for row in done.rows] == [pytest.approx(2 / 3)] * 3
    assert (tmp_path / "out" / "model.int8.onnx").is_file()
    assert done.heard == "3 clips of clips.tsv"


@pytest.mark.parametrize(("accuracy", "kept"), [(0.95, True), (0.9385, True), (0.937, False)])
def test_int8_may_cost_a_fifth_of_a_point(accuracy: float, kept: bool) -> None:  # noqa: FBT001
    reason = why_not(make_row(accuracy), make_row(0.94), wanted=True)

    assert (reason == "") == kept


@pytest.mark.parametrize("difference", [0.01, float("nan")])
def test_an_export_that_scores_otherwise_is_refused(difference: float) -> None:
    with pytest.raises(VoicegoError, match="not kept"):
        must_equal(make_row(None, difference))


def _break_off(at: str, error: BaseException, line: str) -> None:
    if line.endswith(at):
        raise error


@pytest.mark.parametrize("at", ["with torch", "model.onnx", "model.int8.onnx"])
def test_what_was_there_stays_whole_when_it_is_broken_off(at: str, models: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"of an earlier export")

    with pytest.raises(KeyboardInterrupt):
        export(ExportSettings(models["ours"], tmp_path), partial(_break_off, at, KeyboardInterrupt()))

    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert (tmp_path / "model.onnx").read_bytes() == b"of an earlier export"


def test_a_full_disk_is_told_and_leaves_nothing(
    models: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(VoicegoError, match=r"No space left on device.*--out"):
        export(ExportSettings(models["ours"], tmp_path), quietly)

    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_before_anything_is_done(
    models: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)

    with pytest.raises(VoicegoError, match=r'pip install "voicego\[export\]"'):
        export(ExportSettings(models["ours"], tmp_path / "out"), quietly)

    assert not (tmp_path / "out").exists()


def test_litert_needs_its_own_extra(models: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litert_torch", None)

    with pytest.raises(VoicegoError, match=r'pip install "voicego\[litert\]"'):
        export(ExportSettings(models["ours"], tmp_path, litert=True), quietly)


def test_a_fetched_model_is_exported_to_where_it_is_looked_for_and_the_shared_cache_is_left_alone(
    models: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEGO_DATA_DIR", str(tmp_path / "data"))
    folder = shutil.copytree(models["wav2vec2"], tmp_path / "models--owner--name" / "snapshots" / "0123")
    files = sorted(folder.iterdir())

    export(ExportSettings(str(folder)), quietly)

    assert (tmp_path / "data" / "exports" / "owner--name" / "model.onnx").is_file()
    assert sorted(folder.iterdir()) == files
    assert load(find(str(folder))).engine == "onnx"


def test_a_folder_that_cannot_be_written_is_named(models: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(VoicegoError, match=r"cannot write the export into .*file.*--out"):
        export(ExportSettings(models["ours"], tmp_path / "file"), quietly)


def test_clips_need_a_model_that_hears_their_words(tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "animals", ("cat", "dog"))
    (tmp_path / "clips.tsv").touch()

    with pytest.raises(VoicegoError, match="hears none of them"):
        export(ExportSettings(str(tmp_path / "animals"), tmp_path / "out", clips=tmp_path / "clips.tsv"), quietly)


@pytest.mark.parametrize(
    ("text", "said"),
    [("label\tfile\n", "empty"), ("label\ngo\n", "columns"), ("label\tfile\tfirst_sample\ngo\tno.wav\t0\n", "columns")],
)
def test_a_broken_list_of_clips_is_told(text: str, said: str, models: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "clips.tsv").write_text(text)

    with pytest.raises(VoicegoError, match=said):
        export(ExportSettings(models["ours"], tmp_path / "out", clips=tmp_path / "clips.tsv"), quietly)


def test_a_network_that_torch_cannot_follow_is_told(tmp_path: Path) -> None:
    class Strange(torch.nn.Module):
        def forward(self, **_: Any) -> Any:  # noqa: ANN401
            raise RuntimeError("no such operator\nand a long trace")

    classifier = TorchClassifier(("a",), Strange(), lambda windows: {"input_values": torch.from_numpy(windows)})

    with pytest.raises(VoicegoError, match=r"cannot export this network to ONNX: no such operator$"):
        to_onnx(classifier, {}, tmp_path / "model.onnx")


def test_the_verb_prints_the_table(models: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", models["ours"], "--out", str(tmp_path)])

    lines = capsys.readouterr().out.splitlines()
    assert ended.value.code == 0
    assert lines[-6].split()[:3] == ["engine", "file", "MB"]
    assert lines[-2].startswith("model.int8.onnx is not kept")
    assert lines[-1] == f"the files are in {tmp_path}"
