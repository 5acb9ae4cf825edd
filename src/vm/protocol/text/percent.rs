//! `template % args`, for strings and bytes.
//!
//! Taking templates apart and laying numbers out is `text/percent`; here conversions meet values. Bytes go through it as
//! Latin-1 text, one character a byte, with rules of their own for `%s`, `%b` and `%c`.

use crate::runtime::builtin_eq::Number;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::intern::Sym;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::text::num::convert::float_to_int;
use crate::text::percent::{Arguments, Conversion, Count, PercentTemplate, Segment, Wants};
use crate::text::{Int, IntRef, str_repr};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Provider;

/// What kind of template is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavor {
    Str,
    Bytes,
}

impl Flavor {
    fn template_name(self) -> &'static str {
        match self {
            Flavor::Str => "string",
            Flavor::Bytes => "bytes",
        }
    }
}

/// The right side of `%`.
struct Operands {
    args: Local,
    /// Whether `args` is a tuple of arguments rather than the only one.
    spread: bool,
    /// Whether `%(key)s` can look it up, and whether surplus is forgiven.
    mapping: bool,
    count: Arguments,
}

impl Vm {
    /// `template % args`: a string from a string, bytes from bytes or a bytearray.
    pub fn percent_format(&mut self, template: Local, args: Local) -> Result<Local, Raised> {
        if let Some(text) = self.str_inside(self.get(template)) {
            // The template, what it becomes, and the string of that.
            self.heap.room_for(text.byte_len().saturating_mul(3))?;
            let text = text.as_str().to_owned();
            let filled = self.fill_percent(&text, args, Flavor::Str)?;
            return self.text_local(&filled);
        }
        let is_array = self.get(template).is_gc::<ByteArray>();
        let bytes = self.get(template).to_bytes().unwrap_or_default();
        self.heap.room_for(bytes.len().saturating_mul(6))?;
        let text = latin1_text(&bytes);
        drop(bytes);
        let filled: Vec<u8> = self
            .fill_percent(&text, args, Flavor::Bytes)?
            .chars()
            .map(|c| c as u8)
            .collect();
        Ok(self.local(if is_array {
            self.heap.bytearray(filled).value()
        } else {
            self.heap.bytes(filled).value()
        }))
    }

    fn fill_percent(
        &mut self,
        template: &str,
        args: Local,
        flavor: Flavor,
    ) -> Result<String, Raised> {
        let mut operands = self.percent_operands(args, flavor);
        let mut out = String::with_capacity(template.len());
        for segment in PercentTemplate::new(template) {
            self.heap.poll(1)?;
            match self.checked(segment)? {
                Segment::Literal(text) => self.heap.append_text(&mut out, text)?,
                Segment::Conversion(conversion) => {
                    let mark = self.mark();
                    self.convert(conversion, &mut operands, flavor, &mut out)?;
                    self.release(mark);
                }
            }
        }
        if !operands.mapping {
            self.checked(operands.count.finish(flavor.template_name()))?;
        }
        Ok(out)
    }

    fn percent_operands(&self, args: Local, flavor: Flavor) -> Operands {
        // Of an instance that extends tuple, the tuple counts, whatever its class defines.
        let value = self.plain_value(self.get(args));
        if let Some(tuple) = value.as_gc::<Tuple>() {
            let count = Arguments::new(tuple.len());
            return Operands {
                args: self.local(value),
                spread: true,
                mapping: false,
                count,
            };
        }
        let is_text = match flavor {
            Flavor::Str => self.str_inside(value).is_some(),
            Flavor::Bytes => {
                self.str_inside(value).is_some()
                    || value.is_gc::<Bytes>()
                    || value.is_gc::<ByteArray>()
            }
        };
        let mapping = !is_text && self.special(self.get(args), Sym::GetItem).is_some();
        Operands {
            args,
            spread: false,
            mapping,
            count: Arguments::new(1),
        }
    }

