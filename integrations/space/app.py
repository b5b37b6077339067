"""restora as a Hugging Face Space: the page, as everybody may use it."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

from restora.web import build

demo = build(max_pixels=12_000_000, max_queue=16)

if __name__ == "__main__":
    demo.launch(max_file_size="100mb", footer_links=[])
