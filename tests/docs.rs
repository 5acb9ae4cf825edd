//! The code blocks of README.md, of docs/ and of the READMEs beside the grammar and the goldens: each is run, and must do what the page says.
//!
//! A block marked `python` is a program: it must end well and write nothing to stderr, and if the next block of its section is marked
//! `text`, that is what it prints. One marked `python fails` must not, and the `text` that follows it is what it writes to stderr. A block marked `console` holds commands, `$ apy ...`, each followed by what it writes. One marked `prompt` is typed at the prompt, on a
//! terminal, which must then show it. Blocks marked `sh` are commands of
//! the shell's for the reader to type, `text` without a program before it a picture of something; other marks are refused, so that no
//! block escapes by its mark, and so are blocks that are indented instead of fenced. The pages under docs/errors/ show mistakes and have a test of their own (`tests/diagnostics.rs`).

#[expect(dead_code, reason = "its programs come from pages, not from files")]
mod harness;
#[cfg(unix)]
#[expect(dead_code, reason = "a page needs few of the ways to look at a screen")]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use harness::Test;
use harness::process::{End, Invocation, Outcome, package_root};

/// A fenced block.
struct Block {
    /// What stands behind the opening fence.
    mark: String,
    /// The line of the page that it begins on.
    line: usize,
    /// How many headings stand before it.
    section: usize,
    text: String,
}

fn main() -> ExitCode {
    let root = package_root();
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "grammar", "tests/golden"] {
        collect(&root.join(folder), &mut pages);
    }
    pages.sort();
    harness::main(
        pages
            .iter()
            .flat_map(|page| tests_of(&root, page))
            .collect(),
    )
}

/// The pages below a folder.
fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder of the package");
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            if !path.ends_with("errors") {
                collect(&path, pages);
            }
        } else if path.extension().is_some_and(|end| end == "md") {
            pages.push(path);
        }
    }
}

type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

fn tests_of(root: &Path, page: &Path) -> Vec<Test> {
    let text = std::fs::read_to_string(page).expect("a page can be read");
    let name = page.strip_prefix(root).unwrap_or(page).with_extension("");
    let name = name.display().to_string().replace(['/', '\\'], "::");
    let test = |what: &str, check| Test {
        name: format!("{name}::{what}"),
        check,
    };
    let mut tests = vec![
        test("fences", all_fenced(&text)),
        test("files", all_there(lost(root, page, &text))),
    ];
    let mut blocks = blocks(&text).into_iter().peekable();
    while let Some(block) = blocks.next() {
        let answer = match block.mark.starts_with("python") {
            true => blocks.next_if(|next| next.mark == "text" && next.section == block.section),
            false => None,
        };
        let what = format!("line_{}", block.line);
        tests.extend(check_of(block, answer).map(|check| test(&what, check)));
    }
    tests
}

/// What a block has to do; `answer`: what is said to follow from it.
fn check_of(block: Block, answer: Option<Block>) -> Option<Check> {
    Some(match block.mark.as_str() {
        "python" => Box::new(move || runs(&block.text, answer.as_ref())),
        "python fails" => Box::new(move || fails(&block.text, answer.as_ref())),
        "prompt" => Box::new(move || talks(&block.text)),
        "console" => Box::new(move || answers(&block.text)),
        "text" | "sh" => return None,
        other => {
            let message = format!("a block marked `{other}`: see the head of tests/docs.rs");
            Box::new(move || Err(message.clone()))
        }
    })
}

fn all_fenced(page: &str) -> Check {
    let found = indented(page);
    Box::new(move || match found {
        Some(line) => Err(format!(
            "line {line} begins a block by indentation: fence it"
        )),
        None => Ok(()),
    })
}

fn all_there(lost: Vec<String>) -> Check {
    Box::new(move || match lost.is_empty() {
        true => Ok(()),
        false => Err(format!("the page names what is not there: {lost:?}")),
    })
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut section = 0;
    let mut lines = page.lines().enumerate();
    while let Some((line, text)) = lines.next() {
        section += usize::from(text.starts_with('#'));
        if let Some(mark) = text.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|(_, line)| *line != "```");
            blocks.push(Block {
                mark: mark.trim().to_owned(),
                line: line + 1,
                section,
                text: inside.flat_map(|(_, line)| [line, "\n"]).collect(),
            });
        }
    }
    blocks
}

/// The first line that Markdown takes for code because it is indented; what goes on in a list is not.
fn indented(page: &str) -> Option<usize> {
    let (mut fenced, mut in_list, mut after_blank) = (false, false, true);
    for (number, line) in page.lines().enumerate() {
        let text = line.trim_start();
        if text.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.is_empty() {
            let is_indented = line.starts_with("    ") || line.starts_with('\t');
            if is_indented && after_blank && !in_list {
                return Some(number + 1);
            }
            let is_item = text.starts_with("- ") || text.starts_with(|c: char| c.is_ascii_digit());
            in_list = is_item || (in_list && line.starts_with(' '));
        }
        after_blank = line.is_empty();
    }
    None
}

