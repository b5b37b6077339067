"""The training loop: clean crops -> degradation -> network -> loss -> weights, on Hugging Face Accelerate."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.utils.data import DataLoader

from restora.datasets import PhotoCrops
from restora.degradations import Degradation, GaussianNoise
from restora.errors import RestoraError
from restora.networks import create_model
from restora.training.batches import StepBatches, Stretch, remaining_stretches
from restora.training.checkpoint import TrainingCheckpoint, load_checkpoint, save_checkpoint
from restora.training.ema import ExponentialMovingAverage
from restora.training.losses import LOSSES, TARGETS, multi_scale_loss
from restora.training.recipe import Recipe
from restora.training.schedules import warmup_cosine

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Report:
    """What the loop tells about a step.

    Attributes:
        step: Steps done.
        loss: Mean loss since the last report.
        learning_rate: Of this step.
        seconds_per_step: Mean since the last report.
        psnr: Validation score in dB, in the steps that validate.
    """

    step: int
    loss: float
    learning_rate: float
    seconds_per_step: float
    psnr: float | None = None


class AllScales(nn.Module):
    """A network as training sees it: every supervised scale, smallest first."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.scales: Callable[[Tensor], list[Tensor]] = getattr(
            network, "forward_scales", lambda x: [network(x)]
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Restore (B, 3, H, W) at all scales."""
        return self.scales(x)


@dataclass
class Trainer:
    """One training run in a folder of its own.

    Files of the run: ``last.pt`` (state to resume from), ``log.jsonl`` (a line for each report), ``recipe.json``.

    Args:
        recipe: What to train.
        folder: Of the run; made if missing.
        validate: Scores a network in dB, called every ``recipe.validate_every`` steps with the averaged weights.
        report: Called every ``report_every`` steps.
        report_every: Steps between reports.

    Raises:
        RestoraError: No photographs, a batch that the processes cannot share evenly, an impossible model.
    """

    recipe: Recipe
    folder: Path
    validate: Callable[[nn.Module], float] | None = None
    report: Callable[[Report], None] = lambda report: None
    report_every: int = 50
    network: nn.Module = field(init=False)
    ema: ExponentialMovingAverage = field(init=False)
    step: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Build the network, the optimiser and the data; nothing is written yet."""
        torch.manual_seed(self.recipe.seed)
        model = self.recipe.model
        self.accelerator = _accelerator(self.recipe.precision)
        self.network = create_model(model.architecture, model.variant, **model.overrides)
        self.network.to(self.accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        settings = self.recipe.optimizer
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.ema = ExponentialMovingAverage(self.network, self.recipe.ema)
        self.degradation: Degradation = GaussianNoise(self.recipe.degradation.sigma)
        self.losses = [(LOSSES[term.kind], term.weight) for term in self.recipe.losses]
        for stage in self.recipe.stages:
            if stage.batch % self.accelerator.num_processes:
                raise RestoraError(
                    f"a batch of {stage.batch} cannot be shared by {self.accelerator.num_processes} processes;"
                    " take a multiple of them"
                )

    def initialise(self, weights: dict[str, Tensor]) -> None:
        """Start from other weights instead of fresh ones (``--init``)."""
        self.network.load_state_dict(weights)
        self.ema = ExponentialMovingAverage(self.network, self.recipe.ema)

    def resume(self) -> None:
        """Go on from the folder's last checkpoint.

        Raises:
            RestoraError: There is none, it is damaged, or it belongs to another network.
        """
        checkpoint = load_checkpoint(self.folder / "last.pt")
        if Recipe.model_validate_json(checkpoint.recipe).model != self.recipe.model:
            raise RestoraError(f"{self.folder}: the run there trains another network; use another folder")
        self.network.load_state_dict(checkpoint.network)
        self.ema.load_state_dict(checkpoint.ema, checkpoint.ema_updates)
        self.optimizer.load_state_dict(checkpoint.optimizer)
        self.step = checkpoint.step

    def run(self) -> bool:
        """Train to the end of the recipe.

        Returns:
            Whether the end was reached; an interrupt (Ctrl-C, SIGTERM) saves, then returns False.

        Raises:
            RestoraError: The loss is not finite; the last good checkpoint stays.
        """
        if self.recipe.data.photos is None:
            raise RestoraError("the recipe names no photographs; add --set data.photos=FOLDER")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "recipe.json").write_text(self.recipe.model_dump_json(indent=2), encoding="utf-8")
        crops: PhotoCrops | None = None
        with _stop_on_signals() as stop:
            for stretch in remaining_stretches(self.recipe.stages, self.step):
                patch = stretch.stage.patch
                crops = (
                    crops.with_patch(patch)
                    if crops
                    else PhotoCrops.from_folder(
                        self.recipe.data.photos,
                        patch=patch,
                        seed=self.recipe.seed,
                        reduction=self.recipe.data.reduction,
                        gray=self.recipe.data.gray,
                    )
                )
                self._run_stretch(stretch, crops, stop)
                if stop.is_set():
                    break
        self.save()
        return self.step == self.recipe.steps

    def _run_stretch(self, stretch: Stretch, crops: PhotoCrops, stop: threading.Event) -> None:
        accelerator = self.accelerator
        module: Any = AllScales(self.network).train()
        if self.recipe.compile:
            module = torch.compile(module)
        module, optimizer = accelerator.prepare(module, self.optimizer)
        batches = DataLoader(
            crops,
            batch_sampler=StepBatches(stretch, accelerator.process_index, accelerator.num_processes),
            num_workers=self.recipe.data.workers,
            pin_memory=accelerator.device.type == "cuda",
        )
        losses: list[Tensor] = []
        start = time.perf_counter()
        for clean in batches:
            losses.append(self._train_step(module, optimizer, clean))
            self.step += 1
            psnr = self._validate() if self.step % self.recipe.validate_every == 0 else None
            save = self.step % self.recipe.save_every == 0
            if save or psnr is not None or self.step % self.report_every == 0:
                loss = float(torch.stack(losses).mean())
                self._check_finite(loss)
                seconds = (time.perf_counter() - start) / len(losses)
                self._log(Report(self.step, loss, self._learning_rate(self.step - 1), seconds, psnr))
                if save:
                    self.save()
                losses, start = [], time.perf_counter()
            if stop.is_set():
                return

    def _train_step(self, module: nn.Module, optimizer: torch.optim.Optimizer, clean: Tensor) -> Tensor:
        device = self.accelerator.device
        clean = clean.to(device, memory_format=torch.channels_last, non_blocking=True)
        degraded = self.degradation(clean, Generator(device).manual_seed(self._degradation_seed()))
        for group in optimizer.param_groups:
            group["lr"] = self._learning_rate(self.step)
        with self.accelerator.autocast():
            restored = module(degraded)
        loss = multi_scale_loss(
            [output.float() for output in restored],
            clean,
            self.losses,
            self.recipe.scale_weights,
            TARGETS[self.recipe.targets],
        )
        self.accelerator.backward(loss)
        if self.recipe.optimizer.clip is not None:
            self.accelerator.clip_grad_norm_(module.parameters(), self.recipe.optimizer.clip)
        optimizer.step()
        optimizer.zero_grad()
        self.ema.update(self.network)
        return loss.detach()

    def _degradation_seed(self) -> int:
        """Depend on the recipe's seed, the step and the process alone, so that a resumed run draws the same."""
        entropy = np.random.SeedSequence((self.recipe.seed, self.step, self.accelerator.process_index))
        return int(entropy.generate_state(1, np.uint64)[0] >> np.uint64(1))

    def _learning_rate(self, step: int) -> float:
        settings = self.recipe.optimizer
        return warmup_cosine(
            step,
            total=self.recipe.steps,
            warmup=settings.warmup,
            peak=settings.learning_rate,
            final=settings.final_learning_rate,
        )

    def _validate(self) -> float | None:
        if self.validate is None or not self.accelerator.is_main_process:
            return None
        return self.validate(self.averaged_network())

    def averaged_network(self) -> nn.Module:
        """Return a network of its own with the averaged weights, in evaluation mode."""
        model = self.recipe.model
        network = create_model(model.architecture, model.variant, **model.overrides)
        network.load_state_dict(self.ema.state_dict())
        return network.to(self.accelerator.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload, no-any-return]

    def _check_finite(self, loss: float) -> None:
        if loss != loss or abs(loss) == float("inf"):
            raise RestoraError(
                f"the loss is {loss} by step {self.step}; the last good checkpoint is kept in {self.folder}:"
                " resume with a lower optimizer.learning_rate or optimizer.clip"
            )

    def save(self) -> None:
        """Write the checkpoint ``last.pt`` of the folder."""
        if not self.accelerator.is_main_process:
            return
        state = TrainingCheckpoint(
            step=self.step,
            network=self.network.state_dict(),
            ema=self.ema.state_dict(),
            ema_updates=self.ema.updates,
            optimizer=self.optimizer.state_dict(),
            recipe=self.recipe.model_dump_json(),
        )
        save_checkpoint(self.folder / "last.pt", state)

    def _log(self, report: Report) -> None:
        if not self.accelerator.is_main_process:
            return
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(vars(report)) + "\n")
        self.report(report)


def _accelerator(precision: str) -> "Accelerator":
    """Set up devices, processes and precision.

    Raises:
        RestoraError: Accelerate is not installed.
    """
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise RestoraError("training needs Accelerate: pip install 'restora[train]'") from error
    if precision == "auto":
        precision = "bfloat16" if _computes_in_bfloat16() else "float32"
    return Accelerator(mixed_precision={"float32": "no", "bfloat16": "bf16", "float16": "fp16"}[precision])


def _computes_in_bfloat16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


@contextmanager
def _stop_on_signals() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into an event, so that the step at hand is finished and saved."""
    stop = threading.Event()

    def request(number: int, frame: FrameType | None) -> None:
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
