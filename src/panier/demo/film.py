"""The sample film: the eight products in turn, drawn, with a clock and music, made once."""

import hashlib
import threading
import time
from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import structlog
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFilter

from panier.demo.brush import font, rgb
from panier.demo.data import read_sample
from panier.demo.music import PHRASE, RATE, make_phrase
from panier.demo.pictures import scene, wrap

VERSION = 2
"""Counts up when the film looks different, so that an old one is made anew."""
SIZE = WIDTH, HEIGHT = 540, 960
FPS = 25
SHOT_SECONDS = 6
"""How long a product is shown; its start is when the presenter pins it."""
FADE_FRAMES = 14
KEY_SECONDS = 2
ZOOM = 1.16
"""How far the camera goes towards a product, or away from it."""
LARGE = 1.33
"""Scenes are drawn so much larger than the film."""
SOUND_RATE = 48_000
AAC_SAMPLES = 1024
INK, PAPER = "#14110f", "#fffcf8"
# A phone's screen is narrower than 9:16 and cuts a tenth off each side.
CLOCK_TOP, TITLE_TOP, LEFT = 112, 190, 84

log = structlog.get_logger()


class Planes(NamedTuple):
    """A picture as the encoder wants it: brightness, and colour at half the resolution.

    The camera moves in these planes: a third of the work of RGB, and no conversion per picture.
    """

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @classmethod
    def of(cls, picture: Image.Image) -> "Planes":
        """Convert an RGB picture with even sides, as FFmpeg does."""
        frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
        planes = frame.reformat(format="yuv420p").planes
        return cls(
            *(
                Image.frombytes("L", (p.width, p.height), bytes(p), "raw", "L", p.line_size)
                for p in planes
            )
        )

    def crop(self, box: tuple[float, float, float, float]) -> "Planes":
        """Return what is inside `box`, in the film's size."""
        half = tuple(side / 2 for side in box)
        small = (WIDTH // 2, HEIGHT // 2)
        smooth = Image.Resampling.BILINEAR
        return Planes(
            self.y.resize(SIZE, smooth, box),
            self.u.resize(small, smooth, half),  # type: ignore[arg-type]
            self.v.resize(small, smooth, half),  # type: ignore[arg-type]
        )

    def blend(self, other: "Planes", share: float) -> "Planes":
        """Fade into `other`."""
        return Planes(*(Image.blend(a, b, share) for a, b in zip(self, other, strict=True)))

    def paste(self, other: "Planes", mask: Image.Image, at: tuple[int, int]) -> None:
        """Lay `other` over this picture through `mask`; `at` has even numbers."""
        half = mask.resize((mask.width // 2, mask.height // 2), Image.Resampling.BOX)
        self.y.paste(other.y, at, mask)
        for mine, theirs in ((self.u, other.u), (self.v, other.v)):
            mine.paste(theirs, (at[0] // 2, at[1] // 2), half)

    def frame(self) -> av.VideoFrame:
        """Return the picture as FFmpeg takes it."""
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, image in zip(frame.planes, self, strict=True):
            padded = image.crop((0, 0, plane.line_size, plane.height))
            plane.update(padded.tobytes())
        return frame


class Shot(NamedTuple):
    """A product in front of the camera."""

    scene: Planes
    """Larger than the film, so that the camera can come closer."""
    caption: Planes
    mask: Image.Image
    inward: bool


def film_seconds() -> int:
    """Return how long the film is."""
    return SHOT_SECONDS * len(read_sample().product)


class FilmStopped(Exception):
    """The film is not wanted any more."""


def ensure_film(folder: Path, language: str, stopped: threading.Event) -> Path:
    """Return the film with titles in `language`, made when it is not there yet (about 20 s).

    Raises FilmStopped soon after `stopped` is set.
    """
    products = read_sample().product
    titles = [product.title[language] for product in products]
    named = "\n".join([str(VERSION), *titles]).encode()
    path = folder / f"film-{language}-{hashlib.sha256(named).hexdigest()[:8]}.mp4"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    log.info("the sample film is being made, once", language=language)
    begun = time.process_time()
    draft = path.with_suffix(".part")
    try:
        _make(draft, [product.slug for product in products], titles, stopped)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    log.info(
        "the sample film is ready",
        language=language,
        cpu_seconds=round(time.process_time() - begun, 1),
        megabytes=round(path.stat().st_size / 1e6, 1),
    )
    return path


def _make(path: Path, slugs: list[str], titles: list[str], stopped: threading.Event) -> None:
    seconds = SHOT_SECONDS * len(slugs)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        video: VideoStream = film.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate = 1_600_000
        gop = KEY_SECONDS * FPS
        video.options = {
            "preset": "superfast",
            "profile": "main",
            "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:threads=1"
            ":vbv-maxrate=2500:vbv-bufsize=2500",
        }
        audio: AudioStream = film.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        audio.bit_rate = 128_000
        sound = _sound(seconds)
        heard = 0
        for number, picture in enumerate(_pictures(slugs, titles)):
            if stopped.is_set():
                raise FilmStopped
            frame = picture.frame()
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            film.mux(video.encode(frame))
            while heard * FPS <= number * SOUND_RATE and (tone := next(sound, None)):
                heard += tone.samples
                film.mux(audio.encode(tone))
            if (number + 1) % (FPS * SHOT_SECONDS * 2) == 0:
                log.info("the sample film grows", of=seconds, seconds=(number + 1) // FPS)
        for tone in sound:
            film.mux(audio.encode(tone))
        film.mux(video.encode())
        film.mux(audio.encode())


def _sound(seconds: int) -> Iterator[av.AudioFrame]:
    """Yield the music in AAC's frames, exactly as many as fit into `seconds`."""
    resampler = av.AudioResampler("fltp", "stereo", SOUND_RATE, AAC_SAMPLES)
    left, right = make_phrase()
    piece = RATE // 10
    wanted = seconds * SOUND_RATE // AAC_SAMPLES
    given = 0
    at = 0
    while given < wanted:
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=piece)
        for plane, channel in zip(frame.planes, (left, right), strict=True):
            plane.update(array("f", channel[at : at + piece]).tobytes())
        frame.sample_rate = RATE
        at = (at + piece) % PHRASE
        for tone in resampler.resample(frame):
            if given < wanted:
                tone.pts, tone.time_base = given * AAC_SAMPLES, Fraction(1, SOUND_RATE)
                given += 1
                yield tone


def _pictures(slugs: list[str], titles: list[str]) -> Iterator[Planes]:
    frames = SHOT_SECONDS * FPS
    digits = _digits()
    shot = first = _shot(slugs[0], titles[0], inward=True)
    for index in range(len(slugs)):
        last = index + 1 == len(slugs)
        following = (
            first if last else _shot(slugs[index + 1], titles[index + 1], inward=index % 2 == 1)
        )
        for n in range(frames):
            picture = _camera(shot, n / frames)
            into = n - (frames - FADE_FRAMES)
            if into >= 0:
                # The next shot's camera already moves while it fades in.
                coming = _camera(following, (into - FADE_FRAMES) / frames)
                picture = picture.blend(coming, (into + 1) / (FADE_FRAMES + 1))
            _clock(picture, digits, index * frames + n)
            yield picture
        shot = following


def _shot(slug: str, title: str, *, inward: bool) -> Shot:
    # Even sides, because colour has half the resolution.
    large = (round(WIDTH * LARGE / 2) * 2, round(HEIGHT * LARGE / 2) * 2)
    words, mask = _caption(title)
    caption = Planes.of(words)
    return Shot(Planes.of(scene(slug, large)), caption, mask, inward)


def _camera(shot: Shot, share: float) -> Planes:
    """Look at a shot at `share` of its time; a little before 0 while it fades in."""
    width, height = shot.scene.y.size
    near = share if shot.inward else 1 - share
    zoom = 1.03 + (ZOOM - 1) * near
    w, h = width / zoom, height / zoom
    # The camera also drifts: up while coming closer, sideways a little.
    x = (width - w) * (0.5 + 0.3 * (share - 0.5))
    y = (height - h) * (0.42 - 0.06 * near)
    view = shot.scene.crop((x, y, x + w, y + h))
    view.paste(shot.caption, shot.mask, (0, 0))
    return view


def _caption(title: str) -> tuple[Image.Image, Image.Image]:
    """Draw the scrim and a product's name, in the part of the picture that the room leaves free."""
    layer = Image.new("RGBA", (WIDTH, 460))
    scrim = Image.new("L", (1, 460))
    scrim.putdata([round(120 * (1 - y / 460) ** 1.3) for y in range(460)])
    layer.paste(Image.new("RGB", (WIDTH, 460), rgb(INK)), (0, 0))
    layer.putalpha(scrim.resize((WIDTH, 460)))
    text = Image.new("L", layer.size)
    pen = ImageDraw.Draw(text)
    for line, words in enumerate(wrap(title, 36, WIDTH - 2 * LEFT)):
        place = (LEFT, TITLE_TOP + 42 * line)
        pen.text(place, words, font=font(36, 600), fill=255)
    soft = text.filter(ImageFilter.GaussianBlur(6)).point([round(v * 0.5) for v in range(256)])
    shadow = Image.new("RGBA", layer.size, rgb(INK))
    shadow.putalpha(soft)
    layer.alpha_composite(shadow)
    words_on_top = Image.new("RGBA", layer.size, rgb(PAPER))
    words_on_top.putalpha(text)
    layer.alpha_composite(words_on_top)
    return layer.convert("RGB"), layer.getchannel("A")


def _digits() -> dict[str, tuple[Planes, Image.Image]]:
    """Draw the clock's figures once, each on the same width."""
    face = font(64, 700)
    wide = round(max(face.getlength(figure) for figure in "0123456789") / 2) * 2
    drawn = {}
    for sign in "0123456789:.":
        width = wide if sign.isdigit() else wide // 4 * 2
        mask = Image.new("L", (width, 76))
        ImageDraw.Draw(mask).text((width / 2, 38), sign, font=face, fill=255, anchor="mm")
        drawn[sign] = (Planes.of(Image.new("RGB", mask.size, rgb(PAPER))), mask)
    return drawn


def _clock(picture: Planes, digits: dict[str, tuple[Planes, Image.Image]], number: int) -> None:
    """Write the film's time, to a tenth of a second: what everybody should see at once."""
    tenths = number * 10 // FPS
    text = f"{tenths // 600}:{tenths // 10 % 60:02}.{tenths % 10}"
    x = LEFT - 2
    for sign in text:
        paper, mask = digits[sign]
        picture.paste(paper, mask, (x, CLOCK_TOP))
        x += mask.width
