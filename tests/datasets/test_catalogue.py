from pathlib import Path

import numpy as np
import pytest
from miniatures import DIFFERENCE, MINIATURES, Miniature

from restora.datasets import BENCHMARKS, find_benchmark, open_benchmark
from restora.errors import RestoraError
from restora.images.depth import convert_depth

PAIRED = [mini for mini in MINIATURES if not mini.halves]


@pytest.mark.parametrize("mini", MINIATURES, ids=str)
def test_every_layout_is_recognised_and_paired(mini: Miniature, tmp_path: Path) -> None:
    mini.build(tmp_path)
    found = find_benchmark(mini.benchmark, tmp_path, split=mini.split, variant=mini.variant)
    assert found.layout == mini.layout
    pairs = open_benchmark(mini.benchmark, tmp_path, split=mini.split, variant=mini.variant)
    assert pairs.names == tuple(name for name, _, _ in mini.pairs)
    for pair, entry, (_, degraded, clean) in zip(pairs, pairs.entries, mini.pairs, strict=True):
        assert entry.degraded.file == tmp_path / degraded
        assert entry.clean is not None
        assert entry.clean.file == tmp_path / clean
        assert pair.clean is not None
        assert pair.degraded.shape[:2] == pair.clean.shape[:2]
        brighter = level(pair.degraded) - level(pair.clean)
        assert abs(brighter - DIFFERENCE) <= 3, "the halves or partners are exchanged"


def level(pixels: np.ndarray) -> float:
    return float(convert_depth(pixels, np.uint8)[:, :, :3].mean())


@pytest.mark.parametrize("mini", PAIRED, ids=str)
def test_a_missing_partner_is_named(mini: Miniature, tmp_path: Path) -> None:
    mini.build(tmp_path)
    clean = mini.pairs[-1][2]
    (tmp_path / clean).unlink()
    orphans = [degraded for _, degraded, partner in mini.pairs if partner == clean]
    with pytest.raises(RestoraError) as raised:
        open_benchmark(mini.benchmark, tmp_path, split=mini.split, variant=mini.variant)
    assert any(Path(path).name in str(raised.value) for path in (*orphans, clean)), str(raised.value)


@pytest.mark.parametrize("mini", MINIATURES, ids=str)
def test_the_root_may_be_any_folder_above_the_images(mini: Miniature, tmp_path: Path) -> None:
    mini.build(tmp_path)
    top = Path(mini.pairs[0][1]).parts[0]
    if mini.texts or len(Path(mini.pairs[0][1]).parts) < 3 or top == "real_world":
        pytest.skip("its pairs are not below one folder")
    pairs = open_benchmark(mini.benchmark, tmp_path / top, split=mini.split, variant=mini.variant)
    assert pairs.names == tuple(name for name, _, _ in mini.pairs)


def test_every_card_has_a_miniature() -> None:
    built_elsewhere = {"dnd"} | {name for name, card in BENCHMARKS.items() if "sigma-25" in card.variants}
    assert {mini.benchmark for mini in MINIATURES} | built_elsewhere == set(BENCHMARKS)
