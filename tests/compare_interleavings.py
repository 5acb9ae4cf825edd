"""Compares the order of events in random asyncio programs under apy with that under the CPython that runs this script.

    python3.13 tests/compare_interleavings.py APY [COUNT] [FIRST_SEED]

A program is a seed: its coroutines draw what they do next from random generators of their own, and log each step. Locks, semaphores,
conditions, events, barriers, queues with shutdown, groups, timeouts, shields, eager tasks, contexts, callbacks and cancellation at any
await meet each other; tasks have no names of their own. Time is virtual in both. The first differences are printed, each with its
seed; `APY tests/compare_interleavings.py --play SEED COUNT` plays programs under one interpreter. Exit status 1 if any differ.
"""

import asyncio
import contextlib
import contextvars
import random
import re
import subprocess
import sys

COUNT = 500
BATCH = 50
DEPTH = 4

IS_APY = sys.implementation.name != "cpython"

number = contextvars.ContextVar("number", default=0)


class Broken(Exception):
    """What coroutines raise on purpose."""


class Ordered(dict):
    """A set in the order of insertion: CPython's groups cancel their tasks in the order of addresses, apy in that of creation."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)


def delay(r, *choices):
    """A time to wait. Two are never the same: CPython's heap keeps no order among timers of the same moment."""
    chosen = r.choice(choices)
    return chosen and chosen + r.random() / 200


class Program:
    """The shared objects of one program, and what its coroutines do with them."""

    def __init__(self, seed):
        self.seed = seed
        self.random = random.Random(seed)
        self.lines = []
        self.workers = 0
        self.tasks = []

    def log(self, *words):
        task = asyncio.current_task()
        words = [task.get_name() if task is not None else "-", *map(str, words)]
        # Numbers count from the main task: how many tasks an earlier program made at its end depends on what it still referred to.
        self.lines.append(re.sub(r"Task-([0-9]+)", lambda found: f"Task+{int(found[1]) - self.first}", " ".join(words)))

    async def main(self):
        self.first = int(asyncio.current_task().get_name().removeprefix("Task-"))
        if self.random.random() < 0.3:
            asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        self.lock, self.event, self.condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
        self.semaphore = asyncio.BoundedSemaphore(self.random.randrange(1, 3))
        self.barrier = asyncio.Barrier(self.random.randrange(1, 4))
        kind = self.random.choice([asyncio.Queue, asyncio.Queue, asyncio.LifoQueue, asyncio.PriorityQueue])
        self.queue = kind(self.random.randrange(3))
        self.future = asyncio.get_running_loop().create_future()
        for _ in range(self.random.randrange(2, 6)):
            self.spawn(0)
        await asyncio.wait(self.tasks, timeout=delay(self.random, 0.5, 1, 3))
        # Coroutines may go on after they were cancelled, even with what waits forever.
        while pending := [task for task in self.tasks if not task.done()]:
            self.log("left", len(pending))
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=0.01)

    def worker(self):
        self.workers += 1
        return random.Random(self.seed * 1000 + self.workers)

    def spawn(self, depth, make=None):
        r = self.worker()
        context = contextvars.copy_context() if r.random() < 0.3 else None
        options = {"context": context} if context is not None else {}
        task = (make or asyncio.create_task)(self.body(r, depth + 1), **options)
        if r.random() < 0.3:
            task.add_done_callback(lambda done: self.log("done", done.get_name(), done.cancelled()))
        self.tasks.append(task)
        return task

    async def body(self, r, depth):
        self.log("begin", number.get())
        try:
            for _ in range(r.randrange(1, 5)):
                if self.workers > 40:
                    break
                step = r.choice(STEPS)
                try:
                    await step(self, r, depth)
                except asyncio.CancelledError as error:
                    self.log(step.__name__, describe(error), asyncio.current_task().cancelling())
                    if r.random() < 0.7:
                        raise
                    if r.random() < 0.5:
                        asyncio.current_task().uncancel()
                except (Broken, TimeoutError, asyncio.QueueEmpty, asyncio.QueueFull, asyncio.QueueShutDown, RuntimeError, ValueError,
                        asyncio.BrokenBarrierError, asyncio.InvalidStateError) as error:
                    self.log(step.__name__, describe(error))
                else:
                    self.log(step.__name__)
        finally:
            self.log("end")
        return r.randrange(100)

    async def inner(self, r, depth):
        """One more step, inside of another."""
        if depth < DEPTH:
            await r.choice(STEPS)(self, r, depth + 1)
        else:
            await asyncio.sleep(0)


