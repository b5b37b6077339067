"""Runtimes: what runs a network at one size other than eager torch; each is a file, imported when it is asked for."""

from importlib import import_module

from restora.errors import RestoraError
from restora.restoration.runtimes.runtime import Runtime

RUNTIMES = {
    "compile": "Compile",
    "openvino": "OpenVINO",
    "onnxruntime": "OnnxRuntime",
}
"""Names of the engines beside torch -> the class in the module of that name."""

ENGINES = ("auto", "torch", *RUNTIMES)
"""What may be asked for."""


def runtime_class(engine: str) -> type[Runtime]:
    """Import the class of a runtime.

    Example:
        >>> runtime_class("openvino").precisions
        ('float32', 'bfloat16')
    """
    module = import_module(f"restora.restoration.runtimes.{engine}")
    found: type[Runtime] = getattr(module, RUNTIMES[engine])
    return found


def check_engine(engine: str) -> None:
    """Refuse an engine that does not exist or is not installed.

    Raises:
        RestoraError: It is neither one of `ENGINES`, or its packages are missing.
    """
    if engine not in ENGINES:
        raise RestoraError(f"unknown engine {engine!r}; there are: {', '.join(ENGINES)}")
    if engine in RUNTIMES and not runtime_class(engine).installed():
        extra = runtime_class(engine).extra
        raise RestoraError(
            f"engine {engine} is not installed; pip install 'restora[{extra}]', or take another one"
        )


def installed_runtimes() -> list[str]:
    """Return the names of the runtimes that are there and compile within seconds, which torch's compiler does not."""
    return [name for name in RUNTIMES if name != "compile" and runtime_class(name).installed()]
