//! apy inside another program: what passes the border, how runs end, and that sessions stay whole.
//!
//! The examples of `examples/embed` are run here, too, and must print what docs/embedding.md shows.

use std::collections::BTreeMap;

use apy::embed::engine::{BadSignature, Data, Engine, Error, HostError, Session, Stream, TimeMode};
use apy::embed::sandbox::Doors;
use apy::embed::{LimitKind, Limits};

#[path = "../examples/embed/rules.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod rules;
#[path = "../examples/embed/service.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod service;

const GUIDE: &str = include_str!("../docs/embedding.md");

fn session() -> Session {
    Engine::default().session().expect("no host functions")
}

/// A session in which this text has run.
fn session_of(engine: &Engine, text: &str) -> Session {
    let program = engine.compile("test.apy", text).expect("it compiles");
    let mut session = engine.session().expect("the functions are well");
    session.run(&program).expect("it ends well");
    session
}

fn class_of(error: Error) -> String {
    match error {
        Error::Raised(exception) => exception.class,
        other => panic!("{other:?}"),
    }
}

#[test]
fn examples_print_what_the_guide_shows() {
    for out in [rules::run(), service::run()] {
        let out = out.expect("the example ends well");
        assert!(GUIDE.contains(&format!("```text\n{out}```\n")), "{out}");
    }
}

#[test]
fn data_passes_the_border_in_both_directions() {
    let mut session = session_of(&Engine::default(), "def same(x): return x\n");
    let big = Data::from(u128::MAX);
    let all = Data::List(vec![
        Data::None,
        true.into(),
        (-7_i64).into(),
        i64::MIN.into(),
        big,
        2.5.into(),
        "täxt".into(),
        Data::Bytes(vec![0, 255]),
        (1, "two").into(),
        Data::Dict(vec![
            ((1, 2).into(), Data::List(vec![])),
            ("k".into(), 0.into()),
        ]),
        Data::Set(vec![1.into()]),
    ]);
    let back: Data = session.call("same", (all.clone(),)).expect("it is data");
    assert_eq!(back, all);
}

#[test]
fn what_is_no_data_is_named() {
    let mut session = session();
    let other: Data = session.eval("[print, object]").expect("a list");
    let classes = ["builtin_function_or_method", "type"].map(|class| Data::Other(class.into()));
    assert_eq!(other, Data::List(classes.to_vec()));
    let error = session.set("f", other).expect_err("no object can be made");
    assert_eq!(class_of(error), "TypeError");
    let endless = "(lambda x: [x.append(x), x][1])([])";
    let error = session.eval::<Data>(endless).expect_err("it has no end");
    assert_eq!(class_of(error), "ValueError");
    let many = "[x := [0] * 1000] and [x := [x] * 1000 for i in range(9)]";
    let error = session.eval::<Data>(many).expect_err("it is too large");
    assert_eq!(class_of(error), "ValueError");
    let unhashable = Data::Dict(vec![(Data::List(vec![]), Data::None)]);
    let error = session.set("d", unhashable).expect_err("no key");
    assert_eq!(class_of(error), "TypeError");
    assert!(session.eval::<String>("'\\ud800'").is_err());
    assert_eq!(session.eval::<i64>("1 + 1"), Ok(2));
}

#[test]
fn types_that_do_not_fit_are_errors() {
    let mut session = session();
    let wrong = session.eval::<u16>("'a'");
    assert!(matches!(wrong, Err(Error::Type(_))), "{wrong:?}");
    let wrong = session.eval::<u16>("70000").expect_err("it does not fit");
    assert!(wrong.to_string().contains("u16"), "{wrong}");
    let map: BTreeMap<String, Option<i64>> = session.eval("{'a': 1, 'b': None}").expect("a dict");
    assert_eq!(map["a"], Some(1));
}

