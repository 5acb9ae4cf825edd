"""Compares library functions of apy with those of the CPython that runs this script, on random input.

    python3.13 tests/compare_random.py APY [COUNT] [AREA ...]

Each area is a function below: it makes one case from a random generator, and returns what is compared (an exception counts as its type
and text). Both interpreters run the same cases; the first differences are printed. Exit status 1 if there are any.
"""

import subprocess
import sys

COUNT = 2000


def outcome(function, *args, **kwargs):
    """What a call returns, or its exception, as text."""
    try:
        return repr(function(*args, **kwargs))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def text_of(r, alphabet, most):
    """A random text."""
    return "".join(r.choice(alphabet) for _ in range(r.randrange(most)))


def value_of(r, depth=0):
    """A random value that JSON knows."""
    kind = r.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return r.choice([None, True, False, 0, -1, 10 ** 20, 1.5, -0.0, 1e300, 1e-7, float("inf")])
    if kind == 1:
        return r.randrange(-10 ** r.randrange(1, 30), 10 ** r.randrange(1, 30))
    if kind in (2, 3):
        return text_of(r, "ab\"\\/\n\t\x00\x7fé€😀\u2028<&", 8)
    if kind in (4, 5):
        return r.choice([r.random(), r.random() * 10 ** r.randrange(-20, 20)])
    if kind == 6:
        return [value_of(r, depth + 1) for _ in range(r.randrange(4))]
    if kind == 7:
        return tuple(value_of(r, depth + 1) for _ in range(r.randrange(3)))
    return {r.choice(["a", "b", 1, 2.5, None, True, "é"]): value_of(r, depth + 1) for _ in range(r.randrange(4))}


def json_write(r):
    import json

    options = dict(indent=r.choice([None, None, 2, "\t", 0]), sort_keys=r.random() < 0.2, ensure_ascii=r.random() < 0.5)
    return outcome(json.dumps, value_of(r), allow_nan=r.random() < 0.8, separators=r.choice([None, (",", ":")]), **options)


def json_read(r):
    import json

    text = json.dumps(value_of(r))
    for _ in range(r.randrange(3)):
        at = r.randrange(len(text) + 1)
        text = text[:at] + r.choice(["", ",", "]", "}", '"', "\\", "0", "-", "e", " ", "\n", "nul", "\\u12", "NaN"]) + text[at + r.randrange(2):]
    return text, outcome(json.loads, text)


def struct_formats(r):
    import struct

    form = r.choice("@=<>!") * (r.random() < 0.8) + "".join(
        r.choice(["", "", "2", "0", "3"]) + r.choice("xcbB?hHiIlLqQnNefds") for _ in range(r.randrange(5))
    )
    form += r.choice(["", "", "", " ", "z", "5p"])
    data = bytes(r.randrange(256) for _ in range(r.randrange(40)))
    size = outcome(struct.calcsize, form)
    if size.isdigit():
        data = data[:int(size)].ljust(int(size), b"\x07")
    values = [r.choice([1, -1, 300, 2 ** 40, 1.5, b"a", b"abc", True]) for _ in range(r.randrange(4))]
    return form, size, outcome(struct.unpack, form, data), outcome(struct.pack, form, *values)


def csv_rows(r):
    import csv
    import io

    options = dict(delimiter=r.choice(",;\t "), quotechar=r.choice("\"'"), quoting=r.randrange(6), doublequote=r.random() < 0.7)
    options.update(escapechar=r.choice([None, "\\"]), skipinitialspace=r.random() < 0.3, strict=r.random() < 0.2)
    text = text_of(r, "ab,;\"'\\\n\r\t 12.", 25)
    rows = [[r.choice(["a", "b c", "x,y", 'q"q', "", None, 1, 2.5, "l\nm", "'", "\\"]) for _ in range(r.randrange(4))] for _ in range(2)]

    def write():
        out = io.StringIO()
        csv.writer(out, lineterminator=r.choice(["\r\n", "\n"]), **options).writerows(rows)
        return out.getvalue()

    return options, text, rows, outcome(lambda: list(csv.reader(io.StringIO(text, newline=""), **options))), outcome(write)


