#!/usr/bin/env python3
"""How long natives take to notice Ctrl-C: each row of tests/interrupt_times.txt.

tests/interrupt_times.py [--tries N] [WORD...]      APY=path/to/apy; rows whose text contains a word, else all

Each row is work of seconds. The program says that it begins, SIGINT follows after 300 ms, and what counts is the time until it has
caught KeyboardInterrupt: both times are printed, the one on the clock and the one on a processor, for other work on the machine makes
the first longer. A row that ends before is `short`: its work is too little. A row is late if it computes for more than 50 ms, or is
not heard of for half a second, in each of its tries; then the exit status is 1.
"""

import os
import re
import resource
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
# What a row that does not hear may take of the machine.
MEMORY = 8 << 30

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
time.sleep(0.1)
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


def bound():
    """Bounds the memory of a row."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def computed(process):
    """For how many seconds a process was on a processor."""
    files = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def run(setup, work):
    """What a row says at its end, how many seconds it takes to say it after SIGINT, and for how many of them it computes."""
    path = Path(f"/tmp/interrupt_times_{os.getpid()}.py")
    path.write_text(FRAME.replace("SETUP", setup).replace("WORK", work))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([APY, str(path)], text=True, preexec_fn=bound, **pipes)
    killer = threading.Timer(PATIENCE, process.kill)
    try:
        killer.start()
        if process.stdout.readline() != "go\n":
            return "broken", 0.0, 0.0
        time.sleep(0.3)
        began, used = time.monotonic(), computed(process)
        process.send_signal(signal.SIGINT)
        said = process.stdout.readline().strip()
        took = time.monotonic() - began
        return said or "killed", took, computed(process) - used
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        path.unlink()


def main():
    # A shell has what it starts in the background ignore SIGINT, and the programs of the rows would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = sys.argv[1:]
    tries = int(arguments[arguments.index("--tries") + 1]) if "--tries" in arguments else 3
    words = [word for word in arguments if not word.startswith("--") and not word.isdigit()]
    late = 0
    for area, setup, work in rows():
        if words and not any(re.search(word, f"{area} {work}") for word in words):
            continue
        tried = []
        for _ in range(tries):
            tried.append(run(setup, work))
            if tried[-1][0] != "heard" or tried[-1][2] <= AIM:
                break
        said, took, used = min(tried, key=lambda one: one[2])
        is_late = said != "short" and (said != "heard" or used > AIM or took > 10 * AIM)
        late += is_late
        times = f"{took * 1000:6.0f} ms {used * 1000:6.0f}"
        print(f"{'LATE' if is_late else '    '} {times}  {said:12} {area}: {work}", flush=True)
    print(f"{late} rows are late")
    return bool(late)


if __name__ == "__main__":
    sys.exit(main())
