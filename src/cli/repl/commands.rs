//! The commands of the prompt: lines that begin with a colon.
//!
//! A row of `COMMANDS` each: what it is called, what it takes, what it is for, and the function that does it. The table is the help,
//! what Tab completes, and where the nearest name is looked for.

use std::fmt::Write;

use super::{Session, Talk};
use crate::cli::args::ProgramText;
use crate::cli::run::read;
use crate::diagnostics::fitted;
use crate::diagnostics::similar::nearest;
use crate::embed::present::failure::location;
use crate::embed::{Found, Mode, Nothing, Outcome};
use crate::sched::clock::TimeMode;
use crate::syntax::parser::{ReplInput, parse_repl};
use crate::vm::Stuck;

/// What a task that is ready waits for.
const TURN: &str = "its turn";

/// A command.
pub struct Command {
    /// Without the colon.
    pub name: &'static str,
    /// What follows it; empty: nothing.
    argument: &'static str,
    /// What it is for.
    help: &'static str,
    run: fn(&mut Session<'_>, &str) -> Talk,
}

const fn row(
    name: &'static str,
    argument: &'static str,
    help: &'static str,
    run: fn(&mut Session<'_>, &str) -> Talk,
) -> Command {
    Command {
        name,
        argument,
        help,
        run,
    }
}

/// All commands, in the order of the help.
pub const COMMANDS: &[Command] = &[
    row("help", "", "this list", help),
    row(
        "tasks",
        "",
        "every task: what it waits for, and where",
        tasks,
    ),
    row("time", "CODE", "run code and say how long it took", time),
    row(
        "clock",
        "[real|virtual]",
        "which time the program lives in; change it",
        clock,
    ),
    row(
        "type",
        "EXPR",
        "the type of a value: items of a container, signature of a function",
        type_of,
    ),
    row("dis", "NAME", "the bytecode of a function or class", dis),
    row("load", "FILE", "run a file here", load),
    row("save", "FILE", "write the inputs that ran to a file", save),
    row("reset", "", "cancel all tasks, forget all names", reset),
    row("quit", "", "leave (Ctrl-D does, too)", |_, _| Talk::Over),
];

/// Runs a command line.
pub fn command(session: &mut Session<'_>, line: &str) -> Talk {
    let line = line.trim().trim_start_matches(':');
    let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let argument = argument.trim();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        let names = COMMANDS.iter().map(|command| command.name);
        let advice = match nearest(name, names) {
            Some(guess) => format!("did you mean :{guess}?"),
            None => ":help lists the commands".to_owned(),
        };
        session.say(&format!("there is no command :{name}; {advice}\n"));
        return Talk::On;
    };
    let needs = !command.argument.is_empty() && !command.argument.starts_with('[');
    match (needs, argument.is_empty()) {
        (true, true) => session.say(&format!(":{name} needs {}\n", command.argument)),
        (_, false) if command.argument.is_empty() => {
            session.say(&format!(":{name} takes nothing behind it\n"));
        }
        _ => return (command.run)(session, argument),
    }
    Talk::On
}

fn help(session: &mut Session<'_>, _: &str) -> Talk {
    let mut out = String::new();
    for command in COMMANDS {
        let usage = format!(":{} {}", command.name, command.argument);
        let _ = writeln!(out, "  {usage:<22} {}", command.help);
    }
    out.push_str(
        "A block ends with a blank line. Tab completes, Ctrl-R searches what you typed before.\n\
         Ctrl-C clears the line; while code runs it cancels what the prompt waits for.\n",
    );
    session.say(&fitted(&out));
    Talk::On
}

fn tasks(session: &mut Session<'_>, _: &str) -> Talk {
    let tasks = session.interpreter.tasks();
    let mut out = match tasks.len() {
        0 => "no tasks\n".to_owned(),
        1 => "1 task\n".to_owned(),
        count => format!("{count} tasks\n"),
    };
    for task in &tasks {
        out.push_str(&describe_task(session, task));
    }
    session.say(&fitted(&out));
    Talk::On
}

fn describe_task(session: &Session<'_>, task: &Stuck) -> String {
    let sources = session.sources.borrow();
    let mut out = format!("  {}: ", task.task);
    match &task.place {
        None if !task.has_begun => out.push_str("has not begun"),
        None if task.waits_for == TURN => out.push_str("ready"),
        None => {
            let _ = write!(out, "waits for {}", task.waits_for);
        }
        Some(place) => {
            let _ = write!(out, "{} at {}", place.0.qualname, location(place, &sources));
            let words = match task.waits_for.as_str() {
                TURN => ", ready".to_owned(),
                awaited => format!(", waits for {awaited}"),
            };
            out.push_str(&words);
        }
    }
    if let Some(place) = task.spawned.first() {
        let _ = write!(out, ", spawned at {}", location(place, &sources));
    }
    out + "\n"
}

fn time(session: &mut Session<'_>, code: &str) -> Talk {
    let (virtual_before, real_before) = session.interpreter.clocks();
    let talk = session.run(code);
    let (virtual_after, real_after) = session.interpreter.clocks();
    let mut took = duration(real_after - real_before);
    if session.interpreter.time() == TimeMode::Virtual {
        let _ = write!(
            took,
            ", {} on the virtual clock",
            duration(virtual_after - virtual_before)
        );
    }
    session.say(&format!("took {took}\n"));
    talk
}

/// Three figures and a unit.
fn duration(seconds: f64) -> String {
    match seconds {
        s if s >= 100.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.3} ms", s * 1e3),
        s => format!("{:.1} µs", s * 1e6),
    }
}

