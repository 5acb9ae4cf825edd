//! Golden dumps: what the lexer and the parser make of the programs in `tests/dumps/syntax`.
//!
//! For each `name.apy` there is a `name.tokens` (as `apy tokens` prints) and a `name.ast` (as `apy ast` prints). To add
//! one, write the program and run `BLESS=1 cargo test --test syntax_dumps`, then read what was written: it is
//! the expectation from then on.

use std::fs;
use std::path::{Path, PathBuf};

use apy_front::syntax::{dump_module, dump_tokens, parse_module};

#[test]
fn tokens_are_as_dumped() {
    check("tokens", dump_tokens);
}

#[test]
fn trees_are_as_dumped() {
    check("ast", |source| {
        let parsed = parse_module(source);
        parsed.module.map_or_else(
            || format!("{:#?}", parsed.diagnostics),
            |module| dump_module(&module),
        )
    });
}

fn check(extension: &str, dump: impl Fn(&str) -> String) {
    let programs = programs();
    assert!(!programs.is_empty(), "no programs in tests/dumps/syntax");
    let wrong: Vec<String> = programs
        .iter()
        .filter_map(|path| compare(path, extension, &dump))
        .collect();
    assert!(
        wrong.is_empty(),
        "{}\nIf the new dumps are right: BLESS=1 cargo test --test syntax_dumps, then read the difference in git.",
        wrong.join("\n")
    );
}

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dumps/syntax");
    let entries = fs::read_dir(folder)
        .expect("tests/dumps/syntax exists")
        .flatten()
        .map(|entry| entry.path());
    let mut programs: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|it| it == "apy"))
        .collect();
    programs.sort();
    programs
}

/// What differs, if anything does.
fn compare(path: &Path, extension: &str, dump: &impl Fn(&str) -> String) -> Option<String> {
    let source = fs::read_to_string(path).expect("a readable program");
    let golden = path.with_extension(extension);
    let (made, wanted) = (
        dump(&source),
        fs::read_to_string(&golden).unwrap_or_default(),
    );
    if made == wanted {
        return None;
    }
    if std::env::var_os("BLESS").is_some() {
        fs::write(&golden, made).expect("a writable golden");
        return None;
    }
    let line = made
        .lines()
        .zip(wanted.lines())
        .take_while(|(made, wanted)| made == wanted)
        .count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    let (made, wanted) = (at(&made), at(&wanted));
    Some(format!(
        "{}, line {}:\n  wanted {wanted}\n  made   {made}",
        golden.display(),
        line + 1
    ))
}
