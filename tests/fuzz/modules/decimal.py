"""Random numbers, contexts and operations: results, flags and messages; formats."""

DRIVER = r'''
from decimal import *

for name, numbers, setup, spec in CASES:
    context = Context(**setup)
    setcontext(context)
    try:
        numbers = [Decimal(n) for n in numbers]
        if name == "format":
            out = format(numbers[0], spec)
        else:
            count = 3 if name == "fma" else 2 if name in TWO else 1
            out = str(getattr(context, name)(*numbers[:count]))
    except Exception as e:
        out = type(e).__name__, str(e)
    print(ascii((name, out, [s.__name__ for s, on in getcontext().flags.items() if on])))
'''

ONE = ["abs", "plus", "minus", "normalize", "sqrt", "exp", "ln", "log10", "logb", "next_plus", "next_minus", "to_integral_exact",
       "to_integral_value", "number_class", "to_sci_string", "to_eng_string", "create_decimal", "copy_negate", "format", "format"]
TWO = ["add", "subtract", "multiply", "divide", "divide_int", "remainder", "remainder_near", "divmod", "power", "quantize", "compare",
       "compare_total", "max", "min", "max_mag", "min_mag", "same_quantum", "scaleb", "shift", "rotate", "next_toward", "copy_sign", "add", "divide"]
DRIVER = f"TWO = {TWO!r}\n" + DRIVER


def number(r):
    if r.random() < 0.06:
        return r.choice(["NaN", "-NaN7", "sNaN", "Infinity", "-Infinity", "0", "-0", "0E+3", "-0.00"])
    digits = "".join(r.choice("0123456789") for _ in range(r.choice([1, 1, 2, 3, 5, 9, 20])))
    if r.random() < 0.2:
        digits = r.choice(["1", "5", "9", "10", "25", "99999", "4999", "5000", "5001", "100"])
    if r.random() < 0.5:
        at = r.randrange(len(digits) + 1)
        digits = digits[:at] + "." + digits[at:]
    exp = f"E{r.choice([r.randint(-3, 3), r.randint(-30, 30), r.randint(-6, 2)])}" if r.random() < 0.4 else ""
    return r.choice(["", "", "-"]) + digits + exp


def case(r):
    name = r.choice(ONE + TWO)
    numbers = [number(r) for _ in range(3)]
    if name in ("shift", "rotate", "scaleb"):
        numbers[1] = str(r.randint(-5, 5))
    setup = {"prec": r.choice([1, 2, 3, 5, 9, 16, 28]), "rounding": r.choice([
        "ROUND_DOWN", "ROUND_HALF_UP", "ROUND_HALF_EVEN", "ROUND_CEILING", "ROUND_FLOOR", "ROUND_UP", "ROUND_HALF_DOWN", "ROUND_05UP"])}
    if r.random() < 0.3:
        setup.update(Emin=-r.randint(1, 20), Emax=r.randint(1, 20), clamp=r.randint(0, 1))
    if r.random() < 0.8:
        setup["traps"] = []
    spec = r.choice(["", "", "*^", "<", "=", "0"][: 5]) + r.choice(["", "+", " "]) + r.choice(["", "z"]) + r.choice(["", "#"]) + r.choice(["", "12", "012", "5"]) \
        + r.choice(["", ",", "_"]) + r.choice(["", ".0", ".2", ".7"]) + r.choice(["", "e", "E", "f", "g", "G", "%", "n"])
    return name, numbers, setup, spec