#[test]
fn every_end_is_an_error_and_the_session_goes_on() {
    let engine = Engine::builder()
        .limits(Limits {
            steps: Some(200_000),
            output: Some(1000),
            memory: Some(4 << 20),
            ..Limits::NONE
        })
        .time(TimeMode::Virtual)
        .build();
    let text = "
import asyncio, sys
def fail(): return {}['key']
def leave(): sys.exit(3)
async def stuck(): await asyncio.Event().wait()
def spin():
    try:
        while True: pass
    except BaseException: pass
def talk():
    while True: print('talk')
def grow():
    x = []
    while True:
        try:
            while True: x.append([0])
        except MemoryError: pass
";
    let mut session = session_of(&engine, text);
    let mut end = |function: &str| {
        let error = session.call::<Data>(function, ()).expect_err("it ends");
        assert_eq!(session.eval::<i64>("1 + 1"), Ok(2), "after {function}");
        error
    };
    match end("fail") {
        Error::Raised(exception) => {
            assert_eq!(
                (&*exception.class, &*exception.message),
                ("KeyError", "'key'")
            );
            assert!(
                exception.report.contains("test.apy:3"),
                "{}",
                exception.report
            );
            assert!(
                exception
                    .traceback
                    .starts_with("Traceback (most recent call last):\n")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(end("leave"), Error::Exit(3, None));
    match end("stuck") {
        Error::Deadlock(report) => assert!(report.contains("waits"), "{report}"),
        other => panic!("{other:?}"),
    }
    for (function, limit) in [
        ("spin", LimitKind::Steps),
        ("talk", LimitKind::Output),
        ("grow", LimitKind::Memory),
    ] {
        match end(function) {
            Error::Limit(kind, report) => assert_eq!(kind, limit, "{report}"),
            other => panic!("{function}: {other:?}"),
        }
    }
    assert_eq!(class_of(end("missing")), "NameError");
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let error = Engine::default().compile("bad.apy", "x = 1\ny = (\n");
    match error.expect_err("it is no program") {
        Error::Mistakes(mistakes) => {
            assert_eq!(mistakes[0].line, 2);
            assert!(
                mistakes[0].report.contains("bad.apy:2"),
                "{}",
                mistakes[0].report
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(Engine::default().compile("bad.apy", "return 1\n").is_err());
    assert!(matches!(
        session().eval::<Data>("x = 1"),
        Err(Error::Mistakes(_))
    ));
}

fn host() -> Engine {
    let add = |a: i64, b: i64| Ok(a + b);
    let count = |rest: Vec<Data>, named: BTreeMap<String, Data>| Ok((rest.len(), named.len()));
    let build = || {
        Ok::<_, BadSignature>(
            Engine::builder()
                .function("add(a, b=10)", add)?
                .function("tools.count(*rest, **named)", count)?
                .function("tools.refuse()", || {
                    Err::<(), _>(HostError::new("LookupError", "not today"))
                })?
                .function("tools.panic()", || -> Result<(), HostError> {
                    panic!("oh")
                })?
                .function("wait()", || Ok("my own"))?
                .function("tools.odd()", || {
                    Err::<(), _>(HostError::new("NoSuchClass", "odd"))
                })?
                .build(),
        )
    };
    build().expect("the signatures are well")
}

#[test]
fn host_functions_are_functions_of_the_language() {
    let mut session = host().session().expect("it begins");
    assert_eq!(session.eval::<i64>("add(1)"), Ok(11));
    assert_eq!(session.eval::<i64>("add(b=2, a=1)"), Ok(3));
    // The name is asyncio's, too.
    assert_eq!(session.eval("(wait(), gather)[0]"), Ok("my own".to_owned()));
    let counts = session.eval::<Vec<i64>>("__import__('tools').count(1, 2, x=3)");
    assert_eq!(counts, Ok(vec![2, 1]));
    let raised = |session: &mut Session, text: &str| match session.eval::<Data>(text) {
        Err(Error::Raised(exception)) => format!("{}: {}", exception.class, exception.message),
        other => panic!("{other:?}"),
    };
    for (text, expected) in [
        (
            "add()",
            "TypeError: add() missing 1 required positional argument: 'a'",
        ),
        (
            "add('1')",
            "TypeError: add() argument 'a' must be int, not str",
        ),
        ("__import__('tools').refuse()", "LookupError: not today"),
        ("__import__('tools').odd()", "RuntimeError: odd"),
        (
            "__import__('tools').panic()",
            "RuntimeError: panic() panicked: oh",
        ),
        (
            "__import__('tools')._call(99)",
            "ValueError: there is no host function of this number",
        ),
        (
            "__import__('tools')._call(0)",
            "TypeError: add() argument 'a' must be int, not NoneType",
        ),
    ] {
        assert_eq!(raised(&mut session, text), expected, "{text}");
    }
    assert_eq!(session.eval::<i64>("add(1)"), Ok(11));
}

#[test]
fn signatures_must_fit() {
    let add = |a: i64, b: i64| Ok(a + b);
    for (signature, reason) in [
        ("add(a)", "it has 1 parameters, the closure 2"),
        ("add(a,, b)", "this is no signature such as 'name(a, b=1)'"),
        (
            "add(a, b): pass\ndef more()",
            "this is no signature such as 'name(a, b=1)'",
        ),
        (
            "a.b.add(a, b)",
            "before the dot stands the name of one module",
        ),
        (
            "add(a, _call)",
            "parameters cannot be called [\"_call\", \"_start\", \"_take\", \"_job\"]",
        ),
    ] {
        let Err(error) = Engine::builder().function(signature, add) else {
            panic!("{signature}");
        };
        assert_eq!(error.reason, reason, "{signature}");
    }
    let engine = Engine::builder().function("add(a, b=nothing)", add);
    let engine = engine.expect("a signature").build();
    assert_eq!(
        class_of(engine.session().err().expect("no default")),
        "NameError"
    );
}

#[test]
fn async_functions_run_beside_the_loop() {
    let pause = |ms: u64| {
        std::thread::sleep(std::time::Duration::from_millis(ms));
        if ms == 1 {
            Err(HostError::new("ValueError", "one"))
        } else {
            Ok(ms)
        }
    };
    let engine = Engine::builder().async_function("pause(ms)", pause);
    let engine = engine.expect("a signature").build();
    let text = "
import asyncio
async def main():
    ticks = 0
    task = asyncio.create_task(pause(40))
    while not task.done():
        ticks += 1
        await asyncio.sleep(0.005)
    try: await pause(1)
    except ValueError as e: return [ticks > 1, await task, str(e)]
async def give_up():
    try: await asyncio.wait_for(pause(30000), 0.01)
    except TimeoutError: return 'gave up'
";
    let mut session = session_of(&engine, text);
    let answer: Data = session.call("main", ()).expect("it ends well");
    assert_eq!(
        answer,
        Data::List(vec![true.into(), 40.into(), "one".into()])
    );
    assert_eq!(session.call("give_up", ()), Ok("gave up".to_owned()));
}

#[test]
fn the_world_is_shut_unless_doors_open_it() {
    let folder = std::env::temp_dir().join(format!("apy-embedding-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("helper.py"), "value = 42\n").expect("a file");
    let path = folder.join("helper.py").to_string_lossy().into_owned();
    let mut shut = session();
    for text in [
        format!("open({path:?}).read()"),
        "open('/etc/passwd')".to_owned(),
        "__import__('os').listdir('/')".to_owned(),
        "__import__('os').write(1, b'x')".to_owned(),
        "__import__('subprocess').run(['true'])".to_owned(),
        "__import__('socket').socket()".to_owned(),
        "__import__('os').kill(__import__('os').getpid(), 9)".to_owned(),
    ] {
        let error = shut.eval::<Data>(&text).expect_err("it is refused");
        assert_eq!(class_of(error), "PermissionError", "{text}");
    }
    assert_eq!(shut.eval::<usize>("len(__import__('os').environ)"), Ok(0));
    assert!(shut.eval::<i64>("__import__('helper').value").is_err());
    let doors = Doors {
        read: vec![folder.clone()],
        ..Doors::default()
    };
    let open = Engine::builder().doors(doors).build();
    let text: String = open
        .session()
        .expect("a session")
        .eval(&format!("open({path:?}).read()"))
        .expect("it is open");
    assert_eq!(text, "value = 42\n");
    let imports = Engine::builder().modules_from(&folder).build();
    let value = imports
        .session()
        .expect("a session")
        .eval::<i64>("__import__('helper').value");
    assert_eq!(value, Ok(42));
    std::fs::remove_dir_all(folder).expect("it was made here");
}

#[test]
fn output_and_warnings_reach_the_embedder() {
    let mut session = session_of(
        &Engine::default(),
        "import sys\nprint('out')\nprint('err', file=sys.stderr)\nasync def f(): pass\nf()\nx = 1 is 1\n",
    );
    assert_eq!(session.take_output(), "out\nerr\n");
    session.finish();
    let warnings = session.take_warnings().concat();
    assert!(
        warnings.contains("coroutine 'f' was never awaited"),
        "{warnings}"
    );
    assert!(warnings.contains("\"is\" with 'int' literal"), "{warnings}");
    let pieces = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let kept = pieces.clone();
    session.set_output(Box::new(move |stream, text| {
        kept.borrow_mut().push((stream, text.to_owned()));
    }));
    session.eval::<()>("print('more')").expect("it prints");
    assert_eq!(*pieces.borrow(), [(Stream::Output, "more\n".to_owned())]);
}

#[test]
fn engines_serve_many_threads() {
    let engine = host();
    let program = engine
        .compile("p.apy", "x = [add(i) for i in range(100)]\n")
        .expect("it compiles");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (engine, program) = (engine.clone(), program.clone());
            std::thread::spawn(move || {
                let mut session = engine.session()?;
                session.run(&program)?;
                session.eval::<i64>("sum(x)")
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("no panic"), Ok(5950));
    }
}
