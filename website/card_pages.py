"""Pages of the cards: recipes as they come with restora, benchmarks and protocols as it knows them."""

from restora.datasets import BENCHMARKS, Benchmark
from restora.metrics import PROTOCOLS
from restora.training import load_recipe
from restora.training.bundled import find_recipe, list_recipes


def recipes() -> str:
    """Write the page of the recipes: a table, then each as it is."""
    text = (
        "# Recipes\n\nThe trainings that come with restora: published ones under the name of their network, our own under `photos`. `restora train NAME` trains"
        " by one, `restora recipes show NAME > mine.yaml` begins one of your own; [every key](recipe-reference.md).\n\n"
        "| recipe | task | network | data | steps |\n|---|---|---|---|---:|\n"
    )
    for name in list_recipes():
        recipe = load_recipe(name)
        network = f"{recipe.model.architecture}/{recipe.model.variant}"
        data = getattr(recipe.data, "benchmark", recipe.data.kind)
        text += f"| [{name}](#{name.replace('/', '')}) | {recipe.task} | {network} | {data} | {recipe.steps:,} |\n"
    for name in list_recipes():
        text += f"\n## {name}\n\n```yaml\n{find_recipe(name).read_text(encoding='utf-8').strip()}\n```\n"
    return text


def benchmarks() -> str:
    """Write the page of the benchmarks and the protocols."""
    text = (
        "# Benchmarks and protocols\n\nWhat `restora benchmarks show NAME` and `restora protocols` print. No benchmark comes with restora; `restora"
        " benchmarks download` fetches those that a program may fetch. Weights have cards, too: [weights](weights.md).\n\n## Protocols\n\n"
        "| protocol | metrics | what is done | printed by |\n|---|---|---|---|\n"
    )
    for protocol in PROTOCOLS.values():
        cells = (f"`{protocol.name}`", ", ".join(protocol.metrics), protocol.description, protocol.papers)
        text += f"| {' | '.join(_cell(cell) for cell in cells)} |\n"
    return text + "".join(_benchmark(card) for card in BENCHMARKS.values())


def _benchmark(card: Benchmark) -> str:
    pairs = ", ".join(f"{split.name} {split.pairs or '?'}" for split in card.splits)
    rows = [
        ("name", f"`{card.name}`"),
        ("task", card.task),
        ("pairs", pairs),
        ("variants", ", ".join(card.variants)),
        ("images", f"{card.size}; {card.bits}-bit {card.format}"),
        ("pairing", card.pairing),
        *(("layout", f"`{tree}`") for tree in dict.fromkeys(layout.tree for layout in card.layouts)),
        *(("protocol", f"{protocol}, as {paper} scores") for paper, protocol in card.protocols.items()),
        ("licence", card.licence),
        ("source", f"<{card.source}>" if card.source.startswith("http") else card.source),
        *(("note", note) for note in card.notes),
    ]
    body = "".join(f"| {name} | {_cell(words)} |\n" for name, words in rows if words)
    return f"\n## {card.title}\n\n| | |\n|---|---|\n{body}"


def _cell(words: str) -> str:
    return (
        words.replace("|", r"\|")
        if words.startswith(("`", "<"))
        else words.replace("|", r"\|").replace("*", r"\*")
    )
