//! The expressions of `-k` on names of programs: words with `and`, `or`, `not` and parentheses.
//!
//! `pytest/_select.apy` has the same for the tests of a file, and refuses the same; `check` tells of a broken one before anything runs.

use super::super::args::TestOptions;

/// Whether an expression holds, given which words do. An empty or broken one holds.
fn holds(text: &str, word: &dyn Fn(&str) -> bool) -> bool {
    let tokens = tokens(text);
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let mut at = 0;
    tokens.is_empty() || either(&tokens, &mut at, word)
}

/// Whether the name of a program is among those that the options ask for.
#[must_use]
pub fn is_chosen(name: &str, options: &TestOptions) -> bool {
    let lowered = name.to_lowercase();
    let has = |word: &str| lowered.contains(&word.to_lowercase());
    let in_shard = options
        .shard
        .is_none_or(|(part, parts)| number_of(name) % parts == part - 1);
    holds(&options.keyword(), &has) && in_shard && options.marks.is_none()
}

/// A number of a name; `pytest._worker` has the same.
fn number_of(name: &str) -> u64 {
    name.bytes()
        .fold(0_u32, |number, byte| {
            number.wrapping_mul(31).wrapping_add(byte.into())
        })
        .into()
}

/// The words of an expression, with parentheses as words of their own.
fn tokens(text: &str) -> Vec<String> {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// Refuses an expression in which something is missing or does not fit.
///
/// # Errors
/// The fault, in words.
pub fn check(text: &str) -> Result<(), String> {
    let (mut wants_word, mut open) = (true, 0_usize);
    for token in tokens(text) {
        let fits = match &*token {
            "and" | "or" => !std::mem::replace(&mut wants_word, true),
            "not" => wants_word,
            "(" => {
                open += 1;
                wants_word
            }
            ")" => {
                let fits = !wants_word && open > 0;
                open = open.saturating_sub(1);
                fits
            }
            _ => std::mem::replace(&mut wants_word, false),
        };
        if !fits {
            return Err(format!("'{token}' does not fit here: '{text}'"));
        }
    }
    match (wants_word, open) {
        (true, _) if !text.trim().is_empty() => Err(format!("something is missing: '{text}'")),
        (_, 1..) => Err(format!("')' is missing: '{text}'")),
        _ => Ok(()),
    }
}

fn either(tokens: &[&str], at: &mut usize, word: &dyn Fn(&str) -> bool) -> bool {
    let mut found = both(tokens, at, word);
    while tokens.get(*at) == Some(&"or") {
        *at += 1;
        found |= both(tokens, at, word);
    }
    found
}

fn both(tokens: &[&str], at: &mut usize, word: &dyn Fn(&str) -> bool) -> bool {
    let mut found = one(tokens, at, word);
    while tokens.get(*at) == Some(&"and") {
        *at += 1;
        found &= one(tokens, at, word);
    }
    found
}

fn one(tokens: &[&str], at: &mut usize, word: &dyn Fn(&str) -> bool) -> bool {
    let Some(token) = tokens.get(*at) else {
        return true;
    };
    *at += 1;
    match *token {
        "not" => !one(tokens, at, word),
        "(" => {
            let found = either(tokens, at, word);
            *at += 1;
            found
        }
        token => word(token),
    }
}

#[cfg(test)]
mod tests {
    use super::{check, holds};

    #[test]
    fn broken_ones_are_refused() {
        for text in ["and", "a and", "a or or b", "(a", "a)", "not", "a b", "()"] {
            assert!(check(text).is_err(), "{text}");
        }
        for text in ["", "a", "not a", "not (a or b) and c", "test_x[1-2]"] {
            assert_eq!(check(text), Ok(()));
        }
    }

    #[test]
    fn words_are_combined() {
        let word = |word: &str| "one two".contains(word);
        for (text, expected) in [
            ("", true),
            ("one", true),
            ("three", false),
            ("one and not three", true),
            ("three or (one and two)", true),
            ("not (one or three)", false),
        ] {
            assert_eq!(holds(text, &word), expected, "{text}");
        }
    }
}
