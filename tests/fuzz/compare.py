"""Runs random cases of one module on CPython (this interpreter) and on apy, and shows where their outputs differ.

See README.md. The exit status is 1 where they differ.
"""

import argparse
import importlib.util
import pathlib
import random
import subprocess
import sys
import tempfile

BATCH = 500


def load(name):
    path = pathlib.Path(__file__).parent / "modules" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        return ["timeout"]
    lines = done.stdout.splitlines()
    if done.returncode:
        lines.append(f"status {done.returncode}: {done.stderr[-300:]}")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("apy")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    module = load(options.module)
    source = random.Random(options.seed)
    differences = 0
    for start in range(0, options.count, BATCH):
        cases = [module.case(source) for _ in range(min(BATCH, options.count - start))]
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "program.py"
            rows = "".join(f"    {case!r},\n" for case in cases)
            program.write_text(f"CASES = [\n{rows}]\n{module.DRIVER}", encoding="utf-8")
            expected = run([sys.executable, "-W", "ignore", str(program)])
            actual = run([options.apy, str(program)])
        for number, case in enumerate(cases):
            pair = [lines[number] if number < len(lines) else "(no line)" for lines in (expected, actual)]
            if pair[0] != pair[1]:
                differences += 1
                if differences <= options.show:
                    print(f"{case!r}\n  CPython {pair[0]}\n  apy     {pair[1]}")
        if len(actual) > len(cases):
            print("\n".join(actual[len(cases):]))
    print(f"{options.module}: {options.count} cases, {differences} differences")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
