"""Every sentence that a user of the package may read, in one list.

``python -m tests.sentences`` prints it, to be read from top to bottom.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Sentence", "sentences"]

PACKAGE = Path(__file__).parents[1] / "retrodetect"
OPTIONS = {"Option", "Argument", "out_option", "_anchor", "_device", "_reading", "_tally"}
PRINTED = {"Text", "echo", "print", "_fail", "_say", "_say_rest"}


class Sentence(NamedTuple):
    """What may be read, and where it is written."""

    file: str
    line: int
    text: str


def sentences(folder: Path = PACKAGE) -> Iterator[Sentence]:
    """List errors with their remedies, help of options and commands, text of terminal and page."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        name = path.relative_to(PACKAGE).as_posix()
        for line, text in [*_calls(tree), *(_commands(tree) if name.startswith("cli/") else ())]:
            if " " in text.strip():
                yield Sentence(name, line, " ".join(text.split()))
    for path in sorted(folder.rglob("*.j2")):
        html = re.sub(r"<style>.*?</style>|{%.*?%}", " ", path.read_text("utf-8"), flags=re.DOTALL)
        for text in re.split(r"<[^>]*>", html):
            if len(re.sub(r"{{.*?}}", "", text).split()) > 2:
                yield Sentence(path.relative_to(PACKAGE).as_posix(), 0, " ".join(text.split()))


def _calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Text given to errors, options and whatever prints; warnings and notes by their names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "id", getattr(function, "attr", ""))
            is_error = name.endswith("Error") or name.startswith(("Unreadable", "Refused"))
            if is_error or name in OPTIONS | PRINTED | {"note", "warning"}:
                named = [part.value for part in node.keywords if part.arg in ("remedy", "help")]
                for part in [*node.args, *named]:
                    for text in _texts(part):
                        yield node.lineno, text
        elif isinstance(node, ast.Yield | ast.Return) and node.value is not None:
            # Warnings are yielded, or returned in a list.
            for part in node.value.elts if isinstance(node.value, ast.List) else [node.value]:
                if isinstance(part, ast.JoinedStr | ast.Constant):
                    for text in _texts(part):
                        if len(text.split()) > 3:
                            yield node.lineno, text
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {getattr(target, "id", "") for target in targets}
            if names & {"reason", "remedy", "text", "hint", "evidence", "warnings", "words"}:
                for text in _texts(node.value):
                    yield node.lineno, text


def _commands(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Docstrings of commands, which are their help."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("show"):
            options = [argument.annotation for argument in node.args.args]
            if any("Annotated" in ast.dump(option) or "Paths" in ast.dump(option)
                   for option in options if option):  # fmt: skip
                yield node.lineno, ast.get_docstring(node) or ""


def _texts(node: ast.AST) -> Iterator[str]:
    """Text of literals, with what is filled in between braces."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
            for part in node.values
        )
    elif isinstance(node, ast.BinOp):
        yield " ".join(text for side in (node.left, node.right) for text in _texts(side))
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Tuple | ast.List):
        for item in node.elts:
            yield from _texts(item)


if __name__ == "__main__":
    for sentence in sentences():
        print(f"{sentence.file}:{sentence.line}: {sentence.text}")  # noqa: T201
