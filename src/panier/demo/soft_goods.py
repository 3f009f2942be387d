"""Four of the sample products, drawn: tote, scarf, hand cream, chocolate."""

import math

from PIL import Image, ImageChops

from panier.demo.brush import Canvas, Point, mix, ramp, rgb, smooth, turned
from panier.demo.still_life import INK, PAPER, ground_shadow


def tote(canvas: Canvas) -> None:
    """A pale leather tote with brown handles, stitched."""
    hide, leather, x, top, bottom = "#d8c7a4", "#8f5530", 500, 420, 880
    ground_shadow(canvas, x, bottom, 270)
    back = [(x + 118 * math.cos(math.pi * t / 30), 425 - 250 * math.sin(math.pi * t / 30))
            for t in range(31)]  # fmt: skip
    canvas.fill(canvas.line(back, 25), mix(leather, INK, 0.5))
    outline = smooth([
        (x - 235, top), (x - 235, top), (x - 254, 600), (x - 282, 840), (x - 262, bottom),
        (x - 250, bottom + 4), (x, bottom + 8), (x + 250, bottom + 4), (x + 262, bottom),
        (x + 282, 840), (x + 254, 600), (x + 235, top), (x + 235, top), (x, top + 12),
        (x - 235, top),
    ])  # fmt: skip
    body = canvas.polygon(outline)
    light = [
        (0.0, mix(hide, INK, 0.3)), (0.12, mix(hide, PAPER, 0.2)),
        (0.3, mix(hide, PAPER, 0.5)), (0.55, hide), (0.85, mix(hide, INK, 0.26)),
        (1.0, mix(hide, INK, 0.42)),
    ]  # fmt: skip
    canvas.fill(body, canvas.local(light, (x - 285, top - 10, x + 285, bottom + 12)))
    canvas.shade_inside(body, 26, 0.4, (0, -46))
    canvas.shade_inside(body, 14, 0.35, (12, 10), "#ffe9cf")
    fold = [(x - 90, 560), (x - 120, 700), (x - 96, 850)]
    canvas.shade(ImageChops.multiply(canvas.line(smooth(fold), 40), body), 26, 0.28)
    fold = [(x + 150, 520), (x + 128, 660), (x + 160, 800)]
    canvas.shade(ImageChops.multiply(canvas.line(smooth(fold), 46), body), 30, 0.34)
    front = [(x + 124 * math.cos(math.pi * t / 30), 470 - 320 * math.sin(math.pi * t / 30))
             for t in range(31)]  # fmt: skip
    for width, colour, shift in (
        (30, mix(leather, INK, 0.45), 3),
        (24, mix(leather, PAPER, 0.1), 0),
    ):
        canvas.fill(canvas.line([(px + shift, py + shift) for px, py in front], width), colour)
    canvas.fill(canvas.line([(px - 5, py - 5) for px, py in front[14:28]], 5), PAPER, 0.3)
    for side in (-1, 1):
        tab = canvas.box(x + side * 124 - 24, 452, x + side * 124 + 24, 560, 12)
        canvas.shade(tab, 6, 0.4)
        canvas.fill(tab, mix(leather, INK, 0.12))
        stitches(canvas, [(x + side * 124 - 17, 470), (x + side * 124 - 17, 550)])
        stitches(canvas, [(x + side * 124 + 17, 470), (x + side * 124 + 17, 550)])
        canvas.fill(canvas.ellipse(x + side * 124, 536, 8, 8), "#e2bf7a")
    canvas.fill(ImageChops.multiply(canvas.box(x - 300, top, x + 300, top + 34), body), INK, 0.07)
    stitches(canvas, [(x - 222, top + 26), (x + 222, top + 26)])
    stitches(canvas, [(x - 240, bottom - 26), (x + 240, bottom - 26)])
    canvas.shade(canvas.box(x - 62, 660, x + 62, 712, 8), 3, 0.4)
    canvas.fill(canvas.box(x - 62, 660, x + 62, 712, 8), mix(leather, INK, 0.25))
    canvas.write(x, 687, "ATELIER", 22, "#e2bf7a", weight=600)


def stitches(canvas: Canvas, ends: list[Point]) -> None:
    """Sew a line from one end to the other."""
    (x0, y0), (x1, y1) = ends
    count = max(2, round(math.hypot(x1 - x0, y1 - y0) / 17))
    for n in range(count):
        a, b = (n + 0.22) / count, (n + 0.78) / count
        points = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (a, b)]
        canvas.fill(canvas.line(points, 3.4), "#f6e6c8", 0.85)


SILK = [
    (0.0, "#7a2f3c"), (0.07, "#7a2f3c"), (0.08, "#f1dfc2"), (0.11, "#f1dfc2"),
    (0.12, "#2f4f57"), (0.2, "#2f4f57"), (0.21, "#e9c9a6"), (0.5, "#dba889"),
    (0.79, "#e9c9a6"), (0.8, "#2f4f57"), (0.88, "#2f4f57"), (0.89, "#f1dfc2"),
    (0.92, "#f1dfc2"), (0.93, "#7a2f3c"), (1.0, "#7a2f3c"),
]  # fmt: skip


