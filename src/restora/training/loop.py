"""The training loop: crops -> degradation -> network -> loss -> weights, on Hugging Face Accelerate."""

import json
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.utils.data import DataLoader

from restora.atomic import claimed, write_file
from restora.datasets.crop_source import Crops
from restora.errors import RestoraError
from restora.json_lines import append_line
from restora.networks import RestorationNetwork, create_model
from restora.training.activation_checkpointing import blocks, checkpoint_activations
from restora.training.batches import StepBatches, Stretch, remaining_stretches
from restora.training.checkpoint import TrainingCheckpoint, load_checkpoint, save_checkpoint
from restora.training.divergence import DivergenceWatch
from restora.training.ema import ExponentialMovingAverage
from restora.training.interruption import Interruption, interruptions, leave_to_the_trainer
from restora.training.losses import LOSSES, TARGETS, multi_scale_loss
from restora.training.mixing import cutblur, mixup
from restora.training.optimizers import build_optimizer, set_learning_rate
from restora.training.processes import build_accelerator, divides
from restora.training.recipe import Recipe
from restora.training.schedules import learning_rate
from restora.training.sharded_checkpoint import read_parts, remove_parts, write_parts
from restora.training.sharding import compile_each, divide, divided_like, take_first_buffers, whole
from restora.training.sources import open_crops
from restora.training.validation import Validation, open_validation

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What the loop tells about a step.

    Attributes:
        step: Steps done.
        loss: Mean loss since the last report.
        error: Mean absolute error of the output since the last report, in grey levels of 255.
        learning_rate: Learning rate of this step.
        seconds_per_step: Mean since the last report.
        images_per_second: Crops, of all processes together.
        score: Validation score by the recipe's protocol, in the steps that validate.

    Example:
        >>> report = Report(50, loss=0.03, error=4.1, learning_rate=1e-3, seconds_per_step=0.5, images_per_second=16)
        >>> f"step {report.step}: {report.error} grey levels"
        'step 50: 4.1 grey levels'
    """

    step: int
    loss: float
    error: float
    learning_rate: float
    seconds_per_step: float
    images_per_second: float
    score: float | None = None


class AllScales(nn.Module):
    """A network as training sees it: every supervised scale, smallest first."""

    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> list[Tensor]:
        """Restore (B, C, H, W) at all scales."""
        return self.network.forward_scales(x)


@dataclass
class Trainer:
    """One training run in a folder of its own.

    Files of the run: ``last.pt`` (state to resume from), ``best.pt`` (the state with the best validation
    score), ``log.jsonl`` (a line for each report), ``samples/`` (pictures of the last validation),
    ``recipe.json``.

    Args:
        recipe: What to train.
        folder: Folder of the run; made if missing.
        report: Called every ``report_every`` steps.
        progress: Called with the steps done and, where there is something to say, words: after each step, when the network
            is compiled, and in the handler of a signal.
        report_every: Steps between reports.

    Raises:
        RestoraError: A batch that the processes cannot share evenly, an impossible model, a missing package.

    Example:
        >>> from restora.training import load_recipe
        >>> trainer = Trainer(load_recipe("photos/denoise-laptop"), Path("run"))
        >>> trainer.step, trainer.best
        (0, None)
    """

    recipe: Recipe
    folder: Path
    report: Callable[[Report], None] = lambda report: None
    report_every: int = 50
    progress: Callable[[int, str], None] = lambda step, words: None
    network: RestorationNetwork = field(init=False)
    ema: ExponentialMovingAverage = field(init=False)
    step: int = field(init=False, default=0)
    best: float | None = field(init=False, default=None)
    divided: AllScales | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Build the network and the optimiser; nothing is read or written yet."""
        torch.manual_seed(self.recipe.seed)
        self.accelerator = build_accelerator(self.recipe, self.folder)
        self.network = self._fresh_network()
        if self.accelerator.num_processes > 1 and self.accelerator.device.type == "cuda":
            synchronised = nn.SyncBatchNorm.convert_sync_batchnorm
            self.network = synchronised(self.network)  # type: ignore[no-untyped-call]
        dividing = divides(self.recipe) and self.accelerator.num_processes > 1
        if dividing and self.recipe.compile:
            compile_each(blocks(self.network))
        if self.recipe.checkpoint_activations:
            checkpoint_activations(self.network)
        if dividing:
            self.divided = AllScales(self.network)
            divide(self.divided, blocks(self.network), self.accelerator.device)
        self.optimizer = build_optimizer(self.network, self.recipe.optimizer)
        self.ema = ExponentialMovingAverage(self.network, self.recipe.ema)
        self._resumed_from: set[str] = (
            set()
        )  # files that last.pt names until it is written again, also as a copy of best.pt
        self.losses = [(LOSSES[term.kind], term.weight) for term in self.recipe.losses]
        parts = self.accelerator.num_processes * self.recipe.accumulate
        for stage in self.recipe.stages:
            if stage.batch % parts:
                raise RestoraError(
                    f"a batch of {stage.batch} cannot be shared by {self.accelerator.num_processes} processes"
                    f" in accumulate: {self.recipe.accumulate} parts each; take a multiple of {parts}"
                )

    def initialise(self, weights: dict[str, Tensor]) -> None:
        """Start from other weights instead of fresh ones (``--init``).

        Those of a network for one view start one for two: each view counts half.

        Raises:
            RestoraError: They belong to another network.
        """
        own = self.network.state_dict()
        try:
            weights = self.network.from_one_view(weights)
            self.network.load_state_dict(
                {name: divided_like(value, own.get(name, value)) for name, value in weights.items()}
            )
        except (KeyError, RuntimeError) as error:
            model = self.recipe.model
            raise RestoraError(
                f"the weights to start from are not those of a {model.architecture}/{model.variant}"
                " as the recipe has it; change model, or take other weights"
            ) from error
        self.ema = ExponentialMovingAverage(self.network, self.recipe.ema)

    def resume(self) -> None:
        """Go on from the folder's last checkpoint.

        Raises:
            RestoraError: There is none, it is damaged, or it belongs to another network or optimizer.
        """
        file = self.folder / "last.pt"
        checkpoint = load_checkpoint(file)
        try:
            same = json.loads(checkpoint.recipe)["model"] == json.loads(self.recipe.model.model_dump_json())
            if same:
                checkpoint = read_parts(file, checkpoint, self.network, self.optimizer)
                self.network.load_state_dict(checkpoint.network)
                self.ema.load_state_dict(checkpoint.ema, checkpoint.ema_updates)
                self.optimizer.load_state_dict(checkpoint.optimizer)
        except RestoraError:
            raise
        except Exception as error:  # whatever a damaged state makes of its readers
            raise RestoraError(
                f"{file}: not the state of a training by this recipe, or damaged; use another folder, or the recipe that"
                " the run began with"
            ) from error
        if not same:
            raise RestoraError(f"{self.folder}: the run there trains another network; use another folder")
        if self.accelerator.scaler is not None and checkpoint.scaler:
            self.accelerator.scaler.load_state_dict(checkpoint.scaler)
        self.step, self.best, self._resumed_from = checkpoint.step, checkpoint.best, set(checkpoint.parts)

    def run(self) -> bool:
        """Train to the end of the recipe.

        Returns:
            Whether the end was reached; an interrupt (Ctrl-C, SIGTERM) saves, then returns False.

        Raises:
            RestoraError: No data, another run in the folder, or the loss is not finite or explodes; the last good
                checkpoint stays.
        """
        with claimed(self.folder / "last.pt") if self.accelerator.is_main_process else nullcontext():
            return self._run()

    def _run(self) -> bool:
        crops, validation = open_crops(self.recipe), open_validation(self.recipe)
        self._open_folder()
        self.watch = DivergenceWatch(self.recipe.explosion, self.folder)
        self.accelerator.init_trackers(self.recipe.name, config={"recipe": self.recipe.model_dump_json()})
        with interruptions(lambda words: self.progress(self.step, words)) as stop:
            for stretch in remaining_stretches(self.recipe.stages, self.step):
                crops = crops.with_stage(stretch.stage.patch, stretch.stage.batch)
                if self._run_stretch(stretch, crops, validation, stop):
                    break
        self.save()
        self.ema.averages = self.ema.state_dict()  # whole, for whoever asks when the other processes are gone
        self.accelerator.wait_for_everyone()  # the checkpoint is there when any process returns
        self.accelerator.end_training()
        return self.step == self.recipe.steps

    def _run_stretch(
        self, stretch: Stretch, crops: Crops, validation: Validation | None, stop: Interruption
    ) -> bool:
        """Train what is left of a stage; return whether an interrupt ended it."""
        accelerator, every = self.accelerator, self.recipe.validation.every
        if stretch.starts_anew:
            self.optimizer = build_optimizer(self.network, self.recipe.optimizer)
        module: Any = (self.divided or AllScales(self.network)).train()
        optimizer = accelerator.prepare(self.optimizer)
        if self.divided is None:
            module = accelerator.prepare(torch.compile(module) if self.recipe.compile else module)
        batches: DataLoader[Any] = DataLoader(
            crops,  # type: ignore[arg-type]
            batch_sampler=StepBatches(stretch, accelerator.process_index, accelerator.num_processes),
            num_workers=self.recipe.data.workers,
            pin_memory=accelerator.device.type == "cuda",
            worker_init_fn=leave_to_the_trainer,
        )
        measured: list[Tensor] = []
        start = time.perf_counter()
        stopped, compiling = False, self.recipe.compile
        if compiling:
            self.progress(self.step, "compiling, a minute or more")
        for batch in batches:
            try:
                measured.append(
                    self._train_step(module, optimizer, batch, stop.at_once() if compiling else nullcontext())
                )
            except KeyboardInterrupt:  # before the network was compiled
                stopped = True
                break
            except Exception:  # a network may choke on the weights that a loss of no value has left
                self.watch.check_finite(measured, self.step)
                raise
            self.step += 1
            self.progress(self.step, "compiled" if compiling else "")
            stopped, compiling = stop(), False
            validate = validation is not None and self.step % every == 0
            save = self.step % self.recipe.save_every == 0
            # The last steps are looked at as well, since the run saves what they leave.
            last = stopped or self.step == stretch.last_step
            if save or validate or last or self.step % self.report_every == 0:
                self.watch.check(measured, self.step)
                self.watch.check_weights(map(whole, self.network.state_dict().values()), self.step)
                losses, errors = torch.stack(measured).unbind(1)
                seconds = (time.perf_counter() - start) / len(losses)
                score = self._validate(validation) if validation is not None and validate else None
                facts = float(losses.mean()), float(errors.mean()), self._learning_rate(self.step - 1)
                self._log(Report(self.step, *facts, seconds, stretch.stage.batch / seconds, score))
                if save:
                    self.save()
                measured, start = [], time.perf_counter()
            if stopped:
                break
        accelerator.free_memory()  # it would keep what it has prepared for each stage
        return stopped

    def _train_step(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        batch: Tensor | list[Tensor],
        gradients: AbstractContextManager[None],
    ) -> Tensor:
        """Take a step, its gradients in a context; return the loss and the mean absolute error in grey levels, of all processes: (2,)."""
        of_degradation, of_network = self._seeds()
        torch.manual_seed(of_network)  # some draw in training, such as KiT its rotations
        degraded, clean = self._pairs(batch, of_degradation)
        set_learning_rate(optimizer, self._learning_rate(self.step))
        parts = list(
            zip(degraded.chunk(self.recipe.accumulate), clean.chunk(self.recipe.accumulate), strict=True)
        )
        measured = torch.zeros(2, device=clean.device)
        if self.divided is not None:
            take_first_buffers(self.network)
        with gradients:
            for number, (x, target) in enumerate(parts, start=1):
                share = len(x) / len(clean)
                with nullcontext() if number == len(parts) else self.accelerator.no_sync(module):
                    with self.accelerator.autocast():
                        restored = [output.float() for output in module(x)]
                    loss = multi_scale_loss(
                        restored, target, self.losses, self.recipe.scale_weights, TARGETS[self.recipe.targets]
                    )
                    self.accelerator.backward(share * loss)
                error = 255 * (restored[-1].detach() - target).abs().mean()
                measured += share * torch.stack([loss.detach(), error])
        if self.recipe.optimizer.clip is not None:
            self.accelerator.clip_grad_norm_(module.parameters(), self.recipe.optimizer.clip)
        optimizer.step()
        optimizer.zero_grad()
        self.ema.update(self.network)
        shared: Tensor = self.accelerator.reduce(measured, "mean")
        return shared

    def _pairs(self, batch: Tensor | list[Tensor], seed: int) -> tuple[Tensor, Tensor]:
        """Bring a batch of clean crops or of pairs to the device, and degrade what is clean."""
        device, layout = self.accelerator.device, torch.channels_last
        if isinstance(batch, Tensor):
            clean = batch.to(device, memory_format=layout, non_blocking=True)
            degrade = self.recipe.degrade
            assert degrade is not None  # the recipe has seen to it
            degraded = degrade(clean, Generator(device).manual_seed(seed))
        else:
            degraded, clean = (part.to(device, memory_format=layout, non_blocking=True) for part in batch)
        random = np.random.default_rng((seed, 1))
        if self.recipe.cutblur:
            degraded = cutblur(degraded, clean, self.recipe.cutblur, random)
        if self.recipe.mixup:
            degraded, clean = mixup(degraded, clean, self.recipe.mixup, random)
        return degraded, clean

    def _seeds(self) -> list[int]:
        """Draw seeds of the degradation and of the network.

        They follow from the recipe's seed, the step and the process alone, so a resumed run draws the same.
        """
        entropy = np.random.SeedSequence((self.recipe.seed, self.step, self.accelerator.process_index))
        return [int(word >> np.uint64(1)) for word in entropy.generate_state(2, np.uint64)]

    def _learning_rate(self, step: int) -> float:
        return learning_rate(step, self.recipe.optimizer, self.recipe.stages)

    def _validate(self, validation: Validation) -> float:
        """Score the averaged weights, write sample pictures, and keep the state if it is the best so far."""
        network = self.averaged_network()
        self.watch.check_weights(network.state_dict().values(), self.step)
        share = slice(self.accelerator.process_index, None, self.accelerator.num_processes)
        scores = validation.scores(network, self.folder / "samples", share)
        total = torch.tensor(scores, device=self.accelerator.device).sum()
        score = float(self.accelerator.reduce(total, "sum")) / len(validation.images)
        if self.best is None or score > self.best:
            self.best = score
            self.save("best.pt")
        return score

    def averaged_network(self) -> RestorationNetwork:
        """Return a network of its own with the averaged weights, in evaluation mode; until `run` ends, in all processes together."""
        network = self._fresh_network()
        network.load_state_dict(self.ema.state_dict())
        return network.eval()

    def _fresh_network(self) -> RestorationNetwork:
        model = self.recipe.model
        network = create_model(model.architecture, model.variant, **model.overrides)
        return network.to_device(self.accelerator.device)

    def _open_folder(self) -> None:
        if self.accelerator.is_main_process:
            write_file(self.folder / "recipe.json", self.recipe.model_dump_json(indent=2))
        self.accelerator.wait_for_everyone()

    def save(self, name: str = "last.pt") -> None:
        """Write a checkpoint into the folder; all processes together."""
        first = self.accelerator.is_main_process
        if not first and self.divided is None:
            return
        state = TrainingCheckpoint(
            step=self.step,
            network=self.network.state_dict(),
            ema=self.ema.state_dict(),
            ema_updates=self.ema.updates,
            optimizer=self.optimizer.state_dict(),
            recipe=self.recipe.model_dump_json(),
            best=self.best,
            scaler=self.accelerator.scaler.state_dict() if self.accelerator.scaler is not None else {},
        )
        path = self.folder / name
        if self.divided is not None:
            state = write_parts(path, state)
        if first:
            save_checkpoint(path, state)
            if name == "last.pt":
                self._resumed_from = set()
            remove_parts(path, keep={*state.parts, *self._resumed_from})

    def words(self, report: Report) -> str:
        """Tell a report in words, with the protocol of its score."""
        score = (
            f", {report.score:.2f} ({self.recipe.validation.protocol})" if report.score is not None else ""
        )
        return f"loss {report.loss:.4f}, {report.images_per_second:.1f} images/s{score}"

    def _log(self, report: Report) -> None:
        numbers = {name: value for name, value in vars(report).items() if value is not None}
        self.accelerator.log(numbers, step=report.step)
        if not self.accelerator.is_main_process:
            return
        append_line(self.folder / "log.jsonl", vars(report))
        logger.info("step %d/%d: %s", report.step, self.recipe.steps, self.words(report))
        self.report(report)
