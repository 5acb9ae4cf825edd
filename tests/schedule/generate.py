#!/usr/bin/env python3
"""Random asyncio programs: the same events must happen in the same order under CPython and apy.

    tests/schedule/generate.py SEED             print the program of this seed
    tests/schedule/generate.py freeze SEED...   write NNN.apy and NNN.out for each seed that is fit

A program is a few coroutines of random statements over shared queues, locks, semaphores, events and conditions. Every
delay is a multiple of 1/16 s, so that sums are exact and two deadlines are either equal or clearly apart. A watchdog
cancels what still runs after a while, again and again, so that every program ends, deadlocks included. `freeze` keeps a
program only if CPython prints the same five times, something on most lines, and nothing on stderr.

To cover another part of asyncio, add a method to `Body` and its weight to `KINDS`.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PRELUDE = '''\
# Written by tests/schedule/generate.py {seed}
import asyncio

STEP = 0.0625
tasks = []

def log(*words):
    print(f"{{round((asyncio.get_running_loop().time() - start) / STEP):3}}", *words)

def spawn(coroutine, name):
    task = asyncio.create_task(coroutine, name=name)
    tasks.append(task)
    return task

def outcome(task):
    if not task.done():
        return "pending"
    if task.cancelled():
        return "cancelled"
    error = task.exception()
    return describe(error) if error else f"result {{task.result()}}"

def describe(error):
    if isinstance(error, BaseExceptionGroup):
        return "group(" + ", ".join(describe(e) for e in error.exceptions) + ")"
    return f"{{type(error).__name__}}({{error}})"

def names(some):
    return " ".join(sorted(t.get_name() for t in some)) or "none"

async def hold(name, resource, steps):
    async with resource:
        log(name, "holds")
        await asyncio.sleep(steps * STEP)
        log(name, "lets go")

'''

POSTLUDE = '''
async def main():
    global start, queue, small, lock, semaphore, event, condition, future
    start = asyncio.get_running_loop().time()
    queue, small = asyncio.Queue(), asyncio.Queue(1)
    lock, semaphore, event, condition = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Event(), asyncio.Condition()
    future = asyncio.get_running_loop().create_future()
{spawns}
    rounds = 0
    while pending := [t for t in tasks if not t.done()]:
        _, pending = await asyncio.wait(pending, timeout=12 * STEP)
        rounds += 1
        if rounds > 2:
            for task in [t for t in tasks if not t.done()]:
                log("watchdog cancels", task.get_name(), task.cancel())
    for task in tasks:
        log("end", task.get_name(), outcome(task))
    log("queues", queue.qsize(), small.qsize(), lock.locked(), semaphore.locked(), event.is_set(), future.done())

asyncio.run(main())
'''


class Program:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.names = 0
        self.steps = 0

    def text(self):
        count = self.random.randint(4, 6)
        # A coroutine starts only those after it, so that nothing recurses.
        self.coroutines = [f"c{i}" for i in range(count)]
        bodies = [self.coroutine(i) for i in range(count)]
        spawns = "\n".join(f"    spawn({self.random.choice(self.coroutines[:3])}('{n}'), '{n}')" for n in "ABCD"[: self.random.randint(2, 4)])
        return PRELUDE.format(seed=self.seed) + "\n".join(bodies) + POSTLUDE.format(spawns=spawns)

    def coroutine(self, index):
        body = Body(self, index)
        size = self.random.randint(3, 6) if index < 3 else self.random.randint(1, 3)
        lines = [line for _ in range(size) for line in body.statement(2)]
        if not any("await" in line or "async" in line for line in lines):
            lines += ["await asyncio.sleep(0)"]
        head = [f"async def c{index}(me):", f'    log(me, "starts c{index}")']
        tail = f'    return "r{index}"'
        return "\n".join(head + ["    " + line for line in lines] + [tail, ""])


def indent(lines):
    return ["    " + line for line in lines]


class Body:
    """Random statements of one coroutine; each method returns lines."""

    def __init__(self, program, index):
        self.program = program
        self.random = program.random
        self.index = index

    def statement(self, depth):
        kinds = [k for k in KINDS if (depth > 0 or not k[2]) and (self.callees() or k[0] not in CALLING)]
        kind = self.random.choices(kinds, [k[1] for k in kinds])[0][0]
        return getattr(self, kind)(depth)

    def block(self, depth):
        return [line for _ in range(self.random.randint(1, 2)) for line in self.statement(depth - 1)]

    def callees(self):
        return self.program.coroutines[self.index + 1 :]

    def fresh(self):
        self.program.names += 1
        return f"t{self.program.names}"

    def step(self):
        self.program.steps += 1
        return self.program.steps

    def delay(self):
        return self.random.choice(["0", "0", "STEP", "STEP", "2 * STEP", "2 * STEP", "3 * STEP", "4 * STEP", "5 * STEP"])

    def name(self, base):
        return f"f'{{me}}.{base}'"

    def spawned(self, base):
        return f"spawn({self.random.choice(self.callees())}({self.name(base)}), {self.name(base)})"

    def guarded(self, lines, depth):
        """`lines` with a handler that says what came out; cancellation goes on or, rarely, is swallowed."""
        n = self.step()
        swallow = self.random.random() < 0.15
        cancelled = [f'log(me, "cancelled at {n}", asyncio.current_task().cancelling())'] + ([] if swallow else ["raise"])
        out = ["try:", *indent(lines)]
        if self.random.random() < 0.7:
            out += ["except Exception as error:", f'    log(me, "error at {n}", describe(error))']
        if self.random.random() < 0.6 or len(out) == 1 + len(lines):
            out += ["except asyncio.CancelledError:", *indent(cancelled)]
        return out

    # Statements.

    def say(self, depth):
        return [f'log(me, "step {self.step()}")']

    def sleep(self, depth):
        return [f"await asyncio.sleep({self.delay()})", f'log(me, "slept {self.step()}")']

    def spin(self, depth):
        n = self.step()
        return [f"for i in range({self.random.randint(1, 3)}):", f'    log(me, "turn {n}", i)', "    await asyncio.sleep(0)"]

    def fail(self, depth):
        n = self.step()
        return [f'if len(me) > {self.random.randint(1, 4)}:', f'    raise ValueError("{n} " + me)']

    def call(self, depth):
        lines = [f"log(me, 'returned', await {self.random.choice(self.callees())}({self.name('call')}))"]
        return self.guarded(lines, depth)

    def start(self, depth):
        return [f"{self.fresh()} = {self.spawned(self.step())}"]

    def start_and_await(self, depth):
        t = self.fresh()
        return [f"{t} = {self.spawned(self.step())}", *self.block(depth), *self.guarded([f"log(me, 'got', await {t})"], depth)]

    def cancel_some_task(self, depth):
        n = self.random.randint(0, 9)
        return [f"victim = tasks[{n} % len(tasks)]", "log(me, 'cancels', victim.get_name(), victim.cancel(), victim.cancelling())"]

    def cancel_later(self, depth):
        n = self.random.randint(0, 9)
        return [f"asyncio.get_running_loop().call_later({self.delay()}, tasks[{n} % len(tasks)].cancel)"]

    def callbacks(self, depth):
        t, n = self.fresh(), self.step()
        return [
            f"{t} = {self.spawned(n)}",
            f"{t}.add_done_callback(lambda t: log('callback {n}', t.get_name(), outcome(t)))",
            f"asyncio.get_running_loop().{self.random.choice(['call_soon(', 'call_later(' + self.delay() + ', '])}log, me, 'called {n}')",
        ]

    def gather(self, depth):
        parts = ", ".join(self.spawned(f"g{self.step()}") for _ in range(self.random.randint(2, 3)))
        if self.random.random() < 0.3:
            parts = f"asyncio.gather({parts}, return_exceptions=True), {self.spawned(f'g{self.step()}')}"
        if self.random.random() < 0.5:
            return self.guarded([f"log(me, 'gathered', await asyncio.gather({parts}))"], depth)
        lines = [f"for r in await asyncio.gather({parts}, return_exceptions=True):"]
        lines += ["    log(me, 'part', describe(r) if isinstance(r, BaseException) else r)"]
        return lines

    def wait(self, depth):
        parts = ", ".join(self.spawned(f"w{self.step()}") for _ in range(self.random.randint(2, 3)))
        when = self.random.choice(["FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED"])
        limit = self.random.choice(["", f", timeout={self.delay()}"])
        lines = [f"done, pending = await asyncio.wait([{parts}], return_when=asyncio.{when}{limit})", "log(me, 'waited; done:', names(done), 'pending:', names(pending))"]
        if self.random.random() < 0.5:
            lines += ["for t in sorted(pending, key=lambda t: t.get_name()):", "    t.cancel()"]
        return lines

    def wait_for(self, depth):
        target = self.random.choice([f"{self.random.choice(self.callees())}({self.name('wf')})", self.spawned(f"f{self.step()}")])
        return self.guarded([f"log(me, 'in time', await asyncio.wait_for({target}, {self.delay()}))"], depth)

    def timeout(self, depth):
        lines = [f"async with asyncio.timeout({self.delay()}) as limit:", *indent(self.block(depth) + self.sleep(depth))]
        return self.guarded(lines, depth) + [f"log(me, 'limit', limit.expired(), asyncio.current_task().cancelling())"]

    def shield(self, depth):
        return self.guarded([f"log(me, 'shielded', await asyncio.shield({self.spawned(f's{self.step()}')}))"], depth)

    def group(self, depth):
        n = self.step()
        starts = [f"group.create_task({self.random.choice(self.callees())}({self.name(f'k{n}{i}')}), name={self.name(f'k{n}{i}')})" for i in range(self.random.randint(1, 3))]
        lines = ["async with asyncio.TaskGroup() as group:", *indent(starts + self.block(depth))]
        return self.guarded(lines + [f"log(me, 'group {n} done')"], depth)

    def as_completed(self, depth):
        parts = ", ".join(self.spawned(f"a{self.step()}") for _ in range(2))
        return self.guarded([f"for next_done in asyncio.as_completed([{parts}]):", "    log(me, 'completed', await next_done)"], depth)

    def cleanup(self, depth):
        n = self.step()
        return ["try:", *indent(self.block(depth) + self.sleep(depth)), "finally:", f"    log(me, 'cleanup {n}')", *indent(self.sleep(depth))]

    def protect(self, depth):
        return self.guarded(self.block(depth) + self.sleep(depth), depth)

    def put(self, depth):
        n = self.step()
        q = self.random.choice(["queue", "small"])
        return [f"await {q}.put((me, {n}))", f"log(me, 'put {n}', {q}.qsize())"]

    def get(self, depth):
        q = self.random.choice(["queue", "small"])
        if self.random.random() < 0.3:
            return ["try:", f"    log(me, 'nowait', {q}.get_nowait())", "except asyncio.QueueEmpty:", "    log(me, 'nothing there')"]
        return self.guarded([f"log(me, 'got', await asyncio.wait_for({q}.get(), {self.delay()}))"], depth)

    def use(self, depth):
        resource = self.random.choice(["lock", "semaphore", "semaphore"])
        if self.random.random() < 0.4:
            return self.guarded([f"await asyncio.wait_for(hold(me, {resource}, {self.random.randint(0, 3)}), {self.delay()})"], depth)
        n = self.step()
        lines = [f"async with {resource}:", f"    log(me, 'enters {n}')", *indent(self.sleep(depth)), f"log(me, 'left {n}')"]
        return lines

    def signal(self, depth):
        n = self.step()
        return self.random.choice(
            [
                ["event.set()", f"log(me, 'set {n}')"],
                ["event.clear()"],
                [f"log(me, 'event {n}', await event.wait())"],
                self.guarded([f"log(me, 'event', await asyncio.wait_for(event.wait(), {self.delay()}))"], depth),
                ["async with condition:", f"    condition.notify({self.random.randint(1, 2)})", f"    log(me, 'notified {n}')"],
                ["async with condition:", f"    log(me, 'condition {n}', await condition.wait())"],
                ["if not future.done():", f"    future.set_result('from {n}')", f"    log(me, 'resolved {n}')"],
                self.guarded([f"log(me, 'future', await asyncio.shield(future))"], depth),
            ]
        )


# Name of the method, weight, whether it holds a block of statements.
KINDS = [
    ("say", 3, False),
    ("sleep", 8, False),
    ("spin", 3, False),
    ("fail", 3, False),
    ("call", 5, False),
    ("start", 4, False),
    ("start_and_await", 3, True),
    ("cancel_some_task", 4, False),
    ("cancel_later", 2, False),
    ("callbacks", 3, False),
    ("gather", 5, False),
    ("wait", 5, False),
    ("wait_for", 5, False),
    ("timeout", 4, True),
    ("shield", 3, False),
    ("group", 4, True),
    ("as_completed", 2, False),
    ("cleanup", 4, True),
    ("protect", 4, True),
    ("put", 4, False),
    ("get", 5, False),
    ("use", 6, False),
    ("signal", 8, False),
]
# Statements that need another coroutine to start.
CALLING = {"call", "start", "start_and_await", "callbacks", "gather", "wait", "wait_for", "shield", "group", "as_completed"}

# A frozen program is worth its place only if something happens, and readable only if not too much does.
FEWEST_EVENTS, MOST_EVENTS = 40, 250


def freeze(seeds):
    """Writes the programs of these seeds that are fit, numbered by seed."""
    import oracle

    here = Path(__file__).resolve().parent
    for seed in seeds:
        path = here / f"{seed:03}.apy"
        path.write_text(Program(seed).text())
        runs = [oracle.Program(path).run_forked() for _ in range(5)]
        out, err, status = runs[0]
        fit = all(run == runs[0] for run in runs) and not err and status == 0
        if fit and FEWEST_EVENTS <= out.count("\n") <= MOST_EVENTS:
            path.with_suffix(".out").write_text(out)
        else:
            path.unlink()
            lines = out.count("\n")
            print(f"{seed}: left out: {'unstable' if any(r != runs[0] for r in runs) else err.strip().splitlines()[-1:] or f'{lines} events'}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["freeze"]:
        freeze(map(int, sys.argv[2:]))
    else:
        print(Program(int(sys.argv[1])).text(), end="")
