import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from miniatures import DIFFERENCE, MINIATURES, Miniature, paint, save

from restora.datasets import BENCHMARKS, find_benchmark, open_benchmark
from restora.errors import RestoraError
from restora.metrics import PROTOCOLS
from restora.pixels import to_uint8

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
    return float(to_uint8(pixels)[:, :, :3].mean())


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


def test_cards_name_protocols_that_exist() -> None:
    for card in BENCHMARKS.values():
        assert set(card.protocols.values()) <= {*PROTOCOLS, "server"}, card.name
        assert card.source.startswith("https://") or card.name in ("folders", "photographs")


def test_layouts_speak_of_splits_and_variants_of_their_card() -> None:
    for card in BENCHMARKS.values():
        for layout in card.layouts:
            assert set(layout.splits) <= {split.name for split in card.splits}, card.name
            assert set(layout.variants) <= set(card.variants), card.name


@pytest.mark.parametrize(
    ("benchmark", "split", "variant", "pairs"),
    [
        ("gopro", "train", "blur", 2103),
        ("gopro", "test", "blur_gamma", 1111),
        ("hide", "test", "", 2025),
        ("realblur-r", "train", "", 3758),
        ("rsblur", "test", "", 3360),
        ("dpdd", "train", "dual", 350),
        ("snow100k", "test", "S", 16611),
        ("snow100k", "train", "all", 50000),
        ("did", "train", "", 12000),
        ("nhr", "test", "", 897),
    ],
)
def test_counts_are_those_published(benchmark: str, split: str, variant: str, pairs: int) -> None:
    assert BENCHMARKS[benchmark].split(split, variant).pairs == pairs


def test_three_subsets_of_snow100k_are_its_test_set() -> None:
    card = BENCHMARKS["snow100k"]
    assert sum(card.split("test", letter).pairs or 0 for letter in "SML") == 50_000


def test_the_folder_of_another_benchmark_is_refused(tmp_path: Path) -> None:
    mini = next(mini for mini in MINIATURES if str(mini) == "rain100l-test-repackaged")
    mini.build(tmp_path / "a")
    (tmp_path / "a/Rain100L").rename(tmp_path / "a/Rain100H")
    for root in (tmp_path / "a/Rain100H", tmp_path / "a/Rain100H/test"):
        with pytest.raises(RestoraError, match="is called like rain100h, not like rain100l"):
            open_benchmark("rain100l", root)
        assert len(open_benchmark("rain100h", root)) == 3


def test_the_folder_of_another_split_is_refused(tmp_path: Path) -> None:
    for path in ("train/input/1.png", "train/target/1.png"):
        save(tmp_path / path, paint((4, 4), 1))
    assert len(open_benchmark("rain100l", tmp_path / "train", split="train")) == 1
    for root in (tmp_path, tmp_path / "train"):
        with pytest.raises(RestoraError, match=r"no known layout of Rain100L \(test\)"):
            open_benchmark("rain100l", root)


def test_nothing_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RestoraError, match="nowhere: is not a folder; name the one that holds GoPro"):
        open_benchmark("gopro", tmp_path / "nowhere")
    with pytest.raises(RestoraError, match="unknown benchmark 'gopros'"):
        open_benchmark("gopros", tmp_path)
    with pytest.raises(RestoraError, match="rain13k: has no split 'test'; there are: train"):
        open_benchmark("rain13k", tmp_path, split="test")


def test_the_98_pairs_of_the_usual_copy_of_test100_are_told(tmp_path: Path) -> None:
    for kind in ("input", "target"):
        save(tmp_path / f"{kind}/1.png", paint((2, 2), 9))
        for number in range(2, 99):
            (tmp_path / f"{kind}/{number}.png").hardlink_to(tmp_path / f"{kind}/1.png")
    pairs = open_benchmark("test100", tmp_path)
    assert pairs.remarks == ("98 pairs, as in a circulating copy; published are 100",)


def test_the_catalogue_needs_neither_torch_nor_decoders() -> None:
    heavy = ["torch", "cv2", "PIL", "scipy", "h5py", "tifffile"]
    code = f"import sys, restora.datasets; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
