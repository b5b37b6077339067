"""What a benchmark is, as data: the card that the catalogue keeps of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from restora.datasets.layouts.layout import Layout
from restora.errors import RestoraError

Task = Literal["deblur", "defocus", "denoise", "derain", "desnow", "dehaze", "any"]


@dataclass(frozen=True)
class Split:
    """A part of a benchmark.

    Attributes:
        name: "train", "val" or "test"; "all" where the authors do not divide it.
        pairs: Published number of pairs; None if it is not fixed.
        circulating: Other numbers that copies in use have; such a copy is not taken for damaged.
        folders: What the folder of the split is called beside its name.
        variants: The variants this number is for; empty for all.
        numbers: The first and last number of its images where one folder holds several splits.
        certain: Whether the number was read from its authors' files, rather than quoted from the literature.

    Example:
        >>> Split("test", 1111, circulating=(1110,)).pairs
        1111
    """

    name: str
    pairs: int | None
    circulating: tuple[int, ...] = ()
    folders: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    numbers: tuple[int, int] | None = None
    certain: bool = True


@dataclass(frozen=True)
class Download:
    """A file that the authors' host lets a program fetch.

    Attributes:
        url: A zip archive, which is unpacked, or an image.
        sha256: Of the file, where it is known; else the examination of the copy has to do.
    """

    url: str
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """The card of a benchmark.

    Attributes:
        name: As the command line calls it.
        title: As papers call it.
        task: What is to be undone.
        splits: Its parts with their counts.
        layouts: Every way it is known to lie on disk, the authors' own first.
        pairing: How the authors' files belong together.
        bits: Per channel.
        format: Of the authors' files.
        size: Of the images, in words.
        protocols: Paper -> protocol of `restora.metrics` by which it prints its numbers; "server" where only the
            authors can score.
        licence: Its terms, in words.
        source: Where its authors publish it.
        folders: What its folder is called.
        variants: Several inputs for one set of clean images, the usual one first.
        more_variants: Pattern of further ones, such as any strength of noise.
        notes: What has gone wrong for others.
        downloads: Its files, where a program may fetch them.

    Example:
        >>> from restora.datasets import benchmark
        >>> card = benchmark("gopro")
        >>> card.task, card.variant(None), card.split("test", "blur").pairs
        ('deblur', 'blur', 1111)
    """

    name: str
    title: str
    task: Task
    splits: tuple[Split, ...]
    layouts: tuple[Layout, ...]
    pairing: str
    bits: int = 8
    format: str = "PNG"
    size: str
    protocols: Mapping[str, str]
    licence: str = "no formal licence; academic use"
    source: str
    folders: tuple[str, ...]
    variants: tuple[str, ...] = ()
    more_variants: str = ""
    notes: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()

    def split(self, name: str | None, variant: str) -> Split:
        """Return a split, the first of its card for None.

        Raises:
            RestoraError: The benchmark does not have it, or not in this variant.
        """
        for split in self.splits:
            if (name is None or split.name == name) and (not split.variants or variant in split.variants):
                return split
        known = ", ".join(dict.fromkeys(split.name for split in self.splits))
        of = f" of the variant {variant!r}" if variant else ""
        raise RestoraError(f"{self.name}: has no split {name!r}{of}; there are: {known}")

    def variant(self, name: str | None) -> str:
        """Return the name of a variant, the usual one for None; "" where there are none.

        Raises:
            RestoraError: The benchmark does not have it.
        """
        if name is None:
            return self.variants[0] if self.variants else ""
        if name not in self.variants and not re.fullmatch(self.more_variants, name):
            known = ", ".join(self.variants) or "none"
            raise RestoraError(f"{self.name}: has no variant {name!r}; there are: {known}")
        return name
