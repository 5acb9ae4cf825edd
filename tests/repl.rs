//! The prompt as a person sees it: `apy` on a pseudo-terminal, keys sent, the screen looked at.
//!
//! Each test starts an `apy` of its own with a home of its own. Nothing is timed: a test waits until the screen shows what it must,
//! and fails with the screen when that takes longer than anybody would wait. What inputs mean is the goldens' concern.

#![cfg(unix)]

mod terminal;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use terminal::{ENTER, file, folder, talk, talk_in};

const CTRL_A: &str = "\x01";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_R: &str = "\x12";
const BACKSPACE: &str = "\x7f";
const UP: &str = "\x1b[A";

#[test]
fn values_are_shown_and_kept() {
    let mut talk = talk(&[]);
    talk.sees("asyncio is imported");
    talk.run("6 * 7");
    talk.sees_lines(&[">>> 6 * 7", "42"]);
    talk.run("_ + 1; None");
    talk.run("_");
    talk.sees_lines(&[">>> _", "43"]);
    talk.run("print('no new line', end='')");
    talk.sees_lines(&["no new line", ">>>"]);
}

#[test]
fn blocks_are_indented_and_end_with_a_blank_line() {
    let mut talk = talk(&[]);
    talk.enter("def f(n):");
    talk.enter("if n:");
    talk.enter("return [n,");
    talk.enter("n]");
    // The bracket is closed, `return` leaves the block: one level back.
    talk.enter("return 'none'");
    talk.press(ENTER);
    talk.at_prompt();
    talk.sees_lines(&[
        ">>> def f(n):",
        "...     if n:",
        "...         return [n,",
        "...         n]",
    ]);
    talk.run("f(1), f(0)");
    talk.sees("([1, 1], 'none')");
    talk.enter("for i in 1, 2:");
    talk.enter("print(i)");
    talk.wait("a new line", |lines| {
        lines.last().is_some_and(|l| l == "...")
    });
    talk.press(BACKSPACE);
    talk.enter("else:");
    talk.enter("print('over')");
    talk.press(ENTER);
    talk.sees_lines(&[
        "... else:",
        "...     print('over')",
        "...",
        "1",
        "2",
        "over",
        ">>>",
    ]);
    talk.enter("'''a");
    talk.enter("b'''");
    talk.sees("'a\\nb'");
}

#[test]
fn await_works_and_so_does_asyncio_run() {
    let mut talk = talk(&[]);
    talk.run("await asyncio.sleep(0.01, 'slept')");
    talk.sees_lines(&["'slept'", ">>>"]);
    talk.enter("async def main():");
    talk.enter("return await asyncio.gather(asyncio.sleep(0, 'a'), asyncio.sleep(0, 'b'))");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("asyncio.run(main())");
    talk.sees_lines(&["['a', 'b']", ">>>"]);
}

#[test]
fn tasks_print_above_what_is_typed() {
    let mut talk = talk(&[]);
    talk.enter("async def tick():");
    talk.enter("await go.wait()");
    talk.enter("for i in range(3): print('tick', i); await asyncio.sleep(0.05)");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("go = asyncio.Event(); t = asyncio.create_task(tick())");
    talk.run("handle = asyncio.get_running_loop().call_later(0.3, go.set)");
    talk.press("half = 'typ");
    talk.sees_lines(&["tick 0", "tick 1", "tick 2", ">>> half = 'typ"]);
    talk.press("ed'");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("half");
    talk.sees_lines(&["'typed'", ">>>"]);
    // asyncio.run leaves the prompt's tasks alone.
    talk.run("t = asyncio.create_task(asyncio.sleep(60))");
    talk.run("asyncio.run(asyncio.sleep(0)); t.done()");
    talk.sees_lines(&["False", ">>>"]);
    // A failure that nobody takes is told at once.
    talk.run("t = asyncio.create_task(asyncio.wait_for(asyncio.sleep(9), 0.01))");
    talk.sees("its exception was never retrieved");
    talk.at_prompt();
}

