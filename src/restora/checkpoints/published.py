"""The weights that the papers' authors publish: what there is, how good it is, where it lies, and how to get it."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from restora.cache import cache_folder
from restora.checkpoints.reading import sha256_of
from restora.errors import RestoraError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HubFile:
    """A file in a data set repository of the Hugging Face hub.

    Attributes:
        repository: ``owner/name``.
        path: Path in the repository.
        size: Length in bytes.
        sha256: Checksum, as the repository's own pointer to the file has it.
    """

    repository: str
    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class PublishedWeights:
    """Weights of a paper's authors.

    Attributes:
        name: What ``--weights`` takes, ``network/task-data``.
        task: One of `restora.checkpoints.tasks.TASKS`.
        score: Score as the authors print it.
        file: Where a program may fetch it; ``None`` where only a browser may.
        place: Where a person finds it.
        remark: What to know before using it.
    """

    name: str
    task: str
    score: str
    file: HubFile | None
    place: str
    remark: str = ""


def _dinat_ir(
    name: str, task: str, score: str, path: str, size: int, sha256: str, remark: str = ""
) -> PublishedWeights:
    repository = "HanzhouLiu/DiNAT-IR"
    file = HubFile(repository, f"experiments/pretrained_weights/{path}", size, sha256)
    place = f"https://huggingface.co/datasets/{repository}"
    return PublishedWeights(f"dinat-ir/{name}", task, score, file, place, remark)


_CHAIR = "a Google Drive folder, linked from the README of https://github.com/c-yn/ChaIR"
_DERESTORMER = "a Baidu share, linked from the README of the authors' repository"

PUBLISHED = {
    weights.name: weights
    for weights in (
        _dinat_ir(
            "deblur-gopro",
            "deblur",
            "GoPro 33.80 dB, HIDE 31.57 dB",
            "RestoreDiNATFineTune-GoPro-width48/net_g_latest.pth",
            104_141_661,
            "33ac76b9c05cc8d4c0179f62edc9d4d27c19d79c69ec2fbf6eb45e119d22b829",
        ),
        _dinat_ir(
            "denoise-sidd",
            "denoise-real",
            "SIDD 39.89 dB",
            "RestoreDiNAT-SIDD-width48/net_g_220000.pth",
            104_141_661,
            "02f7f4e0b13d3e5161cc6c875d52926712c06ef11974964352214d2f85e67998",
        ),
        _dinat_ir(
            "defocus-dpdd",
            "defocus",
            "DPDD, one image, 26.14 dB",
            "RestoreDiNAT-SPDD-width48/net_g_140000.pth",
            104_141_661,
            "c0833708f33f6f2e61653e44c117a1ffe0950fbadb4b137d2fd8542c1ee25e2b",
        ),
        _dinat_ir(
            "derain-rain13k",
            "derain",
            "Rain100L 38.93 dB, Rain100H 31.26 dB",
            "RestoreDiNATFineTune-Rain13K-width48/net_g_40000.pth",
            104_141_077,
            "1440ad95cc442f9dd012cef0d45dacc504f88cca7adddec9626343994ff34177",
        ),
        _dinat_ir(
            "defocus-dual-dpdd",
            "defocus-dual",
            "DPDD, two views, 27.05 dB",
            "RestoreDiNAT-DPDD-width48/net_g_290000.pth",
            104_165_664,
            "cf804f8f9d4947aaa6dc054cab369ebc91fe0fc79701ffa7122324de0d3e875c",
            "takes the left and the right view",
        ),
        PublishedWeights(
            "chair/dehaze-its", "dehaze", "SOTS indoor 41.95 dB", None, _CHAIR, "the file for ITS"
        ),
        PublishedWeights(
            "chair/dehaze-ots", "dehaze", "SOTS outdoor 40.73 dB", None, _CHAIR, "the file for OTS"
        ),
        PublishedWeights(
            "derestormer/derain-rain200l",
            "derain",
            "Rain200L 41.61 dB",
            None,
            _DERESTORMER,
            "and others of its README",
        ),
        PublishedWeights(
            "derestormer/desnow-csd", "desnow", "CSD 40.84 dB", None, _DERESTORMER, "and others of its README"
        ),
    )
}
"""All of them by name. Scores are those of the authors' READMEs (``restora.evaluation.published_results``)."""


def published_for_task(task: str) -> list[PublishedWeights]:
    """Return what is published for a task.

    Example:
        >>> [weights.name for weights in published_for_task("deblur")]
        ['dinat-ir/deblur-gopro']
    """
    return [weights for weights in PUBLISHED.values() if weights.task == task]


def fetch_published(name: str) -> Path:
    """Return published weights as safetensors with a card; fetched, checked and converted the first time.

    The hub's own library fetches: it shows progress, goes on where it was interrupted, and keeps offline mode
    (``HF_HUB_OFFLINE=1``) and another address (``HF_ENDPOINT``).

    Args:
        name: One of `PUBLISHED`.

    Raises:
        RestoraError: Only a browser can fetch it, there is no connection, or what came is not what was published.
    """
    from restora.checkpoints.conversion import convert_checkpoint  # loads by name, too: it comes back here

    published = PUBLISHED[name]
    if published.file is None:
        raise RestoraError(
            f"{name}: no program may fetch this; it lies in {published.place} ({published.remark})."
            " Fetch it with a browser and pass the file: --weights FILE"
        )
    folder = cache_folder() / "published"
    short = name.replace("/", "-")
    weights = folder / f"{short}.safetensors"
    if weights.exists() and weights.with_suffix(".json").exists():
        return weights
    fetched = _fetch_checked(name, published.file)
    logger.info("%s: converted into %s", name, folder)
    return convert_checkpoint(fetched, folder, name=short, task=published.task, licence="as its authors say")


def _fetch_checked(name: str, file: HubFile) -> Path:
    """Fetch a file and compare it with what was published; what the cache had wrong is fetched once more."""
    path = _fetch(name, file)
    if problem := _difference(path, file):
        path = _fetch(name, file, again=True)
        problem = _difference(path, file)
    if problem:
        raise RestoraError(f"{name}: {problem}; it is not used")
    return path


def _fetch(name: str, file: HubFile, *, again: bool = False) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        fetched = hf_hub_download(
            file.repository,
            file.path,
            repo_type="dataset",
            force_download=again,
            endpoint=os.environ.get("HF_ENDPOINT"),
        )
    except LocalEntryNotFoundError as error:
        raise RestoraError(
            f"{name}: the hub cannot be reached, and the file was not fetched before; check the connection"
        ) from error
    except HfHubHTTPError as error:
        raise RestoraError(
            f"{name}: the hub has no {file.path} any more ({error.response.status_code})"
        ) from error
    except OSError as error:
        raise RestoraError(f"{name}: fetching was interrupted ({error}); the same command goes on") from error
    return Path(fetched)


def _difference(path: Path, file: HubFile) -> str | None:
    """Say how a file differs from the published one."""
    size = path.stat().st_size
    if size != file.size:
        return f"the file has {size:,} bytes instead of {file.size:,}"
    checksum = sha256_of(path)
    if checksum != file.sha256:
        return f"the file's checksum is {checksum[:12]}... instead of {file.sha256[:12]}..."
    return None