/// The folders of the benchmark that docs/internals/performance.md is about; it is kept outside of the package.
const ELSEWHERE: [&str; 4] = ["async/", "cpu/", "mem/", "micro/"];

/// The files that a page links to or names (`vm/exec/run.rs`, from src/ or the package) and that do not exist.
fn lost(root: &Path, page: &Path, text: &str) -> Vec<String> {
    let beside = page.parent().expect("a page is in a folder");
    let mut lost = Vec::new();
    for rest in text.split("](").skip(1) {
        let link = rest.split([')', '#']).next().unwrap_or_default();
        if !link.contains("://") && !beside.join(link).exists() {
            lost.push(link.to_owned());
        }
    }
    let places = [root, &root.join("src"), beside];
    for word in text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| is_path(word))
    {
        if !places.iter().any(|place| place.join(word).exists()) {
            lost.push(word.to_owned());
        }
    }
    lost
}

/// Whether a word in backquotes names a file or a folder of the package.
fn is_path(word: &str) -> bool {
    let ends = [".rs", ".apy", ".py", ".md", ".lalrpop", "/"];
    word.contains('/')
        && ends.iter().any(|end| word.ends_with(end))
        && !word.contains(['<', '*', ' ', '$', '~', '{'])
        && !ELSEWHERE.iter().any(|folder| word.starts_with(folder))
}

/// Runs `apy` with these arguments and this input.
fn run(arguments: Vec<String>, stdin: &str) -> Result<Outcome, String> {
    Invocation {
        arguments,
        stdin: stdin.as_bytes().to_vec(),
        gc_stress: false,
        limit: Duration::from_secs(20),
    }
    .run()
}

fn runs(program: &str, prints: Option<&Block>) -> Result<(), String> {
    let arguments = ["--time", "virtual", "--seed", "0", "-"].map(str::to_owned);
    let outcome = run(arguments.to_vec(), program)?;
    let as_said = prints.is_none_or(|block| block.text == outcome.stdout);
    if outcome.end == End::Exit(0) && outcome.stderr.is_empty() && as_said {
        return Ok(());
    }
    Err(format!(
        "{:?}\n--- stdout\n{}--- stderr\n{}",
        outcome.end, outcome.stdout, outcome.stderr
    ))
}

fn fails(program: &str, says: Option<&Block>) -> Result<(), String> {
    let arguments = ["--time", "virtual", "--seed", "0", "-"].map(str::to_owned);
    let outcome = run(arguments.to_vec(), program)?;
    let as_said = says.is_none_or(|block| block.text == outcome.stderr);
    if outcome.end != End::Exit(0) && outcome.stdout.is_empty() && as_said {
        return Ok(());
    }
    Err(format!(
        "{:?}\n--- stdout\n{}--- stderr\n{}",
        outcome.end, outcome.stdout, outcome.stderr
    ))
}

/// Types what stands behind the prompts; the screen must show the block.
#[cfg(unix)]
fn talks(session: &str) -> Result<(), String> {
    let mut talk = terminal::talk(&[]);
    let banner = talk.lines().len() - 1;
    let inputs = session
        .lines()
        .filter(|line| line.starts_with(">>> ") || line.starts_with("..."));
    let mut open = false;
    for line in inputs {
        if let Some(first) = line.strip_prefix(">>> ") {
            talk.at_prompt();
            talk.enter(first);
            open = first.ends_with(':');
        } else if open {
            // The prompt indents by itself; a line of blanks ends the block.
            match line[3..].trim() {
                "" => talk.press(terminal::ENTER),
                code => talk.enter(code),
            }
        }
    }
    talk.at_prompt();
    let lines = talk.lines();
    let shown = &lines[banner..lines.len() - 1];
    if session.lines().eq(shown.iter().map(String::as_str)) {
        return Ok(());
    }
    Err(format!(
        "the prompt shows\n{}\n--- the page says\n{session}",
        shown.join("\n")
    ))
}

#[cfg(not(unix))]
fn talks(_: &str) -> Result<(), String> {
    Ok(())
}

/// Runs each command of a console block and compares what it writes, on both streams, with what follows it.
fn answers(session: &str) -> Result<(), String> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in session.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, answer))) => answer.extend([line, "\n"]),
            (None, None) => return Err(format!("`{line}` stands before any command")),
        }
    }
    for (command, expected) in commands {
        let mut words = command.split_whitespace().map(str::to_owned);
        if words.next().as_deref() != Some("apy") {
            return Err(format!("`{command}` is no call of apy"));
        }
        let outcome = run(words.collect(), "")?;
        let written = outcome.stdout + &outcome.stderr;
        if written != expected {
            return Err(format!(
                "`{command}` writes\n{written}--- the page says\n{expected}"
            ));
        }
    }
    Ok(())
}
