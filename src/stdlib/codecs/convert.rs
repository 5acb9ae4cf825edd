//! Encoding and decoding with everything that a program can name: builtin encodings, those that it registered, and its error handlers.
//!
//! `text/codec` runs to the next fault; here a handler is asked, the builtin ones first, then those of `register_error`. An encoding
//! that is not builtin goes to the search functions of `codecs.register`, by `codecs.lookup` of the library.

use super::handlers::{self, Answer};
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
use crate::stdlib::arg::{Buffer, checked, codec_error};
use crate::stdlib::receiver::plain;
use crate::text::codec::{self, CodecError, Encoding, handler};
use crate::vm::{Local, Vm};

/// `str.encode(encoding, errors)`: a bytes object.
pub fn encode(vm: &mut Vm, text: Local, encoding: &str, errors: &str) -> Result<Local, Raised> {
    match Encoding::named(encoding) {
        Ok(encoding) => {
            let bytes = encode_builtin(vm, text, encoding, errors, Mark::Written)?;
            Ok(vm.local(vm.heap.bytes(bytes).value()))
        }
        Err(error) => {
            let made = by_registry(vm, text, encoding, errors, "encode", error)?;
            match vm.get(made).is_gc::<Bytes>() {
                true => Ok(made),
                false => Err(wrong_result(vm, encoding, "encode", "bytes", made)),
            }
        }
    }
}

/// As many bytes as stand for a character that an encoding lacks: `\U0001f600`, and `\N{..}` with a name.
const LONGEST_ESCAPE: usize = 10;
const LONGEST_NAME: usize = 96;

/// `bytes.decode(encoding, errors)`: a string.
pub fn decode(vm: &mut Vm, bytes: Local, encoding: &str, errors: &str) -> Result<Local, Raised> {
    match Encoding::named(encoding) {
        Ok(encoding) => {
            let data = Buffer::copied(&vm.heap, vm.get(bytes))?;
            let decoded = decode_builtin(vm, bytes, &data, encoding, errors, Input::Whole)?;
            Ok(vm.local(vm.heap.adopt_text(decoded.text)?))
        }
        Err(error) => {
            let made = by_registry(vm, bytes, encoding, errors, "decode", error)?;
            match vm.get(plain(vm, made)).is_gc::<Str>() {
                true => Ok(made),
                false => Err(wrong_result(vm, encoding, "decode", "str", made)),
            }
        }
    }
}

fn wrong_result(vm: &Vm, encoding: &str, verb: &str, class: &str, made: Local) -> Raised {
    let given = vm.heap.type_name(vm.get(made));
    vm.heap.type_error(format!(
        "'{encoding}' {verb}r returned '{given}' instead of '{class}'; \
         use codecs.{verb}() to {verb} to arbitrary types"
    ))
}

/// What a codec of the program makes of a text or bytes.
fn by_registry(
    vm: &mut Vm,
    object: Local,
    encoding: &str,
    errors: &str,
    verb: &str,
    error: CodecError,
) -> Result<Local, Raised> {
    if encoding.contains('\0') {
        return Err(vm.heap.value_error("embedded null character"));
    }
    let none = vm.none();
    let codecs = match vm.import_module("codecs") {
        Ok(codecs) => codecs,
        Err(_) => return Err(codec_error(&vm.heap, error, vm.get(none))),
    };
    let name = vm.local(vm.heap.str_value(encoding));
    let info = vm.call_method(codecs, "lookup", &[name])?;
    let is_text = vm.get_attr_named(info, "_is_text_encoding")?;
    if !vm.truth(is_text)? {
        let message = format!(
            "'{encoding}' is not a text encoding; use codecs.{verb}() to handle arbitrary codecs"
        );
        return Err(vm.heap.raise(Builtin::LookupError, message));
    }
    let function = vm.get_attr_named(info, verb)?;
    let errors = vm.local(vm.heap.str_value(errors));
    let pair = vm.call(function, &[object, errors])?;
    let first = vm.get_gc::<Tuple>(pair).filter(|pair| pair.len() == 2);
    match first.and_then(|pair| pair.at(&vm.heap, 0)) {
        Some(made) => Ok(vm.local(made)),
        None => {
            let message = format!("{verb}r must return a tuple (object, integer)");
            Err(vm.heap.type_error(message))
        }
    }
}

/// Whether the byte order mark is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// At the start of a text.
    Written,
    /// Further on.
    Omitted,
}

