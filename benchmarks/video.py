"""How much restored films flicker, frame by frame and fused along the motion, and which weights see the noise of films.

    python benchmarks/video.py [--frames 16] [--weights denoise-real-chair-tiny]

Clips are a photograph (scikit-image's astronaut) under a window of 256 x 192 pixels that stands still, moves by (1.5, 0.3) or by (6, 0)
pixels a frame, or moves by (2, 1) with another picture passing in front of it by (5, 0), and is cut to another scene in the middle.
Independent Gaussian noise is added to each frame, which is then stored as 8-bit Y'CbCr 4:2:0 of BT.709. PSNR is that of RGB against
the clean frames, stored alike. The warping error (Lai et al., ECCV 2018, here with the true motion instead of an estimated one) is the root mean
square difference, in grey levels of 255, of a frame and the one before, moved; that of the clean frames is what the movement itself makes.
The first four frames are not counted. Writes benchmarks/results/video.md.
"""

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from harness import command_line, machine, table, write_results
from skimage import data

from restora import Restorer
from restora.video.clip import layout_of
from restora.video.color import Floats
from restora.video.fusion import TemporalFusion

WIDTH, HEIGHT = 256, 192
NOISES = (5, 15)
SCENE, OTHER = (
    image.astype(np.float32) / 255
    for image in (data.astronaut(), data.coffee())  # type: ignore[no-untyped-call]
)
SKIPPED = 4


def window(image: Floats, left: float, top: float) -> Floats:
    """Cut a window out at a place between pixels."""
    where = np.array([[1, 0, -left], [0, 1, -top]], np.float32)
    return np.asarray(cv2.warpAffine(image, where, (WIDTH, HEIGHT), flags=cv2.INTER_LANCZOS4), np.float32)


def panning(frames: int, step: tuple[float, float]) -> Iterator[Floats]:
    for number in range(frames):
        yield window(SCENE, 110 + number * step[0], 40 + number * step[1])


def passing(frames: int) -> Iterator[Floats]:
    for number, frame in enumerate(panning(frames, (2, 1))):
        if number >= frames // 2:
            yield window(OTHER, 100 + 2 * number, 50 + number)
            continue
        left = 20 + 5 * number
        frame[60:120, left : left + 60] = OTHER[100:160, 200:260]
        yield frame


def psnr(images: list[Floats], clean: list[Floats]) -> float:
    """Return the mean PSNR in dB."""
    errors = [np.mean((a - b)[8:-8, 8:-8] ** 2) for a, b in zip(images, clean, strict=True)]
    return float(np.mean([-10 * np.log10(error) for error in errors[SKIPPED:]]))


def warping_error(images: list[Floats], step: tuple[float, float]) -> float:
    """Return the mean warping error in grey levels."""
    errors = []
    for before, after in zip(images[SKIPPED - 1 :], images[SKIPPED:], strict=False):
        where = np.array([[1, 0, -step[0]], [0, 1, -step[1]]], np.float32)
        moved = cv2.warpAffine(before, where, (WIDTH, HEIGHT), flags=cv2.INTER_LANCZOS4)
        errors.append(np.sqrt(np.mean((after - moved)[16:-16, 16:-16] ** 2)) * 255)
    return float(np.mean(errors))


def stored(image: Floats, name: str = "yuv420p") -> Floats:
    """Return an image as a film brings it."""
    layout = layout_of(name, {"color_range": 1, "colorspace": 1}, HEIGHT)
    return layout.to_rgb(layout.from_rgb(image))


def noisy(images: Iterator[Floats], noise: float) -> list[Floats]:
    random = np.random.default_rng(0)
    return [
        stored((image + random.normal(0, noise / 255, image.shape)).astype(np.float32)) for image in images
    ]


def flicker(frames: int, weights: str) -> list[str]:
    """Return the table of flicker, and a line about time."""
    restorer = Restorer(weights, engine="torch", precision="float32", threads=1)
    clips: dict[str, tuple[Callable[[], Iterator[Floats]], tuple[float, float] | None]] = {
        "static": (lambda: panning(frames, (0, 0)), (0, 0)),
        "panning 1.5, 0.3": (lambda: panning(frames, (1.5, 0.3)), (1.5, 0.3)),
        "panning 6, 0": (lambda: panning(frames, (6, 0)), (6, 0)),
        "passing, with a cut": (lambda: passing(frames), None),
    }
    rows, spent = [], {"network": 0.0, "fusion": 0.0}
    for noise in NOISES:
        for name, (images, step) in clips.items():
            clean, fusion = [stored(image) for image in images()], TemporalFusion()
            seen = noisy(images(), noise)
            begin = time.thread_time()
            single = [restorer(image) for image in seen]
            middle = time.thread_time()
            fused = [fusion(image) for image in single]
            spent["network"] += middle - begin
            spent["fusion"] += time.thread_time() - middle
            row = [name, noise]
            row += [f"{psnr(one, clean):.2f}" for one in (seen, single, fused)]
            row += [
                "" if step is None else f"{warping_error(one, step):.2f}"
                for one in (clean, seen, single, fused)
            ]
            rows.append(row)
            print(*row, flush=True)
    heads = (
        "clip", "noise", "dB film", "dB frame by frame", "dB fused", "error of the clean film", "of the film",
        "frame by frame", "fused",
    )  # fmt: skip
    count = frames * len(NOISES) * len(clips)
    words = (
        f"Fusion took {1000 * spent['fusion'] / count:.0f} ms of processor time a frame, the network"
        f" {1000 * spent['network'] / count:.0f} ms ({weights}, one thread)."
    )
    return [*table(heads, rows, rule="---:"), "", words]


def weights_for_chroma() -> list[str]:
    """Return the table of weights by the size of chroma."""
    names = ("denoise-chair-tiny", "denoise-kit-tiny", "denoise-real-chair-tiny", "denoise-real-kit-tiny")
    restorers = [Restorer(name, engine="torch", precision="float32", threads=1) for name in names]
    rows = []
    clean = next(panning(1, (0, 0)))
    for noise in NOISES:
        image = clean + np.random.default_rng(0).normal(0, noise / 255, clean.shape).astype(np.float32)
        for name in ("yuv444p", "yuv422p", "yuv420p", "yuv420p10le"):
            seen, wanted = stored(image, name), stored(clean, name)
            results = [seen, *(restorer(seen) for restorer in restorers)]
            rows.append(
                [name, noise, *(f"{-10 * np.log10(np.mean((one - wanted) ** 2)):.2f}" for one in results)]
            )
    return table(("format", "noise", "dB film", *names), rows, rule="---:")


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--frames", type=int, default=16)
    parser.add_argument("--weights", default="denoise-real-chair-tiny")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    lines = [
        f"{arguments.frames} frames of {WIDTH} x {HEIGHT}, noise in grey levels of 255; {machine()}. Written by `benchmarks/video.py`, which says how.",
        "",
        "## Flicker",
        "",
        *flicker(arguments.frames, arguments.weights),
        "",
        "## Weights and the size of chroma",
        "",
        *weights_for_chroma(),
    ]
    write_results("video.md", lines)


if __name__ == "__main__":
    main()
