//! The comments with which a tested program may open to say how it is to be run.
//!
//! `# apy: --time real` gives options, `# apy-args: a b` what the program finds in `sys.argv`; words are separated by blanks. They
//! stand in the comment lines before the first line of code and mean nothing to the language.

/// How one program wants to be run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// Options before the file.
    pub options: Vec<String>,
    /// Arguments behind it.
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
                "apy" => directives.options = words(),
                "apy-args" => directives.arguments = words(),
                _ => {}
            }
        }
        directives
    }

    /// Whether the head of a program has a comment `# name: ...`.
    #[must_use]
    pub fn mentions(source: &str, name: &str) -> bool {
        head(source).any(|(found, _)| found == name)
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
        assert_eq!(found.options, ["--seed", "7"]);
        assert_eq!(found.arguments, ["a", "b"]);
        assert!(Directives::mentions("# apy-only: why\n", "apy-only"));
        assert!(!Directives::mentions(
            "x = 1\n# apy-only: why\n",
            "apy-only"
        ));
    }
}
