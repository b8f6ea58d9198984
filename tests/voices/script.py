"""What the synthetic voices say: words and sentences, with their phonemes in American and British English.

The phonemes are written in the alphabet that Kokoro reads (IPA with capitals for diphthongs: A as in "day", I "my",
O "go" in America, Q "go" in Britain, W "now"). They are written by hand, so that the recipe needs no dictionary.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say, and how it sounds on either side of the Atlantic."""

    text: str
    american: str
    british: str


def _same(text: str, phonemes: str) -> Line:
    return Line(text, phonemes, phonemes)


KEYWORDS = (
    _same("yes", "jˈɛs"),
    Line("no", "nˈO", "nˈQ"),
    _same("up", "ˈʌp"),
    _same("down", "dˈWn"),
    _same("left", "lˈɛft"),
    _same("right", "ɹˈIt"),
    Line("on", "ˈɔn", "ˈɒn"),
    Line("off", "ˈɔf", "ˈɒf"),
    Line("stop", "stˈɑp", "stˈɒp"),
    Line("go", "ɡˈO", "ɡˈQ"),
)
"""The ten words that the shipped model tells apart."""

OTHER_WORDS = (
    Line("four", "fˈɔɹ", "fˈɔː"),
    _same("five", "fˈIv"),
    Line("cat", "kˈæt", "kˈat"),
    Line("dog", "dˈɔɡ", "dˈɒɡ"),
    Line("happy", "hˈæpi", "hˈapi"),
    _same("house", "hˈWs"),
    Line("marvin", "mˈɑɹvɪn", "mˈɑːvɪn"),
    Line("tree", "tɹˈi", "tɹˈiː"),
    Line("zero", "zˈɪɹO", "zˈɪəɹQ"),
    _same("one", "wˈʌn"),
    Line("bird", "bˈɜɹd", "bˈɜːd"),
)
"""Words that no rule listens for, and that the independent model knows by name."""

LOOKALIKES = (
    Line("snow", "snˈO", "snˈQ"),
    Line("gold", "ɡˈOld", "ɡˈQld"),
    Line("goat", "ɡˈOt", "ɡˈQt"),
    Line("note", "nˈOt", "nˈQt"),
    Line("coat", "kˈOt", "kˈQt"),
)
"""Words that sound almost like a keyword. The independent model has no name for them: nothing filters them."""

SENTENCES = (
    Line("After school we go home by bus.", "ˈæftəɹ skˈul wi ɡˌO hˈOm bI bˈʌs.", "ˈɑːftə skˈuːl wi ɡˌQ hˈQm bI bˈʌs."),
    Line(
        "The weather was lovely this morning.",
        "ðə wˈɛðəɹ wʌz lˈʌvli ðɪs mˈɔɹnɪŋ.",
        "ðə wˈɛðə wɒz lˈʌvli ðɪs mˈɔːnɪŋ.",
    ),
    Line(
        "She put the kettle back in the kitchen.",
        "ʃi pˌʊt ðə kˈɛtᵊl bˈæk ɪn ðə kˈɪʧᵊn.",
        "ʃi pˌʊt ðə kˈɛtᵊl bˈak ɪn ðə kˈɪʧᵊn.",
    ),
    Line(
        "My brother bought a new bicycle last week.",
        "mI bɹˈʌðəɹ bˈɔt ə nˈu bˈIsɪkᵊl lˈæst wˈik.",
        "mI bɹˈʌðə bˈɔːt ə njˈuː bˈIsɪkᵊl lˈɑːst wˈiːk.",
    ),
    Line(
        "Please send me the letter before Friday.",
        "plˈiz sˈɛnd mi ðə lˈɛTəɹ bəfˈɔɹ fɹˈIdA.",
        "plˈiːz sˈɛnd mi ðə lˈɛtə bɪfˈɔː fɹˈIdA.",
    ),
    Line(
        "There are many books about animals.",
        "ðɛɹ ɑɹ mˈɛni bˈʊks əbˌWt ˈænəmᵊlz.",
        "ðɛː ɑː mˈɛni bˈʊks əbˌWt ˈanɪmᵊlz.",
    ),
)
"""Common English. The first holds "go" in running speech, the others hold no keyword at all."""
