//! `lower`, `upper`, `title`, `capitalize`, `swapcase`, `casefold`.
//!
//! Full case mapping: one character may become several. A capital sigma at the end of a word becomes the final one,
//! for which the whole text is looked at, as in CPython.

use crate::text::unicode::{
    self, has_new_letter, is_case_ignorable, is_cased, push_fold, push_title, push_upper,
};

/// `text.lower()`
pub fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lowered = text.to_lowercase();
    if !has_new_letter(text) && !has_new_letter(&lowered) {
        return lowered;
    }
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        push_lower(&mut out, text, at, c);
    }
    out
}

/// `text.upper()`
pub fn upper(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_uppercase();
    }
    let raised = text.to_uppercase();
    if !has_new_letter(text) && !has_new_letter(&raised) {
        return raised;
    }
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_upper(&mut out, c));
    out
}

/// `text.title()`: each run of cased characters begins with titlecase and goes on in lowercase.
pub fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        if in_word {
            push_lower(&mut out, text, at, c)
        } else {
            push_title(&mut out, c)
        }
        in_word = is_cased(c);
    }
    out
}

/// `text.capitalize()`: titlecase for the first character, lowercase for the others.
pub fn capitalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if at == 0 {
            push_title(&mut out, c)
        } else {
            push_lower(&mut out, text, at, c)
        }
    }
    out
}

/// `text.swapcase()`
pub fn swapcase(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if unicode::is_upper(c) {
            push_lower(&mut out, text, at, c);
        } else if unicode::is_lower(c) {
            push_upper(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

/// `text.casefold()`
pub fn casefold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_fold(&mut out, c));
    out
}

/// Appends the lowercase of `c`, which stands at byte `at` of `text`.
fn push_lower(out: &mut String, text: &str, at: usize, c: char) {
    if c == 'Σ' {
        out.push(if is_final(&text[..at], &text[at + c.len_utf8()..]) {
            'ς'
        } else {
            'σ'
        });
    } else {
        unicode::push_lower(out, c);
    }
}

/// Whether a sigma between the two texts ends a word: Unicode's Final_Sigma.
fn is_final(before: &str, after: &str) -> bool {
    let cased = |c: Option<char>| c.is_some_and(is_cased);
    cased(before.chars().rev().find(|c| !is_case_ignorable(*c)))
        && !cased(after.chars().find(|c| !is_case_ignorable(*c)))
}
