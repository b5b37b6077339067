"""The tab for films."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from restora.restoration.choosing import AUTO
from restora.web import words
from restora.web.films import Film, film_restored
from restora.web.restoring import Step
from restora.web.viewer import shown, viewer

if TYPE_CHECKING:
    from restora.web.page import Page

HINT = """Restored frame by frame; sound, subtitles, times and colours stay as they are. It takes long: look at ten seconds first."""
PARTS = [("its first ten seconds", "10s"), ("all of it", "")]


class FilmTab:
    """A film, restored with a frame of it before and after; laid out where it is built.

    Args:
        page: Which it belongs to.
    """

    def __init__(self, page: "Page") -> None:
        self.page = page
        with gr.Tab("A film"):
            gr.Markdown(HINT)
            self.drop = gr.File(
                label="A film: drop it here, or click to choose", height=140, elem_id="restora-film"
            )
            with gr.Row():
                self.task = gr.Dropdown(page.tasks, value=AUTO, label="What is wrong with it", min_width=260)
                self.part = gr.Dropdown(PARTS, value="10s", label="How much of it", min_width=260)
                self.temporal = gr.Checkbox(
                    label="Fuse frames along the motion, against noise that flickers", min_width=260
                )
            with gr.Row():
                self.go = gr.Button("Restore the film", variant="primary", elem_id="restora-film-go")
                self.stop = gr.Button("Cancel", interactive=False, elem_id="restora-film-stop")
            self.said = gr.HTML(elem_classes="said", elem_id="restora-film-said")
            self.view = viewer(elem_id="restora-film-view")
            self.download = gr.DownloadButton(
                "Download", visible=False, variant="primary", elem_id="restora-film-download"
            )

    def wire(self, heavy: dict[str, Any]) -> None:
        """Say what happens when the tab is used; once the whole page is laid out."""
        parts = [self.go, self.stop, self.said, self.view, self.download]
        self.drop.upload(self._came, self.drop, None)
        self.go.click(self._film, [self.drop, self.task, self.part, self.temporal], parts, **heavy)
        self.stop.click(self.page.cancel, None, None, queue=False)

    def _came(self, file: str, request: gr.Request) -> None:
        self.page.visit(request).uploads.add(Path(file))  # goes with the visitor

    def _film(
        self, file: str | None, task: str, part: str, temporal: bool, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        visit = self.page.visit(request)
        if not file:
            yield {self.said: words.sentence("there is no film yet; drop one first", "refused")}
            return
        with visit.working():
            upload = Path(file)
            yield {
                self.go: gr.update(interactive=False),
                self.stop: gr.update(interactive=True),
                self.view: None,
                self.download: gr.update(visible=False),
            }
            try:
                for step in film_restored(visit, upload, task, part, bool(temporal), self.page.offer):
                    yield {self.said: words.progress(step)} if isinstance(step, Step) else self._done(step)
            except Exception as error:
                yield {self.said: words.ended(visit, error, upload)}
            yield {self.go: gr.update(interactive=True), self.stop: gr.update(interactive=False)}

    def _done(self, film: Film) -> dict[Any, Any]:
        name = film.target.name
        return {
            self.said: words.sentence("; ".join(film.notes)),
            self.view: shown(name, film.size, film.before, film.after),
            self.download: gr.update(value=str(film.target), label=f"Download {name}", visible=True),
        }
