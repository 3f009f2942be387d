"""Pictures: what is kept, what is refused, what is served."""

import io
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from fastapi import FastAPI, Response
from PIL import Image

from panier import catalog
from panier.catalog import routes
from panier.kit.errors import PanierError, TooLarge
from panier.kit.store import get
from panier.runtime import Runtime


def draw(kind: str, size: tuple[int, int], mode: str = "RGB") -> bytes:
    """Make an orange picture file."""
    out = io.BytesIO()
    Image.new(mode, size, "#FF6A13").save(out, kind)
    return out.getvalue()


async def sizes(runtime: Runtime, image: str) -> list[tuple[int, int]]:
    """Return width and height of the kept files, the small one first."""
    found = []
    for size in (320, 960):
        data = await get(runtime.store, f"catalog/{image}-{size}.webp")
        assert data is not None
        with Image.open(io.BytesIO(data)) as picture:
            assert picture.format == "WEBP"
            found.append(picture.size)
    return found


@pytest_asyncio.fixture(loop_scope="session")
async def browser(runtime: Runtime) -> AsyncIterator[httpx2.AsyncClient]:
    """Speak to the picture route alone."""
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(routes.router)

    @app.exception_handler(PanierError)
    async def refuse(request: object, error: PanierError) -> Response:
        return Response(error.code, error.status)

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


async def test_a_picture_is_kept_in_two_sizes_and_never_enlarged(runtime: Runtime) -> None:
    large = await catalog.keep_image(runtime.store, draw("JPEG", (1920, 1080)))
    small = await catalog.keep_image(runtime.store, draw("PNG", (200, 400)))
    assert await sizes(runtime, large) == [(320, 180), (960, 540)]
    assert await sizes(runtime, small) == [(160, 320), (200, 400)]


async def test_the_same_bytes_have_the_same_name(runtime: Runtime) -> None:
    first = await catalog.keep_image(runtime.store, draw("PNG", (10, 10)))
    again = await catalog.keep_image(runtime.store, draw("PNG", (10, 10)))
    other = await catalog.keep_image(runtime.store, draw("PNG", (10, 11)))
    assert first == again
    assert first != other


async def test_a_photo_is_turned_upright_and_its_place_forgotten(runtime: Runtime) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010F] = "a camera"
    out = io.BytesIO()
    Image.new("RGB", (400, 200)).save(out, "JPEG", exif=exif)
    image = await catalog.keep_image(runtime.store, out.getvalue())
    assert (await sizes(runtime, image))[1] == (200, 400)
    data = await get(runtime.store, f"catalog/{image}-960.webp")
    assert data is not None
    with Image.open(io.BytesIO(data)) as kept:
        assert dict(kept.getexif()) == {}


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", draw("GIF", (10, 10)), draw("PNG", (50, 50))[:60]],
    ids=["nothing", "text", "gif", "damaged"],
)
async def test_what_is_not_a_picture_of_ours_is_refused(runtime: Runtime, data: bytes) -> None:
    with pytest.raises(catalog.BadPicture):
        await catalog.keep_image(runtime.store, data)


async def test_too_many_pixels_or_bytes_are_refused_before_they_are_decoded(
    runtime: Runtime,
) -> None:
    with pytest.raises(catalog.TooManyPixels):
        await catalog.keep_image(runtime.store, draw("PNG", (10_000, 4_001), "1"))
    with pytest.raises(catalog.TooManyPixels):
        await catalog.keep_image(runtime.store, draw("PNG", (20_000, 20_000), "1"))
    with pytest.raises(TooLarge):
        await catalog.keep_image(runtime.store, bytes(10 * 1024 * 1024 + 1))


async def test_a_picture_is_served_for_ever_and_known_by_its_tag(
    runtime: Runtime, browser: httpx2.AsyncClient
) -> None:
    url = catalog.image_url(await catalog.keep_image(runtime.store, draw("PNG", (10, 10))), 320)
    assert url is not None
    first = await browser.get(url)
    assert first.status_code == 200
    assert first.headers["content-type"] == "image/webp"
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = await browser.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await browser.head(url)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/media/../secret",
        "/media/%2e%2e/secret",
        "/media/catalog/..%2f..%2fsecret",
        "/media//etc/passwd",
        "/media/video/0197/init.mp4",
        "/media/catalog/00000000000000000000000000000000-320.webp",
        "/media/catalog/00000000000000000000000000000000-320.webp%0a",
    ],
)
async def test_only_our_own_names_are_looked_up(
    runtime: Runtime, browser: httpx2.AsyncClient, path: str
) -> None:
    (runtime.settings.data / "secret").write_text("hush")
    assert (await browser.get(path)).status_code == 404
