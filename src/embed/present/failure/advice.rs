//! Advice for mistakes around `await`: the Help line under an exception.
//!
//! The exception's type and text are CPython's. What it was about is read off its text and off the source: a coroutine used where
//! its result was meant, a function where a coroutine was, `with` where `async with` was. To add one: an arm in `of`.

use super::{callee, draw, location, raised_at, shown_at, source_of};
use crate::diagnostics::{Severity, SourceMap};
use crate::embed::present::style::Style;
use crate::vm::{Failure, Place};

/// Classes of the library that only `async with` takes.
const ASYNC_ONLY: [&str; 9] = [
    "Timeout",
    "TaskGroup",
    "Lock",
    "Semaphore",
    "BoundedSemaphore",
    "Condition",
    "Server",
    "_AsyncGeneratorContextManager",
    "AsyncExitStack",
];

/// What functions of asyncio say that take something to await.
const TAKE_AWAITABLES: [&str; 2] = [
    "An asyncio.Future, a coroutine or an awaitable is required",
    "A coroutine object is required",
];

/// The advice for an exception, in lines that end; empty if there is none.
#[must_use]
pub fn of(failure: &Failure, sources: &SourceMap, style: Style) -> String {
    let help = match failure.class.as_str() {
        "TypeError" => type_error(failure, sources),
        // Of asyncio.run().
        "ValueError" => function_in_place_of_a_coroutine(&failure.message),
        "AttributeError" if failure.message.ends_with(" object has no attribute 'add_done_callback'") => {
            function_waited_for(failure, sources)
        }
        // A future is an iterator for the sake of `await`.
        "RuntimeError" if failure.message == "await wasn't used with future" => {
            Some("`await` the future first, then go through its result".to_owned())
        }
        "RuntimeError" if failure.message == "no running event loop" => Some(
            "asyncio.run(main()) starts a loop, and so does an `await` at the top level of the program".to_owned(),
        ),
        _ => None,
    };
    match help {
        Some(help) => line(&help),
        None if is_about_a_coroutine(failure) => coroutine(failure, sources, style),
        None if is_about_a_future(failure) => line(&future(failure, sources)),
        None => String::new(),
    }
}

fn line(help: &str) -> String {
    format!("  Help: {help}\n")
}

fn type_error(failure: &Failure, sources: &SourceMap) -> Option<String> {
    let message = failure.message.as_str();
    if message.starts_with("a coroutine was expected") {
        return function_in_place_of_a_coroutine(message);
    }
    if let Some(rest) = message.strip_prefix("object ")
        && let Some((class, _)) = rest.split_once(" can't be used in 'await' expression")
    {
        return function_argument(failure, sources)
            .or_else(|| not_awaitable(class, &awaited_text(failure, sources)));
    }
    if TAKE_AWAITABLES.contains(&message) {
        return function_argument(failure, sources);
    }
    if message == "'async for' requires an object with __aiter__ method, got function" {
        let name = raised_text(failure, sources).unwrap_or_default();
        return is_name(name.trim())
            .then(|| format!("call it: `async for ... in {}()`", name.trim()));
    }
    if message.starts_with("'async_generator' object is not ") {
        return Some(
            "`async for` goes through it; `[x async for x in ...]` makes a list".to_owned(),
        );
    }
    if message == "Passing coroutines is forbidden, use tasks explicitly." {
        return Some("make tasks of them first: asyncio.create_task(...)".to_owned());
    }
    let class = message.strip_prefix('\'')?.split('\'').next()?;
    if class == "coroutine" {
        return None;
    }
    if message.contains("does not support the asynchronous context manager protocol") {
        return Some("write `with`, if it is no async context manager".to_owned());
    }
    if message.contains("does not support the context manager protocol") {
        return ASYNC_ONLY
            .contains(&class.rsplit('.').next().unwrap_or(class))
            .then(|| "write `async with`".to_owned());
    }
    None
}

