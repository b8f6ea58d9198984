"""`voicego export`: a checkpoint for other runtimes, measured against torch before it is kept."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE
from voicego.spotting.checkpoint import find
from voicego.spotting.hub import offline
from voicego.spotting.stopwatch import median_ms
from voicego.spotting.twelve import TWELVE, to_twelve

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from voicego.flow import Samples
    from voicego.spotting.checkpoint import Checkpoint
    from voicego.spotting.exported import Network

Engine: TypeAlias = Literal["torch", "onnx", "onnx int8", "litert"]

FILES: dict[Engine, str] = {"onnx": "model.onnx", "onnx int8": "model.int8.onnx", "litert": "model.tflite"}
REPORT = "export.json"

LARGEST_DIFFERENCE = 1e-3
"""Between a posterior of torch and of an export in single precision; measured are some 1e-6."""
LARGEST_COST = 0.002
"""Accuracy that int8 may cost: 0.2 points."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export, and where to."""

    model: str
    """`embedded`, a folder, or the id of a fetched model."""
    out: Path | None = None
    """Folder for the files; without one, the checkpoint's own."""
    int8: bool | None = None
    """False: do not try. Else clips decide, and without them it is kept only if True."""
    clips: Path | None = None
    """List (label, file, first_sample) that accuracy is measured on."""
    litert: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What one engine does with the windows that were heard."""

    engine: Engine
    file: str
    size: int
    """Bytes."""
    ms: float
    """Milliseconds that the network takes for one window on one thread, without the features; the median."""
    same_label: float
    """Share of windows with torch's best label."""
    difference: float
    """Largest between a posterior and torch's."""
    accuracy: float | None
    """Share right on twelve classes, where clips were given."""
    dropped: str = ""
    """Why its file was not kept."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made, and what it is worth."""

    folder: Path
    heard: str
    """What the rows were measured on."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Sound that every engine hears."""

    samples: Samples
    """(n, window)."""
    answers: tuple[str, ...]
    """One of the twelve classes for each window; empty where nobody knows."""
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class _Bench:
    """Compares engines with torch."""

    windows: _Windows
    labels: tuple[str, ...]
    reference: Samples
    """Posteriors of torch, (n, labels)."""
    one: Mapping[str, Any]
    """Inputs of one window."""

    def row(self, engine: Engine, files: Sequence[Path], network: Network, found: Samples) -> Row:
        """`found`: posteriors of the network, (n, labels)."""
        return Row(
            engine,
            files[0].name,
            sum(file.stat().st_size for file in files),
            median_ms(lambda: network(self.one)),
            float(np.mean(found.argmax(axis=1) == self.reference.argmax(axis=1))),
            float(np.abs(found - self.reference).max()),
            self._accuracy(found),
        )

    def _accuracy(self, found: Samples) -> float | None:
        if not self.windows.answers:
            return None
        heard = [TWELVE[best] for best in to_twelve(found, self.labels).argmax(axis=1)]
        return float(np.mean([said == answer for said, answer in zip(heard, self.windows.answers, strict=True)]))


def export(settings: ExportSettings, report: Callable[[str], None]) -> Exported:
    """Write `model.onnx`, and what else is asked for; `report` is told of each step, a line at a time.

    Everything is made and measured in a folder of its own and moved at the end: what was there stays whole if anything
    fails. Files of an earlier export that this one does not keep are removed.

    Raises:
        VoicegoError: there is no such model, it cannot be exported, a package is missing, or the folder cannot be
            written.
    """
    from voicego.spotting import export as exports  # noqa: PLC0415 -- torch
    from voicego.spotting import exported, torch_engine  # noqa: PLC0415

    checkpoint = find(settings.model)
    folder = _folder_for(checkpoint, settings.out)
    offline()  # before the packages, which import Hugging Face's
    for package in ("onnx", "litert_torch") if settings.litert else ("onnx",):
        exports.require(package)
    windows = _clips(settings.clips, checkpoint) if settings.clips else _synthetic()
    report(f"loading {checkpoint.name}")
    classifier = torch_engine.load(checkpoint)

    with _drafts(folder) as drafts:

        def hear(network: Network, name: str) -> Samples:
            report(f"hearing {windows.name} with {name}")
            return _scores(exported.scorer(network, classifier), windows.samples)

        torch = exported.torch_network(classifier)
        one = exported.arrays(classifier, windows.samples[:1])
        bench = _Bench(windows, checkpoint.labels, hear(torch, "torch"), one)
        rows = [bench.row("torch", exports.weights_of(checkpoint.folder), torch, bench.reference)]

        def measured(engine: Engine, path: Path, network: Network) -> Row:
            return bench.row(engine, [path], network, hear(network, path.name))

        facts = exports.metadata(checkpoint)
        path = drafts / FILES["onnx"]
        exports.to_onnx(classifier, facts, path)
        rows.append(_equal(measured("onnx", path, exported.onnx_network(path))))
        if settings.int8 is not False:
            small = drafts / FILES["onnx int8"]
            exports.to_int8(path, small)
            row = measured("onnx int8", small, exported.onnx_network(small))
            rows.append(replace(row, dropped=_why_not(row, rows[0], wanted=bool(settings.int8))))
        if settings.litert:
            path = drafts / FILES["litert"]
            exports.to_litert(classifier, path)
            rows.append(_equal(measured("litert", path, exported.litert_network(path))))

        done = Exported(folder, windows.name, tuple(rows))
        (drafts / REPORT).write_text(_json(checkpoint.name, facts, done), encoding="utf-8")
        _keep({REPORT, *(row.file for row in rows[1:] if not row.dropped)}, drafts, folder)
    return done


