"""Checkpoints of the Hugging Face hub: `fetch` is the one place in voicego that uses the network.

They lie in the cache that all of Hugging Face's tools share, so one that is there already is not fetched twice.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

CONFIG = "config.json"
FEATURES = ("preprocessor_config.json", "processor_config.json")
"""What the features are like; transformers writes the first, and for some models the second besides."""
DECISION = "decision.json"
"""voicego's own: thresholds that were measured for a checkpoint."""
WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"
PICKLED = "pytorch_model.bin"

TO_FINE_TUNE = frozenset(
    {"wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat", "data2vec-audio", "sew", "sew-d"}
)
"""Kinds of networks that learnt to listen, but no words, and take the waveform."""

PATIENCE_S = 20.0
"""Seconds that the hub has to say what it has."""


def offline(environ: MutableMapping[str, str] = os.environ) -> None:
    """Forbid the network to Hugging Face's libraries in this process, and in those it starts.

    They read this once, when they are imported: to be called before, by everything but `fetch`.
    """
    environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")


def fetched(model_id: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of a checkpoint that lies in the cache with all it needs. Imports nothing, asks nobody.

    The cache is laid out as https://huggingface.co/docs/huggingface_hub/guides/manage-cache says.
    """
    repository = _cache(environ) / f"models--{model_id.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    folder = repository / "snapshots" / commit
    return folder if commit and _is_whole(folder) else None


def fetch(model_id: str, report: Callable[[str], None]) -> Path:
    """Bring a checkpoint into the cache; `report` is told what goes on, a line at a time. Returns its folder.

    Raises:
        VoicegoError: there is no such model, or it cannot be used here, or it cannot be reached.
    """
    # Read when the library is imported. Plain HTTP: what goes wrong on the way has the same few types for every model.
    os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_TELEMETRY="1")
    with _translated(model_id):
        sizes = _listed(model_id)
        if CONFIG not in sizes:
            raise VoicegoError(f"{model_id} has no {CONFIG}: it is no model that transformers could load")
        config = _file(model_id, CONFIG)
        report(_hears(model_id, config))
        for name in _needed(model_id, sizes):
            report(f"fetching {name} ({sizes[name] / 1e6:.1f} MB)")
            _file(model_id, name)
    report(f"{model_id} is in {config.parent}")
    return config.parent


def _listed(model_id: str) -> dict[str, int]:
    """Ask for the files and their bytes. Also the first thing asked, because it says at once what is wrong."""
    from huggingface_hub import HfApi  # noqa: PLC0415  # half a second, and only `fetch` needs it

    siblings = HfApi().model_info(model_id, files_metadata=True, timeout=PATIENCE_S).siblings
    return {sibling.rfilename: sibling.size or 0 for sibling in siblings or ()}


def _needed(model_id: str, sizes: Mapping[str, int]) -> list[str]:
    features = [name for name in FEATURES if name in sizes]
    if not features:
        raise VoicegoError(f"{model_id} has no {FEATURES[0]}: it is no model for sound")
    others = [name for name in (*features, DECISION) if name in sizes]
    if WEIGHTS in sizes:
        return [*others, WEIGHTS]
    if SHARDS in sizes:
        shards = sorted(_shard_names(_file(model_id, SHARDS)))
        if missing := [name for name in shards if name not in sizes]:
            raise VoicegoError(f"{model_id} lacks {missing[0]}, a part of its weights")
        return [*others, *shards]
    if PICKLED in sizes:
        return [*others, PICKLED]
    raise VoicegoError(f"{model_id} has no weights for PyTorch ({WEIGHTS} or {PICKLED})")


def _file(model_id: str, name: str) -> Path:
    from huggingface_hub import hf_hub_download  # noqa: PLC0415

    return Path(hf_hub_download(model_id, name))


@contextmanager
def _translated(model_id: str) -> Iterator[None]:
    """Say in a sentence what the hub's library raises."""
    from huggingface_hub import constants, errors  # noqa: PLC0415

    # httpx's own where the hub's library is of version 1, httpx2's in version 2; "cannot connect" is one of them.
    http_error = cast("type[Exception]", errors.HfHubHTTPError.__bases__[0])
    try:
        yield
    except errors.GatedRepoError as error:
        page = f"{constants.ENDPOINT}/{model_id}"
        raise VoicegoError(f"{model_id} is gated: ask for access at {page}, then `hf auth login`") from error
    except errors.RepositoryNotFoundError as error:
        raise VoicegoError(f"the hub at {constants.ENDPOINT} has no model {model_id}, or it is private") from error
    except errors.HFValidationError as error:
        raise VoicegoError(f'"{model_id}" is no name of a model; they look like owner/name') from error
    except errors.OfflineModeIsEnabled as error:
        raise VoicegoError("the environment forbids the network (HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE)") from error
    except errors.HfHubHTTPError as error:
        raise VoicegoError(
            f"the hub at {constants.ENDPOINT} answered {error.response.status_code}; try again later"
        ) from error
    except (http_error, errors.LocalEntryNotFoundError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise VoicegoError(f"cannot reach the hub at {constants.ENDPOINT}: {why}") from error
    except ValueError as error:  # a page to log in at, of a hotel's network
        raise VoicegoError(f"what answers at {constants.ENDPOINT} is not the hub: {error}") from error
    except OSError as error:
        raise VoicegoError(f"cannot keep {model_id} in {constants.HF_HUB_CACHE}: {error.strerror or error}") from error


def _shard_names(index: Path) -> set[str]:
    return set(_read(index).get("weight_map", {}).values())


def _hears(model_id: str, config: Path) -> str:
    """Say what a model hears, before anything large is fetched; refuse what nothing here can use."""
    found = _read(config)
    if not any(name.endswith(("ForSequenceClassification", "ForAudioClassification")) for name in _names(found)):
        if found.get("model_type") in TO_FINE_TUNE:
            return f"{model_id} hears no words yet: `voicego train --start {model_id}` makes a classifier of it"
        raise VoicegoError(
            f"{model_id} is no audio classifier but {', '.join(_names(found)) or 'something unnamed'}; "
            "voicego needs one of the hub's task `audio-classification`"
        )
    labels = list(map(str, found.get("id2label", {}).values()))
    if all(label.startswith("LABEL_") for label in labels):  # transformers' stand-in where nobody gave names
        raise VoicegoError(f"{model_id} does not say what it hears: its {CONFIG} has no names for its labels")
    return f"{model_id} hears: {', '.join(labels)}"


def _names(config: Mapping[str, Any]) -> list[str]:
    return list(map(str, config.get("architectures") or ()))


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise VoicegoError(f"{file} is no JSON") from error
    if not isinstance(found, dict):
        raise VoicegoError(f"{file} holds no object")
    return found


def _cache(environ: Mapping[str, str]) -> Path:
    """Find the cache by the rules of huggingface_hub.constants, which would have to be imported after `offline`."""
    # An empty variable counts, and means this folder: strange, but what was fetched has to be found.
    home = environ.get("HF_HOME", str(Path(environ.get("XDG_CACHE_HOME", "~/.cache"), "huggingface")))
    hub = environ.get("HF_HUB_CACHE", environ.get("HUGGINGFACE_HUB_CACHE", str(Path(home, "hub"))))
    return Path(os.path.expandvars(hub)).expanduser()


def _is_whole(folder: Path) -> bool:
    def there(name: str) -> bool:
        return (folder / name).is_file()

    def all_shards() -> bool:
        with suppress(VoicegoError):
            return there(SHARDS) and all(map(there, _shard_names(folder / SHARDS)))
        return False

    return there(CONFIG) and any(map(there, FEATURES)) and (there(WEIGHTS) or all_shards() or there(PICKLED))
