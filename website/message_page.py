"""Every message that a user may meet, from the code that raises it, under the entry that the program names behind it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
RAISED = {
    **dict.fromkeys(
        ("RestoraError", "MissingPackageError", "DivergedError", "Cancelled", "HTTPException"), "{}"
    ),
    **dict.fromkeys(
        ("UndecodableError", "UnsupportedError", "TooLargeError", "MemoryNeededError"), "FILE: {}"
    ),
    "damaged": "FILE: the file is damaged ({}); get a complete copy from its source",
    "cut_short": "FILE: the file is cut short; get a complete copy from its source",
    "unsupported": "FILE: {} is not supported; convert it first",
    "ValueError": "{}",
}
"""What makes messages -> what is said around its words before a user meets them."""


@dataclass(frozen=True)
class Message:
    """A message as it stands in the code.

    Attributes:
        module: Where it is raised, such as ``restora.images.reading``.
        function: The function that raises it.
        text: Its words; what is put in is written in capitals, or as ``...``.
        cause: What the docstring of the function says about errors, or else what it does.
    """

    module: str
    function: str
    text: str
    cause: str

    @property
    def remedy(self) -> str:
        """What stands behind the semicolon."""
        return self.text.rpartition("; ")[2] if "; " in self.text else ""


@cache
def modules() -> dict[str, ast.Module]:
    """Return the modules of the package, parsed, by name."""
    return {
        ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_text(encoding="utf-8")
        )
        for file in sorted(SOURCE.rglob("*.py"))
    }


@cache
def messages() -> tuple[Message, ...]:
    """Collect the messages of the package, module by module."""
    return tuple(
        message for name, tree in modules().items() for message in _within(tree, name, "", _cause(tree))
    )


def _within(node: ast.AST, module: str, function: str, cause: str) -> Iterator[Message]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _within(child, module, child.name, _cause(child) or cause)
            continue
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in RAISED:
            spoken = child.args[1:] if child.func.id == "HTTPException" else child.args  # behind the code
            text = RAISED[child.func.id].format(_template(spoken[0]) if spoken else "")
            yield Message(module, function, " ".join(text.split()), cause)
        elif words := _kept_words(child):
            yield Message(module, function, f"FILE: {words}", cause)
        yield from _within(child, module, function, cause)


def _kept_words(node: ast.AST) -> str:
    """Return what a function returns, or a table at the top of a module holds, if it is a message with its remedy."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.JoinedStr | ast.Constant):
        text = _template(node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value if hasattr(node, "in_table") else ""
    else:
        for value in node.values if isinstance(node, ast.Dict) else ():
            value.in_table = True  # type: ignore[attr-defined]
        return ""
    return text if re.fullmatch(r"[a-z][^\n]*[a-z)]; [a-z][^\n]*", text) else ""


@cache
def _constants() -> dict[str, str]:
    """Return the texts that modules name at their top."""
    statements = [node for tree in modules().values() for node in tree.body]
    return {
        node.targets[0].id: node.value.value
        for node in statements
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def _cause(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module) -> str:
    documentation = ast.get_docstring(node) or ""
    raises = re.search(r"^\s+RestoraError: ((?:.|\n(?!\s*\n|\S))+)", documentation, re.MULTILINE)
    return " ".join((raises[1] if raises else documentation.partition("\n")[0]).split())


def _template(node: ast.expr) -> str:
    match node:
        case ast.Constant(str() as text):
            return text
        case ast.JoinedStr(values):
            return "".join(map(_template, values))
        case ast.FormattedValue(value) | ast.Starred(value):
            return _template(value)
        case ast.BinOp(left, ast.Add(), right):
            return _template(left) + _template(right)
        case ast.Name(name) if name in _constants():
            return _constants()[name]
        case ast.Name(name) | ast.Attribute(attr=name):
            return "..." if name == "error" else name.strip("_").upper()
        case _:
            return "..."


def page(advice: str) -> str:
    """Write the part of the page that lists all messages.

    Args:
        advice: The hand-written part; a message is led to the heading whose words are in it.
    """
    headings = re.findall(r"^### (.+)$", advice, re.MULTILINE)
    text, module = "", ""
    for message in dict.fromkeys(messages()):
        if message.module != module:
            module = message.module
            text += f"\n### {module.removeprefix('restora.')} {{ #{anchor(module)} }}\n\n| message | cause | remedy |\n|---|---|---|\n"
        if not re.search("[a-z]", message.text):  # passed on; its words stand where they come from
            continue
        more = [f"[more](#{_slug(one)})" for one in headings if one in message.text]
        words = [message.text, message.cause, message.remedy]
        plain = [re.sub(r"(?<=\w)`|`(?=\w)", "", word) for word in words]
        shown = [re.sub(r"([|<>*_`\[\]{}])", r"\\\1", word).replace(r"\<", "&lt;") for word in plain]
        text += f"| {shown[0]} | {shown[1]} | {' '.join([shown[2], *more])} |\n"
    return text


def anchor(module: str) -> str:
    """Return the anchor of a module's messages, which `restora.errors.RestoraError.entry` names too."""
    return module.removeprefix("restora.").replace(".", "-")


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
