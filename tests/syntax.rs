//! What the front end says about wrong and unfinished programs.
//!
//! Messages are CPython 3.13's wherever it says more than "invalid syntax". A test of a message is a row of `MESSAGES`: the program, the
//! exception, its text and the line and column that the first label points at.

use apy_front::diagnostics::{Diagnostic, SourceFile};
use apy_front::syntax::{ReplInput, decode_source, parse_module, parse_repl};

const MESSAGES: &[(&str, &str, &str, u32, u32)] = &[
    ("if x\n  pass", "SyntaxError", "expected ':'", 1, 5),
    (
        "if x:\ny",
        "IndentationError",
        "expected an indented block after 'if' statement on line 1",
        2,
        1,
    ),
    (
        "\nasync def f():\n",
        "IndentationError",
        "expected an indented block after function definition on line 2",
        2,
        15,
    ),
    ("x\n  y", "IndentationError", "unexpected indent", 2, 1),
    (
        "if x:\n    y\n  z",
        "IndentationError",
        "unindent does not match any outer indentation level",
        3,
        1,
    ),
    (
        "if x:\n        y\n\tz",
        "TabError",
        "inconsistent use of tabs and spaces in indentation",
        3,
        1,
    ),
    (
        "x = (1,\ny = 2\n",
        "SyntaxError",
        "'(' was never closed",
        1,
        5,
    ),
    ("x = 1)", "SyntaxError", "unmatched ')'", 1, 6),
    (
        "(\n]",
        "SyntaxError",
        "closing parenthesis ']' does not match opening parenthesis '(' on line 1",
        2,
        1,
    ),
    (
        "x = 'abc",
        "SyntaxError",
        "unterminated string literal (detected at line 1)",
        1,
        5,
    ),
    (
        "'''a\nb\n",
        "SyntaxError",
        "unterminated triple-quoted string literal (detected at line 2)",
        1,
        1,
    ),
    (
        "1 = x",
        "SyntaxError",
        "cannot assign to literal here. Maybe you meant '==' instead of '='?",
        1,
        1,
    ),
    (
        "f() += 1",
        "SyntaxError",
        "'function call' is an illegal expression for augmented assignment",
        1,
        1,
    ),
    (
        "(a, b): int",
        "SyntaxError",
        "only single target (not tuple) can be annotated",
        1,
        1,
    ),
    (
        "del f()",
        "SyntaxError",
        "cannot delete function call",
        1,
        5,
    ),
    (
        "for 1 in x: pass",
        "SyntaxError",
        "cannot assign to literal",
        1,
        5,
    ),
    (
        "*a, *b = c",
        "SyntaxError",
        "multiple starred expressions in assignment",
        1,
        5,
    ),
    (
        "x = *a",
        "SyntaxError",
        "can't use starred expression here",
        1,
        5,
    ),
    (
        "(a.b := 1)",
        "SyntaxError",
        "cannot use assignment expressions with attribute",
        1,
        2,
    ),
    (
        "f(a=1, b)",
        "SyntaxError",
        "positional argument follows keyword argument",
        1,
        8,
    ),
    (
        "f(**a, *b)",
        "SyntaxError",
        "iterable argument unpacking follows keyword argument unpacking",
        1,
        9,
    ),
    (
        "f(a=1, a=2)",
        "SyntaxError",
        "keyword argument repeated: a",
        1,
        8,
    ),
    (
        "f(x for x in y, 1)",
        "SyntaxError",
        "Generator expression must be parenthesized",
        1,
        3,
    ),
    (
        "f(a.b=1)",
        "SyntaxError",
        "expression cannot contain assignment, perhaps you meant \"==\"?",
        1,
        3,
    ),
    (
        "f(a b)",
        "SyntaxError",
        "invalid syntax. Perhaps you forgot a comma?",
        1,
        3,
    ),
    (
        "if x = 1: pass",
        "SyntaxError",
        "invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
        1,
        4,
    ),
    (
        "def f(a=1, b): pass",
        "SyntaxError",
        "parameter without a default follows parameter with a default",
        1,
        12,
    ),
    (
        "def f(*): pass",
        "SyntaxError",
        "named arguments must follow bare *",
        1,
        7,
    ),
    ("def f:\n  pass", "SyntaxError", "expected '('", 1, 6),
    (
        "print 'a'",
        "SyntaxError",
        "Missing parentheses in call to 'print'. Did you mean print(...)?",
        1,
        1,
    ),
    (
        "x = 1 if y",
        "SyntaxError",
        "expected 'else' after 'if' expression",
        1,
        5,
    ),
    (
        "try:\n  pass\nx",
        "SyntaxError",
        "expected 'except' or 'finally' block",
        3,
        1,
    ),
    (
        "try: pass\nexcept A, B: pass",
        "SyntaxError",
        "multiple exception types must be parenthesized",
        2,
        8,
    ),
    (
        "from a import b,",
        "SyntaxError",
        "trailing comma not allowed without surrounding parentheses",
        1,
        16,
    ),
    (
        "[*a for a in b]",
        "SyntaxError",
        "iterable unpacking cannot be used in comprehension",
        1,
        2,
    ),
    (
        "[a, b for a, b in c]",
        "SyntaxError",
        "did you forget parentheses around the comprehension target?",
        1,
        2,
    ),
    (
        "match x:\n  case y: pass\n  case 1: pass",
        "SyntaxError",
        "name capture 'y' makes remaining patterns unreachable",
        2,
        8,
    ),
    (
        "f'{a b}'",
        "SyntaxError",
        "invalid syntax. Perhaps you forgot a comma?",
        1,
        4,
    ),
    (
        "f'{}'",
        "SyntaxError",
        "f-string: valid expression required before '}'",
        1,
        4,
    ),
    (
        "f'a}'",
        "SyntaxError",
        "f-string: single '}' is not allowed",
        1,
        4,
    ),
    (
        "f'{a!x}'",
        "SyntaxError",
        "f-string: invalid conversion character 'x': expected 's', 'r', or 'a'",
        1,
        6,
    ),
    ("f'{a'", "SyntaxError", "f-string: expecting '}'", 1, 3),
    (
        "f'{lambda x: 1}'",
        "SyntaxError",
        "f-string: lambda expressions are not allowed without parentheses",
        1,
        12,
    ),
    (
        "x = “a”",
        "SyntaxError",
        "invalid character '“' (U+201C)",
        1,
        5,
    ),
    (
        "x\u{A0}= 1",
        "SyntaxError",
        "invalid non-printable character U+00A0",
        1,
        2,
    ),
    ("1abc", "SyntaxError", "invalid decimal literal", 1, 1),
    (
        "0o8",
        "SyntaxError",
        "invalid digit '8' in octal literal",
        1,
        1,
    ),
    (
        "b'é'",
        "SyntaxError",
        "bytes can only contain ASCII literal characters",
        1,
        3,
    ),
    (
        "b'a' 'b'",
        "SyntaxError",
        "cannot mix bytes and nonbytes literals",
        1,
        6,
    ),
    (
        "a \\ b",
        "SyntaxError",
        "unexpected character after line continuation character",
        1,
        3,
    ),
    (
        "'\\x1'",
        "SyntaxError",
        "(unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: truncated \\xXX escape",
        1,
        2,
    ),
    (
        "import a from b",
        "SyntaxError",
        "Did you mean to use 'from ... import ...' instead?",
        1,
        1,
    ),
    (
        "a && b",
        "SyntaxError",
        "`&&` is not an operator of this language",
        1,
        3,
    ),
];

