//! What the compiler refuses before a program runs, in CPython 3.13's words.
//!
//! Each row is a program and the messages it gets, in source order. The wording was checked against CPython; where a
//! program has several mistakes, CPython reports the first and apy all of them. To add a mistake, add a row.

use apy_front::bytecode::GlobalNames;
use apy_front::compile::{Mode, compile_module};
use apy_front::syntax::parser::parse_module;

const MISTAKES: &[(&str, &[&str])] = &[
    ("return 1", &["'return' outside function"]),
    ("class C:\n  return", &["'return' outside function"]),
    ("yield 1", &["'yield' outside function"]),
    (
        "class C:\n  yield from x",
        &["'yield from' outside function"],
    ),
    (
        "def f():\n  return [(yield x) for x in y]",
        &["'yield' inside list comprehension"],
    ),
    (
        "def f():\n  return ((yield x) for x in y)",
        &["'yield' inside generator expression"],
    ),
    ("def f():\n  await x", &["'await' outside async function"]),
    ("lambda: await x", &["'await' outside async function"]),
    ("class C:\n  await x", &["'await' outside function"]),
    (
        "def f():\n  async for x in y: pass",
        &["'async for' outside async function"],
    ),
    (
        "def f():\n  async with x: pass",
        &["'async with' outside async function"],
    ),
    (
        "def f():\n  [await x for x in y]",
        &["asynchronous comprehension outside of an asynchronous function"],
    ),
    (
        "def f():\n  [x async for x in y]",
        &["asynchronous comprehension outside of an asynchronous function"],
    ),
    (
        "async def f():\n  yield from x",
        &["'yield from' inside async function"],
    ),
    (
        "async def f():\n  yield 1\n  return 2",
        &["'return' with value in async generator"],
    ),
    ("break", &["'break' outside loop"]),
    (
        "for x in y:\n  def g(): continue",
        &["'continue' not properly in loop"],
    ),
    (
        "def f():\n  try: pass\n  except* E: return",
        &["'break', 'continue' and 'return' cannot appear in an except* block"],
    ),
    (
        "def f(x, *, x): pass",
        &["duplicate argument 'x' in function definition"],
    ),
    (
        "lambda x, x: 1",
        &["duplicate argument 'x' in function definition"],
    ),
    ("def f[T, *T](): pass", &["duplicate type parameter 'T'"]),
    (
        "def f(x):\n  global x",
        &["name 'x' is parameter and global"],
    ),
    (
        "def f():\n  x = 1\n  global x",
        &["name 'x' is assigned to before global declaration"],
    ),
    (
        "def f():\n  print(x)\n  global x",
        &["name 'x' is used prior to global declaration"],
    ),
    ("x: int\nglobal x", &["annotated name 'x' can't be global"]),
    (
        "def f():\n  global x\n  x: int",
        &["annotated name 'x' can't be global"],
    ),
    (
        "nonlocal x",
        &["nonlocal declaration not allowed at module level"],
    ),
    (
        "def f():\n  nonlocal x",
        &["no binding for nonlocal 'x' found"],
    ),
    (
        "def f():\n  x = 1\n  def g():\n    nonlocal x\n    global x",
        &["name 'x' is nonlocal and global"],
    ),
    (
        "def f[T]():\n  nonlocal T",
        &["nonlocal binding not allowed for type parameter 'T'"],
    ),
    (
        "def f():\n  from x import *",
        &["import * only allowed at module level"],
    ),
    (
        "[(x := 1) for x in y]",
        &["assignment expression cannot rebind comprehension iteration variable 'x'"],
    ),
    (
        "[i for i in a if (j := 0) for j in b]",
        &["comprehension inner loop cannot rebind assignment expression target 'j'"],
    ),
    (
        "[y for x in (z := [1])]",
        &["assignment expression cannot be used in a comprehension iterable expression"],
    ),
    (
        "class C:\n  [z := 1 for x in y]",
        &["assignment expression within a comprehension cannot be used in a class body"],
    ),
    (
        "type X = (yield)",
        &["yield expression cannot be used within a type alias"],
    ),
    (
        "class C[T: (x := 1)]: pass",
        &["named expression cannot be used within a TypeVar bound"],
    ),
    ("import __debug__", &["cannot assign to __debug__"]),
    (
        "from __future__ import nope",
        &["future feature nope is not defined"],
    ),
    ("from __future__ import braces", &["not a chance"]),
    (
        "x = 1\nfrom __future__ import annotations",
        &["from __future__ imports must occur at the beginning of the file"],
    ),
    (
        "break\nreturn\ncontinue",
        &[
            "'break' outside loop",
            "'return' outside function",
            "'continue' not properly in loop",
        ],
    ),
];

