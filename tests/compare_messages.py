"""Compare exceptions, texts and results of builtins and of methods of builtin types with CPython's.

    python3.13 tests/compare_messages.py target/debug/apy            # the differences, most frequent kind first
    python3.13 tests/compare_messages.py target/debug/apy str int    # of these types only

Each function and method is called with too few and too many arguments, arguments of wrong types and odd values, on both
interpreters; a line is `call -> result` or `call -> exception: message`. Run it under CPython 3.13, which is the oracle.
A difference that `LISTED` names is expected, with its reason; docs/language/differences.md says the same in users' words. The exit
status is 1 if there is another one, or if a row of LISTED names nothing any more (in a run over all types).
"""

import re
import subprocess
import sys
import tempfile

PROGRAM = r'''
import collections
import functools
import itertools
import math
import operator
import sys
import types


def plain(a, b=1): return a


class Plain:
    def method(self, a): return a


VALUES = ["", "ab", b"a", 0, -1, 3, 2**70, 1.5, float("inf"), None, True, [1], (1, 2), {1: 2}, {3}, range(3), slice(1), len, int, object()]
SHOWN = ["''", "'ab'", "b'a'", "0", "-1", "3", "2**70", "1.5", "inf", "None", "True", "[1]", "(1, 2)", "{1: 2}", "{3}", "range(3)",
         "slice(1)", "len", "int", "object()"]
MAKERS = {
    "str": lambda: "ab c", "bytes": lambda: b"ab c", "bytearray": lambda: bytearray(b"ab c"), "int": lambda: 5, "float": lambda: 2.5,
    "complex": lambda: 1 + 2j, "bool": lambda: True, "list": lambda: [3, 1], "tuple": lambda: (3, 1), "dict": lambda: {1: 2}, "set": lambda: {1, 2},
    "frozenset": lambda: frozenset([1]), "range": lambda: range(1, 9, 2), "slice": lambda: slice(1, 2), "memoryview": lambda: memoryview(b"ab"),
    "property": lambda: property(len), "NoneType": lambda: None, "type": lambda: int, "function": lambda: plain, "method": lambda: Plain().method,
    "builtin": lambda: len, "generator": lambda: (x for x in "ab"), "enumerate": lambda: enumerate("ab"), "zip": lambda: zip("ab", "cd"),
    "map": lambda: map(len, ["ab"]), "filter": lambda: filter(None, [1]), "reversed": lambda: reversed([1, 2]), "iterator": lambda: iter([1, 2]),
    "staticmethod": lambda: staticmethod(len), "classmethod": lambda: classmethod(len), "object": object, "instance": Plain,
    "ValueError": lambda: ValueError("x"), "OSError": lambda: OSError(2, "x"), "KeyError": lambda: KeyError(1), "StopIteration": lambda: StopIteration(4),
    "group": lambda: ExceptionGroup("g", [ValueError(1)]), "keys": lambda: {1: 2}.keys(), "items": lambda: {1: 2}.items(), "values": lambda: {1: 2}.values(),
    "deque": lambda: collections.deque([3, 1], 5), "defaultdict": lambda: collections.defaultdict(int, {1: 2}),
    "OrderedDict": lambda: collections.OrderedDict([(1, 2)]), "Counter": lambda: collections.Counter("aab"), "code": lambda: plain.__code__,
    "module": lambda: types.ModuleType("m"), "namespace": lambda: types.SimpleNamespace(a=1), "alias": lambda: list[int], "union": lambda: int | str,
    "partial": lambda: functools.partial(len), "mappingproxy": lambda: types.MappingProxyType({1: 2}),
}
FUNCTIONS_SKIPPED = {"pow", "lshift", "ilshift", "ipow", "factorial", "perm", "comb"}
SKIPPED = {"input", "breakpoint", "exit", "quit", "help", "copyright", "credits", "license", "exec", "eval", "open", "__import__",
           "print", "globals", "locals", "vars", "dir", "id", "compile", "aiter", "anext", "__build_class__", "object", "pow"}
METHODS_SKIPPED = {"__init_subclass__", "__subclasshook__", "__dir__", "__sizeof__", "__reduce__", "__reduce_ex__", "__subclasses__", "__class__",
                   "__getstate__", "__new__", "__prepare__", "__pow__", "__rpow__", "__lshift__", "__rlshift__", "__alloc__", "__release_buffer__", "__buffer__", "__hash__", "mro", "_from_flags", "__getformat__",
                   "co_positions", "co_lines"}


def shown(x):
    text = repr(x)
    return text.split(" at 0x")[0] if " at 0x" in text else text[:300]


def call(label, function, args, keywords={}):
    try:
        result = shown(function(*args, **keywords))
    except Exception as e:
        result = f"{type(e).__name__}: {str(e).split(' at 0x')[0]}"
    print(f"{label} -> {result}")


def try_all(name, make):
    call(f"{name}()", make(), ())
    for value, text in zip(VALUES, SHOWN):
        call(f"{name}({text})", make(), (value,))
    for value, text in zip(VALUES[::3], SHOWN[::3]):
        call(f"{name}({text}, 1)", make(), (value, 1))
        call(f"{name}(1, {text})", make(), (1, value))
    call(f"{name}(1, 2, 3)", make(), (1, 2, 3))
    call(f"{name}(1, 2, 3, 4, 5, 6)", make(), (1, 2, 3, 4, 5, 6))
    call(f"{name}(nope=1)", make(), (), {"nope": 1})


wanted = sys.argv[1:]
import builtins

for name in sorted(vars(builtins)):
    if name not in SKIPPED and name[0] != "_" and callable(getattr(builtins, name)) and (not wanted or name in wanted):
        try_all(name, lambda: getattr(builtins, name))
for kind, maker in MAKERS.items():
    if wanted and kind not in wanted:
        continue
    for method in sorted(dir(maker())):
        if method in METHODS_SKIPPED or not callable(getattr(maker(), method, None)):
            continue
        try_all(f"{kind}.{method}", lambda: getattr(maker(), method))
for module in (math, operator):
    for name in sorted(vars(module)):
        if name[0] != "_" and (not wanted or module.__name__ in wanted) and name not in FUNCTIONS_SKIPPED:
            try_all(f"{module.__name__}.{name}", lambda: getattr(module, name))
'''


