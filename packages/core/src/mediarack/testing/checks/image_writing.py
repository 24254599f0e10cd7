"""write_image."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest

from mediarack.errors import BackendUnavailable
from mediarack.requests import ImageContainer
from mediarack.testing.subject import Subject, check

_BEGINNINGS = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n", "webp": b"RIFF"}


def containers(subject: Subject, *among: str) -> list[str]:
    """Those of them that the spec claims, less those whose encoder the engine at hand was built without."""
    there: list[str] = []
    for container in sorted(subject.spec.features & set(among)):
        try:
            written(subject, colours(), container)
        except BackendUnavailable:
            continue
        there.append(container)
    return there


def written(subject: Subject, image: Any, container: str, **fields: Any) -> Path:
    path = subject.directory / f"image.{container}"
    subject.perform(image, subject.request(container=container, target=path, **fields))
    assert path.read_bytes().startswith(_BEGINNINGS[container]), f"{path.name} does not begin like {container}"
    return path


def read_back(subject: Subject, path: Path) -> npt.NDArray[np.uint8]:
    if not any(b.spec.capability == "read_frames" for b in subject.rack.registry.backends):
        pytest.skip("no backend to read the picture back")
    image: npt.NDArray[np.uint8] = subject.rack.read_frames(path).images[0]
    return image


def colours() -> npt.NDArray[np.uint8]:
    """Red, green, blue and white quarters, [48, 64, 3]."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32, 0], image[:24, 32:, 1], image[24:, :32, 2], image[24:, 32:] = 255, 255, 255, 255
    return image


@check("write_image")
def every_container_it_claims_keeps_the_colours(subject: Subject) -> None:
    there = containers(subject, *get_args(ImageContainer))
    assert there, "none of the containers it claims can be written here"
    for container in there:
        back = read_back(subject, written(subject, colours(), container))
        assert back.shape == (48, 64, 3)
        middles = back[12::24, 16::32].astype(int)
        tolerance = 0 if container == "png" else 12
        assert np.abs(middles - colours()[12::24, 16::32]).max() <= tolerance, container


@check("write_image")
def gray_pictures_are_written(subject: Subject) -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8)[None, :, None] * 4, (48, 1, 1))
    for container in containers(subject, *get_args(ImageContainer)):
        back = read_back(subject, written(subject, ramp, container))
        tolerance = 0 if container == "png" else 12
        assert np.abs(back.mean(axis=2) - ramp[..., 0]).max() <= tolerance, container


@check("write_image")
def lower_quality_is_a_smaller_file(subject: Subject) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    for container in containers(subject, "jpeg", "webp"):
        low, high = (written(subject, noise, container, quality=q).stat().st_size for q in (20, 95))
        assert low < 0.7 * high, f"{container}: {low} bytes at quality 20, {high} at 95"
