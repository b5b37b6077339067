import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image, ImageCms

from restora.commands.app import main
from restora.images import Metadata, Photograph, read, write
from restora.reproducibility import ENVIRONMENT


def noisy(*shape, dtype=np.uint8, seed=0):
    """A smooth picture with noise of 25 of 255."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    clean = 0.3 + 0.4 * (y / shape[0] + x / shape[1]) / 2
    clean = clean if len(shape) == 2 else clean[..., None]
    values = np.clip(clean + random.normal(0, 25 / 255, shape), 0, 1)
    if dtype == np.float32:
        return values.astype(np.float32)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


def roughness(pixels):
    """Mean step between neighbours, in the units of 8 bits."""
    scale = 1.0 if pixels.dtype == np.float32 else np.iinfo(pixels.dtype).max
    return np.abs(np.diff(pixels.astype(float), axis=1)).mean() / scale * 255


@pytest.fixture(scope="module")
def icc():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes().replace(b"Lab ", b"RGB ", 1)


def make_folder(folder, icc):
    """Twenty files as people have them; two are broken."""
    ramp = np.arange(40 * 56).reshape(40, 56)
    exif = Image.Exif()
    exif[271] = "Zeiss"
    camera = exif.tobytes().removeprefix(b"Exif\0\0")
    good = {
        "8-bit.png": Photograph(noisy(40, 56, 3)),
        "16-bit.png": Photograph(noisy(40, 56, 3, dtype=np.uint16)),
        "gray.png": Photograph(noisy(40, 56)),
        "gray 16.png": Photograph(noisy(40, 56, dtype=np.uint16)),
        "alpha.png": Photograph(noisy(40, 56, 3), (ramp % 256).astype(np.uint8)),
        "gray alpha 16.png": Photograph(noisy(40, 56, dtype=np.uint16), (ramp * 29).astype(np.uint16)),
        "profile.png": Photograph(noisy(40, 56, 3), metadata=Metadata(icc=icc)),
        "rotated.jpg": Photograph(noisy(40, 56, 3), metadata=Metadata(orientation=6, exif=camera)),
        "gray.jpg": Photograph(noisy(40, 56), metadata=Metadata(dpi=(300, 300))),
        "profile.jpg": Photograph(noisy(40, 56, 3), metadata=Metadata(icc=icc)),
        "deep/8-bit.tif": Photograph(noisy(40, 56, 3), metadata=Metadata(dpi=(72, 72))),
        "deep/16-bit.tif": Photograph(noisy(40, 56, 3, dtype=np.uint16), metadata=Metadata(icc=icc)),
        "deep/float.tiff": Photograph(noisy(40, 56, 3, dtype=np.float32)),
        "deep/alpha 16.tif": Photograph(noisy(40, 56, 3, dtype=np.uint16), (ramp * 29).astype(np.uint16)),
        "deep/er/rotated.webp": Photograph(noisy(40, 56, 3), metadata=Metadata(orientation=8, exif=camera)),
        "deep/er/alpha.webp": Photograph(noisy(40, 56, 3), (ramp % 256).astype(np.uint8)),
        "plain.bmp": Photograph(noisy(40, 56, 3)),
        "tiny.png": Photograph(noisy(1, 1, 3)),
    }
    for name, photograph in good.items():
        write(folder / name, photograph)
    (folder / "cut.jpg").write_bytes((folder / "rotated.jpg").read_bytes()[:700])
    (folder / "deep" / "empty.png").write_bytes(b"")
    return sorted(good)


def test_mixed_folder_comes_back_whole_and_broken_files_are_reported(tmp_path, icc, restora_command):
    names = make_folder(tmp_path / "in", icc)
    run = restora_command("restore", "--task", "denoise", "in", "-o", "out", "--recursive")
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert sorted(run.stdout.splitlines()) == [f"out/{name}" for name in names]
    errors = [line for line in run.stderr.splitlines() if line.startswith("restora: ")]
    assert len(errors) == 2
    assert any(line.startswith("restora: in/cut.jpg: ") for line in errors)
    assert "restora: in/deep/empty.png: is empty; get a complete copy from its source" in errors
    assert run.stderr.splitlines()[-1].startswith("18 restored, 2 failed; ")
    for name in names:
        before, after = read(tmp_path / "in" / name), read(tmp_path / "out" / name)
        assert after.pixels.dtype == before.pixels.dtype, name
        assert after.pixels.shape == before.pixels.shape, name
        assert after.metadata.icc == before.metadata.icc, name
        assert after.metadata.orientation == before.metadata.orientation, name
        assert after.metadata.dpi == before.metadata.dpi, name
        assert after.metadata.encoding == before.metadata.encoding, name
        assert (after.metadata.exif is None) == (before.metadata.exif is None), name
        assert (after.alpha is None) == (before.alpha is None), name
        if before.alpha is not None:
            assert_array_equal(after.alpha, before.alpha, err_msg=name)
        if name != "tiny.png":
            assert roughness(after.pixels) < roughness(before.pixels) / 3, name
    assert b"Zeiss" in (tmp_path / "out/rotated.jpg").read_bytes()

    again = restora_command("restore", "--task", "denoise", "in", "-o", "out", "--recursive", "--json")
    assert again.returncode == 1
    results = [json.loads(line) for line in again.stdout.splitlines()]
    statuses = {result["source"]: result["status"] for result in results}
    assert statuses == {f"in/{n}": "skipped" for n in names} | {
        "in/cut.jpg": "failed",
        "in/deep/empty.png": "failed",
    }
    assert all(result["error"] for result in results if result["status"] == "failed")


def test_compare_ends_with_the_path_of_the_picture(tmp_path, restora_command):
    write(tmp_path / "photo.png", Photograph(noisy(40, 56, 3)))
    run = restora_command("restore", "--task", "denoise", "photo.png", "--compare")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() == ["photo-restored.png", "photo-restored-compare.png"]
    assert read(tmp_path / "photo-restored-compare.png").width > 1000


def test_every_option_reaches_its_place(tmp_path, restora_command):
    write(tmp_path / "photo.png", Photograph(noisy(150, 150, 3)))
    options = "--task denoise --model denoise-chair-tiny --tile 64 --overlap 16 --ensemble --device cpu"
    options += " --precision float32 --suffix _x --format jpg --quality 50 --max-pixels 22500 --overwrite"
    run = restora_command("restore", "photo.png", *options.split())
    assert (run.returncode, run.stdout, run.stderr) == (0, "photo_x.jpg\n", "")
    fine = restora_command(
        "restore", "--task", "denoise", "photo.png", "--suffix", "_y", "--format", "jpg", "--quality", "95"
    )
    assert fine.returncode == 0
    assert (tmp_path / "photo_x.jpg").stat().st_size < (tmp_path / "photo_y.jpg").stat().st_size / 1.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["restore"], "restora: INPUT is missing; name photographs"),
        (["restore", "a.png", "--nonsense"], "No such option"),
        (["restore", "a.png", "--quality", "101"], "Invalid value for '--quality'"),
        (["restore", "a.png", "--tile", "big"], "'big' is no number of pixels"),
        (
            ["restore", "a.png", "--task", "denoise", "--tile", "63"],
            "restora: tile must be a multiple of 4, got 63; try 60 or 64",
        ),
        (
            ["restore", "a.png", "--task", "denoise", "--tile", "64", "--overlap", "64"],
            "restora: overlap must be at most 60",
        ),
        (
            ["restore", "a.png", "--task", "levitate"],
            "restora: unknown task 'levitate'; there are: denoise, denoise-real, deblur",
        ),
        (["restore", "a.png", "--task", "deblurr"], "restora: unknown task 'deblurr'; did you mean deblur?"),
        (
            ["restore", "a.png", "--task", "dehaze", "--weights", "denoise-chair-tiny"],
            "restora: the weights denoise-chair-tiny are for the task denoise, but dehaze is asked for",
        ),
        (["restore", "a.png", "--strength", "1.5"], "Invalid value for '--strength'"),
        (["restore", "a.png", "--weights", "none"], "restora: none: no such file, and no such weights"),
        (["restore", "a.png", "--device", "abacus"], "restora: "),
        (["restore", "a.png", "--precision", "int3"], "restora: unknown precision 'int3'"),
        (["restore", "a.png", "--format", "xcf"], "restora: cannot write the format 'xcf'"),
        (
            ["restore", "a.png", "b.png", "-o", "c.png"],
            "restora: c.png: names one file, but there are 2 images",
        ),
        (["nonsense"], "No such command"),
    ],
)
def test_wrong_usage_exits_with_two(tmp_path, restora_command, arguments, words):
    for name in ("a.png", "b.png"):
        write(tmp_path / name, Photograph(noisy(8, 8, 3)))
    run = restora_command(*arguments)
    assert run.returncode == 2, run.stderr
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.png", None, "does not exist; check the spelling and the folder"),
        ("empty.png", b"", "is empty; "),
        ("text.jpg", b"hello, I am not a picture", "is not an image that restora knows; give it a PNG, JPEG"),
        ("cut.png", "cut", "; get a complete copy"),
    ],
)
def test_bad_file_is_one_line_and_exits_with_one(tmp_path, restora_command, name, content, words):
    if content == "cut":
        write(tmp_path / "whole.png", Photograph(noisy(40, 40, 3)))
        content = (tmp_path / "whole.png").read_bytes()[:2000]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    run = restora_command("restore", "--task", "denoise", name)
    assert (run.returncode, run.stdout) == (1, "")
    (line,) = run.stderr.splitlines()
    assert line.startswith(f"restora: {name}: ")
    assert words in line


def test_without_a_task_what_is_found_is_said_and_restored(tmp_path, restora_command):
    write(tmp_path / "photo.png", Photograph(noisy(128, 128, 3)))
    run = restora_command("restore", "photo.png")
    assert (run.returncode, run.stdout) == (0, "photo-restored.png\n")
    (line,) = run.stderr.splitlines()
    assert line.startswith("photo.png: noise ")
    assert "grey levels" in line
    assert "restored with denoise-" in line
    before, after = (roughness(read(tmp_path / name).pixels) for name in ("photo.png", "photo-restored.png"))
    assert after < before / 2


def test_task_auto_and_weights_contradict_each_other(tmp_path, restora_command):
    write(tmp_path / "photo.png", Photograph(noisy(64, 64, 3)))
    run = restora_command("restore", "photo.png", "--task", "auto", "--weights", "denoise-chair-tiny")
    assert run.returncode == 2
    assert run.stderr.startswith(
        "restora: the task auto chooses the weights itself, but denoise-chair-tiny are asked"
    )


def test_what_hardly_changes_is_said(tmp_path, restora_command):
    write(tmp_path / "even.png", Photograph(np.full((64, 64, 3), 128, np.uint8)))
    run = restora_command("restore", "even.png", "--task", "denoise")
    assert run.stderr.startswith("even.png: hardly changed (0.")
    assert run.stderr.endswith(" of 255 grey levels in the mean); is this the right --task?\n")
    whole = json.loads(
        restora_command("restore", "even.png", "--task", "denoise", "--overwrite", "--json").stdout
    )
    assert 0 <= whole["change"] < 0.5


def test_strength_is_a_share_of_the_change(tmp_path, restora_command):
    write(tmp_path / "photo.png", Photograph(noisy(64, 64, 3)))
    changes = []
    for strength in ("1", "0.5", "0"):
        run = restora_command(
            "restore", "photo.png", "--task", "denoise", "--strength", strength, "--overwrite", "--json"
        )
        changes.append(json.loads(run.stdout)["change"])
    assert changes[1] == pytest.approx(changes[0] / 2, rel=0.1)
    assert changes[2] == 0


def test_output_equal_to_input_needs_overwrite(tmp_path, restora_command):
    source = write(tmp_path / "photo.png", Photograph(noisy(40, 56, 3)))
    before = source.read_bytes()
    run = restora_command("restore", "--task", "denoise", "photo.png", "-o", "photo.png")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "restora: photo.png: would be replaced by its own restoration; choose another output, or add --overwrite"
    ]
    assert source.read_bytes() == before
    assert (
        restora_command(
            "restore", "--task", "denoise", "photo.png", "-o", "photo.png", "--overwrite"
        ).returncode
        == 0
    )
    assert roughness(read(source).pixels) < roughness(noisy(40, 56, 3)) / 3


def test_interrupted_run_leaves_whole_files_and_continues(tmp_path, restora_command):
    # The second is large: the interrupt comes while it is being restored.
    sizes = [(40, 56), (1000, 1000), (40, 56), (56, 40)]
    for index, size in enumerate(sizes):
        write(tmp_path / "in" / f"{index}.png", Photograph(noisy(*size, 3, seed=index)))
    command = [
        sys.executable,
        "-c",
        "from restora.commands.app import main; main()",
        "restore",
        "in",
        "-o",
        "out",
        "--task",
        "denoise",
    ]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # A shell that runs the tests in the background has turned interrupts off for all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "out/0.png\n"
    process.send_signal(signal.SIGINT)
    process.stdout.read()
    assert process.stderr.read() == (
        "restora: stopped; what is written stays, the same command (without --overwrite) goes on with the rest\n"
    )
    assert process.wait(timeout=60) == 130
    finished = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert finished == ["0.png"]
    run = restora_command("restore", "--task", "denoise", "in", "-o", "out", "--json")
    statuses = [json.loads(line)["status"] for line in run.stdout.splitlines()]
    assert statuses == ["skipped", "restored", "restored", "restored"]
    for index, size in enumerate(sizes):
        assert read(tmp_path / "out" / f"{index}.png").pixels.shape == (*size, 3)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "ascii"])
def test_names_that_the_terminal_cannot_print(tmp_path, monkeypatch, encoding):
    monkeypatch.chdir(tmp_path)
    for name in ("Ω.png", os.fsdecode(b"\xff.png")):
        write(tmp_path / "in" / name, Photograph(noisy(8, 8, 3)))
    (tmp_path / "in" / "日.png").write_bytes(b"")
    monkeypatch.setattr(sys, "argv", ["restora", "restore", "in", "-o", "out", "--task", "denoise"])
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 1
    assert len(list((tmp_path / "out").iterdir())) == 2
    told = [stream.buffer.getvalue().decode(encoding) for stream in (out, err)]
    shown = "日Ω" if encoding == "utf-8" else ("\\u65e5", "\\u03a9")
    assert sorted(told[0].splitlines()) == sorted([f"out/{shown[1]}.png", "out/\\udcff.png"])
    assert f"restora: in/{shown[0]}.png: is empty" in told[1]
    assert "2 restored, 1 failed" in told[1]


def test_the_unexpected_is_a_line_with_a_reference_and_debug_shows_the_traceback(
    tmp_path, monkeypatch, restora_command
):
    def defect(path, **options):
        raise KeyError(path.name)

    monkeypatch.setenv("RESTORA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("restora.restoration.file_restoration.read", defect)
    write(tmp_path / "a.png", Photograph(noisy(8, 8, 3)))
    run = restora_command("restore", "a.png", "--task", "denoise")
    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    (report,) = (tmp_path / "cache" / "errors").iterdir()
    assert line.startswith("restora: a.png: failed unexpectedly (KeyError: 'a.png'), reference ")
    assert line.endswith(f"{report.stem}; please report it with {report}")
    for arguments in (("--debug", "restore", "a.png"), ("restore", "a.png", "--debug")):
        run = restora_command(*arguments, "--task", "denoise")
        assert run.returncode == 1
        assert "Traceback (most recent call last)" in run.stderr
        assert f"reference {report.stem}" in run.stderr
    monkeypatch.setattr("restora.commands.restore.gather", defect)
    run = restora_command("restore", "a.png")
    assert run.returncode == 1
    assert run.stderr.startswith("restora: failed unexpectedly (AttributeError: 'list' object has")


def test_patterns_work_without_a_shell(tmp_path, restora_command):
    for name in ("a.png", "b.png", "c.jpg"):
        write(tmp_path / name, Photograph(noisy(16, 16, 3)))
    run = restora_command("restore", "*.png", "-o", "out")
    assert run.stdout.splitlines() == ["out/a.png", "out/b.png"]


def test_notes_name_what_was_done(tmp_path, restora_command):
    Image.new("CMYK", (16, 16), (10, 20, 30, 40)).save(tmp_path / "print.jpg")
    run = restora_command("restore", "--task", "denoise", "print.jpg")
    assert run.returncode == 0
    assert run.stderr.startswith("print.jpg: ")
    assert "CMYK" in run.stderr


@pytest.mark.parametrize(
    ("threads", "message"),
    [("many", "'many' is no number of threads"), ("0", "threads must be a number from 1 to 1024 or 'auto'")],
)
def test_impossible_threads_are_refused(tmp_path, restora_command, threads, message):
    write(tmp_path / "photo.png", Photograph(noisy(8, 8, 3)))
    run = restora_command("restore", "photo.png", "--task", "denoise", "--threads", threads)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.replace("│", " ").split())


def test_a_reproducible_run_says_what_it_used(tmp_path, restora_command, monkeypatch):
    for name in (*ENVIRONMENT, "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "")
    write(tmp_path / "photo.png", Photograph(noisy(40, 56, 3)))
    run = restora_command("restore", "photo.png", "--task", "denoise", "--reproducible", "--json")
    (used,) = json.loads(run.stdout)["used"]
    fixed = {"device": "cpu", "precision": "float32", "tile": 512, "engine": "torch", "threads": 1}
    assert used == {"weights": "denoise-chair-tiny"} | fixed
    assert run.stderr == ""  # the environment is as it should be
    assert {name: os.environ[name] for name in ENVIRONMENT} == ENVIRONMENT
    run = restora_command("restore", "photo.png", "--reproducible", "--precision", "bfloat16", "--overwrite")
    assert run.returncode == 2
    assert "precision bfloat16 differs from machine to machine" in run.stderr


def test_one_thread_restores(tmp_path, restora_command):
    write(tmp_path / "photo.png", Photograph(noisy(40, 56, 3)))
    assert restora_command("restore", "photo.png", "--task", "denoise", "--threads", "1").returncode == 0
    assert roughness(read(tmp_path / "photo-restored.png").pixels) < roughness(noisy(40, 56, 3)) / 2


def test_an_output_folder_that_cannot_be_made_is_refused_once(restora_command, tmp_path):
    for name in ("1.png", "2.png"):
        write(tmp_path / "in" / name, Photograph(noisy(20, 20, 3)))
    run = restora_command("restore", "in", "--task", "denoise", "-o", "in/1.png/below")
    assert run.returncode == 2
    assert run.stderr.splitlines() == [
        "restora: in/1.png/below: a part of the path is a file, not a folder; choose another folder"
    ]
