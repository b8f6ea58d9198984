"""`voicego export`: a checkpoint for other runtimes, measured against torch before it is kept."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from voicego.app.comparing import Bench, listed_windows, must_equal, scores, synthetic_windows, why_not
from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import find, weights_of
from voicego.spotting.hub import offline
from voicego.spotting.onnx_engine import EXPORT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from voicego.app.comparing import Engine, Row
    from voicego.flow import Samples
    from voicego.spotting.exported import Network

FILES: dict[Engine, str] = {"onnx": EXPORT, "onnx int8": "model.int8.onnx", "litert": "model.tflite"}
REPORT = "export.json"


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export, and where to."""

    model: str
    """`embedded`, a folder, or the id of a fetched model."""
    out: Path | None = None
    """Folder for the files; without one, where voicego looks for them when it loads the checkpoint."""
    int8: bool | None = None
    """False: do not try. Else clips decide, and without them it is kept only if True."""
    clips: Path | None = None
    """List (label, file, first_sample) that accuracy is measured on."""
    litert: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made, and what it is worth."""

    folder: Path
    heard: str
    """What the rows were measured on."""
    rows: tuple[Row, ...]


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
    folder = (settings.out or checkpoint.exports).expanduser().absolute()
    offline()  # before the packages, which import Hugging Face's
    for package in ("onnx", "litert_torch") if settings.litert else ("onnx",):
        exports.require(package)
    windows = listed_windows(settings.clips, checkpoint) if settings.clips else synthetic_windows()
    report(f"loading {checkpoint.name}")
    classifier = torch_engine.load(checkpoint)

    with _drafts(folder) as drafts:

        def hear(network: Network, name: str) -> Samples:
            report(f"hearing {windows.name} with {name}")
            return scores(exported.scorer(network, classifier), windows.samples)

        torch = exported.torch_network(classifier)
        one = exported.arrays(classifier, windows.samples[:1])
        bench = Bench(windows, checkpoint.labels, hear(torch, "torch"), one)
        rows = [bench.row("torch", weights_of(checkpoint.folder), torch, bench.reference)]

        def measured(engine: Engine, path: Path, network: Network) -> Row:
            return bench.row(engine, [path], network, hear(network, path.name))

        facts = exports.metadata(checkpoint)
        path = drafts / FILES["onnx"]
        exports.to_onnx(classifier, facts, path)
        rows.append(must_equal(measured("onnx", path, exported.onnx_network(path))))
        if settings.int8 is not False:
            small = drafts / FILES["onnx int8"]
            exports.to_int8(path, small)
            row = measured("onnx int8", small, exported.onnx_network(small))
            rows.append(replace(row, dropped=why_not(row, rows[0], wanted=bool(settings.int8))))
        if settings.litert:
            path = drafts / FILES["litert"]
            exports.to_litert(classifier, path)
            rows.append(must_equal(measured("litert", path, exported.litert_network(path))))

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


def _json(model: str, facts: Mapping[str, str], done: Exported) -> str:
    found = {"model": model, **facts, "heard": done.heard, "rows": [asdict(row) for row in done.rows]}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