#[test]
fn ctrl_c_clears_the_line() {
    let mut talk = talk(&[]);
    talk.press("1 +");
    talk.sees(">>> 1 +");
    talk.press(CTRL_C);
    talk.sees_lines(&[">>> 1 +", ">>>"]);
    talk.run("'on'");
    talk.sees_lines(&["'on'", ">>>"]);
}

const STUBBORN: &str = "\
async def wait(name):
    try:
        print(name, 'waits')
        await asyncio.sleep(60)
    finally:
        print(name, 'ends')

async def stubborn():
    while True:
        try:
            print('stubborn waits')
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            print('not yet')
            if done: raise

done = False
t = asyncio.create_task(wait('background'))
await asyncio.sleep(0)
";

#[test]
fn ctrl_c_cancels_what_the_prompt_waits_for() {
    let mut talk = talk(&["-i", &file("stubborn.apy", STUBBORN)]);
    talk.enter("await wait('foreground')");
    talk.sees("foreground waits");
    talk.press(CTRL_C);
    talk.sees_lines(&["foreground ends", "KeyboardInterrupt", ">>>"]);
    talk.enter("await asyncio.gather(wait('child'), t)");
    talk.sees("child waits");
    talk.press(CTRL_C);
    talk.sees("child ends");
    talk.at_prompt();
    talk.sees("background ends");
    talk.run("t = asyncio.create_task(wait('another'))");
    talk.sees("another waits");
    talk.enter("await stubborn()");
    talk.sees("stubborn waits");
    talk.press(CTRL_C);
    talk.sees("not yet");
    talk.press(CTRL_C);
    talk.at_prompt();
    talk.run("done = True; t.done()");
    talk.sees_lines(&[">>> done = True; t.done()", "False", ">>>"]);
    talk.enter("while True: pass");
    talk.press(ENTER);
    // The prompt comes back only by the key.
    thread::sleep(Duration::from_millis(50));
    talk.press(CTRL_C);
    talk.at_prompt();
    let count = |lines: &[String]| lines.iter().filter(|l| *l == "KeyboardInterrupt").count();
    talk.wait("KeyboardInterrupt four times", |lines| count(lines) == 4);
    talk.run("t.cancel()");
    talk.sees("another ends");
}

#[test]
fn tab_completes_names_attributes_keywords_and_modules() {
    let mut talk = talk(&[]);
    talk.run("horse = 'name'; from math import pi; table = {'alpha': 1}");
    talk.run("from fractions import Fraction");
    for (typed, whole) in [
        ("asyncio.create_t\t", ">>> asyncio.create_task"),
        ("hor\t", ">>> horse"),
        ("horse.swapc\t", ">>> horse.swapcase"),
        ("nonl\t", ">>> nonlocal"),
        ("enumer\t", ">>> enumerate"),
        ("import rand\t", ">>> import random"),
        ("from math import fact\t", ">>> from math import factorial"),
        ("import os.pa\t", ">>> import os.path"),
        ("from concurrent.fut\t", ">>> from concurrent.futures"),
        ("table['al\t", ">>> table['alpha']"),
        ("b'x'.dec\t", ">>> b'x'.decode"),
        ("{1, 2}.unio\t", ">>> {1, 2}.union"),
        ("(1).bit_c\t", ">>> (1).bit_count"),
        ("asyncio.Queue().put_\t", ">>> asyncio.Queue().put_nowait"),
        ("Fraction(den\t", ">>> Fraction(denominator="),
        (":rese\t", ">>> :reset"),
    ] {
        talk.press(typed);
        talk.wait(whole, |lines| {
            lines.last().is_some_and(|line| line == whole)
        });
        talk.press(CTRL_C);
        talk.at_prompt();
    }
    talk.press("asyncio.Ti\t\t");
    talk.sees("TimeoutError");
    talk.press(CTRL_C);
    talk.at_prompt();
    talk.enter("if 1:");
    talk.press("\tx");
    talk.sees("...         x");
}

