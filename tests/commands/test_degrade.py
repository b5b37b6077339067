import numpy as np
import pytest

from restora.images import Photograph, read, write


@pytest.fixture
def photo(tmp_path):
    random = np.random.default_rng(0)
    return write(tmp_path / "photo.png", Photograph(random.integers(0, 256, (40, 60, 3), dtype=np.uint8)))


def test_an_example_is_written_and_said_and_the_seed_decides(restora_command, photo):
    run = restora_command("degrade", photo, "--apply", "rain/heavy", "--seed", "3")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(photo.with_name("photo-degraded.png"))
    assert "rain/heavy: density " in run.stderr
    first = read(run.stdout.strip()).pixels
    assert first.shape == (40, 60, 3)
    assert first.mean() > read(photo).pixels.mean() + 10
    for seed, same in ((3, True), (4, False)):
        restora_command("degrade", photo, "--apply", "rain/heavy", "--seed", seed, "-o", f"{seed}.png")
        assert np.array_equal(read(photo.with_name(f"{seed}.png")).pixels, first) == same


def test_several_come_in_the_order_given(restora_command, photo):
    run = restora_command(
        "degrade", photo, "--apply", "jpeg/20", "--apply", "noise/25", "--apply", "haze/outdoor"
    )
    said = [line.split(":")[0] for line in run.stderr.splitlines()]
    assert list(dict.fromkeys(said)) == ["jpeg/20", "noise/25", "haze/outdoor"]
    assert "noise/25: sigma 25" in run.stderr


def test_depth_and_gray_stay(restora_command, tmp_path):
    deep = write(tmp_path / "deep.png", Photograph(np.full((30, 40), 30_000, np.uint16)))
    run = restora_command("degrade", deep, "--apply", "noise/50", "-o", "noisy.tif")
    assert run.returncode == 0, run.stderr
    noisy = read(tmp_path / "noisy.tif").pixels
    assert noisy.shape == (30, 40)
    assert noisy.dtype == np.uint16
    assert noisy.std() == pytest.approx(50 * 257, rel=0.1)
    restora_command("degrade", deep, "--apply", "haze/night", "-o", "night.png")
    assert read(tmp_path / "night.png").pixels.shape == (30, 40, 3)


def test_the_quality_of_the_file(restora_command, photo, tmp_path):
    for quality in (20, 90):
        run = restora_command(
            "degrade", photo, "--apply", "rain/light", "--quality", quality, "-o", f"{quality}.webp"
        )
        assert run.returncode == 0, run.stderr
    assert (tmp_path / "20.webp").stat().st_size < (tmp_path / "90.webp").stat().st_size / 1.5


def test_large_photographs_are_reduced_unless_told_otherwise(restora_command, photo):
    run = restora_command("degrade", photo, "--apply", "jpeg/50", "--side", "30")
    assert "reduced from 60x40 to 30x20" in run.stderr
    assert read(run.stdout.strip()).pixels.shape == (20, 30, 3)
    run = restora_command("degrade", photo, "--apply", "jpeg/50", "--side", "0", "--overwrite")
    assert read(run.stdout.strip()).pixels.shape == (40, 60, 3)


def test_the_gallery(restora_command, photo, monkeypatch):
    monkeypatch.setattr("restora.degradations.gallery.TILE", (24, 32))
    run = restora_command("degrade", "--gallery", photo)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(photo.with_name("photo-gallery.png"))
    assert read(run.stdout.strip()).pixels.shape[1] == 5 * (32 + 8) + 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to do; give some, such as --apply rain/heavy"),
        (("--apply", "rain/havy"), "unknown preset rain/havy; give one of rain/light, rain/heavy"),
        (("--gallery", "--apply", "rain/light"), "leave out --apply rain/light"),
        (("--apply", "rain/light", "-o", "photo.png"), "exists already"),
    ],
)
def test_wrong_usage_is_explained_in_a_line(restora_command, photo, arguments, words):
    run = restora_command("degrade", photo, *arguments)
    assert run.returncode == 2
    assert words in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_help_shows_examples(restora_command):
    text = restora_command("degrade", "--help").stdout
    assert "restora degrade photo.jpg --apply rain/heavy --seed 3" in text


def test_a_photograph_for_which_there_is_no_memory_is_refused_before_it_is_decoded(
    restora_command, tmp_path, monkeypatch
):
    monkeypatch.setattr("restora.images.codecs.limits.free_memory", lambda: 2**27)
    picture = write(tmp_path / "large.png", Photograph(np.zeros((2000, 2000, 3), np.uint8)))
    run = restora_command("degrade", picture, "-a", "noise/25")
    assert (run.returncode, "large.png: 2000 x 2000 pixels need" in run.stderr) == (2, True)


def test_a_seed_beyond_those_of_generators_is_refused(restora_command, photo):
    run = restora_command("degrade", photo, "-a", "noise/25", "--seed", 2**64)
    assert run.returncode == 2
    assert "--seed" in run.stderr


def test_two_views_are_no_picture(restora_command, photo):
    done = restora_command("degrade", str(photo), "-a", "defocus/dual")
    assert done.returncode == 2
    assert "defocus/dual: makes the two views" in done.stderr
