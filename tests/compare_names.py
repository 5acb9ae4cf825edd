"""Compares the public names and signatures of apy's modules with those of the CPython that runs this script.

    python3.13 tests/compare_names.py [--all | --lost] APY [MODULE ...]

Prints a line a module (the share of CPython's names that apy has), what is missing, and functions whose parameters differ. Without
modules: all that both have. Exit status 1 if a module is below 97 %. With --lost only names count, and against the list of what is
left out (tests/names_left_out.txt): status 1 if another one is missing. `cargo test` runs that; --list prints the list anew.
"""

import json
import pathlib
import subprocess
import sys
import textwrap

GOAL = 97
MODULES = """
_thread abc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 calendar cmath codecs collections
collections.abc colorsys concurrent.futures concurrent.futures.thread configparser contextlib contextvars copy copyreg csv
dataclasses datetime decimal difflib dis email.message enum errno fileinput fnmatch fractions functools gc getpass gettext glob
graphlib gzip hashlib heapq hmac html html.entities html.parser http importlib importlib.abc importlib.machinery
importlib.metadata importlib.resources importlib.util inspect io ipaddress itertools json keyword linecache locale logging
logging.handlers marshal math numbers operator os os.path pathlib pdb pickle pkgutil platform pprint queue random re reprlib runpy
sched secrets select selectors shlex shutil signal site socket stat statistics string struct subprocess sys sysconfig tempfile
textwrap threading time timeit token tokenize tomllib traceback types typing unicodedata unittest unittest.mock urllib.parse uuid
warnings weakref zipfile zipimport zlib zoneinfo
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
def names_of(module):
    is_module = lambda value: type(value) is type(sys)
    names = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_") or n in ("__import__",)]
    if module.__name__ == "importlib.util":
        names = [n for n in names if n != "functools"]
    return [n for n in names if hasattr(module, n) and not is_module(getattr(module, n))]
found = {}
for name, wanted in json.loads(sys.argv[1]).items():
    try:
        module = importlib.import_module(name)
    except Exception:
        found[name] = None
        continue
    names = names_of(module) if wanted is None else [n for n in wanted if hasattr(module, n)]
    found[name] = {n: parameters(getattr(module, n)) for n in names}
print(json.dumps(found))
"""


def probe(interpreter, wanted):
    """The names of modules with their parameters, None for a module that is not there; wanted says which names, None: all."""
    command = [*interpreter, "-c", PROBE, json.dumps(wanted)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if run.returncode:
        sys.exit(f"{interpreter[0]} failed:\n{run.stderr}")
    return json.loads(run.stdout)


def compare(apy, modules):
    """For each module that CPython has: its names there, and those that apy has."""
    theirs = probe([sys.executable, "-W", "ignore"], dict.fromkeys(modules))
    theirs = {name: names for name, names in theirs.items() if names}
    ours = probe([apy], {name: list(names) for name, names in theirs.items()})
    return {name: (theirs[name], ours[name]) for name in theirs}


def lost(found):
    """What is missing and not on the list of what is left out, as lines."""
    listed = {}
    for line in pathlib.Path(__file__).with_name("names_left_out.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            module, names = line.split(":")
            listed.setdefault(module, set()).update(names.split())
    for module, (theirs, ours) in found.items():
        missing = {"*"} if ours is None else set(theirs) - set(ours)
        for name in sorted(missing - listed.get(module, set())):
            yield f"{module}.{name} is lost"


def main(arguments):
    """Compare and print; returns the exit status."""
    show_all = "--all" in arguments
    apy, *modules = [argument for argument in arguments if not argument.startswith("--")]
    found = compare(apy, modules or MODULES)
    if "--lost" in arguments:
        lines = list(lost(found))
        print(*lines, sep="\n")
        return int(bool(lines))
    if "--list" in arguments:
        for name, (wanted, have) in found.items():
            if missing := ["*"] if have is None else sorted(set(wanted) - set(have)):
                print(*textwrap.wrap(" ".join(missing), 130, initial_indent=f"{name}: ", subsequent_indent=f"{name}: "), sep="\n")
        return 0
    low = 0
    for name, (wanted, have) in found.items():
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
