//! `_codecs`: what the modules `codecs` and `encodings`, which are written in apy, need of Rust.
//!
//! `convert.rs` encodes and decodes, `handlers.rs` has the error handlers; here is the table of functions. The encodings themselves are
//! in `text/codec`.

pub mod convert;
mod handlers;

use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::{Buffer, codec_error, text, text_or};
use crate::stdlib::receiver::given;
use crate::stdlib::registry::NativeModule;
use crate::text::codec::Encoding;
use crate::vm::{Local, Locals, Native, Vm};
use convert::{Input, Mark};

/// The module.
pub const CODECS: NativeModule = NativeModule {
    functions: &[
        &REGISTER_ERROR,
        &UNREGISTER_ERROR,
        &FIND_ERROR,
        &HANDLE,
        &NAME,
        &ENCODE,
        &DECODE,
        &UNESCAPE,
        &ENCODE_BY_NAME,
        &DECODE_BY_NAME,
    ],
    ..NativeModule::of("_codecs", "Encodings and error handlers.")
};

const REGISTER_ERROR: Native = Native::vm(
    "register_error(errors, handler, /)",
    "Register the specified error handler under the name errors.\n\n\
     handler must be a callable object, that\nwill be called with an exception instance containing\n\
     information about the location of the encoding/decoding\nerror and must return a (replacement, new position) tuple.",
    |vm, args| {
        let name = text(&vm.heap, vm.get(args.at(0)), "register_error() argument 1")?.to_owned();
        if !vm.is_callable(args.at(1)) {
            return Err(vm.heap.type_error("handler must be callable"));
        }
        let table = handlers::table(vm);
        let name = vm.local(vm.heap.str_value(&name));
        vm.set_item(table, name, args.at(1))?;
        Ok(vm.none())
    },
);

const UNREGISTER_ERROR: Native = Native::vm(
    "_unregister_error(errors, /) -> bool",
    "Forget the error handler of a name. Raises ValueError for a builtin one.",
    |vm, args| {
        let name = text(&vm.heap, vm.get(args.at(0)), "argument 1")?.to_owned();
        if handlers::BUILTIN.contains(&name.as_str()) {
            let message = format!("cannot un-register built-in error handler '{name}'");
            return Err(vm.heap.value_error(message));
        }
        let known = handlers::find(vm, &name).is_some();
        if known {
            let (table, name) = (handlers::table(vm), vm.local(vm.heap.str_value(&name)));
            vm.call_method(table, "pop", &[name])?;
        }
        Ok(vm.bool_local(known))
    },
);

const FIND_ERROR: Native = Native::vm(
    "_find_error(errors, /)",
    "Return the registered error handler of this name, its name if it is a builtin one. Raises LookupError.",
    |vm, args| {
        let name = text(&vm.heap, vm.get(args.at(0)), "lookup_error() argument")?.to_owned();
        if let Some(found) = handlers::find(vm, &name) {
            return Ok(found);
        }
        match handlers::BUILTIN.contains(&name.as_str()) {
            true => Ok(args.at(0)),
            false => {
                let message = format!("unknown error handler name '{name}'");
                Err(vm.heap.raise(Builtin::LookupError, message))
            }
        }
    },
);

const HANDLE: Native = Native::vm(
    "_handle(errors, exception, /) -> tuple",
    "Do what the builtin error handler of this name does with an exception.",
    |vm, args| {
        let name = text(&vm.heap, vm.get(args.at(0)), "argument 1")?.to_owned();
        handlers::call_builtin(vm, &name, args.at(1))
    },
);

const NAME: Native = Native::vm(
    "_name(encoding, /)",
    "Return the name of a builtin encoding, None for another one.",
    |vm, args| {
        let name = text(&vm.heap, vm.get(args.at(0)), "argument 1")?;
        Ok(match Encoding::named(name) {
            Ok(encoding) => vm.local(vm.heap.str_value(encoding.name())),
            Err(_) => vm.none(),
        })
    },
);

