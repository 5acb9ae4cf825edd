//! The `apy` program from outside: exit statuses, where programs come from, what goes to which stream, bad input of every sort.
//!
//! Each test runs the built binary. Programs are given as text: a file is written only where the test is about files. What
//! programs themselves print is the goldens' concern.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn apy(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apy"))
        .args(args)
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("apy starts");
    let mut input = child.stdin.take().expect("piped");
    // A program may end without reading its input.
    let _ = input.write_all(stdin);
    drop(input);
    child.wait_with_output().expect("apy ends")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("no signal ended it")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a text with `-c`.
fn run(code: &str) -> Output {
    apy(&["-c", code], b"")
}

/// A file that is there until the process ends.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("apy-cli-{}", std::process::id()));
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("in the folder")).expect("a folder");
    fs::write(&path, content).expect("a file");
    path
}

/// Runs a file with these bytes; it must fail with a message in each of these words, and not crash.
fn refused(name: &str, content: impl AsRef<[u8]>, words: &[&str]) {
    let path = file(name, content);
    let output = apy(&[path.to_str().expect("UTF-8")], b"");
    let text = err(&output);
    assert_eq!(status(&output), 1, "{name}: {text}");
    assert!(
        output.stdout.is_empty(),
        "{name}: all messages go to stderr"
    );
    assert!(
        text.len() < 20_000,
        "{name}: {} bytes of message",
        text.len()
    );
    for word in words.iter().chain(&[name]) {
        assert!(text.contains(word), "{name}: no {word:?} in {text}");
    }
}

#[test]
fn exit_statuses() {
    assert_eq!(status(&run("pass")), 0);
    assert_eq!(status(&run("1 / 0")), 1);
    assert_eq!(status(&run("x = = 1")), 1);
    assert_eq!(status(&run("import sys; sys.exit()")), 0);
    assert_eq!(status(&run("import sys; sys.exit(7)")), 7);
    assert_eq!(status(&run("import sys; sys.exit(-1)")), 255);
    assert_eq!(status(&run("raise SystemExit(256)")), 0);
    assert_eq!(status(&run("raise KeyboardInterrupt")), 130);
    assert_eq!(status(&apy(&["--no-such-option"], b"")), 2);
    assert_eq!(status(&apy(&["no_such_file.apy"], b"")), 2);
    assert_eq!(
        status(&run(
            "async def f(): await asyncio.Queue().get()\nasyncio.run(f())"
        )),
        3
    );
}

#[test]
fn exit_with_a_message_prints_it_on_stderr() {
    let output = run("print('out'); raise SystemExit('bye')");
    assert_eq!(
        (status(&output), out(&output), err(&output)),
        (1, "out\n".into(), "bye\n".into())
    );
}

#[test]
fn a_missing_file_is_one_line() {
    for name in ["no_such_file.apy", "/"] {
        let output = apy(&[name], b"");
        assert_eq!(
            (status(&output), err(&output).lines().count()),
            (2, 1),
            "{}",
            err(&output)
        );
        assert!(err(&output).contains(name));
    }
}

