//! Test: random programs under random limits. After each of them the interpreter works, and the memory is back.
//!
//! Programs are put together from statements that take memory, steps, depth, output or tasks; the generator is seeded, so what fails here
//! fails everywhere. `APY_PAIRS=100000 cargo test --lib pairs` tries so many. A new way to run away is a row of `STATEMENTS`.

use std::time::Duration;

use super::{Interpreter, Limits, Mode, Options, Outcome};
use crate::vm::NoHost;

/// Statements; `@` stands for a number.
const STATEMENTS: [&str; 24] = [
    "x = 'ab' * @",
    "x = [0] * @",
    "x = list(range(@))",
    "x = {i: str(i) for i in range(@)}",
    "x = sorted(range(@), key=lambda i: -i)",
    "x = 3 ** @",
    "x = 1 << @",
    "x = ','.join(str(i) for i in range(@))",
    "x = ('a' * @).replace('a', 'bc')",
    "for i in range(@): x = [i, [i]]",
    "while True: x = i = 1",
    "print('y' * (@ % 5000))",
    "def f(n): return n and f(n - 1) + 1\nx = f(@ % 900)",
    "def g(n): return g(n + 1)\ntry: g(0)\nexcept RecursionError: x = 1",
    "try: x = [None] * @ * @\nexcept MemoryError: x = 0",
    "try:\n    while True: x = [x, [1]]\nexcept MemoryError: x = 0\nexcept BaseException: x = 2",
    "import re\nx = re.findall('a|b', 'ab' * @)",
    "import json\nx = json.dumps([[1] * 10] * (@ % 10000))",
    "import itertools\nx = list(itertools.islice(itertools.count(), @))",
    "x = sum(i * i for i in range(@))",
    "async def t(): await asyncio.sleep(1)\nasync def m(): await asyncio.gather(*(t() for _ in range(@ % 500)))\nasyncio.run(m())",
    "class C: pass\nx = [C() for _ in range(@ % 20000)]",
    "x = @ in [i for i in range(@)]",
    "try:\n    raise ValueError(@)\nfinally:\n    x = 7",
];

/// A generator of random numbers: the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn program(&mut self) -> String {
        let mut text = String::from("import asyncio\nx = 0\n");
        for _ in 0..1 + self.below(4) {
            let statement = STATEMENTS[self.below(STATEMENTS.len() as u64) as usize];
            let shift = self.below(18);
            let number = self.below(1 << shift).to_string();
            text += &statement.replace('@', &number);
            text.push('\n');
        }
        text
    }

    fn limits(&mut self) -> Limits {
        Limits {
            // Always one of these two: some programs do not end by themselves.
            steps: Some(1 + self.below(30_000)),
            time: Some(Duration::from_secs(20)),
            memory: (self.below(2) == 0).then(|| (1 << 20) + self.below(8 << 20) as usize),
            output: (self.below(3) == 0).then(|| self.below(5000)),
            tasks: (self.below(3) == 0).then(|| 1 + self.below(300) as usize),
            virtual_time: (self.below(3) == 0).then(|| self.below(3) as f64),
            depth: (self.below(3) == 0).then(|| 20 + self.below(500) as usize),
        }
    }
}

fn interpreter() -> Interpreter {
    Interpreter::new(Options::repeatable(NoHost))
}

/// What is live when the globals of the programs are gone.
fn rest(interpreter: &mut Interpreter) -> usize {
    interpreter.set_limits(Limits::NONE);
    let clear = b"x = f = g = t = m = C = i = None\nassert 1 + 1 == 2\n";
    let outcome = interpreter.run("clear", clear, Mode::Script);
    assert!(
        matches!(outcome, Outcome::Done),
        "the interpreter does not work any more"
    );
    interpreter.collect();
    interpreter.memory()
}

#[test]
fn random_programs_leave_a_working_interpreter() {
    let pairs = std::env::var("APY_PAIRS")
        .ok()
        .and_then(|count| count.parse().ok());
    let mut random = Random(7);
    let mut steps = Vec::new();
    for round in 0..pairs.unwrap_or(60_u64).div_ceil(30) {
        let mut interpreter = interpreter();
        let warm = b"import asyncio, re, json, itertools\nx = f = g = t = m = C = i = None\n";
        interpreter.run("warm", warm, Mode::Script);
        let before = rest(&mut interpreter);
        for _ in 0..30 {
            let (program, limits) = (random.program(), random.limits());
            interpreter.set_limits(limits);
            let outcome = interpreter.run("program", program.as_bytes(), Mode::Script);
            assert!(!matches!(outcome, Outcome::Mistakes(..)), "{program}");
            steps.push(interpreter.steps());
            let after = rest(&mut interpreter);
            assert!(
                after <= before + (1 << 19),
                "round {round}: {before} bytes before, {after} after\n{limits:?}\n{program}"
            );
        }
    }
    assert!(steps.iter().any(|&steps| steps > 1000));
}

#[test]
fn steps_are_the_same_in_each_run() {
    let text = b"def f(n):\n    return [str(i) for i in range(n)]\nx = [f(i) for i in range(200)]\n'a'.join(['b'] * 5000)\n";
    let count = || {
        let mut interpreter = interpreter();
        interpreter.run("program", text, Mode::Script);
        interpreter.steps()
    };
    assert_eq!(count(), count());
}

#[test]
fn recursion_is_safe_on_a_small_thread() {
    let text = b"def k(x): return sorted([1, 2], key=k)\ntry: k(1)\nexcept RecursionError: x = 1\nimport sys\nsys.setrecursionlimit(10**9)\ntry: k(1)\nexcept RecursionError: x = 1\n";
    let size = if cfg!(debug_assertions) {
        2 << 20
    } else {
        256 << 10
    };
    let thread = std::thread::Builder::new().stack_size(size).spawn(move || {
        let mut interpreter = interpreter();
        matches!(
            interpreter.run("program", text, Mode::Script),
            Outcome::Done
        )
    });
    let ended = thread.expect("a thread").join();
    assert!(ended.expect("no panic"), "it ends by itself");
}
