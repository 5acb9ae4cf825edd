"""Which overridden methods builtin code calls, and how often: compared with CPython.

    python3 tests/compare_overrides.py APY [CPYTHON]    what differs, a line each; exit status 1 where something does that is not in `LISTED`
    python3 tests/compare_overrides.py --probe          the table itself, as either interpreter prints it

Each public class gets a subclass in which every method is overridden by one that counts its calls and calls the inherited one. Each operation of
the table is done with an instance; a line says which overridden methods ran, and how often. To add a class: a row of `CLASSES`; an
operation: a row of `OPERATIONS`, which is tried with all of them.
"""

import sys

# Overriding these breaks the instance itself, or says nothing about who calls whom.
LEFT_OUT = {
    "__new__", "__init__", "__class__", "__dict__", "__doc__", "__init_subclass__", "__subclasshook__", "__class_getitem__", "__getattribute__",
    "__setattr__", "__delattr__", "__dir__", "__sizeof__", "__weakref__", "__slots__", "__module__", "__abstractmethods__", "__getstate__",
    "__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__", "__setstate__", "__hash__", "__static_attributes__",
    "__firstlineno__", "__getformat__", "__buffer__", "__release_buffer__",
}


def counting(base):
    """A subclass of base whose methods count their calls in the dict `calls`, with that dict."""
    calls = {}

    def counter(name):
        def method(self, *args, **kwargs):
            calls[name] = calls.get(name, 0) + 1
            return getattr(super(made, self), name)(*args, **kwargs)

        return method

    body = {}
    for name in dir(base):
        kind = type(getattr(base, name)).__name__
        if name in LEFT_OUT or kind not in ("method_descriptor", "wrapper_descriptor", "function", "slot wrapper"):
            continue
        body[name] = counter(name)
    if "__eq__" in body:
        body["__hash__"] = base.__hash__
    made = type("Made", (base,), body)
    return made, calls


