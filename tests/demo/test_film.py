"""The sample shop's pictures, its film's parts, and the encoder that loops it."""

import asyncio
import threading
from pathlib import Path

import httpx2
import pytest

from panier.demo import pictures
from panier.demo.data import read_sample
from panier.demo.film import FilmStopped, Planes, ensure_film, film_seconds
from panier.demo.music import PHRASE, make_phrase
from panier.demo.publisher import Publisher
from tests.video.conftest import OnAir, Role
from tests.video.film import SECONDS


@pytest.mark.parametrize("slug", pictures.SLUGS)
def test_every_product_has_a_picture_with_light_and_shadow(slug: str) -> None:
    picture = pictures.draw(slug, 96)
    assert (picture.size, picture.mode) == ((96, 96), "RGB")
    low, high = picture.convert("L").getextrema()
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert high - low > 100


def test_the_film_shows_the_products_of_the_sample_shops() -> None:
    assert [product.slug for product in read_sample().product] == list(pictures.SLUGS)
    assert film_seconds() == 48


def test_covers_are_drawn_in_any_size_and_differ_by_title() -> None:
    assert pictures.draw_cover("Lumières du soir", (80, 100)).size == (80, 100)
    titles = ("Lumières du soir", "La table d’hiver", "Cadeaux faits main", "Evening lights")
    assert len({pictures.draw_cover(title, (40, 50)).tobytes() for title in titles}) > 1


def test_a_picture_keeps_its_colour_in_the_encoders_planes() -> None:
    planes = Planes.of(pictures.draw("candle", 96))
    assert [plane.size for plane in planes] == [(96, 96), (48, 48), (48, 48)]


def test_the_music_is_heard_and_never_too_loud() -> None:
    left, right = make_phrase()
    assert len(left) == len(right) == PHRASE
    assert 0.2 < max(*left, *right) < 0.9
    assert -0.9 < min(*left, *right) < -0.2
    # It loops: the step from its end to its start is not larger than those within.
    assert abs(left[-1] - left[0]) < 0.05


def test_making_the_film_can_be_stopped(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(FilmStopped):
        ensure_film(tmp_path, "en", stopped)
    assert list(tmp_path.iterdir()) == []


async def test_the_encoder_loops_a_film_without_a_break(
    role: Role, channel: OnAir, player: httpx2.AsyncClient, film: Path
) -> None:
    publisher = Publisher(film, SECONDS, channel.url, "test")
    publisher.start()
    try:
        async with asyncio.timeout(30):
            while (await player.get(channel.path + "index.m3u8")).status_code != 200:
                await player.get(channel.path + "status.json")
        # Segment 4 begins with the film's second turn.
        text = ""
        for number in range(6):
            text = (await player.get(f"{channel.path}index.m3u8?_HLS_msn={number}")).text
        status = (await player.get(channel.path + "status.json")).json()
    finally:
        publisher.stop()
        await asyncio.to_thread(publisher.join, 10)
    assert not publisher.is_alive()
    assert "#EXT-X-DISCONTINUITY\n" not in text
    assert (status["dropped"], status["reconnects"]) == (0, 0)
    assert [line for line in text.splitlines() if line.startswith("#EXTINF")][:5] == [
        "#EXTINF:2.00000,"
    ] * 5
