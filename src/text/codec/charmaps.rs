//! Encodings of one byte a character by a table: pages of DOS, Windows, ISO 8859, Macintosh, KOI8 and EBCDIC.
//!
//! The tables are in `charmaps.txt`, which `oracle/charmaps.py` writes; one is read when its encoding is first used.

use std::sync::OnceLock;

/// An encoding by a table.
pub struct Charmap {
    /// The name of CPython's module, which `names.rs` maps others to.
    pub module: &'static str,
    /// The codec's name.
    pub name: &'static str,
    chars: &'static str,
    table: OnceLock<[Option<char>; 256]>,
}

impl PartialEq for Charmap {
    fn eq(&self, other: &Charmap) -> bool {
        self.module == other.module
    }
}

impl Eq for Charmap {}

impl std::fmt::Debug for Charmap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Charmap {
    /// The table of this module's name.
    pub fn named(module: &str) -> Option<&'static Charmap> {
        static ALL: OnceLock<Vec<Charmap>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let lines = include_str!("charmaps.txt").lines();
            lines.filter_map(Charmap::read).collect()
        });
        all.iter().find(|map| map.module == module)
    }

    /// A line of the file.
    fn read(line: &'static str) -> Option<Charmap> {
        let mut cells = line.split(' ');
        let (module, name, chars) = (cells.next()?, cells.next()?, cells.next()?);
        let is_comment = module == "#";
        (!is_comment).then(|| Charmap {
            module,
            name,
            chars,
            table: OnceLock::new(),
        })
    }

    /// The character of each byte.
    pub fn table(&self) -> &[Option<char>; 256] {
        self.table.get_or_init(|| {
            let chars = unescaped(self.chars);
            let mut table: [Option<char>; 256] =
                std::array::from_fn(|byte| char::from_u32(byte as u32));
            let start = table.len() - chars.len();
            for (entry, c) in table[start..].iter_mut().zip(chars) {
                *entry = Some(c).filter(|&c| c != '\u{fffe}');
            }
            table
        })
    }
}

/// The characters of a line, its escapes `~XXXX` undone.
fn unescaped(text: &str) -> Vec<char> {
    let mut out = Vec::with_capacity(256);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let code = (c == '~').then(|| u32::from_str_radix(&rest[1..5], 16));
        let (c, len) = match code {
            Some(Ok(code)) => (char::from_u32(code).unwrap_or(c), 5),
            _ => (c, c.len_utf8()),
        };
        out.push(c);
        rest = &rest[len..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_all_bytes() {
        for line in include_str!("charmaps.txt").lines().skip(2) {
            let map = Charmap::read(line).expect("a line has three cells");
            assert!([128, 256].contains(&unescaped(map.chars).len()), "{map:?}");
        }
        let cp1252 = Charmap::named("cp1252").expect("is there");
        assert_eq!(cp1252.table()[0x80], Some('€'));
        assert_eq!(cp1252.table()[0x81], None);
    }
}