def operations():
    """The operations, by name."""
    import bisect
    import collections
    import copy
    import functools
    import heapq
    import io
    import itertools
    import json
    import math
    import operator
    import os
    import pickle
    import pprint
    import random
    import re
    import statistics
    import string
    import struct
    import textwrap
    import time

    def unpack(x):
        a, *b = x

    def match(x):
        match x:
            case {"a": 1}:
                return 1
            case [_, _]:
                return 2
            case 1 | "a" | b"a":
                return 3

    def assign(x):
        x[0] = 1

    def assign_key(x):
        x["q"] = 1

    def assign_slice(x):
        x[0:1] = [5]

    def into_slice(x):
        [1, 2, 3][0:1] = x

    def delete(x):
        del x[0]

    def delete_key(x):
        del x["a"]

    def loop(x):
        for _ in x:
            pass

    def add_to(x):
        x += x

    def multiply_by(x):
        x *= 2

    def union_with(x):
        x |= x

    def list_with(x):
        y = [1]
        y += x

    def dict_with(x):
        y = {"z": 1}
        y |= x

    def set_with(x):
        y = {1}
        y |= x

    def bytes_with(x):
        y = bytearray(b"q")
        y += x

    def call_with(*args, **kwargs):
        return args, kwargs

    def shuffled(x):
        random.Random(1).shuffle(x)

    def condition(x):
        if x:
            pass
        return not x

    return {
        "str": str, "repr": repr, "ascii": ascii, "bool": bool, "condition": condition, "len": len, "hash": hash, "list": list, "tuple": tuple,
        "set": set, "frozenset": frozenset, "dict": dict, "iter": lambda x: list(iter(x)), "reversed": lambda x: list(reversed(x)), "sorted": sorted,
        "sum": sum, "min": min, "max": max, "all": all, "any": any, "enumerate": lambda x: list(enumerate(x)), "zip": lambda x: list(zip(x, x)),
        "map": lambda x: list(map(id, x)), "filter": lambda x: list(filter(None, x)), "loop": loop, "unpack": unpack, "match": match,
        "call*": lambda x: call_with(*x), "call**": lambda x: call_with(**x), "[*x]": lambda x: [*x], "{**x}": lambda x: {**x}, "{*x}": lambda x: {*x},
        "int": int, "float": float, "complex": complex, "bytes": bytes, "bytearray": bytearray, "memoryview": memoryview, "round": round,
        "round2": lambda x: round(x, 1), "abs": abs, "divmod": lambda x: divmod(x, 2), "pow": lambda x: pow(x, 2), "pow3": lambda x: pow(x, 2, 5),
        "index": operator.index, "range": range, "item by": lambda x: [1, 2, 3, 4, 5, 6, 7, 8][x], "slice by": lambda x: [1, 2, 3][:x], "chr": chr, "bin": bin,
        "hex": hex, "oct": oct, "repeat by": lambda x: "a" * x, "shift by": lambda x: 1 << x, "neg": operator.neg, "pos": operator.pos,
        "invert": operator.invert, "x+x": lambda x: x + x, "x-x": lambda x: x - x, "x*x": lambda x: x * x, "x*2": lambda x: x * 2, "2*x": lambda x: 2 * x,
        "x/2": lambda x: x / 2, "2/x": lambda x: 2 / x, "x//2": lambda x: x // 2, "x%2": lambda x: x % 2, "x**2": lambda x: x**2, "2**x": lambda x: 2**x,
        "x&x": lambda x: x & x, "x|x": lambda x: x | x, "x^x": lambda x: x ^ x, "1+x": lambda x: 1 + x, "1.0+x": lambda x: 1.0 + x, "x==x": lambda x: x == x,
        "x==1": lambda x: x == 1, "1==x": lambda x: 1 == x, "x!=1": lambda x: x != 1, "x<x": lambda x: x < x, "x<1": lambda x: x < 1, "1<x": lambda x: 1 < x,
        "[x]==[x]": lambda x: [x] == [x], "[x]==[1]": lambda x: [x] == [1], "x in [1]": lambda x: x in [1], "1 in [x]": lambda x: 1 in [x],
        "(x,)<(1,)": lambda x: (x,) < (1,), "1 in x": lambda x: 1 in x, "'a' in x": lambda x: "a" in x, "b'a' in x": lambda x: b"a" in x,
        "[1].index(x)": lambda x: [1, x].index(x), "[1].count(x)": lambda x: [1, 2].count(x), "{x}": lambda x: {x}, "{x: 1}": lambda x: {x: 1},
        "{1: 1}[x]": lambda x: {1: 1}.get(x), "x[0]": lambda x: x[0], "x['a']": lambda x: x["a"], "x[0:1]": lambda x: x[0:1], "x[0]=1": assign,
        "x['q']=1": assign_key, "x[0:1]=": assign_slice, "[]=x": into_slice, "del x[0]": delete, "del x['a']": delete_key, "x+=x": add_to,
        "x*=2": multiply_by, "x|=x": union_with, "list+=x": list_with, "dict|=x": dict_with, "set|=x": set_with, "bytearray+=x": bytes_with,
        "[].extend": lambda x: [].extend(x), "[]+x": lambda x: [] + x, "{}.update": lambda x: {}.update(x), "{}|x": lambda x: {} | x,
        "set().update": lambda x: set().update(x), "set().union": lambda x: set().union(x), "{1}&x": lambda x: {1} & x, "{1}|x": lambda x: {1} | x,
        "{1}-x": lambda x: {1} - x, "{1}<=x": lambda x: {1} <= x, "issubset": lambda x: {1}.issubset(x), "isdisjoint": lambda x: {1}.isdisjoint(x),
        "fromkeys": dict.fromkeys, "''.join": lambda x: "".join(x), "x.join": lambda x: x.join(["a", "b"]), "b''.join": lambda x: b"".join(x),
        "'a'+x": lambda x: "a" + x, "b'a'+x": lambda x: b"a" + x, "startswith": lambda x: "abc".startswith(x), "split": lambda x: "abc".split(x),
        "replace": lambda x: "abc".replace(x, "q"), "find": lambda x: "abc".find(x), "strip": lambda x: "abc".strip(x), "x.upper": lambda x: x.upper(),
        "translate": lambda x: "abc".translate(x), "format_map": lambda x: "{a}".format_map(x), "%d": lambda x: "%d" % x, "%s": lambda x: "%s" % (x,),
        "%r": lambda x: "%r" % (x,), "%f": lambda x: "%f" % x, "%(a)s": lambda x: "%(a)s" % x, "%x": lambda x: "%x" % x, "format": format, "format>9": lambda x: format(x, ">9"),
        "f''": lambda x: f"{x}", "f'>9'": lambda x: f"{x:>9}", "f'!r'": lambda x: f"{x!r}", ".format": lambda x: "{}".format(x), ".format[0]": lambda x: "{0[0]}".format(x),
        "x.format": lambda x: x.format(1), "x%1": lambda x: x % 1, "print": lambda x: print(x, file=io.StringIO()), "print sep": lambda x: print(1, 2, sep=x, file=io.StringIO()),
        "StringIO": io.StringIO, "BytesIO": io.BytesIO, "write": lambda x: io.StringIO().write(x), "writelines": lambda x: io.StringIO().writelines(x),
        "write bytes": lambda x: io.BytesIO().write(x), "json.dumps": json.dumps, "json in list": lambda x: json.dumps([x]), "json key": lambda x: json.dumps({x: 1}),
        "json indent": lambda x: json.dumps({"k": x}, indent=1), "json.loads": json.loads, "copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickle.dumps,
        "pprint": pprint.pformat, "Counter": collections.Counter, "OrderedDict": collections.OrderedDict, "deque": collections.deque,
        "ChainMap": lambda x: collections.ChainMap(x)["a"], "UserDict": collections.UserDict, "UserList": collections.UserList, "UserString": collections.UserString,
        "defaultdict": lambda x: collections.defaultdict(int, x), "namedtuple": lambda x: collections.namedtuple("P", x), "chain": lambda x: list(itertools.chain(x)),
        "islice": lambda x: list(itertools.islice(x, 1)), "product": lambda x: list(itertools.product(x)), "accumulate": lambda x: list(itertools.accumulate(x)),
        "groupby": lambda x: [k for k, _ in itertools.groupby(x)], "pairwise": lambda x: list(itertools.pairwise(x)), "permutations": lambda x: list(itertools.permutations(x, 1)),
        "compress": lambda x: list(itertools.compress(x, x)), "repeat": lambda x: list(itertools.repeat(1, x)), "count": lambda x: next(itertools.count(x)),
        "reduce": lambda x: functools.reduce(lambda a, b: a, x), "bisect": lambda x: bisect.bisect(x, 1), "bisect in": lambda x: bisect.bisect([1, 2], x),
        "insort": lambda x: bisect.insort(x, 1), "heapify": lambda x: heapq.heapify(x), "heappush": lambda x: heapq.heappush(x, 1), "nsmallest": lambda x: heapq.nsmallest(1, x),
        "merge": lambda x: list(heapq.merge(x)), "choice": lambda x: random.Random(1).choice(x), "sample": lambda x: random.Random(1).sample(x, 1), "shuffle": shuffled,
        "mean": statistics.mean, "fmean": statistics.fmean, "median": statistics.median, "sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil, "trunc": math.trunc,
        "isnan": math.isnan, "gcd": lambda x: math.gcd(x, 2), "factorial": math.factorial, "fsum": math.fsum, "prod": math.prod, "hypot": lambda x: math.hypot(x, 1),
        "comb": lambda x: math.comb(x, 1), "isqrt": math.isqrt, "copysign": lambda x: math.copysign(x, 1), "dist": lambda x: math.dist(x, x), "re.match": lambda x: re.match("a", x),
        "re.compile": re.compile, "re.sub": lambda x: re.sub("a", "b", x), "re.escape": re.escape, "struct.pack": lambda x: struct.pack("i", x),
        "struct.pack d": lambda x: struct.pack("d", x), "struct.unpack": lambda x: struct.unpack("b", x), "fspath": os.fspath, "path.join": lambda x: os.path.join(x, "b"),
        "basename": os.path.basename, "capwords": string.capwords, "Template": lambda x: string.Template(x).substitute(a=1), "substitute": lambda x: string.Template("$a").substitute(x),
        "wrap": textwrap.wrap, "dedent": textwrap.dedent, "time.gmtime": time.gmtime, "itemgetter": lambda x: operator.itemgetter(0)(x), "length_hint": operator.length_hint,
        "concat": lambda x: operator.concat(x, x), "countOf": lambda x: operator.countOf(x, 1), "contains": lambda x: operator.contains(x, 1), "eval": lambda x: eval("a", {}, x),
        "exec": lambda x: exec("a", x), "getattr": lambda x: getattr(1, x, None), "type()": lambda x: type(x, (), {}), "isinstance": lambda x: isinstance(1, x),
        "int base": lambda x: int("11", x), "int of": lambda x: int(x, 8), "to_bytes": lambda x: (5).to_bytes(x, "big"), "from_bytes": lambda x: int.from_bytes(x, "big"),
        "encode": lambda x: "a".encode(x), "decode": lambda x: x.decode(), "x.encode": lambda x: x.encode(), "ljust": lambda x: "a".ljust(x), "x.sort": lambda x: x.sort(),
        "x.copy": lambda x: x.copy(), "x.append": lambda x: x.append(1), "x.extend": lambda x: x.extend([1]), "x.pop": lambda x: x.pop(), "x.insert": lambda x: x.insert(0, 1),
        "x.remove": lambda x: x.remove(1), "x.index": lambda x: x.index(1), "x.count": lambda x: x.count(1), "x.reverse": lambda x: x.reverse(), "x.clear": lambda x: x.clear(),
        "x.get": lambda x: x.get("a"), "x.setdefault": lambda x: x.setdefault("z", 1), "x.update": lambda x: x.update({"y": 1}), "x.keys": lambda x: list(x.keys()),
        "x.values": lambda x: list(x.values()), "x.items": lambda x: list(x.items()), "x.popitem": lambda x: x.popitem(), "x.add": lambda x: x.add(9),
        "x.discard": lambda x: x.discard(1), "x.union": lambda x: x.union({9}), "x.difference": lambda x: x.difference({1}), "x.title": lambda x: x.title(),
        "x.splitlines": lambda x: x.splitlines(), "x.partition": lambda x: x.partition("b"), "x.zfill": lambda x: x.zfill(9), "x.hex": lambda x: x.hex(),
        "x.is_integer": lambda x: x.is_integer(), "x.as_integer_ratio": lambda x: x.as_integer_ratio(), "x.bit_length": lambda x: x.bit_length(), "x.conjugate": lambda x: x.conjugate(),
        "x.elements": lambda x: list(x.elements()), "x.most_common": lambda x: x.most_common(), "x.subtract": lambda x: x.subtract("a"), "x.move_to_end": lambda x: x.move_to_end("a"),
        "x.appendleft": lambda x: x.appendleft(1), "x.rotate": lambda x: x.rotate(1), "x.isoformat": lambda x: x.isoformat(), "x.strftime": lambda x: x.strftime("%Y"),
        "x.replace": lambda x: x.replace(), "x.total_seconds": lambda x: x.total_seconds(), "x.timetuple": lambda x: x.timetuple(), "x.limit_denominator": lambda x: x.limit_denominator(2),
        "x.quantize": lambda x: x.quantize(1), "x.sqrt": lambda x: x.sqrt(), "x.read": lambda x: x.read(), "x.readline": lambda x: x.readline(), "x.readlines": lambda x: x.readlines(),
        "x.write": lambda x: x.write("a"), "x.write bytes": lambda x: x.write(b"a"), "x.writelines": lambda x: x.writelines([]), "with": lambda x: x.__enter__() and x.__exit__(None, None, None),
        "x.tell": lambda x: x.tell(), "x.child": lambda x: x / "b", "x.name": lambda x: x.name, "x.parent": lambda x: x.parent, "x.suffix": lambda x: x.suffix,
        "x.with_name": lambda x: x.with_name("z"), "x.format_field": lambda x: x.format("{}", 1), "x.random": lambda x: x.randint(1, 9), "x.uniform": lambda x: x.uniform(1, 9),
        "x.gauss": lambda x: x.gauss(0, 1), "x.choices": lambda x: x.choices([1, 2]), "x.encode json": lambda x: x.encode([1]), "x.decode json": lambda x: x.decode("[1]"),
    }


