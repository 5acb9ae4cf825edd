//! The expressions of `-k` on names of programs: words with `and`, `or`, `not` and parentheses.
//!
//! `pytest/_select.apy` has the same for the tests of a file, where a broken one is refused; here it holds for everything.

/// Whether an expression holds, given which words do. An empty or broken one holds.
pub fn holds(text: &str, word: &dyn Fn(&str) -> bool) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    tokens.is_empty() || either(&tokens, &mut at, word)
}

fn either(tokens: &[&str], at: &mut usize, word: &dyn Fn(&str) -> bool) -> bool {
    let mut found = both(tokens, at, word);
    while tokens.get(*at) == Some(&"or") {
        *at += 1;
        found |= both(tokens, at, word);
    }
    found
}

fn both(tokens: &[&str], at: &mut usize, word: &dyn Fn(&str) -> bool) -> bool {
    let mut found = one(tokens, at, word);
    while tokens.get(*at) == Some(&"and") {
        *at += 1;
        found &= one(tokens, at, word);
    }
    found
}

fn one(tokens: &[&str], at: &mut usize, word: &dyn Fn(&str) -> bool) -> bool {
    let Some(token) = tokens.get(*at) else {
        return true;
    };
    *at += 1;
    match *token {
        "not" => !one(tokens, at, word),
        "(" => {
            let found = either(tokens, at, word);
            *at += 1;
            found
        }
        token => word(token),
    }
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn words_are_combined() {
        let word = |word: &str| "one two".contains(word);
        for (text, expected) in [
            ("", true),
            ("one", true),
            ("three", false),
            ("one and not three", true),
            ("three or (one and two)", true),
            ("not (one or three)", false),
        ] {
            assert_eq!(holds(text, &word), expected, "{text}");
        }
    }
}
