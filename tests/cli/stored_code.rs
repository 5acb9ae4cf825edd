//! The stored code of imported files: when it is written, when it is used, and that nothing it holds can do harm.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that prints `helper.answer()`, in a folder of this test's own, without any stored code.
struct Program(PathBuf);

impl Program {
    fn new(name: &str) -> Program {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("stored_code")
            .join(name);
        // It may not be there yet.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        let program = Program(folder);
        program.write("main.py", "import helper\nprint(helper.answer())\n");
        program.write("helper.py", "def answer():\n    return 41\n");
        program
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    fn stored(&self) -> PathBuf {
        self.0.join("__pycache__/helper.apy-313.pyc")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apy"));
        command
            .args(args)
            .arg(self.0.join("main.py"))
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .env_remove("PYTHONPYCACHEPREFIX");
        command
    }
}

fn output(mut command: Command) -> String {
    let output = command.output().expect("apy runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(error, "", "nothing goes to standard error");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_second_run_uses_what_the_first_stored() {
    let program = Program::new("used");
    assert_eq!(output(program.command(&[])), "41\n");
    let written = fs::metadata(program.stored()).expect("the first run stored it");
    assert_eq!(output(program.command(&[])), "41\n");
    let kept = fs::metadata(program.stored()).expect("it is still there");
    let time = |facts: fs::Metadata| facts.modified().expect("files have times");
    assert_eq!(time(written), time(kept), "the second run wrote nothing");
}

#[test]
fn a_changed_source_is_compiled_again() {
    let program = Program::new("changed");
    assert_eq!(output(program.command(&[])), "41\n");
    // As long as before, and maybe in the same tick of the clock.
    program.write("helper.py", "def answer():\n    return 42\n");
    assert_eq!(output(program.command(&[])), "42\n");
    assert_eq!(output(program.command(&[])), "42\n");
}

#[test]
fn damaged_files_are_as_good_as_none() {
    let program = Program::new("damaged");
    output(program.command(&[]));
    let whole = fs::read(program.stored()).expect("it was stored");
    let cut = whole[..whole.len() / 2].to_vec();
    let mut changed = whole.clone();
    *changed.last_mut().expect("not empty") ^= 0x55;
    for damaged in [Vec::new(), b"nonsense".to_vec(), cut, changed] {
        fs::write(program.stored(), &damaged).expect("a file");
        assert_eq!(output(program.command(&[])), "41\n");
        let mended = fs::read(program.stored()).expect("it was stored again");
        assert_eq!(mended, whole);
    }
}

#[test]
fn nothing_is_stored_where_that_was_refused() {
    let program = Program::new("refused");
    assert_eq!(output(program.command(&["-B"])), "41\n");
    let mut command = program.command(&[]);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    assert_eq!(output(command), "41\n");
    let folder = program.0.to_string_lossy().into_owned();
    let sandboxed = ["--sandbox", "--allow-read", &folder];
    assert_eq!(output(program.command(&sandboxed)), "41\n");
    program.write(
        "main.py",
        "import sys\nsys.dont_write_bytecode = True\nimport helper\nprint(helper.answer())\n",
    );
    assert_eq!(output(program.command(&[])), "41\n");
    assert!(!program.stored().exists());
}

#[test]
fn a_prefix_moves_the_stored_files() {
    let program = Program::new("prefix");
    let prefix = program.0.join("elsewhere");
    let mut command = program.command(&[]);
    command.env("PYTHONPYCACHEPREFIX", &prefix);
    assert_eq!(output(command), "41\n");
    assert!(!program.stored().exists());
    let inside = program.0.strip_prefix("/").expect("an absolute path");
    assert!(prefix.join(inside).join("helper.apy-313.pyc").exists());
}

#[test]
fn a_folder_that_cannot_be_written_does_not_matter() {
    let program = Program::new("read_only");
    fs::set_permissions(&program.0, Permissions::from_mode(0o555)).expect("it is ours");
    assert_eq!(output(program.command(&[])), "41\n");
    fs::set_permissions(&program.0, Permissions::from_mode(0o755)).expect("it is ours");
    // In the way of the folder.
    let _ = fs::remove_dir_all(program.0.join("__pycache__"));
    program.write("__pycache__", "");
    assert_eq!(output(program.command(&[])), "41\n");
}
