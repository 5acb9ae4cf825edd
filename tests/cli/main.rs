//! The `apy` program from outside: exit statuses, where programs come from, what goes to which stream, bad input of every sort.
//!
//! Each test runs the built binary: the parts are about what their names say. Programs are given as
//! text: a file is written only where the test is about files. What programs themselves print is the goldens' concern.

mod extremes;
mod inspection;
mod programs;
mod reports;
mod stored_code;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
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

/// A file of this test's own.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cli")
        .join(name);
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
