"""The page: what is on it, and what happens when it is used."""

import atexit
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from restora.cancellation import Cancelled
from restora.checkpoints import list_weights
from restora.checkpoints.loading import find_weights
from restora.checkpoints.tasks import TASKS
from restora.images import read
from restora.progress import Pace
from restora.restoration import AutoRestorer
from restora.restoration.choosing import AUTO
from restora.restoration.runtimes import ENGINES
from restora.web import words
from restora.web.restoring import Offer, Step, Wish, restored, zipped
from restora.web.viewer import asset, shown, viewer
from restora.web.visits import Visit, Visits

MAX_PIXELS = 100_000_000
"""Of a picture, unless another limit is given."""
MAX_QUEUE = 32
"""Visitors that may wait."""
TILES = ("auto", "none", "256", "384", "512", "768", "1024")
INTRO = """<div class="intro"><h1>restora</h1><p>Drop a bad photograph: noise, blur, rain, snow or haze is found and taken away.
It is worked on where this page comes from, and deleted there when you leave.</p></div>"""

Update = dict[Any, Any]


def build(
    *,
    weights: Sequence[str] = (),
    max_pixels: int = MAX_PIXELS,
    max_queue: int = MAX_QUEUE,
    **options: Any,
) -> gr.Blocks:
    """Build the page, to be launched, or mounted in a program by ``gradio.mount_gradio_app``.

    Args:
        weights: Names and files of weights to be offered beside those in the package; visitors cannot name others.
        max_pixels: Refuse larger pictures.
        max_queue: Refuse visitors when so many are waiting.
        **options: Of the `Restorer`, for all visitors: ``threads``, ``device``, ``precision``, ``reproducible``.

    Returns:
        The Blocks. What visitors bring is under Gradio's folder of uploads, and goes when they leave or the program ends.

    Raises:
        RestoraError: An option that no `Restorer` takes, or no such weights.
    """
    for name in weights:
        find_weights(name)
    offer = Offer(
        (*(card.name for card in list_weights()), *weights), max_pixels, tuple(sorted(options.items()))
    )
    return _Page(offer, max_queue).blocks


