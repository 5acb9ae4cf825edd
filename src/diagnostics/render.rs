//! Draws diagnostics for a terminal. The only file that names ariadne.
//!
//! ariadne never sees the user's file, only an excerpt made here: the lines that carry labels, long lines cut to a
//! window around the label, control characters replaced. So files of any size and content render in bounded time and
//! width, and ariadne's own idea of line ends (it knows more of them than Python) does no harm.
//! Labels far from each other get excerpts of their own.

use std::ops::Range;

use ariadne::{Config, IndexType, Report, ReportKind, Source};

use super::fit::{fit, width};
use super::{Diagnostic, ErrorCode, FileId, Label, Severity, SourceFile, SourceMap, Span};

/// How much of a long line is shown before and after the start of a label, in bytes.
const WINDOW: usize = 90;
/// Labels with at most so many lines between them share an excerpt.
const NEAR: u32 = 30;

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Never,
    /// With escape sequences.
    Always,
}

/// Draws one diagnostic about a file as text that ends in a new line.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, file: FileId, color: Color) -> String {
    render_in(diagnostic, sources.file(file), color)
}

/// As `render`, for a text that is in no map.
#[must_use]
pub fn render_in(diagnostic: &Diagnostic, file: &SourceFile, color: Color) -> String {
    let mut out = Vec::new();
    for (index, labels) in near_groups(&diagnostic.labels, file)
        .into_iter()
        .enumerate()
    {
        let excerpt = Excerpt::new(file, &labels, &diagnostic.labels[0]);
        let report = report(diagnostic, &excerpt, index == 0, color);
        let source = Source::from(excerpt.text.as_str());
        // Writing to memory fails only if ariadne cannot format, and then there is nothing better to show.
        let _ = report.write((excerpt.name.clone(), source), &mut out);
    }
    let text = String::from_utf8_lossy(&out);
    let text = text
        .lines()
        .flat_map(|line| [fit(line.trim_end()), "\n".to_owned()])
        .collect();
    if color == Color::Never {
        without_colors(text)
    } else {
        text
    }
}

/// Draws the line of a place with a text under it, and nothing else: for messages whose heading is not a diagnostic's.
#[must_use]
pub fn excerpt(
    file: &SourceFile,
    span: Span,
    label: &str,
    severity: Severity,
    color: Color,
) -> String {
    let mut diagnostic = Diagnostic::error(ErrorCode::InvalidSyntax, span, "").label(label);
    diagnostic.severity = severity;
    let drawn = render_in(&diagnostic, file, color);
    // The first line is the heading.
    drawn
        .split_once('\n')
        .map_or(String::new(), |(_, rest)| rest.to_owned())
}

/// ariadne colours the kind of a report whatever its configuration says.
fn without_colors(text: String) -> String {
    let mut pieces = text.split('\x1b');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |out, piece| {
        out + piece.split_once('m').map_or(piece, |(_, rest)| rest)
    })
}

type Place = (String, Range<usize>);

fn report<'a>(
    diagnostic: &Diagnostic,
    excerpt: &Excerpt,
    is_first: bool,
    color: Color,
) -> Report<'a, Place> {
    let (name, paint) = match diagnostic.severity {
        Severity::Error => (diagnostic.exception(), ariadne::Color::Red),
        Severity::Warning => (diagnostic.exception(), ariadne::Color::Yellow),
    };
    let kind = if is_first {
        ReportKind::Custom(name, paint)
    } else {
        ReportKind::Advice
    };
    let place = excerpt.place.clone();
    let config = Config::default()
        .with_index_type(IndexType::Byte)
        .with_color(color == Color::Always);
    let mut report = Report::build(kind, (excerpt.name.clone(), place)).with_config(config);
    if is_first {
        report = report
            .with_code(diagnostic.code.id())
            .with_message(&diagnostic.message);
        report.with_helps(&diagnostic.help);
    } else {
        report = report.with_message("the other place");
    }
    for label in &excerpt.labels {
        let paint = if label.is_primary {
            paint
        } else {
            ariadne::Color::Cyan
        };
        let drawn = ariadne::Label::new((excerpt.name.clone(), label.range.clone()));
        report.add_label(drawn.with_color(paint).with_message(&label.text));
    }
    report.finish()
}

