"""The page: what is on it, and what happens when it is used."""

import atexit
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from restora.checkpoints import list_weights
from restora.checkpoints.loading import find_weights
from restora.checkpoints.tasks import TASKS
from restora.images.formats import FORMATS, lacks_package
from restora.progress import Pace
from restora.restoration import AutoRestorer
from restora.restoration.choosing import AUTO
from restora.restoration.runtimes import ENGINES
from restora.web import words
from restora.web.film_tab import FilmTab
from restora.web.lesson_tabs import LessonTabs
from restora.web.restoring import Offer, Step, Wish, restored, zipped
from restora.web.trials import Trial, box_at, trials
from restora.web.viewer import asset, shown, viewer
from restora.web.visits import Picture, Visit, Visits

MAX_PIXELS = 100_000_000
"""Of a picture, unless another limit is given."""
MAX_QUEUE = 32
"""Visitors that may wait."""
TILES = ("auto", "none", "256", "384", "512", "768", "1024")
TRIED = (AUTO, "denoise-chair-tiny", "denoise-real-chair-tiny", "deblur-chair-tiny")
"""Weights that are compared, unless others are chosen."""
INTRO = """<div class="intro"><h1>restora</h1><p>Drop a bad photograph: noise, blur, rain, snow or haze is found and taken
away. It is worked on where this page comes from, and deleted there when you leave.</p></div>"""
HEAVY: dict[str, Any] = {"concurrency_id": "networks", "concurrency_limit": 1, "show_progress": "hidden"}
"""Of what runs a network: one at a time, others wait."""

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
    return Page(offer, max_queue).blocks


