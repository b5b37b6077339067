"""Places: what is found, read and written by URLs, in memory and on moto's server of S3."""

import threading
import time
import zipfile

import pytest

from restora.errors import RestoraError
from restora.scale import places


@pytest.fixture
def memory():
    import fsspec

    system = fsspec.filesystem("memory")
    for name in ("in/a.png", "in/B.JPG", "in/.hidden.png", "in/notes.txt", "in/deep/c.tif", "in/deep/d.png"):
        system.pipe_file(f"/room/{name}", name.encode())
    yield system
    system.rm("/room", recursive=True)


@pytest.mark.parametrize(
    ("url", "recursive", "expected"),
    [
        ("memory://room/in", False, {"in/B.JPG": "B.JPG", "in/a.png": "a.png"}),
        ("memory://room/in/", False, {"in/B.JPG": "B.JPG", "in/a.png": "a.png"}),
        (
            "memory://room/in",
            True,
            {
                "in/B.JPG": "B.JPG",
                "in/a.png": "a.png",
                "in/deep/c.tif": "deep/c.tif",
                "in/deep/d.png": "deep/d.png",
            },
        ),
        ("memory://room/in/*.png", False, {"in/a.png": "a.png"}),
        (
            "memory://room/*/deep/*",
            False,
            {"in/deep/c.tif": "in/deep/c.tif", "in/deep/d.png": "in/deep/d.png"},
        ),
    ],
)
def test_folders_and_patterns_stand_for_images(memory, url, recursive, expected):
    found = places.find(url, recursive=recursive)
    assert dict(found) == {f"memory:///room/{path}": relative for path, relative in expected.items()}
    assert [places.fetch(url).decode() for url, _ in found] == [*expected]


def test_what_is_named_is_taken_whatever_it_is_called(memory):
    memory.pipe_file("/room/in/[odd]*", b"odd")
    assert places.find("memory://room/in/[odd]*") == [("memory://room/in/[odd]*", "[odd]*")]
    assert places.find("memory://room/in/notes.txt") == [("memory://room/in/notes.txt", "notes.txt")]


@pytest.mark.parametrize("url", ["memory://room/in/nosuch.png", "http://127.0.0.1:1/a.png?X-Amz-Expires=60"])
def test_a_list_of_a_million_pictures_asks_for_none_of_them(memory, monkeypatch, url):
    import fsspec

    for system in (memory, fsspec.filesystem("http")):
        monkeypatch.setattr(type(system), "isfile", lambda *_: pytest.fail("asked"))
    assert places.find(url) == [(url, url.split("/")[-1].split("?")[0])]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("memory://nowhere", "no images"),
        ("memory://room/in/*.bmp", "no images"),
        ("nosuch://room", "cannot be looked at (ValueError: Protocol not known: nosuch)"),
    ],
)
def test_what_stands_for_nothing_is_said(memory, url, words):
    with pytest.raises(RestoraError) as error:
        places.find(url)
    assert str(error.value).startswith(f"{url}: ")
    assert words in str(error.value)


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    def missing(url):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(RestoraError, match=r"s3://b/a.png: .*Install s3fs.*'restora\[cloud\]'"):
        places.fetch("s3://b/a.png")