#[test]
fn programs_come_from_files_arguments_and_stdin() {
    let path = file("hello.apy", "import sys\nprint('hello', sys.argv[1:])\n");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(
        out(&apy(&[path, "a", "--time"], b"")),
        "hello ['a', '--time']\n"
    );
    assert_eq!(out(&apy(&["run", path, "b"], b"")), "hello ['b']\n");
    assert_eq!(
        out(&apy(&["-c", "import sys; print(sys.argv)", "x", "-y"], b"")),
        "['-c', 'x', '-y']\n"
    );
    assert_eq!(out(&apy(&["-"], b"print('from stdin')")), "from stdin\n");
    assert_eq!(out(&apy(&[], b"print('piped')")), "piped\n");
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = apy(&["--help"], b"");
    assert!(status(&help) == 0 && out(&help).contains("--time") && help.stderr.is_empty());
    let version = apy(&["-V"], b"");
    assert_eq!(
        out(&version),
        format!("apy {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn options_stand_before_the_program() {
    let program = "import random\nprint(random.random())\n";
    let first = out(&apy(&["--seed", "7", "-"], program.as_bytes()));
    assert_eq!(first, out(&apy(&["--seed", "7", "-"], program.as_bytes())));
    let output = apy(
        &[
            "--time",
            "virtual",
            "-c",
            "await asyncio.sleep(86400); print('a day later')",
        ],
        b"",
    );
    assert_eq!(out(&output), "a day later\n");
    assert_eq!(status(&apy(&["--time", "sideways", "-c", "pass"], b"")), 2);
}

#[test]
fn an_uncaught_exception_shows_the_source_and_the_calls() {
    let output = run("def f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n");
    let text = err(&output);
    assert_eq!(out(&output), "before\n");
    for part in [
        "ZeroDivisionError: division by zero",
        "<string>:2",
        "return 1 / x",
        "<string>:5",
        "f(0)",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn python_tracebacks_on_request() {
    let code = "def f(x):\n    return 1 / x\nf(0)\n";
    let expected = "Traceback (most recent call last):\n  File \"<string>\", line 3, in <module>\n    f(0)\n    ~^^^\n  \
                    File \"<string>\", line 2, in f\n    return 1 / x\n           ~~^~~\n\
                    ZeroDivisionError: division by zero\n";
    assert_eq!(
        err(&apy(&["--traceback=python", "-c", code], b"")),
        expected
    );
}

#[test]
fn causes_and_groups_are_shown() {
    let chain = err(&run(
        "try:\n    {}['k']\nexcept KeyError as e:\n    raise ValueError('bad') from e\n",
    ));
    assert!(
        chain.contains("ValueError: bad")
            && chain.contains("KeyError: 'k'")
            && chain.contains("direct cause"),
        "{chain}"
    );
    let group = err(&run(
        "raise ExceptionGroup('many', [ValueError('a'), TypeError('b')])",
    ));
    assert!(
        group.contains("├─ ValueError: a") && group.contains("└─ TypeError: b"),
        "{group}"
    );
}

#[test]
fn long_recursions_are_folded() {
    let text = err(&run("def f(): f()\nf()\n"));
    assert!(
        text.contains("RecursionError: maximum recursion depth exceeded")
            && text.lines().count() < 30,
        "{text}"
    );
}

#[test]
fn a_coroutine_that_nobody_awaits_is_reported_with_its_line() {
    let output = run("async def f(): pass\nf()\nprint('on')\n");
    assert_eq!((status(&output), out(&output)), (0, "on\n".into()));
    assert!(
        err(&output).contains("coroutine 'f' was never awaited")
            && err(&output).contains("<string>:2")
    );
}

#[test]
fn a_task_whose_exception_nobody_takes_is_reported() {
    let output = run(
        "async def bad(): 1 / 0\nasync def main():\n    asyncio.create_task(bad(), name='bad one')\n    await sleep(0.01)\nasyncio.run(main())\n",
    );
    let text = err(&output);
    assert_eq!(status(&output), 0);
    assert!(
        text.contains("'bad one'")
            && text.contains("never retrieved")
            && text.contains("ZeroDivisionError"),
        "{text}"
    );
}

const HOLDS_THE_LOOP: &str = "import asyncio, time
def crunch():
    until = time.monotonic() + 0.2
    while time.monotonic() < until: pass
async def ticker():
    for _ in range(20): await asyncio.sleep(0.005)
async def holder(hold):
    await asyncio.sleep(0.01)
    hold()
async def main(hold):
    await asyncio.gather(ticker(), asyncio.create_task(holder(hold), name='holder'))
";

#[test]
fn a_step_that_holds_the_loop_is_reported_where_it_does() {
    for (call, line) in [
        ("time.sleep(0.15)", "<string>:13"),
        ("crunch()", "<string>:4"),
    ] {
        let program = format!("{HOLDS_THE_LOOP}def hold():\n    {call}\nasyncio.run(main(hold))\n");
        let output = run(&program);
        let text = err(&output);
        assert_eq!(status(&output), 0, "{text}");
        assert!(
            text.contains("task 'holder' held the loop for") && text.contains(line),
            "{text}"
        );
        assert_eq!(status(&apy(&["--strict", "-c", &program], b"")), 1);
        let silent = apy(&["-W", "ignore", "-c", &program], b"");
        assert_eq!((status(&silent), err(&silent)), (0, String::new()));
    }
}

#[test]
fn nobody_is_held_up_in_virtual_time_or_when_nobody_waits() {
    let alone =
        "import asyncio, time\nasync def main():\n    time.sleep(0.15)\nasyncio.run(main())\n";
    assert_eq!(err(&run(alone)), "");
    let program = format!("{HOLDS_THE_LOOP}asyncio.run(main(crunch))\n");
    let in_thread = program.replace("    hold()", "    await asyncio.to_thread(hold)");
    assert_eq!(err(&run(&in_thread)), "");
    let output = apy(
        &[
            "--time",
            "virtual",
            "-c",
            &program.replace("crunch)", "lambda: time.sleep(5))"),
        ],
        b"",
    );
    assert_eq!(err(&output), "");
}

#[test]
fn strict_runs_fail_for_a_task_left_pending() {
    let program = "import asyncio\nasync def bg(): await asyncio.sleep(9)\nasync def main():\n  asyncio.create_task(bg(), name='bg')\n  await asyncio.sleep(0)\nasyncio.new_event_loop().run_until_complete(main())\n";
    let output = apy(&["--strict", "-c", program], b"");
    assert_eq!(status(&output), 1);
    assert!(err(&output).contains("task 'bg' was destroyed while it was pending"));
    assert_eq!(err(&apy(&["-Wignore", "-c", program], b"")), "");
}

#[test]
fn a_deadlock_names_who_waits_for_what() {
    let output =
        run("async def main():\n    q = asyncio.Queue()\n    await q.get()\nasyncio.run(main())\n");
    let text = err(&output);
    assert_eq!(status(&output), 3);
    for part in ["deadlock", "'Task-1'", "Queue.get", "<string>:3"] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn modules_and_packages_beside_the_script_are_imported() {
    file("imports/helper.apy", "def double(x):\n    return 2 * x\n");
    file("imports/pack/__init__.py", "from .inner import NAME\n");
    file("imports/pack/inner.apy", "NAME = __name__\n");
    file("imports/broken.apy", "x = = 1\n");
    let main = file(
        "imports/main.apy",
        "import helper, pack.inner\nfrom helper import double\nprint(double(21), pack.NAME, __name__)\n\
         try:\n    import missing\nexcept ModuleNotFoundError as e:\n    print(e)\n\
         try:\n    import broken\nexcept SyntaxError as e:\n    print('SyntaxError')\n",
    );
    let output = apy(&[main.to_str().expect("UTF-8")], b"");
    assert_eq!(
        out(&output),
        "42 pack.inner __main__\nNo module named 'missing'\nSyntaxError\n",
        "{}",
        err(&output)
    );
}

#[test]
fn stages_can_be_shown() {
    for (stage, part) in [
        ("tokens", "Name"),
        ("ast", "Name"),
        ("scopes", "module"),
        ("dis", "registers"),
    ] {
        let output = apy(&[stage, "-"], b"x = y\n");
        assert!(
            status(&output) == 0 && out(&output).contains(part),
            "{stage}: {}",
            out(&output)
        );
    }
    assert_eq!(status(&apy(&["dis", "-"], b"x = = y\n")), 1);
    assert_eq!(status(&apy(&["ast", "no_such_file.apy"], b"")), 2);
}

#[test]
fn input_reads_lines() {
    let path = file(
        "ask.apy",
        "name = input('who? ')\nprint('hello', name)\ntry:\n    input()\nexcept EOFError as e:\n    print(e)\n",
    );
    let output = apy(&[path.to_str().expect("UTF-8")], b"world\n");
    assert_eq!(out(&output), "who? hello world\nEOF when reading a line\n");
}

#[test]
fn text_that_is_no_program_is_refused() {
    refused("utf8.apy", b"x = '\xff'\n", &["utf-8", "0xff", ":1:"]);
    refused("utf16.apy", b"\xff\xfex\0 \0=\0", &["utf-8"]);
    refused("null.apy", b"x = 1\nprint(x)\0\n", &["null bytes", ":2:"]);
    refused(
        "unterminated.apy",
        "x = 1\ny = 'abc\n",
        &["unterminated string", ":2:"],
    );
    refused("triple.apy", "x = '''abc\n\n\n", &["unterminated", ":1:"]);
    refused(
        "indentation.apy",
        "if True:\nprint(1)\n",
        &["IndentationError", ":2:"],
    );
    refused(
        "dedent.apy",
        "if True:\n    x = 1\n  y = 2\n",
        &["unindent", ":3:"],
    );
    refused(
        "tabs.apy",
        "if True:\n        x = 1\n\ty = 2\n",
        &["TabError"],
    );
    refused("bracket.apy", "f(1, 2\n", &["'(' was never closed"]);
}

#[test]
fn huge_programs_are_refused_or_run() {
    refused("open.apy", "(".repeat(100_000), &["too many nested"]);
    refused(
        "nested.apy",
        format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        &["too many nested"],
    );
    refused(
        "unary.apy",
        format!("x = {}1", "-".repeat(100_000)),
        &["too many nested"],
    );
    let blocks: String = (0..2000)
        .map(|depth| format!("{}if 1:\n", " ".repeat(depth)))
        .collect();
    refused("blocks.apy", blocks, &["too many levels of indentation"]);
    let path = file(
        "long_line.apy",
        format!("x = '{}'\nprint(len(x))\n", "a".repeat(10_000_000)),
    );
    assert_eq!(
        out(&apy(&[path.to_str().expect("UTF-8")], b"")),
        "10000000\n"
    );
}

#[test]
fn deep_recursion_of_every_sort_ends_in_an_exception() {
    for code in [
        "def f(): f()\nf()",
        "class A:\n    def __repr__(self): return repr(self)\nprint(A())",
        "class A:\n    def __eq__(self, other): return self == other\nA() == A()",
        "x = []\nfor i in range(100000): x = [x]\nrepr(x)",
        "async def f(): await f()\nasyncio.run(f())",
        "def f(): yield from f()\nlist(f())",
    ] {
        let output = run(code);
        assert_eq!(status(&output), 1, "{code}");
        assert!(
            err(&output).contains("RecursionError: maximum recursion depth exceeded"),
            "{code}: {}",
            err(&output)
        );
    }
}

#[test]
fn containers_that_hold_themselves_print() {
    assert_eq!(
        out(&run("a = [1]; a.append(a); d = {}; d[1] = d; print(a, d)")),
        "[1, [...]] {1: {...}}\n"
    );
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_apy"))
        .args(["-c", "while True: print('line')"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("apy starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("apy ends");
    assert!(output.stderr.is_empty(), "{}", err(&output));
}

#[cfg(unix)]
#[test]
fn ctrl_c_raises_keyboard_interrupt() {
    for code in [
        "print('ready', flush=True)\nwhile True: pass",
        "import time\nprint('ready', flush=True)\ntime.sleep(60)",
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_apy"))
            .args(["-c", code])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("apy starts");
        let mut ready = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().expect("piped"), &mut ready)
            .expect("a line");
        let kill = Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(kill.expect("kill exists").success());
        let output = child.wait_with_output().expect("apy ends");
        assert_eq!(status(&output), 130, "{}", err(&output));
        assert!(
            err(&output).contains("KeyboardInterrupt"),
            "{}",
            err(&output)
        );
    }
}
