//! Lists of tokens that the grammar would have taken, as half a sentence.
//!
//! lalrpop lists up to a hundred tokens. Groups of them have a name (a statement, an expression, an operator);
//! if more than four things remain, a list would not help and there is none.

/// The tokens that stand for "an expression can start here".
const EXPRESSION: &[&str] = &[
    "(", "[", "{", "...", "+", "-", "~", "False", "None", "True", "await", "fstart", "lambda",
    "name", "not", "number", "string", "*", "yield",
];

/// The tokens that stand for "a statement can start here".
const STATEMENT: &[&str] = &[
    "@", "assert", "async", "break", "class", "continue", "def", "del", "for", "from", "global",
    "if", "import", "match", "nonlocal", "pass", "raise", "return", "try", "type", "while", "with",
];

/// The tokens that can go on after a complete operand.
const OPERATOR: &[&str] = &[
    "!=", "%", "&", "(", "*", "**", "+", "-", ".", "/", "//", "<", "<<", "<=", "==", ">", ">=",
    ">>", "@", "[", "^", "and", "in", "is", "not", "or", "|", "if", ":=",
];

/// The tokens of augmented assignment.
const AUGMENTED: &[&str] = &[
    "+=", "-=", "*=", "@=", "/=", "//=", "%=", "**=", "<<=", ">>=", "&=", "|=", "^=",
];

/// The tokens that the grammar would have taken at one place.
pub struct Expected<'a> {
    tokens: Vec<&'a str>,
}

impl<'a> Expected<'a> {
    /// From lalrpop's list, where names are in quotes.
    #[must_use]
    pub fn new(tokens: &'a [String]) -> Self {
        Self {
            tokens: tokens.iter().map(|token| token.trim_matches('"')).collect(),
        }
    }

    /// Whether this token would do.
    #[must_use]
    pub fn has(&self, token: &str) -> bool {
        self.tokens.contains(&token)
    }

    /// Whether an expression can start here.
    #[must_use]
    pub fn expression(&self) -> bool {
        self.has("number") && self.has("name")
    }

    /// Whether a statement can start here.
    #[must_use]
    pub fn statement(&self) -> bool {
        self.has("pass")
    }

    /// "expected A, B or C", if that is short enough to help.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let mut rest = self.tokens.clone();
        let mut names: Vec<String> = Vec::new();
        let mut group = |rest: &mut Vec<&str>, present: bool, name: &str, members: &[&str]| {
            if present {
                rest.retain(|token| !members.contains(token));
                names.push(name.to_owned());
            }
        };
        group(&mut rest, self.statement(), "a statement", STATEMENT);
        group(&mut rest, self.expression(), "an expression", EXPRESSION);
        let complete = !self.expression() && self.has("*") && self.has("+");
        group(&mut rest, complete, "an operator", OPERATOR);
        if complete {
            rest.retain(|token| !AUGMENTED.contains(token));
        }
        names.extend(
            rest.into_iter()
                .filter(|token| *token != "dedent")
                .map(describe),
        );
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("expected {one}")),
            [init @ .., last] if names.len() <= 4 => {
                Some(format!("expected {} or {last}", init.join(", ")))
            }
            _ => None,
        }
    }
}

fn describe(token: &str) -> String {
    match token {
        "name" => "a name".to_owned(),
        "number" => "a number".to_owned(),
        "string" | "fstart" => "a string".to_owned(),
        "newline" => "the end of the line".to_owned(),
        "indent" => "an indented block".to_owned(),
        "fend" => "the end of the f-string".to_owned(),
        "fmiddle" => "text".to_owned(),
        "f{" | "with(" | "f}" | "f:" => format!(
            "`{}`",
            token.trim_start_matches("with").trim_start_matches('f')
        ),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(tokens: &[&str]) -> Option<String> {
        let quoted: Vec<String> = tokens.iter().map(|token| format!("\"{token}\"")).collect();
        Expected::new(&quoted).sentence()
    }

    #[test]
    fn short_lists_are_spelled_out() {
        assert_eq!(sentence(&["in"]).as_deref(), Some("expected `in`"));
        assert_eq!(
            sentence(&["name", "("]).as_deref(),
            Some("expected a name or `(`")
        );
    }

    #[test]
    fn groups_have_names() {
        let mut tokens = EXPRESSION.to_vec();
        tokens.push(")");
        assert_eq!(
            sentence(&tokens).as_deref(),
            Some("expected an expression or `)`")
        );
        assert_eq!(sentence(OPERATOR).as_deref(), Some("expected an operator"));
    }

    #[test]
    fn long_lists_are_not() {
        assert_eq!(sentence(&["as", "def", "elif", "else", "except"]), None);
    }
}