def wrapped(r):
    import textwrap

    text = " ".join(text_of(r, "abcé-", 12) + r.choice(["", ".", "\n", "\t", "  "]) for _ in range(r.randrange(15)))
    options = dict(width=r.randrange(1, 30), break_long_words=r.random() < 0.7, break_on_hyphens=r.random() < 0.7, tabsize=r.choice([8, 4]))
    options.update(expand_tabs=r.random() < 0.8, replace_whitespace=r.random() < 0.8, fix_sentence_endings=r.random() < 0.3)
    options.update(drop_whitespace=r.random() < 0.8, max_lines=r.choice([None, None, 1, 2]), initial_indent=r.choice(["", "> "]))
    return text, options, outcome(textwrap.wrap, text, **options), outcome(textwrap.dedent, text), outcome(textwrap.shorten, text, r.randrange(1, 40))


def shell_words(r):
    import shlex

    text = text_of(r, "ab '\"\\#$|;&<>=\n\té", 20)
    return (
        text, outcome(shlex.split, text, comments=r.random() < 0.3, posix=r.random() < 0.7), outcome(shlex.quote, text),
        outcome(lambda: list(shlex.shlex(text, posix=r.random() < 0.5, punctuation_chars=r.random() < 0.5))),
    )


def urls(r):
    from urllib import parse

    text = r.choice(["", "http:", "https://", "//", "ftp://u:p@", "mailto:"]) + text_of(r, "ab/:?#@[]%&=+;.é 12", 20)
    base = r.choice(["http://a/b/c/d;p?q", "http://h", "file:///x/y", "a/b"])
    return (
        text, outcome(parse.urlsplit, text), outcome(parse.urlparse, text), outcome(parse.urljoin, base, text), outcome(parse.quote, text),
        outcome(parse.unquote, text), outcome(parse.parse_qsl, text, r.random() < 0.5), outcome(parse.urldefrag, text),
        outcome(lambda: parse.urlsplit(text).port), outcome(lambda: parse.urlunsplit(parse.urlsplit(text))),
    )


def templates(r):
    import string

    text = text_of(r, ["$", "{", "}", "a", "b", " ", "$$", "${a}", "$b", "é"], 10)
    form = text_of(r, ["{", "}", "{a}", "{0}", "{a!r}", "{b:>5}", "{a.x}", "{b[0]}", "x", "{}", "{{", ":"], 6)
    return (
        text, form, outcome(string.Template(text).substitute, a=1, b="z"), outcome(string.Template(text).safe_substitute, a=1),
        outcome(string.Template(text).get_identifiers), outcome(string.Formatter().format, form, 7, a="s", b="tu"), outcome(form.format, 7, a="s", b="tu"),
        outcome(lambda: list(string.Formatter().parse(form))), outcome(string.capwords, text),
    )


def names(r):
    import fnmatch

    pattern = text_of(r, "ab*?[]!-.\\", 8)
    name = text_of(r, "ab.-]!\\", 6)
    return pattern, name, outcome(fnmatch.translate, pattern), outcome(fnmatch.fnmatchcase, name, pattern), outcome(fnmatch.filter, [name, "a", "ab"], pattern)


