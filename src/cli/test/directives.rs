//! The comments with which a tested program may open to say how it is to be run.
//!
//! `# apy: --time real` gives options, `# apy: check` another command, `# apy-args: a b` what the program finds in `sys.argv`; words are
//! separated by blanks. They stand in the comment lines before the first line of code and mean nothing to the language.

/// How one program wants to be run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// What stands before the file: perhaps a command, then options.
    before: Vec<String>,
    /// Arguments after it.
    pub arguments: Vec<String>,
}

impl Directives {
    /// Reads the comments at the head of a program.
    #[must_use]
    pub fn of(source: &str) -> Directives {
        let mut directives = Directives::default();
        for (name, value) in head(source) {
            let words = || value.split_whitespace().map(str::to_owned).collect();
            match name {
                "apy" => directives.before = words(),
                "apy-args" => directives.arguments = words(),
                _ => {}
            }
        }
        directives
    }

    /// The command that the program is for, if that is not `run`.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        self.before
            .first()
            .map(String::as_str)
            .filter(|word| !word.starts_with('-'))
    }

    /// The options before the file.
    #[must_use]
    pub fn options(&self) -> &[String] {
        &self.before[usize::from(self.command().is_some())..]
    }
}

/// The comments `# name: value` before the first line of code.
fn head(source: &str) -> impl Iterator<Item = (&str, &str)> {
    source
        .lines()
        .map(str::trim)
        .take_while(|line| line.is_empty() || line.starts_with('#'))
        .filter_map(|line| line.trim_start_matches(['#', ' ']).split_once(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_comments_before_the_code_count() {
        let found = Directives::of(
            "#!/usr/bin/env apy\n# apy: --seed 7\n\n# apy-args: a b\nx = 1\n# apy: -q\n",
        );
        assert_eq!(
            (found.command(), found.options()),
            (None, &["--seed".to_owned(), "7".to_owned()][..])
        );
        let check = Directives::of("# apy: check --strict\n");
        assert_eq!(
            (check.command(), check.options()),
            (Some("check"), &["--strict".to_owned()][..])
        );
        assert_eq!(found.arguments, ["a", "b"]);
    }
}
