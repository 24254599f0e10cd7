"""For authors of plugins: the contract that a backend has to keep, as tests (``pip install 'mediarack[testing]'``).

``TestContract = contract("my-backend")`` in a test file is all: it tests what the backend's spec claims, and nothing
that it does not claim. The makers of media here need no engine; ``mediarack.testing.plugin`` has them as fixtures.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("mediarack.testing.checks")

from mediarack.testing.contract import contract  # noqa: E402
from mediarack.testing.media import number_of, numbered_video, tones, wav  # noqa: E402

__all__ = ["contract", "number_of", "numbered_video", "tones", "wav"]