def scarf(canvas: Canvas) -> None:
    """A silk scarf hung in folds over a rod."""
    canvas.shade(canvas.box(250, 200, 790, 900, 40), 40, 0.3)
    rod = canvas.box(120, 168, 880, 190, 11)
    canvas.shade(rod, 10, 0.5)
    canvas.fill(rod, canvas.local([(0, "#f3d79b"), (0.4, "#c89a4b"), (1, "#6e4d1c")],
                                  (120, 168, 880, 190), upright=True))  # fmt: skip
    for knob in (120, 880):
        canvas.fill(canvas.ellipse(knob, 179, 19, 19), "#b98a3e")
    drape(canvas, 470, 770, 700, phase=0.9, light=0.72)
    drape(canvas, 240, 620, 850, phase=0.0, light=1.0)


def drape(
    canvas: Canvas, left: float, right: float, bottom: float, *, phase: float, light: float
) -> None:
    """Hang cloth from the rod, column by column: pattern, folds and hem."""
    k, top = canvas.k, 166
    pattern = ramp(SILK, 1200).transpose(Image.Transpose.ROTATE_270)
    cloth = Image.new("RGB", canvas.image.size)
    mask = Image.new("L", canvas.image.size)
    columns = round((right - left) * k)
    for column in range(columns):
        share = column / columns
        fold = math.sin(phase + share * 15 + 1.3 * math.sin(share * 5 + phase))
        sheen = 0.5 + 0.5 * math.cos(phase + share * 15 + 1.3 * math.sin(share * 5 + phase) - 0.7)
        hem = bottom + 16 * fold + 30 * math.sin(share * 3.1 + phase)
        height = round((hem - top) * k)
        bright = light * (0.58 + 0.42 * sheen)
        stripe = pattern.resize((1, height))
        shaded = stripe.point([round(v * bright) for v in range(256)] * 3)
        if sheen > 0.82:
            shaded = Image.blend(shaded, Image.new("RGB", shaded.size, rgb("#fff4e2")),
                                 (sheen - 0.82) * 1.6)  # fmt: skip
        x = round(left * k) + column
        cloth.paste(shaded, (x, round(top * k)))
        mask.paste(255, (x, round(top * k), x + 1, round(top * k) + height))
    canvas.shade(ImageChops.offset(mask, round(14 * k), round(12 * k)), 16, 0.38)
    canvas.fill(mask, cloth)
    canvas.shade_inside(mask, 12, 0.5, (0, 30))
    rim = ImageChops.multiply(mask, canvas.box(left - 4, 160, right + 4, 196, 12))
    canvas.shade(rim, 6, 0.3, "#ffffff")


def hand_cream(canvas: Canvas) -> None:
    """A tube of hand cream on its cap, and a small swirl of cream."""
    x, sage = 470, "#9fb097"
    ground_shadow(canvas, x, 890, 120)
    tube = [
        (190, 168),
        (190, 168),
        (230, 166),
        (420, 160),
        (640, 140),
        (762, 112),
        (776, 92),
        (780, 92),
    ]
    light = turned(sage, 0.75)
    canvas.lathe(x, tube, light)
    crimp = canvas.box(x - 172, 150, x + 172, 204, 6)
    canvas.fill(
        crimp, canvas.local(turned(mix(sage, PAPER, 0.2), 0.6), (x - 172, 150, x + 172, 204))
    )
    for step in range(-19, 20):
        canvas.fill(canvas.line([(x + step * 8.8, 156), (x + step * 8.8, 198)], 2), INK, 0.13)
    fold = [(x - 60, 210), (x - 30, 330), (x - 70, 470)]
    canvas.shade(canvas.line(smooth(fold), 14), 14, 0.4, "#ffffff")
    canvas.lathe(x, [(776, 98), (776, 100), (790, 104), (884, 108), (894, 102), (896, 0)],
                 turned("#efe6d6", 0.5))  # fmt: skip
    for step in range(-8, 9):
        canvas.fill(canvas.line([(x + step * 12, 800), (x + step * 12.6, 880)], 1.6), INK, 0.12)
    canvas.write(x, 380, "calendula", 50, "#34402f", weight=600)
    canvas.write(x, 430, "crème mains", 24, "#34402f", weight=500)
    flower(canvas, x, 530)
    canvas.write(x, 640, "75 ml", 20, "#34402f", weight=500)
    swirl(canvas, 740, 880)


