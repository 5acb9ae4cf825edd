//! The fuzz targets: functions that take any bytes, and panic where apy does what it never may.
//!
//! `fuzz_targets/` makes them targets of libFuzzer; `main.rs` is a driver of its own for compilers without it. A new target is a function
//! here, a row of `TARGETS`, a file in `fuzz_targets/`, and a folder of seeds.

use std::rc::Rc;
use std::time::Duration;

use apy::embed::Limits;
use apy::embed::fuzzing::run_confined;
use apy_front::bytecode::image::{self, Image};
use apy_front::bytecode::{Code, GlobalNames};
use apy_front::compile::{Mode, compile_module};
use apy_front::diagnostics::{Color, SourceFile, render_in};
use apy_front::syntax::{decode_source, parse_module, parse_repl};

/// The targets by name.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("program", program),
    ("generated", generated),
    ("image", image),
    ("values", values),
    ("front", front),
];

/// Bytes as a program. The first byte chooses the limits.
pub fn program(data: &[u8]) {
    let (&first, text) = data.split_first().unwrap_or((&0, data));
    run_confined(text, limits(first), first & 1 == 0 && text.len() < 400);
}

/// A program put together from statements that run away; each three bytes choose one and its number.
pub fn generated(data: &[u8]) {
    let (&first, rest) = data.split_first().unwrap_or((&0, data));
    let mut text = String::from("import re, json, copy, itertools, asyncio\nx = 'a'\n");
    for choice in rest.chunks_exact(3).take(6) {
        let statement = STATEMENTS[usize::from(choice[0]) % STATEMENTS.len()];
        let number = u32::from(choice[1]) << (choice[2] % 17);
        let statement = statement.replace('@', &number.to_string());
        text += "try:\n";
        for line in statement.lines() {
            text += &format!("    {line}\n");
        }
        text += "except Exception: pass\n";
    }
    run_confined(text.as_bytes(), limits(first), first & 3 == 0);
}

/// Bytes as stored code: the verifier accepts it or says what is wrong.
pub fn image(data: &[u8]) {
    if let Ok((code, names)) = image::read(Image::Stored(data.into()), 0) {
        let mut again = GlobalNames::new();
        for name in &names {
            again.slot(name);
        }
        let written = image::write(&code, &again);
        assert!(image::read(Image::Stored(written.into()), 0).is_ok());
    }
}

/// A text in the places of the library that read texts: patterns, JSON, formats, dates, numbers, codecs.
pub fn values(data: &[u8]) {
    let (&first, text) = data.split_first().unwrap_or((&0, data));
    let text: String = String::from_utf8_lossy(text).chars().take(300).collect();
    let call = CALLS[usize::from(first) % CALLS.len()];
    let program = format!(
        "import re, json, struct\nfrom datetime import datetime\np = {}\ntry: {call}\nexcept Exception: pass\n",
        literal(&text)
    );
    run_confined(program.as_bytes(), limits(first), false);
}

/// Bytes for the front end: whatever it says lies inside of the text and can be drawn.
pub fn front(data: &[u8]) {
    let Ok(text) = decode_source(data) else {
        return;
    };
    let parsed = parse_module(&text);
    assert_eq!(parsed.module.is_some(), parsed.diagnostics.is_empty());
    let file = SourceFile::new("fuzzed", &*text);
    for found in &parsed.diagnostics {
        for label in &found.labels {
            assert!(text.get(label.span.range()).is_some());
        }
        assert!(!render_in(found, &file, Color::Never).is_empty());
    }
    let _ = parse_repl(&text);
    if let Some(module) = parsed.module {
        let _ = compile_module(&module, 0, &text, Mode::Script, &mut GlobalNames::new());
    }
}

/// Stored code of a program, for seeds of `image`.
#[must_use]
pub fn image_of(text: &str) -> Option<Vec<u8>> {
    let mut names = GlobalNames::new();
    let module = parse_module(text).module?;
    let (code, _): (Rc<Code>, _) =
        compile_module(&module, 0, text, Mode::Script, &mut names).ok()?;
    Some(image::write(&code, &names))
}

const STATEMENTS: &[&str] = &[
    "x = [x, [x]] * @",
    "x = {i: [i] for i in range(@)}",
    "x = sorted(map(str, range(@)))",
    "x = 7 ** @",
    "x = ('%*d' % (@, 1)).replace(' ', 'ab')",
    "x = json.dumps(x, default=str)",
    "x = re.sub('(a|b)*?c?', lambda m: m[0] * 2, 'ab' * @)",
    "x = copy.deepcopy(x)",
    "x = list(itertools.islice(itertools.permutations(range(@)), @))",
    "def f(*a, **k): return f(*a, x=k)\nf(x)",
    "x = type('C', (), {'__repr__': lambda s: repr(s)})()\nrepr(x)",
    "x = str(x)[:@:3]",
    "async def t(): await asyncio.sleep(@)\nasync def m(): await asyncio.gather(*(t() for _ in range(@)))\nasyncio.run(m())",
    "while True: x = [x]",
    "x = (i for i in x)",
    "x = list(x)",
    "x.sort(key=lambda i: x.clear())",
    "print('y' * @)",
];

const CALLS: &[&str] = &[
    "re.compile(p).findall('aab\\n12 é' * 9)",
    "re.sub('a', p, 'aab')",
    "json.loads(p)",
    "format(1.5, p); format(10**40, p); format('a', p)",
    "datetime.fromisoformat(p)",
    "datetime(2024, 2, 29).strftime(p)",
    "datetime.strptime('2024-02-29', p)",
    "'x'.encode(p, p)",
    "p % (1, 2, 3)",
    "p.format(1, a=2)",
    "int(p, 0); float(p); complex(p)",
    "struct.calcsize(p); struct.unpack(p, bytes(99))",
    "eval(p)",
    "p.encode('idna'); p.encode('punycode'); p.encode('utf-7')",
];

fn literal(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| format!("\\U{:08x}", u32::from(c)))
        .collect();
    format!("'{escaped}'")
}

fn limits(choice: u8) -> Limits {
    let choice = u64::from(choice);
    Limits {
        steps: Some(1 + choice * 200),
        time: Some(Duration::from_secs(20)),
        memory: Some((2 << 20) + ((choice as usize) << 15)),
        output: Some(choice * 50),
        tasks: Some(1 + choice as usize),
        virtual_time: Some(choice as f64),
        depth: (choice % 3 == 0).then_some(20 + choice as usize),
    }
}
