"""Compares the catalogue of Bot API methods with aiogram's method classes, which are made from the Bot API's pages.

    python3 tests/e2e/drift/bot_api.py            compares, and prints what differs
    python3 tests/e2e/drift/bot_api.py --write    writes the catalogue anew, keeping each method's class

aiogram is read as text, so that nothing else it needs has to be installed.
"""

import ast
import difflib
import importlib.util
import re
import sys
from pathlib import Path

CATALOGUE = Path(__file__).parents[3] / "shared/domain/src/bot_api/catalogue.txt"

# What this exits with where there is no aiogram.
NOT_INSTALLED = 3

# Methods that only read are none of the catalogue's; those of class `never` are in it by name alone.
READS = re.compile("get[A-Z]")
NEVER = {"close", "deleteWebhook", "getManagedBotToken", "getUpdates", "logOut", "replaceManagedBotToken", "setWebhook"}

SCALARS = {
    "int": "integer",
    "str": "string",
    "bool": "boolean",
    "float": "number",
    "ChatIdUnion": "chat",
    "DateTimeUnion": "integer",
    "InputFileUnion": "file",
}


class Source:
    """aiogram's classes, by name."""

    def __init__(self, folder):
        self.fields, self.unions, self.methods, self.version = {}, {}, [], None
        for path in sorted(folder.glob("types/*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    self.fields[node.name] = fields_of(node)
                elif isinstance(node, ast.AnnAssign) and node.value is not None:
                    self.unions[node.target.id] = class_names(node.value)
        for path in sorted(folder.glob("methods/*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and api_name(node):
                    self.methods.append((api_name(node), fields_of(node)))
        meta = (folder / "__meta__.py").read_text()
        self.version = re.search(r'__api_version__ = "([\d.]+)"', meta).group(1)

    def has_files(self, name, seen=()):
        """Whether a value of this type may hold files to upload, at any depth."""
        if name in seen or name.startswith("InlineQueryResult"):
            return False
        seen = (*seen, name)
        if any(self.has_files(member, seen) for member in self.unions.get(name, ())):
            return True
        return any(
            "attach://" in text or any(self.has_files(inner, seen) for inner in class_names(annotation))
            for _, annotation, _, text in self.fields.get(name, ())
        )


def api_name(node):
    for item in node.body:
        if isinstance(item, ast.Assign) and item.targets[0].id == "__api_method__":
            return item.value.value
    return None


def fields_of(node):
    """(name, annotation, whether it is required, what its documentation says) of each field of a class."""
    fields = []
    for item, after in zip(node.body, [*node.body[1:], None]):
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            text = after.value.value.replace("\n", " ") if told else ""
            fields.append((item.target.id, item.annotation, item.value is None, text))
    return fields


def class_names(annotation):
    return [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name) and node.id != "None"]


def kind_of(source, annotation, required, text):
    """The kind of a parameter, and its documented length."""
    name = ast.unparse(annotation).replace(" | None", "").replace(" | Default", "")
    if name == "InputFile":
        # What has to be uploaded. Telegram leaves out a thumbnail that is not.
        return "upload" if required else "file"
    length = re.search(r"(\d+)-(\d+) (characters|bytes)", text)
    if name == "str" and length:
        kind = "text" if re.search("after entit(y|ies) parsing", text) else "string"
        unit = " bytes" if length[3] == "bytes" else ""
        return f"{kind} {length[1]}-{length[2]}{unit}"
    if name in SCALARS:
        return SCALARS[name]
    files = " files" if any(map(source.has_files, class_names(annotation))) else ""
    if not name.startswith("list["):
        return f"object{files}"
    count = re.search(r"(?:list of|include) (\d+)-(\d+) ", text)
    most = re.search(r"(?:up to|[Aa]t most) (\d+) (?:items|identifiers|suggested)", text)
    if count:
        return f"array {count[1]}-{count[2]}{files}"
    return f"array 0-{most[1]}{files}" if most else f"array{files}"


def choices_of(fields):
    """The sets of parameters of which one has to be there whole."""
    choices = {}
    for name, _, _, text in fields:
        other = re.search(r"equired if ([\w*` ]+?) (?:is not|are not|isn't|aren't) specified", text)
        if other:
            others = tuple(sorted(set(re.findall(r"\w+", other[1])) - {"and"}))
            choices.setdefault(others, []).append(name)
    pairs = {tuple(sorted((tuple(sorted(names)), others))) for others, names in choices.items()}
    return sorted(" or ".join(" and ".join(names) for names in pair) for pair in pairs)


def derive(folder, classes):
    """The catalogue that follows from aiogram, with the classes that were given."""
    source = Source(folder)
    blocks = []
    for name, fields in sorted(source.methods):
        if name in NEVER:
            blocks.append([f"{name} never"])
        elif not READS.match(name):
            lines = [f"{name} {classes.get(name, 'send' if name.startswith('send') else 'acts')}"]
            for field, annotation, required, text in fields:
                if not field.startswith("__"):
                    kind = kind_of(source, annotation, required, text)
                    lines.append(f"  {field}{'!' if required else ''} {kind}")
            lines += [f"  one of: {choice}" for choice in choices_of(fields)]
            blocks.append(lines)
    return source.version, ["\n".join(block) for block in blocks]


def main():
    spec = importlib.util.find_spec("aiogram")
    if spec is None:
        sys.exit(NOT_INSTALLED)
    kept = CATALOGUE.read_text() if CATALOGUE.exists() else ""
    head = "".join(line for line in kept.splitlines(keepends=True) if line.startswith("#"))
    classes = dict(re.findall(r"^(\w+) (\w+)$", kept, re.MULTILINE))
    version, blocks = derive(Path(spec.origin).parent, classes)
    derived = re.sub(r"Bot API [\d.]+", f"Bot API {version}", head) + "\n" + "\n\n".join(blocks) + "\n"
    if "--write" in sys.argv[1:]:
        CATALOGUE.write_text(derived)
    elif derived != kept:
        lines = difflib.unified_diff(
            kept.splitlines(), derived.splitlines(), "catalogue.txt", f"Bot API {version}", lineterm="", n=20
        )
        print("\n".join(lines))
        sys.exit(1)


main()