#[test]
fn tasks_of_the_librarys_coroutines_say_what_they_wait_for() {
    let mut talk = talk(&[]);
    talk.run("q = asyncio.Queue(); t = asyncio.create_task(q.get(), name='getter')");
    talk.run("await asyncio.sleep(0)");
    talk.run(":tasks");
    talk.sees("getter: waits for Queue.get: 0 items, spawned at");
}

#[test]
fn the_history_outlives_the_session() {
    let state = folder();
    let mut first = talk_in(&[], &[], &state);
    first.run("first = 'one'");
    first.enter("if first:");
    first.enter("print(first)");
    first.press(ENTER);
    first.sees_lines(&["one", ">>>"]);
    first.press(CTRL_D);
    assert_eq!(first.status(), 0);
    let mut second = talk_in(&[], &[], &state);
    second.press(UP);
    second.sees_lines(&[">>> if first:", "...     print(first)"]);
    second.press(CTRL_C);
    second.at_prompt();
    second.press(CTRL_R);
    second.sees("reverse-i-search");
    second.press("'on");
    second.sees("first = 'one'");
    second.press(ENTER);
    second.at_prompt();
    second.run("first * 2");
    second.sees("'oneone'");
}

#[test]
fn a_pasted_program_runs_as_a_whole() {
    let mut talk = talk(&[]);
    let program = "class A:\n    def f(self):\n        x = 1\n\n        return x\n\n    def g(self):\n        return 2\n\n\nasync def main():\n    await asyncio.sleep(0)\n\n    return A().f() + A().g()\n\nprint('sum', await main())\n";
    talk.press(&format!("\x1b[200~{program}\x1b[201~"));
    talk.sees("print('sum', await main())");
    talk.press(ENTER);
    talk.sees_lines(&["sum 3", ">>>"]);
    talk.press("\x1b[200~if 1:\n\tprint('tab')\n\x1b[201~");
    talk.sees("print('tab')");
    talk.press(ENTER);
    talk.sees_lines(&["tab", ">>>"]);
}

#[test]
fn commands_answer() {
    let mut talk = talk(&[]);
    talk.run(":help");
    talk.sees(":tasks");
    talk.run(":tsks");
    talk.sees("there is no command :tsks; did you mean :tasks?");
    talk.run(":tasks");
    talk.sees("no tasks");
    talk.enter("async def nap():");
    talk.enter("await asyncio.sleep(60)");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("t = asyncio.create_task(nap(), name='sleeper')");
    talk.run(":tasks");
    talk.sees("sleeper: nap at <stdin-1>:2, waits for sleep");
    talk.sees(", spawned at <stdin-2>:1");
    talk.run(":time sum(range(1000))");
    talk.sees("499500");
    talk.sees("took ");
    for (value, what) in [
        ("{1: 2}", "dict[int, int], 1 item"),
        ("await asyncio.sleep(0)", "NoneType"),
        ("[1, 2, 3]", "list[int], 3 items"),
        ("(1, 'a', None)", "tuple[int, str, None], 3 items"),
        (
            "[[1, 2.5], ['a', []]]",
            "list[list[int | float] | list[str | list]], 2 items",
        ),
        ("set()", "set, empty"),
        ("len", "builtin_function_or_method: len(obj, /) -> int"),
        ("nap", "function: async nap()"),
        (
            "lambda a, b=1, *args, c='x', **kw: 0",
            "function: <lambda>(a, b=1, *args, c='x', **kw)",
        ),
        ("ValueError", "type: class ValueError(Exception)"),
    ] {
        talk.run(&format!(":type {value}"));
        talk.sees_lines(&[what, ">>>"]);
    }
    talk.run(":type 1 +");
    talk.run(":dis nap");
    talk.sees("Await");
    talk.run(":dis len");
    talk.sees("has no bytecode");
    let path = folder().join("saved.apy");
    talk.run(&format!(":save {}", path.display()));
    talk.sees("wrote 3 inputs");
    let saved = fs::read_to_string(path).expect("saved");
    assert!(
        saved.starts_with("async def nap():\n    await asyncio.sleep(60)\n"),
        "{saved}"
    );
    let program = file("load.apy", "loaded = await asyncio.sleep(0, 'yes')\n");
    talk.run(&format!(":load {program}"));
    talk.run("loaded");
    talk.sees_lines(&["'yes'", ">>>"]);
    talk.run(":load /nowhere.apy");
    talk.sees("can't open file '/nowhere.apy'");
    talk.run(":reset");
    talk.run("loaded");
    talk.sees("NameError: name 'loaded' is not defined");
    talk.enter(":quit");
    assert_eq!(talk.status(), 0);
}

