"""``mediarack hardware``: what this process may use of the machine."""

from __future__ import annotations

import platform
import sys

from mediarack.cli.options import Debug, Json
from mediarack.cli.terminal import console, print_json
from mediarack.hardware.cpu import Cores, available_memory, cores, memory_limit, total_memory


def hardware(json: Json = False, debug: Debug = False) -> None:
    """Show the cores and the memory that this process may use, and why not more."""
    found, limit = cores(), memory_limit()
    system, python = platform.platform(), f"{platform.python_implementation()} {platform.python_version()}"
    if json:
        print_json(
            {
                "cores": {
                    "effective": found.effective,
                    "machine": found.machine,
                    "affinity": found.affinity,
                    "cgroup_quota": found.quota,
                },
                "memory": {"available": available_memory(), "total": total_memory(), "cgroup_limit": limit},
                "platform": system,
                "machine": platform.machine(),
                "python": python,
                "executable": sys.executable,
            }
        )
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("cores", f"{found.effective} ({_why(found)})")
    why = "no control group limits it" if limit is None else f"the control group allows {_gigabytes(limit)}"
    table.add_row("memory", f"{_gigabytes(available_memory())} free of {_gigabytes(total_memory())}; {why}")
    table.add_row("platform", f"{system}, {platform.machine()}")
    table.add_row("python", escape(f"{python}, {sys.executable}"))
    console(stderr=False).print(table)


def _why(found: Cores) -> str:
    limits = []
    if found.affinity < found.machine:
        limits.append(f"affinity allows {found.affinity}")
    if found.quota is not None:
        limits.append(f"the control group allows {found.quota:g}")
    return f"the machine has {found.machine}; {', '.join(limits) or 'nothing limits them'}"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