def classes():
    """What instances are made from: (name, class, arguments)."""
    import collections
    import datetime
    import decimal
    import fractions
    import io
    import json
    import pathlib
    import random
    import string

    pairs = {"a": 1, "b": 2}
    return [
        ("int", int, (3,)), ("float", float, (1.5,)), ("complex", complex, (1, 2)), ("str", str, ("abc",)), ("bytes", bytes, (b"abc",)), ("bytearray", bytearray, (b"abc",)),
        ("list", list, ([2, 1],)), ("tuple", tuple, ((2, 1),)), ("strs", list, (["b", "a"],)), ("dict", dict, (pairs,)), ("set", set, ({1, 2},)), ("frozenset", frozenset, ({1, 2},)),
        ("deque", collections.deque, ([2, 1],)), ("OrderedDict", collections.OrderedDict, (pairs,)), ("defaultdict", collections.defaultdict, (int, pairs)), ("Counter", collections.Counter, (pairs,)),
        ("UserDict", collections.UserDict, (pairs,)), ("UserList", collections.UserList, ([2, 1],)), ("UserString", collections.UserString, ("abc",)), ("ChainMap", collections.ChainMap, (pairs,)),
        ("Fraction", fractions.Fraction, (3, 2)), ("Decimal", decimal.Decimal, ("1.5",)), ("date", datetime.date, (2020, 2, 3)), ("datetime", datetime.datetime, (2020, 2, 3, 4)),
        ("time", datetime.time, (4, 5)), ("timedelta", datetime.timedelta, (1, 5)), ("PurePosixPath", pathlib.PurePosixPath, ("/a/b.c",)), ("StringIO", io.StringIO, ("a\nb\n",)),
        ("BytesIO", io.BytesIO, (b"a\nb\n",)), ("Exception", Exception, (1, 2)), ("OSError", OSError, (2, "x")), ("KeyError", KeyError, ("a",)), ("Random", random.Random, (1,)),
        ("Formatter", string.Formatter, ()), ("JSONEncoder", json.JSONEncoder, ()), ("JSONDecoder", json.JSONDecoder, ()), ("object", object, ()), ("property", property, (len,)),
    ]


