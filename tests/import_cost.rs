//! What importing the library costs, counted in steps of the interpreter, which are the same on every machine.
//!
//! A module whose body does work that could wait makes every program that imports it start later. The budgets leave a quarter above
//! what the modules took when they were set; `benches/imports` prints what they take now, in steps and in time.

use std::process::{Command, Stdio};

/// Modules that are imported together, and the most steps that this may take.
const BUDGETS: [(&str, u32); 13] = [
    ("enum", 290),
    ("dataclasses", 25),
    ("typing", 73),
    ("contextlib", 44),
    ("collections", 50),
    ("re", 830),
    ("json", 25),
    ("logging", 52),
    ("datetime", 12),
    ("argparse", 44),
    ("os", 55),
    ("pathlib", 1052),
    (
        "typing, re, json, dataclasses, enum, logging, datetime, pathlib, argparse, asyncio",
        1320,
    ),
];

fn imports_within(modules: &str, steps: u32) -> bool {
    let status = Command::new(env!("CARGO_BIN_EXE_apy"))
        .args(["--max-steps", &steps.to_string(), "-c"])
        .arg(format!("import {modules}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("the program was built").success()
}

#[test]
fn imports_stay_within_their_budgets() {
    let over: Vec<&str> = BUDGETS
        .iter()
        .filter(|(modules, steps)| !imports_within(modules, *steps))
        .map(|(modules, _)| *modules)
        .collect();
    assert!(
        over.is_empty(),
        "imports take more steps than their budget: {over:?}"
    );
}

#[test]
fn a_budget_that_is_too_small_is_noticed() {
    assert!(!imports_within("re", 100));
}