class _Page:
    """The parts of the page, and what they do."""

    def __init__(self, offer: Offer, max_queue: int) -> None:
        self.offer = offer
        self.diagnose = AutoRestorer(**dict(offer.options))  # wrong options are known now
        self.visits = Visits(Path(get_upload_folder()))
        atexit.register(self.visits.end_all)
        with gr.Blocks(title="restora", analytics_enabled=False, delete_cache=(600, 4 * 3600)) as self.blocks:
            gr.HTML(f"<style>{asset('page.css')}</style>{INTRO}", js_on_load=asset("paste.js"))
            self._lay_out()
            self._wire()
        self.blocks.queue(max_size=max_queue, default_concurrency_limit=4)

    def _lay_out(self) -> None:
        self.drop = gr.File(
            label="Photographs: drop them here, click to choose, or paste",
            file_count="multiple",
            height=150,
            elem_id="restora-drop",
        )
        with gr.Accordion("Take one with the camera", open=False):
            self.camera = gr.Image(sources=["webcam"], type="filepath", format="png", show_label=False)
        self.found = gr.HTML(elem_id="restora-found")
        with gr.Row():
            self.go = gr.Button("Restore", variant="primary", interactive=False, elem_id="restora-go")
            self.stop = gr.Button("Cancel", interactive=False, elem_id="restora-stop")
            self.clear = gr.Button("Start over", interactive=False, elem_id="restora-clear")
        self.status = gr.HTML(elem_id="restora-status")
        self.view = viewer(elem_id="restora-view")
        with gr.Row():
            self.download = gr.DownloadButton(
                "Download", visible=False, variant="primary", elem_id="restora-download"
            )
            self.archive = gr.DownloadButton("Download all (zip)", visible=False, elem_id="restora-zip")
        self.gallery = gr.Gallery(
            label="Pictures",
            visible=False,
            columns=6,
            height="auto",
            allow_preview=False,
            interactive=False,
            format="png",
            elem_id="restora-gallery",
        )
        with gr.Accordion("More", open=False):
            self._lay_out_more()

    def _lay_out_more(self) -> None:
        with gr.Row():
            named = [(f"{name}: {TASKS[name].removes}", name) for name in self.offer.tasks if name != AUTO]
            self.task = gr.Dropdown(
                [("auto: whatever is found", AUTO), *named], value=AUTO, label="What is wrong", min_width=260
            )
            self.weights = gr.Dropdown(
                [("the best for it", ""), *self.offer.weights], value="", label="Weights", min_width=260
            )
        with gr.Row():
            self.strength = gr.Slider(
                0, 1, value=1, step=0.05, label="Strength: 1 is all of it, 0 is as it came", min_width=260
            )
            self.engine = gr.Dropdown(list(ENGINES), value="auto", label="Engine", min_width=120)
            self.tile = gr.Dropdown(list(TILES), value="auto", label="Tile, pixels", min_width=120)

    def _wire(self) -> None:
        chosen = [self.task, self.weights, self.strength, self.engine, self.tile]
        self.drop.upload(self._taken, [self.drop, *chosen], self._all(), show_progress="hidden")
        self.camera.change(self._photographed, [self.camera, *chosen], self._all(), show_progress="hidden")
        self.go.click(
            self._restore,
            chosen,
            self._all(),
            concurrency_id="networks",
            concurrency_limit=1,
            show_progress="hidden",
        )
        self.stop.click(self._cancel, None, None, queue=False)
        self.clear.click(self._clear, None, self._all(), show_progress="hidden")
        self.gallery.select(self._select, None, [self.view, self.download], show_progress="hidden")
        for choice in (self.task, self.weights):
            choice.input(self._describe, chosen, self.found, show_progress="hidden")
        self.blocks.unload(self._leave)

    def _all(self) -> list[Any]:
        parts = ("drop", "found", "go", "stop", "clear", "status", "view", "download", "archive", "gallery")
        return [getattr(self, name) for name in parts]

    # What happens

    def _taken(self, files: list[str] | None, request: gr.Request, *chosen: Any) -> Iterator[Update]:
        visit, wish = self._visit(request), Wish(*chosen)
        errors: list[str] = []
        with visit.working():
            visit.uploads.update(map(Path, files or ()))
            for number, file in enumerate(map(Path, files or ())):
                looking = Step(f"looking at {file.name}", Pace(number / len(files or ())))
                yield {self.drop: None, self.status: words.progress(looking)}
                try:
                    visit.take(file, self.offer.max_pixels, self.diagnose)
                except Exception as error:  # whatever it is, the other files are to be looked at
                    errors.append(visit.failure(error, Path(file.name)))
            yield {**self._shown(visit, wish, errors), self.drop: None}

    def _photographed(self, file: str | None, request: gr.Request, *chosen: Any) -> Iterator[Update]:
        yield from self._taken([file] if file else None, request, *chosen)

    def _restore(self, request: gr.Request, *chosen: Any) -> Iterator[Update]:
        visit, wish = self._visit(request), Wish(*chosen)
        with visit.working():
            ended = words.sentence("")
            try:
                for step in restored(visit, wish, self.offer):
                    yield {
                        self.status: words.progress(step),
                        self.go: gr.update(interactive=False),
                        self.stop: gr.update(interactive=True),
                        self.clear: gr.update(interactive=False),
                        self.found: words.pictures(visit.pictures, wish),
                    }
            except Cancelled:
                ended = words.sentence("Cancelled; what was finished is there.")
            except Exception as error:
                ended = words.sentence(visit.failure(error), "refused")
            yield {**self._shown(visit, wish), self.status: ended}

    def _cancel(self, request: gr.Request) -> None:
        self._visit(request).stop.set()

    def _clear(self, request: gr.Request) -> Update:
        visit = self._visit(request)
        with visit.working():
            visit.clear()
        return self._shown(visit, Wish())

    def _select(self, event: gr.SelectData, request: gr.Request) -> Update:
        visit = self._visit(request)
        with visit.working():
            visit.selected = min(int(event.index), len(visit.pictures) - 1)
            return {self.view: self._viewed(visit), self.download: self._download(visit)}

    def _describe(self, request: gr.Request, *chosen: Any) -> str:
        visit = self._visit(request)
        return words.pictures(visit.pictures, Wish(*chosen))

    def _leave(self, request: gr.Request) -> None:
        if request.session_hash:
            self.visits.end(request.session_hash)

    # What is shown

    def _visit(self, request: gr.Request) -> Visit:
        return self.visits[request.session_hash or ""]

    def _shown(self, visit: Visit, wish: Wish, errors: Sequence[str] = ()) -> Update:
        there = bool(visit.pictures)
        archive = zipped(visit) if len(visit.pictures) > 1 else None
        return {
            self.found: words.pictures(visit.pictures, wish, errors),
            self.status: "",
            self.go: gr.update(interactive=there),
            self.stop: gr.update(interactive=False),
            self.clear: gr.update(interactive=there),
            self.view: self._viewed(visit),
            self.download: self._download(visit),
            self.archive: gr.update(value=archive, visible=archive is not None),
            self.gallery: gr.update(
                value=[(str(p.thumbnail), p.name) for p in visit.pictures], visible=len(visit.pictures) > 1
            ),
        }

    def _viewed(self, visit: Visit) -> dict[str, Any] | None:
        if not visit.pictures:
            return None
        picture = visit.pictures[visit.selected]
        before = visit.png(read(picture.file.path, max_pixels=self.offer.max_pixels))
        target = picture.result and picture.result.target
        after = target and visit.png(read(target, max_pixels=self.offer.max_pixels))
        return shown(f"{picture.file.relative}", picture.size, before, after or None)

    def _download(self, visit: Visit) -> Any:
        result = visit.pictures[visit.selected].result if visit.pictures else None
        if result is None or result.target is None:
            return gr.update(visible=False)
        return gr.update(value=str(result.target), label=f"Download {result.target.name}", visible=True)
