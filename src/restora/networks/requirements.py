"""What a network asks of its input, as data: the only thing the rest of restora may know about a network."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Requirements:
    """Size, channels, reach and precision of a network.

    Attributes:
        multiple: Height and width of the input must be multiples of this many pixels.
        min_size: The smallest height and width in pixels.
        in_channels: Channels of the input; the output always has 3.
        receptive_field: Distance in pixels beyond which the output at a pixel depends on the input only
            through global statistics; ``None`` when unknown or unbounded.
        global_context: Whether the output at a pixel depends on statistics of the whole input (global pooling,
            instance norm), so that a tile and the whole image give different results.
        precisions: Names of the torch dtypes in which the network was measured to be safe.
    """

    multiple: int = 1
    min_size: int = 1
    in_channels: int = 3
    receptive_field: int | None = None
    global_context: bool = False
    precisions: tuple[str, ...] = ("float32",)
