//! Programs that are too large, too deep or no programs at all: a message, never a crash.
//!
//! `tests/hostile_text.rs` does the same for the front end alone.

use super::{apy, err, file, out, refused, run, status};

#[test]
fn text_that_is_no_program_is_refused() {
    refused("utf8.apy", b"x = '\xff'\n", &["utf-8", "0xff", ":1:"]);
    refused("utf16.apy", b"\xff\xfex\0 \0=\0", &["utf-8"]);
    refused("null.apy", b"x = 1\nprint(x)\0\n", &["null bytes", ":2:"]);
    refused(
        "unterminated.apy",
        "x = 1\ny = 'abc\n",
        &["unterminated string", ":2:"],
    );
    refused("triple.apy", "x = '''abc\n\n\n", &["unterminated", ":1:"]);
    refused(
        "indentation.apy",
        "if True:\nprint(1)\n",
        &["IndentationError", ":2:"],
    );
    refused(
        "dedent.apy",
        "if True:\n    x = 1\n  y = 2\n",
        &["unindent", ":3:"],
    );
    refused(
        "tabs.apy",
        "if True:\n        x = 1\n\ty = 2\n",
        &["TabError"],
    );
    refused("bracket.apy", "f(1, 2\n", &["'(' was never closed"]);
}

#[test]
fn huge_programs_are_refused_or_run() {
    refused("open.apy", "(".repeat(100_000), &["too many nested"]);
    refused(
        "nested.apy",
        format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
        &["too many nested"],
    );
    refused(
        "unary.apy",
        format!("x = {}1", "-".repeat(100_000)),
        &["too many nested"],
    );
    let blocks: String = (0..2000)
        .map(|depth| format!("{}if 1:\n", " ".repeat(depth)))
        .collect();
    refused("blocks.apy", blocks, &["too many levels of indentation"]);
    let path = file(
        "long_line.apy",
        format!("x = '{}'\nprint(len(x))\n", "a".repeat(10_000_000)),
    );
    assert_eq!(
        out(&apy(&[path.to_str().expect("UTF-8")], b"")),
        "10000000\n"
    );
}

#[test]
fn deep_recursion_of_every_sort_ends_in_an_exception() {
    for code in [
        "def f(): f()\nf()",
        "class A:\n    def __repr__(self): return repr(self)\nprint(A())",
        "class A:\n    def __eq__(self, other): return self == other\nA() == A()",
        "x = []\nfor i in range(100000): x = [x]\nrepr(x)",
        "async def f(): await f()\nasyncio.run(f())",
        "def f(): yield from f()\nlist(f())",
    ] {
        let output = run(code);
        assert_eq!(status(&output), 1, "{code}");
        assert!(
            err(&output).contains("RecursionError: maximum recursion depth exceeded"),
            "{code}: {}",
            err(&output)
        );
    }
}

#[test]
fn containers_that_hold_themselves_print() {
    assert_eq!(
        out(&run("a = [1]; a.append(a); d = {}; d[1] = d; print(a, d)")),
        "[1, [...]] {1: {...}}\n"
    );
}
