//! What the user is told at the end: exceptions, coroutines and tasks that were left alone, steps that hold the loop, deadlocks.
//!
//! The goldens hold whole reports; here are those that depend on options or on real time.

use super::{apy, err, out, run, status};

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
fn a_step_of_few_long_calls_is_reported_when_it_is_over() {
    // Several times: a turn in which others run, too, leaves open who it was.
    let program = "import asyncio, time
data = [0.5] * 1_000_000
def hold():
    until = time.monotonic() + 0.15
    while time.monotonic() < until: data.count(1.5)
async def holder():
    for _ in range(4):
        await asyncio.sleep(0.013)
        hold()
    await asyncio.sleep(0.013)
async def main():
    task = asyncio.create_task(holder(), name='holder')
    while not task.done(): await asyncio.sleep(0.05)
asyncio.run(main())
";
    let text = err(&run(program));
    for part in [
        "task 'holder' held the loop for",
        "<string>:8",
        "ended here",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
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