#[test]
fn the_clock_can_be_changed() {
    let mut talk = talk(&["--time", "virtual"]);
    talk.run("before = asyncio.get_running_loop().time()");
    talk.run("await asyncio.sleep(86400, 'next day')");
    talk.sees("'next day'");
    talk.run("asyncio.get_running_loop().call_later(86400, print, 'the day after'); None");
    talk.sees_lines(&["the day after", ">>>"]);
    talk.run(":clock");
    talk.sees("virtual: it jumps");
    talk.run(":clock real");
    talk.sees("real: a sleep takes");
    talk.run("172800 <= asyncio.get_running_loop().time() - before < 172900");
    talk.sees_lines(&["True", ">>>"]);
}

#[test]
fn errors_point_into_what_was_typed() {
    let mut talk = talk(&[]);
    talk.enter("def half(x): return x / 0");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("half(1)");
    talk.sees("ZeroDivisionError: division by zero");
    talk.sees("<stdin-1>:1:");
    talk.sees("half(1)");
    talk.run("x = = 1");
    talk.sees("SyntaxError");
    talk.run("await asyncio.Event().wait()");
    talk.sees("deadlock");
    talk.run("raise SystemError('still here')");
    talk.sees("SystemError: still here");
    talk.run("'alive'");
    talk.sees_lines(&["'alive'", ">>>"]);
    talk.enter("import sys; sys.exit(3)");
    assert_eq!(talk.status(), 3);
}

#[test]
fn a_file_runs_before_the_prompt() {
    let program = file(
        "app.apy",
        "import sys\nprint('args', sys.argv[1:])\nwidth = 3\nawait asyncio.sleep(0)\n1 / 0\n",
    );
    let mut talk = talk(&["-i", &program, "a", "b"]);
    talk.sees("args ['a', 'b']");
    talk.sees("ZeroDivisionError");
    talk.run("width");
    talk.sees_lines(&["3", ">>>"]);
}

#[test]
fn ctrl_d_cancels_what_is_left_and_leaves() {
    let mut talk = talk(&["repl"]);
    talk.enter("async def last():");
    talk.enter("try: await asyncio.sleep(60)");
    talk.enter("finally: print('finally')");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("t = asyncio.create_task(last())");
    talk.run("await asyncio.sleep(0)");
    talk.press(CTRL_D);
    talk.sees_lines(&[">>>", "finally"]);
    assert_eq!(talk.status(), 0);
}

#[test]
fn code_has_colours_and_brackets_match() {
    let mut talk = talk_in(&["--color", "always"], &[], &folder());
    talk.press("def f(a)");
    talk.sees("def f(a)");
    let plain = vt100::Color::Default;
    talk.wait("colours", |lines| {
        let row = (lines.len() - 1) as u16;
        let parser = talk.screen.lock().expect("no panic");
        let cell = |column| {
            parser
                .screen()
                .cell(row, column)
                .expect("on the screen")
                .clone()
        };
        cell(4).fgcolor() != plain
            && cell(10).fgcolor() == plain
            && cell(9).inverse()
            && cell(11).inverse()
    });
    talk.press(CTRL_A);
    talk.wait("no match", |lines| {
        let row = (lines.len() - 1) as u16;
        let parser = talk.screen.lock().expect("no panic");
        !parser
            .screen()
            .cell(row, 9)
            .expect("on the screen")
            .inverse()
    });
}