def probe():
    """Prints the table."""
    import warnings

    warnings.simplefilter("ignore")
    rows = operations()
    for name, base, args in classes():
        made, calls = counting(base)
        for operation, run in rows.items():
            instance = made(*args)
            calls.clear()
            try:
                run(instance)
                result = "ok"
            except RecursionError:
                result = "recursion"
            except BaseException as error:
                result = type(error).__name__
            counts = " ".join(f"{method}:{count}" for method, count in sorted(calls.items()))
            print(f"{name}|{operation}|{result}|{counts}")


# What is known to differ: the operation, the classes (all where empty), and why.
LISTED = [
    ("sample", "", "takes the chosen items out of the sequence; CPython copies short ones, and asks whether the class is a Sequence"),
    ("reversed", "", "`list(reversed(x))` asks for no length before it goes through the iterator"),
    ("dist", "", "reads any iterable; CPython reads tuples at once and checks their items first"),
    ("fmean", "", "reads all items before it adds the first"),
    ("merge", "", "a `for` goes through the iterators, which asks them for themselves again"),
    ("unpack", "StringIO BytesIO", "an iterator is not asked for itself again"),
    ("dict", "UserString", "asks pairs for their length"),
    ("dict|=x", "UserString", "asks pairs for their length"),
    ("{}.update", "UserString", "asks pairs for their length"),
    ("OrderedDict", "UserString", "asks pairs for their length"),
    ("defaultdict", "UserString", "asks pairs for their length"),
    ("issubset", "UserList", "goes through the whole iterable; CPython stops when all members were found"),
    ("int", "str", "the message quotes the text, not what an overridden __repr__ returns"),
    ("float", "str bytes bytearray", "the message quotes the text, not what an overridden __repr__ returns"),
    ("int of", "str", "the message quotes the text, not what an overridden __repr__ returns"),
    ("complex", "float", "a float's value is read at once"),
    ("print sep", "str", "the text of a separator is read at once"),
    ("json.loads", "str", "the native scanner counts lines itself"),
    ("re.compile", "", "patterns are read by a native parser; bytearrays are patterns, too"),
    ("re.escape", "str", "is native"),
    ("dedent", "str", "works line by line"),
    ("x+=x", "bytearray", "no buffer stays exported"),
    ("struct.pack d", "UserString", "the error of __float__ is not replaced"),
    ("2**x", "Fraction", "the depth of recursion"),
    ("", "PurePosixPath", "own parts behind the public methods"),
    ("copy", "StringIO BytesIO", "copies by the contents"),
    ("deepcopy", "StringIO BytesIO JSONDecoder", "copies by the contents; JSONDecoder keeps no scanner that refuses"),
    ("pickle", "StringIO BytesIO", "copies by the contents"),
    ("x.decode json", "JSONDecoder", "an own name behind the public methods"),
]