const ENCODE: Native = Native::vm(
    "_encode(text, encoding, errors='strict', mark=True, /) -> bytes",
    "Encode a string in a builtin encoding; mark: with its byte order mark.",
    |vm, args| {
        let (encoding, errors) = names(vm, args)?;
        let mark = match vm.get(args.at(3)).as_bool() {
            Some(false) => Mark::Omitted,
            _ => Mark::Written,
        };
        let bytes = convert::encode_builtin(vm, args.at(0), encoding, &errors, mark)?;
        Ok(vm.local(vm.heap.bytes(bytes).value()))
    },
);

const DECODE: Native = Native::vm(
    "_decode(data, encoding, errors='strict', final=True, /) -> tuple",
    "Decode bytes in a builtin encoding: a string, how many bytes it took, the encoding of what follows.",
    |vm, args| {
        let (encoding, errors) = names(vm, args)?;
        let input = match vm.get(args.at(3)).as_bool() {
            Some(false) => Input::Piece,
            _ => Input::Whole,
        };
        let data = match crate::stdlib::arg::as_str(&vm.heap, vm.get(args.at(0))) {
            Some(text) if is_escaped(encoding) => text.as_str().as_bytes().to_vec(),
            _ => Buffer::copied(&vm.heap, vm.get(args.at(0)))?,
        };
        let done = convert::decode_builtin(vm, args.at(0), &data, encoding, &errors, input)?;
        let text = vm.local(vm.heap.try_str(&done.text)?);
        let used = vm.local(vm.heap.usize(done.used));
        // A mark can still come while nothing was read.
        let next = if done.used == 0 { encoding } else { done.next };
        let next = vm.local(vm.heap.str_value(next.name()));
        Ok(vm.tuple_of(&[text, used, next]))
    },
);

/// Whether the codec decodes strings, too.
fn is_escaped(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::UnicodeEscape | Encoding::RawUnicodeEscape
    )
}

fn names(vm: &Vm, args: Locals) -> Result<(Encoding, String), Raised> {
    let heap = &vm.heap;
    let encoding = text(heap, vm.get(args.at(1)), "argument 2")?;
    let encoding =
        Encoding::named(encoding).map_err(|error| codec_error(heap, error, vm.get(args.at(0))))?;
    let errors = vm.get(args.at(2));
    let errors = match errors.is_none() {
        true => "strict",
        false => text_or(heap, errors, "strict", "argument 3")?,
    };
    Ok((encoding, errors.to_owned()))
}

const UNESCAPE: Native = Native::vm(
    "_unescape(data, errors='strict', /) -> bytes",
    "Undo the escapes of a bytes literal.",
    unescape,
);

fn unescape(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let data = match crate::stdlib::arg::as_str(&vm.heap, vm.get(args.at(0))) {
        Some(text) => text.as_str().as_bytes().to_vec(),
        None => Buffer::copied(&vm.heap, vm.get(args.at(0)))?,
    };
    let errors = text_or(&vm.heap, vm.get(args.at(1)), "strict", "argument 2")?.to_owned();
    match crate::text::codec::escapes::decode_bytes(&data, &errors) {
        Ok(bytes) => Ok(vm.local(vm.heap.bytes(bytes).value())),
        Err(message) => Err(vm.heap.value_error(message)),
    }
}

const ENCODE_BY_NAME: Native = Native::vm(
    "encode(obj, encoding='utf-8', errors='strict')",
    "Encode obj by the codec of this name, which may make anything of anything. Raises LookupError.",
    |vm, args| by_name(vm, args, "_encode_by"),
);

const DECODE_BY_NAME: Native = Native::vm(
    "decode(obj, encoding='utf-8', errors='strict')",
    "Decode obj by the codec of this name, which may make anything of anything. Raises LookupError.",
    |vm, args| by_name(vm, args, "_decode_by"),
);

/// Calls a function of `codecs`, which knows the codecs that programs registered.
fn by_name(vm: &mut Vm, args: Locals, function: &str) -> Result<Local, Raised> {
    let codecs = vm.import_module("codecs")?;
    let text = |vm: &Vm, at: usize, default: &str| match given(vm, args.at(at)) {
        Some(given) => given,
        None => vm.local(vm.heap.intern(default).value()),
    };
    let (encoding, errors) = (text(vm, 1, "utf-8"), text(vm, 2, "strict"));
    vm.call_method(codecs, function, &[args.at(0), encoding, errors])
}
