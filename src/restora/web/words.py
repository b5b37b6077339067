"""What the page says, as HTML; whatever comes from a file or is the name of one is escaped."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from restora.cancellation import Cancelled
from restora.errors import printable, shortened
from restora.progress import Pace, duration
from restora.web.restoring import Step, Wish
from restora.web.trials import Trial
from restora.web.visits import Picture, Visit


def said(name: str) -> str:
    """Return the name of a file, short and on one line, as HTML."""
    return escape(printable(shortened(name, 60)))


def pictures(found: Iterable[Picture], wish: Wish, errors: Iterable[str] = ()) -> str:
    """Say of each picture what was found and what would be done, or what was done."""
    rows = [f'<li class="refused">{escape(error)}</li>' for error in errors]
    rows += [_row(picture, wish) for picture in found]
    return f'<ul class="found" aria-live="polite">{"".join(rows)}</ul>' if rows else ""


def _row(picture: Picture, wish: Wish) -> str:
    width, height = picture.size
    result = picture.result
    if result is None:
        fate = f"will be {wish.plan(picture)}"
    elif result.error is not None:
        fate = f'<span class="refused">{escape(result.error)}</span>'
    elif result.status == "copied":
        fate = "left as it is: nothing was found to restore"
    else:
        weights = ", then ".join(str(used["weights"]) for used in result.used)
        fate = f"<strong>restored</strong> with {escape(weights)} in {duration(result.seconds)}"
    # Of an automatic choice, the first note repeats what was found.
    told = () if result is None else result.notes[1 if wish.task == "auto" and not wish.weights else 0 :]
    missing = picture.choice.notes[1:] if result is None and wish.task == "auto" else ()
    notes = "".join(f"<br><small>{escape(note)}</small>" for note in (*told, *missing))
    return (
        f"<li><b>{said(picture.name)}</b> <small>{width} × {height}, {escape(picture.depth)}</small><br>"
        f"Found: {escape(str(picture.choice.diagnosis))}; {fate}.{notes}</li>"
    )


def progress(step: Step) -> str:
    """Draw how far the work is, and say how long it will take."""
    pace = step.pace
    known = f' value="{pace.fraction:.3f}"' if pace.fraction > 0 else ""
    facts = [f"{pace.fraction:.0%}"] if known else []
    if pace.rate is not None and pace.seconds_left is not None and pace.fraction < 1:
        facts += [f"{pace.rate:.2f} {step.unit} a second", f"{duration(pace.seconds_left)} left"]
    line = " · ".join([said(step.words), *facts])
    return f'<div class="pace"><progress max="1"{known} aria-label="progress"></progress><span>{line}</span></div>'


def waiting(words: str) -> str:
    """Say that something is being done, of which nobody knows how long it takes."""
    return progress(Step(words, Pace(0.0)))


def sentence(text: str, kind: str = "done") -> str:
    """Return a message, of the kind ``"done"`` or ``"refused"``."""
    return f'<div class="pace {kind}" role="status">{escape(text)}</div>' if text else ""


def ended(visit: Visit, error: Exception, *files: Path) -> str:
    """Say why something ended before it was done."""
    if isinstance(error, Cancelled):
        return sentence("Cancelled; what was finished is there.")
    return sentence(visit.failure(error, *files), "refused")


def trials(made: Sequence[Trial]) -> str:
    """Show parts side by side, with what they took."""
    return f'<div class="trial" role="list">{"".join(map(_figure, made))}</div>'


def _figure(trial: Trial) -> str:
    took = f"{duration(trial.seconds)}; the whole about {duration(trial.whole)}" if trial.seconds else ""
    source = f"data:image/png;base64,{b64encode(trial.png).decode()}"
    name = escape(trial.name)
    return (
        f'<figure role="listitem"><img src="{source}" alt="the part, {name}">'
        f"<figcaption>{name}<small>{took}</small></figcaption></figure>"
    )
