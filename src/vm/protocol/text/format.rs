//! `format()` and the replacement fields of f-strings.
//!
//! Numbers and strings are formatted here, by `text/format_spec`; other objects by their `__format__`, of which `object` has
//! one that takes no specifier.

use crate::bytecode::Instr;
use crate::runtime::Value;
use crate::runtime::builtin_eq::Number;
use crate::runtime::heap::Heap;
use crate::runtime::intern::Sym;
use crate::runtime::raised::Raised;
use crate::runtime::str::Str;
use crate::text::TextResult;
use crate::text::format_spec::FormatSpec;
use crate::vm::Vm;
use crate::vm::local::Local;

impl Vm {
    /// `format(value, spec)`, a string object.
    pub fn format(&mut self, value: Local, spec: &str) -> Result<Local, Raised> {
        if self.overrides(self.get(value), Sym::Format) {
            return self.format_by_method(value, spec);
        }
        if spec.is_empty() {
            return self.str(value);
        }
        let text = self.format_builtin(value, spec)?;
        self.text_local(&text)
    }

    /// Appends `format(value, spec)`.
    pub(super) fn write_format(
        &mut self,
        value: Local,
        spec: &str,
        out: &mut String,
    ) -> Result<(), Raised> {
        if self.overrides(self.get(value), Sym::Format) {
            let text = self.format_by_method(value, spec)?;
            if let Some(text) = self.str_inside(self.get(text)) {
                out.push_str(text.as_str());
            }
            return Ok(());
        }
        if spec.is_empty() {
            return self.write_str(value, out);
        }
        out.push_str(&self.format_builtin(value, spec)?);
        Ok(())
    }

    fn format_builtin(&self, value: Local, spec: &str) -> Result<String, Raised> {
        let value = self.get(value);
        self.format_plain(value, spec)?.ok_or_else(|| {
            let name = self.heap.type_name(value);
            self.heap.type_error(format!(
                "unsupported format string passed to {name}.__format__"
            ))
        })
    }

    fn format_by_method(&mut self, value: Local, spec: &str) -> Result<Local, Raised> {
        let spec = self.local(self.heap.str_value(spec));
        let text = self
            .call_special(value, Sym::Format, &[spec])?
            .unwrap_or(value);
        match self.str_inside(self.get(text)) {
            // As it is: it may be an instance of a subclass.
            Some(_) => Ok(text),
            None => {
                let name = self.heap.type_name(self.get(text));
                Err(self
                    .heap
                    .type_error(format!("__format__ must return a str, not {name}")))
            }
        }
    }

    /// Formats a number or string, or an instance that extends one.
    fn format_plain(&self, value: Value<'_>, spec: &str) -> Result<Option<String>, Raised> {
        let name = self.heap.type_name(value);
        let plain = self.underlying(value, Sym::Format);
        format_leaf(&self.heap, plain, spec, name)
            .transpose()
            .map_err(|error| self.heap.raise_text(error))
    }

    /// `R[a] := format(R[b] converted by c, R[d] or '')`
    pub(in crate::vm) fn format_value(&mut self, i: Instr) -> Result<(), Raised> {
        if self.format_at_once(i)? {
            return Ok(());
        }
        let mark = self.mark();
        let value = self.reg_local(i.b);
        let value = match i.c {
            b's' => self.str(value)?,
            b'r' => self.repr(value)?,
            b'a' => self.ascii(value)?,
            _ => value,
        };
        let spec = if i.d < 0 {
            None
        } else {
            self.reg(i.d as u8).as_gc::<Str>()
        };
        let spec = spec
            .map(|spec| spec.as_str().to_owned())
            .unwrap_or_default();
        let text = self.format(value, &spec)?;
        let text = match self.str_inside(self.get(text)) {
            Some(inside) => self.local(inside.value()),
            None => text,
        };
        self.finish(mark, i.a, text);
        Ok(())
    }

    /// The common cases: a string or number, no conversion.
    fn format_at_once(&mut self, i: Instr) -> Result<bool, Raised> {
        let value = self.reg(i.b);
        if i.c != 0 {
            return Ok(false);
        }
        if i.d >= 0 {
            let Some(spec) = self.reg(i.d as u8).as_gc::<Str>() else {
                return Ok(false);
            };
            if spec.as_str().is_empty() {
                return Ok(false);
            }
            let name = self.heap.type_name(value);
            let text = format_leaf(&self.heap, value, spec.as_str(), name).transpose();
            let Some(text) = text.map_err(|error| self.heap.raise_text(error))? else {
                return Ok(false);
            };
            self.set_reg(i.a, self.heap.try_str(&text)?);
            return Ok(true);
        }
        if value.is_gc::<Str>() {
            self.set_reg(i.a, value);
            return Ok(true);
        }
        if let Some(n) = value.as_int() {
            self.set_reg(i.a, self.heap.decimal(n));
            return Ok(true);
        }
        let mut text = String::new();
        if !self.write_leaf(value, &mut text)? {
            return Ok(false);
        }
        self.set_reg(i.a, self.heap.try_str(&text)?);
        Ok(true)
    }
}

/// Formats a number or string; None for anything else. `name` is that of its class, for messages.
fn format_leaf(
    heap: &Heap,
    value: Value<'_>,
    spec: &str,
    name: &str,
) -> Option<TextResult<String>> {
    if let Some(text) = value.as_gc::<Str>() {
        return Some(
            FormatSpec::parse(spec, name).and_then(|spec| spec.format_str(text.as_str(), name)),
        );
    }
    let number = value.as_number()?;
    Some(FormatSpec::parse(spec, name).and_then(|spec| match number {
        Number::Int(n) => {
            let pause = &mut |digits| heap.pause(digits);
            spec.format_int(n, name, heap.digit_limit.get(), pause)
        }
        Number::Float(x) => spec.format_float(x, name),
        Number::Complex(c) => spec.format_complex(c.re, c.im, name),
    }))
}
