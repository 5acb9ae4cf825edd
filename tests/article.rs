//! The article the project was founded on: each of its nine programs, taken from its text, must print what it shows.
//!
//! `article/asyncio.md` is the article; its blocks marked `python` are the programs, in order, run verbatim on virtual
//! time. What the article shows in prose around its output ("immediately prints ...") is left out of the comparison; the
//! program that draws random numbers is compared by shape. [`EXPECTED`] holds one row a program.

#[expect(dead_code, reason = "its programs come from one text, not from files")]
mod harness;

use std::process::ExitCode;
use std::time::Duration;

use harness::Test;
use harness::process::{End, Invocation, Outcome};

/// The text as it was published.
const ARTICLE: &str = include_str!("article/asyncio.md");

/// What a program prints: `#` stands for one number from 1 to 10, everything else for itself.
const EXPECTED: [(&str, &str); 9] = [
    ("hello_world", "Hello ...\n... World!\n"),
    ("await_a_coroutine", "Data fetched\n"),
    (
        "two_tasks",
        "Task 1 started\nTask 2 started\nTask 1 finished Data fetched\nTask 2 finished Data fetched\n",
    ),
    (
        "wait_with_timeout",
        "Task A started\nTask B started\nTask C started\nTask A completed\n\
         Task C raised an exception: Task C failed\nTask A done,result is Data fetched\n\
         Task B is still pending\nTask B has been cancelled\n",
    ),
    (
        "gather_random_delays",
        "1 wait sec #\n2 wait sec #\n3 wait sec #\n['fetched 1', 'fetched 2', 'fetched 3']\n",
    ),
    ("wait_for_times_out", "Timeout!\n"),
    (
        "queue_join",
        "produced: 0\nconsumed: 0\nproduced: 1\nconsumed: 1\nproduced: 2\nproduced: 3\nconsumed: 2\n\
         produced: 4\nconsumed: 3\nconsumed: 4\n",
    ),
    (
        "semaphore_limits_workers",
        "Worker 0 started\nWorker 1 started\nWorker 0 finished\nWorker 1 finished\nWorker 2 started\n\
         Worker 3 started\nWorker 2 finished\nWorker 3 finished\nWorker 4 started\nWorker 4 finished\n",
    ),
    (
        "to_thread",
        "Main started\nBlocking IO started\nBlocking IO finished\nMain finished\n",
    ),
];

fn main() -> ExitCode {
    let programs = python_blocks(ARTICLE);
    let mut tests = vec![Test {
        name: "article::has_nine_programs".to_owned(),
        check: Box::new(|| match python_blocks(ARTICLE).len() {
            9 => Ok(()),
            count => Err(format!("found {count} python blocks")),
        }),
    }];
    for (program, (name, expected)) in programs.into_iter().zip(EXPECTED) {
        tests.push(Test {
            name: format!("article::{name}"),
            check: Box::new(move || check(&program, expected)),
        });
    }
    harness::main(tests)
}

/// The text between each "```python" line and the next "```" line.
fn python_blocks(article: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = article.lines();
    while let Some(line) = lines.next() {
        if line.trim_end() == "```python" {
            let block = lines.by_ref().take_while(|line| line.trim_end() != "```");
            blocks.push(block.flat_map(|line| [line, "\n"]).collect());
        }
    }
    blocks
}

fn check(program: &str, expected: &str) -> Result<(), String> {
    let invocation = Invocation {
        arguments: ["--time", "virtual", "-"].map(str::to_owned).to_vec(),
        stdin: program.as_bytes().to_vec(),
        gc_stress: false,
        limit: Duration::from_secs(20),
    };
    let Outcome {
        stdout,
        stderr,
        end,
    } = invocation.run()?;
    if end == End::Exit(0) && stderr.is_empty() && has_shape(expected, &stdout) {
        return Ok(());
    }
    Err(format!(
        "{end:?}\n--- expected\n{expected}--- stdout\n{stdout}--- stderr\n{stderr}"
    ))
}

/// Whether `text` is `pattern` with a number from 1 to 10 in the place of each `#`.
fn has_shape(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('#');
    let Some(mut rest) = pieces.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    for piece in pieces {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        if !number
            .parse()
            .is_ok_and(|number: u32| (1..=10).contains(&number))
        {
            return false;
        }
        let Some(after) = after.strip_prefix(piece) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}
