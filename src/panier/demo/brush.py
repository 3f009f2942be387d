"""Brushes: gradients, shadows and turned bodies on a Pillow canvas, in units of a thousandth."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageFont

UNITS = 1000
"""A canvas measures 1000 × 1000, whatever its pixels."""
FONT = Path(__file__).parent / "figtree.woff2"

Colour = tuple[int, int, int]
Point = tuple[float, float]
Stops = Sequence[tuple[float, str]]


def rgb(colour: str) -> Colour:
    """Read a hexadecimal colour."""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def mix(one: str, other: str, share: float) -> str:
    """Mix two colours; `share` of the other."""
    pairs = zip(rgb(one), rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@cache
def font(pixels: int, weight: int = 400) -> ImageFont.FreeTypeFont:
    """Return Figtree at this size and weight (300 to 900)."""
    face = ImageFont.truetype(FONT, pixels)
    face.set_variation_by_axes([weight])
    return face


def ramp(stops: Stops, length: int) -> Image.Image:
    """Make a row of `length` pixels that runs through `stops`, (position 0 … 1, colour)."""
    row = Image.new("RGB", (length, 1))
    places = [place for place, _ in stops]
    colours = [rgb(colour) for _, colour in stops]
    pixels: list[Colour] = []
    at = 0
    for x in range(length):
        share = x / max(1, length - 1)
        while at + 2 < len(places) and share > places[at + 1]:
            at += 1
        span = places[at + 1] - places[at]
        t = min(1.0, max(0.0, (share - places[at]) / span))
        t = t * t * (3 - 2 * t)
        a, b = colours[at], colours[at + 1]
        pixels.append(
            (
                round(a[0] + (b[0] - a[0]) * t),
                round(a[1] + (b[1] - a[1]) * t),
                round(a[2] + (b[2] - a[2]) * t),
            )
        )
    row.putdata(pixels)
    return row


def turned(colour: str, gloss: float = 0.5) -> Stops:
    """Return the light on a turned body of `colour`, from its left edge to its right one."""
    dark, deep = mix(colour, "#1a0f08", 0.42), mix(colour, "#1a0f08", 0.62)
    light = mix(colour, "#fff6e8", 0.18 + 0.4 * gloss)
    return [
        (0.0, mix(colour, "#1a0f08", 0.3)),
        (0.1, colour),
        (0.26, light),
        (0.4, colour),
        (0.72, dark),
        (0.92, deep),
        (1.0, dark),
    ]


class Canvas:
    """A transparent square picture drawn at twice its size."""

    def __init__(self, pixels: int) -> None:
        """Take `pixels` as the finished side."""
        self.pixels = pixels
        self.side = pixels * 2
        self.k = self.side / UNITS
        self.image = Image.new("RGBA", (self.side, self.side))

    def finish(self) -> Image.Image:
        """Return the picture in its final size."""
        return self.image.resize((self.pixels, self.pixels), Image.Resampling.LANCZOS)

    def mask(self, draw: Callable[[ImageDraw.ImageDraw, float], None]) -> Image.Image:
        """Draw a shape's mask; `draw` gets the pen and pixels a unit."""
        mask = Image.new("L", (self.side, self.side))
        draw(ImageDraw.Draw(mask), self.k)
        return mask

    def polygon(self, points: Sequence[Point]) -> Image.Image:
        """Return the mask of a polygon."""
        return self.mask(lambda pen, k: pen.polygon([(x * k, y * k) for x, y in points], fill=255))

    def ellipse(self, x: float, y: float, across: float, down: float) -> Image.Image:
        """Return the mask of an ellipse around (x, y) with these half axes."""
        box = (x - across, y - down, x + across, y + down)
        return self.mask(lambda pen, k: pen.ellipse([v * k for v in box], fill=255))

    def box(
        self, left: float, top: float, right: float, bottom: float, radius: float = 0
    ) -> Image.Image:
        """Return the mask of a rounded rectangle."""
        box = (left, top, right, bottom)
        return self.mask(
            lambda pen, k: pen.rounded_rectangle([v * k for v in box], radius * k, fill=255)
        )

    def line(self, points: Sequence[Point], width: float) -> Image.Image:
        """Return the mask of a round-ended line through `points`."""

        def draw(pen: ImageDraw.ImageDraw, k: float) -> None:
            scaled = [(x * k, y * k) for x, y in points]
            pen.line(scaled, fill=255, width=round(width * k), joint="curve")
            half = width * k / 2
            for x, y in (scaled[0], scaled[-1]):
                pen.ellipse((x - half, y - half, x + half, y + half), fill=255)

        return self.mask(draw)

    def fill(self, mask: Image.Image, paint: str | Image.Image, opacity: float = 1.0) -> None:
        """Paint through `mask` with a colour or a picture of the canvas's size."""
        box = mask.getbbox()
        if box is None:
            return
        mask = mask.crop(box)
        if opacity < 1:
            mask = mask.point([round(v * opacity) for v in range(256)])
        if isinstance(paint, str):
            layer = Image.new("RGBA", mask.size, rgb(paint))
        else:
            layer = paint.crop(box).convert("RGBA")
        layer.putalpha(mask)
        self.image.alpha_composite(layer, box[:2])

    def wash(self, stops: Stops, *, upright: bool = False, angle: float = 0) -> Image.Image:
        """Return a gradient over the whole canvas, from left to right or from top to bottom."""
        row = ramp(stops, self.side)
        whole = row.resize(self.image.size)
        if upright:
            whole = whole.transpose(Image.Transpose.ROTATE_270)
        return whole.rotate(angle, Image.Resampling.BILINEAR, expand=False) if angle else whole

    def local(
        self, stops: Stops, box: tuple[float, float, float, float], *, upright: bool = False
    ) -> Image.Image:
        """Return a gradient that runs its whole length inside `box`."""
        left, top, right, bottom = (round(v * self.k) for v in box)
        row = ramp(stops, bottom - top if upright else right - left)
        if upright:
            row = row.transpose(Image.Transpose.ROTATE_270)
        whole = Image.new("RGB", self.image.size, rgb(stops[0][1]))
        whole.paste(row.resize((right - left, bottom - top)), (left, top))
        return whole

    def shade(
        self, mask: Image.Image, blur: float, opacity: float, colour: str = "#1a0d05"
    ) -> None:
        """Cast `mask` as a soft shadow, or as a glow in a light colour."""
        self.fill(self.blurred(mask, blur), colour, opacity)

    def blurred(self, mask: Image.Image, blur: float) -> Image.Image:
        """Blur a mask, working only where it is."""
        box = mask.getbbox()
        if box is None:
            return mask
        reach = round(3 * blur * self.k)
        left, top = max(0, box[0] - reach), max(0, box[1] - reach)
        right, bottom = min(self.side, box[2] + reach), min(self.side, box[3] + reach)
        soft = mask.crop((left, top, right, bottom))
        whole = Image.new("L", mask.size)
        whole.paste(soft.filter(ImageFilter.GaussianBlur(blur * self.k)), (left, top))
        return whole

    def shade_inside(
        self, mask: Image.Image, blur: float, opacity: float, shift: Point, colour: str = "#1a0d05"
    ) -> None:
        """Darken (or light) the inner edge of `mask` on the side that `shift` points away from."""
        moved = ImageChops.offset(mask, round(shift[0] * self.k), round(shift[1] * self.k))
        edge = self.blurred(ImageChops.subtract(mask, moved), blur)
        self.fill(ImageChops.multiply(edge, mask), colour, opacity)

    def lathe(self, x: float, profile: Sequence[Point], stops: Stops) -> None:
        """Turn a body around the vertical at `x`; `profile` is (height, half width), downwards.

        The light of `stops` follows the width of each row.
        """
        points = smooth(profile)
        texture = ramp(stops, 1024)
        top, bottom = round(points[0][0] * self.k), round(points[-1][0] * self.k)
        body = Image.new("RGB", self.image.size)
        at = 0
        for row in range(top, bottom + 1):
            y = row / self.k
            while at + 2 < len(points) and y > points[at + 1][0]:
                at += 1
            (y0, w0), (y1, w1) = points[at], points[at + 1]
            half = w0 + (w1 - w0) * min(1.0, max(0.0, (y - y0) / max(1e-6, y1 - y0)))
            width = max(2, round(2 * half * self.k) + 4)
            left = round(x * self.k) - width // 2
            body.paste(texture.resize((width, 1), Image.Resampling.BILINEAR), (left, row))
        outline = [(x - w, y) for y, w in points] + [(x + w, y) for y, w in reversed(points)]
        self.fill(self.polygon(outline), body)

    def write(
        self, x: float, y: float, text: str, size: float, colour: str, *, weight: int = 500
    ) -> None:
        """Write `text` centred on (x, y)."""
        mask = self.mask(
            lambda pen, k: pen.text(
                (x * k, y * k), text, font=font(round(size * k), weight), fill=255, anchor="mm"
            )
        )
        self.fill(mask, colour)


def smooth(points: Sequence[Point], steps: int = 12) -> list[Point]:
    """Lay a Catmull-Rom curve through `points`; a doubled point is a corner."""
    found: list[Point] = []
    padded = [points[0], *points, points[-1]]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        if p1 == p2:
            continue
        before = p1 if p0 == p1 else p0
        after = p2 if p3 == p2 else p3
        for step in range(steps):
            t = step / steps
            curve = (before, p1, p2, after)
            found.append((_spline(curve, t, 0), _spline(curve, t, 1)))
    return [*found, points[-1]]


def _spline(curve: Sequence[Point], t: float, axis: int) -> float:
    a, b, c, d = (point[axis] for point in curve)
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
