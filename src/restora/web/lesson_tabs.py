"""The tabs that teach: what the network looks at, and how a good picture is made worse."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import gradio as gr

from restora.degradations.photographs import picture_presets
from restora.explanation import What
from restora.images import read
from restora.web import words
from restora.web.lessons import FRESH, looked_at, worsened
from restora.web.viewer import shown, viewer

if TYPE_CHECKING:
    from restora.web.page import Page

MOST_SEED = 2**31 - 1
QUESTIONS = {
    "receptive-field": "receptive field: which pixels one pixel of the result depends on",
    "channels": "channels: the filters and bands of ChaIR",
    "neighbours": "neighbours: the patches that KiT groups",
    "offsets": "offsets: where the layers of DiNAT-IR and DeRestormer look",
}
HINT = (
    "Of the picture that is shown under *Restore*, around the place that was clicked there, or in the middle."
)


class LessonTabs:
    """Both tabs, laid out where they are built.

    Args:
        page: Which they belong to.
    """

    def __init__(self, page: "Page") -> None:
        self.page = page
        with gr.Tab("What the network looks at"):
            gr.Markdown(HINT)
            with gr.Row():
                questions = [
                    (QUESTIONS[name], name) for name in sorted(get_args(What), key=[*QUESTIONS].index)
                ]
                self.what = gr.Dropdown(
                    questions, value="receptive-field", label="What is drawn", min_width=260
                )
                self.network = gr.Dropdown(
                    [*page.offer.weights, *FRESH], value=page.offer.weights[0], label="Network", min_width=260
                )
            self.draw = gr.Button("Draw", variant="primary", elem_id="restora-draw")
            self.said = gr.HTML(elem_classes="said")
            self.drawing = gr.Image(
                type="filepath",
                format="png",
                show_label=False,
                interactive=False,
                visible=False,
                buttons=["download", "fullscreen"],
                elem_id="restora-drawing",
            )
        with gr.Tab("Make it worse"):
            gr.Markdown(
                "The picture that is shown under *Restore*, as training sees it: for teaching and tests."
            )
            with gr.Row():
                self.presets = gr.Dropdown(
                    picture_presets(),
                    value=["rain/heavy"],
                    multiselect=True,
                    label="Damages, in this order",
                    min_width=260,
                )
                self.seed = gr.Number(
                    0, label="Seed: another one, another rain", precision=0, minimum=0, maximum=MOST_SEED
                )
            self.worsen = gr.Button("Make it worse", variant="primary", elem_id="restora-worsen")
            self.told = gr.HTML(elem_classes="said")
            self.view = viewer(elem_id="restora-worse")
            with gr.Row():
                self.download = gr.DownloadButton("Download", visible=False)
                self.again = gr.Button("Take it to be restored", visible=False, elem_id="restora-again")
            self.made = gr.State(None)

    def wire(self, chosen: list[Any], everything: list[Any], heavy: dict[str, Any]) -> None:
        """Say what happens when the tabs are used; once the whole page is laid out."""
        self.draw.click(self._draw, [self.what, self.network], [self.said, self.drawing], **heavy)
        worse = [self.told, self.view, self.download, self.again, self.made]
        self.worsen.click(self._worsen, [self.presets, self.seed], worse, **heavy)
        self.again.click(self._take, [self.made, *chosen], everything, show_progress="hidden")

    def _draw(self, what: What, name: str, request: gr.Request) -> Iterator[dict[Any, Any]]:
        visit = self.page.visit(request)
        with visit.working():
            yield {self.said: words.waiting("drawing"), self.drawing: gr.update(visible=False)}
            try:
                drawing = looked_at(visit, what, name, self.page.offer)
                yield {self.said: "", self.drawing: gr.update(value=str(drawing), visible=True)}
            except Exception as error:
                yield {self.said: words.sentence(visit.failure(error), "refused")}

    def _worsen(self, presets: list[str], seed: float, request: gr.Request) -> Iterator[dict[Any, Any]]:
        visit = self.page.visit(request)
        with visit.working():
            yield {self.told: words.waiting("making it worse")}
            try:
                path = worsened(visit, presets, int(seed or 0), self.page.offer)
                made = read(path)
                before, _ = visit.views(visit.picture, self.page.offer.max_pixels)
                value = shown(path.name, (made.width, made.height), before, visit.png(made))
            except Exception as error:
                yield {self.told: words.sentence(visit.failure(error), "refused")}
                return
            yield {
                self.told: "",
                self.view: value,
                self.download: gr.update(value=str(path), label=f"Download {path.name}", visible=True),
                self.again: gr.update(visible=True),
                self.made: str(path),
            }

    def _take(self, made: str | None, request: gr.Request, *chosen: Any) -> Iterator[dict[Any, Any]]:
        yield from self.page.take([made] if made else None, request, *chosen)
