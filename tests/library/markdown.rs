//! Pages as Markdown: a heading a thing, its call in a code span, what it says as paragraphs.
//!
//! Lines of a documentation that are signatures or examples keep their shape in a block marked `text`.

use std::path::Path;

use super::pages::Page;
use super::{Class, Entry, Item};

const NOTE: &str = "<!-- Written by `BLESS=1 cargo test --test library` from the declarations in src/. Change those, not this page. -->";

/// A whole page.
pub fn page(page: &Page) -> String {
    let mut out = format!("{NOTE}\n\n# {}\n\n", escape(&page.title));
    out.push_str(&page.intro);
    out.push_str("\n\n");
    out.push_str(&example(page.file));
    page.items.iter().for_each(|item| render(&mut out, item, 2));
    finish(out)
}

/// The example of a page with what it prints: a golden program, so that it runs with all others and CPython has checked it.
fn example(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/library_pages");
    let read = |ending: &str| std::fs::read_to_string(folder.join(format!("page_{file}.{ending}")));
    let Ok(program) = read("apy") else {
        return String::new();
    };
    let lines = program
        .lines()
        .filter(|line| !line.starts_with("# apy-only"));
    let program: String = lines.flat_map(|line| [line, "\n"]).collect();
    let output = read("out").expect("a golden program has its output beside it");
    format!("```python\n{program}```\n```text\n{output}```\n\n")
}

/// The list of all pages.
pub fn index(pages: &[Page]) -> String {
    let mut out = format!(
        "{NOTE}\n\n# The library\n\nWhat programs can name. `help(name)` shows the same text. In a call, what stands before `/` is given by position only, \
        what stands behind `*` by name only; `await` stands before what has to be awaited.\n\n"
    );
    for page in pages {
        let paragraph = page.intro.split("\n\n").next().unwrap_or_default();
        let first = paragraph.split_inclusive(". ").next().unwrap_or_default();
        let first = first.trim_end();
        out.push_str(&format!("- [{}]({}.md): {first}\n", page.title, page.file));
    }
    finish(out)
}

fn finish(out: String) -> String {
    format!("{}\n", out.trim_end())
}

fn render(out: &mut String, item: &Item, level: usize) {
    match item {
        Item::Section(title, items) => {
            out.push_str(&format!("{} {title}\n\n", "#".repeat(level)));
            items.iter().for_each(|item| render(out, item, level + 1));
        }
        Item::Text(text) => out.push_str(&format!("{text}\n\n")),
        Item::Function(entry) => function(out, entry, level),
        Item::Class(class) => render_class(out, class, level),
        Item::Table(heads, rows) => table(out, *heads, rows),
    }
}

fn function(out: &mut String, entry: &Entry, level: usize) {
    out.push_str(&format!("{} {}\n\n", "#".repeat(level), code(&entry.call)));
    doc(out, &entry.doc);
}

fn render_class(out: &mut String, class: &Class, level: usize) {
    let call = class.call.as_ref().unwrap_or(&class.name);
    out.push_str(&format!("{} class {}\n\n", "#".repeat(level), code(call)));
    doc(out, &class.doc);
    if let Some(base) = &class.base {
        out.push_str(&format!("It derives from {}.\n\n", code(base)));
    }
    if !class.attributes.is_empty() {
        table(out, ["attribute", "what it is"], &class.attributes);
    }
    class
        .methods
        .iter()
        .for_each(|method| function(out, method, level + 1));
    if !class.special.is_empty() {
        table(
            out,
            ["for operators and the like", "what it does"],
            &class.special,
        );
    }
}

fn table(out: &mut String, [name, what]: [&str; 2], rows: &[Entry]) {
    out.push_str(&format!("| {name} | {what} |\n|---|---|\n"));
    for row in rows {
        let doc = escape(&row.doc)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        out.push_str(&format!(
            "| {} | {} |\n",
            code(&row.call).replace('|', "\\|"),
            doc.replace('|', "\\|")
        ));
    }
    out.push('\n');
}

/// Paragraphs as such; those that are signatures or examples in a block.
fn doc(out: &mut String, text: &str) {
    for paragraph in text
        .trim()
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
    {
        let keeps_shape = paragraph.lines().any(|line| {
            line.starts_with(' ')
                || line.contains(" -> ")
                || line.contains("[, ")
                || line.contains("[,")
        });
        if keeps_shape {
            let lines: Vec<&str> = paragraph.lines().map(str::trim_end).collect();
            out.push_str(&format!("```text\n{}\n```\n\n", lines.join("\n")));
        } else {
            let words: Vec<&str> = paragraph.split_whitespace().collect();
            out.push_str(&format!("{}\n\n", sentence(&escape(&words.join(" ")))));
        }
    }
}

/// With a capital letter, unless it begins with a name, and a full stop.
fn sentence(text: &str) -> String {
    let stop = if text.ends_with(['.', ':', '?', '!']) {
        ""
    } else {
        "."
    };
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.len() > 1 && first.trim_end_matches(',').chars().all(char::is_lowercase);
    match text.chars().next() {
        Some(letter) if is_word => {
            letter.to_uppercase().collect::<String>() + &text[letter.len_utf8()..] + stop
        }
        _ => format!("{text}{stop}"),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Keeps Markdown from seeing marks in plain text; what stands in backquotes is code and stays as it is.
fn escape(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let is_paired = parts.len() % 2 == 1;
    let mut out = String::new();
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push_str(if is_paired { "`" } else { "\\`" });
        }
        match is_paired && i % 2 == 1 {
            true => out.push_str(part),
            false => out.push_str(&escape_marks(part)),
        }
    }
    out
}

fn escape_marks(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if ['*', '_', '<', '>', '[', ']', '\\'].contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
