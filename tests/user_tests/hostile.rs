//! Tests that go wrong for reasons beside their asserts: each is its own failure, or skip, and nothing else's.

use std::fs;
use std::os::unix::fs::symlink;

use super::Folder;

#[test]
fn skips_of_unittest_count_wherever_they_are_raised() {
    let folder = Folder::with(&[
        (
            "test_a.py",
            "import unittest, pytest\n\
             def test_in_body(): raise unittest.SkipTest('why')\n\
             @pytest.fixture\ndef needs(): raise unittest.SkipTest('fixture')\n\
             def test_in_fixture(needs): pass\n",
        ),
        (
            "test_b.py",
            "import unittest\nraise unittest.SkipTest('module')\n",
        ),
    ]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("3 skipped"), "{}", run.out);
}

#[test]
fn a_number_of_failures_ends_the_run_at_once() {
    let tests: String = (0..9)
        .map(|n| format!("def test_{n}(): assert 0\n"))
        .collect();
    let folder = Folder::with(&[("test_a.py", &tests)]);
    let run = folder.test(&["--maxfail", "2"]);
    assert_eq!(run.failed(), ["test_a.py::test_0", "test_a.py::test_1"]);
    assert!(run.out.contains("2 failed, 7 not run"), "{}", run.out);
}

#[test]
fn the_project_of_a_path_from_elsewhere_is_found() {
    let folder = Folder::with(&[
        ("project/lib/__init__.py", "answer = 42\n"),
        (
            "project/tests/unit/test_a.py",
            "from lib import answer\ndef test_it(): assert answer == 42\n",
        ),
    ]);
    let run = folder.test(&["project/tests/unit/test_a.py"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
}

#[test]
fn what_is_no_file_fails_by_its_name_or_is_left_out() {
    let folder = Folder::with(&[("test_a.py", "def test_it(): pass\n")]);
    symlink("nowhere", folder.path("test_link.py")).expect("a link");
    fs::create_dir(folder.path("test_folder.py")).expect("a folder");
    let run = folder.test(&[]);
    assert_eq!(run.failed(), ["test_link.py"], "{}", run.out);
    assert!(run.out.contains("1 failed, 1 passed"), "{}", run.out);
}

#[test]
fn modules_are_not_among_the_values_of_an_assert() {
    let test = "import math\ndef test_it():\n    n = 1\n    assert math.floor(n) == 2\n";
    let run = Folder::with(&[("test_a.py", test)]).test(&[]);
    assert_eq!(run.status, 1);
    assert!(!run.out.contains("<module"), "{}", run.out);
}

#[test]
fn conftest_says_which_files_are_not_for_this_interpreter() {
    let folder = Folder::with(&[
        (
            "conftest.py",
            "collect_ignore = ['test_new.py']\ncollect_ignore_glob = ['*_later.py']\n",
        ),
        ("test_a.py", "def test_it(): pass\n"),
        ("test_new.py", "def test_it(): assert 0\n"),
        ("test_much_later.py", "raise ImportError\n"),
    ]);
    let run = folder.test(&[]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("1 passed"), "{}", run.out);
}
