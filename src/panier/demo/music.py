"""The sample film's music: four chords, an arpeggio and a pad, synthesised; it loops seamlessly."""

from __future__ import annotations  # Python 3.11's array takes no type argument at run time

import math
from array import array

RATE = 24_000
"""Samples a second; enough for a soft sound, and half the work of 48 kHz."""
BAR_SECONDS = 3.0
BARS = 4
PHRASE = int(RATE * BAR_SECONDS * BARS)
A4_KEY, A4_HERTZ = 69, 440.0

# MIDI keys: Dmaj9, Bm11, Gmaj9, A6sus: bass, pad and the notes that the arpeggio walks.
CHORDS = (
    (38, (57, 61, 64, 66), (66, 69, 73, 76, 78, 76, 73, 69)),
    (35, (57, 62, 64, 66), (66, 69, 74, 76, 78, 76, 74, 69)),
    (43, (57, 59, 62, 66), (62, 69, 71, 74, 78, 74, 71, 69)),
    (33, (57, 59, 64, 66), (64, 69, 71, 76, 78, 76, 71, 69)),
)


def _hertz(key: int) -> float:
    return A4_HERTZ * math.exp2((key - A4_KEY) / 12)


def _pluck(key: int, seconds: float = 2.2) -> array[float]:
    """A soft plucked tone: three partials, each dying away sooner than the one below it."""
    hertz, count = _hertz(key), int(RATE * seconds)
    step = 2 * math.pi * hertz / RATE
    tone = array("f", bytes(4 * count))
    for n in range(count):
        t, turn = n / RATE, step * n
        attack = min(1.0, n / 120)
        end = min(1.0, (count - n) / 2400)
        tone[n] = (
            attack
            * end
            * (
                math.sin(turn) * math.exp(-2.2 * t)
                + 0.4 * math.sin(2 * turn) * math.exp(-4.5 * t)
                + 0.16 * math.sin(3.01 * turn) * math.exp(-8 * t)
            )
        )
    return tone


def _pad(key: int, seconds: float) -> array[float]:
    """A slow tone of two strings slightly out of tune."""
    hertz, count = _hertz(key), int(RATE * seconds)
    step = 2 * math.pi * hertz / RATE
    tone = array("f", bytes(4 * count))
    for n in range(count):
        swell = math.sin(math.pi * n / count)
        turn = step * n
        tone[n] = swell * (math.sin(turn) + 0.7 * math.sin(1.003 * turn))
    return tone


class _Phrase:
    """Two channels into which tones are mixed; what rings on at the end goes on at its start."""

    def __init__(self) -> None:
        self.left = array("f", bytes(4 * PHRASE))
        self.right = array("f", bytes(4 * PHRASE))

    def add(self, tone: array[float], at_seconds: float, gain: float, pan: float) -> None:
        start = int(at_seconds * RATE)
        left, right = gain * math.cos(pan * math.pi / 2), gain * math.sin(pan * math.pi / 2)
        for n, value in enumerate(tone):
            at = (start + n) % PHRASE
            self.left[at] += left * value
            self.right[at] += right * value


def make_phrase() -> tuple[array[float], array[float]]:
    """Return twelve seconds for the left and the right ear, within ±1; takes about 3 s of CPU."""
    phrase = _Phrase()
    plucks: dict[int, array[float]] = {}
    for bar, (bass, pad, walk) in enumerate(CHORDS):
        begin = bar * BAR_SECONDS
        phrase.add(_pad(bass, BAR_SECONDS + 0.6), begin, 0.15, 0.5)
        for place, key in enumerate(pad):
            phrase.add(_pad(key, BAR_SECONDS + 1.2), begin - 0.3, 0.034, 0.2 + 0.2 * place)
        for beat, key in enumerate(walk):
            if key not in plucks:
                plucks[key] = _pluck(key)
            accent = 0.15 if beat % 4 == 0 else 0.105
            phrase.add(plucks[key], begin + beat * BAR_SECONDS / 8, accent, 0.3 + 0.05 * beat)
    return phrase.left, phrase.right
