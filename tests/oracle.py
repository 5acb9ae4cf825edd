#!/usr/bin/env python3
"""What CPython 3.13 says: writes and checks the `.out` files of goldens, examples and schedules.

    tests/oracle.py check [PATH...]     run the programs, report those whose .out differs (the default)
    tests/oracle.py write [PATH...]     write the .out files
    tests/oracle.py run FILE [ARG...]   run one program here, on the virtual clock

PATH is a program or a folder; without one: tests/golden, tests/schedule and examples. Programs marked `# apy-only` are
skipped. Every program runs in a fork of its own, on an event loop whose clock jumps to the next timer, so that sleeps
cost nothing and equal deadlines are equal: timers due at one moment run in one turn, in the order they were made. A
plain CPython cannot be that exact (its clock never shows the same time twice), which is why it is not asked directly.
The sets that asyncio keeps and returns are in order of insertion, as all sets of apy are.
The hash seed and the clock's start are random: a program whose output depends on them, or on how a sum of delays is
rounded, does not stay the same from run to run.
"""

import asyncio
import collections.abc
import concurrent.futures
import contextlib
import heapq
import inspect
import itertools
import math
import os
import random
import re
import shlex
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = ["tests/golden", "tests/schedule", "examples"]
VERSION = (3, 13)
SECONDS_PER_PROGRAM = 20
REAL_TIME = re.compile(r"^\s*(import|from) .*\b(threading|_thread|queue|concurrent)\b|^# apy: .*--time real", re.MULTILINE)


class Clock:
    """Virtual time, shared by the loop, `time.*` and the threads of the pool, of which one at a time runs."""

    def __init__(self):
        # At another time in each run: the rounding of sums must not decide anything.
        self.now = float(int.from_bytes(os.urandom(2)))
        self.changed = threading.Condition()
        self.busy_workers = 0
        self.sleepers = []
        self.order = itertools.count()

    def sleep(self, seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if threading.current_thread() is threading.main_thread():
            # The loop is blocked meanwhile, threads are not: those due by then wake on the way.
            until = self.now + seconds
            while self.sleepers and self.sleepers[0][0] <= until:
                self.wake_next_sleeper()
            self.now = max(self.now, until)
            return
        alarm = threading.Event()
        with self.changed:
            heapq.heappush(self.sleepers, (self.now + seconds, next(self.order), alarm))
            self.busy_workers -= 1
            self.changed.notify_all()
        alarm.wait()

    def settle(self):
        """Waits until every worker thread sleeps or has ended."""
        with self.changed:
            self.changed.wait_for(lambda: self.busy_workers == 0)

    def wake_next_sleeper(self):
        with self.changed:
            when, _, alarm = heapq.heappop(self.sleepers)
            self.now = max(self.now, when)
            self.busy_workers += 1
        alarm.set()
        self.settle()

    def run_worker(self, job):
        with self.changed:
            self.busy_workers += 1

        def body():
            try:
                job()
            finally:
                with self.changed:
                    self.busy_workers -= 1
                    self.changed.notify_all()

        threading.Thread(target=body, daemon=True).start()
        self.settle()


CLOCK = Clock()


class Executor(concurrent.futures.Executor):
    """A thread for each job; a job has run up to its first sleep when `submit` returns."""

    def submit(self, function, /, *args, **kwargs):
        future = concurrent.futures.Future()

        def job():
            if future.set_running_or_notify_cancel():
                try:
                    result = function(*args, **kwargs)
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)

        CLOCK.run_worker(job)
        return future


class OrderedTimerHandle(asyncio.TimerHandle):
    """A timer that runs after those of the same time that were made before it: a heap alone does not see to that."""

    __slots__ = ["_order"]

    def __init__(self, *args):
        super().__init__(*args)
        self._order = next(CLOCK.order)

    def __lt__(self, other):
        return (self._when, self._order) < (other._when, other._order)


