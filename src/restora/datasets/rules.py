"""Pairing rules: which clean image belongs to which degraded one, by their names."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """Names of two kinds that belong together when the groups of their patterns are equal.

    The patterns are regular expressions for the whole path below the folder of each kind, with "/" and without the
    suffix, so that mixed extensions do not matter.

    Attributes:
        words: The rule for people.
        degraded: Pattern of the degraded images.
        clean: Pattern of the clean ones.
        naming: Format of the name of a pair from the groups; empty for the last part of the degraded path.

    Example:
        >>> rule = Rule("id_A_beta -> id", r"([^_]+)_.+", r"([^_]+)")
        >>> rule.degraded_key("1400_3"), rule.clean_key("1400"), rule.clean_key("1400_3"), rule.name("1400_3")
        (('1400',), ('1400',), None, '1400_3')
    """

    words: str
    degraded: str = r"(.+)"
    clean: str = r"(.+)"
    naming: str = ""

    def degraded_key(self, path: str) -> tuple[str, ...] | None:
        """Return what must be equal, or None if this is no degraded image."""
        found = re.fullmatch(self.degraded, path)
        return found.groups() if found else None

    def clean_key(self, path: str) -> tuple[str, ...] | None:
        """Return what must be equal, or None if this is no clean image."""
        found = re.fullmatch(self.clean, path)
        return found.groups() if found else None

    def name(self, path: str) -> str:
        """Return the name of the pair of a degraded image."""
        return (
            self.naming.format(*(self.degraded_key(path) or ())) if self.naming else path.rpartition("/")[2]
        )


SAME_NAME = Rule("the same name in both folders")
"""The rule of every repackaged set."""
