"""Draws the pictures in the sample documents, so that none of them is anybody else's."""

import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]


def _blend(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _bytes(image: Image.Image, kind: str) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **({"quality": 82} if kind == "JPEG" else {"optimize": True}))
    file.seek(0)
    return file


def valley(width: int = 900, height: int = 560) -> io.BytesIO:
    """A JPEG of five ridges at dusk."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(height):
        draw.line([(0, y), (width, y)], fill=_blend((46, 60, 110), (250, 178, 120), min(1.0, y / height * 1.5)))
    draw.ellipse((600, 150, 690, 240), fill=(255, 236, 200))
    for ridge in range(5):
        base = height * (0.42 + ridge * 0.12)
        outline = [
            (x, base + 46 * math.sin(x / (90 + 31 * ridge) + ridge * 1.9) + 14 * math.sin(x / 23 + ridge))
            for x in range(0, width + 1, 6)
        ]
        colour = _blend((150, 110, 130), (18, 28, 40), ridge / 4)
        draw.polygon([*outline, (width, height), (0, height)], fill=colour)
    return _bytes(image.filter(ImageFilter.SMOOTH), "JPEG")


def leaf(size: int = 420) -> io.BytesIO:
    """A PNG of a leaf on a transparent ground."""
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    middle = size / 2
    outline = [
        (
            middle + math.sin(t) * size * 0.33 * math.sin(t / 2) * (1.25 - 0.25 * math.cos(t)),
            size * 0.5 - math.cos(t) * size * 0.44,
        )
        for t in (math.tau * step / 120 for step in range(121))
    ]
    draw.polygon(outline, fill=(70, 140, 74, 255), outline=(38, 92, 48, 255))
    draw.line([(middle, size * 0.1), (middle, size * 0.98)], fill=(220, 236, 200, 255), width=6)
    for step in range(2, 8):
        y = size * (0.12 + step * 0.095)
        reach = size * 0.2 * math.sin(math.pi * (step + 1) / 10)
        for side in (-1, 1):
            draw.line([(middle, y), (middle + side * reach, y - reach * 0.6)], fill=(220, 236, 200, 255), width=3)
    return _bytes(image, "PNG")


def bar_chart(values: dict[str, float], width: int = 820, height: int = 380) -> io.BytesIO:
    """A PNG bar chart of `values` without any text; the caption names the bars."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    top = max(values.values())
    step = (width - 60) / len(values)
    for line in range(5):
        y = 20 + line * (height - 60) / 4
        draw.line([(40, y), (width - 20, y)], fill=(218, 222, 230))
    for place, value in enumerate(values.values()):
        left = 48 + place * step
        bar = (height - 60) * value / top
        colour = _blend((38, 84, 124), (239, 131, 84), place / max(1, len(values) - 1))
        draw.rectangle((left, height - 40 - bar, left + step * 0.7, height - 40), fill=colour)
    draw.line([(40, height - 40), (width - 20, height - 40)], fill=(70, 76, 90), width=3)
    return _bytes(image, "PNG")


def stars(width: int = 640, height: int = 640) -> io.BytesIO:
    """A JPEG of a night sky."""
    chance = random.Random(7)  # noqa: S311 - the same sky every time, nothing secret
    image = Image.new("RGB", (width, height), (6, 10, 30))
    draw = ImageDraw.Draw(image)
    for _ in range(420):
        x, y, size = chance.uniform(0, width), chance.uniform(0, height), chance.random() ** 4 * 3 + 0.4
        glow = round(150 + 105 * chance.random())
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(glow, glow, min(255, glow + 25)))
    return _bytes(image.filter(ImageFilter.GaussianBlur(0.6)), "JPEG")
