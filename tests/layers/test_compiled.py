import logging
from pathlib import Path

import pytest
import torch
from filelock import FileLock, Timeout

from restora.layers import compiled


def add_numbers(start, stop, values):  # type: ignore[no-untyped-def]
    for i in range(start, stop):
        values[i] += i


def test_what_was_compiled_is_said_and_kept_in_the_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("numba")
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path))
    monkeypatch.setattr(compiled, "LONG_COMPILATION", 0.0)
    values = torch.zeros(5)
    with caplog.at_level(logging.INFO):
        compiled.run(compiled.compiled_loop(add_numbers), 5, values)
    assert values.tolist() == [0, 1, 2, 3, 4]
    assert "compiled add_numbers for this processor" in caplog.text
    assert list(tmp_path.rglob("*.nbc"))
    again = compiled.compiled_loop(add_numbers)
    compiled.run(again, 5, values)
    assert sum(again.stats.cache_hits.values()) == 1
    assert values.tolist() == [0, 2, 4, 6, 8]


def test_one_process_at_a_time_keeps_what_it_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path))
    saving, tried = caching.IndexDataCacheFile.save, []

    def save(*arguments: object) -> None:
        with pytest.raises(Timeout), FileLock(tmp_path / "compiled/.lock", timeout=0):
            pass
        tried.append(arguments)
        saving(*arguments)

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", save)
    loop = compiled.compiled_loop(add_numbers)
    for dtype in (torch.float32, torch.float64, torch.float32):
        compiled.run(loop, 5, torch.zeros(5, dtype=dtype))
    assert len(tried) == 2
    with FileLock(tmp_path / "compiled/.lock", timeout=0):  # what is known already waits for nobody
        compiled.run(loop, 5, torch.zeros(5))
