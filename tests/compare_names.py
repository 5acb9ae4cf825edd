"""Compares the public names and signatures of apy's modules with those of the CPython that runs this script.

    python3.13 tests/compare_names.py [--all] APY [MODULE ...]

Prints a line a module (the share of CPython's names that apy has), what is missing, and functions whose parameters differ. Without
modules: all that both have. Exit status 1 if a module is below 97 %.
"""

import json
import subprocess
import sys

GOAL = 97
MODULES = """
abc argparse array ast asyncio atexit base64 binascii bisect builtins calendar cmath codecs collections collections.abc colorsys
concurrent.futures configparser contextlib contextvars copy copyreg csv dataclasses datetime decimal difflib dis enum errno fileinput
fnmatch fractions functools gc getpass gettext glob gzip hashlib heapq hmac html html.entities html.parser http importlib
importlib.util inspect io ipaddress itertools json keyword linecache locale logging logging.handlers marshal math numbers operator os
os.path pathlib pickle pkgutil platform pprint queue random re reprlib runpy sched secrets select selectors shlex shutil signal socket
stat statistics string struct subprocess sys tempfile textwrap threading time timeit token tokenize tomllib traceback types typing
unicodedata unittest unittest.mock urllib.parse uuid warnings weakref zipfile zlib zoneinfo
""".split()

# Runs on both interpreters: the names of a module, with the parameters of those that have a signature.
PROBE = """
import importlib, json, sys
def parameters(value):
    try:
        from inspect import signature
        return [p.name for p in signature(value).parameters.values()]
    except Exception:
        return None
found = {}
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
    except Exception as error:
        found[name] = None
        continue
    names = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
    is_module = lambda value: type(value) is type(sys)
    found[name] = {n: parameters(getattr(module, n)) for n in names if hasattr(module, n) and not is_module(getattr(module, n))}
print(json.dumps(found))
"""


def probe(interpreter, modules):
    """What an interpreter says of each module; one run a module, so that a failure costs no other."""
    known = {}
    for name in modules:
        run = subprocess.run([*interpreter, "-c", PROBE, name], capture_output=True, text=True, timeout=120)
        known[name] = json.loads(run.stdout)[name] if run.returncode == 0 and run.stdout else None
    return known


def main(arguments):
    """Compare and print; returns the exit status."""
    show_all = "--all" in arguments
    apy, *modules = [argument for argument in arguments if argument != "--all"]
    modules = modules or MODULES
    theirs, ours = probe([sys.executable], modules), probe([apy], modules)
    low = 0
    for name in modules:
        wanted, have = theirs[name], ours[name]
        if wanted is None:
            continue
        if have is None:
            print(f"{name}: not there")
            low += 1
            continue
        missing = sorted(set(wanted) - set(have))
        share = 100 * (len(wanted) - len(missing)) // max(len(wanted), 1)
        different = sorted(n for n in wanted if n in have and wanted[n] is not None and have[n] is not None and wanted[n] != have[n])
        low += share < GOAL
        if show_all or missing or different:
            print(f"{name}: {share} % of {len(wanted)}")
        if missing:
            print("  missing:", *missing)
        for each in different:
            print(f"  {each}: ({', '.join(wanted[each])}) is ({', '.join(have[each])})")
    return int(low > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