    fn next_operand(&self, operands: &mut Operands) -> Result<Local, Raised> {
        let n = self.checked(operands.count.take())?;
        if !operands.spread {
            return Ok(operands.args);
        }
        let value = self
            .get_gc::<Tuple>(operands.args)
            .and_then(|tuple| tuple.at(&self.heap, n));
        Ok(self.local(value.unwrap_or(Value::NONE)))
    }

    fn convert(
        &mut self,
        mut conversion: Conversion<'_>,
        operands: &mut Operands,
        flavor: Flavor,
        out: &mut String,
    ) -> Result<(), Raised> {
        let mut keyed = None;
        if let Some(key) = conversion.key {
            self.checked(if operands.mapping {
                Ok(())
            } else {
                Err(Arguments::no_mapping())
            })?;
            keyed = Some(self.keyed_operand(key, operands.args, flavor)?);
            operands.count.take_keyed();
        }
        let mut next = |vm: &Vm| match keyed {
            Some(value) => vm.checked(operands.count.take()).map(|_| value),
            None => vm.next_operand(operands),
        };
        if conversion.width == Count::Argument {
            let width = next(self)?;
            self.checked(match self.plain_value(self.get(width)).as_any_int() {
                Some(width) => conversion.set_width(width),
                None => Err(Conversion::star_wants_int()),
            })?;
        }
        if conversion.precision == Count::Argument {
            let precision = next(self)?;
            self.checked(match self.plain_value(self.get(precision)).as_any_int() {
                Some(precision) => conversion.set_precision(precision),
                None => Err(Conversion::star_wants_int()),
            })?;
        }
        let value = next(self)?;
        match flavor {
            Flavor::Str => self.convert_one(&conversion, value, out),
            Flavor::Bytes => self.convert_bytes(&conversion, value, out),
        }
    }

    fn keyed_operand(
        &mut self,
        key: &str,
        mapping: Local,
        flavor: Flavor,
    ) -> Result<Local, Raised> {
        let key = match flavor {
            Flavor::Str => self.heap.str_value(key),
            Flavor::Bytes => self
                .heap
                .bytes(key.chars().map(|c| c as u8).collect::<Vec<u8>>())
                .value(),
        };
        let key = self.local(key);
        self.get_item(mapping, key)
    }

    fn convert_one(
        &mut self,
        conversion: &Conversion<'_>,
        value: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        let from = out.len();
        match self.checked(conversion.wants())? {
            Wants::Str => self.write_str(value, out)?,
            Wants::Repr => self.write_repr(value, out)?,
            Wants::Ascii => out.push_str(&str_repr::escape_non_ascii(&self.repr_text(value)?)),
            Wants::Number | Wants::Index => {
                let number = self.percent_integer(conversion, value)?;
                return self.push_int(conversion, number.as_ref(), out);
            }
            Wants::Float => {
                let number = self.to_float(value)?;
                return self.checked(conversion.push_float(number, out));
            }
            Wants::Char => return self.convert_char(conversion, value, out),
        }
        self.checked(conversion.finish_text(out, from))
    }

    fn convert_char(
        &mut self,
        conversion: &Conversion<'_>,
        value: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        if let Some(text) = self.str_inside(self.get(value)) {
            if text.char_len() != 1 {
                return self.checked(Err(conversion.wrong_type(Builtin::Str.name())));
            }
            let from = out.len();
            out.push_str(text.as_str());
            return self.checked(conversion.finish_text(out, from));
        }
        let number = self.percent_integer(conversion, value)?;
        self.push_int(conversion, number.as_ref(), out)
    }

    fn push_int(
        &self,
        conversion: &Conversion<'_>,
        number: IntRef<'_>,
        out: &mut String,
    ) -> Result<(), Raised> {
        let pause = &mut |digits| self.heap.pause(digits);
        self.checked(conversion.push_int(number, self.heap.digit_limit.get(), pause, out))
    }

