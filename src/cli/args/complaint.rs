//! What is wrong with the arguments, in one voice: what was found, what was meant perhaps, where to read on.
//!
//! clap finds the mistake and, for options and values, the nearest name; the words are ours. A kind of mistake that has no words here
//! keeps clap's.

use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::command::NAMES;
use crate::diagnostics::similar::nearest;

/// The complaint, with its second line.
pub fn words(error: &Error) -> String {
    let mut text = format!("apy: {}", found(error));
    if let Some(guess) = guess(error) {
        text.push_str(&format!("; did you mean '{guess}'?"));
    }
    text + "\n     apy --help lists the commands and options\n"
}

fn found(error: &Error) -> String {
    let of = |kind| text(error.get(kind));
    let argument = of(ContextKind::InvalidArg);
    let value = of(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            format!("there is no option '{argument}'")
        }
        ErrorKind::UnknownArgument => format!("'{argument}' is one argument too many"),
        ErrorKind::InvalidValue if value.is_empty() => {
            format!("'{argument}' needs a value{}", choices(error))
        }
        ErrorKind::InvalidValue => {
            format!("'{value}' is no value of '{argument}'{}", choices(error))
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map_or(String::new(), reason);
            format!("'{value}' is no value of '{argument}'{why}")
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} is missing"),
        ErrorKind::ArgumentConflict => {
            format!(
                "'{argument}' and '{}' do not go together",
                of(ContextKind::PriorArg)
            )
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".to_owned(),
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        }
    }
}

/// Why a value is none: for numbers in our words, not in Rust's.
fn reason(why: &(dyn std::error::Error + 'static)) -> String {
    let why = match why.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow | IntErrorKind::NegOverflow) => {
            "the number is too large".into()
        }
        Some(_) => "a whole number is meant".into(),
        None if why.is::<ParseFloatError>() => "a number is meant".into(),
        None => why.to_string(),
    };
    format!(": {why}")
}

/// What a value may be, if that is a short list.
fn choices(error: &Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) if !values.is_empty() => {
            format!(" (it may be {})", values.join(", "))
        }
        _ => String::new(),
    }
}

fn guess(error: &Error) -> Option<String> {
    [ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .map(|kind| text(error.get(kind)))
        .find(|guess| !guess.is_empty())
}

fn text(value: Option<&ContextValue>) -> String {
    match value {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    }
}

/// The commands that a word may mean where no such file is: those that it is the beginning of, else the one that it resembles.
#[must_use]
pub fn commands_like(word: &str) -> Vec<String> {
    const SHORTEST: usize = 2;
    if word == "help" {
        return vec!["--help".to_owned()];
    }
    let names = || NAMES.into_iter();
    let begun: Vec<&str> = names()
        .filter(|name| word.len() >= SHORTEST && name.starts_with(word))
        .collect();
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    // Swapped letters are the commonest slip, and two changes to `nearest`.
    let swapped = || names().find(|name| letters(name) == letters(word));
    let found = match begun.is_empty() {
        true => nearest(word, names())
            .or_else(swapped)
            .into_iter()
            .collect(),
        false => begun,
    };
    found.into_iter().map(str::to_owned).collect()
}
