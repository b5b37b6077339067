"""Colour profiles (ICC.1:2022): what they say of the light that pixels stand for."""

import struct

_TAGS = 128  # where the table of tags begins
_CURVES = (b"rTRC", b"kTRC")  # of red, or of gray


def is_linear(profile: bytes | None) -> bool:
    """Tell whether twice the value is twice the light.

    Args:
        profile: As files carry it; one that is damaged says nothing.
    """
    data = (profile or b"") + bytes(2)
    try:
        (count,) = struct.unpack_from(">I", data, _TAGS)
        for index in range(min(count, 100)):
            name, place, _ = struct.unpack_from(">4sII", data, _TAGS + 4 + 12 * index)
            if name not in _CURVES:
                continue
            kind, _, number, gamma = struct.unpack_from(">4sIIH", data, place)
            if kind == b"curv":  # a table of so many values, or their exponent in 256ths
                return (number, gamma) == (1, 256) or bool(number == 0)
            # The number of a function, in the upper half, of which the first is a power, in 65536ths.
            power = struct.unpack_from(">I", data, place + 12)[0]
            return (kind, number >> 16, power) == (b"para", 0, 65_536)
    except struct.error:
        pass
    return False
