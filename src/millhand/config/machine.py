"""How many cores this process may use: by its affinity, and by the quota of its container."""

import math
import os
from pathlib import Path

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Cores that are really there for this process, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota = quota_of(_CPU_MAX.read_text(encoding="ascii"))
    except OSError:
        quota = None
    return allowed if quota is None else max(1, min(allowed, quota))


def quota_of(cpu_max: str) -> int | None:
    """Whole cores that the text of a `cpu.max` file grants, or None for no quota (Linux: admin-guide/cgroup-v2)."""
    quota, _, period = cpu_max.strip().partition(" ")
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    return max(1, math.ceil(int(quota) / int(period)))
