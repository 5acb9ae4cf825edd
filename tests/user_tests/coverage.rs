//! `apy test --cov`: which lines count, which ran, and how it is told.

use super::Folder;

const LIMITER: &str = "\
\"\"\"A module.\"\"\"
import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

class Limiter:
    async def wait(self, n):
        for _ in range(n):
            await asyncio.sleep(1)
        if n > 5:
            return 1
        elif n == 2:
            return \"two\"
        else:
            return 3

    def debug(self):  # pragma: no cover
        print(1)
";

const TEST: &str = "\
from lib.limiter import Limiter
async def test_wait():
    assert await Limiter().wait(2) == \"two\"
";

fn project() -> Folder {
    Folder::with(&[
        ("apy.toml", ""),
        ("lib/limiter.py", LIMITER),
        ("lib/other.apy", "def unused():\n    return 1\n"),
        ("tests/test_limiter.py", TEST),
        ("tests/test_other.py", "def test_other(): pass\n"),
    ])
}

#[test]
fn the_table_names_the_lines_that_no_test_ran() {
    let run = project().test(&["--cov", "tests/test_limiter.py"]);
    assert_eq!(run.status, 0, "{}", run.err);
    let rows: Vec<Vec<&str>> = run
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let row = |name: &str| rows.iter().find(|row| row.first() == Some(&name));
    let limiter = ["lib/limiter.py", "11", "2", "81%", "13,", "17"];
    assert_eq!(row("lib/limiter.py"), Some(&limiter.to_vec()));
    let other = ["lib/other.apy", "2", "2", "0%", "1-2"];
    assert_eq!(row("lib/other.apy"), Some(&other.to_vec()));
    assert_eq!(row("Total"), Some(&vec!["Total", "13", "4", "69%"]));
    assert!(!run.out.contains("test_"), "{}", run.out);
}

#[test]
fn forms_go_to_files_and_too_little_fails() {
    let folder = project();
    let run = folder.test(&[
        "--cov=lib.limiter",
        "--cov-report=lcov",
        "--cov-report=xml:out.xml",
        "--cov-fail-under=82",
    ]);
    assert_eq!(run.status, 1);
    assert!(run.err.contains("81.82 % of the lines ran"), "{}", run.err);
    let lcov = folder.read("coverage.lcov").expect("the report");
    assert!(lcov.contains("SF:lib/limiter.py\n"), "{lcov}");
    assert!(lcov.contains("DA:12,1\nDA:13,0\n"), "{lcov}");
    assert!(lcov.contains("LF:11\nLH:9\n"), "{lcov}");
    let xml = folder.read("out.xml").expect("the report");
    assert!(xml.contains("<line number=\"13\" hits=\"0\"/>"), "{xml}");
}

#[test]
fn programs_beside_their_output_and_children_count() {
    let folder = Folder::with(&[
        ("apy.toml", ""),
        ("lib.py", "def f():\n    return 1\ndef g():\n    return 2\n"),
        ("a.apy", "import lib\nprint(lib.f())\n"),
        ("a.out", "1\n"),
        (
            "test_child.py",
            "import subprocess, sys\ndef test_g():\n    \
             assert subprocess.run([sys.executable, '-c', 'import lib; lib.g()']).returncode == 0\n",
        ),
    ]);
    let run = folder.test(&["--cov", "--cov-report=term"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("Total"), "{}", run.out);
    assert!(run.out.contains("100%"), "{}", run.out);
}

#[test]
fn wrong_sources_and_forms_are_refused() {
    let folder = project();
    let run = folder.test(&["--cov=nothing"]);
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains("neither a path nor a package"),
        "{}",
        run.err
    );
    assert_eq!(folder.test(&["--cov", "--cov-report=html"]).status, 2);
    assert_eq!(folder.test(&["--cov-fail-under=3"]).status, 2);
    let run = folder.test(&["-k", "a and"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("something is missing"), "{}", run.err);
}
