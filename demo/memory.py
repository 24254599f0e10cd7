"""How much memory a process took, for tests and benchmarks on Linux."""

from __future__ import annotations

import re
from pathlib import Path


def peak() -> int:
    """Bytes. Not ru_maxrss: that begins with what the process which started this one had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