#[test]
fn what_arrives_in_one_piece_is_run_line_by_line() {
    let mut talk = talk(&[]);
    talk.at_prompt();
    talk.press("x = 1\ry = 2\rprint(x + y)\r");
    talk.sees_lines(&[">>> print(x + y)", "3", ">>>"]);
    talk.press("def f(a):\r    if a:\r        b = 1\r    return 2\r\rf(1)\r");
    talk.sees_lines(&[
        ">>> def f(a):",
        "...     if a:",
        "...         b = 1",
        "...     return 2",
        "...",
        ">>> f(1)",
        "2",
        ">>>",
    ]);
    // A talk that was copied from a page, in brackets and without.
    talk.press("\x1b[200~>>> z = 5\n>>> z + 1\n6\x1b[201~");
    talk.press(ENTER);
    talk.sees_lines(&["6", ">>>"]);
    talk.press(">>> z + 2\r");
    talk.sees_lines(&["7", ">>>"]);
}

#[test]
fn values_are_laid_out_and_cut() {
    let mut talk = talk(&[]);
    talk.run("{'name': 'x' * 40, 'nested': [{'a': 'y' * 30}, {'b': 'z' * 30}]}");
    talk.sees_lines(&[
        "{'name': 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',",
        " 'nested': [{'a': 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'},",
        "            {'b': 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'}]}",
    ]);
    talk.run("list(range(1000))");
    talk.sees("... 900 more]");
    talk.sees("print(_) shows all of it");
    talk.run("asyncio.sleep(0, 'slept')");
    talk.sees("(a coroutine: `await _` runs it)");
    talk.run("await _");
    talk.sees_lines(&["'slept'", ">>>"]);
}

#[test]
fn words_ask_for_help_and_leave() {
    let mut talk = talk(&[]);
    talk.run("len?");
    talk.sees("len(obj, /) -> int");
    talk.run("help('asyncio.gather')");
    talk.sees("gather(*coros_or_futures");
    talk.press("print(1, se\t");
    talk.sees("sep=");
    talk.press(CTRL_C);
    talk.at_prompt();
    talk.press("'abc'.startsw\t");
    talk.sees("'abc'.startswith");
    talk.press(CTRL_C);
    talk.at_prompt();
    talk.enter("quit");
    assert_eq!(talk.status(), 0);
}

#[test]
fn a_deadlock_leaves_the_tasks_alive() {
    let mut talk = talk(&[]);
    talk.run("ev = asyncio.Event()");
    talk.enter("async def w(): await ev.wait(); print('went on')");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("t = asyncio.create_task(w())");
    talk.run("await t");
    talk.sees("deadlock");
    talk.run("ev.set()");
    talk.sees("went on");
}

#[test]
fn a_terminal_that_can_do_nothing_will_do() {
    let mut talk = talk_in(&[], &[("TERM", "dumb")], &folder());
    talk.press("1 + 1\r");
    talk.sees_lines(&["2", ">>>"]);
    talk.press("def f():\r    return 'dumb'\r\r");
    talk.sees_lines(&["    return 'dumb'", "", ">>>"]);
    talk.press("f()\r");
    talk.sees_lines(&["'dumb'", ">>>"]);
    talk.press("t = asyncio.create_task(asyncio.sleep(0)); t.add_done_callback(lambda t: print('called'))\r");
    talk.sees("called");
    talk.press(CTRL_D);
    assert_eq!(talk.status(), 0);
}

#[test]
fn a_pipe_can_talk() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apy"))
        .arg("repl")
        .env("XDG_STATE_HOME", folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("apy starts");
    let mut input = child.stdin.take().expect("piped");
    input
        .write_all(b"x = 20\nasync def f():\n    return x + 1\n\nawait f()\n")
        .expect("apy reads");
    drop(input);
    let output = child.wait_with_output().expect("apy ends");
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.ends_with("\n21\n"), "{text}");
}