fn clock(session: &mut Session<'_>, mode: &str) -> Talk {
    match mode {
        "" => {}
        "real" => session.interpreter.set_time(TimeMode::Real),
        "virtual" => session.interpreter.set_time(TimeMode::Virtual),
        _ => {
            session.say(&format!(
                "there is no clock '{mode}': :clock real or :clock virtual\n"
            ));
            return Talk::On;
        }
    }
    let (now, _) = session.interpreter.clocks();
    let words = match session.interpreter.time() {
        TimeMode::Real => "real: a sleep takes as long as it says",
        TimeMode::Virtual => "virtual: it jumps to the next timer when nothing else runs",
    };
    session.say(&format!("{words}; loop.time() is {now:.3}\n"));
    Talk::On
}

fn type_of(session: &mut Session<'_>, text: &str) -> Talk {
    let name = session.next_name();
    let module = match parse_repl(text) {
        ReplInput::Complete(module) => module,
        ReplInput::Incomplete => {
            session.say(":type needs a whole expression\n");
            return Talk::On;
        }
        ReplInput::Invalid(mistakes) => {
            session.complain_of(&name, text, &mistakes);
            return Talk::On;
        }
    };
    match session.interpreter.type_of(&name, text, module) {
        Ok(found) => session.say(&format!("{found}\n")),
        Err(Nothing::Ended(outcome)) => return session.conclude(outcome),
        Err(Nothing::NoExpression | Nothing::Unbound) => session.say(":type needs an expression\n"),
    }
    Talk::On
}

fn dis(session: &mut Session<'_>, name: &str) -> Talk {
    let path: Vec<&str> = name.split('.').map(str::trim).collect();
    let text = match session.interpreter.listing(&path) {
        Ok(Found::Listing(listing)) => listing,
        Ok(Found::Other(of)) => format!("'{name}' ({of}) has no bytecode\n"),
        Err(_) => format!("nothing is called '{name}'\n"),
    };
    session.say(&text);
    Talk::On
}

fn load(session: &mut Session<'_>, file: &str) -> Talk {
    match read(&ProgramText::File(file.into())) {
        Ok((name, text)) => {
            let outcome = session.interpreter.run(&name, &text, Mode::Script);
            if matches!(outcome, Outcome::Done) {
                session.keep(&String::from_utf8_lossy(&text));
            }
            session.conclude(outcome)
        }
        Err(problem) => {
            session.say(&format!("{problem}\n"));
            Talk::On
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user names the file to write"
)]
fn save(session: &mut Session<'_>, file: &str) -> Talk {
    let text = session.inputs.concat();
    let words = match std::fs::write(file, text) {
        Ok(()) => format!("wrote {} inputs to {file}\n", session.inputs.len()),
        Err(error) => format!("cannot write {file}: {error}\n"),
    };
    session.say(&words);
    Talk::On
}

fn reset(session: &mut Session<'_>, _: &str) -> Talk {
    let outcome = session.interpreter.leave();
    let talk = session.conclude(outcome);
    session.begin_anew();
    session.say("all names are forgotten\n");
    talk
}
