//! The settings of pytest in files of the old form: `[pytest]` of pytest.ini and tox.ini, `[tool:pytest]` of setup.cfg.
//!
//! A section has lines `key = value`; lines that are indented go on with the value before them. `#` and `;` begin comments. Only
//! what pytest reads is understood: other sections may hold anything. Words of `addopts` are split as a shell does.

/// The keys and values of a section; None: there is no such section.
pub fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let heading = format!("[{name}]");
    let mut lines = text.lines().skip_while(|line| line.trim_end() != heading);
    lines.next()?;
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines.take_while(|line| !line.starts_with('[')) {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        let goes_on = line.starts_with([' ', '\t']);
        if let (true, Some((_, value))) = (goes_on, found.last_mut()) {
            value.push('\n');
            value.push_str(bare);
        } else if let Some((key, value)) = bare.split_once(['=', ':']) {
            let value = value.split(" #").next().unwrap_or_default();
            found.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    Some(found)
}

/// The words of a text; quotes hold those with spaces together.
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut open = None;
    for c in text.chars() {
        match open {
            Some(quote) if c == quote => open = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '"' || c == '\'' => {
                open = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::{section, split};

    #[test]
    fn sections_have_values_of_several_lines() {
        let text = "[other]\nx\n[tool:pytest]\n# a comment\npython_files = a_*.py\n  b_*.py\nxfail_strict: true\n[end]\nx = 1\n";
        let found = section(text, "tool:pytest").unwrap_or_default();
        let found: Vec<(&str, &str)> = found.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(
            found,
            [("python_files", "a_*.py\nb_*.py"), ("xfail_strict", "true")]
        );
        assert_eq!(section(text, "pytest"), None);
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(
            split("-ra -m \"not slow\" -k='' "),
            ["-ra", "-m", "not slow", "-k="]
        );
    }
}
