//! docs/cli.md: the declarations of `command` as a page, and the test that it is up to date.
//!
//! `BLESS=1 cargo test --lib cli::args::reference` writes the page.

use std::fmt::Write;

use clap::{Arg, Command};

use super::command::command;

const HEAD: &str = "\
# The command line

This page is the manual of the program `apy`, made from the declarations that `apy --help` comes from (`src/cli/args/command.rs`):
`BLESS=1 cargo test --lib cli::args::reference` writes it anew, and the same test fails when it is behind.
The exit statuses are in the [README](../README.md#use), how to write tests in [testing.md](testing.md).

Options stand before the program: what follows the program's name are its own arguments. The options of the first table
may also stand behind a command.
";

fn page() -> String {
    let mut command = command();
    command.build();
    let mut page = HEAD.to_owned();
    section(&mut page, &command, "apy [FILE [ARGS]]");
    for sub in command.get_subcommands() {
        let operands: String = sub
            .get_positionals()
            .map(|arg| format!(" {}", operand(arg)))
            .collect();
        section(&mut page, sub, &format!("apy {}{operands}", sub.get_name()));
    }
    page
}

fn section(page: &mut String, command: &Command, usage: &str) {
    let _ = writeln!(page, "\n## `{usage}`\n");
    if let Some(about) = command.get_about() {
        let _ = writeln!(page, "{about}.");
    }
    let is_top = command.get_name() == "apy";
    let shown = |arg: &&Arg| !arg.is_hide_set() && (is_top || !arg.is_global_set());
    let mut args: Vec<&Arg> = command.get_arguments().filter(shown).collect();
    args.retain(|arg| is_top || !["help", "version"].contains(&arg.get_id().as_str()));
    if args.is_empty() {
        return;
    }
    page.push_str("\n| | |\n|---|---|\n");
    for arg in args {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "| {} | {help} |", name(arg));
    }
    if let (false, Some(more)) = (is_top, command.get_after_help()) {
        let _ = writeln!(page, "\n{more}");
    }
}

/// An operand as usage lines show it.
fn operand(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    match names {
        [file, rest] => format!("{file} [{rest}]"),
        [one] if arg.is_required_set() => one.to_string(),
        [one] => format!("[{one}]"),
        _ => String::new(),
    }
}

/// `-s`, `--long VALUE` in code quotes.
fn name(arg: &Arg) -> String {
    if arg.is_positional() {
        return format!("`{}`", operand(arg));
    }
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    let value = match arg.get_value_names() {
        _ if !arg.get_action().takes_values() => String::new(),
        _ if !choices.is_empty() => format!(" {}", choices.join("\\|")),
        Some([name, ..]) => format!(" {name}"),
        _ => String::new(),
    };
    let short = arg.get_short().map(|short| format!("`-{short}{value}`"));
    let longs = arg.get_long().into_iter().map(str::to_owned);
    let longs = longs.chain(
        arg.get_visible_aliases()
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned),
    );
    let longs = longs.map(|long| format!("`--{long}{value}`"));
    short
        .into_iter()
        .chain(longs)
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "compares and writes a page of the docs"
)]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");
    let page = page();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).expect("docs can be written");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == found,
        "docs/cli.md is behind: BLESS=1 cargo test --lib cli::args::reference"
    );
}