def flower(canvas: Canvas, x: float, y: float) -> None:
    """A daisy-like flower in line with the label."""
    for index in range(12):
        turn = math.pi * index / 6
        points = [(x + 10 * math.cos(turn), y + 10 * math.sin(turn)),
                  (x + 42 * math.cos(turn), y + 42 * math.sin(turn))]  # fmt: skip
        canvas.fill(canvas.line(points, 14), "#e7b54e" if index % 2 else "#dba33c", 0.95)
    canvas.fill(canvas.ellipse(x, y, 15, 15), "#7a5523")


def swirl(canvas: Canvas, x: float, y: float) -> None:
    """A dab of cream in three turns."""
    canvas.shade(canvas.ellipse(x + 22, y + 4, 104, 20), 12, 0.4)
    for across, rise in ((92, 0), (66, 34), (38, 62)):
        layer = canvas.ellipse(x, y - 22 - rise, across, 30)
        cream = [(0, "#fffaf0"), (0.45, "#fdf1de"), (1, "#cdb894")]
        canvas.fill(layer, canvas.local(cream, (x - across, 700, x + across, 900)))
        canvas.shade_inside(layer, 6, 0.35, (0, -12), "#8d7448")
    tip = canvas.polygon(smooth([(x - 24, y - 96), (x - 4, y - 142), (x + 22, y - 96)]))
    canvas.fill(tip, "#fff6e8")


def chocolate(canvas: Canvas) -> None:
    """An open box of nine chocolates, seen from above at an angle, with a ribbon."""
    left, top, right, bottom = 170, 330, 830, 860
    canvas.shade(canvas.box(left + 20, top + 40, right + 46, bottom + 46, 30), 30, 0.55)
    lid = canvas.box(left + 60, top - 150, right + 40, bottom - 230, 22)
    canvas.shade(lid, 18, 0.45)
    canvas.fill(lid, canvas.wash([(0, "#8a2f3a"), (0.5, "#6e2430"), (1, "#4d1620")]))
    ribbon = canvas.box(left + 60, top - 82, right + 40, top - 40)
    canvas.fill(ImageChops.multiply(ribbon, lid), canvas.wash([(0, "#f2d08a"), (1, "#a87a34")]))
    canvas.write((left + right) / 2 + 50, top - 108, "cacao", 40, "#f2d9a8", weight=600)
    tray = canvas.box(left, top, right, bottom, 26)
    canvas.shade(tray, 16, 0.5)
    canvas.fill(tray, canvas.wash([(0, "#7c2a35"), (1, "#4d1620")]))
    inner = canvas.box(left + 22, top + 22, right - 22, bottom - 22, 16)
    canvas.fill(inner, "#2a0f10")
    canvas.shade_inside(inner, 12, 0.8, (0, 26), "#000000")
    kinds = ["#4a2613", "#7a4523", "#e7d3b1", "#6a2f1d", "#3a1d10", "#a86a3a", "#7a4523", "#e7d3b1",
             "#4a2613"]  # fmt: skip
    for index, colour in enumerate(kinds):
        x = left + 122 + 208 * (index % 3)
        y = top + 106 + 160 * (index // 3)
        praline(canvas, x, y, colour, index)


def praline(canvas: Canvas, x: float, y: float, colour: str, index: int) -> None:
    """One chocolate in a paper cup: round, square or long, decorated."""
    cup = canvas.ellipse(x, y + 6, 88, 70)
    canvas.fill(cup, "#c9a05a")
    canvas.shade_inside(cup, 5, 0.6, (0, -10))
    for spoke in range(30):
        turn = math.pi * spoke / 15
        ends = [(x + r * math.cos(turn), y + 6 + r * 0.8 * math.sin(turn)) for r in (72, 87)]
        canvas.fill(canvas.line(ends, 2), "#7d5a22", 0.6)
    square = index % 3 == 1
    shape = (
        canvas.box(x - 60, y - 50, x + 60, y + 46, 18) if square else canvas.ellipse(x, y, 68, 54)
    )
    canvas.shade(ImageChops.offset(shape, round(5 * canvas.k), round(9 * canvas.k)), 6, 0.6)
    shades = [(0, mix(colour, PAPER, 0.3)), (0.45, colour), (1, mix(colour, INK, 0.55))]
    canvas.fill(shape, canvas.local(shades, (x - 70, y - 56, x + 70, y + 56), upright=True))
    canvas.shade_inside(shape, 7, 0.5, (8, 9), "#fff2df")
    if index % 2:
        icing = mix(colour, PAPER if index != 7 else "#5a3015", 0.7)
        for step in range(-2, 3):
            ends = [(x - 42 + step * 18, y + 34), (x - 10 + step * 18, y - 38)]
            canvas.fill(ImageChops.multiply(canvas.line(ends, 5), shape), icing, 0.9)
    else:
        canvas.shade(canvas.ellipse(x - 22, y - 22, 20, 10), 5, 0.75, "#ffffff")
        canvas.fill(canvas.ellipse(x + 4, y - 4, 13, 9), "#d9b35e" if index % 4 else "#7f8f4e")
