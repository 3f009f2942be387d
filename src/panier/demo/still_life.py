"""Four of the sample products, drawn: candle, olive oil, mug, lamp. All are turned bodies."""

import math
import random

from PIL import ImageFilter

from panier.demo.brush import Canvas, Point, mix, turned

PAPER, INK = "#fffcf8", "#14110f"


def ground_shadow(canvas: Canvas, x: float, y: float, across: float, opacity: float = 0.5) -> None:
    """Lay the shadow of a thing that stands at (x, y), lit from the upper left."""
    long = canvas.ellipse(x + across * 0.45, y - 4, across * 1.25, across * 0.2)
    canvas.shade(long, 26, opacity * 0.75)
    canvas.shade(canvas.ellipse(x, y, across * 0.98, across * 0.1), 8, opacity)


def label(
    canvas: Canvas, x: float, top: float, across: float, down: float, *, lines: list[str]
) -> None:
    """Put a paper label with two or three lines on a body."""
    mask = canvas.box(x - across, top, x + across, top + down, 6)
    light = [(0.0, "#d8cdbb"), (0.22, PAPER), (0.55, "#f4ebdd"), (1.0, "#b9aa94")]
    canvas.fill(mask, canvas.local(light, (x - across, top, x + across, top + down)))
    rule = mix(INK, PAPER, 0.35)
    inner = canvas.box(x - across + 12, top + 12, x + across - 12, top + down - 12, 3)
    hole = canvas.box(x - across + 14, top + 14, x + across - 14, top + down - 14, 2)
    inner.paste(0, (0, 0), hole)
    canvas.fill(inner, rule, 0.7)
    middle = top + down / 2
    canvas.write(x, middle - down * 0.12, lines[0], across * 0.3, INK, weight=600)
    for index, text in enumerate(lines[1:]):
        canvas.write(
            x, middle + down * (0.14 + 0.14 * index), text, across * 0.13, rule, weight=500
        )


def candle(canvas: Canvas) -> None:
    """A candle in an amber jar, burning."""
    x, top, bottom, half = 500, 430, 850, 190
    ground_shadow(canvas, x, bottom, half)
    canvas.shade(canvas.ellipse(x, 300, 170, 190), 70, 0.55, "#ffd58a")
    jar = [
        (top, half), (top, half), (bottom - 44, half), (bottom - 44, half),
        (bottom - 16, half - 8), (bottom + 4, half - 34), (bottom + 14, half - 90),
        (bottom + 16, 0),
    ]  # fmt: skip
    canvas.lathe(x, jar, turned("#8a4a1f", 0.55))
    canvas.shade(canvas.box(x - half, top, x + half, top + 150, 10), 40, 0.55, "#ffb25e")
    rim = canvas.ellipse(x, top, half, 34)
    canvas.fill(rim, canvas.local(turned("#b07038", 0.9), (x - half, top - 34, x + half, top + 34)))
    canvas.fill(canvas.ellipse(x, top + 4, half - 12, 27), "#5b2e12")
    wax = canvas.ellipse(x, top + 16, half - 16, 20)
    canvas.fill(wax, canvas.local([(0, "#fff3d6"), (0.5, "#ffe2a8"), (1, "#d9a561")],
                                  (x - half, top - 10, x + half, top + 40)))  # fmt: skip
    canvas.shade(canvas.ellipse(x, top + 14, 70, 12), 10, 0.9, "#fff6cf")
    canvas.fill(canvas.line([(x, top + 12), (x + 2, top - 34)], 7), "#3a2417")
    flame(canvas, x + 2, top - 30)
    label(canvas, x, 560, 118, 190, lines=["FIGUE", "bougie végétale", "220 g"])
    canvas.fill(canvas.box(x - half + 26, top + 50, x - half + 46, bottom - 60, 10), PAPER, 0.28)


