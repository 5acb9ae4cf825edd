//! docs/pictures: what a terminal shows of `apy`, as pictures for README.md.
//!
//! Each picture is made of what the built `apy` really writes, put on the screen of a terminal (`vt100`) and drawn from there
//! (`pictures/svg.rs`). `BLESS=1 cargo test --test pictures` draws them anew; without it this fails when one shows something else than
//! `apy` writes now. The programs that run stand beside the pictures.

#![cfg(unix)]

#[path = "pictures/svg.rs"]
mod svg;
#[expect(
    dead_code,
    reason = "a picture needs few of the ways to look at a screen"
)]
mod terminal;

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;

use terminal::{ENTER, folder, talk_in};

fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures")
}

/// Compares a picture with its file, or writes it.
fn check(name: &str, drawn: &str) {
    let path = pictures().join(name);
    if std::env::var_os("BLESS").is_some_and(|value| !value.is_empty()) {
        std::fs::write(&path, drawn).expect("docs can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/pictures/{name} shows something else than apy writes now; BLESS=1 cargo test --test pictures draws it anew.\n\
         --- the picture\n{}\n--- apy\n{}",
        svg::text(&kept),
        svg::text(drawn)
    );
}

/// A terminal on which somebody typed these commands, one after the other, in the folder of the pictures.
fn typed(commands: &[&str]) -> vt100::Parser {
    let size = |length| NonZeroU16::new(length).expect("not zero");
    let mut terminal = vt100::Parser::new(size(100), size(100), 0);
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        let output = Command::new(env!("CARGO_BIN_EXE_apy"))
            .args(&words[1..])
            .current_dir(pictures())
            .env_remove("NO_COLOR")
            .env("FORCE_COLOR", "1")
            .output()
            .expect("apy starts");
        let written = [output.stdout, output.stderr].concat();
        let written = String::from_utf8(written)
            .expect("UTF-8")
            .replace('\n', "\r\n");
        terminal.process(format!("\x1b[1m$ {command}\x1b[0m\r\n{written}").as_bytes());
    }
    terminal
}

#[test]
fn a_run() {
    let terminal = typed(&["apy --time virtual run.apy"]);
    check(
        "run.svg",
        &svg::draw("apy runs a program", terminal.screen()),
    );
}

#[test]
fn an_error() {
    let terminal = typed(&["apy mistake.apy", "apy error.apy"]);
    check(
        "error.svg",
        &svg::draw("apy shows mistakes", terminal.screen()),
    );
}

#[test]
fn the_prompt() {
    let mut talk = talk_in(&[], &[("NO_COLOR", ""), ("FORCE_COLOR", "1")], &folder());
    talk.enter("async def boil(what, seconds):");
    talk.enter("await sleep(seconds)");
    talk.enter("return f'{what} is ready'");
    talk.press(ENTER);
    talk.at_prompt();
    talk.run("await gather(boil('water', 0.1), boil('rice', 0.2))");
    talk.run("soup = create_task(boil('soup', 3600), name='soup')");
    talk.run(":tasks");
    talk.run("soup.canceled()");
    let screen = talk.screen.lock().expect("no panic");
    check("repl.svg", &svg::draw("the prompt of apy", screen.screen()));
}
