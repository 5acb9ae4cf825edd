//! The source texts of a program and the translation of offsets to lines and columns.
//!
//! Files, `-c` texts and REPL entries are all the same here: a name and a text. A file's table of lines is
//! made when someone first asks for a line, so a program that runs without a mistake never pays for it.
//! Lines end where Python ends them: at `\n`, `\r\n` and `\r`.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use memchr::{memchr_iter, memchr2_iter, memrchr2_iter};

use super::Span;

/// All source texts that were loaded, in order.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

/// Names one source text of a `SourceMap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// One source text.
#[derive(Debug)]
pub struct SourceFile {
    name: Rc<str>,
    text: Rc<str>,
    line_starts: OnceCell<Vec<u32>>,
    /// How often a line was asked for without the table of lines.
    asked: Cell<u8>,
}

/// After so many questions for lines the table of lines is made: the first are answered by counting.
const COUNTED: u8 = 16;

/// A place for humans, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The character in that line.
    pub column: u32,
}

impl SourceMap {
    /// Without any file.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text in under a name: a path, or `<string>`, `<stdin>`, `<repl 3>`.
    pub fn add(&mut self, name: impl Into<Rc<str>>, text: impl Into<Rc<str>>) -> FileId {
        self.files.push(SourceFile::new(name, text));
        FileId(u32::try_from(self.files.len() - 1).expect("fewer than 2^32 files"))
    }

    /// The file with that id.
    ///
    /// # Panics
    /// If the id is from another map.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files with their ids.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .zip(0..)
            .map(|(file, index)| (FileId(index), file))
    }
}

impl SourceFile {
    /// A text that is in no map.
    #[must_use]
    pub fn new(name: impl Into<Rc<str>>, text: impl Into<Rc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            line_starts: OnceCell::new(),
            asked: Cell::new(0),
        }
    }

    /// The name it was added under.
    #[must_use]
    pub fn name(&self) -> &Rc<str> {
        &self.name
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Rc<str> {
        &self.text
    }

    /// Number of lines; at least 1.
    #[must_use]
    pub fn line_count(&self) -> u32 {
        self.line_starts().len() as u32
    }

    /// The line (from 1) that contains the offset.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let asked = self.asked.get();
        if asked < COUNTED && self.line_starts.get().is_none() {
            self.asked.set(asked + 1);
            return line_of(&self.text, offset);
        }
        self.line_starts().partition_point(|&start| start <= offset) as u32
    }

    /// The line (from 1) that contains the offset, and where it begins.
    #[must_use]
    pub fn line_and_start(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        if let Some(starts) = self.line_starts.get() {
            return (line, starts[line as usize - 1]);
        }
        let bytes = self.text.as_bytes();
        let before = &bytes[..(offset as usize).min(bytes.len())];
        let mut ends = memrchr2_iter(b'\n', b'\r', before).filter(|&i| ends_line(bytes, i));
        (line, ends.next().map_or(0, |end| end as u32 + 1))
    }

    /// Line and column of an offset; offsets after the end count as the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line(offset);
        let start = self.line_span(line).start;
        let before = &self.text.as_bytes()[start as usize..offset as usize];
        let column = 1 + before.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32;
        LineColumn { line, column }
    }

    /// A line (from 1) without its line end; an empty span after the text if there is no such line.
    #[must_use]
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.line_starts();
        let len = self.text.len() as u32;
        let at = |line: u32| starts.get(line as usize).copied().unwrap_or(len);
        let (start, next) = (at(line.saturating_sub(1)), at(line));
        let ending = self.text[start as usize..next as usize]
            .trim_end_matches(['\n', '\r'])
            .len();
        Span::new(start, start + ending as u32)
    }

    /// The text of a line (from 1) without its line end.
    #[must_use]
    pub fn line_text(&self, line: u32) -> &str {
        &self.text[self.line_span(line).range()]
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| line_starts(&self.text))
    }
}

/// The line (from 1) of an offset, for passes that have a text and no map.
#[must_use]
pub fn line_of(text: &str, offset: u32) -> u32 {
    let bytes = text.as_bytes();
    let before = &bytes[..(offset as usize).min(bytes.len())];
    let line_feeds = memchr_iter(b'\n', before).count();
    let returns = memchr_iter(b'\r', before).filter(|&i| ends_line(bytes, i));
    1 + (line_feeds + returns.count()) as u32
}

fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let ends = memchr2_iter(b'\n', b'\r', bytes)
        .filter(|&i| ends_line(bytes, i))
        .map(|i| i as u32 + 1);
    std::iter::once(0).chain(ends).collect()
}

fn ends_line(bytes: &[u8], i: usize) -> bool {
    bytes[i] == b'\n' || (bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_counts() {
        let file = SourceFile::new("f", "a\nbé\r\nc\rd");
        assert_eq!(file.line_count(), 4);
        assert_eq!(file.line_column(2), LineColumn { line: 2, column: 1 });
        assert_eq!(file.line_column(5), LineColumn { line: 2, column: 3 });
        assert_eq!(
            (file.line_text(2), file.line_text(3), file.line_text(4)),
            ("bé", "c", "d")
        );
        assert_eq!(file.line_column(99).line, 4);
        let fresh = SourceFile::new("f", "a\nbé\r\nc\rd");
        let counted: Vec<_> = (0..10).map(|at| fresh.line_and_start(at)).collect();
        let looked_up: Vec<_> = (0..10).map(|at| file.line_and_start(at)).collect();
        assert_eq!(counted, looked_up);
        assert_eq!(counted[9], (4, 9));
        assert_eq!(line_of("a\r\nb\rc", 5), 3);
    }

    #[test]
    fn an_empty_file_has_one_line() {
        let file = SourceFile::new("f", "");
        assert_eq!(
            (file.line_count(), file.line_text(1), file.line_text(2)),
            (1, "", "")
        );
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
    }
}
