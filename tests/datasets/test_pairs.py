from pathlib import Path

import pytest
from miniatures import paint, save

from restora.datasets import Entry, Pairs
from restora.datasets.sources import FileImage
from restora.errors import RestoraError


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    entries = []
    for i, name in enumerate("abc"):
        save(tmp_path / f"{name}.png", paint((4, 4), i))
        entries.append(Entry(name, FileImage(tmp_path / f"{name}.png"), None))
    return Pairs(entries, title="letters", remarks=("odd",))


def test_images_are_read_when_asked_for(pairs: Pairs, tmp_path: Path) -> None:
    (tmp_path / "b.png").unlink()
    assert pairs[2].degraded.max() == 2
    assert pairs[-1].name == "c"
    with pytest.raises(RestoraError, match=r"b.png: does not exist"):
        pairs[1]
    with pytest.raises(IndexError):
        pairs[3]


def test_parts_keep_title_and_remarks(pairs: Pairs) -> None:
    part = pairs[1:]
    assert (part.names, part.title, part.remarks) == (("b", "c"), "letters", ("odd",))
    assert repr(part) == "<letters: 2 pairs>"


def test_pairs_are_chosen_by_name_in_the_order_of_the_names(pairs: Pairs) -> None:
    chosen = pairs.only(["c", "a", "c"])
    assert chosen.names == ("c", "a")
    assert chosen.remarks == ("odd", "2 of 3 pairs chosen by name")
    with pytest.raises(RestoraError, match=r"letters: has no pair 'd'; names look like 'a'"):
        pairs.only(["d"])


def test_names_are_unique_and_there_is_one_at_least(pairs: Pairs) -> None:
    with pytest.raises(RestoraError, match=r"a.png: has the same name as .*a.png"):
        Pairs([pairs.entries[0], pairs.entries[0]], title="twice")
    with pytest.raises(RestoraError, match="none: holds no pairs"):
        Pairs([], title="none")