class OrderedSet(collections.abc.MutableSet):
    """A set in order of insertion: what asyncio would otherwise cancel in the order of addresses."""

    def __init__(self, items=()):
        self.items = dict.fromkeys(items)

    def __contains__(self, item):
        return item in self.items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)

    def __repr__(self):
        return "{" + ", ".join(map(repr, self)) + "}" if self.items else "set()"

    def add(self, item):
        self.items[item] = None

    def discard(self, item):
        self.items.pop(item, None)

    def update(self, items):
        self.items.update(dict.fromkeys(items))

    def copy(self):
        return OrderedSet(self)


def ordered_all_tasks(loop=None):
    loop = loop or asyncio.get_running_loop()
    tasks = itertools.chain(asyncio.tasks._scheduled_tasks, asyncio.tasks._eager_tasks)
    return OrderedSet(task for task in tasks if task.get_loop() is loop and not task.done())


def install_order():
    for module in [asyncio.tasks, asyncio.taskgroups]:
        module.set = OrderedSet
    asyncio.tasks._scheduled_tasks.data = OrderedSet()
    asyncio.all_tasks = asyncio.tasks.all_tasks = ordered_all_tasks


class VirtualSelector:
    """The loop's selector: where a real one would wait, the clock jumps."""

    def __init__(self, selector, loop):
        self.selector = selector
        self.loop = loop

    def __getattr__(self, name):
        return getattr(self.selector, name)

    def select(self, timeout=None):
        CLOCK.settle()
        events = self.selector.select(0)
        if events or timeout == 0:
            return events
        timers = self.loop._scheduled
        timer = timers[0]._when if timers else math.inf
        sleeper = CLOCK.sleepers[0][0] if CLOCK.sleepers else math.inf
        if timer == sleeper == math.inf:
            raise SystemExit("deadlock: nothing is ready and no timer is set")
        if sleeper <= timer:
            CLOCK.wake_next_sleeper()
        else:
            CLOCK.now = max(CLOCK.now, timer)
        return self.selector.select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__()
        self._clock_resolution = 1e-9
        self._selector = VirtualSelector(self._selector, self)
        self._default_executor = Executor()

    def time(self):
        return CLOCK.now

    async def shutdown_default_executor(self, timeout=None):
        while CLOCK.sleepers:
            CLOCK.wake_next_sleeper()


def install_virtual_time():
    asyncio.events.TimerHandle = OrderedTimerHandle
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    asyncio.DefaultEventLoopPolicy._loop_factory = VirtualLoop
    time.sleep = CLOCK.sleep
    for name in ["time", "monotonic", "perf_counter"]:
        setattr(time, name, lambda: CLOCK.now)
        setattr(time, name + "_ns", lambda: round(CLOCK.now * 1e9))


