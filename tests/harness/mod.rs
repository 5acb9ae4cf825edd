//! The harness of the suites that are made of files: runs programs through the built `apy` and says which failed, as libtest does.
//!
//! Each suite is a `harness = false` test target whose `main` is one call of [`main`]; the arguments are libtest's (filter,
//! `--exact`, `--list`, `--skip`, `--test-threads`). Programs beside their expected output are [`case`]'s and judged by `apy test`;
//! suites of another shape (the article, the docs) make their own [`Test`]s with [`process`].

mod arguments;
pub mod case;
pub mod process;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arguments::Arguments;

/// One line of the report: a name and what decides whether it passes.
pub struct Test {
    /// `area::name`, what filters look at.
    pub name: String,
    /// `Err` carries what to show under `failures:`.
    pub check: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
}

/// Runs the tests that the command line selects, prints a libtest-like report, and says whether all passed.
pub fn main(mut tests: Vec<Test>) -> ExitCode {
    let arguments = match Arguments::from_command_line() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    tests.sort_by(|a, b| a.name.cmp(&b.name));
    let total = tests.len();
    tests.retain(|test| arguments.selects(&test.name));
    if arguments.list {
        for test in &tests {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    run(&tests, total - tests.len(), &arguments)
}

fn run(tests: &[Test], filtered_out: usize, arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    println!("\nrunning {} tests", tests.len());
    let failures = run_all(tests, arguments);
    if !failures.is_empty() {
        println!("\nfailures:\n");
        for (name, why) in &failures {
            println!("---- {name} ----\n{why}");
        }
        println!("\nfailures:");
        for name in failures.keys() {
            println!("    {name}");
        }
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {filtered_out} filtered out; finished in {:.2}s\n",
        if failures.is_empty() { "ok" } else { "FAILED" },
        tests.len() - failures.len(),
        failures.len(),
        started.elapsed().as_secs_f64(),
    );
    // The status that libtest uses for failed tests.
    ExitCode::from(if failures.is_empty() { 0 } else { 101 })
}

fn run_all(tests: &[Test], arguments: &Arguments) -> BTreeMap<String, String> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads.min(tests.len()) {
            scope.spawn(|| {
                while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = (test.check)();
                    // Held while printing, so that lines of two threads cannot mix.
                    let mut failures = failures
                        .lock()
                        .expect("no test thread panics with the lock");
                    match verdict {
                        Ok(()) if arguments.quiet => {}
                        Ok(()) => println!("test {} ... ok", test.name),
                        Err(why) => {
                            println!("test {} ... FAILED", test.name);
                            failures.insert(test.name.clone(), why);
                        }
                    }
                }
            });
        }
    });
    failures.into_inner().expect("all test threads have ended")
}
