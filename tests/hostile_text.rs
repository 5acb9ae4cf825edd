//! The front end on hostile text: too deep, too long, random.
//!
//! No text may make it panic, abort, overflow the stack or take more than linear time; every label must lie inside of the
//! text. Random texts come from a seeded generator of our own, so what fails here fails everywhere. To
//! make the generator nastier, add to `PIECES`. Mutants of the golden programs (`hostile_text/mutate.rs`) go through all that
//! `apy check` does; `APY_MUTANTS=200 cargo test --test hostile_text mutants` tries so many of each program instead of a few.

#[path = "hostile_text/mutate.rs"]
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use apy::reference::builtins;
use apy_front::bytecode::GlobalNames;
use apy_front::compile::{Entity, Member, Mode, Origin, Subject, World, compile_module, lint};
use apy_front::diagnostics::{Color, Diagnostic, ErrorCode, SourceFile, render_in};
use apy_front::syntax::{decode_source, dump_module, dump_tokens, parse_module, parse_repl};

#[test]
fn depth_is_limited_by_a_message() {
    let many = 100_000;
    let hostile = [
        ("(".repeat(many), "too many nested parentheses"),
        ("f'{".repeat(many), "too many nested f-strings"),
        (
            "1+".repeat(many) + "1",
            "too many nested operations in one expression",
        ),
        (
            "-".repeat(many) + "1",
            "too many nested operations in one expression",
        ),
        (
            "not ".repeat(many) + "1",
            "too many nested operations in one expression",
        ),
        (
            format!("a{}", ".b".repeat(many)),
            "too many nested operations in one expression",
        ),
        (
            format!("a{}", "()".repeat(many)),
            "too many nested operations in one expression",
        ),
        (
            format!("a{}", "[0]".repeat(many)),
            "too many nested operations in one expression",
        ),
        (
            "1**".repeat(many) + "1",
            "too many nested operations in one expression",
        ),
        (
            "x if x else ".repeat(many) + "x",
            "too many nested operations in one expression",
        ),
        (
            "lambda: ".repeat(many) + "x",
            "too many nested operations in one expression",
        ),
        (
            format!("match x:\n  case a{}: pass", ".b".repeat(many)),
            "too many nested operations in one expression",
        ),
        (
            (0..200)
                .map(|depth| " ".repeat(depth) + "if x:\n")
                .collect(),
            "too many levels of indentation",
        ),
    ];
    for (source, message) in hostile {
        let diagnostics = parse_module(&source).diagnostics;
        let first = diagnostics.first().map(|diagnostic| &*diagnostic.message);
        assert_eq!(first, Some(message), "{}", &source[..20]);
    }
}

#[test]
fn long_and_flat_is_not_deep() {
    let many = 20_000;
    let fine = [
        "1+".repeat(3_000) + "1",
        "[".repeat(200) + &"]".repeat(200),
        "a = ".repeat(many) + "1",
        "'a' ".repeat(many),
        "f'{a}' ".repeat(many),
        "a and ".repeat(many) + "b",
        "a < ".repeat(many) + "b",
        "if a: b\n".to_owned() + &"elif c: d\n".repeat(many),
        format!("[a {}]", "for a in b ".repeat(many)),
        format!("x = {{{}}}", "1: 2, ".repeat(many)),
        format!(
            "f({})",
            (0..many).map(|i| format!("a{i}=1,")).collect::<String>()
        ),
        format!(
            "match x:\n  case C({}): pass",
            (0..many).map(|i| format!("a{i}=1,")).collect::<String>()
        ),
        "@a\n".repeat(many) + "def f(): pass",
        format!("x = 0x{}", "f".repeat(many)),
        "x = 1;".repeat(many),
    ];
    for source in fine {
        let parsed = parse_module(&source);
        assert_eq!(parsed.diagnostics, [], "{}", &source[..20]);
        let dumped = dump_module(&parsed.module.expect("no diagnostics"));
        assert!(!dumped.is_empty());
    }
}

#[test]
fn huge_decimal_numbers_are_refused_as_in_python() {
    let diagnostics = parse_module(&"9".repeat(5_000)).diagnostics;
    let message =
        "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits;";
    assert!(
        diagnostics[0].message.starts_with(message),
        "{diagnostics:?}"
    );
}

#[test]
fn a_line_of_ten_megabytes_is_only_long() {
    let source = format!("x = [{}", "a, ".repeat(3_500_000));
    let diagnostics = parse_module(&source).diagnostics;
    let file = SourceFile::new("long.apy", source);
    let drawn = render_in(&diagnostics[0], &file, Color::Never);
    assert!(
        drawn.contains("'[' was never closed") && drawn.len() < 2_000,
        "{drawn}"
    );
}

/// Pieces that random programs are made of.
const PIECES: &[&str] = &[
    "if", "else", ":", "\n", "    ", "\t", "(", ")", "[", "]", "{", "}", "'", "\"", "'''", "f'",
    "f\"\"\"", "{", "}", "!r", "=", "==", ":=", "x", "y", "1", "0x", "1e", "_", "\\", "\\\n", "#",
    ";", ",", ".", "...", "*", "**", "lambda", "match", "case", "type", "def", "class", "async",
    "await", "for", "in", "with", "as", "import", "from", "try", "except", "é", "名", "\u{A0}",
    "\u{301}", "\0", "\r", "\r\n", "\\N{", "\\x", "\\u12", "b'", "rb'", "not", "is", "return",
    "yield", "->", "@", "/", "|", "&&", "!", "$", "😀", "\u{FEFF}", "\x0C",
];

