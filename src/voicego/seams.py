"""The narrow places where one room meets another, or a test stands in for the real thing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from voicego.flow import (
        Absence,
        ActionRun,
        AudioBlock,
        Candidate,
        Samples,
        Sensitivity,
        Status,
        Window,
    )


class Haste(Enum):
    """How large the blocks of a microphone are."""

    AT_ONCE = "at once"
    """As sound comes, some hundredths of a second: at first, and while a word may be about to end."""
    OFTEN = "often"
    """A fifth of a second: while somebody watches the level, and in talk that has outgrown every word."""
    SELDOM = "seldom"
    """Three tenths of a second, but up to a second of stillness at once: while nobody speaks."""


class Source(Protocol):
    """Where sound comes from: a microphone, or a recording that behaves like one."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def live(self) -> bool:
        """Sound is lost when nobody reads it in time; its edges are not quiet."""
        ...

    def open(self) -> None:
        """Begin to hear.

        Raises:
            VoicegoError: there is no such device or file, or it cannot be used.
        """
        ...

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield blocks of 16 kHz mono sound in order; at least one a second, if need be an empty one.

        Ends when a recording ends or `close` was called.

        Raises:
            VoicegoError: the device was lost.
        """
        ...

    def hurry(self, haste: Haste) -> None:
        """Ask for smaller or larger blocks; each wakes its reader."""
        ...

    def close(self) -> None:
        """Stop hearing; safe from any thread and more than once."""
        ...


class Classifier(Protocol):
    """Posteriors for windows of sound."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the columns of `score`."""
        ...

    @property
    def window(self) -> int:
        """Samples in one window."""
        ...

    @property
    def engine(self) -> str:
        """What computes, for `status`: `onnx` or `torch`."""
        ...

    @property
    def file(self) -> str:
        """The file of weights that it computes, for `status`."""
        ...

    def score(self, windows: Samples) -> Samples:
        """Map windows of shape `(n, window)` to probabilities of shape `(n, labels)`, rows summing to 1."""
        ...

    def follow(self) -> Follower:
        """Begin to score a stream of sound. A gap in it, or anything that was not heard, needs a new one."""
        ...


class Follower(Protocol):
    """Posteriors for the windows of one stream; what they share may be computed once."""

    def score(self, windows: Sequence[Window]) -> Samples:
        """Map windows, in the order in which they fell due, to probabilities of shape `(n, labels)`."""
        ...


class Confirmer(Protocol):
    """A bigger model's word on the candidates of one stream of sound."""

    def stir(self) -> None:
        """Take note that something is heard, of which a candidate may come. Never blocks."""
        ...

    def ask(self, candidate: Candidate) -> None:
        """Have a candidate confirmed or refused, in their order; waits for nothing where sound does not wait."""
        ...


class Ears(Protocol):
    """What acting may ask of hearing."""

    def deaf(self) -> AbstractContextManager[None]:
        """Hear nothing while inside, and for half a second of sound longer."""
        ...


class Controls(Protocol):
    """What the control socket may ask of the daemon. Each answer comes within a moment."""

    def status(self) -> Status:
        """A picture of now."""
        ...

    def pause(self, for_s: float | None = None) -> Status:
        """Stop listening, for `for_s` seconds or until resumed."""
        ...

    def resume(self) -> Status:
        """Listen again."""
        ...

    def reload(self) -> Status:
        """Read the rules again.

        Raises:
            RulesError: they are broken; the last good ones go on working.
        """
        ...

    def stop(self) -> Status:
        """End the daemon, soon after the answer."""
        ...

    def do(self, keyword: str) -> tuple[ActionRun, ...]:
        """Carry out a rule's actions now and wait for them.

        Raises:
            VoicegoError: there is no such rule.
        """
        ...

    def microphones(self) -> dict[str, object]:
        """What can be listened to: `microphones` (each `name`, `host_api`, `default`, `in_use`), `chosen`, `file`.

        Raises:
            VoicegoError: it cannot be told.
        """
        ...

    def choose_microphone(self, name: str | None) -> Status:
        """Hear this one while it is there; None: as the rules file says."""
        ...

    def choose_sensitivity(self, level: Sensitivity | None, keyword: str | None = None) -> Status:
        """Choose for one word or for all; None: as the rules file says.

        Raises:
            VoicegoError: there is no such rule, or it has a threshold of its own.
        """
        ...

    def switch_rule(self, keyword: str, *, on: bool) -> Status:
        """Switch a rule off, or on again.

        Raises:
            VoicegoError: there is no such rule, or the rules file itself switches it off.
        """
        ...

    def choose_pause_while(self, what: Absence, *, on: bool | None) -> Status:
        """Pause while nobody means voicego, or do not; None: as the rules file says."""
        ...

    def wrong(self, detection_id: str) -> Status:
        """Note that one of the last detections was none.

        Raises:
            VoicegoError: it is none of those.
        """
        ...

    def subscribe(
        self, listener: Callable[[dict[str, object]], None], *, levels: bool = False, scores: bool = False
    ) -> Callable[[], None]:
        """Call `listener` (which must not block) with each event; returns what ends it.

        `levels` adds the level of the sound some ten times a second, `scores` those of every window.
        """
        ...