def is_listed(name, operation):
    """Whether a difference of this row is known."""
    return any(row[0] in ("", operation) and (not row[1] or name in row[1].split()) and (row[0] or row[1]) for row in LISTED)


def table(interpreter):
    """The rows that an interpreter prints: (class, operation) to what happened."""
    import subprocess

    done = subprocess.run([interpreter, __file__, "--probe"], capture_output=True, text=True, timeout=600)
    rows = {}
    for line in done.stdout.splitlines():
        name, rest = line.split("|", 1)
        operation, result, counts = rest.rsplit("|", 2)
        rows[name, operation] = f"{result} {counts}"
    return rows


def main():
    """Compares the tables of two interpreters."""
    ours, theirs = table(sys.argv[1]), table(sys.argv[2] if len(sys.argv) > 2 else sys.executable)
    differ = [row for row in theirs if ours.get(row) != theirs[row]]
    unlisted = [row for row in differ if not is_listed(*row)]
    for name, operation in unlisted:
        row = name, operation
        print(f"{name}: {operation}: {theirs[row]!r} in CPython, here {ours.get(row)!r}")
    print(f"{len(theirs)} rows, {len(differ)} differ, {len(unlisted)} of them are not listed")
    return 1 if unlisted or not theirs else 0


if __name__ == "__main__":
    if "--probe" in sys.argv:
        probe()
    else:
        sys.exit(main())
