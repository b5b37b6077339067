"""Every kind of data that a recipe can name is trained and validated on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from recipes import miniature

from restora.datasets import open_folder_pair, write_pack
from restora.datasets.crop_source import Crops
from restora.datasets.originals import original_pairs
from restora.errors import RestoraError
from restora.metrics import protocol
from restora.networks import create_model
from restora.pixels import to_uint8
from restora.restoration import Restorer
from restora.training import Trainer
from restora.training.sources import open_crops
from restora.training.validation import HeldOut, Validation, open_validation

SHORT = {"stages": [{"steps": 2, "patch": 16, "batch": 2}]}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """The layout of Rain100L that its authors publish, with darker images for rainy ones."""
    root = tmp_path_factory.mktemp("pairs")
    (root / "input").mkdir()
    (root / "target").mkdir()
    for path in photos.iterdir():
        image = Image.open(path)
        image.save(root / "target" / path.name)
        Image.fromarray(np.asarray(image) // 2).save(root / "input" / path.name)
    return root


def test_pairs_in_two_folders(pairs: Path, tmp_path: Path) -> None:
    data = {"kind": "pairs", "degraded": str(pairs / "input"), "clean": str(pairs / "target")}
    validation = {"degraded": str(pairs / "input"), "clean": str(pairs / "target"), "every": 2, "side": 0}
    recipe = miniature(None, data=data, degradation=None, validation=validation, **SHORT)
    degraded, clean = open_crops(recipe)[0]
    torch.testing.assert_close(degraded * 255, (clean * 255 / 2).floor())
    trainer = Trainer(recipe, tmp_path)
    assert trainer.run()
    assert (tmp_path / "best.pt").exists()
    sample = np.asarray(Image.open(tmp_path / "samples/0.png"))
    assert sample.shape == (48, 3 * 64, 3)
    assert np.array_equal(sample[:, :64], np.asarray(Image.open(pairs / "input/0.png")))
    assert np.array_equal(sample[:, 128:], np.asarray(Image.open(pairs / "target/0.png")))


def test_packs_give_the_crops_of_their_files(pairs: Path, photos: Path, tmp_path: Path) -> None:
    originals = original_pairs(open_folder_pair(pairs / "input", pairs / "target"))
    write_pack(originals, tmp_path / "pairs.pack", kind="pairs", title="miniature")
    of_files = miniature(
        None,
        data={"kind": "pairs", "degraded": str(pairs / "input"), "clean": str(pairs / "target")},
        degradation=None,
    )
    of_pack = miniature(None, data={"kind": "pairs", "pack": str(tmp_path / "pairs.pack")}, degradation=None)
    for number in (0, 7):
        for a, b in zip(open_crops(of_files)[number], open_crops(of_pack)[number], strict=True):
            assert torch.equal(a, b)


def test_all_sources_are_crops(pairs: Path, photos: Path) -> None:
    recipe = miniature(photos)
    assert isinstance(open_crops(recipe), Crops)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "photos"}, "names no photographs; add --set data.photos=FOLDER"),
        ({"kind": "pairs"}, "names no pairs; add --set data.degraded=FOLDER"),
        ({"kind": "benchmark", "benchmark": "rain100l"}, r"where does rain100l lie\? add --set data.root="),
        ({"kind": "benchmark", "benchmark": "rain", "root": "x"}, "rain"),
    ],
)
def test_missing_data_are_explained(data: dict[str, str], words: str) -> None:
    degradation = "noise/25" if data["kind"] == "photos" else None
    with pytest.raises(RestoraError, match=words):
        open_crops(miniature(None, data=data, degradation=degradation))


def test_validation_is_the_same_every_time(photos: Path) -> None:
    recipe = miniature(photos, validation={"photos": str(photos), "images": 2, "side": 32})
    first, second = open_validation(recipe), open_validation(recipe)
    assert [image.name for image in first.images] == ["0", "2"]
    assert all(
        np.array_equal(a.degraded, b.degraded) for a, b in zip(first.images, second.images, strict=True)
    )
    assert first.images[0].degraded.shape == (32, 32, 3)


def test_validation_restores_as_the_restorer_does(photos: Path, tmp_path: Path) -> None:
    # 37 x 37 is no multiple that any network takes: the border is continued as for a user's photograph.
    recipe = miniature(photos, validation={"photos": str(photos), "images": 2, "side": 37, "samples": 1})
    network = Trainer(recipe, tmp_path).averaged_network()
    validation = open_validation(recipe)
    assert validation is not None
    restorer = Restorer(network, precision="float32")
    expected = [validation.rule.score(restorer(image.degraded), image.clean) for image in validation.images]
    assert validation.scores(network, tmp_path) == expected
    strip = np.asarray(Image.open(tmp_path / "0.png"))
    assert np.array_equal(strip[:, 37:74], to_uint8(restorer(validation.images[0].degraded)))


def test_validation_shows_the_mean_of_two_views(tmp_path: Path) -> None:
    clean = np.full((8, 8, 3), 0.5, np.float32)
    views = np.concatenate([clean - 0.1, clean + 0.3], axis=2)
    network = create_model(
        "dinat_ir", "dual_pixel", width=4, blocks=(1, 1, 1, 1), refinement_blocks=1, heads=(1, 1, 2, 4)
    )
    Validation([HeldOut("a/b", views, clean)], protocol("rgb8"), samples=1).scores(network, tmp_path)
    assert (np.asarray(Image.open(tmp_path / "a-b.png"))[:, :8] == 153).all()


def test_validation_on_dual_pixel_pairs_takes_networks_of_six_channels(tmp_path: Path) -> None:
    recipe = miniature(
        None,
        model={"architecture": "dinat_ir", "variant": "dual_pixel", "overrides": {"width": 4}},
        data={"kind": "pairs"},
        degradation=None,
        scale_weights=[1.0],
    )
    assert Trainer(recipe, tmp_path).network.requirements.in_channels == 6
