//! `lower`, `upper`, `title`, `capitalize`, `swapcase`, `casefold`.
//!
//! Full case mapping: one character may become several. A capital sigma at the end of a word becomes the final one,
//! for which the whole text is looked at, as in CPython.

use std::ops::Range;

use crate::text::unicode::{
    self, has_new_letter, is_case_ignorable, is_cased, push_fold, push_title, push_upper,
};

/// `text.lower()`: appends what becomes of a piece of the text; so do the functions below.
pub fn lower(text: &str, piece: Range<usize>, out: &mut String) {
    let part = &text[piece.clone()];
    if part.is_ascii() {
        return push_changed(out, part, str::make_ascii_lowercase);
    }
    if !part.contains('Σ') && !has_new_letter(part) {
        let lowered = part.to_lowercase();
        if !has_new_letter(&lowered) {
            return out.push_str(&lowered);
        }
    }
    for (at, c) in part.char_indices() {
        push_lower(out, text, piece.start + at, c);
    }
}

/// `text.upper()`
pub fn upper(text: &str, piece: Range<usize>, out: &mut String) {
    let part = &text[piece];
    if part.is_ascii() {
        return push_changed(out, part, str::make_ascii_uppercase);
    }
    let raised = part.to_uppercase();
    if !has_new_letter(part) && !has_new_letter(&raised) {
        return out.push_str(&raised);
    }
    part.chars().for_each(|c| push_upper(out, c));
}

/// `text.title()`: each run of cased characters begins with titlecase and goes on in lowercase.
pub fn title(text: &str, piece: Range<usize>, out: &mut String) {
    let mut in_word = text[..piece.start]
        .chars()
        .next_back()
        .is_some_and(is_cased);
    for (at, c) in text[piece.clone()].char_indices() {
        if in_word {
            push_lower(out, text, piece.start + at, c)
        } else {
            push_title(out, c)
        }
        in_word = is_cased(c);
    }
}

/// `text.capitalize()`: titlecase for the first character, lowercase for the others.
pub fn capitalize(text: &str, piece: Range<usize>, out: &mut String) {
    for (at, c) in text[piece.clone()].char_indices() {
        if piece.start + at == 0 {
            push_title(out, c)
        } else {
            push_lower(out, text, piece.start + at, c)
        }
    }
}

/// `text.swapcase()`
pub fn swapcase(text: &str, piece: Range<usize>, out: &mut String) {
    for (at, c) in text[piece.clone()].char_indices() {
        if unicode::is_upper(c) {
            push_lower(out, text, piece.start + at, c);
        } else if unicode::is_lower(c) {
            push_upper(out, c);
        } else {
            out.push(c);
        }
    }
}

/// `text.casefold()`
pub fn casefold(text: &str, piece: Range<usize>, out: &mut String) {
    let part = &text[piece];
    if part.is_ascii() {
        return push_changed(out, part, str::make_ascii_lowercase);
    }
    part.chars().for_each(|c| push_fold(out, c));
}

/// Appends an ASCII text after changing it in place.
fn push_changed(out: &mut String, part: &str, change: fn(&mut str)) {
    let at = out.len();
    out.push_str(part);
    change(&mut out[at..]);
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
