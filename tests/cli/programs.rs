//! Where programs come from, what goes to which stream, and with which status they end.

use std::process::{Command, Stdio};

use super::{apy, err, file, out, run, status};

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
    // As in CPython, a folder is a program where it has a `__main__.py`.
    for (name, expected) in [("no_such_file.apy", 2), ("/", 1)] {
        let output = apy(&[name], b"");
        assert_eq!(
            (status(&output), err(&output).lines().count()),
            (expected, 1),
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
