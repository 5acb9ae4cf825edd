#!/usr/bin/env python3
"""How long natives take to notice Ctrl-C: each row of tests/interrupt_times.txt.

tests/interrupt_times.py [--tries N] [WORD...]      APY=path/to/apy; rows whose text contains a word, else all

Each row is work of seconds. The program says that it begins, SIGINT follows after 300 ms, and what counts is the time until it has
caught KeyboardInterrupt. A row that ends before is `short`: its work is too little. The
exit status is 1 if a row needs more than 50 ms in each of its tries.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APY = os.environ.get("APY") or os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")) + "/debug/apy"
AIM = 0.050
PATIENCE = 40

FRAME = """import sys, time
SETUP
def work():
    return WORK
sys.stdout.write('go\\n'); sys.stdout.flush()
try:
    try: work()
    except KeyboardInterrupt: sys.stdout.write('heard\\n')
    else: sys.stdout.write('short\\n')
except BaseException as error: sys.stdout.write(f'{type(error).__name__}: {error}'[:60] + '\\n')
sys.stdout.flush()
"""


def rows():
    """(area, setup, work) of each row; a line of the table that begins with `#` is an area, one with `|` sets up what follows."""
    area = setup = ""
    for line in (ROOT / "tests/interrupt_times.txt").read_text().splitlines():
        if line.startswith("# "):
            area, setup = line[2:], ""
        elif line.startswith("| "):
            setup = line[2:]
        elif line:
            yield area, setup, line


def run(setup, work):
    """What a row says at its end, and how many seconds it takes to say it after SIGINT."""
    path = Path(f"/tmp/interrupt_times_{os.getpid()}.py")
    path.write_text(FRAME.replace("SETUP", setup).replace("WORK", work))
    process = subprocess.Popen([APY, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    killer = threading.Timer(PATIENCE, process.kill)
    try:
        killer.start()
        if process.stdout.readline() != "go\n":
            return "broken", 0.0
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline().strip()
        return said or "killed", time.monotonic() - began
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        path.unlink()


def main():
    arguments = sys.argv[1:]
    tries = int(arguments[arguments.index("--tries") + 1]) if "--tries" in arguments else 3
    words = [word for word in arguments if not word.startswith("--") and not word.isdigit()]
    late = 0
    for area, setup, work in rows():
        if words and not any(re.search(word, f"{area} {work}") for word in words):
            continue
        best = None
        for _ in range(tries):
            said, took = run(setup, work)
            if best is None or took < best[1]:
                best = said, took
            if said != "heard" or took <= AIM:
                break
        said, took = best
        is_late = said != "short" and (said != "heard" or took > AIM)
        late += is_late
        print(f"{'LATE' if is_late else '    '} {took * 1000:6.0f} ms  {said:12} {area}: {work}", flush=True)
    print(f"{late} rows are late")
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
