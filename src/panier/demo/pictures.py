"""The sample shop's pictures, drawn in code: products and covers of shows."""

from functools import lru_cache
from zlib import crc32

from PIL import Image, ImageDraw, ImageFilter

from panier.demo import soft_goods, still_life
from panier.demo.brush import Canvas, font, mix, ramp, rgb
from panier.demo.lights import LIGHTS

DRAWINGS = {
    "candle": still_life.candle,
    "olive-oil": still_life.olive_oil,
    "mug": still_life.mug,
    "lamp": still_life.lamp,
    "tote": soft_goods.tote,
    "scarf": soft_goods.scarf,
    "hand-cream": soft_goods.hand_cream,
    "chocolate": soft_goods.chocolate,
}
SLUGS = tuple(LIGHTS)
HANGING = frozenset({"scarf"})
"""These hang on the wall instead of standing on the table."""


@lru_cache(maxsize=16)
def sprite(slug: str, pixels: int) -> Image.Image:
    """Draw a product with its shadow on nothing, `pixels` square."""
    canvas = Canvas(pixels)
    DRAWINGS[slug](canvas)
    return canvas.finish()


def _edge(size: tuple[int, int]) -> float:
    """Return where wall and table meet; in a film's tall picture the room's controls lie below."""
    width, height = size
    if height > 1.5 * width:
        return height * 0.56
    return height * (0.72 if height > width else 0.76)


def backdrop(slug: str, size: tuple[int, int]) -> Image.Image:
    """Draw the wall and the table behind a product, with the light of a window on the wall."""
    light, (width, height) = LIGHTS[slug], size
    edge = round(_edge(size))
    wall = ramp(
        [(0, mix(light.wall, "#fff8ec", 0.45)), (1, mix(light.wall, "#2a1a10", 0.12))], width
    )
    picture = wall.resize(size)
    dusk = ramp([(0, "#000000"), (0.6, "#0a0a0a"), (1, "#3a3a3a")], height)
    dusk = dusk.transpose(Image.Transpose.ROTATE_270).resize(size).convert("L")
    picture.paste(Image.new("RGB", size, rgb(mix(light.wall, "#1a0d05", 0.7))), (0, 0), dusk)
    window = Image.new("L", size)
    pen = ImageDraw.Draw(window)
    for pane in range(2):
        for row in range(2):
            x, y = width * (0.08 + 0.25 * pane), height * (0.06 + 0.22 * row)
            w, h, lean = width * 0.22, height * 0.19, width * 0.1
            corners = [
                (x, y),
                (x + w, y - h * 0.08),
                (x + w + lean, y + h),
                (x + lean, y + h * 1.06),
            ]
            pen.polygon(corners, fill=105)
    window = window.filter(ImageFilter.GaussianBlur(min(size) / 45))
    picture.paste(Image.new("RGB", size, rgb("#fff6e2")), (0, 0), window)
    if slug in HANGING:
        return picture
    board = ramp(
        [
            (0, mix(light.table, "#fff1de", 0.3)),
            (0.55, light.table),
            (1, mix(light.table, "#1a0d05", 0.4)),
        ],
        width,
    )
    table = board.resize((width, height - edge))
    front = ramp([(0, "#404040"), (0.2, "#000000"), (1, "#505050")], height - edge)
    front = front.transpose(Image.Transpose.ROTATE_270).resize(table.size).convert("L")
    table.paste(Image.new("RGB", table.size, rgb("#1a0d05")), (0, 0), front)
    soft = Image.new("L", size)
    soft.paste(255, (0, edge, width, height))
    whole = Image.new("RGB", size)
    whole.paste(table, (0, edge))
    whole.paste(table.resize((width, 8)), (0, edge - 8))
    picture.paste(whole, (0, 0), soft.filter(ImageFilter.GaussianBlur(2)))
    return picture


def place(slug: str, size: tuple[int, int]) -> tuple[int, int, int]:
    """Return left, top and side of a product's sprite in a picture of this size."""
    width, height = size
    side = round(width * 0.76 if height > 1.5 * width else min(width, height) * 0.88)
    left = (width - side) // 2
    if slug in HANGING:
        hang = 0.46 if height > 1.5 * width else 0.5
        return left, round(height * hang - side * 0.52), side
    return left, round(_edge(size) + height * 0.05 - side * 0.89), side


def scene(slug: str, size: tuple[int, int]) -> Image.Image:
    """Draw a product in its light."""
    picture = backdrop(slug, size)
    left, top, side = place(slug, size)
    drawn = sprite(slug, side)
    picture.paste(drawn, (left, top), drawn)
    return picture


def draw(name: str, size: int | tuple[int, int]) -> Image.Image:
    """Draw a product's catalogue picture by its slug, or a cover by `cover-…`, in pixels."""
    box = (size, size) if isinstance(size, int) else size
    return scene(name, box) if name in DRAWINGS else _group(name, box)


GROUPS = (
    ("lamp", "tote", "candle"),
    ("olive-oil", "mug", "chocolate"),
    ("hand-cream", "lamp", "mug"),
)
"""What stands together on covers: left, right, and in front."""


def _group(name: str, size: tuple[int, int]) -> Image.Image:
    """Draw three products together; which ones depends on the name's number."""
    number = int("".join(filter(str.isdigit, name)) or 0)
    slugs = GROUPS[number % len(GROUPS)]
    width, height = size
    picture = backdrop(slugs[2], size)
    side = round(min(width * 0.66, height * 0.66))
    foot = _edge(size) + height * 0.05
    places = ((0.23, 1.0, 0.0), (0.76, 0.9, 0.02), (0.48, 0.74, 0.09))
    for slug, (at, scale, nearer) in zip(slugs, places, strict=True):
        drawn = sprite(slug, round(side * scale))
        left = round(width * at - drawn.width / 2)
        picture.paste(drawn, (left, round(foot + height * nearer - drawn.height * 0.89)), drawn)
    return picture


def draw_cover(title: str, size: tuple[int, int]) -> Image.Image:
    """Draw a show's cover: three products in evening light; which ones depends on the title."""
    picture = _group(f"cover-{crc32(title.encode())}", size)
    veil = ramp([(0, "#606060"), (0.45, "#101010"), (1, "#000000")], size[1])
    veil = veil.transpose(Image.Transpose.ROTATE_270).resize(size).convert("L")
    picture.paste(Image.new("RGB", size, rgb("#1c120b")), (0, 0), veil)
    return picture


def wrap(text: str, pixels: int, width: float, weight: int = 700) -> list[str]:
    """Break `text` into lines no wider than `width` pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font(pixels, weight).getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
