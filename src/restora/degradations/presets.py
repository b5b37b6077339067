"""Degradations by name: ``rain/heavy``, ``noise/12.5``."""

from collections.abc import Callable

from restora.degradations.degradation import DEGRADATIONS, Degradation
from restora.errors import RestoraError, suggestion


def all_presets() -> dict[str, Degradation]:
    """Return the presets of all kinds by name, in the order in which light meets them.

    Example:
        >>> [name for name in all_presets() if name.startswith("rain/")]
        ['rain/light', 'rain/heavy']
    """
    return {
        f"{kind.family}/{name}": kind.preset(name) for kind in DEGRADATIONS.values() for name in kind.presets
    }


def find_preset(name: str) -> Degradation:
    """Return the degradation of this name; ``noise`` and ``jpeg`` also take any deviation and any quality.

    Args:
        name: One of `all_presets`; or a family that takes a number, and the number, ``"noise/12.5"``.

    Raises:
        RestoraError: There is none.

    Example:
        >>> find_preset("noise/12.5")
        GaussianNoise(sigma=(12.5, 12.5))
    """
    known = all_presets()
    if name in known:
        return known[name]
    family, _, which = name.partition("/")
    there = [preset for preset in known if preset.startswith(f"{family}/")]
    if not which or not there:
        raise RestoraError(f"unknown preset {name}{suggestion(name, known)}")
    wanted = f"give one of {', '.join(there)}"
    for kind in DEGRADATIONS.values():
        if kind.family == family and kind.number:
            wanted += f", or {family}/ and {kind.number}"
            make: Callable[..., Degradation] = kind
            try:
                number = float(which)
                return make((int(number) if number.is_integer() else number,) * 2)
            except ValueError:
                continue  # the message below says what is wrong with it
    raise RestoraError(f"unknown preset {name}; {wanted}")
