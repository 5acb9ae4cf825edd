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

/// A line of the table of limits (docs/limits.md): what the program sees, how it ends, and what is said then.
struct Row {
    options: &'static str,
    /// Stands in `FRAME` for `BODY`.
    body: &'static str,
    exit: i32,
    stdout: &'static str,
    says: &'static [&'static str],
}

/// Everything that could catch the end of a program, around a body.
const FRAME: &str = "import asyncio, atexit, sys
atexit.register(print, 'exit function')
class Catcher:
    def __enter__(self): return self
    def __exit__(self, *_): print('__exit__'); return True
    def __del__(self): print('finaliser')
catcher = Catcher()
async def main():
    try:
        with catcher:
            BODY
    except BaseException as error:
        print('caught', type(error).__name__)
    finally:
        print('finally')
print('begins')
asyncio.run(main())
";

const TABLE: &[Row] = &[
    Row {
        options: "--max-steps 3000",
        body: "while True: pass",
        exit: 5,
        stdout: "begins\n",
        says: &[
            "3,000 steps (--max-steps) at ",
            "job.apy:11",
            "in task 'Task-1'",
        ],
    },
    Row {
        options: "--max-steps 3000",
        body: "sorted(range(10**7, 0, -1), key=str)",
        exit: 5,
        stdout: "begins\n",
        says: &["(--max-steps) at ", "job.apy:11"],
    },
    Row {
        options: "--max-time 300ms",
        body: "while True: pass",
        exit: 5,
        stdout: "begins\n",
        says: &["(--max-time) at ", "job.apy:11", "in task 'Task-1'"],
    },
    Row {
        options: "--max-time 300ms",
        body: "list(map(str, iter(int, 1)))",
        exit: 5,
        stdout: "begins\n",
        says: &["(--max-time) at ", "job.apy:11"],
    },
    Row {
        options: "--max-memory 20M",
        body: "x = ['%d' % n for n in range(10**7)]",
        exit: 0,
        stdout: "begins\n__exit__\nfinally\nexit function\nfinaliser\n",
        says: &[],
    },
    Row {
        options: "--max-memory 20M",
        body: "x = 'a' * 10**8",
        exit: 0,
        stdout: "begins\n__exit__\nfinally\nexit function\nfinaliser\n",
        says: &[],
    },
    Row {
        options: "--max-memory 20M",
        body: "\n            x = []\n            while True:\n                try:\n                    while True:\n                        try: x.append(['%d' % len(x)])\n                        except MemoryError: pass\n                except MemoryError: pass",
        exit: 5,
        stdout: "begins\n",
        says: &["(--max-memory) at ", "job.apy:1", "in task 'Task-1'"],
    },
    Row {
        options: "--max-depth 60",
        body: "(f := lambda: f())()",
        exit: 0,
        stdout: "begins\n__exit__\nfinally\nexit function\nfinaliser\n",
        says: &[],
    },
    Row {
        options: "--max-output 30",
        body: "print('a' * 20, flush=True); print('é' * 20)",
        exit: 5,
        stdout: "begins\naaaaaaaaaaaaaaaaaaaa\né",
        says: &["(--max-output) at ", "job.apy:11", "in task 'Task-1'"],
    },
    Row {
        options: "--max-tasks 5",
        body: "t = [asyncio.create_task(asyncio.sleep(0)) for _ in range(9)]",
        exit: 0,
        stdout: "begins\n__exit__\nfinally\nexit function\nfinaliser\n",
        says: &[],
    },
    Row {
        options: "--max-tasks 5",
        body: "\n            t = []\n            while True:\n                c = asyncio.sleep(1)\n                try: t.append(asyncio.create_task(c))\n                except RuntimeError: c.close()",
        exit: 5,
        stdout: "begins\n",
        says: &["(--max-tasks) at ", "job.apy:1", "in task 'Task-1'"],
    },
    Row {
        options: "--max-virtual 1h --time virtual",
        body: "await asyncio.sleep(3000); print('slept', flush=True); await asyncio.sleep(3000)",
        exit: 5,
        stdout: "begins\nslept\n",
        says: &["(--max-virtual)"],
    },
    Row {
        options: "",
        body: "eval('(' * 300 + ')' * 300)",
        exit: 0,
        stdout: "begins\n__exit__\nfinally\nexit function\nfinaliser\n",
        says: &[],
    },
];

impl Row {
    /// What is wrong, if anything.
    fn run(&self, folder: &Path) -> Option<String> {
        let path = folder.join("job.apy");
        std::fs::write(&path, FRAME.replace("BODY", self.body)).expect("a writable folder");
        let output = Command::new(env!("CARGO_BIN_EXE_apy"))
            .args(self.options.split_whitespace())
            .arg(&path)
            .env("NO_COLOR", "1")
            .output()
            .expect("apy runs");
        let (stdout, stderr) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let says = self.says.iter().all(|&text| stderr.contains(text));
        let is_right = stdout == self.stdout && output.status.code() == Some(self.exit) && says;
        (!is_right).then(|| {
            format!(
                "{} {}\n{}\n{stdout}\n{stderr}",
                self.options, self.body, output.status
            )
        })
    }
}

#[test]
fn each_limit_ends_as_its_line_of_the_table_says() {
    let folder = std::env::temp_dir().join(format!("apy-limits-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a writable folder");
    let wrong: Vec<String> = TABLE.iter().filter_map(|row| row.run(&folder)).collect();
    std::fs::remove_dir_all(&folder).expect("the folder is still there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