class Page:
    """The parts of the page, and what they do.

    Args:
        offer: What visitors may choose.
        max_queue: How many may wait.

    Attributes:
        blocks: What Gradio serves.
    """

    def __init__(self, offer: Offer, max_queue: int) -> None:
        self.offer = offer
        self.diagnose = AutoRestorer(**dict(offer.options))  # wrong options are known now
        self.visits = Visits(Path(get_upload_folder()))
        atexit.register(self.visits.end_all)
        with gr.Blocks(title="restora", analytics_enabled=False, delete_cache=(600, 4 * 3600)) as self.blocks:
            gr.HTML(f"<style>{asset('page.css')}</style>{INTRO}", js_on_load=asset("paste.js"))
            self._lay_out_pictures()
            with gr.Tabs():
                with gr.Tab("Restore"):
                    self._lay_out_restore()
                self.lessons = LessonTabs(self)
                self.film = FilmTab(self)
            self._wire()
        self.blocks.queue(max_size=max_queue, default_concurrency_limit=4)

    @property
    def tasks(self) -> list[tuple[str, str]]:
        """What may be wrong: words, and name of the task."""
        named = [(f"{name}: {TASKS[name].removes}", name) for name in self.offer.tasks if name != AUTO]
        return [("auto: whatever is found", AUTO), *named]

    def _lay_out_pictures(self) -> None:
        self.drop = gr.File(
            label="Photographs: drop them here, click to choose, or paste",
            file_count="multiple",
            height=140,
            elem_id="restora-drop",
        )
        with gr.Accordion("Take one with the camera", open=False):
            self.camera = gr.Image(
                sources=["webcam"], type="filepath", format="png", show_label=False, elem_id="restora-camera"
            )
        self.found = gr.HTML(elem_id="restora-found")
        self.gallery = gr.Gallery(
            label="Pictures: choose the one that is shown",
            visible=False,
            columns=6,
            height="auto",
            allow_preview=False,
            interactive=False,
            format="png",
            elem_id="restora-gallery",
        )

    def _lay_out_restore(self) -> None:
        with gr.Row():
            self.go = gr.Button(
                "Restore", variant="primary", interactive=False, elem_id="restora-go", min_width=90
            )
            self.stop = gr.Button("Cancel", interactive=False, elem_id="restora-stop", min_width=90)
            self.clear = gr.Button("Clear", interactive=False, elem_id="restora-clear", min_width=90)
        self.status = gr.HTML(elem_id="restora-status")
        self.view = viewer(elem_id="restora-view")
        with gr.Row():
            self.download = gr.DownloadButton(
                "Download", visible=False, variant="primary", elem_id="restora-download"
            )
            self.archive = gr.DownloadButton("Download all (zip)", visible=False, elem_id="restora-zip")
        with gr.Accordion("More", open=False):
            self._lay_out_more()
        with gr.Accordion("Compare weights on a part first", open=False):
            gr.Markdown(
                "Click into the picture to choose the part, or move it into the middle and press Enter; else one with much detail is taken."
            )
            self.tried = gr.Dropdown(
                [("auto: whatever is found", AUTO), *self.offer.weights],
                value=[name for name in TRIED if name == AUTO or name in self.offer.weights],
                multiselect=True,
                label="Weights, a column each",
            )
            self.compare = gr.Button("Compare", elem_id="restora-compare")
            self.trials = gr.HTML(elem_id="restora-trials")

    def _lay_out_more(self) -> None:
        with gr.Row():
            self.task = gr.Dropdown(self.tasks, value=AUTO, label="What is wrong", min_width=260)
            self.weights = gr.Dropdown(
                [("the best for it", ""), *self.offer.weights], value="", label="Weights", min_width=260
            )
        with gr.Row():
            self.strength = gr.Slider(
                0, 1, value=1, step=0.05, label="Strength: 1 is all of it, 0 is as it came", min_width=260
            )
            self.engine = gr.Dropdown(list(ENGINES), value="auto", label="Engine", min_width=120)
            self.tile = gr.Dropdown(list(TILES), value="auto", label="Tile, pixels", min_width=120)
        with gr.Row():
            formats = [
                (each.name, each.suffixes[0][1:])
                for each in FORMATS
                if each.dtypes and not lacks_package(each)
            ]
            self.file_format = gr.Dropdown(
                [("as it came", ""), *formats], value="", label="Written as", min_width=160
            )
            self.quality = gr.Slider(
                0, 100, value=0, step=1, label="Quality of formats with loss; 0: as it came", min_width=260
            )

    def _wire(self) -> None:
        chosen = [
            *(self.task, self.weights, self.strength, self.engine, self.tile),
            *(self.file_format, self.quality),
        ]
        parts = ("drop", "found", "go", "stop", "clear", "status", "view", "download", "archive", "gallery")
        everything = [getattr(self, name) for name in (*parts, "compare", "trials")]
        quiet: dict[str, Any] = {"show_progress": "hidden"}
        self.drop.upload(self.take, [self.drop, *chosen], everything, **quiet)
        self.camera.input(self._photographed, [self.camera, *chosen], everything, **quiet)
        self.go.click(self._restore, chosen, everything, **HEAVY)
        self.compare.click(self._compare, [self.tried, *chosen], everything, **HEAVY)
        self.stop.click(self.cancel, None, None, queue=False)
        self.clear.click(self._clear, None, everything, **quiet)
        self.gallery.select(self._select, None, [self.view, self.download], **quiet)
        self.view.select(self._point, None, self.view, **quiet)
        for choice in (self.task, self.weights):
            choice.input(self._describe, chosen, self.found, **quiet)
        self.film.wire(HEAVY)
        self.lessons.wire(chosen, everything, HEAVY)
        self.blocks.unload(self._leave)

    # What happens

    def take(self, files: list[str] | None, request: gr.Request, *chosen: Any) -> Iterator[Update]:
        """Take files that were uploaded, and say what was found in them."""
        visit, wish = self.visit(request), Wish(*chosen)
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
            yield {**self._shown(visit, wish, errors), self.drop: None, self.trials: ""}

    def _photographed(self, file: str | None, request: gr.Request, *chosen: Any) -> Iterator[Update]:
        yield from self.take([file] if file else None, request, *chosen)

    def _restore(self, request: gr.Request, *chosen: Any) -> Iterator[Update]:
        visit, wish = self.visit(request), Wish(*chosen)
        with visit.working():
            ended = ""
            try:
                for step in restored(visit, wish, self.offer):
                    yield {
                        **self._busy(),
                        self.status: words.progress(step),
                        self.found: words.pictures(visit.pictures, wish),
                    }
            except Exception as error:
                ended = words.ended(visit, error)
            yield {**self._shown(visit, wish), self.status: ended}

    def _compare(self, names: list[str], request: gr.Request, *chosen: Any) -> Iterator[Update]:
        visit, wish = self.visit(request), Wish(*chosen)
        with visit.working():
            made: list[Trial] = []
            ended = ""
            try:
                for trial in trials(visit, names or [], wish, self.offer):
                    made.append(trial)
                    yield {**self._busy(), self.view: self.viewed(visit), self.trials: words.trials(made)}
            except Exception as error:
                ended = words.ended(visit, error)
            yield {**self._shown(visit, wish), self.status: ended}

    def cancel(self, request: gr.Request) -> None:
        """Stop what is being done for whoever asks."""
        self.visit(request).stop.set()

    def _clear(self, request: gr.Request) -> Update:
        visit = self.visit(request)
        with visit.working():
            visit.clear()
        return {**self._shown(visit, Wish()), self.trials: ""}

    def _select(self, event: gr.SelectData, request: gr.Request) -> Update:
        visit = self.visit(request)
        with visit.working():
            if visit.pictures and isinstance(event.index, int) and 0 <= event.index < len(visit.pictures):
                visit.select(event.index)
            return {self.view: self.viewed(visit), self.download: self._download(visit)}

    def _point(self, event: gr.EventData, request: gr.Request) -> Any:
        visit = self.visit(request)
        across, down = float(event.across), float(event.down)
        visit.point = min(max(across, 0.0), 1.0), min(max(down, 0.0), 1.0)
        return self.viewed(visit)

    def _describe(self, request: gr.Request, *chosen: Any) -> str:
        return words.pictures(self.visit(request).pictures, Wish(*chosen))

    def _leave(self, request: gr.Request) -> None:
        if request.session_hash:
            self.visits.end(request.session_hash)

    # What is shown

    def visit(self, request: gr.Request) -> Visit:
        """Return the visit of whoever asks."""
        return self.visits[request.session_hash or ""]

    def viewed(self, visit: Visit) -> dict[str, Any] | None:
        """Return what the viewer shows of a visit."""
        if not visit.pictures:
            return None
        picture: Picture = visit.picture
        before, after = visit.views(picture, self.offer.max_pixels)
        return shown(f"{picture.file.relative}", picture.size, before, after, box_at(visit, picture))

    def _busy(self) -> Update:
        idle = (self.go, self.clear, self.compare)
        return {
            **{button: gr.update(interactive=False) for button in idle},
            self.stop: gr.update(interactive=True),
        }

    def _shown(self, visit: Visit, wish: Wish, errors: Sequence[str] = ()) -> Update:
        there = bool(visit.pictures)
        archive = zipped(visit) if len(visit.pictures) > 1 else None
        return {
            self.found: words.pictures(visit.pictures, wish, errors),
            self.status: "",
            self.go: gr.update(interactive=there),
            self.stop: gr.update(interactive=False),
            self.clear: gr.update(interactive=there),
            self.compare: gr.update(interactive=True),
            self.view: self.viewed(visit),
            self.download: self._download(visit),
            self.archive: gr.update(value=archive and str(archive), visible=archive is not None),
            self.gallery: gr.update(
                value=[(str(p.thumbnail), p.name) for p in visit.pictures], visible=len(visit.pictures) > 1
            ),
        }

    def _download(self, visit: Visit) -> Any:
        result = visit.picture.result if visit.pictures else None
        if result is None or result.target is None:
            return gr.update(visible=False)
        return gr.update(value=str(result.target), label=f"Download {result.target.name}", visible=True)
