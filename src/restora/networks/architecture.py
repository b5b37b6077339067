"""A published network as one object: what it is called, how large it comes, how its weights are recognised and named."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor
from torch.overrides import TorchFunctionMode

from restora.errors import RestoraError, first_problem, shortened
from restora.networks.contract import Requirements, RestorationNetwork

State = Mapping[str, Tensor]

MAX_SIZE = 512
"""Sum of the numbers of a configuration, but for its seed; the largest published one has 190."""
MAX_PARAMETERS = 500_000_000
"""Of a network: 2 GB in float32; the largest published one has 33 million."""


@dataclass(frozen=True, eq=False)
class Architecture:
    """A published network.

    Attributes:
        name: Name in the registry, and of its page in ``docs/networks``: lower case with underscores.
        title: Name as the paper prints it.
        paper: Title, venue and year.
        network: Class of the module, built from a config.
        variants: Named configurations, frozen dataclasses of one type; the first is the published one.
        hyper_parameters: Tells fields of the configuration from the keys and shapes of an official state dict; raises
            KeyError, IndexError or ValueError where it is another architecture's.
        official_names: Pairs of a regular expression and its replacement that, applied one after the other, turn one
            of our keys into the authors'; none where the authors published no weights.
        constants: Function of the weights under the authors' keys that returns what their files hold besides, always
            with the same values.
        stages: Modules of the encoder whose outputs `FeatureMaps` returns, from full size down.

    Example:
        >>> from restora.networks import architecture
        >>> chair = architecture("chair")
        >>> chair.title, next(iter(chair.variants)), chair.configure({"width": 8}).width
        ('ChaIR', 'base', 8)
    """

    name: str
    title: str
    paper: str
    network: type[RestorationNetwork]
    variants: Mapping[str, Any]
    hyper_parameters: Callable[[State], dict[str, Any]]
    official_names: tuple[tuple[str, str], ...] = ()
    constants: Callable[[State], dict[str, Tensor]] = lambda weights: {}
    stages: tuple[str, ...] = ()

    @property
    def published(self) -> Any:
        """Configuration of the published network."""
        return next(iter(self.variants.values()))

    def configure(self, values: Mapping[str, Any]) -> Any:
        """Build a configuration from plain values, as a weights card holds them (lists for tuples).

        Raises:
            RestoraError: Unknown field, or a value of another type, out of range or beyond `MAX_SIZE`.
        """
        known = asdict(self.published)
        if unknown := sorted(values.keys() - known.keys()):
            raise RestoraError(
                f"{self.title} has no hyper-parameter {', '.join(unknown)}; it has: {', '.join(known)}"
            )
        try:
            return self._affordable(self._checked(values))
        except ValidationError as error:
            place, words = first_problem(error)
            raise RestoraError(f"{self.title}: {' '.join((*place, words))}") from error

    def _checked(self, values: Mapping[str, Any]) -> Any:
        return TypeAdapter(type(self.published)).validate_python(asdict(self.published) | dict(values))

    def _affordable(self, config: Any) -> Any:
        # Building takes as long as all of them together.
        if not sum(map(abs, _numbers(asdict(config).items()))) <= MAX_SIZE:
            raise RestoraError(
                f"{shortened(str(config))} is beyond what restora builds; its numbers may add up to {MAX_SIZE}"
            )
        return config

    def variant(self, name: str) -> Any:
        """Return a named configuration.

        Raises:
            RestoraError: There is none of that name; the message lists those there are.
        """
        if name not in self.variants:
            known = ", ".join(self.variants)
            raise RestoraError(f"unknown variant {name!r} of {self.name}; there are: {known}")
        return self.variants[name]

    def build(self, config: Any) -> RestorationNetwork:
        """Build a network with fresh weights.

        Raises:
            RestoraError: It would have more parameters than `MAX_PARAMETERS`.
        """
        parameters = sum(parameter.numel() for parameter in self.on_meta(config).parameters())
        if parameters > MAX_PARAMETERS:
            raise RestoraError(
                f"{self.title} of this size has {parameters:,} parameters, but at most {MAX_PARAMETERS:,} are built;"
                " take a smaller width or fewer blocks"
            )
        return self.network(config)

    def on_meta(self, config: Any) -> RestorationNetwork:
        """Build a network without values, for its keys and shapes."""
        with torch.device("meta"), _Undrawn():
            return self.network(config)

    def requirements(self, config: Any) -> Requirements:
        """Return what the network of a configuration asks of images and batches."""
        return _requirements_of(self, config)

    def official_name(self, name: str) -> str:
        """Return the authors' key of one of our keys.

        Example:
            >>> from restora.networks import architecture
            >>> architecture("chair").official_name("encoder_half.3.attention.1.cascade.0.0.weight")
            'Encoder.1.layers.3.sfconv.convll.0.weight'
        """
        for pattern, replacement in self.official_names:
            name = re.sub(pattern, replacement, name)
        return name

    def to_official(self, weights: State) -> dict[str, Tensor]:
        """Return weights under our keys as the authors' code saves them."""
        official = {self.official_name(key): value for key, value in weights.items()}
        return official | self.constants(official)

    def from_official(self, official: State, config: Any) -> dict[str, Tensor]:
        """Return an official state dict under our keys; the tensors stay as they are.

        Args:
            official: As the authors' code saves it.
            config: Configuration that `recognise` found.

        Raises:
            RestoraError: Keys are missing or left over, or a constant has another value; the message names them.
        """
        names = {self.official_name(name): name for name in self.on_meta(config).state_dict()}
        constants = self.constants({key: official[key] for key in names if key in official})
        expected = names.keys() | constants.keys()
        missing, left_over = expected - official.keys(), official.keys() - expected
        if missing or left_over:
            raise RestoraError(
                f"the state dict looks like {self.title}"
                f" but {some(missing)} are missing and {some(left_over)} left over"
            )
        changed = {key for key, value in constants.items() if not torch.equal(official[key], value)}
        if changed:
            raise RestoraError(
                f"{self.title}'s files always hold the same constants, but {some(changed)} have other values"
            )
        return {ours: official[theirs] for theirs, ours in names.items()}

    def recognise(self, official: State) -> Any:
        """Tell the configuration from an official state dict; ``None`` when it is another architecture's.

        What keys and shapes cannot tell (dilations, say) is that of the named variant that looks the same, or else of
        the published one.
        """
        config = self._seen_in(official)
        return config if config is None else self.variants.get(self.variant_of(config) or "", config)

    def variant_of(self, config: Any) -> str | None:
        """Return the first named variant with the keys and shapes of a configuration; ``None`` if there is none."""
        for name, variant in self.variants.items():
            if config in (variant, _seen_of(self, name)):
                return name
        return None

    def _seen_in(self, official: State) -> Any:
        try:
            config = self._checked(self.hyper_parameters(official))
        except (KeyError, IndexError, ValueError, ArithmeticError):
            return None
        return self._affordable(config)


def _numbers(values: Iterable[tuple[str, Any]]) -> Iterator[float]:
    for name, value in values:
        if isinstance(value, tuple):
            yield from _numbers((name, part) for part in value)
        elif isinstance(value, int | float) and name != "seed":
            yield value


class _Undrawn(TorchFunctionMode):
    """Draws no values, which a network on meta has none of: drawing normal ones imports torch's compiler, 1.5 s."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is Tensor.normal_ or func is Tensor.uniform_:
            return args[0]
        return func(*args, **(kwargs or {}))


@cache
def _requirements_of(architecture: Architecture, config: Any) -> Requirements:
    return architecture.on_meta(config).requirements


@cache
def _seen_of(architecture: Architecture, variant: str) -> Any:
    """Return the configuration that is told from the keys and shapes of a named variant."""
    network = architecture.on_meta(architecture.variants[variant])
    return architecture._seen_in(architecture.to_official(network.state_dict()))


def some(keys: Iterable[str]) -> str:
    """Count keys and name the first few of them."""
    ordered = [shortened(key) for key in sorted(keys)]
    shown = ", ".join(ordered[:3]) + (", ..." if len(ordered) > 3 else "")
    return f"{len(ordered)} keys" + (f" ({shown})" if ordered else "")
