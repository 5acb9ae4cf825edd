//! Builtin functions about the program as a whole: `breakpoint`, `input`, `exit`, `quit`.
//!
//! `exit` and `quit` raise SystemExit as `sys.exit` does; `input` writes its prompt and reads through the host. To add one: a
//! `Native`, its function, a name in the table.

use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::slow_step;
use crate::stdlib::io::standard::{self, Standard, check_written};
use crate::stdlib::receiver::given;
use crate::vm::{Local, Locals, Native, Vm};

/// The functions of this file.
pub const FUNCTIONS: &[&Native] = &[&BREAKPOINT, &EXIT, &INPUT, &QUIT];

const BREAKPOINT: Native = Native::vm(
    "breakpoint(*args, **kws)",
    "Call sys.breakpointhook(*args, **kws).  sys.breakpointhook() must accept\nwhatever arguments are passed.",
    breakpoint,
);

fn breakpoint(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let sys = vm.import_module("sys")?;
    let Some(hook) = vm.find_attr(sys, "breakpointhook")? else {
        let message = "lost sys.breakpointhook";
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    };
    vm.call_ex(hook, args.at(0), Some(args.at(1)))
}

const INPUT: Native = Native::vm(
    "input(prompt='', /)",
    "Read a string from standard input.  The trailing newline is stripped.\n\n\
     The prompt string, if given, is printed to standard output without a trailing newline before reading input.\n\nRaises EOFError at the end of the input.",
    input,
);

fn input(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if vm.host.reads_lines() && standard::is_plain(vm, Standard::Input) {
        return input_of_host(vm, args);
    }
    let import = vm.import_module("sys")?;
    let stream = |vm: &mut Vm, name: &str| match vm.find_attr(import, name)? {
        Some(stream) if !vm.get(stream).is_none() => Ok(stream),
        _ => {
            let message = format!("input(): lost sys.{name}");
            Err(vm.heap.raise(Builtin::RuntimeError, message))
        }
    };
    let (stdin, stdout) = (stream(vm, "stdin")?, stream(vm, "stdout")?);
    if let Some(prompt) = given(vm, args.at(0)) {
        let text = vm.str(prompt)?;
        vm.call_method(stdout, "write", &[text])?;
    }
    // A stream without `flush`, or whose flush fails, still takes the prompt.
    if let Err(raised) = vm.call_method(stdout, "flush", &[]) {
        vm.take_if(raised, Builtin::Exception)?;
    }
    slow_step::pulse(vm);
    let line = vm.call_method(stdin, "readline", &[]);
    slow_step::pulse(vm);
    let line = line?;
    match vm.get_gc::<Str>(line) {
        Some(line) => finish_line(vm, line.as_str()),
        None => Err(vm.heap.type_error("object.readline() returned non-string")),
    }
}

/// `input` where the host itself reads lines.
fn input_of_host(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if let Some(prompt) = given(vm, args.at(0)) {
        let text = vm.text_of(prompt)?;
        let printed = vm.print(&text);
        check_written(vm, printed)?;
    }
    let flushed = vm.host.flush();
    check_written(vm, flushed)?;
    slow_step::pulse(vm);
    let line = vm.host.read_line();
    slow_step::pulse(vm);
    let line = check_written(vm, line)?;
    finish_line(vm, &line)
}

fn finish_line(vm: &Vm, line: &str) -> Result<Local, Raised> {
    if line.is_empty() {
        return Err(vm.heap.raise(Builtin::EOFError, "EOF when reading a line"));
    }
    let line = line.strip_suffix('\n').unwrap_or(line);
    Ok(vm.local(vm.heap.str_value(line)))
}

const EXIT: Native = Native::vm(
    "exit(code=None)",
    "Ends the program by raising SystemExit(code).",
    leave,
);
const QUIT: Native = Native::vm(
    "quit(code=None)",
    "Ends the program by raising SystemExit(code).",
    leave,
);

/// As `exit`, but the exception always has a code.
fn leave(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let code = vm.get(args.at(0)).or(Value::NONE);
    Err(vm.heap.raise_with(Builtin::SystemExit, &[code]))
}

/// Raises SystemExit with the code in the first argument.
pub fn exit(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let code = vm.get(args.at(0));
    let args: &[Value<'_>] = if code.is_undef() { &[] } else { &[code] };
    Err(vm.heap.raise_with(Builtin::SystemExit, args))
}
