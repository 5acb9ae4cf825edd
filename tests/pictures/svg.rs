//! The screen of a terminal as an SVG file: a dark window, as readable on a white page as on a black one.
//!
//! Each run of cells that look alike becomes one `<tspan>` with its place and its width given, so that columns stay in line
//! whatever font the reader has.

use vt100::{Cell, Color, Screen};

/// Width and height of a cell, and the space around the text.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 19.0;
const MARGIN: f64 = 16.0;

const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#dfe1e6";
/// The sixteen colours that terminals have by number.
const PALETTE: [&str; 16] = [
    "#5c6370", "#f07178", "#a5d67f", "#e8c77b", "#6cb6ff", "#d191e8", "#62c6d0", "#dfe1e6", //
    "#838a97", "#ff8b92", "#bbe99a", "#ffdb8f", "#8cc8ff", "#e3adf5", "#84dbe4", "#ffffff",
];

/// Draws the lines of a screen, the empty ones at the end left out.
pub fn draw(title: &str, screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let line = |row| (0..columns.get()).map(move |column| screen.cell(row, column));
    let length = |row| {
        let cells: Vec<_> = line(row).flatten().collect();
        cells
            .iter()
            .rposition(|cell| !cell.contents().trim().is_empty())
            .map_or(0, |last| last + 1)
    };
    let height = (0..rows.get())
        .rev()
        .find(|row| length(*row) > 0)
        .map_or(0, |last| last + 1);
    let width = (0..height).map(length).max().unwrap_or(0);
    let (w, h) = (
        width as f64 * WIDTH + 2.0 * MARGIN,
        f64::from(height) * HEIGHT + 2.0 * MARGIN,
    );
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" height=\"{h:.0}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n\
         <!-- Drawn from what apy writes: see the head of tests/pictures.rs. -->\n\
         <title>{}</title>\n<rect width=\"{w:.0}\" height=\"{h:.0}\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n",
        escape(title)
    );
    for row in 0..height {
        let y = MARGIN + (f64::from(row) + 0.75) * HEIGHT;
        let cells: Vec<&Cell> = line(row).flatten().take(length(row)).collect();
        out.push_str(&format!(
            "<text xml:space=\"preserve\" y=\"{y:.1}\" fill=\"{FOREGROUND}\">{}</text>\n",
            runs(&cells)
        ));
    }
    out.push_str("</svg>\n");
    out
}

/// The text that a picture shows, for messages.
pub fn text(picture: &str) -> String {
    let lines = picture.lines().filter(|line| line.starts_with("<text"));
    let plain = lines.map(|line| {
        let parts = line.split('<').filter_map(|tag| tag.split_once('>'));
        parts.map(|(_, text)| text).collect::<String>() + "\n"
    });
    plain
        .collect::<String>()
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// A line as `<tspan>`s.
fn runs(cells: &[&Cell]) -> String {
    let mut out = String::new();
    let mut start = 0;
    while start < cells.len() {
        let style = style(cells[start]);
        let count = cells[start..]
            .iter()
            .take_while(|cell| self::style(cell) == style)
            .count();
        let text: String = cells[start..start + count]
            .iter()
            .filter(|cell| !cell.is_wide_continuation())
            .map(|cell| {
                if cell.has_contents() {
                    cell.contents()
                } else {
                    " "
                }
            })
            .collect();
        let (x, length) = (MARGIN + start as f64 * WIDTH, count as f64 * WIDTH);
        out.push_str(&format!(
            "<tspan x=\"{x:.1}\" textLength=\"{length:.1}\"{style}>{}</tspan>",
            escape(&text)
        ));
        start += count;
    }
    out
}

/// How a cell looks, as attributes; blanks look like nothing.
fn style(cell: &Cell) -> String {
    let mut style = String::new();
    if cell.contents().trim().is_empty() && !cell.underline() {
        return style;
    }
    if let Some(color) = color(cell.fgcolor()) {
        style.push_str(&format!(" fill=\"{color}\""));
    }
    for (on, attribute) in [
        (cell.bold(), " font-weight=\"bold\""),
        (cell.italic(), " font-style=\"italic\""),
        (cell.underline(), " text-decoration=\"underline\""),
        (cell.dim(), " opacity=\"0.65\""),
    ] {
        if on {
            style.push_str(attribute);
        }
    }
    style
}

fn color(color: Color) -> Option<String> {
    let (r, g, b) = match color {
        Color::Default => return None,
        Color::Idx(index @ 0..16) => return Some(PALETTE[usize::from(index)].to_owned()),
        // The cube of 6 x 6 x 6 colours, then the greys.
        Color::Idx(index @ 16..232) => {
            let part = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let n = index - 16;
            (part(n / 36), part(n / 6 % 6), part(n % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
        Color::Rgb(r, g, b) => (r, g, b),
    };
    Some(format!("#{r:02x}{g:02x}{b:02x}"))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