#[test]
fn messages_are_those_of_python() {
    for &(source, exception, message, line, column) in MESSAGES {
        let diagnostics = parse_module(source).diagnostics;
        let first = diagnostics
            .first()
            .unwrap_or_else(|| panic!("no diagnostic for {source:?}"));
        let at = SourceFile::new("x", source).line_column(first.span().start);
        let found = (first.exception(), &*first.message, at.line, at.column);
        assert_eq!(found, (exception, message, line, column), "{source:?}");
    }
}

#[test]
fn independent_mistakes_are_all_reported() {
    let source = "\
def f(x)
    return x +
    y = 1
if a = 1:
    g(b c)
else:
    pass
class C:
    def m(self):
        1 = 2
    def n(self:
        pass
";
    let lines: Vec<u32> = parse_module(source)
        .diagnostics
        .iter()
        .map(|it| 1 + newlines_before(source, it))
        .collect();
    assert_eq!(lines, [1, 2, 4, 5, 10, 11]);
}

#[test]
fn a_lost_header_does_not_make_its_clauses_wrong() {
    for source in [
        "if x\n  a\nelif y:\n  b\nelse:\n  c\nd\n",
        "def f(:\n  if x:\n    y\n  else:\n    z\n",
        "try\n  a\nexcept B:\n  c\n",
    ] {
        assert_eq!(parse_module(source).diagnostics.len(), 1, "{source:?}");
    }
}

fn newlines_before(source: &str, diagnostic: &Diagnostic) -> u32 {
    source[..diagnostic.span().start as usize]
        .matches('\n')
        .count() as u32
}

#[test]
fn the_prompt_knows_when_more_is_to_come() {
    let more = [
        "if x:",
        "if x:\n  y",
        "for x in y: z",
        "f(",
        "'''a\n",
        "x = \\",
        "@d",
        "try:\n  a",
        "class A:\n  def f(self):",
        "f'''{a",
    ];
    for source in more {
        assert!(
            matches!(parse_repl(source), ReplInput::Incomplete),
            "{source:?}"
        );
    }
    for source in [
        "",
        "x",
        "x = 1; y",
        "if x:\n  y\n",
        "for x in y: z\n",
        "f(\n1\n)",
        "# nothing",
    ] {
        assert!(
            matches!(parse_repl(source), ReplInput::Complete(_)),
            "{source:?}"
        );
    }
    for source in [
        "x +",
        "f(]",
        "if x:\n\n",
        "if x:\ny",
        "'a",
        "1 = 2",
        "x y",
        "else:",
    ] {
        assert!(
            matches!(parse_repl(source), ReplInput::Invalid(_)),
            "{source:?}"
        );
    }
}

#[test]
fn files_are_decoded_or_refused() {
    assert_eq!(
        decode_source("é\u{FEFF}".as_bytes()).as_deref(),
        Ok("é\u{FEFF}")
    );
    let error = decode_source(b"a = 1\nb = '\xff'").expect_err("not UTF-8");
    assert_eq!(
        (
            error.span().start,
            error.message.contains("0xff in position 11 (line 2)")
        ),
        (11, true),
        "{error:?}"
    );
    let error = decode_source(b"a\0").expect_err("a null byte");
    assert_eq!(
        (error.span().start, &*error.message),
        (1, "source code cannot contain null bytes")
    );
    assert!(
        parse_module("\u{FEFF}x = 1\r\nif x:\r  y\r\n")
            .diagnostics
            .is_empty()
    );
}
