"""Cores and memory under control groups, in trees laid out as Linux has them."""

import os
from pathlib import Path

import pytest

from mediarack.hardware.cpu import available_memory, cores, effective_cores, memory_limit, total_memory


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A root directory to fill, on a machine of 16 cores."""
    monkeypatch.setattr("mediarack.hardware.cpu._affinity", lambda: 16)

    def fill(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return fill


@pytest.mark.parametrize(
    ("cpu_max", "cores"),
    [("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("1000 100000", 1), ("max 100000", 16)],
)
def test_v2_quota_never_gives_less_than_one(machine, cpu_max, cores):
    root = machine({"proc/self/cgroup": "0::/app\n", "sys/fs/cgroup/app/cpu.max": cpu_max})
    assert effective_cores(root) == cores


def test_v2_limits_of_a_parent_hold(machine):
    files = {"sys/fs/cgroup/pod/cpu.max": "300000 100000", "sys/fs/cgroup/pod/app/cpu.max": "max 100000"}
    root = machine({"proc/self/cgroup": "0::/pod/app\n", **files})
    assert effective_cores(root) == 3


def test_in_a_container_the_limits_stand_at_the_mount(machine):
    root = machine({"proc/self/cgroup": "0::/host/only\n", "sys/fs/cgroup/cpu.max": "400000 100000"})
    assert effective_cores(root) == 4


@pytest.mark.parametrize(("quota", "cores"), [("250000", 3), ("-1", 16), ("0", 16)])
@pytest.mark.parametrize("mount", ["cpuacct,cpu", "cpu"])
def test_v1_quota(machine, mount, quota, cores):
    group = f"sys/fs/cgroup/{mount}/app"
    root = machine(
        {
            "proc/self/cgroup": "4:cpuacct,cpu:/app\n2:memory:/app\n",
            f"{group}/cpu.cfs_quota_us": quota,
            f"{group}/cpu.cfs_period_us": "100000",
        }
    )
    assert effective_cores(root) == cores


def test_what_limits_the_cores_is_told(machine):
    root = machine({"proc/self/cgroup": "0::/app\n", "sys/fs/cgroup/app/cpu.max": "150000 100000"})
    found = cores(root)
    assert (found.affinity, found.quota, found.effective) == (16, 1.5, 2)
    assert cores(root / "empty").quota is None


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"proc/self/cgroup": "0::/app\n", "sys/fs/cgroup/app/memory.max": "1073741824"}, 1 << 30),
        ({"proc/self/cgroup": "0::/app\n", "sys/fs/cgroup/app/memory.max": "max"}, None),
        (
            {"proc/self/cgroup": "2:memory:/app\n", "sys/fs/cgroup/memory/app/memory.limit_in_bytes": "536870912"},
            1 << 29,
        ),
        (
            {"proc/self/cgroup": "2:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"},
            None,
        ),
        ({}, None),
    ],
)
def test_memory_limit(machine, files, limit):
    assert memory_limit(machine(files)) == limit


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is a Linux call")
def test_affinity_is_obeyed():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert effective_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_some_memory_is_available():
    assert 10_000_000 < available_memory() <= total_memory()
