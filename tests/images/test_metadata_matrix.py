"""Formats x metadata, judged by exiftool and ImageMagick; benchmarks/metadata.py writes the table."""

import pytest
from metadata_matrix import missing_judges, verdicts
from metadata_samples import samples

from restora.images import read


@pytest.mark.slow
def test_every_difference_is_kept_or_named(tmp_path):
    if missing := missing_judges():
        pytest.skip(
            f"{' and '.join(missing)} not installed: apt-get install libimage-exiftool-perl imagemagick"
        )
    found = list(verdicts(tmp_path))
    lost = {f"{v.sample.suffix} {v.sample.kind} -> {v.target}": v.lost for v in found if v.lost}
    assert lost == {}
    blind = {(v.sample.suffix, v.sample.kind) for v in found if not v.seen and v.target == v.sample.suffix}
    assert blind == set()  # else nothing could be missed
    assert sum(bool(v.missed) for v in found) > 50  # the judges do see what is left out


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.suffix + " " + sample.kind)
def test_samples_are_sound(tmp_path, sample):
    path = tmp_path / f"a{sample.suffix}"
    path.write_bytes(sample.data)
    assert (read(path).width, read(path).height) == (32, 24)