def test_archives_are_folders(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("in/a.png", "picture")
    url = f"zip://in::file://{tmp_path}/photos.zip"
    ((found, relative),) = places.find(url)
    assert (relative, places.fetch(found)) == ("a.png", b"picture")


def test_a_file_is_written_whole_by_another_name(memory, monkeypatch):
    names, move = [], memory.mv
    monkeypatch.setattr(memory, "mv", lambda a, b: (names.append((a, b)), move(a, b)))
    places.store("memory://room/out/deep/a.png", b"new")
    assert places.fetch("memory://room/out/deep/a.png") == b"new"
    assert names == [("/room/out/deep/.a.png.part", "/room/out/deep/a.png")]
    assert places.names_in("memory://room/out/deep") == ["a.png"]


def test_local_files_and_urls_of_them(tmp_path):
    place = f"{tmp_path}/new/a.png"
    assert not places.exists(place)
    places.store(place, b"1")
    places.store(f"file://{place}", b"2")
    assert places.exists(place)
    assert places.exists(f"file://{place}")
    assert places.fetch(place) == b"2"
    assert places.names_in(f"{tmp_path}/new") == places.names_in(f"file://{tmp_path}/new") == ["a.png"]
    assert places.names_in(f"{tmp_path}/nowhere") == places.names_in(f"file://{tmp_path}/nowhere") == []
    with pytest.raises(RestoraError, match="nowhere: does not exist"):
        places.fetch("nowhere")


def test_several_at_once_in_order_and_not_further_ahead():
    begun = []

    def items():
        for i in range(20):
            begun.append(i)
            yield i

    for answer in places.overlapped(lambda i: i * i, items(), at_once=3):
        assert answer == (len(begun) - 3) ** 2 or len(begun) == 20
    assert len(begun) == 20


def test_nothing_goes_on_behind_who_leaves():
    done = []

    def slow(number):
        time.sleep(0.05 * number)
        done.append(number)

    answers = places.overlapped(slow, range(3), at_once=3)
    next(answers)
    del answers
    assert sorted(done) == [0, 1, 2]


def test_one_at_a_time_are_made_by_the_thread_that_asks():
    assert {*places.overlapped(lambda _: threading.get_ident(), range(3), at_once=1)} == {
        threading.get_ident()
    }


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_stores(request, scheme):
    bucket = request.getfixturevalue(scheme)
    places.store(f"{bucket}/in/deep//a b#?.png", b"picture")
    places.store(f"{bucket}/in/c.jpg", b"first")
    places.store(f"{bucket}/in/c.jpg", b"other")
    assert dict(places.find(f"{bucket}/in", recursive=True)) == {
        f"{bucket}/in/deep//a b#?.png": "deep//a b#?.png",
        f"{bucket}/in/c.jpg": "c.jpg",
    }
    assert places.find(f"{bucket}/in/*.jpg") == [(f"{bucket}/in/c.jpg", "c.jpg")]
    assert places.fetch(f"{bucket}/in/deep//a b#?.png") == b"picture"
    assert places.fetch(f"{bucket}/in/c.jpg") == b"other"
    assert places.exists(f"{bucket}/in/c.jpg")
    assert not places.exists(f"{bucket}/in/d.jpg")
    assert places.names_in(f"{bucket}/in") == ["c.jpg", "deep"]
    assert places.names_in(f"{bucket}/nowhere") == []
    with pytest.raises(RestoraError, match=rf"{bucket}/in/d\.jpg: does not exist"):
        places.fetch(f"{bucket}/in/d.jpg")
    with pytest.raises(RestoraError, match=rf"{scheme}://nobucket/a\.png: "):
        places.store(f"{scheme}://nobucket/a.png", b"")


def test_the_web_is_read(https):
    url, folder = https
    (folder / "deep").mkdir()
    (folder / "a.png").write_bytes(b"picture")
    (folder / "notes.txt").write_bytes(b"notes")
    (folder / "deep/b c.jpg").write_bytes(b"deep")
    found = dict(places.find(f"{url}/", recursive=True))
    assert {relative: places.fetch(place) for place, relative in found.items()} == {
        "a.png": b"picture",
        "deep/b%20c.jpg": b"deep",
    }
    assert places.fetch(f"{url}/a.png?size=full") == b"picture"
    assert not places.exists(f"{url}/nosuch.png")


def test_a_certificate_that_nobody_knows_is_refused(https, monkeypatch):
    import fsspec

    url, folder = https
    (folder / "a.png").write_bytes(b"picture")
    monkeypatch.delitem(fsspec.config.conf, "https")
    with pytest.raises(RestoraError, match=rf"{url}/a.png: cannot be read .*[Cc]ertificate"):
        places.fetch(f"{url}/a.png")
