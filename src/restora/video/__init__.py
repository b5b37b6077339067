"""Video: a film decoded, restored frame by frame and encoded, with its sound, its timing and its colours kept."""

from restora.errors import RestoraError

try:
    import av  # noqa: F401 - everything here stands on it
except ImportError as error:
    raise RestoraError("video needs PyAV; pip install 'restora[video]'") from error

from restora.video.restoration import VideoResult, restore_video

__all__ = ["VideoResult", "restore_video"]