def decimals(r):
    import decimal

    def number():
        digits = text_of(r, "0123456789", 25) or "1"
        at = r.randrange(len(digits) + 1)
        text = r.choice(["", "-"]) + digits[:at] + "." * r.randrange(2) + digits[at:] + r.choice(["", "", f"E{r.randrange(-40, 40)}"])
        return r.choice([text, text, text, "NaN", "sNaN", "Infinity", "-0", "1e9999"])

    context = decimal.Context(prec=r.randrange(1, 30), rounding=getattr(decimal, r.choice([n for n in dir(decimal) if n.startswith("ROUND_")])))
    a, b = number(), number()
    with decimal.localcontext(context):
        make = decimal.Decimal
        x, y = make(a) if outcome(make, a)[0] == "D" else make(1), make(b) if outcome(make, b)[0] == "D" else make(2)
        name = r.choice(
            "add subtract multiply divide remainder divide_int compare max min quantize logb next_plus sqrt normalize to_integral_value scaleb".split()
        )
        form = r.choice(["", ".2f", "10.3e", ",", "+.0f", "%", "08.2f", "g", "n", "<20"])
        if name == "quantize":
            done = outcome(x.quantize, y)
        elif name in ("next_plus", "sqrt", "normalize", "to_integral_value", "logb"):
            done = outcome(getattr(x, name))
        else:
            done = outcome(getattr(context, name), x, y)
        # Where several signals belong to one error, their order follows addresses in CPython.
        done = "InvalidOperation" if done.startswith("InvalidOperation") else done
        return a, b, name, done, form, outcome(format, x, form), outcome(x.as_tuple), outcome(lambda: x == y), outcome(str, x), outcome(int, x)[:60]


def dates(r):
    import datetime

    zone = r.choice([None, datetime.timezone.utc, datetime.timezone(datetime.timedelta(minutes=r.randrange(-1439, 1440)))])
    moment = datetime.datetime(
        r.choice([1, 1969, 1970, 2000, 2024, 9999, r.randrange(1, 10000)]), r.randrange(1, 13), r.randrange(1, 29), r.randrange(24),
        r.randrange(60), r.randrange(60), r.choice([0, r.randrange(1000000)]), tzinfo=zone,
    )
    form = " ".join(r.sample(["%Y", "%m", "%d", "%H", "%M", "%S", "%f", "%z", "%j", "%a", "%A", "%b", "%B", "%y", "%U", "%W", "%p", "%I", "%G", "%V", "%u", "%w", "%%", "x"], r.randrange(1, 7)))
    made = outcome(moment.strftime, form)
    text = moment.isoformat(r.choice("T "), r.choice(["auto", "seconds", "milliseconds", "hours"]))
    if r.random() < 0.4:
        at = r.randrange(len(text))
        text = text[:at] + r.choice("0T:-+Z.,W9 ") + text[at + 1:]
    delta = datetime.timedelta(r.randrange(-10 ** 6, 10 ** 6), r.randrange(-10 ** 6, 10 ** 6), r.randrange(10 ** 7))
    return (
        form, made, outcome(datetime.datetime.strptime, made.strip("'"), form), text, outcome(datetime.datetime.fromisoformat, text),
        outcome(datetime.time.fromisoformat, text[11:]), outcome(lambda: moment + delta), repr(delta), str(delta), outcome(delta.__floordiv__, 7),
        outcome(delta.total_seconds), outcome(moment.isocalendar), outcome(moment.utctimetuple),
    )


def codes(r):
    import base64
    import binascii

    data = bytes(r.randrange(256) for _ in range(r.randrange(20)))
    text = text_of(r, "AZaz09+/=-_ \n<>~", 16)
    return (
        data, text, *(outcome(getattr(base64, name), data) for name in ("b64encode", "b32encode", "b85encode", "a85encode", "z85encode", "b32hexencode")),
        *(outcome(getattr(base64, name), text) for name in ("b64decode", "urlsafe_b64decode", "b32decode", "b85decode", "b16decode")),
        outcome(binascii.a2b_base64, text, strict_mode=True), outcome(binascii.b2a_qp, data), outcome(binascii.a2b_qp, data), outcome(binascii.b2a_uu, data),
        outcome(binascii.hexlify, data, "-", r.randrange(-3, 4)), outcome(binascii.crc32, data),
    )


def copies(r):
    import copy

    value = value_of(r)
    return outcome(copy.deepcopy, value), outcome(copy.copy, value)


def differences(r):
    import difflib

    a = [text_of(r, "ab ", 4) + "\n" for _ in range(r.randrange(8))]
    b = [line if r.random() < 0.6 else text_of(r, "ab ", 4) + "\n" for line in a if r.random() < 0.8]
    matcher = difflib.SequenceMatcher(None, "".join(a), "".join(b))
    return (
        list(difflib.unified_diff(a, b, "x", "y", n=r.randrange(3))), list(difflib.ndiff(a, b)), list(difflib.context_diff(a, b)),
        matcher.ratio(), matcher.get_opcodes(), difflib.get_close_matches("ab", a),
    )