const SUSPICIONS: &[(&str, &str)] = &[
    (
        "x is 'a'",
        "\"is\" with 'str' literal. Did you mean \"==\"?",
    ),
    (
        "x is not 1.5",
        "\"is not\" with 'float' literal. Did you mean \"!=\"?",
    ),
    (
        "assert (x, 'message')",
        "assertion is always true, perhaps remove parentheses?",
    ),
    (
        "(1, 2) (3, 4)",
        "'tuple' object is not callable; perhaps you missed a comma?",
    ),
    (
        "1[0]",
        "'int' object is not subscriptable; perhaps you missed a comma?",
    ),
    (
        "[1][2, 3]",
        "list indices must be integers or slices, not tuple; perhaps you missed a comma?",
    ),
];

const FINE: &[&str] = &[
    "await x\nasync for y in z: pass\nasync with x: pass\n[y async for y in z]",
    "def f(): return (await x for x in y)",
    "async def f():\n  return\n  yield",
    "def f():\n  global x\n  x = 1\n  def g(): return x",
    "class C:\n  def m(self): return super().m(), __class__",
    "x is None or x is True or x is ... or [] is x",
];

#[test]
fn mistakes_are_told_in_the_words_of_cpython() {
    for (source, expected) in MISTAKES {
        let (errors, _) = compile(source);
        assert_eq!(errors, *expected, "in {source:?}");
    }
}

#[test]
fn suspicions_are_warnings() {
    for (source, expected) in SUSPICIONS {
        let (errors, warnings) = compile(source);
        assert_eq!(
            (errors.len(), warnings),
            (0, vec![(*expected).to_owned()]),
            "in {source:?}"
        );
    }
}

#[test]
fn what_is_allowed_passes() {
    for source in FINE {
        assert_eq!(compile(source), (vec![], vec![]), "in {source:?}");
    }
}

#[test]
fn what_does_not_fit_into_a_frame_is_refused() {
    let targets: Vec<String> = (0..300).map(|i| format!("a{i}")).collect();
    let targets = targets.join(", ");
    let (errors, _) = compile(&format!("x = [a0 for {targets} in y]"));
    assert_eq!(errors, ["this needs more than 240 values at once"]);
    let nested: String = (0..40)
        .map(|i| format!("{0}try: pass\n{0}finally:\n", " ".repeat(i)))
        .collect();
    let (errors, _) = compile(&format!("{nested}{}pass", " ".repeat(40)));
    assert_eq!(errors, ["the code of this function grows too large"]);
}

#[test]
fn what_is_large_but_fits_compiles() {
    let locals: String = (0..1000).map(|i| format!("  x{i} = {i}\n")).collect();
    let many = (0..1000).map(|i| format!("x{i}")).collect::<Vec<_>>();
    let programs = [
        format!("def f({}): pass", many.join(", ")),
        format!("{} = x", many.join(", ")),
        format!("def f():\n{locals}  del x7\n  return {}", many.join(" + ")),
        format!("f({})", many.join(", ")),
        format!(
            "f({})",
            many.iter()
                .map(|name| format!("{name}=1"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        format!("x = [{}]", many.join(", ")),
        format!(
            "x = {{{}}}",
            many.iter()
                .map(|name| format!("{name}: f()"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        format!("x = {}", many.join(" < ")),
        format!(
            "x = f'{}'",
            many.iter()
                .map(|name| format!("{{{name}}}"))
                .collect::<String>()
        ),
    ];
    for source in programs {
        assert_eq!(
            compile(&source),
            (vec![], vec![]),
            "in {}...",
            &source[..20]
        );
    }
}

/// The messages of errors and of warnings.
fn compile(source: &str) -> (Vec<String>, Vec<String>) {
    let module = parse_module(source)
        .module
        .unwrap_or_else(|| panic!("{source:?} is refused by the parser"));
    match compile_module(&module, 0, source, Mode::Script, &mut GlobalNames::new()) {
        Ok((_, warnings)) => (
            Vec::new(),
            warnings
                .into_iter()
                .map(|warning| warning.message)
                .collect(),
        ),
        Err(errors) => (
            errors.into_iter().map(|error| error.message).collect(),
            Vec::new(),
        ),
    }
}
