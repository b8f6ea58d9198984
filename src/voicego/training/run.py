"""A training run: network, averaged weights and optimiser, from the first step or the last save to the end."""

from __future__ import annotations

import logging
import math
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs, broadcast
from safetensors import SafetensorError
from torch.nn import functional

from voicego.training import curves
from voicego.training.card import draft_card
from voicego.training.evaluate import ListedClips, Tally, tallies
from voicego.training.lessons import Floats, Lesson, inputs_of, masked, mixed
from voicego.training.network import Shape, Student, preprocessor_of, save_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicego.training.classes import Classes

log = logging.getLogger("voicego.training")

REMEMBERED = 32
LOG_EVERY = 100
WARM_UP = 0.1
SLOW, SLOW_PACE = ".narrow.", 0.3
"""Weights with this in their names learn at this part of the rate."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Everything that decides a training run."""

    data: tuple[Path, ...]
    """Folders of recordings: packs with an index, or one folder a word."""
    out: Path
    """Folder for the checkpoint (`model/`), the state to resume from and `curves.tsv`."""
    start: str | None = None
    """A checkpoint to begin with instead of chance: one made here, to go on from, or a wav2vec2 to fine-tune."""
    embedding: Path | None = None
    """`embedding_model.onnx`, Google's speech embedding, to begin the narrow ear of a new network with."""
    words: tuple[str, ...] = ()
    """Own keywords instead of those that ship."""
    shape: Shape = field(default_factory=Shape)
    """How large the network is."""
    compiled: bool = False
    """Let torch compile the network first: a minute, then 15 to 30 % less time a step; needs a C++ compiler."""
    teacher: Path | None = None
    """`model.onnx` of the teacher, with `labels.json` beside it; without one the labels alone teach."""
    validation: Path | None = None
    """List of clips that chooses the best weights; the first `validation.tsv` in `data` where there is one."""
    steps: int = 8000
    """Steps of the optimiser."""
    minutes: float | None = None
    """Wall-clock budget: the learning rate falls to nothing by then even if steps are left."""
    batch: int = 128
    """Windows a step."""
    learning_rate: float = 2.5e-3
    """Highest rate of the one-cycle schedule."""
    weight_decay: float = 0.02
    """AdamW's decay of the weight matrices."""
    teacher_weight: float = 0.5
    """The teacher's part of the loss on whole words, from 0 to 1."""
    ema: float = 0.999
    """How slowly the averaged weights follow, a step."""
    reuse: int = 1
    """Steps for each batch of sound, under different masks and mixed with the batches before."""
    silence: float = 0.10
    """Part of each batch that is noise, hiss, tones or nothing at all."""
    harshness: float = 1.0
    """How many windows get rooms, babble, background and another throat; less at the end makes clean words surer."""
    mine: bool = False
    """Show talk more often that the weights to begin with take for a keyword."""
    synthetic_noise_s: float = 1200.0
    """Seconds of synthetic background that windows are drawn from, besides the recorded."""
    rooms: int = 512
    """Different rooms and microphones that words are heard through."""
    beside: bool = True
    """Make sound and features in a process of their own, while this one learns."""
    seed: int = 1
    """Decides the first weights and every window."""
    save_every_s: float = 180.0
    """Seconds between saves of the state."""
    validate_every: int = 500
    """Steps between looks at the validation list."""


