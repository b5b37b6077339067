"""Export of a network to another runtime, as a layer sees it."""

import torch


def is_exporting() -> bool:
    """Tell whether the graph is being traced to be stored (``torch.export``, ONNX) and not only to be compiled.

    PyTorch before 2.7 cannot tell the two apart; there, what is compiled is taken to be exported, which is right, but
    makes larger graphs.
    """
    return bool(getattr(torch.compiler, "is_exporting", torch.compiler.is_compiling)())
