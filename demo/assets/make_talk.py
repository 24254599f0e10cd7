"""Make ``talk.mp4`` from a recording of a person reading aloud.

The sound is the recording itself (encoded to AAC, nothing else done to it); the
picture is a drawn title card with the recording's own waveform, which fills in
as the reading goes on, and a running clock.  The same input and the same
versions of PyAV and Pillow give the same file.

    python make_talk.py two_cities.wav talk.mp4
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 360
FPS = 25
AUDIO_BITRATE = 80_000
AAC_FRAME = 1024

TITLE = "A Tale of Two Cities"
AUTHOR = "Charles Dickens"
CHAPTER = "Book the First, Chapter I: The Period"
CREDIT = "Recording: Pete Warden, 2024 (CC0)"

SKY_TOP, SKY_LOW = (17, 24, 46), (86, 62, 84)
SKYLINE_FAR, SKYLINE_NEAR = (44, 40, 66), (20, 20, 38)
GOLD, CREAM, MUTED = (232, 190, 110), (244, 236, 220), (172, 166, 180)
BAR_IDLE = (86, 84, 112)

WAVE_LEFT, WAVE_RIGHT = 32, 608
WAVE_MIDDLE, WAVE_HALF = 312, 16
BAR_STEP, BAR_WIDTH = 4, 2
LINE_TOP, LINE_HEIGHT = 354, 6
CLOCK_BOX = (520, 332, 608, 350)
SCALE = 3  # the card is drawn this much larger, then reduced

Samples = NDArray[np.float32]
Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]


def read_mono(path: Path) -> tuple[Samples, int]:
    """The first audio stream of ``path`` as mono floats, and its sample rate."""
    chunks: list[Samples] = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        rate = stream.rate
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
        for frame in container.decode(stream):
            chunks += [out.to_ndarray()[0] for out in resampler.resample(frame)]
        chunks += [out.to_ndarray()[0] for out in resampler.resample(None)]
    if not chunks:
        raise ValueError(f"{path}: no sound in it")
    return np.concatenate(chunks).astype(np.float32), rate


def bar_heights(samples: Samples, count: int) -> list[float]:
    """Loudness of ``count`` equal stretches, 0 to 1, the loudest being 1."""
    loudness = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(samples, count)]
    top = max(loudness) or 1.0
    return [(value / top) ** 0.7 for value in loudness]


def sky() -> Image.Image:
    """The background: a night sky growing lighter towards the horizon."""
    share = np.linspace(0.0, 1.0, HEIGHT * SCALE)[:, None] ** 1.6
    column = np.array(SKY_TOP) * (1 - share) + np.array(SKY_LOW) * share
    rows = np.repeat(column[:, None, :], WIDTH * SCALE, axis=1)
    return Image.fromarray(rows.round().astype(np.uint8))


def skyline(draw: ImageDraw.ImageDraw) -> None:
    """London (a dome) on the left and Paris (two square towers) on the right."""

    def box(x0: int, y0: int, x1: int, y1: int, fill: Colour) -> None:
        draw.rectangle([v * SCALE for v in (x0, y0, x1, y1)], fill=fill)

    def shape(points: list[tuple[float, float]], fill: Colour) -> None:
        draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)

    ground = 292
    for index in range(33):  # far roofs: a fixed, uneven row
        x = index * 20 - 8
        height = 20 + (index * 37) % 23
        box(x, ground - height, x + 19, ground, SKYLINE_FAR)
        if index % 3 == 1:
            shape(
                [(x, ground - height), (x + 9.5, ground - height - 12), (x + 19, ground - height)],
                SKYLINE_FAR,
            )

    near = SKYLINE_NEAR
    box(82, 246, 166, ground, near)  # London: nave, drum, dome, lantern, two west towers
    box(106, 226, 142, 250, near)
    draw.pieslice([v * SCALE for v in (104, 200, 144, 252)], 180, 360, fill=near)
    box(121, 188, 127, 204, near)
    shape([(120, 189), (124, 174), (128, 189)], near)
    for x in (78, 158):
        box(x, 228, x + 12, ground, near)
        shape([(x, 228), (x + 6, 212), (x + 12, 228)], near)

    box(478, 246, 566, ground, near)  # Paris: nave, two square towers, a thin spire
    shape([(500, 246), (522, 230), (566, 230), (574, 246)], near)
    for x in (470, 500):
        box(x, 206, x + 22, ground, near)
        box(x + 8, 220, x + 13, 242, SKYLINE_FAR)
    shape([(543, 232), (546, 184), (549, 232)], near)

    box(0, 282, WIDTH, HEIGHT, near)
    for index in range(25):  # near roofs
        x = index * 26
        shape([(x, 283), (x + 13, 283 - 5 - (index * 5) % 8), (x + 26, 283)], near)


def title_card() -> Image.Image:
    """Everything that stands still."""
    image = sky()
    draw = ImageDraw.Draw(image)
    for index in range(60):  # stars: fixed places
        x, y = (index * 149 + 31) % WIDTH, (index * 67 + 11) % 168
        if 100 < x < WIDTH - 100 and 30 < y < 160:
            continue  # not behind the words
        size = 1 + index % 2
        shade = 96 + (index * 29) % 90
        draw.ellipse(
            [x * SCALE, y * SCALE, x * SCALE + size * 2, y * SCALE + size * 2],
            fill=(shade, shade, min(255, shade + 20)),
        )
    skyline(draw)

    def line(y: float, words: str, size: float, fill: Colour) -> None:
        font = ImageFont.load_default(size * SCALE)
        draw.text((WIDTH * SCALE / 2, y * SCALE), words, font=font, fill=fill, anchor="mm")

    line(58, TITLE, 46, CREAM)
    draw.rectangle([v * SCALE for v in (250, 92, 390, 93.2)], fill=GOLD)
    centre = WIDTH / 2
    draw.polygon(
        [(x * SCALE, y * SCALE) for x, y in ((centre - 6, 92.6), (centre, 87.6), (centre + 6, 92.6), (centre, 97.6))],
        fill=GOLD,
    )
    line(118, AUTHOR, 22, GOLD)
    line(146, CHAPTER, 14, MUTED)

    font = ImageFont.load_default(12 * SCALE)
    draw.text((WAVE_LEFT * SCALE, 341 * SCALE), CREDIT, font=font, fill=MUTED, anchor="lm")
    return image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def draw_bars(card: Image.Image, heights: list[float], fill: Colour) -> Picture:
    """``card`` with the waveform and the line at the bottom, all in one colour."""
    image = card.copy()
    draw = ImageDraw.Draw(image)
    for index, height in enumerate(heights):
        x = WAVE_LEFT + index * BAR_STEP
        half = max(1, round(height * WAVE_HALF))
        draw.rectangle((x, WAVE_MIDDLE - half, x + BAR_WIDTH - 1, WAVE_MIDDLE + half - 1), fill=fill)
    draw.rectangle((0, LINE_TOP, WIDTH - 1, LINE_TOP + LINE_HEIGHT - 1), fill=fill)
    return np.asarray(image)


def clock(seconds: float, total: float) -> str:
    """``0:07 / 0:44``"""
    here, end = int(seconds), int(total)
    return f"{here // 60}:{here % 60:02d} / {end // 60}:{end % 60:02d}"


def pictures(heights: list[float], count: int, total: float) -> Iterator[Picture]:
    """The film, picture by picture."""
    card = title_card()
    idle, done = draw_bars(card, heights, BAR_IDLE), draw_bars(card, heights, GOLD)
    font = ImageFont.load_default(12)
    left, top, right, bottom = CLOCK_BOX
    columns = np.arange(WIDTH, dtype=np.float64)
    for index in range(count):
        share = (index + 0.5) / count
        picture = idle.copy()
        for y0, y1, edge in (
            (
                WAVE_MIDDLE - WAVE_HALF,
                WAVE_MIDDLE + WAVE_HALF,
                WAVE_LEFT + share * (WAVE_RIGHT - WAVE_LEFT),
            ),
            (LINE_TOP, LINE_TOP + LINE_HEIGHT, share * WIDTH),
        ):
            mix = np.clip(edge - columns, 0.0, 1.0)[None, :, None]
            blend = idle[y0:y1] * (1 - mix) + done[y0:y1] * mix
            picture[y0:y1] = blend.round().astype(np.uint8)
        patch = Image.fromarray(picture[top:bottom, left:right])
        words = clock(index / FPS, total)
        ImageDraw.Draw(patch).text((right - left, (bottom - top) / 2), words, font=font, fill=CREAM, anchor="rm")
        picture[top:bottom, left:right] = np.asarray(patch)
        yield picture


def make(source: Path, target: Path) -> None:
    """Write ``target`` (mp4) from the sound in ``source``."""
    samples, rate = read_mono(source)
    total = len(samples) / rate
    count = max(1, math.ceil(total * FPS))
    heights = bar_heights(samples, (WAVE_RIGHT - WAVE_LEFT) // BAR_STEP)

    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(target), "w", format="mp4", options=options) as container:
        container.metadata.update(
            title=f"{TITLE} (opening)",
            artist="Pete Warden",
            date="2024",
            comment="CC Zero Licensed recording; text by Charles Dickens (1859), public domain",
        )
        video: VideoStream = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.gop_size = 4 * FPS
        video.codec_context.thread_count = 1  # one thread: the same bytes on any machine
        video.options = {"crf": "20", "preset": "medium"}
        sound: AudioStream = container.add_stream("aac", rate=rate, layout="mono")
        sound.bit_rate = AUDIO_BITRATE

        position = 0

        def write_sound(until: int) -> None:
            nonlocal position
            while position < min(until, len(samples)):
                block = samples[position : position + AAC_FRAME]
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block[None, :]), format="fltp", layout="mono")
                frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), position
                container.mux(sound.encode(frame))
                position += len(block)

        for index, picture in enumerate(pictures(heights, count, total)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.time_base, frame.pts = Fraction(1, FPS), index
            container.mux(video.encode(frame))
            write_sound((index + 1) * rate // FPS)
        write_sound(len(samples))
        container.mux(video.encode(None))
        container.mux(sound.encode(None))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make talk.mp4 from a recording.")
    parser.add_argument("source", type=Path, help="the recording (two_cities.wav)")
    parser.add_argument(
        "target",
        type=Path,
        nargs="?",
        default=Path(__file__).with_name("talk.mp4"),
        help="the film to write (default: talk.mp4 beside this script)",
    )
    args = parser.parse_args(argv)
    make(args.source, args.target)
    print(f"{args.target}: {args.target.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
