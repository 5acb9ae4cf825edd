//! Commands and options of the `apy` program: what wrong ones are told, what becomes of warnings, of full disks, and what `check` says.
//!
//! `tests/cli/` is about programs and how they end, `user_tests.rs` about `apy test`; docs/cli.md is compared with the declarations by a
//! test beside them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apy"));
    command
        .args(args)
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .stdin(Stdio::null());
    command
}

fn apy(args: &[&str]) -> Output {
    command(args).output().expect("apy runs")
}

/// Exit status and standard error.
fn told(args: &[&str]) -> (i32, String) {
    let output = apy(args);
    let status = output.status.code().expect("no signal ended it");
    (status, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command_line");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

#[test]
fn wrong_arguments_are_told_what_was_meant() {
    for (args, words) in [
        (
            &["--sed", "1"][..],
            "apy: there is no option '--sed'; did you mean '--seed'?",
        ),
        (
            &["test", "--formt", "tap"],
            "'--formt'; did you mean '--format'?",
        ),
        (&["chekc"], "did you mean 'apy check'?"),
        (&["tets"], "did you mean 'apy test'?"),
        (&["help"], "did you mean 'apy --help'?"),
        (&["man"], "did you mean 'apy manual'?"),
        (&["co"], "did you mean 'apy completions'?"),
        (&["examples/hello"], "did you mean 'examples/hello.apy'?"),
        (&["exmaples/helo.apy"], "did you mean 'examples/hello.apy'?"),
        (
            &["--time", "sideways"],
            "'sideways' is no value of '--time <CLOCK>' (it may be real, virtual)",
        ),
        (&["--seed"], "'--seed <N>' needs a value"),
        (&["--seed", "x"], "'--seed <N>': a whole number is meant"),
        (&["test", "--timeout", "-1"], "there is no option '-1'"),
        (&["test", "--timeout", "0"], "it must be a number above 0"),
        (&["repl", "x"], "'x' is one argument too many"),
        (&["run"], "is missing"),
        (&["completions", "tcsh"], "did you mean 'zsh'?"),
    ] {
        let (status, text) = told(args);
        assert_eq!(status, 2, "{args:?}: {text}");
        assert!(text.contains(words), "{args:?}: {text}");
        assert!(
            text.starts_with("apy: ") && text.lines().count() <= 2,
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_run_is_told_by_apy() {
    for (args, words) in [
        (&["docs"][..], "can't find '__main__' module in 'docs'"),
        (&["-m", "nosuch"], "No module named nosuch"),
    ] {
        let (status, text) = told(args);
        assert_eq!((status, text), (1, format!("apy: {words}\n")));
    }
}

#[test]
fn strict_runs_fail_after_a_warning() {
    let dropped = "async def f(): pass\nf()\nprint('on')";
    assert_eq!(told(&["-c", dropped]).0, 0);
    for options in [&["--strict"][..], &["-W", "error"], &["-Werror"]] {
        let args = [options, &["-c", dropped]].concat();
        let (status, text) = told(&args);
        assert_eq!(status, 1);
        assert!(
            text.contains("never awaited") && text.contains("apy: 1 warning"),
            "{text}"
        );
    }
    assert_eq!(told(&["--strict", "-c", "1 is 1"]).0, 1, "a SyntaxWarning");
    let lost = "async def f(): 1 / 0\nasync def main():\n  t = asyncio.create_task(f())\n  await sleep(0)\nasyncio.run(main())";
    assert_eq!(
        told(&["--strict", "-c", lost]).0,
        1,
        "an exception that nobody took"
    );
    assert_eq!(told(&["--strict", "-c", "raise SystemExit(5)"]).0, 5);
    assert_eq!(told(&["-W", "ignore", "-c", dropped]), (0, String::new()));
}

#[test]
fn a_prompt_follows_wherever_the_option_stands() {
    let path = file("talks.apy", "import sys\nprint(sys.argv[1:])\n");
    let path = path.to_str().expect("UTF-8");
    let banner = "Ctrl-D leaves";
    for (args, argv) in [
        (&["-i", path][..], "[]"),
        (&[path, "-i"], "[]"),
        (&["run", "-i", path], "[]"),
        (&["-i", "run", path], "[]"),
        (&["run", path, "-i"], "[]"),
        (&["-i", path, "-i"], "['-i']"),
    ] {
        let output = apy(args);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            out.contains(argv) && out.contains(banner),
            "{args:?}: {out}"
        );
    }
    for args in [
        &[path, "-i", "x"][..],
        &[path, "x", "-i"],
        &[path, "--", "-i"],
    ] {
        let out = String::from_utf8_lossy(&apy(args).stdout).into_owned();
        assert!(
            out.contains("-i") && !out.contains(banner),
            "{args:?}: {out}"
        );
    }
}

#[test]
fn verbose_runs_say_what_they_do() {
    let (status, text) = told(&["-v", "--seed", "3", "--time", "virtual", "-c", "pass"]);
    assert_eq!(status, 0);
    assert_eq!(
        text,
        "apy: running <string>, virtual time, seed 3\napy: <string> ended with status 0\n"
    );
}

#[test]
fn the_last_of_equal_options_counts() {
    let (status, _) = told(&[
        "--time",
        "real",
        "--time",
        "virtual",
        "-c",
        "await sleep(86400)",
    ]);
    assert_eq!(status, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    for args in [
        &["-c", "print(1)"][..],
        &["--help"],
        &["completions", "bash"],
    ] {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("linux has it");
        let output = command(args).stdout(full).output().expect("apy runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(text.contains("No space left on device"), "{args:?}: {text}");
    }
}

#[test]
fn a_shebang_line_is_a_comment() {
    let path = file(
        "tool.apy",
        "#!/usr/bin/env apy\nimport sys\nprint(sys.argv[1:])\n",
    );
    let output = apy(&[path.to_str().expect("UTF-8"), "--seed", "-x"]);
    assert_eq!(output.stdout, b"['--seed', '-x']\n");
}

#[test]
fn completion_scripts_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = apy(&["completions", shell]);
        let script = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && output.stderr.is_empty());
        for word in ["completions", "check", "last-failed", "seed"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains("--call"), "that one is for apy test");
    }
}

/// The heading lines of what `apy check` says about a program.
fn findings(program: &str) -> Vec<String> {
    let path = file(&format!("{:?}.apy", std::thread::current().id()), program);
    let (status, text) = told(&["check", path.to_str().expect("UTF-8")]);
    let found: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('['))
        .map(str::to_owned)
        .collect();
    assert_eq!(status, i32::from(!found.is_empty()), "{text}");
    found
}

#[test]
fn check_does_not_run_and_reports_all_mistakes() {
    assert_eq!(findings("print('never')\nraise SystemExit(9)\n"), [""; 0]);
    assert!(findings("x = = 1\n")[0].starts_with("[E0100] SyntaxError: "));
    assert_eq!(findings("return 1\n").len(), 1);
    assert_eq!(told(&["check", "no_such_file.apy"]).0, 2);
}

#[test]
fn check_finds_coroutines_that_nothing_awaits() {
    let found = findings(
        "import asyncio\nfrom asyncio import sleep as nap\nasync def f(): pass\nclass C:\n    async def m(self): self.m()\n\
         async def main():\n    f()\n    nap(1)\n    asyncio.sleep(1)\n    wait_for(f(), 1)\n    gather(f())\n    asyncio.create_task(f())\n",
    );
    let coroutine =
        |name: &str| format!("[E0400] RuntimeWarning: coroutine '{name}' is never awaited");
    assert_eq!(
        found,
        [
            coroutine("m"),
            coroutine("f"),
            coroutine("sleep"),
            coroutine("sleep"),
            coroutine("wait_for"),
            "[E0400] RuntimeWarning: nothing awaits what 'gather' returns".to_owned(),
            "[E0402] Warning: nothing keeps this task".to_owned(),
        ]
    );
}

#[test]
fn check_is_silent_where_it_would_have_to_guess() {
    for program in [
        "async def f(): pass\nf = print\nf()\n",
        "async def f(): pass\ndef g():\n    global f\n    f = print\nf()\n",
        "def deco(f): return print\n@deco\nasync def f(): pass\nf()\n",
        "async def f(): pass\ndef g(f):\n    f()\n",
        "def sleep(n): pass\nsleep(1)\n",
        "def f(): return asyncio.sleep(0)\nasync def g(): await f()\n",
        "class C:\n    def m(self): pass\n    def n(self, other): other.m()\n",
        "def f():\n    return\n    yield\n",
        "while True:\n    break\nprint(1)\n",
        "def f(x):\n    if x: return 1\n    return 2\n",
        "class C:\n    def id(self): pass\n    type = 1\n",
        "async def f(): pass\nasync def g():\n    t = asyncio.create_task(f())\n    await t\n",
    ] {
        assert_eq!(findings(program), [""; 0], "{program}");
    }
}

#[test]
fn check_takes_folders_comments_settings_and_fixes() {
    let root = std::env::temp_dir().join(format!("apy-check-{}", std::process::id()));
    std::fs::create_dir_all(root.join("app/vendor")).expect("it can be made");
    let write =
        |name: &str, text: &str| std::fs::write(root.join(name), text).expect("it is written");
    write("app/helper.apy", "def twice(n): return 2 * n\n");
    write(
        "app/main.apy",
        "import os, math\nimport json  # noqa: F401\nfrom helper import twice\n\nprint(twice(math.pi), f'x')\n",
    );
    write("app/vendor/bad.apy", "print(nope)\n");
    write(
        "apy.toml",
        "[check]\nexclude = [\"app/vendor\"]\n[check.severity]\nE0419 = \"error\"\n",
    );
    let folder = root.to_str().expect("UTF-8");
    let json = apy(&["check", "--format", "json", folder]);
    let json = String::from_utf8(json.stdout).expect("UTF-8");
    for part in [
        "\"code\": \"E0410\", \"severity\": \"warning\"",
        "\"code\": \"E0419\", \"severity\": \"error\"",
    ] {
        assert!(json.contains(part), "{part} in {json}");
    }
    assert_eq!(json.matches("\"line\"").count(), 2, "{json}");
    let github = apy(&["check", "--format", "github", folder]);
    let github = String::from_utf8(github.stdout).expect("UTF-8");
    assert!(
        github.contains("::error file=") && github.contains(",line=5,col=23,"),
        "{github}"
    );
    let sarif = apy(&["check", "--format", "sarif", folder]);
    let sarif = String::from_utf8(sarif.stdout).expect("UTF-8");
    assert!(
        sarif.contains("\"ruleId\": \"E0410\"") && sarif.contains("sarif-2.1.0"),
        "{sarif}"
    );
    let (status, text) = told(&["check", "--fix", folder]);
    assert_eq!(
        (status, text.contains("mended 2 findings")),
        (0, true),
        "{text}"
    );
    let mended = std::fs::read_to_string(root.join("app/main.apy")).expect("it is there");
    let expected = "import math\nimport json  # noqa: F401\nfrom helper import twice\n\nprint(twice(math.pi), 'x')\n";
    assert_eq!(mended, expected);
    write("apy.toml", "[check.severity]\nE9 = \"error\"\n");
    let (status, text) = told(&["check", folder]);
    assert!(status == 2 && text.contains("there is no E9"), "{text}");
    std::fs::remove_dir_all(&root).expect("it was made here");
}

#[test]
fn check_finds_what_can_never_run() {
    assert_eq!(
        findings(
            "def f(list):\n    while True:\n        for x in list: break\n    print(1)\n\
             def g(x):\n    if x: return\n    else: raise x\n    print(2)\n\
             def h():\n    try: return 1\n    except ValueError: raise\n    print(3)\n\
             async def a():\n    await f(1)\n    await [1]\n"
        ),
        [
            "[E0403] Warning: this can never run",
            "[E0403] Warning: this can never run",
            "[E0403] Warning: this can never run",
            "[E0401] Warning: 'f' is no coroutine function, and returns nothing to await",
            "[E0401] Warning: this cannot be awaited",
        ]
    );
}
