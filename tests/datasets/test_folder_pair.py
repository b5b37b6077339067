from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from restora.datasets.folder_pair import open_folder_pair
from restora.errors import RestoraError


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for kind, suffix in (("bad", "png"), ("good", "bmp")):
        (tmp_path / kind / "more").mkdir(parents=True)
        for number, name in enumerate(("2", "10", "more/2")):
            pixels = np.full((4, 5, 3), 10 * number + (kind == "good"), np.uint8)
            Image.fromarray(pixels).save(tmp_path / kind / f"{name}.{suffix}")
    return tmp_path / "bad", tmp_path / "good"


def test_names_without_suffix_decide(folders: tuple[Path, Path]) -> None:
    pairs = open_folder_pair(*folders)
    assert len(pairs) == 3
    assert len(set(pairs.names)) == 3
    for pair in pairs:
        assert pair.clean is not None
        assert pair.clean[0, 0, 0] == pair.degraded[0, 0, 0] + 1


def test_a_missing_partner_is_named(folders: tuple[Path, Path]) -> None:
    (folders[1] / "10.bmp").unlink()
    with pytest.raises(RestoraError, match=r"bad/10.png: has no partner of the same name in .*good; add it"):
        open_folder_pair(*folders)
    (folders[0] / "10.png").unlink()
    (folders[0] / "2.png").unlink()
    with pytest.raises(RestoraError, match=r"good/2.bmp: has no partner of the same name in .*bad"):
        open_folder_pair(*folders)


def test_a_folder_that_is_missing_or_empty_is_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(RestoraError, match="nowhere: is not a folder"):
        open_folder_pair(tmp_path / "nowhere", folders[1])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RestoraError, match="empty: holds no images"):
        open_folder_pair(folders[0], tmp_path / "empty")
