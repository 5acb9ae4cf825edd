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
    pub fn of(source: &str) -> Directives {
        let mut directives = Directives::default();
        let comments = source
            .lines()
            .map(str::trim)
            .take_while(|line| line.is_empty() || line.starts_with('#'));
        for comment in comments {
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
            match comment.trim_start_matches(['#', ' ']).split_once(':') {
                Some(("apy", options)) => directives.options = words(options),
                Some(("apy-args", arguments)) => directives.arguments = words(arguments),
                _ => {}
            }
        }
        directives
    }
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
    }
}
