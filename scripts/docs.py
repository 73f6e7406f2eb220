"""Print the pages that follow from the code, those of PAGES; `--check` says if they are stale.

Reads the source of our packages (the errors, without importing a stage), the settings and the catalogue. Add a page by
adding a line to PAGES; `make docs` writes them, the list of checks compares them.
"""

import ast
import json
import sys
from collections.abc import Iterator
from difflib import unified_diff
from itertools import chain
from pathlib import Path
from typing import NamedTuple, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from churn.settings import Settings
from cli.stores import stores
from features.catalogue.page import features_page, kinds_page
from features.input_docs import contract_page
from serving.openapi.document import document

ROOT = Path(__file__).parents[1]
PACKAGES = ("churn", "features", "training", "serving", "monitoring", "cli", "crm", "campaigns")
RAISED = "said where it happens"
NOTE = "<!-- Printed from the code by `make docs`; change it there. -->\n\n"


class ErrorClass(NamedTuple):
    """A class of error as its source has it."""

    name: str
    base: str
    exit_code: int | None  # None: its base's
    meaning: str
    mend: str
    file: str


def error_classes() -> dict[str, ErrorClass]:
    """Every subclass of ChurnError in our packages, by name, in the order of the files."""
    files = chain.from_iterable(sorted((ROOT / package).rglob("*.py")) for package in PACKAGES)
    classes = [one for file in files for one in _classes(file)]
    found = {"ChurnError": next(one for one in classes if one.name == "ChurnError")}
    while new := {one.name: one for one in classes if one.base in found and one.name not in found}:
        found |= new
    return found


def _classes(file: Path) -> Iterator[ErrorClass]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and node.bases:
            codes = [
                part.value.value
                for part in node.body
                if isinstance(part, ast.Assign)
                and ast.unparse(part.targets[0]) == "exit_code"
                and isinstance(part.value, ast.Constant)
            ]
            base = ast.unparse(node.bases[0]).rpartition(".")[2]
            meaning = (ast.get_docstring(node) or "").partition("\n")[0]
            place = file.relative_to(ROOT).as_posix()
            yield ErrorClass(node.name, base, next(iter(codes), None), meaning, _mend(node), place)


def _mend(node: ast.ClassDef) -> str:
    """The mend a class composes, its facts in braces; empty where the raise site gives it."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
            for keyword in call.keywords:
                if keyword.arg == "mend":
                    return _text(keyword.value)
    return ""


def _text(node: ast.expr) -> str:
    """A string literal's text, or that of a default; what is filled in as {its expression}; empty for anything else."""
    if isinstance(node, ast.BoolOp):
        return _text(node.values[-1])
    if isinstance(node, ast.Constant):
        return str(node.value)
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    return "".join(
        f"{{{ast.unparse(part.value)}}}" if isinstance(part, ast.FormattedValue) else _text(part) for part in parts
    )


def _wire(name: str) -> str:
    """As ChurnError.code has it."""
    return "".join(f"_{c.lower()}" if c.isupper() and place else c.lower() for place, c in enumerate(name))


def errors_page() -> str:
    """docs/errors.md: each error, its exit code, what it means and how to mend it."""
    classes = error_classes()

    def exit_code(one: ErrorClass) -> int:
        return one.exit_code if one.exit_code is not None else exit_code(classes[one.base])

    rows = [
        f"| `{one.name}` | `{_wire(one.name)}` | {exit_code(one)} | {one.meaning} | {_cell(one.mend) or RAISED} "
        f"| {one.file} |"
        for one in sorted(classes.values(), key=lambda one: (exit_code(one), one.file))
    ]
    head = "# Errors\n\nEvery error says what is wrong and how to mend it; its family gives the exit code.\n"
    head += "The code is what a command prints first, and what an answer calls it.\n\n"
    return head + NOTE + _table("Error", "Code", "Exit code", "Means", "To mend it", "Where") + "\n".join(rows) + "\n"


def settings_page() -> str:
    """docs/settings.md: every setting with its default and its sentence."""
    head = "# Settings\n\nThe environment (`CHURN_SECTION__NAME`) over `churn.toml` over the defaults.\n\n"
    parts = [head + NOTE.rstrip()]
    plain = {name: field for name, field in Settings.model_fields.items() if not _section(field) and not field.exclude}
    parts.append(_settings_table(plain))
    for name, field in Settings.model_fields.items():
        if section := _section(field):
            title = f"[[{name}]]" if get_args(field.annotation) else f"[{name}]"
            sentence = (section.__doc__ or "").partition("\n")[0].partition(": ")[2]
            parts.append(f"## {title}\n\n{sentence[:1].upper()}{sentence[1:]}".rstrip())
            parts.append(_settings_table(section.model_fields))
    return "\n\n".join(parts) + "\n"


def stores_page() -> str:
    """docs/stores.md: what lies where, for how long, and whether it is to be backed up."""
    head = (
        "# Stores\n\nEverything that a business has on disk, below `artifacts/<slug>/`, or on a server that `[store]` "
        "or `[live]`\nnames. Settings in the third column are those of `[retention]`, which `churn prune` applies. "
        "`churn forget` reaches every\nstore that holds a customer. How to back up, restore and forget: "
        "[operations](operations.md).\n\n"
    )
    rows = [
        f"| {store.name} | {' '.join(f'`{place}`' for place in store.places)} | {store.what} | {store.kept} | "
        f"{'yes' if store.back_up else f'no: `{store.anew}`' if store.anew else 'no'} | "
        f"{'yes' if store.erase else 'no'} | {store.version} |"
        for store in stores(Settings())
    ]
    names = ("Store", "Where", "What", "Kept", "Back up, or make anew by", "Holds customers", "Form")
    return head + NOTE + _table(*names) + "\n".join(rows) + "\n"


def openapi_page() -> str:
    """docs/openapi.json: the document that the service publishes."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


def _section(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a section, or of one of several like it; None for a plain setting."""
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _settings_table(fields: dict[str, FieldInfo]) -> str:
    rows = [f"| `{name}` | {_default(field)} | {_cell(field.description or '')} |" for name, field in fields.items()]
    return _table("Setting", "Default", "Meaning") + "\n".join(rows)


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required" if field.default_factory is None else ""
    if field.default is None or field.default == "":
        return ""
    shown = field.default.model_dump(mode="json") if isinstance(field.default, BaseModel) else field.default
    return f"`{shown}`" if not isinstance(shown, str) else f'`"{shown}"`'


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(*names: str) -> str:
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}\n"


PAGES = {
    "docs/data-contract.md": contract_page,
    "docs/errors.md": errors_page,
    "docs/event-kinds.md": kinds_page,
    "docs/features.md": features_page,
    "docs/openapi.json": openapi_page,
    "docs/settings.md": settings_page,
    "docs/stores.md": stores_page,
}


def main() -> int:
    """Write the pages, or with --check show how they differ from the code."""
    stale = False
    for name, page in PAGES.items():
        path, text = ROOT / name, page()
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif old != text:
            stale = True
            difference = unified_diff(old.splitlines(), text.splitlines(), name, "the code", n=0, lineterm="")
            sys.stdout.writelines(f"{line}\n" for line in difference)
    if stale:
        sys.stdout.write("To mend it: `make docs`.\n")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
