"""Compares decimal arithmetic of apy with that of the CPython that runs this script, on random operations.

    python3.13 tests/compare_decimals.py APY [COUNT] [SEED]

Both interpreters run this file with the argument `run`: it makes the operations from a seed and prints each with its result and the flags that
it raised. The first differences are printed. Exit status 1 if there are any.
"""

import random
import subprocess
import sys

UNARY = """plus minus abs to_integral_exact to_integral_value normalize logb next_plus next_minus sqrt exp ln log10 create_decimal
logical_invert is_subnormal is_normal number_class to_eng_string""".split()
BINARY = """add subtract multiply divide divide_int remainder remainder_near divmod compare compare_signal compare_total compare_total_mag max min
max_mag min_mag quantize scaleb next_toward shift rotate logical_and logical_or logical_xor power same_quantum""".split()
SPECIAL = ["NaN", "sNaN", "-NaN12", "sNaN345", "Infinity", "-Infinity", "0", "-0", "0E+3", "-0.00"]


def number(r, prec):
    """A random number as text, near the precision in length."""
    if r.random() < 0.06:
        return r.choice(SPECIAL)
    length = r.choice([1, 1, 2, 3, prec, prec + 1, 2 * prec, r.randint(1, 2 * prec + 3)])
    style = r.random()
    if style < 0.7:
        digits = "".join(r.choice("0123456789") for _ in range(length))
    elif style < 0.85:
        digits = r.choice("123456789") + "0" * (length - 1)
    else:
        digits = "9" * length
    exp = r.choice([0, 0, -1, -2, -length, r.randint(-40, 40), r.randint(-length - 3, 5), 380, -380])
    return f"{r.choice(['', '', '-'])}{digits}E{exp}"


def operands(r, op, prec):
    """Random operands for an operation."""
    count = 3 if op == "fma" else 2 if op in BINARY else 1
    found = [number(r, prec) for _ in range(count)]
    if op.startswith("logical") and r.random() < 0.8:
        found = ["".join(r.choice("01") for _ in range(r.randint(1, prec))) for _ in found]
    if op in ("shift", "rotate", "scaleb") and r.random() < 0.9:
        found[1] = str(r.randint(-prec - 1, prec + 1))
    if op == "power" and r.random() < 0.7:
        found[1] = str(r.choice([r.randint(-20, 20), r.randint(-3000, 3000), 0.5, 1.5, -0.5]))
    if op == "exp" and r.random() < 0.8:
        found[0] = str(r.choice([r.uniform(-10, 10), r.uniform(-1000, 1000), r.uniform(-1e-9, 1e-9)]))
    if op == "quantize" and r.random() < 0.6:
        found[1] = f"1E{r.randint(-prec, 5)}"
    return found


def spec(r):
    """A random format specification."""
    parts = ["", "<", "^", "=", "*>"], ["", "+", " "], ["", "z"], ["", "0"], ["", "12"], ["", ","], ["", ".0", ".3", ".10"]
    return "".join(r.choice(part) for part in parts) + r.choice(["", "e", "E", "f", "F", "g", "G", "%"])


def run(count, seed):
    """Prints random operations with their results."""
    import decimal

    r = random.Random(seed)
    roundings = [name for name in dir(decimal) if name.startswith("ROUND_")]
    for _ in range(count):
        op = r.choice(UNARY + BINARY * 2 + ["fma", "format", "hash"])
        prec = r.choice([1, 2, 5, 9, 16, 28, 28, 38, 50, 120])
        emax, emin = r.choice([(384, -383), (999999, -999999), (96, -95), (prec + 3, -prec - 3)])
        context = decimal.Context(prec, r.choice(roundings), emin, emax, 1, r.choice([0, 0, 0, 1]), [], [])
        values = [decimal.Decimal(text) for text in operands(r, op, prec)]
        decimal.setcontext(context)
        try:
            if op == "format":
                result = format(values[0], spec(r))
            elif op == "hash":
                result = 0 if values[0].is_nan() else hash(values[0])
            else:
                result = getattr(context, op)(*values)
        except (ValueError, TypeError) as error:
            result = repr(error)
        flags = " ".join(signal.__name__ for signal, is_set in context.flags.items() if is_set)
        print(op, prec, emin, emax, context.rounding, context.clamp, *values, "->", result, flags)


def main():
    apy = sys.argv[1]
    count = sys.argv[2] if len(sys.argv) > 2 else "2000"
    seed = sys.argv[3] if len(sys.argv) > 3 else "1"
    lines = []
    for program in (apy, sys.executable):
        done = subprocess.run([program, __file__, "run", count, seed], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{program}: {done.stderr}")
        lines.append(done.stdout.splitlines())
    differ = [pair for pair in zip(*lines) if pair[0] != pair[1]]
    for ours, theirs in differ[:10]:
        print(f"apy:     {ours}\nCPython: {theirs}")
    print(f"{len(lines[1])} operations, {len(differ)} differ")
    sys.exit(bool(differ) or len(lines[0]) != len(lines[1]))


if sys.argv[1] == "run":
    run(int(sys.argv[2]), int(sys.argv[3]))
else:
    main()
