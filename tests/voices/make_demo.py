"""Makes the demo's recording and the chime, from the words of this folder and from numbers.

    python tests/voices/make_demo.py

A quiet room hisses at about -65 dBFS; voices say words and a sentence, with pauses. What is said when goes into
demo.tsv.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "src" / "voicego"
RATE = 16_000
ROOM_DBFS = -65.0

SAID = (
    (1.5, "happy", "words/happy_af_heart.ogg"),
    (1.3, "go", "words/go_af_sky.ogg"),
    (1.4, "The weather was lovely …", "sentences/the_weather_was_lovely_bm_fable.ogg"),
    (1.4, "stop", "words/stop_bm_daniel.ogg"),
    (1.3, "go", "words/go_am_onyx.ogg"),
    (1.3, "house", "words/house_bf_lily.ogg"),
)
"""Seconds of pause before, what is said, and by whom."""
LAST_PAUSE_S = 1.5

CHIME_RATE = 16_000
CHIME = ((880.0, 0.00), (1318.5, 0.05))
"""Two tones, in Hz, and the seconds at which they begin."""
CHIME_S = 0.14
CHIME_DBFS = -20.0


def demo() -> None:
    """Lay what is said into a hissing room."""
    parts: list[np.ndarray] = []
    rows: list[tuple[str, str, str]] = []
    at = 0.0
    for pause, text, file in SAID:
        sound, rate = soundfile.read(HERE / file, dtype="float32")
        if rate != RATE:
            raise SystemExit(f"{file} is at {rate} Hz, not at {RATE}")
        parts += [np.zeros(round(pause * RATE), np.float32), sound]
        at += pause
        rows.append((f"{at:.2f}", f"{at + len(sound) / RATE:.2f}", text))
        at += len(sound) / RATE
    parts.append(np.zeros(round(LAST_PAUSE_S * RATE), np.float32))
    sound = np.concatenate(parts)
    hiss = np.random.default_rng(1).standard_normal(len(sound)).astype(np.float32)
    soundfile.write(PACKAGE / "demo" / "demo.ogg", sound + hiss * 10 ** (ROOM_DBFS / 20), RATE, subtype="VORBIS")
    with (PACKAGE / "demo" / "demo.tsv").open("w", encoding="utf-8", newline="") as table:
        lines = csv.writer(table, delimiter="\t", lineterminator="\n")
        lines.writerow(("start_s", "end_s", "text"))
        lines.writerows(rows)


def chime() -> None:
    """Two soft tones, one after the other."""
    t = np.arange(round(CHIME_S * CHIME_RATE)) / CHIME_RATE
    sound = np.zeros(len(t))
    for pitch, begin in CHIME:
        own = np.clip(t - begin, 0, None)
        sound += np.sin(2 * np.pi * pitch * own) * np.minimum(own / 0.005, 1) * np.exp(-own / 0.04)
    sound *= np.minimum(1, (t[-1] - t) / 0.02)
    sound *= 10 ** (CHIME_DBFS / 20) / np.abs(sound).max()
    soundfile.write(PACKAGE / "acting" / "chime.wav", sound.astype(np.float32), CHIME_RATE, subtype="PCM_16")


if __name__ == "__main__":
    demo()
    chime()