def flame(canvas: Canvas, x: float, y: float) -> None:
    """A flame that stands at (x, y)."""
    for scale, colour, blur, opacity in (
        (1.5, "#ffb347", 26, 0.55),
        (1.0, "#ffc861", 5, 0.95),
        (0.68, "#fff1b8", 5, 1.0),
        (0.36, "#ffffff", 6, 0.9),
    ):
        shape: list[Point] = []
        for step in range(41):
            t = step / 40 * 2 * math.pi
            rise = (1 - math.cos(t)) / 2
            width = 34 * scale * math.sin(t) * (1 - rise) ** 0.55
            shape.append((x + width, y + 8 - 128 * scale * rise))
        mask = canvas.polygon(shape)
        canvas.shade(mask, blur, opacity, colour)
        if blur == 5:
            canvas.fill(mask.filter(ImageFilter.GaussianBlur(2)), colour, 0.9)


def olive_oil(canvas: Canvas) -> None:
    """A tall dark bottle with a wooden stopper and a paper label."""
    x, bottom = 500, 895
    ground_shadow(canvas, x, bottom, 125)
    canvas.lathe(x, [(128, 36), (128, 36), (150, 38), (196, 36), (200, 33)], turned("#b98a56", 0.3))
    canvas.lathe(x, [(196, 42), (196, 42), (222, 42), (226, 38), (228, 38)], turned("#20261a", 0.6))
    body = [
        (226, 36), (300, 37), (350, 42), (410, 84), (470, 122), (520, 128),
        (700, 128), (850, 128), (880, 120), (896, 96), (898, 0),
    ]  # fmt: skip
    canvas.lathe(x, body, turned("#39451f", 0.85))
    oil = [(470, 106), (520, 114), (700, 114), (846, 114), (870, 100), (880, 0)]
    glow = [(x - w, y) for y, w in oil] + [(x + w * 0.2, y) for y, w in reversed(oil)]
    canvas.shade(canvas.polygon(glow), 26, 0.3, "#c3b53a")
    label(canvas, x, 560, 108, 240, lines=["OLIVIA", "huile d’olive", "vierge extra"])
    branch(canvas, x, 606)
    canvas.fill(canvas.line([(412, 500), (404, 560), (404, 840)], 11), PAPER, 0.4)
    canvas.fill(canvas.line([(474, 260), (473, 340)], 7), PAPER, 0.42)


def branch(canvas: Canvas, x: float, y: float) -> None:
    """A small olive branch."""
    canvas.fill(canvas.line([(x - 52, y + 12), (x, y), (x + 54, y - 14)], 3.5), "#5d6238")
    for index in range(6):
        at = -46 + 18 * index
        side = -1 if index % 2 else 1
        stem = y - at * 0.22
        leaf = [
            (x + at, stem),
            (x + at + 10, stem - 22 * side),
            (x + at + 30, stem - 18 * side),
            (x + at + 16, stem - 3 * side),
        ]
        canvas.fill(canvas.polygon(leaf), "#7b8148" if side > 0 else "#646b3a")
    canvas.fill(canvas.ellipse(x + 6, y + 13, 9, 12), "#3f4424")