def pattern_of(r, depth=0):
    """A random regular expression."""
    parts = []
    for _ in range(r.randrange(1, 4)):
        kind = r.randrange(14 if depth < 3 else 8)
        if kind < 4:
            part = r.choice(["a", "b", "ab", "c", "é", "_", " ", "\\.", "1"])
        elif kind < 6:
            part = r.choice([".", "\\d", "\\w", "\\s", "\\W", "\\D", "\\b", "\\B", "^", "$", "\\A", "\\Z"])
        elif kind < 8:
            part = r.choice(["[ab]", "[^a]", "[a-c1]", "[\\w.]", "[^\\s_]", "[]a]"])
        elif kind < 10:
            part = f"({r.choice(['', '?:', '?P<x%d>' % r.randrange(10 ** 6)])}{pattern_of(r, depth + 1)})"
        elif kind == 10:
            part = f"(?:{pattern_of(r, depth + 1)}|{pattern_of(r, depth + 1)})"
        elif kind == 11:
            part = f"({r.choice(['?=', '?!', '?<=', '?<!'])}{pattern_of(r, depth + 1)})"
        elif kind == 12:
            part = f"(?>{pattern_of(r, depth + 1)})"
        else:
            part = f"({pattern_of(r, depth + 1)})\\1"
        if r.randrange(3) == 0:
            part += r.choice(["*", "+", "?", "{2}", "{1,3}", "*?", "+?", "??", "{0,2}?", "*+", "++", "?+"])
        parts.append(part)
    return "".join(parts)


def searches(r):
    """What re finds, replaces and splits by random patterns in random texts, or the error of the pattern."""
    import re

    pattern, flags = pattern_of(r), r.choice([0, 0, re.I, re.M, re.S, re.A, re.X])
    text = text_of(r, "aabbcé_ .1AB\n", 14)

    def spans():
        found = re.compile(pattern, flags)
        return [(match.span(), match.groups(), match.lastindex) for match in found.finditer(text)]

    def full():
        match = re.fullmatch(pattern, text, flags)
        return match and match.regs

    return (
        pattern, text, outcome(spans), outcome(full), outcome(lambda: re.sub(pattern, r"<\g<0>>", text, flags=flags)),
        outcome(lambda: re.split(pattern, text, flags=flags)),
    )


AREAS = {
    function.__name__: function
    for function in (
        json_write, json_read, struct_formats, csv_rows, wrapped, shell_words, urls, templates, names, decimals, dates, codes, copies, differences, searches,
    )
}


def run(area, count):
    """Print the cases of an area, a line each."""
    import random

    function = AREAS[area]
    for number in range(count):
        print(ascii(function(random.Random(number))))


def main(arguments):
    """Compare and print; returns the exit status."""
    apy, *rest = arguments
    count = int(rest.pop(0)) if rest and rest[0].isdigit() else COUNT
    different = 0
    for area in rest or AREAS:
        outputs = []
        for interpreter in (sys.executable, apy):
            command = [interpreter, __file__, "--run", area, str(count)]
            outputs.append(subprocess.run(command, capture_output=True, text=True, errors="replace"))
        lines = [output.stdout.splitlines() for output in outputs]
        wrong = [number for number, pair in enumerate(zip(*lines)) if pair[0] != pair[1]]
        missing = len(lines[0]) - len(lines[1])
        different += len(wrong) + bool(missing)
        print(f"{area}: {len(wrong)} of {count} differ" + (f", {missing} lines are missing: {outputs[1].stderr[-300:]}" if missing else ""))
        for number in wrong[:3]:
            print(f"  case {number}\n    CPython {lines[0][number][:600]}\n    apy     {lines[1][number][:600]}")
    return 1 if different else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(main(sys.argv[1:]))
