//! Programs that run out of something: memory, depth, time, output. None may abort, panic or hang.
//!
//! Each program in `tests/limits` says in its first lines how it is run: `# ulimit: KB` (address space), `# stack: KB`, `# options: ...`,
//! `# interrupt: SECONDS` (Ctrl-C then), `# seconds: N` (its time, 60 if it says nothing), `# exit: STATUS`, `# says: TEXT` (on standard
//! error). Its standard output is in the file beside it. Random programs under random limits: `src/embed/pairs.rs`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What a program asks for.
struct Case {
    path: PathBuf,
    text: String,
}

impl Case {
    fn asks(&self, key: &str) -> Option<&str> {
        let comments = self.text.lines().map_while(|line| line.strip_prefix("# "));
        comments
            .filter_map(|line| line.split_once(": "))
            .find_map(|(k, v)| (k == key).then_some(v))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.asks(key).and_then(|value| value.parse().ok())
    }

    /// Runs it; what is wrong, if anything.
    fn run(&self) -> Option<String> {
        let mut script = String::from("ulimit -c 0; ");
        for (key, flag) in [("ulimit", "v"), ("stack", "s")] {
            if let Some(size) = self.number(key) {
                let _ = write!(script, "ulimit -{flag} {size}; ");
            }
        }
        let seconds = self.number("seconds").unwrap_or(60);
        let interrupt = self.asks("interrupt");
        let _ = match interrupt {
            Some(after) => write!(
                script,
                "exec timeout --foreground --preserve-status -s INT -k {seconds} {after} "
            ),
            None => write!(script, "exec timeout -s KILL {seconds} "),
        };
        let _ = write!(
            script,
            "'{}' {} '{}'",
            env!("CARGO_BIN_EXE_apy"),
            self.asks("options").unwrap_or(""),
            self.path.display()
        );
        let began = Instant::now();
        let output = Command::new("sh")
            .arg("-c")
            .arg(&script)
            .env("NO_COLOR", "1")
            .env("RUST_BACKTRACE", "0")
            .output();
        let output = output.expect("there is a shell");
        let expected = std::fs::read_to_string(self.path.with_extension("out")).unwrap_or_default();
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let exit = self.number("exit").unwrap_or(0);
        let status = output.status.code().map(|code| code as u64);
        let is_late = interrupt.is_some() && began.elapsed() > Duration::from_secs(seconds);
        let says = self.asks("says").is_none_or(|text| stderr.contains(text));
        let is_right = stdout == expected && status == Some(exit) && says && !is_late;
        (!is_right).then(|| {
            format!(
                "{}\n{}\nexpected exit {exit}:\n{expected}\nstderr:\n{stderr}\nstdout:\n{stdout}",
                self.path.display(),
                output.status
            )
        })
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/limits");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "apy"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| Case {
            text: std::fs::read_to_string(&path).expect("a text"),
            path,
        })
        .collect()
}

#[test]
fn hostile_programs_end_as_they_should() {
    let wrong: Vec<String> = cases().iter().filter_map(Case::run).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
