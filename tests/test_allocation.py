"""Freed memory is kept: the kernel clears no page twice."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource, sys
from restora.allocation import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def faults():
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(100 * 2**20)))
    libc.memset(block, 1, ctypes.c_size_t(100 * 2**20))
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
@pytest.mark.parametrize(("kept", "most"), [("kept", 100), ("not", None)])
def test_memory_is_cleared_once(kept, most):
    done = subprocess.run([sys.executable, "-c", PROGRAM, kept], check=True, capture_output=True, text=True)
    assert int(done.stdout) < most if most else int(done.stdout) > 100 * 2**20 // 4096 // 2