def describe(error):
    """An exception with what belongs to it."""
    if isinstance(error, BaseExceptionGroup):
        return f"{type(error).__name__}[{', '.join(map(describe, error.exceptions))}]"
    return f"{type(error).__name__}({', '.join(map(str, error.args))})"


async def rest(self, r, depth):
    await asyncio.sleep(delay(r, 0, 0, 0, 0.01, 0.02, 0.05))


async def locked(self, r, depth):
    async with self.lock:
        await self.inner(r, depth)


async def limited(self, r, depth):
    async with self.semaphore:
        await self.inner(r, depth)


async def on_condition(self, r, depth):
    async with self.condition:
        if r.random() < 0.5:
            self.condition.notify(r.randrange(1, 3))
        else:
            await asyncio.wait_for(self.condition.wait(), delay(r, 0, 0.01, 0.03, 0.1))


async def on_event(self, r, depth):
    what = r.randrange(4)
    if what == 0:
        self.event.set()
    elif what == 1:
        self.event.clear()
    else:
        await asyncio.wait_for(self.event.wait(), delay(r, 0.01, 0.03, 0.1))


async def on_barrier(self, r, depth):
    if r.random() < 0.1:
        await (self.barrier.reset() if r.random() < 0.5 else self.barrier.abort())
        return
    async with asyncio.timeout(delay(r, 0.01, 0.04, 0.1)):
        async with self.barrier as place:
            self.log("place", place, self.barrier.n_waiting)


async def on_queue(self, r, depth):
    what = r.randrange(9)
    if what in (0, 1):
        await self.queue.put(r.randrange(10))
    elif what in (2, 3):
        self.log("got", await asyncio.wait_for(self.queue.get(), delay(r, 0, 0.02, 0.1)))
    elif what == 4:
        self.queue.put_nowait(r.randrange(10))
    elif what == 5:
        self.log("got", self.queue.get_nowait(), self.queue.qsize())
    elif what == 6:
        self.queue.task_done()
    elif what == 7:
        await asyncio.wait_for(self.queue.join(), delay(r, 0.03))
    elif r.random() < 0.3:
        self.queue.shutdown(immediate=r.random() < 0.5)


async def on_future(self, r, depth):
    what = r.randrange(5)
    if what == 0:
        self.future.set_result(r.randrange(100))
    elif what == 1:
        self.future.cancel()
    elif what == 2:
        self.future = asyncio.get_running_loop().create_future()
    else:
        self.log("value", await asyncio.wait_for(asyncio.shield(self.future), delay(r, 0.05)))


async def spawns(self, r, depth):
    if depth < DEPTH:
        task = self.spawn(depth)
        if r.random() < 0.5:
            self.log("result", task.get_name(), await task)


async def cancels(self, r, depth):
    task = r.choice(self.tasks) if self.tasks else asyncio.current_task()
    message = r.choice([None, None, "stop"])
    self.log("cancel", task.get_name(), task.cancel(message) if message else task.cancel())


async def raises(self, r, depth):
    await self.inner(r, depth)
    raise Broken(r.randrange(10))


async def grouped(self, r, depth):
    if depth >= DEPTH:
        return
    try:
        async with asyncio.TaskGroup() as group:
            if not IS_APY:
                group._tasks = Ordered()
            for _ in range(r.randrange(1, 4)):
                self.spawn(depth + 1, group.create_task)
            await self.inner(r, depth)
            if r.random() < 0.2:
                raise Broken("in the group")
    except* Broken as group:
        self.log("group", describe(group))


async def limited_time(self, r, depth):
    async with asyncio.timeout(delay(r, 0, 0.01, 0.02, 0.1)) as limit:
        await self.inner(r, depth)
        if r.random() < 0.3:
            limit.reschedule(asyncio.get_running_loop().time() + delay(r, 0.01))
        await self.inner(r, depth)
    self.log("expired", limit.expired())


async def waits_for(self, r, depth):
    if depth < DEPTH:
        self.log("value", await asyncio.wait_for(self.spawn(depth), delay(r, 0, 0.01, 0.05)))


async def gathers(self, r, depth):
    if depth < DEPTH:
        tasks = [self.spawn(depth + 1) for _ in range(r.randrange(1, 4))]
        found = await asyncio.gather(*tasks, return_exceptions=r.random() < 0.5)
        self.log("all", [describe(one) if isinstance(one, BaseException) else one for one in found])


