"""A checkpoint on the disk: where it lies, what it hears, its decision table. Reads JSON, never a tensor."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError
from voicego.paths import paths
from voicego.spotting.decision import Row, Thresholds
from voicego.spotting.hub import CONFIG, DECISION, FEATURES, PICKLED, SHARDS, WEIGHTS, fetched
from voicego.spotting.labels import keywords_of

if TYPE_CHECKING:
    from collections.abc import Mapping

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parent / "embedded"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of a checkpoint before it is loaded."""

    name: str
    """As the rules file names it."""
    folder: Path
    labels: tuple[str, ...]
    """Every class, in the order of the model's outputs."""
    table: Mapping[str, Row]
    """Thresholds that were measured for it; empty for checkpoints from elsewhere."""
    preprocessor: Mapping[str, Any]

    @property
    def keywords(self) -> tuple[str, ...]:
        """Words that rules may name: those of the table, else every label that is a word."""
        return tuple(self.table) or keywords_of(self.labels)

    @property
    def usual(self) -> tuple[str, ...]:
        """Those of `keywords` that are listened for where no rule says which."""
        return tuple(word for word in self.keywords if not self.table.get(word, Row()).extra)

    @property
    def exports(self) -> Path:
        """Folder in which `voicego export` keeps its files: beside the weights, unless they lie in a shared cache."""
        if self.folder.parent.name != "snapshots":
            return self.folder
        return paths(os.environ).exports / self.folder.parents[1].name.removeprefix("models--")


def find(model: str) -> Checkpoint:
    """Find `embedded`, a folder, or a hub id that was fetched.

    Raises:
        VoicegoError: it is not there, or is no audio classifier; the message says what to do.
    """
    folder = folder_of(model)
    config = read_json(folder / CONFIG, model)
    labels = _labels(config, model)
    if not any((folder / name).is_file() for name in (WEIGHTS, SHARDS, PICKLED)):
        raise VoicegoError(f"the model {model} has no weights: neither {WEIGHTS} nor {PICKLED} is in {folder}")
    features = [folder / name for name in FEATURES if (folder / name).is_file()]
    if not features:
        raise VoicegoError(f"the model {model} does not say how it wants its sound: no {FEATURES[0]} in {folder}")
    table = _table(folder / DECISION, labels, model)
    return Checkpoint(model, folder, labels, table, read_json(features[0], model))


def keywords(model: str) -> tuple[str, ...]:
    """Words that a model offers to rules; raises as `find` does."""
    return find(model).keywords


def folder_of(model: str) -> Path:
    """Find the folder of `embedded`, of a path, or of a hub id that was fetched; raises VoicegoError."""
    if model == EMBEDDED:
        return EMBEDDED_FOLDER
    path = Path(model).expanduser()
    if path.is_dir():
        return path
    if looks_like_a_path(model):
        raise VoicegoError(f"there is no model folder {path}")
    if model.count("/") != 1:
        raise VoicegoError(f'no model "{model}": write `embedded`, a folder, or a hub id such as owner/name')
    found = fetched(model)
    if found is None:
        raise VoicegoError(f"the model {model} is not on this computer; fetch it once with: voicego fetch {model}")
    return found


def weights_of(folder: Path) -> list[Path]:
    """Weight files of a checkpoint folder, in the order in which `weights_sha256` reads them."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if (folder / SHARDS).is_file():
        return sorted(folder.glob("model-*.safetensors"))
    return [folder / PICKLED]


def weights_sha256(folder: Path) -> str:
    """SHA-256 of a checkpoint's weights in hexadecimal; of several shards, as if they were one file."""
    import hashlib  # noqa: PLC0415 -- it loads OpenSSL, and `voicego check` asks only for words

    digest = hashlib.sha256()
    for path in weights_of(folder):
        with path.open("rb") as file:
            while piece := file.read(2**20):
                digest.update(piece)
    return digest.hexdigest()


def looks_like_a_path(model: str) -> bool:
    """Whether a model's name can only be meant as a folder."""
    return model.startswith(("/", "./", "../", "~", ".\\", "\\")) or Path(model).is_absolute()


def _labels(config: Mapping[str, Any], model: str) -> tuple[str, ...]:
    named = config.get("id2label")
    if not isinstance(named, dict) or not named:
        raise VoicegoError(f'the model {model} does not name what it hears: {CONFIG} has no "id2label"')
    try:
        labels = tuple(str(named[key]) for key in sorted(named, key=int))
    except ValueError as error:
        raise VoicegoError(
            f'the model {model} is damaged: "id2label" in {CONFIG} has keys that are no numbers'
        ) from error
    if len(set(labels)) != len(labels):
        raise VoicegoError(f'the model {model} gives one label to two classes; mend "id2label" in its {CONFIG}')
    if not keywords_of(labels) or all(label.startswith("LABEL_") for label in labels):
        raise VoicegoError(f'the model {model} does not name the words that it hears; see "id2label" in its {CONFIG}')
    return labels


def _table(path: Path, labels: tuple[str, ...], model: str) -> Mapping[str, Row]:
    if not path.is_file():
        return {}
    rows = read_json(path, model).get("keywords")
    if not isinstance(rows, dict):
        raise VoicegoError(f'the model {model} is damaged: {path} has no "keywords"')
    if strange := [word for word in rows if word not in labels]:
        raise VoicegoError(f'the model {model} is damaged: {path} names "{strange[0]}", which is none of its labels')
    return {word: _row(word, row, path, model) for word, row in rows.items()}


def _row(word: str, row: Any, path: Path, model: str) -> Row:  # noqa: ANN401 -- JSON
    try:
        return Row(Thresholds(**row["alone"]), Thresholds(**row["running"]), extra=bool(row.get("extra")))
    except (KeyError, TypeError, ValueError) as error:
        raise VoicegoError(
            f'the model {model} is damaged: {path} needs for "{word}", both "alone" and "running", three numbers '
            'from 0 to 1: "lower", "normal" and "higher", none above the one before'
        ) from error


def read_json(path: Path, model: str) -> Mapping[str, Any]:
    """Read one of a checkpoint's JSON files; a VoicegoError names the model and the file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise VoicegoError(f"the model {model} has no {path.name} in {path.parent}") from error
    except (OSError, ValueError) as error:
        raise VoicegoError(f"the model {model} is damaged: {path} cannot be read ({error})") from error
    if not isinstance(found, dict):
        raise VoicegoError(f"the model {model} is damaged: {path} holds no JSON object")
    return found
