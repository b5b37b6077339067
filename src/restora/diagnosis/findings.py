"""What a diagnosis finds, and how sure it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

DAMAGES = ("noise", "motion", "defocus", "rain", "snow", "haze", "jpeg", "clean")
"""What is told; several may be true of a picture, "clean" only alone."""

SURE = 0.5
"""Confidence from which on a damage is found."""


@dataclass(frozen=True)
class Calibration:
    """What makes confidences of logits: 1 / (1 + exp(-(scale logit + offset))), fitted to pictures held out.

    Attributes:
        scales: For each of `DAMAGES`.
        offsets: For each of `DAMAGES`.
    """

    scales: tuple[float, ...] = (1.0,) * len(DAMAGES)
    offsets: tuple[float, ...] = (0.0,) * len(DAMAGES)

    def confidences(self, logits: Sequence[float]) -> dict[str, float]:
        """Return the probability of each of `DAMAGES`.

        Example:
            >>> Calibration().confidences([0.0] * 8)["rain"]
            0.5
        """
        values = (s * x + o for s, x, o in zip(self.scales, logits, self.offsets, strict=True))
        return {
            name: 1 / (1 + math.exp(-min(max(x, -50), 50))) for name, x in zip(DAMAGES, values, strict=True)
        }


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a picture.

    Attributes:
        confidences: Probability of each of `DAMAGES`, in [0, 1]; they are told one by one and do not sum to 1.
        noise_level: Root mean square of the noise in grey levels of 255, if there is any; strong JPEG lowers it.
        noise_coarseness: Probability that the grain of the noise is larger than a pixel, if there is any.

    Example:
        >>> found = Diagnosis(dict.fromkeys(DAMAGES, 0.0) | {"noise": 0.98}, noise_level=22.4, noise_coarseness=0.1)
        >>> found.found, found["haze"]
        (('noise',), 0.0)
        >>> print(found)
        noise 98 % (about 22 grey levels of 255, finer than a pixel)
    """

    confidences: dict[str, float]
    noise_level: float
    noise_coarseness: float

    def __getitem__(self, damage: str) -> float:
        """Return the confidence of one of `DAMAGES`."""
        return self.confidences[damage]

    @property
    def found(self) -> tuple[str, ...]:
        """Damages whose confidence is `SURE` or more, the surest first; ("clean",) if there is none and it is clean."""
        ranked = sorted(self.confidences, key=lambda name: -self.confidences[name])
        damages = tuple(name for name in ranked if name != "clean" and self.confidences[name] >= SURE)
        return damages or (("clean",) if self.confidences["clean"] >= SURE else ())

    @property
    def likeliest(self) -> str:
        """Which of `DAMAGES` has the highest confidence, whether it is found or not."""
        return max(self.confidences, key=self.confidences.__getitem__)

    @property
    def noise_is_coarse(self) -> bool:
        """Whether the grain of the noise is larger than a pixel."""
        return self.noise_coarseness >= 0.5

    def __str__(self) -> str:
        """Say it in words: ``noise 98 % (about 22 grey levels, finer than a pixel), JPEG 61 %``."""
        return ", ".join(self.words(name) for name in self.found) or "nothing sure"

    def words(self, damage: str) -> str:
        """Say one of `DAMAGES` with its confidence."""
        told = f"{NAMES[damage]} {min(99, round(100 * self.confidences[damage]))} %"
        if damage != "noise":
            return told
        grain = "coarser" if self.noise_is_coarse else "finer"
        return f"{told} (about {self.noise_level:.0f} grey levels of 255, {grain} than a pixel)"


NAMES = {"motion": "motion blur", "jpeg": "JPEG"} | {
    name: name for name in ("noise", "defocus", "rain", "snow", "haze", "clean")
}
"""Damages -> how they are printed."""
