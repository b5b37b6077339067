"""Draw the pictures of docs/explain.md from clean photographs that may be shown (CC0).

python benchmarks/explain_page.py FOLDER -o docs/images/explain
"""

import subprocess
import sys
from pathlib import Path

from harness import command_line

from restora.images import Photograph, read, write

PICTURES = {
    "field-dinat-ir-dilated": ("receptive-field", "--weights=defocus-dinat-ir-tiny", "--at=128,128"),
    "field-chair": ("receptive-field", "--weights=dehaze-chair-tiny", "--at=128,128"),
    "neighbours": ("neighbours", "--weights=denoise-real-kit-tiny", "--at=150,60", "--at=60,150"),
    "offsets": ("offsets", "--weights=derain-derestormer-tiny", "--at=128,128"),
    "channels": ("channels", "--weights=dehaze-chair-tiny"),
}


def main() -> None:
    """Cut 256 x 256 pixels of the first photograph and run ``restora explain`` on them."""
    parser = command_line(__doc__)
    parser.add_argument("photograph", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/explain"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    pixels = read(options.photograph).pixels
    top, left = (side // 2 - 128 for side in pixels.shape[:2])
    part = write(
        options.output / "part.png", Photograph(pixels[top : top + 256, left : left + 256]), overwrite=True
    )
    for name, (what, *arguments) in PICTURES.items():
        target = options.output / f"{name}.webp"
        command = [sys.executable, "-m", "restora", "explain", what, str(part), *arguments]
        subprocess.run([*command, "-o", str(target), "--overwrite"], check=True)
    part.unlink()


if __name__ == "__main__":
    main()