fn function_in_place_of_a_coroutine(message: &str) -> Option<String> {
    let found = message.strip_prefix("a coroutine was expected, got ")?;
    if found.starts_with("<async_generator object ") {
        return Some(
            "`async for` goes through it; a coroutine that does so can be a task".to_owned(),
        );
    }
    callable_name(found).map(|name| format!("call it: `{name}()`"))
}

/// The advice for a program that awaits an object of this class.
fn not_awaitable(class: &str, text: &str) -> Option<String> {
    let text = if text.is_empty() { "..." } else { text };
    Some(match class {
        "function" | "method" | "builtin_function_or_method" | "partial" => {
            format!("call it: `await {text}()`")
        }
        "list" | "tuple" | "set" | "generator" => {
            format!("`await asyncio.gather(*{text})` awaits all of them")
        }
        "async_generator" => format!("`async for ... in {text}` goes through it"),
        "NoneType" => {
            "what is awaited is None: is the function that returned it an `async def`?".to_owned()
        }
        _ => return None,
    })
}

/// The advice for a call of asyncio that got a function where it takes something to await: the argument is a plain name.
fn function_argument(failure: &Failure, sources: &SourceMap) -> Option<String> {
    const TAKE: [&str; 7] = [
        "as_completed(",
        "gather(",
        "shield(",
        "wait_for(",
        "ensure_future(",
        "run_until_complete(",
        "run_coroutine_threadsafe(",
    ];
    let name = first_argument(failure, sources, &TAKE)?;
    Some(format!("if it is a function, call it: `{name}()`"))
}

/// The advice for `asyncio.wait([f])` with a function.
fn function_waited_for(failure: &Failure, sources: &SourceMap) -> Option<String> {
    const FUNCTIONS: [&str; 3] = ["'function'", "'method'", "'functools.partial'"];
    let class = failure.message.split(' ').next()?;
    if !FUNCTIONS.contains(&class) {
        return None;
    }
    let name = first_argument(failure, sources, &["wait("]);
    let name = name.unwrap_or_else(|| "...".to_owned());
    Some(format!(
        "call it, and make a task of that: `asyncio.create_task({name}())`"
    ))
}

/// The first argument of a call that begins like this, or the first item of the display that is it, if that is a name.
fn first_argument(failure: &Failure, sources: &SourceMap, calls: &[&str]) -> Option<String> {
    let (place, _) = shown_at(failure, sources)?;
    let text = text_of(&place, sources);
    let mut rests = calls.iter().filter_map(|call| text.split_once(call));
    let (_, rest) = rests.next()?;
    let rest = rest.trim_start_matches(['[', '(', '{']);
    let name = rest.split([',', ')', ']', '}']).next()?.trim();
    is_name(name).then(|| name.to_owned())
}

/// Whether a text is a name, with dots or without.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    !text.is_empty() && text.chars().all(is_part)
}

/// The name in the repr of a function or method.
fn callable_name(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("<function ")
        .or_else(|| text.strip_prefix("<bound method "))?;
    let name = rest.split(' ').next()?;
    name.split(".<locals>.").last()
}

/// The source text after the `await` that raised.
fn awaited_text(failure: &Failure, sources: &SourceMap) -> String {
    let text = raised_text(failure, sources).unwrap_or_default();
    let awaited = text.trim().strip_prefix("await").unwrap_or_default();
    awaited.trim().to_owned()
}

fn raised_text(failure: &Failure, sources: &SourceMap) -> Option<String> {
    let place = raised_at(failure)?;
    Some(text_of(&place, sources))
}

fn text_of(place: &Place, sources: &SourceMap) -> String {
    let span = place.0.span_at(place.1);
    span.text(source_of(place, sources).text()).to_owned()
}

