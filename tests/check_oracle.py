"""Says which findings of `apy check` are false: reads a JSON list of them, prints the wrong ones.

Each kind is held against something that CPython itself knows: its symbol tables, its syntax trees, its modules. A kind that has no
such witness is wrong wherever it is found. Run by tests/check_cpython.rs.
"""

import ast
import builtins
import importlib.util
import json
import re
import symtable
import sys


def tables(table):
    yield table
    for child in table.get_children():
        yield from tables(child)


def is_bound_somewhere(text, name):
    for table in tables(symtable.symtable(text, "file", "exec")):
        for symbol in table.get_symbols():
            if symbol.get_name() == name and (symbol.is_assigned() or symbol.is_imported() or symbol.is_parameter()):
                return True
    return False


def undefined(text, name, _):
    # A builtin of CPython that is told is one that apy lacks.
    return hasattr(builtins, name) or not is_bound_somewhere(text, name)


def lacking_module(_, name, __):
    top = name.split(".")[0]
    return top in sys.stdlib_module_names or importlib.util.find_spec(top) is None


def lacking_attribute(_, name, message):
    # apy may lack what CPython has; what CPython lacks, apy may not ask for.
    module = re.search(r"module '([^']*)'", message).group(1)
    return hasattr(importlib.import_module(module), name)


def names(text, kind):
    tree = ast.parse(text)
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, kind)]


def unused_import(text, name, _):
    return name not in names(text, ast.Load)


def unused_variable(text, name, _, line=0):
    around = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno <= line <= node.end_lineno
    ]
    inner = max(around, key=lambda node: node.lineno)
    loads = [node for node in ast.walk(inner) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return name not in [node.id for node in loads]


def no_fields(text, _, __, line=0):
    strings = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.JoinedStr) and node.lineno <= line <= node.end_lineno]
    return any(all(isinstance(part, ast.Constant) for part in node.values) for node in strings)


def unreachable(text, _, __, line=0):
    """A statement that something before it in its block keeps from running."""

    def ends(stmt):
        match stmt:
            case ast.Return() | ast.Raise() | ast.Break() | ast.Continue():
                return True
            case ast.While(test=ast.Constant(value=True)):
                return not any(isinstance(node, ast.Break) for node in ast.walk(stmt))
            case ast.If() | ast.Try() | ast.With():
                return any(isinstance(node, (ast.Return, ast.Raise)) for node in ast.walk(stmt))
        return False

    for node in ast.walk(ast.parse(text)):
        for block in (getattr(node, field, None) for field in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                for before, after in zip(block, block[1:]):
                    if after.lineno <= line <= after.end_lineno and ends(before):
                        return True
    return False


def same_key(text, _, __, line=0):
    """A dict with two equal keys, the second on this line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            keys = [key for key in node.keys if isinstance(key, ast.Constant)]
            for index, key in enumerate(keys):
                if key.lineno == line and any(key.value == other.value for other in keys[:index]):
                    return True
    return False


def dropped(text, _, __, line=0):
    """A statement that compares, or names something, and nothing else."""
    return any(
        isinstance(node, ast.Expr) and isinstance(node.value, (ast.Compare, ast.Name, ast.Attribute)) and node.lineno == line
        for node in ast.walk(ast.parse(text))
    )


WITNESSES = {
    "E0403": unreachable,
    "E0405": undefined,
    "E0407": lacking_module,
    "E0408": lacking_attribute,
    "E0410": unused_import,
    "E0411": unused_variable,
    "E0419": no_fields,
    "E0424": same_key,
    "E0429": dropped,
}


def is_true(finding):
    if finding["code"] < "E0400":
        return finding["severity"] == "warning"
    witness = WITNESSES.get(finding["code"])
    if witness is None:
        return False
    with open(finding["file"], encoding="utf-8") as file:
        text = file.read()
    quoted = re.findall(r"'([^']*)'", finding["message"])
    name = quoted[-1] if quoted else ""
    if witness in (unused_variable, no_fields, unreachable, same_key, dropped):
        return witness(text, name, finding["message"], finding["line"])
    return witness(text, name, finding["message"])




for finding in json.load(sys.stdin):
    if not is_true(finding):
        print(f"{finding['file']}:{finding['line']} {finding['code']} {finding['message']}")