/// The bytes of a string in a builtin encoding.
pub fn encode_builtin(
    vm: &mut Vm,
    text: Local,
    encoding: Encoding,
    errors: &str,
    mark: Mark,
) -> Result<Vec<u8>, Raised> {
    let string = match vm.get_gc::<Str>(plain(vm, text)) {
        Some(string) => string.as_str(),
        None => {
            let given = vm.heap.type_name(vm.get(text));
            let message = format!("encode() argument 'str' must be str, not {given}");
            return Err(vm.heap.type_error(message));
        }
    };
    let most = encoding.most_bytes(string);
    vm.heap.room_for(most)?;
    let mut out = Vec::with_capacity(most);
    if mark == Mark::Written {
        out.extend_from_slice(encoding.mark());
    }
    // As a rule there is no fault, and no need of a copy.
    let heap = &vm.heap;
    let encoded = codec::encode_paused(encoding, string, &mut out, &mut |units| heap.pause(units));
    let Err(mut fault) = checked(heap, encoded)? else {
        return Ok(out);
    };
    vm.heap.room_for(string.len())?;
    let string = string.to_owned();
    // What is left, and the code point that it begins with.
    let (mut rest, mut at) = (&*string, 0);
    loop {
        vm.heap.poll(1)?;
        let end = fault.range.end;
        let wide = if errors == "namereplace" {
            LONGEST_NAME
        } else {
            LONGEST_ESCAPE
        };
        vm.heap
            .grow_vec(&mut out, fault.range.len().saturating_mul(wide))?;
        vm.heap.room_for(fault.range.len().saturating_mul(wide))?;
        let mut here = fault.clone();
        here.range = fault.range.start - at..end - at;
        let resume = match handler::mend_encoding(errors, here, encoding, rest) {
            Ok(mended) => {
                let put = mended.put(encoding, rest, &mut out);
                put.map_err(|error| codec_error(&vm.heap, error, vm.get(text)))?;
                end
            }
            Err(CodecError::UnknownHandler(_)) => {
                let answer = handlers::ask(vm, errors, &fault, text)?;
                let (bytes, resume) = encoded_answer(vm, answer, encoding, &fault, text)?;
                out.extend_from_slice(&bytes);
                resume
            }
            Err(CodecError::Invalid(_)) => {
                let error = CodecError::Invalid(fault);
                return Err(codec_error(&vm.heap, error, vm.get(text)));
            }
            Err(error) => return Err(codec_error(&vm.heap, error, vm.get(text))),
        };
        (rest, at) = match resume.checked_sub(at) {
            Some(more) => (codec::skip(rest, more), resume),
            None => (codec::skip(&string, resume), resume),
        };
        match codec::encode_from(encoding, rest, resume, &mut out) {
            Ok(()) => return Ok(out),
            Err(next) => fault = next,
        }
    }
}

/// A handler's answer as bytes.
fn encoded_answer(
    vm: &mut Vm,
    answer: Answer,
    encoding: Encoding,
    fault: &codec::Fault,
    text: Local,
) -> Result<(Vec<u8>, usize), Raised> {
    if let Some(bytes) = Buffer::of(&vm.heap, vm.get(answer.replacement)) {
        return Ok((bytes.to_vec(), answer.resume));
    }
    let mut bytes = Vec::new();
    let shown = vm.get_gc::<Str>(plain(vm, answer.replacement));
    let shown = shown.map_or("", |shown| shown.as_str());
    match codec::encode_from(encoding, shown, 0, &mut bytes) {
        Ok(()) => Ok((bytes, answer.resume)),
        Err(_) => {
            let error = CodecError::Invalid(fault.clone());
            Err(codec_error(&vm.heap, error, vm.get(text)))
        }
    }
}

/// How much there is to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// All: what is incomplete at the end is a fault.
    Whole,
    /// A piece: what is incomplete at the end is left for the next one.
    Piece,
}

/// A text, how many bytes it took, and the encoding of what follows.
pub struct Decoded {
    /// The text.
    pub text: String,
    /// The bytes that it took.
    pub used: usize,
    /// The encoding of what follows: the same, without its byte order mark.
    pub next: Encoding,
}

/// Decodes bytes (`data` is a copy of what `bytes` holds) in a builtin encoding.
pub fn decode_builtin(
    vm: &mut Vm,
    bytes: Local,
    data: &[u8],
    encoding: Encoding,
    errors: &str,
    input: Input,
) -> Result<Decoded, Raised> {
    let (mut at, next) = encoding.without_mark(data);
    let mut text = String::with_capacity(data.len());
    while let Err(fault) = codec::decode_from(next, data, at, &mut text) {
        vm.heap.poll(1)?;
        let is_open = fault.range.end == data.len() && codec::is_incomplete(&fault);
        if input == Input::Piece && is_open {
            let used = fault.range.start;
            return Ok(Decoded { text, used, next });
        }
        match handler::mend_decoding(errors, fault.clone(), next, data) {
            Ok((mended, resume)) => {
                text.push_str(&mended);
                at = resume;
            }
            Err(CodecError::UnknownHandler(_)) => {
                let input = frozen(vm, bytes, data);
                let answer = handlers::ask(vm, errors, &fault, input)?;
                let shown = vm.get_gc::<Str>(plain(vm, answer.replacement));
                text.push_str(shown.map_or("", |shown| shown.as_str()));
                at = answer.resume;
            }
            Err(error) => {
                let input = frozen(vm, bytes, data);
                return Err(codec_error(&vm.heap, error, vm.get(input)));
            }
        }
    }
    let used = data.len();
    Ok(Decoded { text, used, next })
}

/// The input as an exception keeps it: bytes that can no longer change.
fn frozen(vm: &Vm, object: Local, data: &[u8]) -> Local {
    let inner = plain(vm, object);
    match vm.get(inner).is_gc::<ByteArray>() || !vm.get(inner).is_gc::<Bytes>() {
        true => vm.local(vm.heap.bytes(data).value()),
        false => inner,
    }
}