class Program:
    """A program and how its head asks to be run (src/cli/test/directives.rs)."""

    def __init__(self, path):
        self.path = path
        self.seed = 0
        self.arguments = []
        self.only_apy = False
        # `--traceback=python` asks for CPython's own words on stderr, so they are compared too.
        self.writes_stderr = False
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                break
            directive, _, value = line.lstrip("# ").partition(":")
            if directive == "apy":
                flags = shlex.split(value)
                self.seed = int(flags[flags.index("--seed") + 1]) if "--seed" in flags else 0
                self.writes_stderr = "--traceback=python" in flags
            elif directive == "apy-args":
                self.arguments = shlex.split(value)
            elif directive.split(" ")[0] == "apy-only":
                self.only_apy = True

    def beside(self, suffix):
        return self.path.with_suffix(suffix)

    def execute(self):
        """Runs it as `__main__` in this process; returns its exit status."""
        # Threads of a program's own wait for each other in ways that the virtual clock does not see: they live in real time. So does
        # what asks for it, as programs that wait for the system.
        if not REAL_TIME.search(self.path.read_text()):
            install_virtual_time()
        install_order()
        random.seed(self.seed)
        os.chdir(self.path.parent)
        name = self.path.name
        sys.argv = [name, *self.arguments]
        module = types.ModuleType("__main__")
        module.__file__ = name
        sys.modules["__main__"] = module
        try:
            flags = __import__("ast").PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(self.path.read_text(), name, "exec", flags, dont_inherit=True)
            result = eval(code, module.__dict__)
            if inspect.iscoroutine(result):
                asyncio.run(result)
        except SystemExit as end:
            if end.code is None or isinstance(end.code, int):
                return end.code or 0
            print(end.code, file=sys.stderr)
            return 1
        except BaseException as error:
            frames = error.__traceback__
            while frames and frames.tb_frame.f_code.co_filename == __file__:
                frames = frames.tb_next
            traceback.print_exception(type(error), error, frames)
            return 1
        return 0

    def run_forked(self):
        """Runs it in a child; returns stdout, stderr and the exit status."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                signal.alarm(SECONDS_PER_PROGRAM)
                CLOCK.__init__()
                stdin = os.open(self.beside(".in") if self.beside(".in").exists() else os.devnull, os.O_RDONLY)
                for source, target in [(stdin, 0), (out.fileno(), 1), (err.fileno(), 2)]:
                    os.dup2(source, target)
                sys.stdin = open(0, encoding="utf-8")
                sys.stdout = open(1, "w", encoding="utf-8")
                sys.stderr = open(2, "w", encoding="utf-8")
                status = self.execute()
                # What a garbage collection has to say belongs to the program too.
                __import__("gc").collect()
                with contextlib.suppress(OSError):
                    sys.stdout.flush()
                    sys.stderr.flush()
                os._exit(status & 255)
            _, status = os.waitpid(child, 0)
            out.seek(0)
            err.seek(0)
            return out.read().decode(), err.read().decode(), os.waitstatus_to_exitcode(status)


def complaint(program, write):
    """Runs one program; returns what is wrong, or None."""
    out, err, status = program.run_forked()
    expected_err, expected_exit = program.beside(".err"), program.beside(".exit")
    if program.writes_stderr:
        if write and status:
            expected_exit.write_text(f"{status}\n")
        problem = differing({expected_err: err, program.beside(".out"): out}, write)
    elif err and not expected_err.exists() and not expected_exit.exists():
        return f"writes to stderr:\n{err}"
    else:
        problem = differing({program.beside(".out"): out}, write)
    expected_status = int(expected_exit.read_text()) if expected_exit.exists() else 0
    if status != expected_status:
        return f"exit status {status}, not {expected_status}\n{err}"
    return problem


def differing(found, write):
    """Compares files with what CPython printed, or writes them; returns the first difference, or None."""
    for path, text in found.items():
        expected = path.read_text() if path.exists() else None
        if expected == text:
            continue
        if write:
            path.write_text(text)
        elif expected is None:
            return f"has no {path.suffix}"
        else:
            lines = itertools.zip_longest(expected.splitlines(), text.splitlines())
            number, (old, new) = next((n, pair) for n, pair in enumerate(lines, 1) if pair[0] != pair[1])
            return f"{path.suffix} line {number}: it has {old!r}, CPython prints {new!r}"
    return None


def programs_in(paths):
    for path in paths:
        path = Path(path).resolve()
        yield from (sorted(path.rglob("*.apy")) if path.is_dir() else [path])


def main(arguments):
    command = arguments.pop(0) if arguments and arguments[0] in ("check", "write", "run") else "check"
    if command == "run":
        path = Path(arguments.pop(0)).resolve()
        program = Program(path)
        program.arguments = arguments or program.arguments
        return program.execute()
    wrong = done = skipped = 0
    for path in programs_in(arguments or [ROOT / suite for suite in SUITES]):
        program = Program(path)
        if program.only_apy:
            skipped += 1
            continue
        done += 1
        if problem := complaint(program, command == "write"):
            wrong += 1
            print(f"{os.path.relpath(path, ROOT)}: {problem}")
    print(f"{done} programs run by CPython {sys.version.split()[0]}, {skipped} apy-only skipped, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.version_info[:2] != VERSION:
        sys.exit(f"the oracle is CPython {'.'.join(map(str, VERSION))}, this is {sys.version.split()[0]}")
    sys.exit(main(sys.argv[1:]))
