import math
import os

import numpy as np
import pytest

from restora.atomic import claimed
from restora.datasets import Entry, Pairs
from restora.datasets.sources import FileImage
from restora.errors import RestoraError
from restora.evaluation.cases import Case
from restora.evaluation.methods import Method, baseline_method, images_method, weights_method
from restora.evaluation.record import write_json
from restora.evaluation.run import Run, evaluate
from restora.images import Photograph, read, write
from restora.metrics import protocol, psnr

RAIN = Case("rain100l", "test")
Y8 = protocol("derain-y8")


class Counting:
    """A method that counts its calls and is interrupted at one of them."""

    def __init__(self, fails_at=None):
        self.calls, self.fails_at = [], fails_at

    def __call__(self, entry, degraded):
        self.calls.append(entry.name)
        if len(self.calls) == self.fails_at:
            raise KeyboardInterrupt
        return degraded * np.float32(0.99)


def darker(counting, **settings):
    return Method("darker", "baseline", counting, settings)


def test_scores_are_those_of_the_protocol_and_the_same_twice(rain, tmp_path):
    pairs = RAIN.open(rain)
    runs = [
        evaluate(RAIN, pairs, baseline_method("input", task="derain", sigma=None), Y8, Run(tmp_path / name))
        for name in ("a", "b")
    ]
    files = [write_json(tmp_path / f"{i}.json", run).read_bytes() for i, run in enumerate(runs)]
    assert files[0] == files[1]
    first = pairs[0]
    assert runs[0].images[0].scores == Y8.scores(first.degraded / 255, first.clean / 255)
    assert [image.name for image in runs[0].images] == list(pairs.names)
    assert runs[0].published_pairs == 100
    assert runs[0].remarks == ("5 pairs where 100 are published: incomplete or another release",)
    kept = read(tmp_path / "a/images/000.png").pixels
    assert np.array_equal(kept, first.degraded)


