import os
import re
from pathlib import Path

import pytest

from restora.errors import RestoraError
from restora.images import IMAGE_SUFFIXES, find_images
from restora.images.folders import natural_key


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Folders with images, and with what is none; the working folder of the test."""
    for name in (
        "scans/10.png",
        "scans/2.JPG",
        "scans/a.tiff",
        "scans/notes.txt",
        "scans/.hidden.png",
        "scans/old/1.webp",
        "scans/old/older/1.bmp",
        "scans/.cache/1.png",
        "scans/folder.png/inside.gif",
        "empty/readme.md",
        "single.dat",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(images):
    return [image.path.as_posix() for image in images]


def test_every_suffix_counts_in_any_case(tmp_path):
    for suffix in IMAGE_SUFFIXES:
        (tmp_path / f"a{suffix}").touch()
        (tmp_path / f"b{suffix.upper()}").touch()
    assert len(find_images([tmp_path])) == 2 * len(IMAGE_SUFFIXES)


def test_folder_in_the_order_people_count_without_hidden_and_other_files(tree):
    images = find_images(["scans"])
    assert names(images) == ["scans/2.JPG", "scans/10.png", "scans/a.tiff"]
    assert [image.relative.as_posix() for image in images] == ["2.JPG", "10.png", "a.tiff"]


def test_folders_below_only_if_asked(tree):
    images = find_images([Path("scans")], recursive=True)
    assert [image.relative.as_posix() for image in images] == [
        "2.JPG",
        "10.png",
        "a.tiff",
        "folder.png/inside.gif",
        "old/1.webp",
        "old/older/1.bmp",
    ]
    assert all(image.path == Path("scans") / image.relative for image in images)


@pytest.mark.parametrize("named", [".", "scans/..", "./"])
def test_working_folder(tree, named):
    (tree / "x.png").touch()
    (image,) = find_images([named])
    assert image.relative == Path("x.png")
    assert image.path.resolve() == tree / "x.png"


@pytest.mark.parametrize("named", ["single.dat", "scans/.hidden.png", "scans/notes.txt"])
def test_file_that_is_named_is_taken_whatever_it_is_called(tree, named):
    (image,) = find_images([named])
    assert (image.path, image.relative) == (Path(named), Path(Path(named).name))


@pytest.mark.parametrize(
    ("pattern", "expected", "relative"),
    [
        ("scans/*.png", ["scans/10.png"], ["10.png"]),
        ("scans/*", ["scans/2.JPG", "scans/10.png", "scans/a.tiff"], ["2.JPG", "10.png", "a.tiff"]),
        ("scans/[0-9]*.*", ["scans/2.JPG", "scans/10.png"], ["2.JPG", "10.png"]),
        ("scans/?.JPG", ["scans/2.JPG"], ["2.JPG"]),
        ("s*/old/*", ["scans/old/1.webp"], ["scans/old/1.webp"]),
        ("scans/**/1.*", ["scans/old/1.webp", "scans/old/older/1.bmp"], ["old/1.webp", "old/older/1.bmp"]),
    ],
)
def test_pattern_that_no_shell_expanded(tree, pattern, expected, relative):
    images = find_images([pattern])
    assert names(images) == expected
    assert [image.relative.as_posix() for image in images] == relative
    absolute = find_images([tree / pattern])
    assert [image.path for image in absolute] == [tree / name for name in expected]
    assert [image.relative.as_posix() for image in absolute] == relative


def test_name_that_looks_like_a_pattern_but_exists(tree):
    (tree / "a[1].png").touch()
    (tree / "a1.png").touch()
    assert names(find_images(["a[1].png"])) == ["a[1].png"]


def test_each_file_once_where_it_was_first_named(tree):
    (tree / "link.png").symlink_to("scans/10.png")
    images = find_images(["scans/10.png", "scans", "scans/../scans/2.JPG", "scans/*", "link.png"])
    assert names(images) == ["scans/10.png", "scans/2.JPG", "scans/a.tiff"]
    assert names(find_images(["link.png", "scans/10.png"])) == ["link.png"]


def test_inputs_keep_their_order(tree):
    assert names(find_images(["single.dat", "scans/old", "scans"]))[:2] == ["single.dat", "scans/old/1.webp"]


def test_links_that_lead_in_circles(tree):
    (tree / "scans" / "old" / "up").symlink_to("..", target_is_directory=True)
    (tree / "scans" / "self.png").symlink_to("self.png")
    (tree / "scans" / "gone.png").symlink_to("nowhere.png")
    expected = {"2.JPG", "10.png", "a.tiff", "folder.png/inside.gif", "old/1.webp", "old/older/1.bmp"}
    assert {image.relative.as_posix() for image in find_images(["scans"], recursive=True)} == expected
    assert len(find_images(["scans/**/*"])) == len(expected)
    with pytest.raises(RestoraError, match=r"self\.png: does not exist"):
        find_images(["scans/self.png"])


def test_link_to_a_folder_that_is_named_is_followed(tree):
    (tree / "link").symlink_to("scans", target_is_directory=True)
    assert names(find_images(["link"])) == ["link/2.JPG", "link/10.png", "link/a.tiff"]


def test_what_was_there_instead_is_named(tmp_path):
    for name in [f"IMG_{i}.{'PSD' if i % 2 else 'psd'}" for i in range(17)] + [
        "a.txt",
        "b.xyz",
        "c",
        ".hidden.png",
    ]:
        (tmp_path / "below" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "below" / name).touch()
    for name, recursive, words in (
        ("", False, r"\) but 1 folder; name another one, or search the folders below it, too$"),
        ("", True, r"\) but 17 \.psd files, 1 \.txt file, 1 \.xyz file and others; name another one$"),
        ("below", False, r"\) but 17 \.psd files, 1 \.txt file, 1 \.xyz file and others; name"),
        ("below/*.psd", False, r"\) but 9 \.psd files; check the pattern$"),
        ("below/.hid*", False, r"\) and nothing else; check the pattern$"),
    ):
        with pytest.raises(RestoraError, match=words):
            find_images([tmp_path / name], recursive=recursive)


@pytest.mark.parametrize(
    ("named", "recursive", "words"),
    [
        ("nowhere.png", False, r"^nowhere\.png: does not exist; check the spelling and the folder$"),
        ("single.dat/a.png", False, r"^single\.dat/a\.png: does not exist; check the spelling"),
        (
            "empty",
            False,
            r"^empty: holds no images \(.*\.png.*\) but 1 \.md file; name another one, or search the folders below",
        ),
        ("empty", True, r"^empty: holds no images \(.*\) but 1 \.md file; name another one$"),
        ("empty/*", False, r"^empty/\*: matches no images \(.*\) but 1 \.md file; check the pattern$"),
        ("x" * 300, False, r"^x+: cannot be looked at \(File name too long\); check the name"),
    ],
)
def test_input_without_images(tree, named, recursive, words):
    with pytest.raises(RestoraError, match=words) as caught:
        find_images(["scans", named], recursive=recursive)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", ["scandir", "stat"])
def test_input_that_may_not_be_looked_at(tree, monkeypatch, call):
    real = getattr(os, call)

    def refuse(path, *arguments, **options):
        if str(path).endswith("old"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(
        RestoraError, match=r"scans/old: (cannot be looked at \(Permission denied\)|does not)"
    ):
        find_images(["scans/old"])


@pytest.mark.parametrize("call", ["scandir", "stat"])
def test_folder_that_may_not_be_looked_at_leaves_the_others(tree, monkeypatch, call):
    real = getattr(os, call)

    def refuse(path, *arguments, **options):
        if str(path).endswith("old" if call == "scandir" else "1.webp"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, call, refuse)
    told = []
    found = find_images(
        ["nowhere.png", "scans", "single.dat"], recursive=True, onerror=lambda *error: told.append(error)
    )
    assert names(found) == [
        "scans/2.JPG",
        "scans/10.png",
        "scans/a.tiff",
        "scans/folder.png/inside.gif",
        "single.dat",
    ]
    (missing, words), (path, denied) = told
    assert (missing, path) == (Path("nowhere.png"), Path("scans/old"))
    assert str(words) == "nowhere.png: does not exist; check the spelling and the folder"
    assert str(denied).startswith("scans/old")
    assert "cannot be looked at (Permission denied)" in str(denied)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look everywhere")
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_folder_without_permission(tree, mode):
    (tree / "scans" / "old").chmod(mode)
    with pytest.raises(RestoraError, match="old"):
        find_images(["scans/old"])
    (tree / "scans" / "old").chmod(0o700)


def test_natural_order_is_total_over_odd_names():
    ordered = [
        "1.png",
        "01.png",
        "2.png",
        "10.png",
        "A.png",
        "a.png",
        "a1.png",
        "a1b.png",
        "a/2.png",
        "²x.png",
    ]
    paths = [Path(name) for name in ordered]
    once = sorted(paths, key=natural_key)
    assert once == sorted(paths[5:] + paths[:5], key=natural_key)
    assert [p.name for p in once if p.stem.isdecimal() and len(p.parts) == 1] == [
        "01.png",
        "1.png",
        "2.png",
        "10.png",
    ]


def test_images_whose_package_is_missing_are_counted_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr("restora.images.formats.find_spec", lambda name: None)
    pip = r"2 HEIC files: pip install 'restora\[formats\]'"
    for name in ("a.heic", "b.HEIC"):
        (tmp_path / name).touch()
    for named in (tmp_path, tmp_path / "*.*"):
        with pytest.raises(RestoraError, match=f"{re.escape(str(named))}: {pip}$"):
            find_images([named])
    (tmp_path / "c.png").touch()
    told = []
    assert [
        image.path.name for image in find_images([tmp_path], onerror=lambda *what: told.append(what))
    ] == ["c.png"]
    ((named, error),) = told
    assert named == tmp_path
    assert re.search(pip, str(error))
