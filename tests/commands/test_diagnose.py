import json

import numpy as np

from restora.images import Photograph, write


def noisy(seed=0):
    random = np.random.default_rng(seed)
    ramp = np.linspace(60, 190, 160)[:, None, None]
    return (ramp + random.normal(0, 25, (160, 200, 3))).clip(0, 255).astype(np.uint8)


def test_a_line_a_photograph_with_findings_and_what_restore_would_do(tmp_path, restora_command):
    write(tmp_path / "a" / "1.png", Photograph(noisy()))
    write(tmp_path / "a" / "b" / "2.jpg", Photograph(noisy(1)))
    run = restora_command("diagnose", "a", "--recursive")
    assert (run.returncode, run.stderr) == (0, "")
    first, second = run.stdout.splitlines()
    assert first.startswith("a/1.png: noise ")
    assert "grey levels of 255, finer than a pixel)" in first
    assert first.endswith("; restore takes denoise")
    assert second.startswith("a/b/2.jpg: ")


def test_json_holds_every_confidence_and_errors_do_not_stop_the_rest(tmp_path, restora_command):
    write(tmp_path / "1.png", Photograph(noisy()))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    run = restora_command("diagnose", "broken.png", "1.png", "--json")
    assert run.returncode == 1
    assert run.stderr.startswith("restora: broken.png: ")
    (line,) = run.stdout.splitlines()
    told = json.loads(line)
    assert told["source"] == "1.png"
    assert told["found"][0] == "noise"
    assert told["tasks"] == ["denoise"]
    assert 15 < told["noise_level"] < 35
    assert told["noise_coarseness"] < 0.5
    assert set(told["confidences"]) == {
        "noise", "motion", "defocus", "rain", "snow", "haze", "jpeg", "clean"
    }  # fmt: skip
