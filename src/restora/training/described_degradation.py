"""Degradations from what a recipe says of them: ``{kind: rain, density: [1, 3]}``, ``rain/heavy``."""

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter, ValidationError

from restora import degradations
from restora.degradations import Compose, Degradation, Identity, OneOf
from restora.degradations.presets import PRESETS, find_preset
from restora.errors import RestoraError

DEGRADATIONS: dict[str, type[Degradation]] = {
    "gaussian_noise": degradations.GaussianNoise,
    "camera_noise": degradations.CameraNoise,
    "jpeg": degradations.JpegCompression,
    "motion_trajectory": degradations.TrajectoryBlur,
    "motion_frames": degradations.FrameAveraging,
    "defocus": degradations.Defocus,
    "depth_defocus": degradations.DepthDefocus,
    "dual_pixel_defocus": degradations.DualPixelDefocus,
    "rain": degradations.Rain,
    "snow": degradations.Snow,
    "haze": degradations.Haze,
    "night_haze": degradations.NightHaze,
    "identity": Identity,
}
"""Kinds by name; their other keys are the fields of the class."""

RENAMED = {"chain": "compose", "mixture": "one_of", "unchanged": "identity"}
"""Kinds as older recipes name them."""


def describe(description: Any) -> Degradation:
    """Build a degradation.

    Args:
        description: One of

            - a preset as ``restora degrade`` knows it, ``"rain/heavy"``;
            - ``{"kind": "haze", "beta": [0.6, 1.8], ...}`` with fields of that degradation;
            - ``{"kind": "compose", "steps": [...]}``, one after the other;
            - ``{"kind": "one_of", "parts": [...], "weights": [...]}``, one of them at random.

    Raises:
        ValueError: An unknown kind, preset or key (the nearest one is suggested), or a value out of range.

    Example:
        >>> describe("noise/25")
        GaussianNoise(sigma=(25, 25))
        >>> describe({"kind": "compose", "steps": ["noise/25", {"kind": "jpeg", "quality": [40, 90]}]}).steps[1]
        JpegCompression(quality=(40, 90), subsampled=0.5)
    """
    if isinstance(description, str):
        return _preset(description)
    if not isinstance(description, Mapping) or "kind" not in description:
        raise ValueError('write a preset such as rain/heavy, or a mapping with a key "kind"')
    values = {key: value for key, value in description.items() if key != "kind"}
    kind = RENAMED.get(description["kind"], description["kind"])
    if kind == "compose":
        return Compose(tuple(describe(step) for step in _only(values, "steps", kind)["steps"]))
    if kind == "one_of":
        _only(values, "parts", kind, optional="weights")
        weights = values.get("weights")
        return OneOf(
            tuple(describe(part) for part in values["parts"]), None if weights is None else tuple(weights)
        )
    if kind not in DEGRADATIONS:
        raise ValueError(_unknown("kind", str(kind), [*DEGRADATIONS, "compose", "one_of"]))
    known = [field.name for field in fields(DEGRADATIONS[kind])]  # type: ignore[arg-type]
    for key in values.keys() - set(known):
        raise ValueError(_unknown(f"key of {kind}", key, known))
    try:
        return TypeAdapter(DEGRADATIONS[kind]).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{kind}{'.' if place else ''}{place}: {first['msg']}") from error


def _preset(name: str) -> Degradation:
    family, _, which = name.partition("/")
    families = {preset.family for preset in PRESETS}
    if family not in families or not which:
        names = [f"{preset.family}/{preset.name}" for preset in PRESETS]
        raise ValueError(_unknown("preset", name, names))
    try:
        return find_preset(family, which)
    except RestoraError as error:
        raise ValueError(str(error)) from error


def _only(values: dict[str, Any], needed: str, kind: str, optional: str = "") -> dict[str, Any]:
    """Check the keys of `compose` or `one_of`."""
    if not isinstance(values.get(needed), list | tuple):
        raise ValueError(f"{kind} needs {needed}, a list of degradations")
    for key in values.keys() - {needed, optional}:
        raise ValueError(_unknown(f"key of {kind}", key, [needed, optional]))
    return values


def _unknown(what: str, name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f", did you mean {near[0]}?" if near else f"; there are: {', '.join(k for k in known if k)}"
    return f"unknown {what} {name}{hint}"