def test_an_interrupted_run_goes_on_where_it_was(rain, tmp_path):
    pairs, run = RAIN.open(rain), Run(tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        evaluate(RAIN, pairs, darker(Counting(fails_at=4)), Y8, run)
    # A kill in the middle of a line:
    with (run.folder / "scores.jsonl").open("a") as stream:
        stream.write('{"name": "004", "sco')
    again = Counting()
    told = []
    found = evaluate(RAIN, pairs, darker(again), Y8, run, progress=lambda *now: told.append(now))
    assert again.calls[-2:] == ["003", "004"]
    assert len(again.calls) < 5
    assert told[-1][:2] == (5, 5)
    whole = evaluate(RAIN, pairs, darker(Counting()), Y8, Run(tmp_path / "whole"))
    assert found == whole
    idle = Counting()
    assert evaluate(RAIN, pairs, darker(idle), Y8, run) == whole
    assert idle.calls == []


def test_other_settings_do_not_mix_and_changed_files_are_scored_again(rain, tmp_path):
    pairs, run = RAIN.open(rain), Run(tmp_path / "run")
    evaluate(RAIN, pairs, darker(Counting()), Y8, run, limit=2)
    with pytest.raises(
        RestoraError, match=r"of another run \(settings .* there, .*sigma.*; choose another --output"
    ):
        evaluate(RAIN, pairs, darker(Counting(), sigma=3.0), Y8, run)
    fresh = Counting()
    evaluate(RAIN, pairs, darker(fresh, sigma=3.0), Y8, Run(run.folder, again=True), limit=2)
    assert fresh.calls == ["000", "001"]
    write(rain / "test/input/001.png", Photograph(read(rain / "test/target/001.png").pixels), overwrite=True)
    more = Counting()
    found = evaluate(RAIN, RAIN.open(rain), darker(more, sigma=3.0), Y8, run, limit=3)
    assert more.calls == ["001", "002"]
    assert found.remarks[-1] == "only the first 3 of 5 pairs"
    (run.folder / "images/000.png").unlink()
    back = Counting()
    evaluate(RAIN, pairs, darker(back, sigma=3.0), Y8, run, limit=3)
    assert back.calls == ["000"]


def test_a_picture_replaced_by_one_of_the_same_length_is_scored_again(rain, tmp_path):
    run, theirs, entries = Run(tmp_path / "run", keep_images=False), tmp_path / "theirs", []
    for pair in RAIN.open(rain):
        for kind, pixels in (("input", pair.degraded), ("clean", pair.clean), ("theirs", pair.degraded)):
            write(
                tmp_path / kind / f"{pair.name}.bmp", Photograph(pixels)
            )  # of one length, whatever they show
        sources = (FileImage(tmp_path / kind / f"{pair.name}.bmp") for kind in ("input", "clean"))
        entries.append(Entry(pair.name, *sources))
    pairs = Pairs(entries, title="rain")
    before = evaluate(RAIN, pairs, images_method(theirs), Y8, run)
    for replaced in (tmp_path / "clean/001.bmp", theirs / "002.bmp"):
        dates = replaced.stat().st_atime_ns, replaced.stat().st_mtime_ns
        write(replaced, Photograph(255 - read(replaced).pixels), overwrite=True)
        os.utime(replaced, ns=dates)
    after = evaluate(RAIN, pairs, images_method(theirs), Y8, run)
    changed = [a.name for a, b in zip(before.images, after.images, strict=True) if a != b]
    assert changed == ["001", "002"]


def test_two_runs_of_one_evaluation_do_not_mix(rain, tmp_path):
    run = Run(tmp_path / "run")
    with (
        claimed(run.folder / "scores.jsonl"),
        pytest.raises(RestoraError, match=r"scores\.jsonl: another run is at work on it"),
    ):
        evaluate(RAIN, RAIN.open(rain), darker(Counting()), Y8, run)


def test_noise_beyond_the_range_reaches_the_method_unclipped(kodak, tmp_path):
    seen = []

    def look(entry, degraded):
        seen.append((degraded.min(), degraded.max(), degraded.dtype))
        return degraded

    case = Case("kodak24", "test", "sigma-50")
    found = evaluate(
        case,
        case.open(kodak),
        Method("look", "baseline", look),
        protocol("gaussian-rgb8"),
        Run(tmp_path / "r"),
    )
    assert min(low for low, _, _ in seen) < 0
    assert {kind for _, _, kind in seen} == {np.dtype(np.float32)}
    assert found.label == "Kodak24 sigma-50"
    assert 13 < found.means["psnr"] < 16


def test_weights_are_evaluated_without_rounding_where_the_protocol_does_not(rain, tmp_path):
    method = weights_method("denoise-chair-tiny", device="cpu")
    assert (method.label, method.settings["precision"]) == ("denoise-chair-tiny", "float32")
    assert method.card["sha256"] == method.weights_sha256
    pairs = RAIN.open(rain)[:2]
    found = evaluate(RAIN, pairs, method, protocol("rgb-float"), Run(tmp_path / "r"))
    rounded = read(tmp_path / "r/images/000.png").pixels / 255
    clean = pairs[0].clean / 255
    assert found.images[0].scores["psnr"] != psnr(rounded, clean, peak=1)
    assert found.images[0].scores["psnr"] == pytest.approx(psnr(rounded, clean, peak=1), abs=0.05)
    ensemble = weights_method(
        "denoise-chair-tiny", ensemble=True, tile=256, local_statistics=96, device="cpu"
    )
    assert ensemble.label == "denoise-chair-tiny-ensemble-tile-256-local-96"
    same_everywhere = weights_method("denoise-chair-tiny", tile="auto", reproducible=True)
    assert same_everywhere.label == "denoise-chair-tiny-reproducible-tile-512"
    assert same_everywhere.settings["threads"] == 1


def test_pictures_of_others_are_found_by_name(rain, tmp_path):
    pairs = RAIN.open(rain)
    folder = tmp_path / "theirs"
    for pair in pairs:
        suffix = "bmp" if int(pair.name) % 2 else "png"
        write(folder / f"deep/{pair.name}.{suffix}", Photograph(pair.clean))
    run = Run(tmp_path / "r", keep_images=False)
    found = evaluate(RAIN, pairs, images_method(folder), Y8, run)
    assert found.means == {"psnr": math.inf, "ssim": 1.0}
    assert (found.method, found.kind) == ("theirs", "images")
    write(folder / "deep/002.png", Photograph(pairs[2].degraded), overwrite=True)
    again = evaluate(RAIN, pairs, images_method(folder), Y8, run)
    assert math.isfinite(again.images[2].scores["psnr"])
    assert not (tmp_path / "r/images").exists()


def test_pictures_that_do_not_fit_are_named(rain, tmp_path):
    pairs, folder = RAIN.open(rain), tmp_path / "theirs"
    with pytest.raises(RestoraError, match="is not a folder"):
        images_method(folder)
    folder.mkdir()
    with pytest.raises(RestoraError, match="holds no pictures"):
        images_method(folder)
    run = Run(tmp_path / "r", keep_images=False)
    write(folder / "000.png", Photograph(pairs[0].clean[:-1]))
    with pytest.raises(RestoraError, match=r"theirs: has no picture for 001; name it 001\.png"):
        evaluate(RAIN, pairs, images_method(folder), Y8, run)
    for name in ("001", "002", "003", "004"):
        write(folder / f"{name}.png", Photograph(pairs[0].clean))
    with pytest.raises(RestoraError, match=r"000\.png: is 24x19, but 000 is 24x20; nothing is resized"):
        evaluate(RAIN, pairs, images_method(folder), Y8, run)
    write(folder / "x/000.png", Photograph(pairs[0].clean))
    write(folder / "y/000.png", Photograph(pairs[0].clean))
    (folder / "000.png").unlink()
    with pytest.raises(RestoraError, match=r"y/000\.png: stands for 000 as .*x/000\.png does"):
        evaluate(RAIN, pairs, images_method(folder), Y8, run)


def test_what_cannot_be_scored_is_named(rain, tmp_path):
    entry = Entry("a", FileImage(rain / "test/input/000.png"), None)
    with pytest.raises(RestoraError, match="one: the clean images are withheld"):
        evaluate(RAIN, Pairs([entry], title="one"), darker(Counting()), Y8, Run(tmp_path / "r"))
    small = Method("small", "baseline", lambda entry, degraded: degraded[:5])
    with pytest.raises(RestoraError, match="000: cannot be scored by derain-y8"):
        evaluate(RAIN, RAIN.open(rain), small, Y8, Run(tmp_path / "s"))
    six = Pairs([Entry("a", _Six(rain / "test/input/000.png"), entry.degraded)], title="dual")
    with pytest.raises(RestoraError, match="a: has 6 channels"):
        evaluate(RAIN, six, baseline_method("input", task="any", sigma=None), Y8, Run(tmp_path / "d"))


class _Six(FileImage):
    def read(self):
        return np.repeat(super().read(), 2, axis=2)
