//! Fits drawings to the width of the terminal: lines are broken at words, under the place where their text began.
//!
//! The width is one number for the process, as the terminal is one: the command line, which knows the terminal, sets it, and without one nothing is
//! broken. Lines of source are no matter of this file: `render` cuts them to a window.

use std::sync::atomic::{AtomicUsize, Ordering};

use unicode_width::UnicodeWidthChar;

/// Columns of the terminal; 0: unknown.
static WIDTH: AtomicUsize = AtomicUsize::new(0);
/// In fewer columns nothing can be drawn.
const NARROWEST: usize = 30;

/// Says how many columns the terminal has.
pub fn fit_to(columns: usize) {
    WIDTH.store(columns.max(NARROWEST), Ordering::Relaxed);
}

/// The columns of the terminal, if they are known.
pub fn width() -> Option<usize> {
    Some(WIDTH.load(Ordering::Relaxed)).filter(|&width| width > 0)
}

/// A line of a drawing, as several if it is wider than the terminal.
pub fn fit(line: &str) -> String {
    match width() {
        Some(width) => broken(line, width),
        None => line.to_owned(),
    }
}

/// A text of several lines, each fitted.
#[must_use]
pub fn fitted(text: &str) -> String {
    match width() {
        Some(_) => text
            .lines()
            .flat_map(|line| [fit(line), "\n".to_owned()])
            .collect(),
        None => text.to_owned(),
    }
}

/// Breaks a line at its last space that fits. What follows begins where the text of the line began: after the last mark of a drawing,
/// or after `Help: `; the bar at the left goes on.
fn broken(line: &str, width: usize) -> String {
    if columns(line) <= width {
        return line.to_owned();
    }
    let bare = bare(line);
    let is_mark = |c: char| matches!(c, '─' | '╰' | '╯' | '╭' | '│' | '┬' | '┴' | '·' | ' ');
    let text = bare.find(|c: char| !is_mark(c)).unwrap_or(0);
    let help = bare[text..].starts_with("Help: ");
    let begin = columns(&bare[..text]) + if help { "Help: ".len() } else { 0 };
    let start = begin;
    // Text that begins far to the right would become a column of single words.
    let begin = if begin > width * 2 / 3 {
        width / 3
    } else {
        begin
    };
    let bar = bare.find('│').filter(|&at| at < text);
    let bar = bar.map(|at| columns(&bare[..at]));
    let margin: String = (0..begin)
        .map(|column| if Some(column) == bar { '│' } else { ' ' })
        .collect();
    let (mut out, mut at, mut is_broken) = (String::new(), 0, false);
    for word in line.split_inclusive(' ') {
        let size = columns(word.trim_end());
        // The marks of a drawing stay where they are.
        let after_marks = is_broken || at >= start;
        if at + size > width && at > begin && after_marks {
            is_broken = true;
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(&margin);
            at = begin;
        }
        out.push_str(word);
        at += columns(word);
    }
    out
}

/// How wide a text is without its colours.
fn columns(text: &str) -> usize {
    bare(text).chars().map(|c| c.width().unwrap_or(0)).sum()
}

fn bare(text: &str) -> String {
    let mut pieces = text.split('\x1b');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| {
        out + piece.split_once('m').map_or(piece, |(_, rest)| rest)
    })
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn long_lines_are_broken_at_words() {
        let line = "   │   ╰──── nothing in this file binds it, and it is no builtin";
        assert_eq!(
            broken(line, 40),
            "   │   ╰──── nothing in this file binds\n   │         it, and it is no builtin"
        );
        let help = "  Help: write one thing or another here";
        assert_eq!(
            broken(help, 30),
            "  Help: write one thing or\n        another here"
        );
        assert_eq!(broken("short", 40), "short");
        let far = "   │                      ╰──── this does not hold";
        assert_eq!(
            broken(far, 30),
            "   │                      ╰────\n   │      this does not hold"
        );
    }
}
