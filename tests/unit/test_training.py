"""Training: who may be trained on, what is broken, the same windows from the same seed, and going on after a stop."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from numpy.typing import NDArray
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

from voicego.errors import VoicegoError
from voicego.spotting.features import FeatureSpec, features
from voicego.spotting.twelve import to_twelve
from voicego.training.augment import make_batch
from voicego.training.banks import Banks, build_banks
from voicego.training.classes import Classes, all_labels
from voicego.training.clips import KEYWORDS, Clip, Corpus, holds_keyword, read_corpus, which_split
from voicego.training.draft import CLEARLY_CUT, Mixture, draw
from voicego.training.evaluate import Tally, read_list
from voicego.training.lessons import Lesson, Lessons, Teaching, made_ahead, masked, warped
from voicego.training.mining import mined
from voicego.training.network import Shape, deepened, new_network
from voicego.training.train import TrainSettings, train

Pcm = NDArray[np.int16]


def spoken(seconds: float = 1.0, pitch: float = 300.0) -> Pcm:
    """A tone that swells and fades in the middle of its clip, so that where the word lies is known."""
    time = np.arange(int(seconds * 16_000)) / 16_000
    swell = np.exp(-(((time - seconds / 2) / 0.12) ** 2))
    return np.asarray(np.sin(2 * np.pi * pitch * time) * swell * 12_000 + np.sin(time * 99) * 4, np.int16)


def write_index(folder: Path, columns: str, rows: list[tuple[object, ...]]) -> None:
    lines = [columns.replace(" ", "\t"), *("\t".join(map(str, row)) for row in rows)]
    (folder / "index.tsv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_packs(tmp_path_factory.mktemp("packs"))


@pytest.fixture
def packs(written: Path, tmp_path: Path) -> Path:
    return shutil.copytree(written, tmp_path / "data")


@pytest.fixture(scope="module")
def banks(written: Path) -> Banks:
    corpus = read_corpus(written)
    return build_banks(corpus, Classes(), np.random.default_rng(0), noise_s=60.0, room_count=20)


def write_packs(root: Path) -> Path:
    """Ten words by four speakers, a reel of talk, single other words and noise, laid out as in shared/data."""
    rows: list[tuple[object, ...]] = []
    for pack in ("commands", "speech", "other_words", "noise"):
        (root / pack).mkdir(parents=True)
    for number, word in enumerate(KEYWORDS):
        clips = [spoken(pitch=200 + 40 * number + speaker) for speaker in range(4)]
        soundfile.write(root / "commands" / f"{word}.opus", np.concatenate(clips), 16_000, format="OGG", subtype="OPUS")
        rows += [
            (
                word,
                slot,
                f"speaker{slot}",
                "validation" if slot == 3 else "training",
                15_000,
                f"speaker{slot}_nohash_0.wav",
            )
            for slot in range(4)
        ]
    write_index(root / "commands", "word slot speaker split samples original_name", rows)
    columns = "reel first_sample samples source original transcript split"
    talk = np.concatenate([spoken(2.0), spoken(3.0), spoken(1.5)])
    soundfile.write(root / "speech" / "talk.opus", talk, 16_000, format="OGG", subtype="OPUS")
    write_index(
        root / "speech",
        columns,
        [
            ("talk.opus", 0, 32_000, "reader", "a.wav", "SHE WENT HOME", "training"),
            ("talk.opus", 32_000, 48_000, "reader", "b.wav", "PUT IT ON, please", "training"),
            ("talk.opus", 80_000, 24_000, "reader", "c.wav", "upon nowhere", "validation"),
        ],
    )
    soundfile.write(root / "other_words" / "w.opus", spoken(2.0), 16_000, format="OGG", subtype="OPUS")
    write_index(
        root / "other_words",
        columns,
        [
            ("w.opus", 0, 16_000, "an4_words", "go_x.wav", "go", "training"),
            ("w.opus", 16_000, 16_000, "crowd", "hadouken.wav", "", "training"),
        ],
    )
    noise = np.random.default_rng(0).normal(0, 500, 64_000).astype(np.int16)
    soundfile.write(root / "noise" / "n.opus", noise, 16_000, format="OGG", subtype="OPUS")
    write_index(root / "noise", columns, [("n.opus", 0, 64_000, "kitchen", "n.wav", "", "training")])
    listed = [(word, f"commands/{word}.opus", 48_000) for word in KEYWORDS]
    (root / "validation.tsv").write_text(
        "label\tfile\tfirst_sample\n" + "".join(f"{label}\t{file}\t{at}\n" for label, file, at in listed)
    )
    return root


def test_packs_are_cut_where_the_index_says(packs: Path) -> None:
    corpus = read_corpus(packs, splits=("training", "validation"))
    go = next(clip for clip in corpus.words if clip.word == "go")

    assert corpus.problems == []
    assert len(go.samples) == 15_000
    assert abs(int(np.abs(go.samples.astype(int)).argmax()) - 8_000) < 400
    assert corpus.counts("training")["stop"] == 3


def test_training_reads_no_validation_speaker(packs: Path) -> None:
    corpus = read_corpus(packs)

    assert {clip.split for clip in (*corpus.words, *corpus.negatives, *corpus.noises)} == {"training"}
    assert "speaker3" not in {clip.speaker for clip in corpus.words}


def test_speech_whose_transcript_holds_a_keyword_is_no_negative(packs: Path) -> None:
    said = {clip.transcript for clip in read_corpus(packs, splits=("training", "validation")).negatives}

    assert said == {"SHE WENT HOME", "upon nowhere", ""}


def test_single_words_with_a_transcript_are_words(packs: Path) -> None:
    assert read_corpus(packs).counts("training")["go"] == 4


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("NO, thanks", True),
        ("nowhere to go.", True),
        ("upon a time, nobody knows", False),
        ("on-line", True),
        ("", False),
    ],
)
def test_keywords_are_found_as_whole_words(text: str, holds: bool) -> None:  # noqa: FBT001
    assert holds_keyword(text) is holds


def test_a_broken_reel_is_named_and_the_rest_is_read(packs: Path) -> None:
    (packs / "commands" / "go.opus").write_bytes(b"not a sound at all")
    corpus = read_corpus(packs)

    assert len(corpus.problems) == 1
    assert "commands/go.opus" in corpus.problems[0]
    assert "3 recordings" in corpus.problems[0]
    assert corpus.counts("training")["stop"] == 3


def test_a_missing_pack_is_named(packs: Path) -> None:
    (packs / "noise" / "index.tsv").unlink()

    assert any("noise" in problem for problem in read_corpus(packs).problems)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    root = tmp_path / "words"
    for word, clips in (("go", 6), ("stop", 1), ("left", 0)):
        (root / word).mkdir(parents=True)
        for number in range(clips):
            soundfile.write(root / word / f"voice{number}_nohash_0.wav", spoken(), 16_000)
    (root / "go" / "broken_nohash_0.wav").write_bytes(b"RIFF")
    (root / "go" / "empty_nohash_0.wav").write_bytes(b"")
    soundfile.write(root / "go" / "eight_nohash_0.wav", np.zeros((8_000, 2), np.int16), 8_000)
    return root


def test_a_folder_a_word_is_read(folders: Path) -> None:
    corpus = read_corpus(folders, splits=("training", "validation"))

    assert corpus.counts("training")["go"] + corpus.counts("validation")["go"] == 7
    assert all(len(clip.samples) == 16_000 for clip in corpus.words)


@pytest.mark.parametrize(
    "says",
    [
        "left: an empty folder",
        "stop: a single recording",
        "go/broken_nohash_0.wav: cannot be read",
        "go/empty_nohash_0.wav",
    ],
)
def test_what_a_folder_lacks_is_named(folders: Path, says: str) -> None:
    problems = read_corpus(folders, splits=("training", "validation")).problems

    assert len(problems) == 4
    assert any(problem.startswith(says) for problem in problems)


def test_every_take_of_a_speaker_is_in_one_split() -> None:
    for number in range(300):
        assert len({which_split(f"{number:08x}_nohash_{take}.wav") for take in range(5)}) == 1


def test_about_a_fifth_of_the_speakers_are_kept_for_validation() -> None:
    kept = sum(which_split(f"{number:08x}_nohash_0.wav") == "validation" for number in range(3000))

    assert 0.17 < kept / 3000 < 0.23


@pytest.mark.parametrize("root", ["absent", "."])
def test_nothing_to_train_on_is_said(tmp_path: Path, root: str) -> None:
    with pytest.raises(VoicegoError, match=r"recordings at|no words to train on"):
        read_corpus(tmp_path / root)


def test_a_batch_is_one_second_windows_within_full_scale(banks: Banks) -> None:
    batch = make_batch(banks, Mixture(), 64, seed=1, number=0)

    assert batch.samples.shape == (64, 16_000)
    assert batch.samples.dtype == np.float32
    assert np.isfinite(batch.samples).all()
    assert np.abs(batch.samples).max() <= 1.0


def test_the_same_seed_and_number_give_the_same_sound(banks: Banks) -> None:
    first, again = (make_batch(banks, Mixture(), 32, seed=1, number=5) for _ in range(2))
    other = make_batch(banks, Mixture(), 32, seed=1, number=6)

    assert (first.samples == again.samples).all()
    assert (first.label == again.label).all()
    assert not (first.samples == other.samples).all()


def test_a_batch_holds_what_the_mixture_says(banks: Banks) -> None:
    mixture = Mixture(truncated=0.1, utterances=0.2, anywhere=0.1, pieces=0.1, silence=0.1)
    batch = make_batch(banks, mixture, 100, seed=1, number=0)
    named = [all_labels()[label] for label in batch.label]

    assert named.count("_silence_") == 10
    assert named.count("_unknown_") == 50
    assert set(named[:40]) <= set(KEYWORDS)
    assert batch.taught.sum() == 40


def test_half_words_are_cut_clearly_and_never_taught(banks: Banks) -> None:
    only = Mixture(truncated=1.0, utterances=0, anywhere=0, pieces=0, silence=0)
    draft = draw(banks, only, 200, np.random.default_rng(1))
    longest = (banks.words.last - banks.words.first).max() / draft.rate

    assert (draft.label == all_labels().index("_unknown_")).all()
    assert (draft.length <= CLEARLY_CUT * longest + 1).all()
    assert not draft.taught.any()


def test_whole_words_lie_mostly_inside_the_window(banks: Banks) -> None:
    only = Mixture(truncated=0, utterances=0, anywhere=0, pieces=0, silence=0)
    draft = draw(banks, only, 200, np.random.default_rng(1))
    shortest = (banks.words.last - banks.words.first).min() / draft.rate

    assert (draft.length >= 0.79 * shortest - 1).all()


def test_silence_reaches_from_nothing_to_loud(banks: Banks) -> None:
    only = Mixture(truncated=0, utterances=0, anywhere=0, pieces=0, silence=1.0)
    loudness = np.sqrt(np.square(make_batch(banks, only, 128, seed=1, number=0).samples).mean(axis=1))

    assert loudness.min() == 0
    assert np.count_nonzero((loudness > 0) & (loudness < 1e-3)) > 5
    assert loudness.max() > 0.1


def test_words_without_any_other_recording_still_make_batches() -> None:
    corpus = Corpus(words=[Clip(spoken(), word, "training", "folder") for word in ("go", "stop", "teapot")])
    batch = make_batch(
        build_banks(corpus, Classes(), np.random.default_rng(0), 60.0, 20), Mixture(), 64, seed=1, number=0
    )

    assert {"go", "stop", "_silence_", "_unknown_"} == {all_labels()[label] for label in batch.label}


@pytest.fixture
def spec() -> FeatureSpec:
    return FeatureSpec(4, 80, *(np.full(80, value, np.float32) for value in (2.0, 9.0, 3.0)))


def test_the_teacher_has_half_a_say_on_words_and_none_on_the_rest(banks: Banks, spec: FeatureSpec) -> None:
    batch = make_batch(banks, Mixture(), 64, seed=1, number=0)
    cat = all_labels().index("cat")

    def always_cat(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        sure: NDArray[np.float32] = np.eye(len(all_labels()), dtype=np.float32)[np.full(len(samples), cat)]
        return sure

    lesson = Teaching(Classes(), spec, always_cat).lesson(batch, np.random.default_rng(3))

    assert np.allclose(lesson.targets[batch.taught, cat], 0.5)
    assert np.allclose(lesson.targets[~batch.taught, cat], 0.0)
    assert np.allclose(lesson.targets.sum(axis=1), 1.0)
    assert (lesson.weight == 1).all()


def test_a_doubtful_window_in_which_the_teacher_hears_a_keyword_counts_nothing(banks: Banks, spec: FeatureSpec) -> None:
    batch = make_batch(banks, Mixture(), 64, seed=1, number=0)

    def always_yes(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.tile(np.eye(1, len(all_labels()), dtype=np.float32), (len(samples), 1))

    lesson = Teaching(Classes(), spec, always_yes).lesson(batch, np.random.default_rng(3))

    assert batch.doubtful.any()
    assert (lesson.weight == ~batch.doubtful).all()


def test_warping_stretches_bands_and_frames_of_six_windows_in_ten() -> None:
    ramp = np.tile(np.linspace(0, 1, 80, dtype=np.float32), (400, 98, 1)) + np.linspace(0, 1, 98)[:, None].astype("f")
    seen = warped(ramp, 0.6, np.random.default_rng(0))
    changed = np.abs(seen - ramp).max(axis=(1, 2)) > 1e-6

    assert 0.5 < changed.mean() < 0.7
    assert np.abs(seen - ramp).max() < 0.25
    assert np.allclose(seen[changed][:, 49, 0], ramp[0, 49, 0], atol=0.02)  # the lowest band's middle stays
    assert np.array_equal(warped(ramp, 0.6, np.random.default_rng(0)), seen)


@pytest.mark.parametrize(("thin", "most"), [(0, 0.3), (500, 0.5)])
def test_people_stay_the_majority_of_words_that_many_said_and_half_of_the_others(
    written: Path, thin: int, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicego.training.banks.THIN", thin)
    corpus = read_corpus(written)
    corpus.words += [Clip(spoken(), "go", "training", "kokoro", "af_heart")] * 40
    corpus.negatives += [Clip(spoken(2.0), "", "training", "flite", "slt")] * 40
    banks = build_banks(corpus, Classes(), np.random.default_rng(0), noise_s=10.0, room_count=4)
    go = banks.words.label == all_labels().index("go")
    synthetic = np.array([clip.synthetic for clip in corpus.words if clip.split == "training"])

    assert np.isclose(banks.words.weight[go & synthetic].sum() / banks.words.weight[go].sum(), most)
    assert np.isclose(banks.utterances.weight[-40:].sum() / banks.utterances.weight.sum(), 0.35)


def test_talk_that_is_taken_for_a_keyword_is_drawn_more_often(banks: Banks) -> None:
    loud = replace(banks.utterances, doubtful=np.zeros_like(banks.utterances.doubtful))
    seen: list[float] = []

    def first_is_sure(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.extend(np.abs(windows).max(axis=1).tolist())
        odds = np.zeros((len(windows), 37), np.float32)
        odds[0, 3], odds[:, 20] = 1.0, 0.9  # a keyword in the first; another word everywhere
        return odds

    after = mined(replace(banks, utterances=loud), 10, first_is_sure).utterances.weight
    doubtful = replace(loud, doubtful=np.ones_like(loud.doubtful))
    untouched = mined(replace(banks, utterances=doubtful), 10, first_is_sure).utterances.weight

    assert np.isclose(after / loud.weight, 16.0).sum() == 1
    assert np.isclose(after / loud.weight, 1.0).sum() == len(after) - 1
    assert min(seen) > 0.1, "the utterance lies in its window"
    assert np.array_equal(untouched, loud.weight)


def test_a_deeper_network_begins_nearly_where_the_shallow_one_ended() -> None:
    torch.manual_seed(0)
    shallow, deep = (new_network(all_labels(), Shape(4, 32, layers, 64)).train(mode=False) for layers in (2, 4))
    deep.load_state_dict(deepened(shallow.state_dict(), 4))
    inputs = torch.randn(8, 24, 320)
    with torch.inference_mode():
        before, after = shallow(inputs).logits, deep(inputs).logits

    assert torch.allclose(before, after, atol=1e-3)


def test_a_run_may_begin_with_a_checkpoint_and_more_layers(packs: Path, tmp_path: Path) -> None:
    train(settings_for(packs, tmp_path / "first", 1))
    start = tmp_path / "first" / "model"
    train(replace(settings_for(packs, tmp_path / "second", 1), start=str(start), shape=Shape(layers=3)))
    config = json.loads((tmp_path / "second" / "model" / "config.json").read_text())

    assert (config["num_hidden_layers"], config["hidden_size"]) == (3, 32)
    card = (tmp_path / "second" / "model" / "README.md").read_text()
    assert "start model.safetensors" in card
    assert "commands/index.tsv" in card
    assert str(tmp_path) not in card


def test_beginning_with_a_foreign_checkpoint_is_refused(packs: Path, tmp_path: Path) -> None:
    train(settings_for(packs, tmp_path / "first", 1))
    start = tmp_path / "first" / "model"
    config = json.loads((start / "config.json").read_text())
    del config["conv_depthwise_kernel_size"]
    (start / "config.json").write_text(json.dumps(config))

    with pytest.raises(VoicegoError, match="no network that voicego made"):
        train(replace(settings_for(packs, tmp_path / "second", 1), start=str(start)))


def test_a_full_disk_leaves_the_last_checkpoint_and_the_run_goes_on(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(packs, tmp_path / "out", 2)
    train(settings)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out" / "model").iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("voicego.training.network.save_file", full)
    monkeypatch.setattr("torch.save", full)
    train(replace(settings, steps=4))

    assert {path.name: path.read_bytes() for path in (tmp_path / "out" / "model").iterdir()} == before
    assert "No space left on device" in caplog.text
    assert torch.load(tmp_path / "out" / "state.pt", weights_only=True)["step"] == 2
    assert not list((tmp_path / "out").glob("*.new"))


def test_masks_blank_some_and_leave_most() -> None:
    lesson = Lesson(np.ones((200, 24, 320), np.float32), np.ones((200, 1), np.float32), np.ones(200, np.float32))
    blanked = (masked(lesson, 4, np.random.default_rng(0)).inputs == 0).mean(axis=(1, 2))

    assert (lesson.inputs == 1).all()
    assert 0.05 < blanked.mean() < 0.2
    assert 0.1 < (blanked == 0).mean() < 0.4


@pytest.mark.parametrize("beside", [False, True])
def test_a_failing_lesson_is_raised_where_it_is_taken(*, beside: bool) -> None:
    def fail(number: int) -> Lesson:
        raise VoicegoError(f"lesson {number} fell over")

    with pytest.raises(VoicegoError, match="lesson 7"):
        next(made_ahead(Lessons(fail, first=7), beside=beside))


def test_labels_beyond_the_twelve_are_summed_into_unknown() -> None:
    summed = to_twelve(
        np.array([[0.3, 0.25, 0.25, 0.1, 0.1]], np.float32), ["go", "bed", "cat", "_unknown_", "_silence_"]
    )

    assert summed.argmax() == 11
    assert np.isclose(summed[0, 11], 0.6)


def test_wilson_interval_of_a_known_case() -> None:
    low, high = Tally(90, 100).interval()

    assert (round(low, 3), round(high, 3)) == (0.826, 0.945)


def settings_for(packs: Path, out: Path, steps: int) -> TrainSettings:
    return TrainSettings(
        (packs,),
        out,
        shape=Shape(4, 32, 2, 64),
        steps=steps,
        batch=16,
        reuse=2,
        validate_every=2,
        save_every_s=0,
        synthetic_noise_s=60,
        rooms=20,
    )


def test_a_stopped_run_goes_on_and_leaves_a_loadable_checkpoint(packs: Path, tmp_path: Path) -> None:
    train(settings_for(packs, tmp_path / "out", 2))
    stopped = torch.load(tmp_path / "out" / "state.pt", weights_only=True)
    train(settings_for(packs, tmp_path / "out", 4))
    state = torch.load(tmp_path / "out" / "state.pt", weights_only=True)
    folder = tmp_path / "out" / "model"
    network = AutoModelForAudioClassification.from_pretrained(folder).eval()
    spec = FeatureSpec.from_preprocessor(json.loads((folder / "preprocessor_config.json").read_text()))
    clips = read_list(tmp_path / "data" / "validation.tsv")
    with torch.inference_mode():
        logits = network(torch.from_numpy(features(clips.samples, spec))).logits

    assert (stopped["step"], state["step"]) == (2, 4)
    assert logits.shape == (10, 37)
    assert network.config.id2label[9] == "go"
    assert AutoFeatureExtractor.from_pretrained(folder).stride == 4
    assert set(json.loads((folder / "decision.json").read_text())["keywords"]) == set(KEYWORDS)
    assert [line.split("\t")[0] for line in (tmp_path / "out" / "curves.tsv").read_text().splitlines()] == [
        "step",
        "2",
        "4",
    ]
    assert not list((tmp_path / "out").glob("*.new"))


def test_training_learns_to_tell_tones_apart(packs: Path, tmp_path: Path) -> None:
    train(replace(settings_for(packs, tmp_path / "out", 30), validate_every=10))
    losses = [float(line.split("\t")[2]) for line in (tmp_path / "out" / "curves.tsv").read_text().splitlines()[1:]]

    assert len(losses) == 3
    assert losses[-1] < losses[0] - 0.3


def test_a_missing_teacher_is_said_before_anything_is_read(packs: Path, tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match="teacher needs"):
        train(TrainSettings((packs,), tmp_path / "out", teacher=tmp_path / "absent.onnx", steps=1))