    /// The integer that a conversion makes of a value: floats are truncated for `%d`, and only there.
    fn percent_integer(
        &mut self,
        conversion: &Conversion<'_>,
        value: Local,
    ) -> Result<Int, Raised> {
        let truncates = matches!(conversion.letter, 'd' | 'i' | 'u');
        match self.plain_number(value) {
            Some(Number::Int(n)) => return Ok(n.to_int()),
            Some(Number::Float(x)) if truncates => return self.checked(float_to_int(x)),
            Some(_) => return Err(self.wrong_operand(conversion, value)),
            None => {}
        }
        if truncates && let Some(n) = self.call_special(value, Sym::Int, &[])? {
            return self
                .owned_int(n)
                .ok_or_else(|| self.wrong_operand(conversion, value));
        }
        if self.special(self.get(value), Sym::Index).is_none() {
            return Err(self.wrong_operand(conversion, value));
        }
        let n = self.index_value(value)?;
        self.owned_int(n)
            .ok_or_else(|| self.wrong_operand(conversion, value))
    }

    /// The number that a value is, or that an instance of a subclass extends: as in CPython its own methods are not asked.
    /// A float subclass that overrides `__int__` is.
    fn plain_number(&self, value: Local) -> Option<Number<'_>> {
        let number = self.plain_value(self.get(value)).as_number()?;
        let asked = !matches!(number, Number::Int(_))
            && self.provider(self.get(value), Sym::Int) == Provider::Method;
        (!asked).then_some(number)
    }

    fn owned_int(&self, n: Local) -> Option<Int> {
        self.plain_value(self.get(n))
            .as_any_int()
            .map(|n| n.to_int())
    }

    fn wrong_operand(&self, conversion: &Conversion<'_>, value: Local) -> Raised {
        self.heap
            .raise_text(conversion.wrong_type(self.heap.type_name(self.get(value))))
    }
}

// Bytes.
impl Vm {
    fn convert_bytes(
        &mut self,
        conversion: &Conversion<'_>,
        value: Local,
        out: &mut String,
    ) -> Result<(), Raised> {
        let from = out.len();
        match conversion.letter {
            's' | 'b' => out.push_str(&self.bytes_operand(value)?),
            'r' | 'a' => out.push_str(&str_repr::escape_non_ascii(&self.repr_text(value)?)),
            'c' => out.push_str(&self.byte_operand(value)?),
            _ => return self.convert_one(conversion, value, out),
        }
        self.checked(conversion.finish_text(out, from))
    }

    /// Bytes, or what `__bytes__` makes of the value.
    fn bytes_operand(&mut self, value: Local) -> Result<String, Raised> {
        if let Some(data) = self.underlying(self.get(value), Sym::Bytes).to_bytes() {
            return Ok(latin1_text(&data));
        }
        if self.special(self.get(value), Sym::Bytes).is_none()
            && let Some(data) = self.exported_bytes(value)?
        {
            return Ok(latin1_text(&data));
        }
        let made = self.call_special(value, Sym::Bytes, &[])?;
        match made.and_then(|made| self.plain_value(self.get(made)).to_bytes()) {
            Some(data) => Ok(latin1_text(&data)),
            None => {
                let name = self.heap.type_name(self.get(value));
                let wanted =
                    "%b requires a bytes-like object, or an object that implements __bytes__";
                Err(self.heap.type_error(format!("{wanted}, not '{name}'")))
            }
        }
    }

    /// A single byte, or an integer that is one.
    fn byte_operand(&self, value: Local) -> Result<String, Raised> {
        if let Some(data) = self
            .plain_value(self.get(value))
            .to_bytes()
            .filter(|data| data.len() == 1)
        {
            return Ok(latin1_text(&data));
        }
        match self
            .plain_value(self.get(value))
            .as_any_int()
            .map(|n| n.to_i64())
        {
            Some(Some(n @ 0..=255)) => Ok(latin1_text(&[n as u8])),
            Some(_) => Err(self
                .heap
                .raise(Builtin::OverflowError, "%c arg not in range(256)")),
            None => Err(self
                .heap
                .type_error("%c requires an integer in range(256) or a single byte")),
        }
    }
}

fn latin1_text(data: &[u8]) -> String {
    data.iter().map(|&byte| char::from(byte)).collect()
}
