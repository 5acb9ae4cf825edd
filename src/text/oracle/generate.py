"""Writes the tables of expected values (*.tsv) from the Python that runs it, which must be CPython 3.13.

Run: python3 generate.py [NAME ...]     (all tables without a name)

A table is a function decorated with @table: it yields rows, whose cells are str() of what it yields. `text` cells are
escaped with unicode_escape; floats are written as their bits, so that nothing is lost on the way. Cases are random with
a fixed seed beside the hand-picked ones: a second run writes the same bytes.
"""
import itertools
import pathlib
import random
import struct
import sys

HERE = pathlib.Path(__file__).parent
TABLES = {}


def table(function):
    TABLES[function.__name__.rstrip("_")] = function
    return function


def bits(value):
    return struct.pack(">d", value).hex()


def text(value):
    return value.encode("unicode_escape").decode("ascii")


def result(function, *args):
    """The text that a call returns, or `!Class: message`."""
    try:
        return text(function(*args))
    except Exception as error:
        return text(f"!{type(error).__name__}: {error}")


def write(name):
    rng = random.Random(name)
    rows = ["\t".join(map(str, row)) for row in TABLES[name](rng)]
    for row in rows:
        assert "\n" not in row, row
    rows = list(dict.fromkeys(rows))
    (HERE / f"{name}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def any_float(rng):
    """Floats of every size, with a bias to short decimals and to ties."""
    kind = rng.randrange(6)
    if kind == 0:
        return struct.unpack(">d", rng.randbytes(8))[0]
    if kind == 1:
        return rng.randrange(-10**6, 10**6) / 10 ** rng.randrange(7)
    if kind == 2:
        return float(rng.randrange(-200, 200)) / 2 ** rng.randrange(8)
    if kind == 3:
        return rng.uniform(-1, 1) * 10.0 ** rng.randrange(-25, 25)
    if kind == 4:
        return rng.choice([0.0, -0.0, 1.0, -1.0, 1e16, 1e15, 1e-4, 1e-5, 9999999999999998.0, 123456.0, 1e22, 1e23, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, float("inf"), float("-inf"), float("nan"), 0.5, 999999.5, 0.1, 1e100])
    return float(rng.choice([1, -1]) * rng.randrange(10) * 10 ** rng.randrange(23))


@table
def float_digits(rng):
    for _ in range(300):
        value = abs(any_float(rng))
        spec = f"{rng.choice(['', '#'])}.{rng.choice([0, 0, 1, 2, 3, 5, 6, 10, 16, 17, 20])}{rng.choice('efg')}"
        shown = format(value, spec)
        if len(shown) < 60:
            yield bits(value), spec, shown


@table
def float_repr(rng):
    for _ in range(300):
        value = any_float(rng)
        yield bits(value), repr(value), value.hex()


@table
def complex_repr(rng):
    for _ in range(80):
        re, im = any_float(rng), any_float(rng)
        yield bits(re), bits(im), repr(complex(re, im))


@table
def float_parse(rng):
    fixed = ["", " ", "1", "+1", "-1", " 1 ", "\t1.5\n", "1.", ".5", ".", "1e5", "1e", "1e+", "1e-5", "1E5", "1_0", "1__0", "_1", "1_", "1_.0", "1._0", "1.0_1", "1e1_0", "1e_1", "1_e1", "in_f", "inf", "-inf", "+Infinity", "iNf", "nan", "-nan", "NaN", "infinit", "nanx", "0x1", "1 2", "--1", "+ 1", "1e400", "-1e400", "1e-400", "1e99999999999999999999", "١٢.٥", "\u20031\u2003", "\x1c1", "1\x00", "½", "1j", "é", "0_0", "1.7976931348623159e308", "4.9406564584124654e-324", "2.4703282292062327e-324", "9007199254740993", "0.1e1"]
    for case in fixed:
        yield "float", text(case), result(lambda: repr(float(case)))
    for case in ["", "1", "0x1", "0X1P3", "1p", "1p+", "1p-3", "0x.8", "0x8.", "0x.", ".", "0x", "0x1.8p1", "-0x1p-1074", "0x1p-1075", "0x1.8p-1075", "0x1p-1076", "0x1p1023", "0x1p1024", "0x1.fffffffffffff8p1023", "0x1.fffffffffffff7p1023", "0x1.00000000000008p0", "0x1.000000000000080p0", "0x1.000000000000080000000000001p0", "0x1.00000000000018p0", "inf", "-Infinity", "nan", "+nan", "infx", " 0x1p0 ", "0x1 p0", "0x1p0x", "0x1p5000", "0x0p5000", "0x1p-5000", "0x1p99999999999999999999999", "0x0p99999999999999999999999", "0x" + "f" * 40, "0x0." + "0" * 40 + "1p164", "1_0", "0x1g", "--1", "é", "a.a", "0x123456789abcdef0123p-70"]:
        yield "fromhex", text(case), result(lambda: repr(float.fromhex(case)))
    for case in ["", "1", "1j", "j", "+j", "-j", "1+2j", "1-2j", "(1+2j)", " ( 1+2j ) ", "(1+2j", "1+2j)", "1 + 2j", "1+", "1+2", "1j+2", "1e5j", "1e5+1e-5j", "inf+nanj", "nan-infj", "-0-0j", "1_0+2_0j", "1__0j", "infj", "1+infinityj", "1.5e3", "e", "1jj", "1J", "+1+1j", "1++1j", "1+j", "1-j", "((1j))", "()", "1+ j", "\t1j\n", "١+٢j", "nanj", "1.j", ".5j", ".j"]:
        yield "complex", text(case), result(lambda: repr(complex(case)))


@table
def int_parse(rng):
    fixed = ["", " ", "0", "00", "007", "0_7", "1", "+1", "-1", "- 1", " 1 ", "\t1\n", "1.0", "1e5", "1_0", "1__0", "_1", "1_", "0x1f", "0X1F", "-0x1f", "0x_1f", "0x__1f", "0x", "0b101", "0b2", "0o17", "0o8", "0b_1", "z", "Z", "zz", "1\x00", "١٢", "\u20031\u2003", "\x1c1", "½", "é", "--1", "+-1", "'", "a\nb", "0b", "b1", "0_x1", "-0", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1" * 40, "0" * 30 + "1"]
    for case, base in itertools.product(fixed, [10, 0, 2, 8, 16, 36]):
        yield text(case), base, result(lambda: str(int(case, base)))
    for base in [1, -1, 37, 2**40]:
        yield "1", base, result(lambda: str(int("1", base)))
    for _ in range(60):
        base = rng.choice([2, 3, 8, 10, 11, 16, 36])
        case = "".join(rng.choice("0123456789abcdefxyzABC_") for _ in range(rng.randrange(1, 12)))
        yield case, base, result(lambda: str(int(case, base)))


@table
def str_repr(rng):
    samples = "abc '\"\\\n\r\t\x00\x1b\x7f\x80\xa0\xad\xe9\u0301\u03a9\u200b\u2028\ue000\U0001f600\U000e0001\uffff漢"
    cases = ["", "'", '"', "'\"", "abc", "a\\b"] + ["".join(rng.choice(samples) for _ in range(rng.randrange(1, 9))) for _ in range(120)]
    for case in cases:
        latin = bytes(ord(c) & 255 for c in case)
        yield text(case), text(repr(case)), text(ascii(case)), text(repr(latin))


@table
def format_spec(rng):
    """Specifiers of every shape, most of them valid for the value they are applied to."""
    ints = [0, 1, -1, 7, 65, 0x1F600, 255, -255, 1000, -1234567, 1234567890123, 10**20, -10**25, 2**63, -2**63, 2**64, 10**400, 0x110000]
    strings = ["", "a", "abc", "h\xe9llo", "a\nb", "\U0001f600x"]

    def spec_for(kind):
        good = {"int": "bcdnoxXeEfFgG%", "float": "eEfFgGn%", "complex": "eEfFgGn", "str": "s"}[kind]
        maybe = lambda chance, choices: rng.choice(choices) if rng.random() < chance else ""
        spec = ""
        if rng.random() < 0.4:
            spec += maybe(0.6, "*0x<>=\u00e9 ") + rng.choice("<>^=" if kind in ("int", "float") else "<>^<>^=")
        spec += maybe(0.35 if kind != "str" else 0.04, "+- ") + maybe(0.1 if kind in ("float", "complex") else 0.02, "z")
        spec += maybe(0.2 if kind != "str" else 0.04, "#") + maybe(0.25 if kind != "complex" else 0.05, "0")
        spec += maybe(0.6, ["1", "5", "10", "12", "17", "20", "\u0663"])
        spec += maybe(0.35 if kind != "str" else 0.04, [",", "_", ",_", "_,"] if rng.random() < 0.1 else ",_")
        spec += maybe(0.5 if kind != "int" else 0.1, [".0", ".1", ".2", ".3", ".6", ".10", ".15"] + [".", ".x"] * (rng.random() < 0.2))
        spec += maybe(0.7, good if rng.random() < 0.9 else "bcdeEfFgGnosxX%zr\u00e9?")
        return spec + maybe(0.02, ["d", " ", "fx"])

    for _ in range(760):
        kind = rng.choice(["int", "int", "float", "float", "float", "str", "complex"])
        spec = spec_for(kind)
        if kind == "int":
            value = shown = rng.choice(ints) if rng.random() < 0.6 else rng.randrange(-10**rng.randrange(1, 25), 10**20)
        elif kind == "float":
            value = any_float(rng)
            shown = bits(value)
        elif kind == "complex":
            value = complex(any_float(rng), any_float(rng))
            shown = f"{bits(value.real)},{bits(value.imag)}"
        else:
            value = rng.choice(strings)
            shown = text(value)
        answer = result(format, value, spec)
        if len(answer) < 90 and spec:
            yield kind, shown, text(spec), answer
    for spec in ["99999999999999999999", ".99999999999999999999", ".2147483648f", "d ", "%%", "\x01", "\x7f", ",\xe9"]:
        yield "float", bits(1.5), text(spec), result(format, 1.5, spec)
        yield "str", "a", text(spec), result(format, "a", spec)
        yield "int", "5", text(spec), result(format, 5, spec)


@table
def num_convert(rng):
    ints = [0, 1, -1, 2**53, 2**53 + 1, 2**53 + 3, 2**63, -2**63, 2**64 - 1, 2**64 + 2**11, 2**64 + 2**11 + 1, 2**1024 - 2**970, 2**1024 - 2**970 - 1, 2**1024 - 2**971, 2**1024, -2**2000, 10**22, 10**23]
    ints += [rng.choice([1, -1]) * rng.getrandbits(rng.randrange(1, 300)) for _ in range(80)]
    ints += [(2**52 + rng.getrandbits(52)) * 2 + 1 << rng.randrange(200) for _ in range(20)]
    for value in ints:
        yield "float", value, result(lambda: bits(float(value)))
    floats = [any_float(rng) for _ in range(80)] + [2.0**63, -2.0**63, 9223372036854774784.0, 1e300, 0.999999999999, -0.5]
    for value in floats:
        if abs(value) < 1e60 or value != value or abs(value) == float("inf"):
            yield "int", bits(value), result(lambda: str(int(value)))
        if 1e-10 < abs(value) < 1e40 or value == 0 or value != value or abs(value) == float("inf"):
            yield "ratio", bits(value), result(lambda: "%d/%d" % value.as_integer_ratio())
    order = lambda a, b: "<" if a < b else ">" if a > b else "=" if a == b else "none"
    for _ in range(100):
        left = rng.choice(ints)
        right = rng.choice(floats)
        if rng.random() < 0.5 and abs(left) < 2**1023:
            right = float(left) + rng.choice([0, 0.5, -0.5])
        yield "compare", left, bits(right), order(left, right)


@table
def percent(rng):
    """Templates with their arguments in a tuple, or in a dict under a, b, c."""
    texts = ["", "a", "abc", "h\xe9'llo"]
    show = {int: lambda v: f"i{v}", float: lambda v: "f" + bits(v), str: lambda v: "s" + v}

    def value():
        return rng.choice([rng.choice([0, 1, -1, 65, 255, -12345, 10**15, 0x110000]), any_float(rng), rng.choice(texts)])

    def conversion(key):
        maybe = lambda chance, choices: rng.choice(choices) if rng.random() < chance else ""
        spec = "%" + (f"({key})" if key else "")
        spec += "".join(rng.sample("-+ #0", rng.choice([0, 0, 1, 1, 2, 3])))
        spec += maybe(0.5, ["1", "5", "10", "14", "*"] if rng.random() < 0.3 else ["3", "8", "12"])
        spec += maybe(0.3, [".0", ".1", ".3", ".", ".10", ".*"]) + maybe(0.03, "hlL")
        return spec + rng.choice("sraddiuoxXeEfFgGc%" + ("yzq\xe9\x01" if rng.random() < 0.03 else ""))

    def fitting(spec):
        letter = spec[-1]
        stars = [rng.choice([0, 3, 9, -9]) for c in spec if c == "*"]
        if letter == "%":
            return stars
        if rng.random() < 0.08:
            return stars + [value()]
        if letter in "diu":
            return stars + [rng.choice([rng.randrange(-10**6, 10**6), any_float(rng)])]
        if letter in "oxX":
            return stars + [rng.randrange(-10**6, 10**6)]
        if letter in "eEfFgG":
            return stars + [any_float(rng)]
        return stars + [rng.choice([65, "x", "\xe9"]) if letter == "c" else value()]

    fixed = [("%", [1]), ("%d %", [1]), ("%(a)s", [1]), ("x", [1]), ("%s", []), ("%s %s", [1]), ("%s", [1, 2]), ("%*d", ["a", 1]), ("%.*d", ["a", 1]), ("%99999999999999999999d", [1]), ("%.99999999999999999999d", [1]), ("%.2147483648f", [1.5]), ("100%%", []), ("%5%", []), ("%l", [1]), ("%lld", [1])]
    for template, args in fixed:
        yield text(template), "tuple", " ".join(show[type(a)](a) for a in args), result(lambda: template % tuple(args))
    for template in ["%(a", "%(a)s %s", "%s %(a)s", "%(a)*d", "%(a)", "%(a)%", "no keys"]:
        answer = result(lambda: template % {"a": 7})
        if "{" not in answer:
            yield text(template), "mapping", "i7", answer
    for _ in range(480):
        if rng.random() < 0.15:
            args = [value(), value(), 7]
            template = "".join(conversion(rng.choice("abc")) for _ in range(rng.randrange(1, 3)))
            answer = result(lambda: template % dict(zip("abc", args)))
            if "{" in answer or "dict" in answer or "*" in template:
                continue
            kind = "mapping"
        else:
            specs = [conversion(None) for _ in range(rng.randrange(1, 3))]
            template = rng.choice(["", "a ", "\u03a9"]) + " ".join(specs)
            args = [a for spec in specs for a in fitting(spec)]
            kind, answer = "tuple", result(lambda: template % tuple(args))
        if len(answer) < 100:
            yield text(template), kind, " ".join(show[type(a)](a) for a in args), answer


@table
def format_template(rng):
    """str.format with the arguments "ab", "8" and k="5"."""
    fixed = ["", "a", "{", "}", "{{", "}}", "{{}}", "{", "a{", "a}", "}a", "{}", "{}{}", "{}{}{}", "{0}{}", "{}{0}", "{k}{}", "{1}{0}{k}", "{!r}", "{0!s:>5}", "{0!x}", "{0!\xe9}", "{0!}", "{!", "{!r", "{0!r:", "{0!rr}", "{:", "{:{", "{:{}}", "{:{k}}", "{:>{k}}|", "{:>{1}}|", "{:{:{}}}", "{a{b}", "{0[0]}", "{0[0", "{0[}", "{0[0]1}", "{0[]}", "{0.}", "{99999999999999999999}", "{5}", "{:}}", "{0:{{}}}", "{0 }", "{ 0}", "{k:5}", "{k:x}", "{0!r }", "{[0]}", "{0[0][0]}", "{0[5]}"]
    for _ in range(250):
        fixed.append("".join(rng.choice(["{", "}", "{{", "}}", "{}", "{0}", "{k}", "[0]", "!r", ":>5", ":", "!", "a", "0", "{:{k}}", "{!r:^9}", "."]) for _ in range(rng.randrange(1, 6))))
    for template in fixed:
        answer = result(lambda: template.format("ab", "8", k="5"))
        # What the arguments of the test cannot do: names, keys and attributes of strings.
        if not answer.startswith(("!KeyError", "!AttributeError", "!TypeError")) and "string index" not in answer:
            yield text(template), answer


@table
def field_path(rng):
    import _string

    def show(name):
        first, rest = _string.formatter_field_name_split(name)
        return " ".join([repr(first)] + [f".{key}" if attribute else f"[{key!r}]" for attribute, key in rest])

    names = ["", "0", "a", "a.b", "a.b.c", "0[1]", "0[a]", "a[b].c[2]", ".a", "[0]", "a.", "a[", "a[]", "a[0", "a[0]b", "a[0]]", "a.b]", "a..b", "0a", "a[-1]", "a[1.5]", "a[.]", "\u0663", "a[\u0663]", "99999999999999999999", "a[99999999999999999999]", "a[b.c]", "a b.c d", "a['x']"]
    for name in names:
        yield text(name), result(show, name)


def cell(value):
    """A number, or a tuple or complex of them, as `oracle::Number` reads it and `show_int`, `show_float` write it."""
    if isinstance(value, tuple):
        return " ".join(map(cell, value))
    if isinstance(value, complex):
        return cell((value.real, value.imag))
    if isinstance(value, int):
        return f"i{value}"
    return "fnan" if value != value else "f" + bits(value)


def number(function, *args):
    return result(lambda: cell(function(*args)))


def any_int(rng):
    return rng.choice([1, -1]) * rng.choice([rng.randrange(10), rng.randrange(1000), 2**63, 2**63 - 1, 2**62, rng.getrandbits(53), rng.getrandbits(63), rng.getrandbits(rng.randrange(1, 200))])


@table
def num_division(rng):
    operations = {"//": lambda a, b: a // b, "%": lambda a, b: a % b, "/": lambda a, b: a / b, "divmod": divmod}
    plain = [0.0, -0.0, 1.0, -1.0, 0.1, 3.0, -3.0, 0.5, 7.5, float("inf"), float("-inf"), float("nan"), 1e300, 1e-300]
    for _ in range(300):
        a, b = rng.choice([lambda: (any_int(rng), any_int(rng)), lambda: (any_float(rng), any_float(rng)), lambda: (rng.choice(plain), rng.choice(plain))])()
        name = rng.choice(list(operations))
        yield name, cell(a).replace("fnan", "f7ff8000000000000"), cell(b).replace("fnan", "f7ff8000000000000"), number(operations[name], a, b)
    for a, b in [(10**400, 3), (10**400, 10**380), (3, 10**330), (1, 10**400), (2**1074 + 1, 2**2148), (2**1024 - 2**970, 1), (2**1024 - 2**970 - 1, 1), (3, 2**1075), (0, 10**400), (-1, 2**1080), (1, 3 << 1074)]:
        yield "/", cell(a), cell(b), number(operations["/"], a, b)


@table
def num_power(rng):
    ints = [0, 1, -1, 2, -2, 3, 10, -7, 64, 12, 2**40, 10**20, -(10**19)]
    for _ in range(120):
        a, b = rng.choice(ints), rng.choice([0, 1, 2, 3, 5, 13, 31, 62, 63, 64, -1, -2, -5])
        yield cell(a), cell(b), number(pow, a, b)
    for _ in range(120):
        a, b, m = any_int(rng), any_int(rng), any_int(rng)
        yield cell(a), cell(b), cell(m), number(pow, a, b, m)
    plain = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -8.0, 1e300, 1e-300, -1e200, float("inf"), float("-inf"), 0.1, 10.0, 100.0, 1 / 3]
    for _ in range(200):
        a, b = rng.choice(plain), rng.choice(plain)
        yield cell(a), cell(b), number(pow, a, b)


@table
def num_complex(rng):
    operations = {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "**": lambda a, b: a**b, "abs": lambda a, b: complex(abs(a), 0)}
    plain = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.25, 1e200, 1e-200, 1e308, 7.0]
    for _ in range(300):
        a = complex(rng.choice(plain), rng.choice(plain))
        b = complex(rng.choice(plain + [2.0, 3.0, -1.0, -2.0]), rng.choice(plain + [0.0] * 8))
        name = rng.choice(list(operations))
        yield name, bits(a.real), bits(a.imag), bits(b.real), bits(b.imag), number(operations[name], a, b)


@table
def num_rounding(rng):
    for _ in range(300):
        value, places = any_float(rng), rng.choice([0, 1, 2, 3, 5, 10, 15, 17, 20, 22, 300, 323, 324, 400, -1, -2, -5, -15, -20, -300, -308, -309, -400])
        if value == value:
            yield cell(value), places, number(round, value, places)
    for value in [25.0, 35.0, 15.0, 5.0, 250.0, 2.5, 0.5, 50.0, 150.0, 2.675, 1.005, 0.15, 0.25, 0.35, 5e22, 1.5e300, 1.7e308, 1.7976931348623157e308, 0.125, 1234567.5]:
        for places in [0, 1, 2, -1, -2, -3, -22, -300, -308]:
            yield cell(value), places, number(round, value, places)
    for _ in range(60):
        value = any_float(rng)
        if abs(value) < 1e40 or value != value or abs(value) == float("inf"):
            yield cell(value).replace("fnan", "f7ff8000000000000"), "none", number(round, value)
    for _ in range(100):
        value = rng.choice([any_int(rng), rng.randrange(-300, 300) * 5])
        places = rng.choice([0, 3, -1, -1, -2, -3, -5, -10, -19, -60, -70])
        yield cell(value), places, number(round, value, places)


@table
def num_hash(rng):
    for value in [0, 1, -1, -2, 2**61 - 1, 2**61, -(2**61) + 1, 2**61 - 2, 2**62, 2**63, -2**63, 2**64] + [any_int(rng) for _ in range(60)]:
        yield cell(value), hash(value)
    for value in [1.0, -1.0, 0.0, -0.0, 0.5, float("inf"), float("-inf")] + [any_float(rng) for _ in range(80)]:
        if value == value:
            yield cell(value), hash(value)
            yield cell(value), cell(0.5 * value), hash(complex(value, 0.5 * value))
    yield cell(-1.0), cell(-1.0), hash(complex(-1, -1))


@table
def num_combinatorics(rng):
    import math

    for _ in range(50):
        n = any_int(rng)
        yield "isqrt", cell(n), "i0", number(math.isqrt, n)
        yield "isqrt", cell(n * n - 1), "i0", number(math.isqrt, n * n - 1)
        m = any_int(rng)
        f = rng.getrandbits(rng.randrange(1, 70))
        yield "gcd", cell(n * f), cell(m * f), number(math.gcd, n * f, m * f)
        yield "lcm", cell(n * f), cell(m * f), number(math.lcm, n * f, m * f)
    for n in [-1, 0, 1, 2, 3, 5, 10, 20, 21, 22, 33, 50, 75, 2**63, -(2**63)]:
        yield "factorial", cell(n), "i0", number(math.factorial, n)
    for function in math.comb, math.perm:
        for _ in range(80):
            n = rng.choice([rng.randrange(12), rng.randrange(80), 2**64 + 5, 2**63, -1])
            k = rng.choice([rng.randrange(12), rng.randrange(5), -1]) if n < 2**40 or rng.random() < 0.8 else n - rng.randrange(4) * (function is math.comb)
            if function is math.comb or k < 2**40:
                yield function.__name__, cell(n), cell(k), number(function, n, k)
        for n, k in [(2**70, 2**69), (2**70, 2**70 + 1), (10, 11), (0, 0)]:
            yield function.__name__, cell(n), cell(k), number(function, n, k)


@table
def num_shift(rng):
    for _ in range(120):
        a, b = any_int(rng), rng.choice([0, 1, 5, 30, 62, 63, 64, 65, 100, -1])
        yield "<<", cell(a), cell(b), number(lambda: a << b)
        yield ">>", cell(a), cell(b), number(lambda: a >> b)


@table
def str_ops(rng):
    """A method, its text and arguments, all escaped; lists as the reprs of their items."""
    letters = "abcABC019 _-.'xX"
    wide = "\u00e9\u00df\u03a3\u03c3\u0130\u01c5\u01c4\ufb01\u1f80\u0149\u00b2\u00bd\u0663\u2167\u6f22\u4e00\U0001f600\u0301\u00ad\u00b7\u2160\u24d0\u00aa\u10d0\u13a0\uab70"
    spaces = " \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u2003\u2028"

    def any_text(alphabet, most=10):
        return "".join(rng.choice(alphabet) for _ in range(rng.randrange(most)))

    def row(method, value, *args):
        def show(answer):
            return ", ".join(map(repr, answer)) if isinstance(answer, (list, tuple)) else str(answer)

        call = (lambda: value[args[0]:args[1]]) if method == "slice" else (lambda: getattr(value, method)(*args))
        return [method, text(value), *(text(str(arg)) for arg in args), result(lambda: show(call()))]

    cases = "lower upper title capitalize swapcase casefold".split()
    tests = "isalpha isalnum isdigit isdecimal isnumeric isspace isidentifier isprintable istitle isupper islower".split()
    for _ in range(100):
        yield row(rng.choice(cases), any_text(rng.choice([letters, letters + wide, "aA\u03a3\u03c3.' \u00ad"])))
    for c in wide:
        for method in cases:
            yield row(method, "a" + c)
            yield row(method, c + "b")
    for _ in range(150):
        alphabet = rng.choice([letters, "abc", "AB", "Ab ", "019", "\u00b20\u0663", wide, spaces, "a_1", "\u01c5a ", "Ab\u01c5"])
        yield row(rng.choice(tests), any_text(alphabet, rng.choice([2, 4, 7])))
    for _ in range(50):
        value = any_text("ab" + spaces)
        yield row(rng.choice(["split", "rsplit"]), value, None, rng.choice([-1, 0, 1, 2, 9]))
        yield row("splitlines", value + rng.choice(["", "\r\n", "\n\r"]) + any_text("a\r\n"), rng.choice([True, False]))
        yield row(rng.choice(["strip", "lstrip", "rstrip"]), value)
        yield row(rng.choice(["strip", "lstrip", "rstrip"]), any_text("ab\u00e9"), any_text("a\u00e9b", 3))
        value, part = any_text("ab\u00e9"), any_text("ab\u00e9", 3)
        yield row(rng.choice(["split", "rsplit"]), value, part, rng.choice([-1, 0, 1, 2, 9]))
        yield row(rng.choice(["removeprefix", "removesuffix", "partition", "rpartition"]), value, part)
        yield row("replace", value, part, any_text("xy", 3), rng.choice([-1, 0, 1, 2, 9]))
    bounds = [None, None, 0, 1, 2, 3, 5, 10, 11, -1, -2, -5, -20]
    for _ in range(150):
        alphabet = rng.choice(["ab", "ab\u00e9"])
        yield row(rng.choice("find rfind count startswith endswith".split()), any_text(alphabet), any_text(alphabet, 3), rng.choice(bounds), rng.choice(bounds))
        low = rng.randrange(8)
        yield row("slice", any_text(alphabet), low, low + rng.randrange(5))
    for _ in range(40):
        yield row(rng.choice("center ljust rjust".split()), any_text("a\u00e9"), rng.choice([-1, 0, 3, 8, 9, 12, 13]), rng.choice(" *\u00e9"))
        yield row("zfill", rng.choice(["", "+", "-", "\u00e9"]) + any_text("012"), rng.choice([-1, 0, 3, 6]))
        yield row("expandtabs", any_text("a\u00e9\t\t\n\r"), rng.choice([-1, 0, 1, 4, 8]))


@table
def num_gamma(rng):
    import math

    fixed = [0.0, -0.0, -1.0, -2.5, 1.0, 2.0, 0.5, 23.0, 24.0, 171.0, 171.6, 172.0, -171.5, -200.5, -250.5, 1e-21, -1e-21, 5e-324, 1e300, 1.7e308, float("inf"), float("-inf")]
    for x in fixed + [rng.uniform(-30, 60) for _ in range(100)] + [rng.uniform(-170, 170) for _ in range(100)] + [float(n) for n in range(3, 40)]:
        yield "gamma", bits(x), number(math.gamma, x)
        yield "lgamma", bits(x), number(math.lgamma, x)


@table
def random_(rng):
    """A seed, a method, its arguments, and four results in a row."""
    seeds = [0, 1, 42, -7, 2**32, 2**70 + 3, 1.5, "", "seed", "h\xe9", b"seed"]
    calls = [("random",), ("getrandbits", 0), ("getrandbits", 1), ("getrandbits", 32), ("getrandbits", 33), ("getrandbits", 100), ("getrandbits", -1), ("randbytes", 5), ("randbytes", 0), ("randrange", 10), ("randrange", 0), ("randrange", 2, 9), ("randrange", 9, 2), ("randrange", 0, 100, 7), ("randrange", 100, 0, -7), ("randrange", 0, 10, -1), ("randrange", 1, 2, 0), ("randrange", 2**64), ("randrange", -(2**63), 2**63 - 1), ("randrange", 0, 10**30, 10**5), ("randint", 1, 6), ("randint", 6, 1), ("randint", -(2**62), 2**62), ("choice", 7), ("choice", 0), ("shuffle", 0), ("shuffle", 1), ("shuffle", 8), ("sample", 10, 3), ("sample", 30, 3), ("sample", 21, 5), ("sample", 22, 5), ("sample", 85, 6), ("sample", 86, 6), ("sample", 10**6, 22), ("sample", 3, 3), ("sample", 3, 4), ("sample", 3, -1), ("sample_counts", 3, 2, 0, 4, 1), ("sample_counts", 0, 0), ("choices", 5, 6), ("choices_weighted", 6, 0.5, 2.0, 0.0, 1.5), ("choices_weighted", 1, 0.0), ("choices_weighted", 1, float("inf")), ("uniform", 1.0, 10.0), ("triangular", 0.0, 1.0), ("triangular", 2.0, 9.0, 3.0), ("triangular", 2.0, 2.0, 2.0), ("gauss", 0.0, 1.0), ("gauss", 5.0, 0.1), ("normalvariate", 0.0, 1.0), ("lognormvariate", 0.0, 0.25), ("lognormvariate", 1e6, 0.25), ("expovariate", 0.2), ("expovariate", 0.0), ("vonmisesvariate", 1.0, 4.0), ("vonmisesvariate", 0.0, 0.0), ("gammavariate", 2.5, 2.0), ("gammavariate", 1.0, 2.0), ("gammavariate", 0.3, 2.0), ("gammavariate", 0.0, 2.0), ("betavariate", 2.0, 5.0), ("betavariate", 0.5, 0.5), ("paretovariate", 3.0), ("paretovariate", 0.0), ("weibullvariate", 1.0, 1.5), ("weibullvariate", 1.0, 0.0), ("binomialvariate", 1, 0.5), ("binomialvariate", 20, 0.3), ("binomialvariate", 20, 0.9), ("binomialvariate", 1000, 0.4), ("binomialvariate", 10, 0.0), ("binomialvariate", 10, 1.0), ("binomialvariate", 10, 1.5), ("binomialvariate", -1, 0.5)]

    def call(source, method, args):
        if method == "choice":
            return (source.choice(range(args[0])),)
        if method == "shuffle":
            order = list(range(args[0]))
            source.shuffle(order)
            return tuple(order)
        if method == "sample":
            return tuple(source.sample(range(args[0]), args[1]))
        if method == "sample_counts":
            return tuple(source.sample(range(len(args) - 1), args[0], counts=args[1:]))
        if method == "choices":
            return tuple(source.choices(range(args[0]), k=args[1]))
        if method == "choices_weighted":
            return tuple(source.choices(range(len(args) - 1), args[1:], k=args[0]))
        answer = getattr(source, method)(*args)
        return "[" + answer.hex() + "]" if isinstance(answer, bytes) else cell(answer)

    for seed in seeds:
        for method, *args in calls if seed in (0, 42) else calls[::5]:
            source = random.Random(seed)
            show = lambda answer: answer if isinstance(answer, str) else cell(answer)
            answer = result(lambda: " ".join(show(call(source, method, args)) for _ in range(4)))
            shown = cell(seed) if isinstance(seed, (int, float)) else "s" + text(seed if isinstance(seed, str) else seed.decode())
            yield shown, method, " ".join(map(cell, args)), answer


if __name__ == "__main__":
    assert sys.version_info[:2] == (3, 13), "the oracle is CPython 3.13"
    for name in sys.argv[1:] or TABLES:
        write(name)
