//! Error handlers that programs register, and the builtin ones as functions that `lookup_error` returns.
//!
//! A handler gets the exception and answers with a replacement and the position to go on at. The codecs in `text/codec` stop at what
//! they cannot do; the loop in this folder asks the handler and goes on.

use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::{Buffer, codec_error};
use crate::stdlib::receiver::plain;
use crate::stdlib::registry::{keep, kept};
use crate::text::codec::{CodecError, Fault};
use crate::vm::{Local, Vm};

const KEPT: &str = "codecs.handlers";

/// The names of the builtin handlers.
pub const BUILTIN: [&str; 8] = [
    "strict",
    "ignore",
    "replace",
    "backslashreplace",
    "xmlcharrefreplace",
    "namereplace",
    "surrogateescape",
    "surrogatepass",
];

/// What a handler said.
pub struct Answer {
    /// A string or bytes.
    pub replacement: Local,
    /// Where to go on.
    pub resume: usize,
}

/// The handlers by name: a dict.
pub fn table(vm: &Vm) -> Local {
    kept(vm, KEPT).unwrap_or_else(|| {
        let table = vm.local(vm.heap.dict().value());
        keep(vm, KEPT, table);
        table
    })
}

/// The handler that the program registered under a name.
pub fn find(vm: &Vm, name: &str) -> Option<Local> {
    let table = vm.get_gc::<Dict>(table(vm))?;
    let found = table.get_str(&vm.heap, vm.heap.str(name))?;
    Some(vm.local(found))
}

/// Asks the handler of the program about a fault in `input`.
pub fn ask(vm: &mut Vm, name: &str, fault: &Fault, input: Local) -> Result<Answer, Raised> {
    let Some(handler) = find(vm, name) else {
        let error = CodecError::UnknownHandler(name.to_owned());
        return Err(codec_error(&vm.heap, error, vm.get(input)));
    };
    let raised = codec_error(&vm.heap, CodecError::Invalid(fault.clone()), vm.get(input));
    let exception = vm.local(vm.heap.take_raised(raised).value());
    let result = vm.call(handler, &[exception])?;
    let is_encoding = vm.get(plain(vm, input)).is_gc::<Str>();
    let parts = vm.get_gc::<Tuple>(result).filter(|parts| parts.len() == 2);
    let parts = parts.map(|parts| parts.to_vec(&vm.heap));
    let Some([replacement, position]) = parts.as_deref() else {
        return Err(bad_answer(vm, is_encoding));
    };
    let (replacement, position) = (vm.local(*replacement), vm.local(*position));
    let is_text = vm.get(plain(vm, replacement)).is_gc::<Str>();
    let is_bytes = is_encoding && Buffer::of(&vm.heap, vm.get(replacement)).is_some();
    if !is_text && !is_bytes || vm.get(position).as_any_int().is_none() {
        return Err(bad_answer(vm, is_encoding));
    }
    let len = match vm.get_gc::<Str>(plain(vm, input)) {
        Some(text) => text.char_len(),
        None => Buffer::arg(&vm.heap, vm.get(input))?.len(),
    } as i64;
    let said = vm.index(position)?;
    let resume = if said < 0 { said + len } else { said };
    if !(0..=len).contains(&resume) {
        let message = format!("position {said} from error handler out of bounds");
        return Err(vm.heap.raise(Builtin::IndexError, message));
    }
    Ok(Answer {
        replacement,
        resume: resume as usize,
    })
}

fn bad_answer(vm: &Vm, is_encoding: bool) -> Raised {
    vm.heap.type_error(match is_encoding {
        true => "encoding error handler must return (str/bytes, int) tuple",
        false => "decoding error handler must return (str, int) tuple",
    })
}

/// What a builtin handler, called as a function, does with an exception.
pub fn call_builtin(vm: &mut Vm, name: &str, exception: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let is = |class| heap.is_instance(vm.get(exception), class);
    let encodes = is(Builtin::UnicodeEncodeError);
    let decodes = is(Builtin::UnicodeDecodeError);
    let translates = is(Builtin::UnicodeTranslateError);
    let fits = match name {
        "strict" => {
            return match vm.get_gc::<Exception>(exception) {
                Some(exception) => Err(heap.raise_exception(exception)),
                None => Err(heap.type_error("codec must pass exception instance")),
            };
        }
        "ignore" | "replace" | "backslashreplace" => encodes || decodes || translates,
        "xmlcharrefreplace" | "namereplace" => encodes,
        _ => encodes || decodes,
    };
    if !fits {
        let given = heap.type_name(vm.get(exception));
        let message = format!("don't know how to handle {given} in error callback");
        return Err(heap.type_error(message));
    }
    let field = |vm: &mut Vm, name: &str| vm.get_attr_named(exception, name);
    let (object, start, end) = (field(vm, "object")?, field(vm, "start")?, field(vm, "end")?);
    let (start, end) = (vm.index(start)? as usize, vm.index(end)? as usize);
    let encoding = match translates {
        true => String::new(),
        false => {
            let encoding = field(vm, "encoding")?;
            vm.text_of(encoding)?
        }
    };
    let (made, resume) = replaced(vm, name, exception, object, (start, end), &encoding)?;
    let resume = vm.local(vm.heap.usize(resume));
    Ok(vm.tuple_of(&[made, resume]))
}

fn replaced(
    vm: &mut Vm,
    name: &str,
    exception: Local,
    object: Local,
    (start, end): (usize, usize),
    encoding: &str,
) -> Result<(Local, usize), Raised> {
    use crate::text::codec::{Encoding, handler};
    let encoding = Encoding::named(encoding).unwrap_or(Encoding::Ascii);
    let fault = Fault {
        codec: "",
        range: start..end,
        reason: String::new(),
    };
    let same = |vm: &Vm| match vm.get_gc::<Exception>(exception) {
        Some(exception) => vm.heap.raise_exception(exception),
        None => vm.heap.type_error("codec must pass exception instance"),
    };
    if let Some(text) = vm.get_gc::<Str>(plain(vm, object)) {
        let text = text.as_str().to_owned();
        let translates = vm
            .heap
            .is_instance(vm.get(exception), Builtin::UnicodeTranslateError);
        if translates && name == "replace" {
            let shown = "\u{fffd}".repeat(end.saturating_sub(start));
            return Ok((vm.local(vm.heap.str_value(&shown)), end));
        }
        let made = match handler::mend_encoding(name, fault, encoding, &text) {
            Ok(handler::Mended::Text(shown, _)) => vm.heap.str_value(&shown),
            Ok(handler::Mended::Bytes(bytes)) if name == "ignore" && bytes.is_empty() => {
                vm.heap.str_value("")
            }
            Ok(handler::Mended::Bytes(bytes)) => vm.heap.bytes(bytes).value(),
            Err(_) => return Err(same(vm)),
        };
        return Ok((vm.local(made), end));
    }
    let data = Buffer::copied(&vm.heap, vm.get(object))?;
    let (start, end) = (start.min(data.len()), end.min(data.len()));
    let fault = Fault {
        range: start..end.max(start),
        ..fault
    };
    match handler::mend_decoding(name, fault, encoding, &data) {
        Ok((text, resume)) => Ok((vm.local(vm.heap.str_value(&text)), resume)),
        Err(_) => Err(same(vm)),
    }
}
