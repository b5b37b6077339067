"""The mutations are what they claim to be, and a few of them, of every kind, are read or refused in a line."""

import hashlib
from random import Random

import image_mutations
import pytest
from image_mutations import BOMBS_EVERY, FIRST_NEWER, MUTATORS, mutation, pieces, repaired
from image_originals import newer_originals, originals

from restora.errors import RestoraError
from restora.images import read


def outcome(path):
    try:
        read(path)
    except RestoraError as error:
        words = str(error)
        return "refused" if words.startswith(f"{path}: ") and "\n" not in words else words
    return "read"


ALL = {**originals(), **newer_originals()}


@pytest.mark.parametrize("name", sorted(ALL))
def test_originals_are_sound(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(ALL[name])
    assert read(path).pixels.shape[:2] == (24, 32)
    assert b"".join(pieces(ALL[name])) == repaired(ALL[name]) == ALL[name]
    assert len(pieces(ALL[name])) > 1


@pytest.mark.parametrize("name", sorted(MUTATORS))
def test_mutators_change_most_files(name):
    changed = [MUTATORS[name](data, Random(0)) != data for data in originals().values()]
    assert sum(changed) > len(changed) / 2


def test_a_mutation_is_a_function_of_seed_and_number():
    assert mutation(1, 5) == mutation(1, 5)
    assert len({mutation(seed, number).data for seed in (1, 2) for number in range(20)}) > 35
    assert "-bomb-" in mutation(1, BOMBS_EVERY - 1).name


@pytest.mark.parametrize("number", [*range(0, 200, 10), *range(FIRST_NEWER, FIRST_NEWER + 200, 10)])
def test_ten_of_a_seed_are_read_or_refused_in_a_line(tmp_path, number):
    for each in (mutation(3, n) for n in range(number, number + 10) if n % BOMBS_EVERY != BOMBS_EVERY - 1):
        path = tmp_path / each.file_name
        path.write_bytes(each.data)
        assert outcome(path) in ("read", "refused")


def test_what_is_cut_to_nothing_is_not_mutated_further(monkeypatch):
    monkeypatch.setattr(
        image_mutations, "MUTATORS", {"cut": lambda data, random: b"", "bits": MUTATORS["bits"]}
    )
    assert {mutation(1, number).data == b"" for number in range(30)} == {True, False}


def test_numbers_from_before_the_newer_formats_mean_what_they_meant():
    digest = hashlib.sha256(b"".join(mutation(1, number).name.encode() for number in range(39))).hexdigest()
    assert digest[:16] == "3c7a77c1ce323d68"
    newer = {mutation(1, number).suffix for number in range(FIRST_NEWER, FIRST_NEWER + 39)}
    assert newer <= {"." + name.partition("-")[0] for name in newer_originals()}
