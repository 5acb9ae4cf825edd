//! Changes of a text that mend a finding and leave what the program does as it is.
//!
//! Each is one replacement. Those of several findings may overlap: the command applies them one after another, and looks at the
//! program anew in between.

use crate::diagnostics::{Fix, Span};
use crate::syntax::ast::Alias;

/// Removes one name from an import; the whole statement if it is the only one. None where something else shares its line.
pub fn remove_import(text: &str, stmt: Span, names: &[Alias], index: usize) -> Option<Fix> {
    let end = |alias: &Alias| alias.asname.as_ref().unwrap_or(&alias.name).span.end;
    let span = match (names.get(index + 1), index.checked_sub(1)) {
        (Some(next), _) => Span::new(names[index].name.span.start, next.name.span.start),
        (None, Some(before)) => Span::new(end(&names[before]), end(&names[index])),
        (None, None) => return remove_statement(text, stmt),
    };
    // A comment in between would lose its place.
    let is_plain = !text
        .get(span.start as usize..span.end as usize)?
        .contains('#');
    is_plain.then_some(Fix {
        span,
        text: String::new(),
    })
}

/// Removes the lines of a statement; one that is alone in its block becomes `pass`.
fn remove_statement(text: &str, stmt: Span) -> Option<Fix> {
    let (start, end) = (stmt.start as usize, stmt.end as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    let indent = &text[line_start..start];
    if !indent.trim().is_empty() || !text[end..line_end].trim().is_empty() {
        return None;
    }
    let before = text[..line_start]
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty());
    let after = text[line_end..]
        .lines()
        .find(|line| !line.trim().is_empty());
    let opens = before.is_some_and(|line| {
        let code = line.split(" #").next().unwrap_or_default();
        code.trim_end().ends_with(':')
    });
    let depth = |line: &str| line.len() - line.trim_start().len();
    let ends = after.is_none_or(|line| depth(line) < indent.len());
    if opens && ends && !indent.is_empty() {
        return Some(Fix {
            span: stmt,
            text: "pass".to_owned(),
        });
    }
    Some(Fix {
        span: Span::new(line_start as u32, line_end as u32),
        text: String::new(),
    })
}

/// Removes the `f` of an f-string without fields; None if it is several strings in a row, or has doubled braces.
pub fn plain_string(text: &str, span: Span) -> Option<Fix> {
    let literal = text.get(span.start as usize..span.end as usize)?;
    let prefix = literal.find(['"', '\''])?;
    let quote = &literal[prefix..=prefix];
    let quote = if literal[prefix..].starts_with(&quote.repeat(3)) && literal.len() >= prefix + 6 {
        quote.repeat(3)
    } else {
        quote.to_owned()
    };
    let inside = literal.get(prefix + quote.len()..)?.strip_suffix(&*quote)?;
    if inside.contains(&*quote) || inside.contains(['{', '}', '\\']) {
        return None;
    }
    let at = literal[..prefix].find(['f', 'F'])? as u32 + span.start;
    Some(Fix {
        span: Span::new(at, at + 1),
        text: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, fix: Option<Fix>) -> Option<String> {
        fix.map(|fix| {
            let (start, end) = (fix.span.start as usize, fix.span.end as usize);
            format!("{}{}{}", &text[..start], fix.text, &text[end..])
        })
    }

    #[test]
    fn statements_go_with_their_lines_and_leave_a_block() {
        let text = "import os\nx = 1\n";
        let fix = remove_statement(text, Span::new(0, 9));
        assert_eq!(applied(text, fix).as_deref(), Some("x = 1\n"));
        let text = "def f():\n    import os\nx = 1\n";
        let fix = remove_statement(text, Span::new(13, 22));
        assert_eq!(
            applied(text, fix).as_deref(),
            Some("def f():\n    pass\nx = 1\n")
        );
        assert_eq!(
            remove_statement("import os; x = 1\n", Span::new(0, 9)),
            None
        );
    }

    #[test]
    fn only_whole_plain_strings_lose_their_prefix() {
        let plain = |text: &str| applied(text, plain_string(text, Span::new(0, text.len() as u32)));
        assert_eq!(plain("f'abc'").as_deref(), Some("'abc'"));
        assert_eq!(plain("rf\"\"\"a\"\"\"").as_deref(), Some("r\"\"\"a\"\"\""));
        assert_eq!(plain("f'a' 'b'"), None);
        assert_eq!(plain("f'{{}}'"), None);
    }
}
