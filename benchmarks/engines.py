"""Engines for the embedded network, on one core: `python benchmarks/engines.py FOLDER`, which takes some minutes.

Each computes in a process of its own: torch as it is, torch.compile, AOTInductor, onnxruntime with single precision and
with int8 weights. Needs the extra `export` and, for the second and third, a C++ compiler. FOLDER keeps what is made.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.app.bench.machine import resident_mb
from voicego.spotting.stopwatch import median_ms

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINES = ("torch", "torch.compile", "AOTInductor", "onnx", "onnx int8")
INPUTS, REFERENCE, COMPILED = "inputs.npy", "logits.npy", "model.pt2"
FEATURES = "input_features"


def prepare(folder: Path) -> None:
    """Write what the engines compute, what torch makes of it, and the files of the engines that have some."""
    import torch

    from voicego.app.comparing import synthetic_windows
    from voicego.app.exporting import ExportSettings, export

    export(ExportSettings("embedded", folder, int8=True), print)
    network, classifier = _torch_network()
    inputs = classifier.inputs(synthetic_windows().samples)[FEATURES]
    with torch.inference_mode():
        np.save(folder / REFERENCE, network(inputs).numpy())
    np.save(folder / INPUTS, inputs.numpy())
    with torch.no_grad():
        program = torch.export.export(network, (inputs[:1],))
        torch._inductor.aoti_compile_and_package(program, package_path=str(folder / COMPILED))  # noqa: SLF001 -- its place


def measure(engine: str, folder: Path) -> dict[str, float]:
    """Load one engine, let it compute, and say what that cost."""
    began = time.perf_counter()
    run = _loaded(engine, folder)
    inputs = np.load(folder / INPUTS)
    run(inputs[:1])
    loaded = time.perf_counter() - began
    differ = max(
        float(np.abs(_softmax(run(inputs[at : at + 1])) - _softmax(right[None])).max())
        for at, right in enumerate(np.load(folder / REFERENCE))
    )
    return {
        "ms": median_ms(lambda: run(inputs[:1])),
        "load_s": loaded,
        "resident_mb": resident_mb() or 0.0,
        "difference": differ,
    }


def _loaded(engine: str, folder: Path) -> Callable[[Any], Any]:
    if engine.startswith("onnx"):
        from voicego.spotting.onnx_session import LOGITS, open_session

        session = open_session(folder / ("model.int8.onnx" if "int8" in engine else "model.onnx"))
        return lambda inputs: session.run([LOGITS], {FEATURES: inputs})[0]

    import torch

    torch.set_num_threads(1)
    network: Any
    if engine == "AOTInductor":
        network = torch._inductor.aoti_load_package(str(folder / COMPILED))  # noqa: SLF001 -- its place
    else:
        network, _ = _torch_network()
        if engine == "torch.compile":
            network = torch.compile(network)

    def run(inputs: Any) -> Any:
        with torch.inference_mode():
            return network(torch.from_numpy(inputs)).numpy()

    return run


def _torch_network() -> tuple[Any, Any]:
    """The embedded network as a function of its features, and the classifier that makes them."""
    import torch

    from voicego.spotting import torch_engine
    from voicego.spotting.checkpoint import find

    classifier = torch_engine.load(find("embedded"))

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = classifier.model

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(input_features=features).logits
            return logits

    return Network().eval(), classifier


def _softmax(logits: Any) -> Any:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def main(folder: Path, engine: str | None = None) -> None:
    """Prepare, then let every engine measure itself three times in turn and tell the median."""
    if engine:
        print(json.dumps(measure(engine, folder)))
        return
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder)
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in ENGINES}
    for name in ENGINES * 3:
        command = [sys.executable, __file__, str(folder), name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        rows[name].append(json.loads(done.stdout.splitlines()[-1]))
    print("engine          ms a window       load, s  resident, MB  largest difference of a score")
    for name, each in rows.items():
        ms, load, memory, differ = (
            sorted(one[key] for one in each) for key in ("ms", "load_s", "resident_mb", "difference")
        )
        spread = f"{ms[1]:.2f} ({ms[0]:.2f} to {ms[2]:.2f})"
        print(f"{name:14}  {spread:22}  {load[1]:6.2f}  {memory[1]:12.0f}  {differ[2]:.1e}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
