//! `str.format` and `str.format_map`: templates with replacement fields.
//!
//! Taking templates apart is `text/format_template`; here fields meet values: arguments, attributes, items, conversions. A
//! spec may hold fields itself, one level deep.

use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Gc, Raised};
use crate::text::TextResult;
use crate::text::format_template::{
    Argument, Conversion, Field, FieldPath, FormatTemplate, MAX_DEPTH, Numbering, Piece, Step,
    missing_argument, no_positional, too_deep,
};
use crate::vm::Vm;
use crate::vm::local::Local;

/// Where the fields of a template find their values.
struct Arguments {
    /// A tuple; None for `format_map`.
    positional: Option<Local>,
    /// Any mapping.
    named: Local,
    numbering: Numbering,
}

impl Vm {
    /// `template.format(*args, **kwargs)`: a string, a tuple, a dict.
    pub fn format_template(
        &mut self,
        template: Local,
        args: Local,
        kwargs: Local,
    ) -> Result<Local, Raised> {
        self.fill_template(
            template,
            Arguments {
                positional: Some(args),
                named: kwargs,
                numbering: Numbering::default(),
            },
        )
    }

    /// `template.format_map(mapping)`.
    pub fn format_map(&mut self, template: Local, mapping: Local) -> Result<Local, Raised> {
        self.fill_template(
            template,
            Arguments {
                positional: None,
                named: mapping,
                numbering: Numbering::default(),
            },
        )
    }

    fn fill_template(&mut self, template: Local, mut args: Arguments) -> Result<Local, Raised> {
        let template = self
            .get_gc::<Str>(template)
            .map(Gc::as_str)
            .unwrap_or_default()
            .to_owned();
        let text = self.expand(&template, &mut args, MAX_DEPTH)?;
        self.text_local(&text)
    }

    fn expand(
        &mut self,
        template: &str,
        args: &mut Arguments,
        depth: usize,
    ) -> Result<String, Raised> {
        let mut out = String::with_capacity(template.len());
        self.checked(if depth == 0 { Err(too_deep()) } else { Ok(()) })?;
        for piece in FormatTemplate::new(template) {
            match self.checked(piece)? {
                Piece::Literal(text) => out.push_str(text),
                Piece::Field(field) => {
                    let mark = self.mark();
                    self.write_field(&field, args, depth, &mut out)?;
                    self.release(mark);
                }
            }
        }
        Ok(out)
    }

    fn write_field(
        &mut self,
        field: &Field<'_>,
        args: &mut Arguments,
        depth: usize,
        out: &mut String,
    ) -> Result<(), Raised> {
        let mut value = self.field_value(field.name, args)?;
        if let Some(letter) = field.conversion {
            value = match self.checked(Conversion::of(letter))? {
                Conversion::Repr if field.spec.is_empty() => return self.write_repr(value, out),
                Conversion::Repr => self.repr(value)?,
                Conversion::Str => self.str(value)?,
                Conversion::Ascii => self.ascii(value)?,
            };
        }
        if field.spec_has_fields {
            let spec = self.expand(field.spec, args, depth - 1)?;
            return self.write_format(value, &spec, out);
        }
        self.write_format(value, field.spec, out)
    }

    /// The value that a field's name leads to.
    fn field_value(&mut self, name: &str, args: &mut Arguments) -> Result<Local, Raised> {
        let path = self.checked(FieldPath::parse(name))?;
        let mut value = match self.checked(args.numbering.resolve(path.first))? {
            Argument::Positional(n) => self.positional_argument(n, args)?,
            Argument::Keyword(name) => {
                let key = self.local(self.heap.str_value(name));
                self.get_item(args.named, key)?
            }
        };
        for step in path.steps() {
            value = match self.checked(step)? {
                Step::Attribute(name) => self.get_attr_named(value, name)?,
                Step::Index(n) => {
                    let key = self.local(self.heap.usize(n));
                    self.get_item(value, key)?
                }
                Step::Key(key) => {
                    let key = self.local(self.heap.str_value(key));
                    self.get_item(value, key)?
                }
            };
        }
        Ok(value)
    }

    fn positional_argument(&mut self, n: usize, args: &Arguments) -> Result<Local, Raised> {
        let Some(positional) = args.positional else {
            return self.checked(Err(no_positional()));
        };
        let value = self
            .get_gc::<Tuple>(positional)
            .and_then(|tuple| tuple.at(&self.heap, n));
        match value {
            Some(value) => Ok(self.local(value)),
            None => self.checked(Err(missing_argument(n))),
        }
    }

    /// The result of an algorithm on plain text, its error as an exception.
    pub(super) fn checked<T>(&self, result: TextResult<T>) -> Result<T, Raised> {
        result.map_err(|error| self.heap.raise_text(error))
    }
}
