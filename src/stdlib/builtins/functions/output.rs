//! Builtin functions that write: `print` and `help`.
//!
//! A line of plain values goes to the host as one string; where the program has a say in a text (`__str__`), what stands before it
//! is written first, as that may print, too. A `file` is any object with `write`. To add one: a `Native`, its function, a name in the table.

use super::scope::absent;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::help;
use crate::stdlib::io::standard::{self, Standard, check_written};
use crate::stdlib::receiver::{given, plain, spread};
use crate::vm::{Local, Locals, Native, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&HELP, &PRINT];

const PRINT: Native = Native::vm(
    "print(*args, sep=' ', end='\\n', file=None, flush=False) -> None",
    "Prints the values to a stream, or to sys.stdout by default.\n\n\
     sep\n  string inserted between values, default a space.\n\
     end\n  string appended after the last value, default a newline.\n\
     file\n  a file-like object (stream); defaults to the current sys.stdout.\n\
     flush\n  whether to forcibly flush the stream.",
    print,
);

fn print(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let separator = text_or(vm, args.at(1), "sep", " ")?;
    let end = text_or(vm, args.at(2), "end", "\n")?;
    let values = spread(vm, args.at(0));
    if absent(vm, args.at(3)) && standard::is_plain(vm, Standard::Output) {
        let mut line = String::new();
        for (i, &value) in values.iter().enumerate() {
            if i > 0 {
                line.push_str(&separator);
            }
            push_text(vm, &mut line, value)?;
        }
        line.push_str(&end);
        standard::print(vm, &line)?;
        if let Some(flush) = given(vm, args.at(4))
            && vm.truth(flush)?
        {
            let flushed = vm.host.flush();
            check_written(vm, flushed)?;
        }
        return Ok(vm.none());
    }
    if absent(vm, args.at(3)) {
        vm.set(args.at(3), standard::current(vm, Standard::Output));
        if vm.get(args.at(3)).is_none() {
            return Ok(vm.none());
        }
        if vm.get(args.at(3)).is_undef() {
            return Err(vm.heap.raise(Builtin::RuntimeError, "lost sys.stdout"));
        }
    }
    print_to(vm, args, &values, &separator, &end)?;
    Ok(vm.none())
}

/// Prints to a file object, piece by piece as CPython does.
fn print_to(
    vm: &mut Vm,
    args: Locals,
    values: &[Local],
    separator: &str,
    end: &str,
) -> Result<(), Raised> {
    let file = args.at(3);
    let write = vm.get_attr_named(file, "write")?;
    for (i, &value) in values.iter().enumerate() {
        let mark = vm.mark();
        if i > 0 {
            write_text(vm, write, separator)?;
        }
        let text = vm.str(value)?;
        vm.call(write, &[text])?;
        vm.release(mark);
    }
    write_text(vm, write, end)?;
    if let Some(flush) = given(vm, args.at(4))
        && vm.truth(flush)?
    {
        vm.call_method(file, "flush", &[])?;
    }
    Ok(())
}

fn write_text(vm: &mut Vm, write: Local, text: &str) -> Result<(), Raised> {
    let text = vm.local(vm.heap.str_value(text));
    vm.call(write, &[text])?;
    Ok(())
}

/// Appends `str(value)`; first writes what the line has so far, if the program may be asked for the text.
fn push_text(vm: &mut Vm, line: &mut String, value: Local) -> Result<(), Raised> {
    if let Some(text) = vm.get_gc::<Str>(value) {
        line.push_str(text.as_str());
        return Ok(());
    }
    let known = !vm.get(value).is_object() || vm.get(value).as_number().is_some();
    if !known && !line.is_empty() {
        standard::print(vm, line)?;
        line.clear();
    }
    let mark = vm.mark();
    line.push_str(&vm.text_of(value)?);
    vm.release(mark);
    Ok(())
}

/// The text of `sep` or `end`: a string, or None for the default.
fn text_or(vm: &Vm, local: Local, name: &str, default: &str) -> Result<String, Raised> {
    if absent(vm, local) {
        return Ok(default.to_owned());
    }
    match vm.get_gc::<Str>(plain(vm, local)) {
        Some(text) => Ok(text.as_str().to_owned()),
        None => {
            let class = vm.heap.type_name(vm.get(local));
            Err(vm
                .heap
                .type_error(format!("{name} must be None or a string, not {class}")))
        }
    }
}

const HELP: Native = Native::vm(
    "help(object=..., /) -> None",
    "Show the signature and the documentation of an object.\n\n\
     Of a module or class also what is in it. A text names what is meant: help('asyncio.gather').",
    |vm, args| {
        let text = match given(vm, args.at(0)) {
            None => help::introduction(),
            Some(object) => help::of(vm, object)?,
        };
        print_text(vm, &text)?;
        Ok(vm.none())
    },
);

/// Prints a text to sys.stdout, whatever that is.
fn print_text(vm: &mut Vm, text: &str) -> Result<(), Raised> {
    if standard::is_plain(vm, Standard::Output) {
        return standard::print(vm, text);
    }
    let stream = vm.local(standard::current(vm, Standard::Output));
    if vm.get(stream).is_none() || vm.get(stream).is_undef() {
        return Ok(());
    }
    let write = vm.get_attr_named(stream, "write")?;
    write_text(vm, write, text)
}
