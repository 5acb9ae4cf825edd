//! Comments that silence findings: `# noqa` for all of a line, `# noqa: E0410` for some, `# apy: noqa` for all of a file.
//!
//! Numbers of other checkers that mean the same are known, so that a file that was kept quiet for ruff or flake8 is quiet here, too.
//! Mistakes that keep a program from running cannot be silenced.

use crate::diagnostics::{Diagnostic, ErrorCode, SourceFile};

/// What ruff and flake8 call findings.
const ELSEWHERE: &[(&str, ErrorCode)] = &[
    ("F401", ErrorCode::UnusedImport),
    ("F811", ErrorCode::UnusedImport),
    ("F821", ErrorCode::UndefinedName),
    ("F823", ErrorCode::UnboundName),
    ("F841", ErrorCode::UnusedVariable),
    ("F541", ErrorCode::NoPlaceholders),
    ("B006", ErrorCode::MutableDefault),
    ("E722", ErrorCode::SwallowedCancel),
    ("ASYNC251", ErrorCode::BlockingSleep),
    ("RUF006", ErrorCode::DroppedTask),
    ("A001", ErrorCode::ShadowedBuiltin),
];

/// The findings that no comment silences.
pub fn without_silenced(found: Vec<Diagnostic>, text: &str) -> Vec<Diagnostic> {
    if !text.contains("noqa") && !text.contains("NOQA") {
        return found;
    }
    let file = SourceFile::new("", text);
    let whole = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("# apy: noqa"))
        .map(Silence::read)
        .collect::<Vec<_>>();
    let mut found = found;
    found.retain(|finding| {
        if finding.code < ErrorCode::NeverAwaited {
            return true;
        }
        let line = file.line_text(file.line(finding.span().start));
        let on_line = comment(line).map(Silence::read);
        !on_line
            .iter()
            .chain(&whole)
            .any(|silence| silence.covers(finding.code))
    });
    found
}

/// The text after `# noqa` at the end of a line.
fn comment(line: &str) -> Option<&str> {
    let lower = line.to_ascii_lowercase();
    let at = lower.rfind("# noqa").or_else(|| lower.rfind("#noqa"))?;
    let word = lower[at..].find("noqa")? + "noqa".len();
    line.get(at + word..)
}

/// What one comment silences.
enum Silence {
    All,
    Only(Vec<ErrorCode>),
}

impl Silence {
    /// Reads what follows the word: nothing, or a colon and numbers.
    fn read(rest: &str) -> Silence {
        let Some(list) = rest.trim_start().strip_prefix(':') else {
            return Silence::All;
        };
        let words = list.split([',', ' ']).map(str::trim);
        let codes = words.filter_map(|word| {
            let known = ELSEWHERE
                .iter()
                .find(|row| row.0.eq_ignore_ascii_case(word));
            known.map(|row| row.1).or_else(|| ErrorCode::from_id(word))
        });
        Silence::Only(codes.collect())
    }

    fn covers(&self, code: ErrorCode) -> bool {
        match self {
            Silence::All => true,
            Silence::Only(codes) => codes.contains(&code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Span;

    fn left(text: &str) -> usize {
        let finding = Diagnostic::error(ErrorCode::UnusedImport, Span::new(7, 9), "").as_warning();
        without_silenced(vec![finding], text).len()
    }

    #[test]
    fn comments_silence_their_line_or_file() {
        assert_eq!(left("import os\n"), 1);
        assert_eq!(left("import os  # noqa\n"), 0);
        assert_eq!(left("import os  # NOQA: F401\n"), 0);
        assert_eq!(left("import os  # noqa: E0410, E0411\n"), 0);
        assert_eq!(left("import os  # noqa: E0411\n"), 1);
        assert_eq!(left("import os\n# apy: noqa: E0410\n"), 0);
        assert_eq!(left("import os\nx = 1  # noqa\n"), 1);
    }
}
