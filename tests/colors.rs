//! When messages have colours: `--color`, NO_COLOR, FORCE_COLOR, TERM=dumb, and whether a terminal reads them.
//!
//! What is painted how is `tests/pictures.rs`'s concern; here is only whether. The rules are those of docs/errors.md.

#![cfg(unix)]

#[expect(dead_code, reason = "one look at the screen is all that is needed")]
mod terminal;

use std::process::Command;

use terminal::{folder, talk_in};

/// The settings of a run: arguments, and what the environment says beside a usual TERM.
type Case = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// Whether the message of an exception has colours where a pipe reads it.
fn in_a_pipe((arguments, environment): Case) -> bool {
    let output = Command::new(env!("CARGO_BIN_EXE_apy"))
        .args(arguments)
        .args(["-c", "1 / 0"])
        .env_remove("NO_COLOR")
        .env_remove("FORCE_COLOR")
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied())
        .output()
        .expect("apy starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("ZeroDivisionError"), "{text}");
    text.contains('\x1b')
}

/// The same where a terminal does.
fn on_a_terminal((arguments, environment): Case) -> bool {
    let mut all = vec![("NO_COLOR", "")];
    all.extend(environment);
    let mut talk = talk_in(arguments, &all, &folder());
    talk.run("1 / 0");
    let lines = talk.lines();
    let row = lines
        .iter()
        .position(|line| line.starts_with("ZeroDivisionError"));
    let row = row.unwrap_or_else(|| panic!("no message in {lines:#?}"));
    let screen = talk.screen.lock().expect("no panic");
    let cell = screen
        .screen()
        .cell(u16::try_from(row).expect("a screen is small"), 0);
    cell.expect("on the screen").fgcolor() != vt100::Color::Default
}

#[test]
fn pipes_get_colours_only_when_told_so() {
    let cases: [(bool, Case); 10] = [
        (false, (&[], &[])),
        (false, (&["--color", "auto"], &[])),
        (true, (&["--color", "always"], &[])),
        (
            true,
            (&["--color=always"], &[("NO_COLOR", "1"), ("TERM", "dumb")]),
        ),
        (true, (&[], &[("FORCE_COLOR", "1")])),
        (true, (&[], &[("FORCE_COLOR", "1"), ("TERM", "dumb")])),
        (false, (&[], &[("FORCE_COLOR", "")])),
        (false, (&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")])),
        (true, (&[], &[("FORCE_COLOR", "1"), ("NO_COLOR", "")])),
        (false, (&["--color", "never"], &[("FORCE_COLOR", "1")])),
    ];
    for (wanted, case) in cases {
        assert_eq!(in_a_pipe(case), wanted, "{case:?}");
    }
}

#[test]
fn terminals_get_colours_unless_told_otherwise() {
    let cases: [(bool, Case); 7] = [
        (true, (&[], &[])),
        (false, (&[], &[("NO_COLOR", "1")])),
        (false, (&[], &[("TERM", "dumb")])),
        (true, (&["--color", "always"], &[("TERM", "dumb")])),
        (true, (&[], &[("TERM", "dumb"), ("FORCE_COLOR", "1")])),
        (false, (&["--color", "never"], &[])),
        (true, (&["--color", "always"], &[("NO_COLOR", "1")])),
    ];
    for (wanted, case) in cases {
        assert_eq!(on_a_terminal(case), wanted, "{case:?}");
    }
}

#[test]
fn mistakes_warnings_and_deadlocks_follow_the_same_rules() {
    let run = |arguments: &[&str], color: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_apy"))
            .args(["--color", color])
            .args(arguments)
            .env_remove("FORCE_COLOR")
            .output()
            .expect("apy starts");
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).into_owned()
    };
    for arguments in [
        ["-c", "x = ("],
        ["-c", "async def f(): pass\nf()"],
        ["-c", "await asyncio.Event().wait()"],
    ] {
        let (with, without) = (run(&arguments, "always"), run(&arguments, "never"));
        assert!(with.contains('\x1b'), "{arguments:?}: {with}");
        assert!(
            !without.contains('\x1b') && !without.is_empty(),
            "{arguments:?}: {without}"
        );
    }
}
