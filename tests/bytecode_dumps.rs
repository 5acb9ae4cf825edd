//! Listings of scopes and bytecode, compared with files: `tests/dumps/bytecode/<name>.apy` with `.scopes` and `.dis` beside it.
//!
//! What the compiler makes of a program is a contract that a change should alter knowingly. `BLESS=1` rewrites the
//! listings; read the difference before committing it. To add a case, add a program of at most 30 lines.

use std::fs;
use std::path::{Path, PathBuf};

use apy_front::bytecode::{GlobalNames, dis};
use apy_front::compile::{Mode, compile_module, dump};
use apy_front::diagnostics::SourceFile;
use apy_front::syntax::parser::parse_module;

#[test]
fn listings_are_as_recorded() {
    let mut wrong = Vec::new();
    for path in programs(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dumps/bytecode"),
        "apy",
    ) {
        let source = fs::read_to_string(&path).expect("a readable program");
        let (scopes, dis) = listings(&source);
        wrong.extend(compare(&path.with_extension("scopes"), &scopes));
        wrong.extend(compare(&path.with_extension("dis"), &dis));
    }
    assert!(
        wrong.is_empty(),
        "{}\nBLESS=1 rewrites the listings",
        wrong.join("\n")
    );
}

/// Compiles every program below the folder in `APY_CORPUS`; what the front end or the resolver refuses is skipped.
#[test]
#[ignore = "needs a folder of programs in APY_CORPUS"]
fn a_corpus_compiles_without_internal_errors() {
    let root = std::env::var("APY_CORPUS").expect("APY_CORPUS names a folder");
    let run = move || {
        let (mut compiled, mut refused, mut internal) = (0, Vec::new(), Vec::new());
        for path in programs(PathBuf::from(root), "py") {
            let Ok(source) = fs::read_to_string(&path) else {
                continue;
            };
            let Some(module) = parse_module(&source).module else {
                continue;
            };
            match compile_module(&module, 0, &source, Mode::Script, &mut GlobalNames::new()) {
                Ok(_) => compiled += 1,
                Err(problems) => {
                    let text = format!("{}: {}", path.display(), problems[0].message);
                    if text.contains("internal") {
                        internal.push(text)
                    } else {
                        refused.push(text)
                    }
                }
            }
        }
        println!("{compiled} compiled\n{}", refused.join("\n"));
        assert!(internal.is_empty(), "{}", internal.join("\n"));
    };
    let thread = std::thread::Builder::new()
        .stack_size(1 << 28)
        .spawn(run)
        .expect("a thread");
    thread.join().expect("no panic");
}

fn listings(source: &str) -> (String, String) {
    let module = parse_module(source).module.expect("a valid program");
    let mut globals = GlobalNames::new();
    let compiled = compile_module(&module, 0, source, Mode::Script, &mut globals);
    let dis = match compiled {
        Ok((code, _)) => dis::listing(&code, &SourceFile::new("dump", source), &globals),
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{}\n", problem.message))
            .collect(),
    };
    (dump::scopes(&module), dis)
}

fn compare(path: &Path, actual: &str) -> Option<String> {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, actual).expect("a writable listing");
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    (expected != actual).then(|| format!("{} differs; now it is:\n{actual}", path.display()))
}

fn programs(folder: PathBuf, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
