"""The examination of a checkpoint as one self-contained HTML page with pictures."""

from __future__ import annotations

from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.figure import Figure

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: right; }
td:first-child, th:first-child { text-align: left; }
svg { max-width: 100%; height: auto; }
"""
SENSITIVITIES = ("lower", "normal", "higher")
WORDS = (
    ("Words said alone", "words"),
    ("Words said alone, speakers who chose no threshold", "words_of_the_judging_half"),
    ("Words said alone by synthetic voices that training never heard", "synthetic_words"),
)
TALK = (
    ("Talk without any of the ten words", "talk"),
    ("The half of that talk that chose no threshold", "talk_of_the_judging_half"),
    ("Synthetic talk", "synthetic_talk"),
)


def page(found: Mapping[str, Any]) -> str:
    """One page: what was measured, with intervals, and a picture where a curve says more than a number.

    Raises:
        VoicegoError: matplotlib is not installed.
    """
    parts = [
        f"<h1>{escape(found['model'])}</h1>",
        f"<p>{found['ms_a_window']:.1f} ms a window in {escape(found['engine'])}, features included.</p>",
    ]
    if "accuracy" in found:
        parts += ["<h2>Twelve classes</h2>", _accuracy(found["accuracy"]), _confusion(found["confusion"])]
        parts += [
            "<h2>The ten words over a fan, and off the middle of the window</h2>",
            _lines(found["accuracy_over_a_fan_db"], "word over fan, dB", "right, %"),
            _lines(found["accuracy_by_shift_s"], "later than recorded, s", "right, %"),
        ]
    parts.append("<p>Figures over all words are about the ten, where the model hears them.</p>")
    parts += ["<h2>Thresholds</h2>", _thresholds(found["thresholds"])]
    if found["candidates"]:
        known = (
            [word, f"{one['missed']:.1%}", f"{one['an_hour']:.1f}", "yes" if one["good"] else "no"]
            for word, one in found["candidates"].items()
        )
        columns = ["", "missed", "false accepts an hour", "good enough"]
        parts += ["<p>Known by name, and no keywords yet:</p>", _table(columns, known)]
    for title, key in WORDS:
        parts += [f"<h2>{title}</h2>", _missed(found[key])]
    late = found["words"]["ms_from_word_end_to_decision"]
    if late:
        parts.append(
            f"<p>From the last sample above -40 dB of a word to its decision, in sound: median {late['median']:.0f} "
            f"ms, 95 % within {late['95 %']:.0f} ms ({late['of']} words; the computation's time comes on top).</p>"
        )
    for title, key in TALK:
        parts += [f"<h2>{title}</h2>", _talk(found[key])]
    parts += ["<h2>Misses against false accepts an hour, each word said alone</h2>", _det(found["curves"])]
    parts += ["<h2>In running speech</h2>", _running(found["running"])]
    title = f"voicego: {escape(found['model'])}"
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _accuracy(shares: Mapping[str, Mapping[str, float]]) -> str:
    rows = ([name, f"{row['right']:.0f}", f"{row['of']:.0f}", _interval(row)] for name, row in shares.items())
    return _table(["", "right", "of", "share, 95 % interval"], rows)


def _missed(words: Mapping[str, Mapping[str, Any]]) -> str:
    """A row a word, a column a sensitivity."""
    return _table(
        ["missed at sensitivity", "of", *SENSITIVITIES],
        (
            [word, f"{row['of']:.0f}", *(_interval(words[name][word]) for name in SENSITIVITIES)]
            for word, row in words["normal"].items()
            if row["of"]
        ),
    )


def _interval(row: Mapping[str, float]) -> str:
    return f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%})"


def _confusion(confusion: Mapping[str, Any]) -> str:
    labels = confusion["labels"]
    return _table(
        ["said \\ heard", *labels],
        ([label, *(str(count or "") for count in row)] for label, row in zip(labels, confusion["rows"], strict=True)),
    )


def _thresholds(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    kinds = [(kind, name) for kind in ("alone", "running") for name in SENSITIVITIES]
    return _table(
        ["", *(f"{kind}, {name}" for kind, name in kinds)],
        ([word, *(f"{row[kind][name]:.2f}" for kind, name in kinds)] for word, row in table.items()),
    )


def _talk(talk: Mapping[str, Mapping[str, Any]]) -> str:
    """A row a source: false accepts an hour, their number, and the end of the 95 % interval, at each sensitivity."""
    return _table(
        ["false accepts an hour at", "hours", *SENSITIVITIES, "told at normal"],
        (
            [
                source, f"{row['hours']:.2f}", *(_an_hour(talk[name][source]) for name in SENSITIVITIES),
                ", ".join(f"{word} {row['told'].count(word)}" for word in sorted(set(row["told"]))),
            ]
            for source, row in talk["normal"].items()
        ),
    )  # fmt: skip


def _an_hour(row: Mapping[str, Any]) -> str:
    return f"{row['an_hour']:.1f} ({row['counted']}; at most {row['at_most']:.1f})"


def _running(running: Mapping[str, Any]) -> str:
    misses = {step: 1 - share for step, share in running["missed"].items()}
    told = _table(
        ["false accepts an hour", *SENSITIVITIES],
        (
            [word, *(f"{running['false_accepts'][name][word]:.1f}" for name in SENSITIVITIES)]
            for word in running["false_accepts"]["normal"]
        ),
    )
    return _lines(misses, "threshold", "words told, %") + told


def _lines(points: Mapping[str, float], along: str, up: str) -> str:
    figure = _figure(3.2)
    axes = figure.subplots()
    axes.plot([float(x) for x in points], [100 * y for y in points.values()], marker="o")
    axes.set(xlabel=along, ylabel=up)
    axes.grid(visible=True, alpha=0.3)
    return _svg(figure)


def _det(curves: Mapping[str, Sequence[Sequence[float]]]) -> str:
    figure = _figure(6.0)
    axes = figure.subplots()
    for word, points in curves.items():
        axes.step([point[2] for point in points], [100 * point[1] for point in points], label=word, where="post")
    axes.set(xlabel="false accepts an hour", ylabel="missed, %")
    axes.legend(ncols=2)
    axes.grid(visible=True, alpha=0.3)
    return _svg(figure)


def _figure(height: float) -> Figure:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 — slow, and only here
    except ImportError as error:
        raise VoicegoError("The report's pictures need matplotlib: `pip install 'voicego[train]'`.") from error
    return Figure(figsize=(8, height), layout="constrained")


def _svg(figure: Figure) -> str:
    drawn = StringIO()
    figure.savefig(drawn, format="svg")
    return drawn.getvalue().partition("<svg")[1] + drawn.getvalue().partition("<svg")[2]
