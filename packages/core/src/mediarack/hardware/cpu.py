"""CPU cores and memory that this process may use: affinity and the limits of cgroup v1 and v2, not the machine's.

A container is often given less than the machine has; os.cpu_count() knows nothing of that. Formats: v2 ``cpu.max``
("QUOTA PERIOD" or "max PERIOD") and ``memory.max``, kernel documentation admin-guide/cgroup-v2; v1 ``cpu.cfs_quota_us``
(-1 for none), ``cpu.cfs_period_us`` and ``memory.limit_in_bytes``, admin-guide/cgroup-v1.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")


@dataclass(frozen=True, kw_only=True)
class Cores:
    """How many cores there are, and what limits their use.

    machine: logical cores of the machine. affinity: those this process may run on. quota: cores' worth of time that
    its control groups allow, None for no limit. effective: threads worth starting, at least 1, a fraction of a core
    rounded up.
    """

    machine: int
    affinity: int
    quota: float | None
    effective: int


def cores(root: Path = _ROOT) -> Cores:
    """``root`` is where /proc and /sys are found; tests give a directory of their own."""
    affinity = _affinity()
    quotas = [
        quota / period
        for directory in _cgroups("cpu", root)
        for quota, period in [_v2_cpu(directory) or _v1_cpu(directory) or (0.0, 0.0)]
        if quota > 0 and period > 0
    ]
    quota = min(quotas, default=None)
    effective = affinity if quota is None else min(affinity, math.ceil(quota))
    return Cores(machine=os.cpu_count() or 1, affinity=affinity, quota=quota, effective=max(1, effective))


def effective_cores(root: Path = _ROOT) -> int:
    """CPU threads worth starting (see Cores)."""
    return cores(root).effective


def memory_limit(root: Path = _ROOT) -> int | None:
    """Bytes this process's control groups allow, or None for no limit; the machine's memory is not looked at."""
    limits = [
        limit
        for directory in _cgroups("memory", root)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (limit := _number(directory / name)) is not None
    ]
    # cgroup v1 writes "no limit" as the largest page-aligned 63-bit number.
    real = [limit for limit in limits if 0 < limit < 1 << 62]
    return min(real, default=None)


def available_memory() -> int:
    """Bytes that can be used now without swapping, within the control group's limit."""
    import psutil

    available = int(psutil.virtual_memory().available)
    limit = memory_limit()
    return available if limit is None else max(0, min(available, limit - int(psutil.Process().memory_info().rss)))


def total_memory() -> int:
    """Bytes of the machine's memory, whatever this process may use of it."""
    import psutil

    return int(psutil.virtual_memory().total)


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroups(controller: str, root: Path) -> Iterator[Path]:
    """Directories of this process's group and its ancestors: a limit anywhere above holds too."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # v2 names no controller. v1 may mount several together, in an order of its own, and links each to that place.
        for mount in dict.fromkeys([controllers, controllers and controller]):
            base = root / "sys/fs/cgroup" / mount
            group = base / path.lstrip("/")
            # In a container the path may be the host's, which is not mounted; the limits then stand at the base.
            while group != base:
                yield group
                group = group.parent
            yield base


def _v2_cpu(directory: Path) -> tuple[float, float] | None:
    fields = _text(directory / "cpu.max").split()
    return (float(fields[0]), float(fields[1])) if len(fields) == 2 and fields[0] != "max" else None


def _v1_cpu(directory: Path) -> tuple[float, float] | None:
    quota, period = _number(directory / "cpu.cfs_quota_us"), _number(directory / "cpu.cfs_period_us")
    return (float(quota), float(period)) if quota is not None and period is not None else None


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.lstrip("-").isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