class Run:
    """Call `resume`, then `go`."""

    def __init__(self, settings: TrainSettings, classes: Classes, student: Student) -> None:
        self.settings, self.classes, self.student, self.spec = settings, classes, student, student.spec
        self.accelerator = Accelerator(kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)])
        self.network = student.network.train()
        optimiser = torch.optim.AdamW(
            _groups(self.network, settings.weight_decay), lr=settings.learning_rate, betas=(0.9, 0.98)
        )
        forward = torch.compile(self.network) if settings.compiled else self.network
        self.forward, self.optimiser = self.accelerator.prepare(forward, optimiser)
        self.average = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        self.step, self.seconds, self.best, self.loss, self.rate = 0, 0.0, 0.0, 0.0, 0.0
        self.recent: list[Lesson] = []

    def resume(self) -> None:
        """Go on from the last save, if there is one."""
        state_file = self.settings.out / "state.pt"
        if not state_file.is_file():
            return
        state = torch.load(state_file, weights_only=True, map_location=self.accelerator.device)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        if self.spec:
            self.spec = replace(self.spec, **{name: value.cpu().numpy() for name, value in state["statistics"].items()})
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        log.info("resuming at step %d", self.step)

    def go(self, take: Callable[[], Lesson], judged: ListedClips | None) -> None:
        """Take steps until the end, saving and judging on the way."""
        began, saved = time.monotonic() - self.seconds, time.monotonic()
        while self.progress() < 1:
            loss = self.learn(self.next_lesson(take))
            self.loss = 0.98 * self.loss + 0.02 * loss if self.loss else loss
            self.seconds = time.monotonic() - began
            if self.step % LOG_EVERY == 0:
                left, pace = self.seconds * (1 / max(1e-6, self.progress()) - 1) / 60, self.seconds / self.step
                log.info("step %d loss %.3f, %.2f s a step, %.0f min left", self.step, self.loss, pace, left)
            if self.step % self.settings.validate_every == 0 and self.progress() < 1:
                self.judge(judged)
            if time.monotonic() - saved > self.settings.save_every_s:
                self.save()
                saved = time.monotonic()
        self.judge(judged)
        self.save()

    def progress(self) -> float:
        """From 0 to 1, by steps or by the clock, whichever is further; the first process decides for all."""
        by_clock = self.seconds / (self.settings.minutes * 60) if self.settings.minutes else 0.0
        done = max(self.step / self.settings.steps, by_clock)
        if self.accelerator.num_processes == 1:
            return done
        return float(broadcast(torch.tensor(done, device=self.accelerator.device)))

    def next_lesson(self, take: Callable[[], Lesson]) -> Lesson:
        """A fresh lesson, or in between rows of the last ones shuffled together; masked anew each time."""
        rng = np.random.default_rng((self.settings.seed, self.step, 1))
        if self.step % self.settings.reuse and self.recent:
            lesson = mixed(self.recent, rng)
        else:
            lesson = take()
            self.recent = [*self.recent[1 - REMEMBERED :], lesson]
        return masked(lesson, self.spec.stride, rng) if self.spec else lesson

    def learn(self, lesson: Lesson) -> float:
        """One step of the optimiser and of the average; returns the loss."""
        self.rate = one_cycle(self.progress()) * self.settings.learning_rate
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * group["pace"]
        device = self.accelerator.device
        logits = self.forward(torch.from_numpy(lesson.inputs).to(device)).logits
        weight = torch.from_numpy(lesson.weight).to(device)
        each = functional.cross_entropy(logits, torch.from_numpy(lesson.targets).to(device), reduction="none")
        loss: torch.Tensor = (each * weight).sum() / weight.sum().clamp_min(1.0)
        self.optimiser.zero_grad()
        self.accelerator.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        keep = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return float(loss.detach())

    def judge(self, judged: ListedClips | None) -> None:
        """Score the average on the validation list; keep it as the checkpoint if it is the best so far."""
        if not self.accelerator.is_main_process:
            return
        found = {"all": Tally(0, 0)} if judged is None else tallies(self.score, judged, self.classes)
        share = found["all"].share
        out = self.settings.out
        log.info("step %d: %.2f %% right on the validation list", self.step, 100 * share)
        with self.kept("the checkpoint"):
            numbers = {
                "step": str(self.step), "seconds": f"{self.seconds:.0f}", "loss": f"{self.loss:.4f}",
                "learning_rate": f"{self.rate:.6f}",
            }  # fmt: skip
            curves.add_row(out / "curves.tsv", numbers, found)
            curves.draw(out / "curves.tsv", out / "curves.svg")
            if share >= self.best:
                made_in = self.step, self.seconds
                card = draft_card(self.settings, self.classes, made_in, found if judged else None)
                student = replace(self.student, preprocessor=preprocessor_of(self.spec)) if self.spec else self.student
                save_checkpoint(out / "model", student, self.average, self.classes.keywords, card)
                self.best = share

    @contextmanager
    def kept(self, what: str) -> Iterator[None]:
        """Survive a full disk: say so, and keep what was saved before."""
        try:
            yield
        except (OSError, RuntimeError, SafetensorError) as error:
            log.warning("%s could not be saved (%s); the last one in %s stays", what, error, self.settings.out)

    def score(self, samples: Floats) -> Floats:
        """Probabilities by the averaged weights."""
        current = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.network.eval()
        with torch.inference_mode():
            inputs = torch.from_numpy(inputs_of(samples, self.spec)).to(self.accelerator.device)
            odds: Floats = self.network(inputs).logits.softmax(-1).cpu().numpy()
        self.network.load_state_dict(current)
        self.network.train()
        return odds

    def save(self) -> None:
        """Write the state beside the last one, then swap it in."""
        if not self.accelerator.is_main_process:
            return
        state: dict[str, Any] = {
            "network": self.network.state_dict(), "average": self.average, "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "statistics": {
                name: torch.from_numpy(getattr(self.spec, name)) for name in ("floor", "mean", "std") if self.spec
            },
            "seconds": self.seconds, "best": self.best,
        }  # fmt: skip
        fresh = self.settings.out / "state.pt.new"
        with self.kept("the state to resume from"):
            try:
                torch.save(state, fresh)
                fresh.replace(self.settings.out / "state.pt")
            finally:
                fresh.unlink(missing_ok=True)


def _groups(network: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    """What learns: matrices decay, vectors do not; an ear that was taught elsewhere goes at a slower pace."""
    learning = [(name, value) for name, value in network.named_parameters() if value.requires_grad]
    return [
        {
            "params": [value for name, value in learning if (value.ndim > 1) == many and (SLOW in name) == slow],
            "weight_decay": decay * many,
            "pace": SLOW_PACE if slow else 1.0,
        }
        for many in (True, False)
        for slow in (True, False)
    ]


def one_cycle(progress: float) -> float:
    """Share of the highest learning rate: up for a tenth of the run, then down along a cosine."""
    if progress < WARM_UP:
        return 0.04 + 0.96 * progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP))) + 1e-4
