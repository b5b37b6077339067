import numpy as np
import pytest

from restora.images import Metadata, Photograph, read, write


@pytest.fixture
def folder(tmp_path):
    random = np.random.default_rng(0)
    clean = random.integers(60, 190, (48, 64, 3), dtype=np.uint8)
    for name, error in (("noisy", 30), ("ours", 10), ("clean", 0)):
        noise = random.integers(-error, error + 1, clean.shape)
        write(tmp_path / f"{name}.png", Photograph((clean + noise).astype(np.uint8)))
    return tmp_path


def test_a_figure_is_written_and_the_crops_are_told(restora_command, folder):
    run = restora_command("compare", "noisy.png", "ours.png", "--clean", "clean.png", "-o", "f.png")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "f.png"
    crops = run.stderr.removeprefix("crops: ").split()
    assert crops[0] == "--crop"
    first = read(folder / "f.png").pixels
    run = restora_command("compare", "noisy.png", "ours.png", "--clean", "clean.png", "-o", "g.png", *crops)
    assert run.stderr == ""
    assert np.array_equal(read(folder / "g.png").pixels, first)


def test_error_maps_make_it_higher_and_a_pdf_is_written(restora_command, folder):
    pytest.importorskip("matplotlib")
    arguments = ("compare", "noisy.png", "ours.png", "--clean", "clean.png", "--crop", "1,2,16,16")
    restora_command(*arguments, "-o", "f.png")
    restora_command(*arguments, "--error-maps", "-o", "g.png")
    assert read(folder / "g.png").height > read(folder / "f.png").height + 400
    run = restora_command(*arguments, "--error-maps", "--enlarge", "lanczos", "-o", "f.pdf")
    assert run.returncode == 0, run.stderr
    assert (folder / "f.pdf").read_bytes().startswith(b"%PDF")
    assert "exists already" in restora_command(*arguments, "-o", "f.pdf").stderr


def test_depths_gray_alpha_and_orientation_mix(restora_command, tmp_path):
    level = np.full((40, 50), 100, np.uint8)
    write(tmp_path / "gray.png", Photograph(level))
    write(tmp_path / "deep.png", Photograph(np.repeat(level[..., None], 3, 2).astype(np.uint16) * 257))
    alpha = Photograph(level, np.full((40, 50), 255, np.uint8))
    write(tmp_path / "alpha.png", alpha)
    write(tmp_path / "turned.tif", Photograph(level.T.copy(), metadata=Metadata(orientation=6)))
    run = restora_command(
        "compare", "gray.png", "deep.png", "alpha.png", "turned.tif", "-o", "f.png", "--crop", "0,0,20,20"
    )
    assert run.returncode == 0, run.stderr
    columns = read(tmp_path / "f.png").pixels[900:1000:50, ::10]
    assert set(np.unique(columns)) <= {100, 255, 240, 70, 60}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("noisy.png",), "nothing to compare it with"),
        (("noisy.png", "small.png"), "small.png: is 30x20, but noisy.png is 64x48"),
        (("noisy.png", "ours.png", "--crop", "60,0,16,16"), "reaches outside the picture of 64x48"),
        (("noisy.png", "ours.png", "--crop", "1,2"), "must be x,y,width,height"),
        (("noisy.png", "ours.png", "--labels", "one"), "1 for 2 pictures"),
        (("noisy.png", "ours.png", "--error-maps"), "needs the clean picture"),
        (("noisy.png", "ours.png", "--error-scale", "9"), "add --error-maps"),
        (("noisy.png", "ours.png", "--protocol", "psnr"), "unknown protocol 'psnr'"),
        (("noisy.png", "ours.png", "--enlarge", "cubic"), "nearest or lanczos"),
        (("noisy.png", "missing.png"), "missing.png: does not exist"),
    ],
)
def test_wrong_usage_is_explained_in_a_line(restora_command, folder, arguments, words):
    write(folder / "small.png", Photograph(np.zeros((20, 30, 3), np.uint8)))
    run = restora_command("compare", *arguments, "-o", "f.png")
    assert run.returncode == 2
    assert words in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (folder / "f.png").exists()


def test_labels_tell_the_pictures_apart():
    from pathlib import Path

    from restora.commands.compare import _labels

    assert _labels([Path("x/a.png"), Path("x/b.png")], None) == ["a", "b"]
    assert _labels([Path("bm3d/7.png"), Path("ours/7.png")], None) == ["bm3d", "ours"]
    assert _labels([Path("x/7.png"), Path("x/7.jpg")], None) == ["x/7.png", "x/7.jpg"]
    assert _labels([Path("a"), Path("b")], "Noisy; 3, 4") == ["Noisy", "3, 4"]


def test_pictures_for_which_there_is_no_memory_are_refused_before_they_are_decoded(
    restora_command, tmp_path, monkeypatch
):
    monkeypatch.setattr("restora.images.codecs.limits.free_memory", lambda: 2**28)
    picture = write(tmp_path / "large.png", Photograph(np.zeros((2000, 2000, 3), np.uint8)))
    run = restora_command("compare", picture, picture, "-o", "f.png")
    assert (run.returncode, "large.png: 2000 x 2000 pixels need" in run.stderr) == (0, False)
    run = restora_command("compare", picture, picture, "--clean", picture, "-o", "g.png")
    assert (run.returncode, "large.png: 2000 x 2000 pixels need" in run.stderr) == (2, True)
