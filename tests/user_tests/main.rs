//! `apy test` as its users see it: what is collected, what passes, what a failure says, and the options.
//!
//! Each test makes a folder of its own, with a cache of its own, and runs the built binary there.

mod coverage;
mod hooks;
mod hostile;
mod order;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// A folder with tests in it; removed when it goes out of scope.
struct Folder(PathBuf);

/// What `apy test` did.
struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("apy-user-tests-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(folder.0.join("work")).expect("a folder");
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join("work").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("in the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn test(&self, args: &[&str]) -> Run {
        self.test_in(&self.path("."), args)
    }

    fn test_in(&self, folder: &Path, args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_apy"))
            .arg("test")
            .args(args)
            .current_dir(folder)
            .env("NO_COLOR", "1")
            .env_remove("FORCE_COLOR")
            .env("XDG_CACHE_HOME", self.0.join("cache"))
            .stdin(Stdio::null())
            .output()
            .expect("apy runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run {
            status: output.status.code().expect("no signal ended it"),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system clears its folder for temporary files, too.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Run {
    /// The names that `-v` shows as passed, and those that failed.
    fn names(&self, verdict: &str) -> Vec<&str> {
        let lines = self
            .out
            .lines()
            .filter_map(|line| line.strip_prefix(verdict));
        lines
            .filter_map(|line| line.split_whitespace().next())
            .collect()
    }

    fn failed(&self) -> Vec<&str> {
        self.names("FAILED ")
    }

    fn has(&self, parts: &[&str]) {
        for part in parts {
            assert!(
                self.out.contains(part),
                "{part:?} in {}{}",
                self.out,
                self.err
            );
        }
    }
}

#[test]
fn programs_are_compared_with_the_files_beside_them() {
    let folder = Folder::with(&[
        (
            "good.apy",
            "import sys\nprint('hello', input())\nprint('oh', file=sys.stderr)\nsys.exit(4)\n",
        ),
        ("good.out", "hello world\n"),
        ("good.err", "oh\n"),
        ("good.exit", "4\n"),
        ("good.in", "world\n"),
        ("sub/other.apy", "print(1)\n"),
        ("sub/other.exp", "1\n"),
        ("sub/no_test.apy", "print('nobody runs me')\n"),
        (".hidden/x.apy", "x = = 1\n"),
        (".hidden/x.out", ""),
    ]);
    let run = folder.test(&["-v"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    assert_eq!(run.names("ok "), ["good.apy", "sub/other.apy"]);
    run.has(&["2 passed in "]);
}

#[test]
fn a_difference_is_shown_with_what_cannot_be_seen() {
    let folder = Folder::with(&[
        ("a.apy", "print('one')\nprint('two ')\n1 / 0\n"),
        ("a.out", "one\ntwo\n"),
    ]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 1);
    run.has(&[
        "FAILED a.apy",
        "standard output is not a.out (- expected, + found)",
        "      one\n    - two\n    + two·\n",
        "exit status 1, expected 0",
        "ZeroDivisionError: division by zero",
        "1 failed in ",
    ]);
}

#[test]
fn warnings_of_a_program_that_should_end_well_are_failures() {
    let folder = Folder::with(&[("a.apy", "async def f(): pass\nf()\n"), ("a.out", "")]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 1);
    run.has(&["it wrote to standard error", "never awaited"]);
}

const FUNCTIONS: &str = "\
import asyncio
seen = []
def test_plain():
    pass
async def test_async():
    await asyncio.sleep(86400)
    assert seen == []
def test_fails():
    print('on the way')
    assert seen == [2], 'not two'
def helper():
    undefined
if __name__ == '__main__':
    undefined
";

#[test]
fn functions_run_in_loops_of_their_own() {
    let folder = Folder::with(&[("test_it.apy", FUNCTIONS)]);
    let run = folder.test(&["-v"]);
    assert_eq!(run.status, 1);
    assert_eq!(
        run.names("ok "),
        ["test_it.apy::test_plain", "test_it.apy::test_async"]
    );
    assert_eq!(run.failed(), ["test_it.apy::test_fails"]);
    run.has(&[
        "AssertionError: not two",
        "assert seen == [2]",
        "left:  []",
        "right: [2]",
        "it printed:\n      on the way",
    ]);
}

#[test]
fn one_that_hangs_crashes_or_deadlocks_fails_alone() {
    let folder = Folder::with(&[
        (
            "test_bad.apy",
            "def test_hang():\n    while True: pass\nasync def test_deadlock():\n    await asyncio.Queue().get()\n\
         def test_exit():\n    raise SystemExit\ndef test_deep():\n    test_deep()\ndef test_good(): pass\n",
        ),
        ("test_broken.apy", "def test_x(:\n"),
    ]);
    let run = folder.test(&["--timeout", "0.5", "-v"]);
    assert_eq!(run.status, 1);
    assert_eq!(run.names("ok "), ["test_bad.apy::test_good"]);
    run.has(&[
        "it still ran after 0.5 s and was ended",
        "deadlock: every task waits for something that will never happen",
        "the test ended the program: SystemExit",
        "RecursionError",
        "FAILED test_broken.apy",
        "5 failed, 1 passed",
    ]);
}

#[test]
fn time_is_virtual_and_the_seed_0_unless_someone_says_otherwise() {
    let folder = Folder::with(&[
        ("a.apy", "import random\nprint(random.random())\n"),
        ("a.out", "0.8444218515250481\n"),
        (
            "b.apy",
            "# apy: --seed 1\n# apy-args: x y\nimport random, sys\nprint(random.random(), sys.argv[1:])\n",
        ),
        ("b.out", "0.13436424411240122 ['x', 'y']\n"),
        (
            "test_time.apy",
            "def test_sleep():\n    import time\n    time.sleep(0.3)\n",
        ),
    ]);
    let started = Instant::now();
    assert_eq!(
        folder
            .test(&["-j", "1", "-k", "sleep", "--time", "real"])
            .status,
        0
    );
    assert!(started.elapsed().as_secs_f64() > 0.3);
    let run = folder.test(&[]);
    assert_eq!(run.status, 0, "{}", run.out);
    assert_eq!(
        folder.test(&["--seed", "7", "-v"]).failed(),
        ["a.apy", "b.apy"]
    );
}

#[test]
fn words_choose_and_a_failure_can_stop() {
    let folder = Folder::with(&[
        ("a.apy", "print(1)\n"),
        ("a.out", "2\n"),
        ("b.apy", "print(1)\n"),
        ("b.out", "1\n"),
        ("test_c.apy", "def test_d(): pass\ndef test_e(): pass\n"),
    ]);
    assert_eq!(
        folder.test(&["-v", "-k", "_d", "-k", "b.apy"]).names("ok "),
        ["b.apy", "test_c.apy::test_d"]
    );
    assert_eq!(
        folder
            .test(&["-v", "b.apy", "b.apy", "./b.apy"])
            .names("ok "),
        ["b.apy"]
    );
    let run = folder.test(&["-x", "-j", "1"]);
    assert_eq!(run.status, 1);
    run.has(&["1 failed, 2 not run in "]);
}

#[test]
fn nothing_to_run_is_status_2() {
    let folder = Folder::with(&[("a.apy", "print(1)\n")]);
    for (args, words) in [
        (&[][..], "found no tests in this folder"),
        (&["a.apy"], "found no tests in a.apy"),
        (
            &["missing"],
            "cannot read 'missing': No such file or directory",
        ),
    ] {
        let run = folder.test(args);
        assert_eq!(run.status, 2);
        assert!(run.err.contains(words), "{}", run.err);
    }
    folder.write("a.out", "1\n");
    assert!(
        folder
            .test(&["-k", "zzz"])
            .err
            .contains("none of the 1 tests found")
    );
}

#[test]
fn the_last_failures_can_be_run_again() {
    let folder = Folder::with(&[
        ("a.apy", "print(1)\n"),
        ("a.out", "2\n"),
        ("b.apy", "print(1)\n"),
        ("b.out", "1\n"),
    ]);
    let run = folder.test(&["--lf"]);
    assert!(
        run.err.contains("none of these tests failed the last time"),
        "{}",
        run.err
    );
    run.has(&["1 failed, 1 passed"]);
    folder.test(&["b.apy"]);
    folder.test(&["--last-failed"]).has(&["1 failed in "]);
    folder.write("a.out", "1\n");
    folder.test(&["--lf"]).has(&["1 passed in "]);
    folder.test(&["--lf"]).has(&["2 passed in "]);
}

#[test]
fn blessing_writes_what_programs_do() {
    let folder = Folder::with(&[
        (
            "a.apy",
            "import sys\nprint(1)\nprint('e', file=sys.stderr)\nsys.exit(3)\n",
        ),
        ("b.apy", "print(2)\n"),
        ("b.exp", "1\n"),
        ("b.err", "gone\n"),
        ("b.exit", "1\n"),
        ("c.apy", "while True: pass\n"),
        ("c.out", "kept\n"),
    ]);
    let run = folder.test(&["--bless", "--timeout", "0.5", ".", "a.apy"]);
    run.has(&[
        "wrote  a.apy: a.out, a.err, a.exit",
        "wrote  b.apy: b.exp, b.err, b.exit",
        "FAILED c.apy",
    ]);
    let read = |name| folder.read(name);
    assert_eq!(
        [read("a.out"), read("a.err"), read("a.exit")],
        ["1\n", "e\n", "3\n"].map(|text| Some(text.to_owned()))
    );
    assert_eq!(
        [read("b.exp"), read("b.err"), read("b.exit")],
        [Some("2\n".into()), None, None]
    );
    assert_eq!(read("c.out").as_deref(), Some("kept\n"));
    fs::remove_file(folder.path("c.out")).expect("it is there");
    assert_eq!(folder.test(&[]).status, 0);
}

#[test]
fn messages_do_not_depend_on_where_the_run_began() {
    let folder = Folder::with(&[("sub/a.apy", "1 / 0\n"), ("sub/a.out", "")]);
    folder.test(&["--bless"]);
    assert_eq!(folder.test(&[]).status, 0);
    let inside = folder.test_in(&folder.path("sub"), &["-v"]);
    assert_eq!((inside.status, inside.names("ok ")), (0, vec!["a.apy"]));
    let outside = folder.test_in(&folder.0, &["-v"]);
    assert_eq!(
        (outside.status, outside.names("ok ")),
        (0, vec!["work/sub/a.apy"])
    );
}

#[test]
fn other_programs_can_read_the_results() {
    let folder = Folder::with(&[
        ("a.apy", "print('<&\"')\n"),
        ("a.out", "1\n"),
        ("b.apy", "print(1)\n"),
        ("b.out", "1\n"),
    ]);
    let tap = folder.test(&["--format", "tap"]);
    assert_eq!(tap.status, 1);
    assert!(
        tap.out
            .starts_with("TAP version 14\n1..2\nnot ok 1 - a.apy\n"),
        "{}",
        tap.out
    );
    tap.has(&[
        "\nok 2 - b.apy\n",
        "  message: |\n    standard output is not a.out",
        "    + <&\"\n",
    ]);
    let junit = folder.test(&["--format", "junit"]);
    junit.has(&[
        "tests=\"2\" failures=\"1\"",
        "name=\"b.apy\"",
        "+ &lt;&amp;&quot;",
    ]);
    let json = folder.test(&["--format=json"]);
    json.has(&[
        "{\"passed\": 1, \"failed\": 1, \"not_run\": 0,",
        "\"status\": \"failed\"",
        "+ <&\\\"\\n",
    ]);
    assert!(tap.err.is_empty() && junit.err.is_empty() && json.err.is_empty());
}

#[test]
fn quiet_runs_say_only_what_is_wrong() {
    let folder = Folder::with(&[("a.apy", "print(1)\n"), ("a.out", "1\n")]);
    assert_eq!(folder.test(&["-q"]).out, "");
    folder.write("a.out", "2\n");
    folder.test(&["-q"]).has(&["FAILED a.apy", "1 failed"]);
}

const PYTEST: &str = "\
import asyncio, pytest, sys
from helper import add

@pytest.fixture(scope='module')
async def connection():
    print('open')
    yield {'a': 1}
    print('close')

@pytest.fixture(params=['x', 'y'])
def letter(request):
    return request.param

@pytest.mark.parametrize('a, b', [(1, 2), pytest.param(2, 4, id='four')])
def test_add(a, b, letter):
    assert add(a, 1) == b

class TestClass:
    def setup_method(self, method):
        self.name = method.__name__
    async def test_in_class(self, connection, tmp_path, monkeypatch, capsys):
        await asyncio.sleep(60)
        monkeypatch.setenv('HERE', str(tmp_path))
        print('caught')
        assert capsys.readouterr().out == 'caught\\n' and connection['a'] == 1

def test_raises():
    with pytest.raises(ValueError, match='invalid'):
        int('x')
    assert 0.1 + 0.2 == pytest.approx(0.3)

@pytest.mark.skipif(sys.version_info > (3,), reason='not here')
def test_skipped(): assert 0

@pytest.mark.xfail(reason='a bug')
def test_xfail(): assert 0

@pytest.mark.slow
def test_made_by_loop(): pass

for n in range(2):
    globals()[f'test_made_{n}'] = lambda: None
";

#[test]
fn files_of_pytest_run_as_they_are() {
    let folder = Folder::with(&[
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nmarkers = ['slow']\n",
        ),
        ("helper.py", "def add(a, b): return a + b\n"),
        ("tests/conftest.py", "import pytest\n"),
        ("tests/test_all.py", PYTEST),
    ]);
    let run = folder.test(&["-v"]);
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    assert_eq!(
        run.failed(),
        [
            "tests/test_all.py::test_add[x-four]",
            "tests/test_all.py::test_add[y-four]"
        ]
    );
    run.has(&[
        "left:  3\n      right: 4",
        "skip   tests/test_all.py::test_skipped: not here",
        "xfail  tests/test_all.py::test_xfail: a bug",
        "Failed:\n  'tests/test_all.py::test_add[x-four]'\n",
        "2 failed, 7 passed, 1 skipped, 1 failed as expected in ",
    ]);
    let again = folder.test(&["-v", "tests/test_all.py::test_add[x-four]"]);
    assert_eq!(again.failed(), ["tests/test_all.py::test_add[x-four]"]);
    again.has(&["1 failed in "]);
    let chosen = |args: &[&str]| {
        let args: Vec<&str> = ["-v"].iter().chain(args).copied().collect();
        let run = folder.test(&args);
        let names = run.names("ok ").into_iter();
        names
            .map(|name| name.rsplit("::").next().unwrap_or("").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(chosen(&["tests/test_all.py::TestClass"]), ["test_in_class"]);
    assert_eq!(chosen(&["tests/test_all.py:29"]), ["test_raises"]);
    assert_eq!(
        chosen(&["-k", "MADE and not loop"]),
        ["test_made_0", "test_made_1"]
    );
    assert_eq!(chosen(&["-m", "slow"]), ["test_made_by_loop"]);
    let listed = folder.test(&["--list", "-k", "raises or loop"]);
    assert_eq!(
        listed.out,
        "tests/test_all.py::test_raises\ntests/test_all.py::test_made_by_loop\n"
    );
    let parts = [1, 2, 3].map(|part| chosen(&["--shard", &format!("{part}/3")]).len());
    assert_eq!(parts.iter().sum::<usize>(), 7);
    let missing = folder.test(&["tests/test_all.py::nope"]);
    assert_eq!(missing.status, 1);
    missing.has(&["FAILED tests/test_all.py::nope", "there is no such test"]);
}

#[test]
fn what_cannot_run_is_never_counted_as_passed() {
    let folder = Folder::with(&[(
        "test_odd.py",
        "import asyncio\ndef test_generator():\n    yield 1\n    assert 0\n\
         class TestInit:\n    def __init__(self): pass\n    def test_it(self): assert 0\n\
         def test_unknown(mocker): pass\n\
         def test_forgotten():\n    check()\nasync def check(): assert 0\n",
    )]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 1);
    assert_eq!(
        run.failed(),
        [
            "test_odd.py::test_generator",
            "test_odd.py::TestInit",
            "test_odd.py::test_unknown"
        ]
    );
    run.has(&[
        "test_generator is a generator",
        "because it has a __init__ constructor",
        "pytest-mock, a plugin of pytest",
        "WARNING test_odd.py::test_forgotten",
        "coroutine 'check' was never awaited",
        "3 failed, 1 passed, 1 warning in ",
    ]);
    let strict = folder.test(&["--strict"]);
    assert!(
        strict.failed().contains(&"test_odd.py::test_forgotten"),
        "{}",
        strict.out
    );
}

#[test]
fn differences_are_shown() {
    let folder = Folder::with(&[(
        "test_diff.py",
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int\n\
         def test_list():\n    a = list(range(500)); b = a[:]; b[70] = 7\n    assert a == b\n\
         def test_text():\n    assert 'one\\ntwo\\nthree' == 'one\\n2\\nthree'\n\
         def test_dict():\n    assert {'a': 1, 'b': 2} == {'a': 1, 'b': 3, 'c': 4}\n\
         def test_set():\n    assert {1, 2} == {2, 3}\n\
         def test_data():\n    assert P(1, 2) == P(1, 3)\n",
    )]);
    folder.test(&[]).has(&[
        "at index 70: 70 != 7",
        "- two\n",
        "+ 2\n",
        "at key 'b': 2 != 3",
        "only in right: 'c': 4",
        "only in left: 1",
        "field y: 2 != 3",
    ]);
}

#[test]
fn one_test_does_not_spoil_the_next() {
    let folder = Folder::with(&[(
        "test_rude.py",
        "import os, sys, builtins, pytest\nhere = os.getcwd()\n\
             def test_folder(tmp_path): os.chdir(tmp_path)\n\
             def test_builtins(): builtins.len = None; builtins.isinstance = None\n\
             def test_streams(): sys.stdout = None\n\
             async def test_quit(): await __import__('asyncio').Event().wait()\n\
             def test_noise():\n    print('x' * 5_000_000)\n    assert 0\n\
             def test_after(): assert len(os.getcwd()) == len(here)\n",
    )]);
    let run = folder.test(&["-v", "--durations", "2", "--junit", "out.xml"]);
    assert_eq!(
        run.failed(),
        ["test_rude.py::test_quit", "test_rude.py::test_noise"]
    );
    run.has(&["deadlock: ", "2 failed, 4 passed", "Slowest:\n"]);
    let xml = folder.read("out.xml").expect("it was written");
    assert!(xml.contains("tests=\"6\" failures=\"2\""), "{xml}");
}

#[test]
fn settings_of_the_project_count() {
    let folder = Folder::with(&[
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\ntestpaths = ['checks']\npythonpath = 'lib'\naddopts = '-ra'\n\
             [tool.apy.test]\nxfail_strict = true\npython_files = ['check_*.py']\n",
        ),
        ("lib/thing.py", "value = 1\n"),
        (
            "checks/check_it.py",
            "import pytest, thing\ndef test_thing(): assert thing.value == 1\n\
             @pytest.mark.xfail\ndef test_passes(): pass\n\
             def test_descriptors(capfd):\n    print('below')\n    assert capfd.readouterr().out == 'below\\n'\n",
        ),
        ("test_other.py", "def test_other(): assert 0\n"),
    ]);
    let run = folder.test(&["-v"]);
    assert_eq!(
        run.failed(),
        ["checks/check_it.py::test_passes"],
        "{}{}",
        run.out,
        run.err
    );
    run.has(&[
        "it passed, and was expected to fail",
        "1 failed, 2 passed in ",
    ]);
    folder.write("pyproject.toml", "[tool.apy.test]\nnonsense = 1\n");
    let refused = folder.test(&[]);
    assert_eq!(refused.status, 2);
    assert!(refused.err.contains("has no 'nonsense'"), "{}", refused.err);
}