async def waits(self, r, depth):
    if depth < DEPTH:
        tasks = [self.spawn(depth + 1) for _ in range(r.randrange(1, 4))]
        how = r.choice([asyncio.ALL_COMPLETED, asyncio.FIRST_COMPLETED, asyncio.FIRST_EXCEPTION])
        done, pending = await asyncio.wait(tasks, timeout=r.choice([None, delay(r, 0.02)]), return_when=how)
        self.log("done", sorted(t.get_name() for t in done), "pending", sorted(t.get_name() for t in pending))


async def completes(self, r, depth):
    # Of tasks that are done already, CPython takes the one with the least address first.
    if depth < DEPTH and asyncio.get_running_loop().get_task_factory() is None:
        tasks = [self.spawn(depth + 1) for _ in range(r.randrange(1, 4))]
        for one in asyncio.as_completed(tasks, timeout=r.choice([None, delay(r, 0.02)])):
            self.log("next", await one)


async def shields(self, r, depth):
    if depth < DEPTH:
        self.log("value", await asyncio.shield(self.spawn(depth)))


async def contexts(self, r, depth):
    token = number.set(r.randrange(100))
    await self.inner(r, depth)
    self.log("number", number.get())
    if r.random() < 0.5:
        number.reset(token)


async def calls(self, r, depth):
    loop = asyncio.get_running_loop()
    handle = loop.call_later(delay(r, 0.01), self.log, "called later") if r.random() < 0.5 else loop.call_soon(self.log, "called", number.get())
    await self.inner(r, depth)
    if r.random() < 0.5:
        handle.cancel()


async def generates(self, r, depth):
    async def items():
        try:
            for i in range(3):
                await self.inner(r, depth)
                yield i
        finally:
            self.log("closing")
            await asyncio.sleep(0)

    # CPython closes a generator as soon as nothing refers to it, apy some time later.
    async with contextlib.aclosing(items()) as source:
        async for item in source:
            self.log("item", item)
            if r.random() < 0.3:
                break


STEPS = [
    rest, rest, rest, locked, limited, on_condition, on_event, on_barrier, on_queue, on_queue, on_queue, on_future, spawns, cancels, raises,
    grouped, limited_time, waits_for, gathers, waits, completes, shields, contexts, calls, generates,
]


def virtual_loop():
    """CPython's loop with a clock that jumps where it would wait; apy has `--time virtual`."""
    import selectors

    class Selector(selectors.DefaultSelector):
        def select(self, timeout=None):
            loop.now += timeout or 0
            return super().select(0)

    class Loop(asyncio.SelectorEventLoop):
        now = 0.0

        def time(self):
            return self.now

    loop = Loop(Selector())
    return loop


def play(first, count):
    """Runs programs and prints their lines."""
    for seed in range(first, first + count):
        program = Program(seed)
        print("program", seed)
        with asyncio.Runner(loop_factory=None if IS_APY else virtual_loop) as runner:
            runner.get_loop().set_exception_handler(lambda loop, context: None)
            runner.run(program.main())
        print("\n".join(program.lines))
        sys.stdout.flush()


def output(command, first, count):
    """The lines of programs under an interpreter, by seed."""
    run = subprocess.run([*command, __file__, "--play", str(first), str(count)], capture_output=True, text=True, timeout=300)
    programs = {}
    for line in run.stdout.splitlines():
        if line.startswith("program "):
            lines = programs[int(line.split()[1])] = []
        else:
            lines.append(line)
    if run.returncode:
        programs[first + len(programs) - 1].append(f"exit status {run.returncode}: {run.stderr[-500:]}")
    return programs


def main(apy, count=COUNT, first=0):
    """Compares; how many differ."""
    bad = 0
    for start in range(first, first + count, BATCH):
        size = min(BATCH, first + count - start)
        expected = output([sys.executable], start, size)
        found = output([apy, "--time", "virtual"], start, size)
        for seed in range(start, start + size):
            left, right = expected.get(seed, ["did not run"]), found.get(seed, ["did not run"])
            if left == right:
                continue
            bad += 1
            at = next((i for i, pair in enumerate(zip(left, right)) if pair[0] != pair[1]), min(len(left), len(right)))
            print(f"seed {seed}, line {at + 1} of {len(left)}:")
            for sign, lines in (("-", left), ("+", right)):
                print(f"  {sign} {lines[at] if at < len(lines) else 'nothing'}")
    print(f"{count} programs, {bad} differ")
    return bad


if __name__ == "__main__":
    if sys.argv[1] == "--play":
        play(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(bool(main(sys.argv[1], *map(int, sys.argv[2:4]))))