fn is_about_a_coroutine(failure: &Failure) -> bool {
    let message = &failure.message;
    let is_mistake = failure.class == "TypeError" || failure.class == "AttributeError";
    let is_advice = TAKE_AWAITABLES.contains(&message.as_str())
        || message.starts_with("a coroutine was expected")
        || message.starts_with("Passing coroutines");
    is_mistake && message.contains("coroutine") && !is_advice
}

/// Whether a task or another future was used where its result was meant.
fn is_about_a_future(failure: &Failure) -> bool {
    const FUTURES: [&str; 2] = ["_asyncio.Task", "_asyncio.Future"];
    const OTHERWISE: [&str; 3] = ["pickle", "not callable", "can't be used in 'await'"];
    let message = &failure.message;
    let is_mistake = failure.class == "TypeError" || failure.class == "AttributeError";
    // A misspelt attribute of the future itself.
    let is_suggested = failure.hint.is_some();
    let mentions = |words: &[&str]| words.iter().any(|word| message.contains(word));
    is_mistake && !is_suggested && mentions(&FUTURES) && !mentions(&OTHERWISE)
}

/// The advice for a future that was used where its result was meant.
fn future(failure: &Failure, sources: &SourceMap) -> String {
    let kind = match failure.message.contains("_asyncio.Task") {
        true => "task",
        false => "future",
    };
    let text = raised_text(failure, sources).unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (name, rest) = text.split_at(text.find(|c| !is_word(c)).unwrap_or(text.len()));
    match is_name(name) && rest.starts_with(['[', '.']) {
        true => format!("`{name}` is a {kind}; `await {name}` is its result"),
        false => format!("`await` the {kind} to get its result"),
    }
}

/// A coroutine was used where its result was meant.
fn coroutine(failure: &Failure, sources: &SourceMap, style: Style) -> String {
    let Some(used) = raised_at(failure) else {
        return line("`await` it to get its result");
    };
    match maker(failure, &used, sources) {
        Some((name, made)) if contains(&used, made) => line(&format!(
            "`await {}(...)` is its result; without `await` it is a coroutine",
            callee(name, made, sources)
        )),
        Some((name, made)) => {
            let name = callee(name, made, sources);
            let place = location(made, sources);
            let label = "made here, and not awaited";
            draw(made, label, Severity::Warning, sources, style)
                + &line(&format!("`await` it, at {place}: `await {name}(...)`"))
        }
        None => line("`await` it to get its result"),
    }
}

/// The coroutine that was most likely used, and where it was made: one that the same expression made, one whose variable stands in the
/// expression, else the last one made in the same function, or the only one.
fn maker<'f>(
    failure: &'f Failure,
    used: &Place,
    sources: &SourceMap,
) -> Option<(&'f str, &'f Place)> {
    let all = || failure.unstarted.iter().rev();
    let text = text_of(used, sources);
    let found = all()
        .find(|(_, made)| contains(used, made))
        .or_else(|| all().find(|(_, made)| is_assigned_to_part_of(made, &text, sources)))
        .or_else(|| all().find(|(_, made)| std::rc::Rc::ptr_eq(&made.0, &used.0)))
        .or_else(|| all().next().filter(|_| failure.unstarted.len() == 1));
    found.map(|(name, made)| (name.as_str(), made))
}

/// Whether the one place is a part of the other.
fn contains(outer: &Place, inner: &Place) -> bool {
    let (a, b) = (outer.0.span_at(outer.1), inner.0.span_at(inner.1));
    outer.0.file == inner.0.file && a.start <= b.start && b.end <= a.end
}

/// Whether the line of a call assigns to a name that stands in a text.
fn is_assigned_to_part_of(made: &Place, text: &str, sources: &SourceMap) -> bool {
    let file = source_of(made, sources);
    let line = file.line_text(file.line(made.0.span_at(made.1).start));
    let Some((target, _)) = line.split_once('=') else {
        return false;
    };
    let target = target.trim();
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
    !target.is_empty()
        && words.any(|word| word == target || word.starts_with(&format!("{target}.")))
}