def mug(canvas: Canvas) -> None:
    """A speckled stoneware mug, glazed down to a line of bare clay."""
    x, top, bottom = 470, 395, 815
    ground_shadow(canvas, x + 10, bottom, 205)
    for width, colour in ((56, "#6f6557"), (46, "#b9b0a2"), (22, "#e3dccf")):
        handle = [
            (x + 176 + 122 * math.sin(math.pi * t / 40) ** 0.55, 470 + 226 * t / 40)
            for t in range(41)
        ]
        canvas.fill(canvas.line(handle, width), colour)
    glaze = [(top, 202), (top, 202), (600, 205), (720, 200), (748, 196), (748, 196)]
    canvas.lathe(x, glaze, turned("#d9d2c4", 0.35))
    clay = [(742, 197), (742, 197), (786, 182), (808, 160), (822, 118), (826, 0)]
    canvas.lathe(x, clay, turned("#a87551", 0.15))
    canvas.shade(canvas.box(x - 196, 738, x + 196, 748, 4), 4, 0.35)
    dice = random.Random(7)  # noqa: S311 - speckles, the same ones each time
    for _ in range(230):
        across, down = dice.uniform(-0.97, 0.97), dice.uniform(top + 18, 738)
        size = dice.uniform(0.8, 3.0) * (1 - abs(across) * 0.4)
        spot = canvas.ellipse(x + 200 * across, down, size, size * 1.2)
        canvas.fill(spot, "#5d4a38", dice.uniform(0.35, 0.8))
    rim = canvas.ellipse(x, top, 202, 44)
    canvas.fill(rim, canvas.local(turned("#e6dfd2", 0.7), (x - 202, 340, x + 202, 450)))
    inside = canvas.ellipse(x, top + 3, 186, 36)
    canvas.fill(
        inside, canvas.local([(0, "#8d8374"), (1, "#d5ccbd")], (x - 186, 350, x + 186, 440))
    )
    coffee = canvas.ellipse(x + 2, top + 14, 172, 25)
    brown = [(0, "#2c1a10"), (0.5, "#5a3720"), (1, "#7a4d2c")]
    canvas.fill(coffee, canvas.local(brown, (x - 172, 380, x + 172, 440)))
    canvas.fill(canvas.line([(x - 110, top + 8), (x - 20, top + 1)], 5), PAPER, 0.35)
    steam(canvas, x, top - 10)


def steam(canvas: Canvas, x: float, y: float) -> None:
    """Three wisps above something warm."""
    for shift, phase in ((-60, 0.0), (5, 1.4), (70, 2.6)):
        wisp = [(x + shift + 22 * math.sin(phase + t / 5), y - 11 * t) for t in range(20)]
        canvas.shade(canvas.line(wisp, 15), 13, 0.42, "#ffffff")


def lamp(canvas: Canvas) -> None:
    """A table lamp with a linen shade, lit, on a ceramic foot."""
    x, bottom = 500, 900
    canvas.shade(canvas.ellipse(x, 380, 285, 235), 64, 0.55, "#ffcf8a")
    ground_shadow(canvas, x, bottom, 170, 0.7)
    canvas.shade(canvas.ellipse(x, bottom, 330, 46), 30, 0.6, "#ffd9a0")
    foot = [
        (560, 20), (590, 24), (622, 60), (680, 128), (750, 160), (820, 142), (862, 104),
        (884, 96), (900, 104), (906, 96), (908, 0),
    ]  # fmt: skip
    canvas.lathe(x, foot, turned("#4f6f6b", 0.75))
    canvas.lathe(x, [(506, 16), (506, 16), (572, 16), (576, 22), (578, 22)], turned("#c89a4b", 0.8))
    canvas.fill(canvas.line([(432, 700), (414, 760), (432, 812)], 13), PAPER, 0.42)
    shade_light = [
        (0.0, "#c98b4a"), (0.14, "#f0c27d"), (0.42, "#fff0c9"), (0.62, "#ffe3ac"),
        (0.86, "#dda15c"), (1.0, "#a86f38"),
    ]  # fmt: skip
    canvas.lathe(x, [(150, 152), (150, 152), (330, 205), (512, 258), (512, 258)], shade_light)
    hot = canvas.ellipse(x, 360, 130, 120)
    canvas.shade(hot, 46, 0.75, "#fffbe6")
    for step in range(-12, 13):
        ends = [(x + step * 12.4, 152), (x + step * 21.2, 510)]
        canvas.fill(canvas.line(ends, 1.6), "#9a6a34", 0.22)
    canvas.fill(canvas.box(x - 154, 146, x + 154, 160, 5), "#b98344", 0.8)
    canvas.fill(canvas.box(x - 260, 502, x + 260, 517, 6), "#a87339", 0.85)
