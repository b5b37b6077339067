"""Before and after in one place, to be compared by mouse, finger and keyboard: radio buttons and CSS, no script."""

import re
from itertools import count

STEPS = 11
"""Places of the divider, from all of the restored picture to all of the degraded one."""

_PICTURE = re.compile(r'<p><img alt="([^"]*)" src="([^"]*images/gallery/[^"]*)" ?/?></p>')


def with_sliders(html: str, size: dict[str, tuple[int, int]]) -> str:
    """Make sliders of the pictures that hold the degraded half on the left and the restored one on the right.

    Args:
        html: A page.
        size: Width and height of the pictures by the names of their files.
    """
    numbers = count()
    return _PICTURE.sub(lambda found: _slider(found[1], found[2], next(numbers), size), html)


def _slider(name: str, source: str, number: int, size: dict[str, tuple[int, int]]) -> str:
    width, height = size[source.rpartition("/")[2]]
    buttons = "".join(
        f'<input type="radio" name="divider-{number}" aria-label="{10 * step} percent degraded"'
        f"{' checked' * (step == STEPS // 2)}>"
        for step in range(STEPS)
    )
    image = f'<img src="{source}" alt="{name}, {{}}" loading="lazy" width="{width // 2}" height="{height}">'
    return (
        f'<fieldset class="before-after" data-search-exclude style="aspect-ratio:{width // 2}/{height};max-width:{width // 2}px">'
        f"<legend>{name}</legend>"
        f"{image.format('restored')}{buttons}{image.format('degraded')}"
        '<span aria-hidden="true">degraded</span><span aria-hidden="true">restored</span></fieldset>'
    )
