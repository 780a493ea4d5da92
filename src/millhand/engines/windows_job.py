"""Windows job objects: a process put into one dies, with all its children, when the last handle to it closes.

That happens whenever millhand ends, however it ends. Source: Microsoft Learn, "Job Objects",
JOBOBJECT_EXTENDED_LIMIT_INFORMATION. On other systems this module has nothing to do.
"""

import ctypes
import os
import sys

TASKKILL = os.path.join(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")  # noqa: PTH118 - a Windows path, named on any system

_EXTENDED_LIMIT_INFORMATION = 9
_KILL_ON_JOB_CLOSE = 0x2000
_SET_QUOTA_AND_TERMINATE = 0x0101


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("per_process_user_time", ctypes.c_int64),
        ("per_job_user_time", ctypes.c_int64),
        ("limit_flags", ctypes.c_uint32),
        ("minimum_working_set", ctypes.c_size_t),
        ("maximum_working_set", ctypes.c_size_t),
        ("active_process_limit", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority_class", ctypes.c_uint32),
        ("scheduling_class", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("io_counters", ctypes.c_uint64 * 6),
        ("process_memory_limit", ctypes.c_size_t),
        ("job_memory_limit", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


class Job:
    """A job object that holds a process; closing it kills everything in it."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def close(self) -> None:
        """Kill what the job holds. Does nothing the second time."""
        handle, self._handle = self._handle, 0
        if handle and sys.platform == "win32":
            ctypes.windll.kernel32.CloseHandle(ctypes.c_void_p(handle))


def holding(pid: int) -> Job | None:
    """A job object with this process in it, or None where there is no such thing or it was refused."""
    if sys.platform != "win32":
        return None
    kernel = ctypes.windll.kernel32
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.OpenProcess.restype = ctypes.c_void_p
    job = kernel.CreateJobObjectW(None, None)
    limits = _ExtendedLimits()
    limits.basic.limit_flags = _KILL_ON_JOB_CLOSE
    process = kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, False, pid)  # noqa: FBT003 - the Windows signature
    taken = (
        job
        and process
        and kernel.SetInformationJobObject(
            ctypes.c_void_p(job), _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
        )
        and kernel.AssignProcessToJobObject(ctypes.c_void_p(job), ctypes.c_void_p(process))
    )
    if process:
        kernel.CloseHandle(ctypes.c_void_p(process))
    if taken:
        return Job(job)
    if job:
        kernel.CloseHandle(ctypes.c_void_p(job))
    return None
