"""What the machine is, and where its processor time goes. Times are in seconds."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


def memory_bytes() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PHYS_PAGES") * _PAGE


def cpu_of(pid: int) -> float:
    """CPU of a process, without its children; 0 where it is gone or cannot be told."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK if fields else 0.0


def cpu_of_tree(pid: int) -> float:
    """CPU of a process, its children, and those of them that it has outlived."""
    own = _stat(pid)
    if not own:
        return 0.0
    ticks = sum(int(field) for field in own[11:15])
    for child in _children(pid):
        fields = _stat(child)
        ticks += sum(int(field) for field in fields[11:15]) if fields else 0
    return ticks / _TICK


def resident(pid: int) -> int:
    """Bytes of memory that a process has resident; 0 where it is gone or cannot be told."""
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def busy() -> float:
    """CPU that all processes of the machine have used together; 0 where it cannot be told."""
    try:
        fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _idle, _wait, irq, softirq, *rest = (int(field) for field in fields)
    return (user + nice + system + irq + softirq + sum(rest[:1])) / _TICK


def facts(directory: Path) -> dict[str, str | int | float]:
    """What the figures depend on; `directory` is where the database's data lie."""
    return {
        "cores": os.cpu_count() or 0,
        "memory_gb": round(memory_bytes() / 2**30, 1),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(directory),
        "fdatasync_us": round(_sync_seconds(directory) * 1e6),
        "harness_python": sys.version.split()[0],
    }


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the command, which may hold blanks."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in (_PROC / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _processor() -> str:
    try:
        for line in (_PROC / "cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _file_system(directory: Path) -> str:
    """Return the type of file system: on a tmpfs fsync would cost nothing."""
    best, kind = "", "unknown"
    try:
        lines = (_PROC / "mounts").read_text().splitlines()
    except OSError:
        return kind
    for line in lines:
        _device, place, type_, *_ = line.split()
        if str(directory).startswith(place) and len(place) >= len(best):
            best, kind = place, type_
    return kind


def _sync_seconds(directory: Path) -> float:
    """Return the median time that 8 kB take to reach the disk."""
    samples: list[float] = []
    with tempfile.TemporaryFile(dir=directory) as file:
        for _ in range(50):
            began = time.perf_counter()
            file.write(bytes(8192))
            file.flush()
            os.fsync(file.fileno())
            samples.append(time.perf_counter() - began)
    return statistics.median(samples)