def table(done: Exported) -> list[str]:
    """The rows as aligned lines, the names of the columns first."""
    cells = [("engine", "file", "MB", "ms a window", "same labels", "largest difference", "accuracy")]
    cells += [
        (
            row.engine,
            row.file,
            f"{row.size / 1e6:.2f}",
            f"{row.ms:.2f}",
            f"{row.same_label:.2%}",
            f"{row.difference:.1e}",
            "-" if row.accuracy is None else f"{row.accuracy:.2%}",
        )
        for row in done.rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _folder_for(checkpoint: Checkpoint, out: Path | None) -> Path:
    if out is None and checkpoint.folder.parent.name == "snapshots":
        raise VoicegoError(
            f"{checkpoint.name} lies in the cache that all of Hugging Face's tools share; "
            "name a folder of your own with --out"
        )
    return (out or checkpoint.folder).expanduser().absolute()


@contextmanager
def _drafts(folder: Path) -> Iterator[Path]:
    """Make a folder inside `folder` that is gone afterwards, whatever happened."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".export-", dir=folder) as drafts:
            yield Path(drafts)
    except OSError as error:
        raise VoicegoError(
            f"cannot write the export into {folder}: {error.strerror or error}; mend that, or name another folder "
            "with --out"
        ) from error


def _keep(names: Collection[str], drafts: Path, folder: Path) -> None:
    """Move files to where they are to stay, and remove what an earlier export left beside them."""
    for name in names:
        (drafts / name).replace(folder / name)
    for name in set(FILES.values()) - set(names):
        (folder / name).unlink(missing_ok=True)


def _clips(listing: Path, checkpoint: Checkpoint) -> _Windows:
    from voicego.training.evaluate import read_list  # noqa: PLC0415 -- the file library

    if not set(TWELVE[:10]) & set(checkpoint.labels):
        raise VoicegoError(
            f"--clips measures the words {', '.join(TWELVE[:10])}, and {checkpoint.name} hears none of them; "
            "leave it out"
        )
    try:
        clips = read_list(listing.expanduser())
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:  # a file of sound raises RuntimeError
        raise VoicegoError(
            f"the list of clips {listing} cannot be read ({error!r}); it needs the columns label, file and first_sample"
        ) from error
    if not clips.labels:
        raise VoicegoError(f"the list of clips {listing} is empty")
    return _Windows(clips.samples, clips.labels, f"{len(clips.labels)} clips of {listing.name}")


def _synthetic(kinds: int = 24) -> _Windows:
    """Silence, white noise from -60 to -10 dBFS, and tones from 80 to 7000 Hz; the same every time."""
    noise = np.random.default_rng(0).standard_normal((kinds, SAMPLE_RATE)) * np.geomspace(0.001, 0.3, kinds)[:, None]
    tones = 0.3 * np.sin(2 * np.pi * np.geomspace(80, 7000, kinds)[:, None] * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    samples = np.concatenate([np.zeros((1, SAMPLE_RATE)), noise, tones]).clip(-1, 1).astype(np.float32)
    return _Windows(samples, (), f"{len(samples)} synthetic windows of silence, noise and tones")


def _scores(score: Callable[[Samples], Samples], samples: Samples) -> Samples:
    """Score the first window alone and the rest in batches, so that both ways are compared."""
    return np.concatenate([score(samples[:1]), score(samples[1:])]) if len(samples) > 1 else score(samples)


def _equal(row: Row) -> Row:
    """Return the row of an export that must equal torch; it raises where it does not."""
    if not row.difference <= LARGEST_DIFFERENCE:  # also true of NaN
        raise VoicegoError(
            f"{row.file} is not kept: its scores differ from torch's by up to {row.difference:.2g}; "
            "this kind of network cannot be exported"
        )
    return row


def _why_not(row: Row, torch: Row, *, wanted: bool) -> str:
    """Say why int8 is not kept; empty where it is."""
    if row.accuracy is None or torch.accuracy is None:
        return "" if wanted else "noise and tones do not show what it costs; measure with --clips, or say --int8"
    cost = torch.accuracy - row.accuracy
    return f"it costs {cost:.2%} of accuracy, more than {LARGEST_COST:.1%}" if cost > LARGEST_COST else ""


def _json(model: str, facts: Mapping[str, str], done: Exported) -> str:
    found = {"model": model, **facts, "heard": done.heard, "rows": [asdict(row) for row in done.rows]}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
