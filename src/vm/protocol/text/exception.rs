//! `repr` and `str` of exceptions, with the classes whose `str` is more than their arguments.
//!
//! To add one: an arm in `message_of`, by the nearest builtin class.

use crate::runtime::bytes::Bytes;
use crate::runtime::exception::Exception;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
use crate::text::surrogate;
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// `ValueError('x')`, `ValueError(1, 2)`
    pub(super) fn write_exception_repr(
        &mut self,
        value: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        out.push_str(self.heap.type_name(self.get(value)));
        let args = self.exception_args(value);
        if args.len() != 1 {
            return self.write_args(value, out);
        }
        out.push('(');
        self.nested(|vm| vm.write_repr(args[0], out))?;
        out.push(')');
        Ok(())
    }

    /// The message of an exception.
    pub(super) fn write_exception_str(
        &mut self,
        value: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        if let Some(text) = self.message_of(value)? {
            out.push_str(&text);
            return Ok(());
        }
        match self.exception_args(value)[..] {
            [] => Ok(()),
            [arg] => self.nested(|vm| vm.write_str(arg, out)),
            _ => self.write_args(value, out),
        }
    }

    fn exception_args(&self, value: Local) -> Vec<Local> {
        let args = self
            .get_gc::<Exception>(value)
            .and_then(|e| e.args.get(&self.heap).as_gc::<Tuple>());
        args.map(|args| args.iter(&self.heap).map(|arg| self.local(arg)).collect())
            .unwrap_or_default()
    }

    fn write_args(&mut self, value: Local, out: &mut String) -> Result<(), Raised> {
        let Some(exception) = self.get_gc::<Exception>(value) else {
            return Ok(());
        };
        let args = self.local(exception.args.get(&self.heap));
        self.write_repr(args, out)
    }

    /// The nearest builtin class of an exception.
    fn family(&self, value: Local) -> Builtin {
        let class = self.heap.class_of(self.get(value));
        class
            .mro(&self.heap)
            .find_map(|class| class.get().builtin)
            .unwrap_or(Builtin::BaseException)
    }

    /// The message of a class that has one of its own kind; None where it follows from the arguments alone.
    fn message_of(&mut self, value: Local) -> Result<Option<String>, Raised> {
        let args = self.exception_args(value);
        let family = self.family(value);
        match (family, &args[..]) {
            (Builtin::KeyError, &[key]) => self.repr_text(key).map(Some),
            (Builtin::BaseExceptionGroup | Builtin::ExceptionGroup, _) => {
                let Some([message, parts]) = self.group_parts(value) else {
                    return Ok(None);
                };
                self.group_text(message, parts).map(Some)
            }
            (Builtin::UnicodeDecodeError, &[codec, object, start, end, reason]) => {
                let given = [codec, object, start, end, reason];
                let [codec, object, start, end, reason] = self.codec_fields(value, given);
                let (codec, reason) = (self.text_of(codec)?, self.text_of(reason)?);
                Ok(Some(self.decode_text(
                    &codec,
                    object,
                    (start, end),
                    &reason,
                )))
            }
            (Builtin::UnicodeEncodeError, &[codec, object, start, end, reason]) => {
                let given = [codec, object, start, end, reason];
                let [codec, object, start, end, reason] = self.codec_fields(value, given);
                let (codec, reason) = (self.text_of(codec)?, self.text_of(reason)?);
                let what = self.characters_text(object, (start, end));
                Ok(Some(format!(
                    "'{codec}' codec can't encode {what}: {reason}"
                )))
            }
            (Builtin::UnicodeTranslateError, &[object, start, end, reason]) => {
                let given = [object, object, start, end, reason];
                let [_, object, start, end, reason] = self.codec_fields(value, given);
                let what = self.characters_text(object, (start, end));
                Ok(Some(format!(
                    "can't translate {what}: {}",
                    self.text_of(reason)?
                )))
            }
            _ if family.derives_from(Builtin::OSError) => self.os_error_text(value, &args),
            _ if family.derives_from(Builtin::SyntaxError) => self.syntax_error_text(value, &args),
            _ => Ok(None),
        }
    }

    /// What an exception of a codec says: its attributes where the program has set them, the arguments elsewhere.
    fn codec_fields(&self, value: Local, given: [Local; 5]) -> [Local; 5] {
        let names = ["encoding", "object", "start", "end", "reason"];
        std::array::from_fn(|i| self.exception_field(value, names[i]).unwrap_or(given[i]))
    }

    /// The message and the exceptions with which a group was made, whatever its `args` are.
    fn group_parts(&self, value: Local) -> Option<[Local; 2]> {
        let heap = &self.heap;
        let fields = self.get_gc::<Exception>(value)?.fields(heap);
        let message = fields.get_str(heap, heap.intern("message"))?;
        let parts = fields.get_str(heap, heap.intern("exceptions"))?;
        Some([self.local(message), self.local(parts)])
    }

    fn group_text(&mut self, message: Local, parts: Local) -> Result<String, Raised> {
        let count = match (self.get_gc::<Tuple>(parts), self.get_gc::<List>(parts)) {
            (Some(parts), _) => parts.len(),
            (_, Some(parts)) => parts.len(&self.heap),
            _ => self.len(parts)?,
        };
        let plural = if count == 1 { "" } else { "s" };
        Ok(format!(
            "{} ({count} sub-exception{plural})",
            self.text_of(message)?
        ))
    }

    /// `[Errno 2] No such file or directory: 'name'`
    fn os_error_text(&mut self, value: Local, args: &[Local]) -> Result<Option<String>, Raised> {
        if args.len() < 2 {
            return Ok(None);
        }
        let field =
            |vm: &Vm, name, n: usize| vm.exception_field(value, name).or(args.get(n).copied());
        let (Some(number), Some(text)) = (field(self, "errno", 0), field(self, "strerror", 1))
        else {
            return Ok(None);
        };
        // The class has an `__init__` of its own that did not set them.
        if self.get(number).is_none() && self.get(text).is_none() {
            return Ok(None);
        }
        let mut message = format!("[Errno {}] {}", self.text_of(number)?, self.text_of(text)?);
        for (name, n, before) in [("filename", 2, ": "), ("filename2", 4, " -> ")] {
            if let Some(file) = field(self, name, n).filter(|&file| !self.get(file).is_none()) {
                message.push_str(before);
                self.write_repr(file, &mut message)?;
            }
        }
        Ok(Some(message))
    }

    /// `invalid syntax (file.py, line 3)`
    fn syntax_error_text(
        &mut self,
        value: Local,
        args: &[Local],
    ) -> Result<Option<String>, Raised> {
        let Some(&message) = args.first() else {
            return Ok(None);
        };
        let detail = args.get(1).and_then(|&detail| self.get_gc::<Tuple>(detail));
        let part = |n| {
            detail
                .and_then(|detail| detail.at(&self.heap, n))
                .map(|part| self.local(part))
        };
        let (first, second) = (part(0), part(1));
        let file = self.exception_field(value, "filename").or(first);
        let line = self
            .exception_field(value, "lineno")
            .or(second)
            .and_then(|line| self.get(line).as_i64());
        let file = file
            .and_then(|file| self.get_gc::<Str>(file))
            .map(|file| base_name(file.as_str()).to_owned());
        let place = match (file, line) {
            (Some(file), Some(line)) => format!(" ({file}, line {line})"),
            (Some(file), None) => format!(" ({file})"),
            (None, Some(line)) => format!(" (line {line})"),
            (None, None) => return Ok(None),
        };
        Ok(Some(self.text_of(message)? + &place))
    }

    /// An attribute that the exception's constructor, or the program, set.
    fn exception_field(&self, value: Local, name: &str) -> Option<Local> {
        let exception = self.get_gc::<Exception>(value)?;
        if exception.fields.is_undef() {
            return None;
        }
        exception
            .fields(&self.heap)
            .get_str(&self.heap, self.heap.intern(name))
            .map(|field| self.local(field))
    }

    fn bounds(&self, (start, end): (Local, Local)) -> (i64, i64) {
        let bound = |local| self.get(local).as_i64().unwrap_or(0);
        (bound(start), bound(end))
    }

    fn decode_text(
        &self,
        codec: &str,
        object: Local,
        span: (Local, Local),
        reason: &str,
    ) -> String {
        let (start, end) = self.bounds(span);
        let byte = self
            .get_gc::<Bytes>(object)
            .and_then(|bytes| bytes.as_slice().get(start as usize).copied());
        match byte {
            Some(byte) if end == start + 1 => {
                format!(
                    "'{codec}' codec can't decode byte 0x{byte:02x} in position {start}: {reason}"
                )
            }
            _ => format!(
                "'{codec}' codec can't decode bytes in position {start}-{}: {reason}",
                end - 1
            ),
        }
    }

    fn characters_text(&self, object: Local, span: (Local, Local)) -> String {
        let (start, end) = self.bounds(span);
        let c = self
            .get_gc::<Str>(object)
            .and_then(|text| text.as_str().chars().nth(start as usize));
        match c.map(surrogate::code_point) {
            Some(c) if end == start + 1 && c <= 0xff => {
                format!("character '\\x{c:02x}' in position {start}")
            }
            Some(c) if end == start + 1 && c <= 0xffff => {
                format!("character '\\u{c:04x}' in position {start}")
            }
            Some(c) if end == start + 1 => format!("character '\\U{c:08x}' in position {start}"),
            _ => format!("characters in position {start}-{}", end - 1),
        }
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