/// A small generator (xorshift64*), so that each run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }
}

/// Runs everything on a text; whatever it says must lie inside of the text.
fn check_hostile(source: &str) {
    let parsed = parse_module(source);
    assert_eq!(
        parsed.module.is_some(),
        parsed.diagnostics.is_empty(),
        "{source:?}"
    );
    for diagnostic in &parsed.diagnostics {
        for label in &diagnostic.labels {
            let span = label.span;
            assert!(
                source.get(span.range()).is_some(),
                "{span:?} in {source:?}: {diagnostic:?}"
            );
        }
        assert!(
            !render_in(
                diagnostic,
                &SourceFile::new("hostile", source),
                Color::Never
            )
            .is_empty()
        );
    }
    let _ = dump_tokens(source);
    let _ = parsed.module.map(|module| dump_module(&module));
    let _ = parse_repl(source);
}

#[test]
fn random_pieces_never_panic() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..6_000 {
        let len = random.below(40);
        let space = if random.below(2) == 0 { " " } else { "" };
        let pieces: Vec<&str> = (0..len)
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect();
        check_hostile(&pieces.join(space));
    }
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(42);
    for _ in 0..2_000 {
        let bytes: Vec<u8> = (0..random.below(60))
            .map(|_| random.below(256) as u8)
            .collect();
        if let Err(diagnostic) = decode_source(&bytes) {
            assert!(diagnostic.span().end as usize <= bytes.len());
        }
        check_hostile(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn damaged_programs_never_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dumps/syntax");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/dumps/syntax exists")
        .flatten()
        .map(|it| it.path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "apy"));
    paths.sort();
    let mut random = Random(7);
    for path in paths {
        let source = std::fs::read_to_string(path).expect("a readable program");
        for _ in 0..300 {
            let mut chars: Vec<char> = source.chars().collect();
            for _ in 0..=random.below(3) {
                let at = random.below(chars.len());
                let piece = PIECES[random.below(PIECES.len())];
                match random.below(3) {
                    0 => drop(chars.remove(at)),
                    1 => drop(chars.splice(at..at, piece.chars())),
                    _ => chars.truncate(at + 1),
                }
            }
            check_hostile(&chars.into_iter().collect::<String>());
        }
    }
}

/// A world without modules, and with the builtin names.
struct Nothing;

impl World for Nothing {
    fn builtins(&self) -> Vec<String> {
        builtins::names().into_iter().map(str::to_owned).collect()
    }

    fn module(&self, _: &str) -> Origin {
        Origin::Unknown
    }

    fn names(&self, _: &str) -> Option<Vec<String>> {
        None
    }

    fn has_attribute(&self, _: &str, _: &str) -> Option<bool> {
        None
    }

    fn signature(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn entity(&self, _: &str, _: &str) -> Entity {
        Entity::Other
    }

    fn member(&self, _: &str, _: &str, _: &str) -> Member {
        Member::Unknown
    }

    fn member_names(&self, _: &str, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn ancestors(&self, _: &str, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn modules(&self) -> Vec<String> {
        Vec::new()
    }
}

/// All that `apy check` finds in a text.
fn findings(bytes: &[u8]) -> Vec<Diagnostic> {
    let text = match decode_source(bytes) {
        Ok(text) => text,
        Err(mistake) => return vec![*mistake],
    };
    let parsed = parse_module(&text);
    let Some(module) = parsed.module else {
        assert!(!parsed.diagnostics.is_empty(), "refused without a word");
        return parsed.diagnostics;
    };
    match compile_module(&module, 0, &text, Mode::Script, &mut GlobalNames::new()) {
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a word");
            mistakes
        }
        Ok((_, mut warnings)) => {
            let subject = Subject {
                module: &module,
                text: &text,
                name: "mutant",
            };
            warnings.extend(lint(&subject, &Nothing));
            warnings
        }
    }
}

/// What is said about a text must lie inside of it and can be drawn; none of it is the interpreter's own fault.
fn check_findings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let file = SourceFile::new("mutant", &*text);
    for found in findings(bytes) {
        assert_ne!(found.code, ErrorCode::Internal, "{}", found.message);
        for label in &found.labels {
            let range = label.span.range();
            assert!(range.end <= bytes.len(), "{range:?}: {}", found.message);
        }
        assert!(!render_in(&found, &file, Color::Never).is_empty());
    }
}

/// The golden programs, in the order of their names.
fn goldens() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "apy") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(found.len() > 300, "the goldens were not found");
    found
}

#[test]
fn mutants_of_the_goldens_are_checked_or_refused() {
    let rounds = std::env::var("APY_MUTANTS").ok();
    let rounds: usize = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(8);
    let texts = goldens()
        .into_iter()
        .map(|path| std::fs::read(path).expect("a readable program"));
    let programs: Vec<Vec<String>> = texts
        .map(|bytes| mutate::pieces(&String::from_utf8_lossy(&bytes)))
        .filter(|pieces| !pieces.is_empty())
        .collect();
    let mut random = Random(0xA5A5_1234_5678_9ABC);
    for program in &programs {
        for _ in 0..rounds {
            let mutant = mutate::mutant(program, &programs, &mut random);
            let started = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| check_findings(&mutant)));
            let in_time = started.elapsed() < Duration::from_secs(10);
            assert!(
                outcome.is_ok() && in_time,
                "this mutant:\n{}",
                String::from_utf8_lossy(&mutant)
            );
        }
    }
}