# Differences by kind: a pattern of the call, one of CPython's answer, and the reason.
LISTED = [
    (r"(OrderedDict|defaultdict|Counter|namespace|partial)\.", r"^TypeError", "written in Python here, in C in CPython: texts of functions"),
    (r"(OrderedDict|Counter)\.", r"^ValueError: need more than 1|^KeyError: $|<(odict|itertools\.chain)", "the same: other texts, iterators of other classes"),
    (r"operator\.(attrgetter|itemgetter|methodcaller|call)\(", r"^TypeError", "the same for those of operator"),
    (r"alias\.__\w+__", r"", "an alias has its own special methods here; CPython's leads to those of its origin"),
    (r"(type|alias)\.__getattribute__", r"", "a class inherits the wrapper of object"),
    (r"property\.__set_name__", r"__set_name__\(\) takes", "one text for all wrappers"),
    (r"mappingproxy\.__(lt|le|gt|ge|ior|class_getitem)", r"", "a proxy compares as its dict does when it is asked by an operator"),
    (r"generator\.__del__|zip\.__setstate__|code\._varname|code\.(__)?replace", r"", "not there, or takes other arguments"),
    (r"memoryview\.__iter__\(\)|iter\(|str\.__iter__|enumerate|reversed|bytes\.__iter__", r"iterator object", "iterators of other classes"),
    (r"(set|frozenset)(\.(symmetric_difference|union))?\(|(keys|items)\.__r?(or|xor|sub)__", r"^(frozenset\()?\{", "the order of texts, whose hashes CPython draws anew in each run"),
    (r"hash|object\.__hash__|int\.__hash__", r"^-?\d+$", "hashes of objects are numbered"),
    (r"deque\.__(delitem|getitem|setitem)__", r"cannot be interpreted", "one text for indices of all sequences"),
    (r"(iterator|reversed)\.__setstate__|deque\.__init__", r"an integer is required", "one text for what should be an integer"),
    (r"classmethod\.__get__", r"<bound method", "a native bound to a class shows as one"),
    (r"(deque|list|str|bytes|bytearray|memoryview|float)\.", r"^(OverflowError: .*|2\.5|ValueError: 1 is not in deque)$", "one text for integers that are too large"),
    (r"\w+\.__(delattr|setattr|getattribute)__", r"", "which builtin objects have a __dict__, and what a method asks its function"),
    (r"(class|static)?method\.__get__\(None\)|property\.__get__\(None\)", r"is invalid", "binding to nothing"),
    (r"(str|bytes|bytearray)\.maketrans\(nope", r"", "a static method has no class"),
    (r"(super|str|enumerate|sorted|max|min|sum|Unicode\w+Error)\(", r"", "the order in which arguments of several mistakes are looked at"),
    (r"(memoryview\.(cast|__exit__)|bytearray\.(extend|__rmod__)|deque\.index|OSError\.__init__|BlockingIOError)\(", r"", "the same for methods"),
    (r"builtin\.__(eq|ne)__|(bool|type)\.__round__|keys\.__r(or|xor)__|(items|values)\.__reversed__|mappingproxy\.__str__", r"", "called by name only"),
    (r"math\.", r"^-?\d+\.\d+(e[-+]\d+)?$", "the last digit of the C library's function"),
]


def reason(call, result):
    """The row of LISTED that a difference belongs to, or None."""
    rows = (row for row, (calls, results, _) in enumerate(LISTED) if re.match(calls, call) and re.search(results, result))
    return next(rows, None)


def lines_of(command, arguments):
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as program:
        program.write(PROGRAM)
        program.flush()
        done = subprocess.run([*command, program.name, *arguments], capture_output=True, text=True, timeout=600)
    lines = dict(line.split(" -> ", 1) for line in done.stdout.splitlines() if " -> " in line)
    return lines, done.stderr[-2000:]


def main():
    apy, kinds = sys.argv[1], sys.argv[2:]
    expected, _ = lines_of([sys.executable], kinds)
    got, stderr = lines_of([apy], kinds)
    differing, used = {}, set()
    for call, result in expected.items():
        if got.get(call) == result:
            continue
        row = reason(call, result)
        if row is not None:
            used.add(row)
        else:
            differing.setdefault(call.split("(")[0], []).append((call, result, got.get(call, "missing")))
    for _, rows in sorted(differing.items(), key=lambda item: -len(item[1])):
        for call, result, other in rows:
            print(f"{call}\n  CPython: {result}\n  apy:     {other}")
    count = sum(map(len, differing.values()))
    print(f"{len(expected)} calls, {count} differ, in {len(differing)} functions; listed differences of {len(used)} kinds")
    stale = [] if kinds else [LISTED[row][2] for row in range(len(LISTED)) if row not in used]
    for kind in stale:
        print(f"no difference any more: {kind}")
    if len(got) < len(expected):
        print(f"apy answered {len(got)} calls only: {stderr}")
    sys.exit(1 if differing or stale else 0)


if __name__ == "__main__":
    main()
