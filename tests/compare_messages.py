"""Compare exceptions, texts and results of builtins and of methods of builtin types with CPython's.

    python3.13 tests/compare_messages.py target/debug/apy            # the differences, most frequent kind first
    python3.13 tests/compare_messages.py target/debug/apy str int    # of these types only

Each function and method is called with too few and too many arguments, arguments of wrong types and odd values, on both
interpreters; a line is `call -> result` or `call -> exception: message`. Run it under CPython 3.13, which is the oracle.
The exit status is 1 if there is a difference.
"""

import subprocess
import sys
import tempfile

PROGRAM = r'''
import sys

VALUES = ["", "ab", b"a", 0, -1, 3, 2**70, 1.5, float("inf"), None, True, [1], (1, 2), {1: 2}, {3}, range(3), slice(1), len, int, object()]
SHOWN = ["''", "'ab'", "b'a'", "0", "-1", "3", "2**70", "1.5", "inf", "None", "True", "[1]", "(1, 2)", "{1: 2}", "{3}", "range(3)",
         "slice(1)", "len", "int", "object()"]
MAKERS = {
    "str": lambda: "ab c", "bytes": lambda: b"ab c", "bytearray": lambda: bytearray(b"ab c"), "int": lambda: 5, "float": lambda: 2.5,
    "complex": lambda: 1 + 2j, "bool": lambda: True, "list": lambda: [3, 1], "tuple": lambda: (3, 1), "dict": lambda: {1: 2}, "set": lambda: {1, 2},
    "frozenset": lambda: frozenset([1]), "range": lambda: range(1, 9, 2), "slice": lambda: slice(1, 2), "memoryview": lambda: memoryview(b"ab"),
    "property": lambda: property(len), "NoneType": lambda: None, "type": lambda: int,
}
SKIPPED = {"input", "breakpoint", "exit", "quit", "help", "copyright", "credits", "license", "exec", "eval", "open", "__import__",
           "print", "globals", "locals", "vars", "dir", "id", "compile", "aiter", "anext", "__build_class__", "object", "pow"}
METHODS_SKIPPED = {"__init_subclass__", "__subclasshook__", "__dir__", "__sizeof__", "__reduce__", "__reduce_ex__", "__subclasses__", "__class__",
                   "__getstate__", "__new__", "__prepare__", "__pow__", "__rpow__", "__lshift__", "__rlshift__", "__alloc__", "__release_buffer__", "__buffer__", "__hash__", "mro"}


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
    if name not in SKIPPED and callable(getattr(builtins, name)) and (not wanted or name in wanted):
        try_all(name, lambda: getattr(builtins, name))
for kind, maker in MAKERS.items():
    if wanted and kind not in wanted:
        continue
    for method in sorted(dir(maker())):
        if method in METHODS_SKIPPED or not callable(getattr(maker(), method, None)):
            continue
        try_all(f"{kind}.{method}", lambda: getattr(maker(), method))
'''


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
    differing = {}
    for call, result in expected.items():
        if got.get(call) != result:
            differing.setdefault(call.split("(")[0], []).append((call, result, got.get(call, "missing")))
    for _, rows in sorted(differing.items(), key=lambda item: -len(item[1])):
        for call, result, other in rows:
            print(f"{call}\n  CPython: {result}\n  apy:     {other}")
    count = sum(map(len, differing.values()))
    print(f"{len(expected)} calls, {count} differ, in {len(differing)} functions")
    if len(got) < len(expected):
        print(f"apy answered {len(got)} calls only: {stderr}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
