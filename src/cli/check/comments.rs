//! Comments that silence findings: `# noqa` for all of a line, `# noqa: E0410` for some, `# apy: noqa` for all of a file.
//!
//! Numbers and comments of other checkers that mean the same are known, so that a file that was kept quiet for ruff, flake8 or pylint
//! is quiet here, too. What silences the first line of an import silences all its names. Mistakes that keep a program from running
//! cannot be silenced.

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
    ("unused-import", ErrorCode::UnusedImport),
    ("unused-variable", ErrorCode::UnusedVariable),
    ("undefined-variable", ErrorCode::UndefinedName),
    ("used-before-assignment", ErrorCode::UnboundName),
    ("import-error", ErrorCode::UnknownModule),
    ("no-name-in-module", ErrorCode::UnknownAttribute),
    ("no-member", ErrorCode::UnknownAttribute),
    ("f-string-without-interpolation", ErrorCode::NoPlaceholders),
    ("dangerous-default-value", ErrorCode::MutableDefault),
    ("redefined-builtin", ErrorCode::ShadowedBuiltin),
    ("unreachable", ErrorCode::Unreachable),
];

/// How the comments begin that are for a whole file.
const FOR_FILES: [&str; 4] = [
    "# apy: noqa",
    "# ruff: noqa",
    "# flake8: noqa",
    "# pylint: disable=",
];

/// The findings that no comment silences.
pub fn without_silenced(found: Vec<Diagnostic>, text: &str) -> Vec<Diagnostic> {
    if !["noqa", "NOQA", "pylint:"]
        .iter()
        .any(|word| text.contains(word))
    {
        return found;
    }
    let file = SourceFile::new("", text);
    let of_file = |line: &str| {
        let begin = FOR_FILES.iter().find(|begin| line.starts_with(**begin))?;
        let from = if begin.ends_with('=') {
            begin.len() - 1
        } else {
            begin.len()
        };
        line.get(from..).map(Silence::read)
    };
    let whole = text.lines().filter_map(of_file).collect::<Vec<_>>();
    let mut found = found;
    found.retain(|finding| {
        if finding.code < ErrorCode::NeverAwaited {
            return true;
        }
        let line = file.line(finding.span().start);
        let first = match finding.code {
            ErrorCode::UnusedImport | ErrorCode::UnknownAttribute => first_line(&file, line),
            _ => line,
        };
        let lines = [line, first].into_iter().map(|line| file.line_text(line));
        let on_line: Vec<Silence> = lines.filter_map(comment).map(Silence::read).collect();
        !on_line
            .iter()
            .chain(&whole)
            .any(|silence| silence.covers(finding.code))
    });
    found
}

/// The line on which the import begins that goes on to this line; else the line itself.
fn first_line(file: &SourceFile, line: u32) -> u32 {
    /// An import of more lines than this is none.
    const LONGEST: u32 = 500;
    let is_import = |at: &u32| {
        let text = file.line_text(*at).trim_start();
        text.starts_with("from ") || text.starts_with("import ")
    };
    let mut lines = (line.saturating_sub(LONGEST).max(1)..=line).rev();
    lines.find(is_import).unwrap_or(line)
}

/// The text after `# noqa` or `# pylint: disable` at the end of a line.
fn comment(line: &str) -> Option<&str> {
    let lower = line.to_ascii_lowercase();
    if let Some(at) = lower.rfind("pylint: disable=") {
        return line.get(at + "pylint: disable".len()..);
    }
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
        let Some(list) = rest.trim_start().strip_prefix([':', '=']) else {
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
        assert_eq!(left("import os\n# ruff: noqa: F401\n"), 0);
        assert_eq!(left("import os\n# flake8: noqa\n"), 0);
        assert_eq!(left("import os\n# ruff: noqa: E501\n"), 1);
        assert_eq!(left("import os\n# pylint: disable=unused-import\n"), 0);
        assert_eq!(left("import os  # pylint: disable=unused-import\n"), 0);
        assert_eq!(left("import os  # pylint: disable=no-member\n"), 1);
    }
}
