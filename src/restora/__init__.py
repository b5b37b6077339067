"""restora restores photographs: noise, motion blur, defocus, rain, snow and haze.

    import restora
    restora.restore("photo.jpg", "clean.jpg", task="denoise")

Everything below is loaded when it is first used.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from restora.cancellation import Cancelled
    from restora.checkpoints import (
        convert_state_dict,
        create_model,
        list_weights,
        load_model,
        to_official_state_dict,
    )
    from restora.diagnosis import Diagnosis, diagnose
    from restora.errors import RestoraError
    from restora.networks import list_models
    from restora.progress import ProgressMeter
    from restora.restoration import AutoRestorer, Restorer, Run, restore, with_local_statistics
    from restora.scale import BatchRestorer, restore_dataset
    from restora.video import restore_video

    __version__: str

logging.getLogger(__name__).addHandler(logging.NullHandler())

_HOMES = {
    "AutoRestorer": "restora.restoration",
    "BatchRestorer": "restora.scale",
    "Cancelled": "restora.cancellation",
    "Diagnosis": "restora.diagnosis",
    "ProgressMeter": "restora.progress",
    "RestoraError": "restora.errors",
    "Restorer": "restora.restoration",
    "Run": "restora.restoration",
    "convert_state_dict": "restora.checkpoints",
    "create_model": "restora.checkpoints",
    "diagnose": "restora.diagnosis",
    "list_models": "restora.networks",
    "list_weights": "restora.checkpoints",
    "load_model": "restora.checkpoints",
    "restore": "restora.restoration",
    "restore_dataset": "restora.scale",
    "restore_video": "restora.video",
    "to_official_state_dict": "restora.checkpoints",
    "with_local_statistics": "restora.restoration",
}

__all__ = [
    "AutoRestorer",
    "BatchRestorer",
    "Cancelled",
    "Diagnosis",
    "ProgressMeter",
    "RestoraError",
    "Restorer",
    "Run",
    "convert_state_dict",
    "create_model",
    "diagnose",
    "list_models",
    "list_weights",
    "load_model",
    "restore",
    "restore_dataset",
    "restore_video",
    "to_official_state_dict",
    "with_local_statistics",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for, so that ``import restora`` costs nothing."""
    if name == "__version__":  # of the installed package, which has it from a tag of git
        from importlib.metadata import (
            PackageNotFoundError,
            version,
        )  # 50 ms that `import restora` does without

        try:
            return version("restora")
        except PackageNotFoundError:
            return "0+unknown"
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'restora' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
