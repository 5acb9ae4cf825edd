//! Every kind of mistake is explained, shown by a golden and named in the index.
//!
//! The pages under `docs/errors` hold a wrong and a right example: the wrong one must be refused (or warned of) with the page's
//! own code, the right one must compile without a word. A new code fails here until it has its page, its golden in
//! `tests/golden/diagnostics` and its line in `docs/errors.md`.

use std::collections::BTreeSet;
use std::path::Path;

use apy::embed::Surroundings;
use apy_front::bytecode::GlobalNames;
use apy_front::compile::{Mode, Subject, compile_module, lint};
use apy_front::diagnostics::{Diagnostic, ErrorCode};
use apy_front::syntax::parser::parse_module;

/// Kinds that no text of bearable size, or no text at all, can bring about; or that depend on how fast the machine is.
const UNREACHABLE: [ErrorCode; 3] = [
    ErrorCode::FileTooLarge,
    ErrorCode::LoopHeld,
    ErrorCode::Internal,
];
/// Kinds whose wrong example would be bytes, or longer than a page.
const WITHOUT_EXAMPLE: [ErrorCode; 11] = [
    ErrorCode::NotUtf8,
    ErrorCode::NullByte,
    ErrorCode::FileTooLarge,
    ErrorCode::IntegerTooLong,
    ErrorCode::TooNested,
    ErrorCode::TooManyLevels,
    ErrorCode::TooComplex,
    ErrorCode::TaskDestroyed,
    ErrorCode::LoopHeld,
    ErrorCode::Deadlock,
    ErrorCode::Internal,
];

#[test]
fn every_page_is_headed_by_its_number_and_title() {
    for code in ErrorCode::ALL {
        let heading = format!("# {}: {}\n", code.id(), code.title());
        let page = code.explanation();
        assert!(page.starts_with(&heading), "{heading} in {page}");
    }
}

#[test]
fn wrong_examples_are_refused_with_the_code_of_their_page() {
    for &code in ErrorCode::ALL {
        let examples = blocks(code.explanation(), "wrong");
        assert_eq!(
            examples.is_empty(),
            WITHOUT_EXAMPLE.contains(&code),
            "{code:?}"
        );
        for example in examples {
            let found: Vec<ErrorCode> = diagnostics(&example, code)
                .iter()
                .map(|it| it.code)
                .collect();
            assert_eq!(found.first(), Some(&code), "{example}");
        }
    }
}

#[test]
fn right_examples_compile_without_a_word() {
    for code in ErrorCode::ALL {
        for example in blocks(code.explanation(), "right") {
            assert_eq!(diagnostics(&example, *code), [], "{}: {example}", code.id());
        }
    }
}

#[test]
fn every_kind_has_a_golden() {
    let mut shown: BTreeSet<&ErrorCode> = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("tests/golden/diagnostics")).expect("it is there") {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_some_and(|extension| extension == "err") {
            let text = std::fs::read_to_string(&path).expect("goldens are text");
            shown.extend(
                ErrorCode::ALL
                    .iter()
                    .filter(|code| text.contains(&format!("[{}] ", code.id()))),
            );
        }
    }
    let missing: Vec<&ErrorCode> = ErrorCode::ALL
        .iter()
        .filter(|code| !shown.contains(code) && !UNREACHABLE.contains(code))
        .collect();
    assert!(missing.is_empty(), "without a golden: {missing:?}");
    assert!(shown.len() >= 60);
}

#[test]
fn the_index_lists_every_kind() {
    let index = std::fs::read_to_string(root().join("docs/errors.md")).expect("it is there");
    let rows: Vec<&str> = index
        .lines()
        .filter(|line| line.starts_with("| [E"))
        .collect();
    let expected: Vec<String> = ErrorCode::ALL
        .iter()
        .map(|code| {
            let (id, exception, title) = (code.id(), code.exception(), code.title());
            format!("| [{id}](errors/{id}.md) | {exception} | {title} |")
        })
        .collect();
    assert_eq!(rows, expected);
}

/// The examples of one kind on a page.
fn blocks(page: &str, kind: &str) -> Vec<String> {
    page.split(&format!("```python {kind}\n"))
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(example, _)| example.to_owned())
        .collect()
}

/// What parser and compiler say about a text, and the lints if the page is about one.
fn diagnostics(source: &str, page: ErrorCode) -> Vec<Diagnostic> {
    let parsed = parse_module(source);
    let Some(module) = parsed.module else {
        return parsed.diagnostics;
    };
    match compile_module(&module, 0, source, Mode::Script, &mut GlobalNames::new()) {
        Ok((_, warnings)) if page < ErrorCode::NeverAwaited || page == ErrorCode::Internal => {
            warnings
        }
        Ok((_, warnings)) => {
            let subject = Subject {
                module: &module,
                text: source,
                name: "page.apy",
            };
            let lints = lint(&subject, &Surroundings::new());
            warnings.into_iter().chain(lints).collect()
        }
        Err(errors) => errors,
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