/// Groups labels by nearness, the primary one's group first.
fn near_groups<'a>(labels: &'a [Label], file: &SourceFile) -> Vec<Vec<&'a Label>> {
    let mut groups: Vec<(u32, Vec<&Label>)> = Vec::new();
    for label in labels {
        let line = file.line(label.span.start);
        match groups
            .iter_mut()
            .find(|(first, _)| first.abs_diff(line) <= NEAR)
        {
            Some((_, group)) => group.push(label),
            None => groups.push((line, vec![label])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The lines around some labels, made presentable, after as many empty lines as the file has before them.
struct Excerpt {
    /// The file's name, with the true column where a cut line would give a wrong one.
    name: String,
    text: String,
    /// Where the first of the labels starts.
    place: Range<usize>,
    /// By line, as ariadne wants them.
    labels: Vec<Drawn>,
}

/// A label in terms of the excerpt.
struct Drawn {
    range: Range<usize>,
    text: String,
    is_primary: bool,
}

impl Excerpt {
    fn new(file: &SourceFile, labels: &[&Label], primary: &Label) -> Self {
        let lines = labels.iter().map(|label| file.line(label.span.start));
        let first_line = lines.clone().min().unwrap_or(1);
        let last_line = lines.max().unwrap_or(1);
        let text = "\n".repeat(first_line as usize - 1);
        let mut excerpt = Self {
            name: file.name().to_string(),
            text,
            place: 0..0,
            labels: Vec::new(),
        };
        for line in first_line..=last_line {
            let mut here = labels.to_vec();
            here.retain(|label| file.line(label.span.start) == line);
            excerpt.add_line(file, line, &here, primary);
        }
        let first = labels
            .first()
            .is_some_and(|first| std::ptr::eq(*first, primary));
        let place = excerpt
            .labels
            .iter()
            .find(|label| label.is_primary || !first);
        excerpt.place = place.map_or(0..0, |label| label.range.clone());
        excerpt
    }

    /// Adds a line and the labels that start on it; a label over several lines is drawn on its first.
    fn add_line(&mut self, file: &SourceFile, line: u32, labels: &[&Label], primary: &Label) {
        let span = file.line_span(line);
        let full = file.line_text(line);
        let offset = |at: u32| (at.clamp(span.start, span.end) - span.start) as usize;
        let focus = labels.first().map_or(0, |label| offset(label.span.start));
        let window = window(full, focus);
        if window.start > 0 && !labels.is_empty() {
            let column = 1 + full[..focus].chars().count();
            self.name = format!("{} (column {column})", file.name());
        }
        let starts = self.add_text(full, &window);
        let end = self.text.len();
        self.text.push_str(if window.end < full.len() {
            "…\n"
        } else {
            " \n"
        });
        let map = |at: usize| match starts.binary_search_by_key(&at, |pair| pair.0) {
            Ok(index) => starts[index].1,
            Err(0) => starts.first().map_or(end, |pair| pair.1),
            Err(_) => end,
        };
        for label in labels {
            let start = map(offset(label.span.start));
            let next = self.text[start..]
                .chars()
                .next()
                .map_or(start, |c| start + c.len_utf8());
            let range = start..map(offset(label.span.end)).max(next);
            let text = if label.text.is_empty() {
                "here"
            } else {
                &label.text
            };
            self.labels.push(Drawn {
                range,
                text: text.to_owned(),
                is_primary: std::ptr::eq(*label, primary),
            });
        }
    }

    /// Adds the part of a line that is in the window; says where each of its characters went.
    fn add_text(&mut self, line: &str, window: &Range<usize>) -> Vec<(usize, usize)> {
        if window.start > 0 {
            self.text.push('…');
        }
        let mut starts = Vec::with_capacity(window.len());
        for (at, c) in line[window.clone()].char_indices() {
            starts.push((window.start + at, self.text.len()));
            // The mark of the encoding that a file may begin with is no column.
            let is_mark = c == '\u{FEFF}' && self.text.trim_start_matches('\n').is_empty();
            self.text.extend((!is_mark).then(|| presentable(c)));
        }
        starts
    }
}

/// The part of a line to show: all of it, or what is around `focus`.
fn window(line: &str, focus: usize) -> Range<usize> {
    // The number of the line and the bar need room, too.
    const MARGIN: usize = 10;
    let half = width().map_or(WINDOW, |width| WINDOW.min(width.saturating_sub(MARGIN) / 2));
    if line.len() <= 2 * half {
        return 0..line.len();
    }
    let boundary = |from: usize| {
        (0..=from)
            .rev()
            .find(|&at| line.is_char_boundary(at))
            .unwrap_or(0)
    };
    let start = boundary(focus.saturating_sub(half));
    let end = width().map_or(focus + half, |_| start + 2 * half);
    start..boundary(end.min(line.len()))
}

/// A text without what moves the cursor, ends a line, changes the direction of writing or makes one picture of several
/// characters, which each terminal takes for another number of columns.
#[must_use]
pub fn presentable_text(text: &str) -> String {
    text.chars().map(presentable).collect()
}

/// One for one, so that columns are counted as in the source.
fn presentable(c: char) -> char {
    match c {
        '\t' => '\t',
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' => ' ',
        // What joins pictures or changes the one before it: a space without width leaves each as wide as it is alone.
        '\u{200D}' | '\u{FE0E}' | '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' => '\u{200B}',
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c if c.is_control() => '\u{FFFD}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(text: &str, diagnostic: &Diagnostic) -> String {
        render_in(diagnostic, &SourceFile::new("f.apy", text), Color::Never)
    }

    fn at(start: u32, end: u32) -> Diagnostic {
        Diagnostic::error(
            ErrorCode::InvalidSyntax,
            Span::new(start, end),
            "invalid syntax",
        )
        .label("here")
    }

    #[test]
    fn a_report_names_the_place_and_shows_the_line() {
        let drawn = draw("x = 1\ny = = 2\n", &at(10, 11).help("remove one"));
        for part in [
            "[E0100] SyntaxError: invalid syntax",
            "f.apy:2:5",
            "y = = 2",
            "here",
            "Help: remove one",
        ] {
            assert!(drawn.contains(part), "{part} in {drawn}");
        }
    }

    #[test]
    fn places_outside_of_the_text_are_drawn_at_its_end() {
        for text in ["", "x", "x\n", "\u{2028}"] {
            assert!(draw(text, &at(0, 0)).contains("here"), "{text:?}");
            assert!(draw(text, &at(99, 120)).contains("here"), "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_cut_around_the_label() {
        let text = format!("{}é$é{}", "a + ".repeat(100_000), " + b".repeat(100_000));
        let drawn = draw(&text, &at(400_002, 400_003));
        assert!(
            drawn.len() < 2_000 && drawn.contains("é$é") && drawn.contains("column 400002"),
            "{drawn}"
        );
    }

    #[test]
    fn marks_stand_under_what_they_mean() {
        let before = [
            "'漢字かな'",
            "'e\u{301}\u{308}'",
            "'👩\u{200D}👩\u{200D}👧'",
            "'❤\u{FE0F}'",
            "'👍🏽'",
            "'🇩🇪'",
            "'ｆｕｌｌ'",
            "\t1\t",
            "'\u{1112}\u{1161}\u{11AB}'",
            "'\u{202E}abc\u{202C}'",
            "'\u{7}\u{1b}[1m'",
            "'\u{200B}\u{AD}'",
        ];
        for before in before {
            let start = before.len() as u32 + 1;
            let drawn = draw(&format!("{before} $ 1"), &at(start, start + 1));
            let mark = |wanted: char| {
                let line = drawn
                    .lines()
                    .find(|line| line.contains(wanted))
                    .expect("it is drawn");
                unicode_width::UnicodeWidthStr::width(line.split(wanted).next().unwrap_or_default())
            };
            assert_eq!(mark('$'), mark('┬'), "{drawn}");
            assert!(!drawn.contains(['\u{202E}', '\u{1b}']), "{drawn:?}");
        }
    }

    #[test]
    fn the_mark_of_the_encoding_is_no_column() {
        let drawn = draw("\u{FEFF}x = $", &at(7, 8));
        assert!(
            drawn.contains("f.apy:1:5") && drawn.contains("│ x = $"),
            "{drawn}"
        );
    }

    #[test]
    fn distant_labels_get_excerpts_of_their_own() {
        let text = "(\n".repeat(500);
        let drawn = draw(&text, &at(998, 999).also(Span::new(0, 1), "opened"));
        assert!(
            drawn.contains("f.apy:500:1") && drawn.contains("f.apy:1:1"),
            "{drawn}"
        );
        assert!(drawn.lines().count() < 20, "{drawn}");
    }

    #[test]
    fn colours_are_optional() {
        let file = SourceFile::new("f", "x y");
        assert!(render_in(&at(2, 3), &file, Color::Always).contains('\x1b'));
        assert!(!render_in(&at(2, 3), &file, Color::Never).contains('\x1b'));
    }
}
