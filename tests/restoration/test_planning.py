from pathlib import Path

import pytest

from restora.errors import RestoraError
from restora.images import ImageFile
from restora.restoration import plan_jobs


def targets(images, *arguments, **options):
    return [job.target.as_posix() for job in plan_jobs(images, *arguments, **options)]


def images(*paths):
    return [ImageFile(Path(path), Path(path)) for path in paths]


def test_results_stand_beside_their_photographs():
    assert targets(images("a/x.jpg", "a/y.PNG")) == ["a/x-restored.jpg", "a/y-restored.PNG"]


def test_output_folder_mirrors_the_tree_and_keeps_the_names():
    found = [ImageFile(Path("in/1.jpg"), Path("1.jpg")), ImageFile(Path("in/b/2.tif"), Path("b/2.tif"))]
    assert targets(found, "out") == ["out/1.jpg", "out/b/2.tif"]


def test_suffix_and_format():
    assert targets(images("x.jpg"), suffix="_clean", file_format="PNG") == ["x_clean.png"]
    assert targets(images("x.jpg"), "out", suffix="_clean", file_format=".tif") == ["out/x_clean.tif"]
    assert targets(images("x.gif", "y.apng")) == ["x-restored.gif", "y-restored.apng"]
    assert targets(images("x.arw")) == ["x-restored.tif"]
    with pytest.raises(RestoraError, match="cannot write the format 'psd'; there are: png"):
        targets(images("x.jpg"), file_format="psd")
    with pytest.raises(RestoraError, match=r"may not hold a path, got '/\.\./x'"):
        targets(images("x.jpg"), suffix="/../x")


def test_output_file_for_one_photograph(tmp_path):
    assert targets(images("x.jpg"), "y.png") == ["y.png"]
    (tmp_path / "folder.png").mkdir()
    assert targets(images("x.jpg"), tmp_path / "folder.png") == [(tmp_path / "folder.png/x.jpg").as_posix()]
    with pytest.raises(RestoraError, match=r"y\.png: names one file, but there are 2 images; name a folder"):
        targets(images("x.jpg", "z.jpg"), "y.png")
    with pytest.raises(RestoraError, match=r"y\.psd: cannot write files that end in '\.psd'"):
        targets(images("x.jpg"), "y.psd")
    with pytest.raises(RestoraError, match="leave out the suffix and the format"):
        targets(images("x.jpg"), "y.png", file_format="jpg")


def test_of_photographs_with_one_target_all_but_one_are_refused():
    first, second = plan_jobs([ImageFile(Path(p), Path("x.jpg")) for p in ("a/x.jpg", "b/x.jpg")], "out")
    assert first.refusal is None
    assert second.refusal == (
        "b/x.jpg: would be written to out/x.jpg, as a/x.jpg is; restore it by itself, with another output"
    )
    raw, tiff = plan_jobs(images("x.cr2", "x.tif"), "out")
    assert (raw.target, tiff.target) == (Path("out/x.tif"), Path("out/x.tif"))
    assert tiff.refusal is None  # it keeps its format
    assert raw.refusal.startswith("x.cr2: would be written to out/x.tif, as x.tif is")
    jobs = plan_jobs(images("x.jpg", "x.png", "y.png"), file_format="tif")
    assert [job.refusal is None for job in jobs] == [True, False, True]


def test_links_in_circles_are_planned(tmp_path):
    (tmp_path / "x.jpg").symlink_to("x.jpg")
    assert targets(images("x.jpg"), tmp_path) == [(tmp_path / "x.jpg").as_posix()]


def test_results_of_an_earlier_run_are_not_restored_again():
    every = images("x.jpg", "x-restored.jpg", "x-restored-compare.png", "y-restored.jpg")
    assert targets(every) == ["x-restored.jpg", "y-restored-restored.jpg"]
    found = [ImageFile(Path(p), Path(p)) for p in ("x.jpg", "clean/x.jpg", "clean/x-compare.png")]
    assert targets(found, "clean") == ["clean/x.jpg"]
