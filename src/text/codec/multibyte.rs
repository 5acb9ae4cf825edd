//! Encodings of one or more bytes a character: those of China, Japan and Korea, by the tables of `encoding_rs`.
//!
//! The crate follows the WHATWG standard, whose tables are supersets: `gb2312` here reads all of GBK, `shift_jis` all of cp932.

use encoding_rs as tables;

use super::Fault;

/// An encoding of the crate under CPython's name.
pub struct Multibyte {
    /// The codec's name.
    pub name: &'static str,
    tables: &'static tables::Encoding,
}

impl PartialEq for Multibyte {
    fn eq(&self, other: &Multibyte) -> bool {
        self.name == other.name
    }
}

impl Eq for Multibyte {}

impl std::fmt::Debug for Multibyte {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn row(name: &'static str, tables: &'static tables::Encoding) -> Multibyte {
    Multibyte { name, tables }
}

static ALL: [Multibyte; 13] = [
    row("big5", tables::BIG5),
    row("big5hkscs", tables::BIG5),
    row("cp932", tables::SHIFT_JIS),
    row("cp949", tables::EUC_KR),
    row("cp950", tables::BIG5),
    row("euc_jp", tables::EUC_JP),
    row("euc_kr", tables::EUC_KR),
    row("gb18030", tables::GB18030),
    row("gb2312", tables::GBK),
    row("gbk", tables::GBK),
    row("iso2022_jp", tables::ISO_2022_JP),
    row("shift_jis", tables::SHIFT_JIS),
    row("shift_jis_2004", tables::SHIFT_JIS),
];

const REASON: &str = "illegal multibyte sequence";

impl Multibyte {
    /// The encoding of this name.
    pub fn named(name: &str) -> Option<&'static Multibyte> {
        ALL.iter().find(|known| known.name == name)
    }

    /// Decodes from byte `at` on.
    pub fn decode(&self, bytes: &[u8], at: usize, text: &mut String) -> Result<(), Fault> {
        let mut decoder = self.tables.new_decoder_without_bom_handling();
        let input = &bytes[at..];
        text.reserve(decoder.max_utf8_buffer_length(input.len()).unwrap_or(0));
        let (result, read) = decoder.decode_to_string_without_replacement(input, text, true);
        match result {
            tables::DecoderResult::Malformed(bad, after) => {
                let end = at + read - usize::from(after);
                let start = end - usize::from(bad);
                let cut = end == bytes.len() && bad == 1 && !bytes[start].is_ascii();
                let reason = if cut {
                    "incomplete multibyte sequence"
                } else {
                    REASON
                };
                // As in CPython the lead byte alone is at fault: what follows may be a character.
                let end = if cut { end } else { start + 1 };
                Err(Fault::new(self.name, start..end, reason))
            }
            _ => Ok(()),
        }
    }

    /// Encodes.
    pub fn encode(&self, rest: &str, at: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut encoder = self.tables.new_encoder();
        let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        let mut encoded = vec![0; room.unwrap_or(rest.len() * 4) + 8];
        let (result, read, written) =
            encoder.encode_from_utf8_without_replacement(rest, &mut encoded, true);
        out.extend_from_slice(&encoded[..written]);
        match result {
            tables::EncoderResult::Unmappable(c) => {
                let start = at + rest[..read - c.len_utf8()].chars().count();
                Err(Fault::new(self.name, start..start + 1, REASON))
            }
            _ => Ok(()),
        }
    }
}
