//! `unicodedata`: the properties of characters, of the Unicode version that CPython 3.13 has.
//!
//! `tables` has the data, `normalize` the forms; names come from a crate and are those of characters that this version knows.
//! To add a property: a field of the records that `generate.py` writes, and its function here.

mod normalize;
mod tables;

use self::normalize::{Normalization, normalize};
use self::tables::{Record, decomposition, number, record};
use super::arg::{Out, as_str};
use super::registry::{NativeModule, bind};
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::text::surrogate::code_point;
use crate::vm::{Args, Native};

/// The module.
pub const UNICODEDATA: NativeModule = NativeModule {
    functions: &[
        &CATEGORY,
        &BIDIRECTIONAL,
        &COMBINING,
        &EAST_ASIAN_WIDTH,
        &MIRRORED,
        &DECOMPOSITION,
        &DECIMAL,
        &DIGIT,
        &NUMERIC,
        &NAME,
        &LOOKUP,
        &NORMALIZE,
        &IS_NORMALIZED,
    ],
    constants: &[("unidata_version", "The version of Unicode: 15.1.0.")],
    init: |vm, module| {
        bind(
            vm,
            module,
            "unidata_version",
            vm.heap.str_value(tables::VERSION),
        );
        Ok(())
    },
    ..NativeModule::of(
        "unicodedata",
        "The Unicode Character Database, version 15.1: names, categories, numbers, decompositions and normal forms of characters.",
    )
};

const CATEGORY: Native = Native::leaf(
    "category(chr, /)",
    "Returns the general category assigned to the character chr as string.",
    |heap, args| text_of(heap, args, "category() argument", |record| record.category),
);
const BIDIRECTIONAL: Native = Native::leaf(
    "bidirectional(chr, /)",
    "Returns the bidirectional class assigned to the character chr as string. If no such value is defined, an empty string is returned.",
    |heap, args| {
        text_of(heap, args, "bidirectional() argument", |record| {
            record.bidirectional
        })
    },
);
const EAST_ASIAN_WIDTH: Native = Native::leaf(
    "east_asian_width(chr, /)",
    "Returns the east asian width assigned to the character chr as string.",
    |heap, args| {
        text_of(heap, args, "east_asian_width() argument", |record| {
            record.width
        })
    },
);
const COMBINING: Native = Native::leaf(
    "combining(chr, /)",
    "Returns the canonical combining class assigned to the character chr as integer. Returns 0 if no combining class is defined.",
    |heap, args| {
        let c = character(heap, args, "combining() argument")?;
        Ok(heap.int(i64::from(record(code_point(c)).combining)))
    },
);
const MIRRORED: Native = Native::leaf(
    "mirrored(chr, /)",
    "Returns 1 if the character has been identified as a mirrored character in bidirectional text, 0 otherwise.",
    |heap, args| {
        let c = character(heap, args, "mirrored() argument")?;
        Ok(heap.int(i64::from(record(code_point(c)).is_mirrored)))
    },
);
const DECOMPOSITION: Native = Native::leaf(
    "decomposition(chr, /)",
    "Returns the character decomposition mapping assigned to the character chr as string. An empty string is returned in case no such mapping is defined.",
    |heap, args| {
        let c = character(heap, args, "decomposition() argument")?;
        Ok(heap.str_value(decomposition(code_point(c))))
    },
);
const DECIMAL: Native = Native::leaf(
    "decimal(chr, default=None, /)",
    "Returns the decimal value assigned to the character chr as integer. Raises ValueError if there is none and no default.",
    |heap, args| value_of(heap, args, "decimal() argument 1", 7, "not a decimal"),
);
const DIGIT: Native = Native::leaf(
    "digit(chr, default=None, /)",
    "Returns the digit value assigned to the character chr as integer. Raises ValueError if there is none and no default.",
    |heap, args| value_of(heap, args, "digit() argument 1", 3, "not a digit"),
);
const NUMERIC: Native = Native::leaf(
    "numeric(chr, default=None, /)",
    "Returns the numeric value assigned to the character chr as float. Raises ValueError if there is none and no default.",
    |heap, args| {
        value_of(
            heap,
            args,
            "numeric() argument 1",
            1,
            "not a numeric character",
        )
    },
);
const NAME: Native = Native::leaf(
    "name(chr, default=None, /)",
    "Returns the name assigned to the character chr as a string. Raises ValueError if there is none and no default.",
    |heap, args| {
        let c = character(heap, args, "name() argument 1")?;
        let is_known = !matches!(record(code_point(c)).category, "Cn" | "Cc" | "Co" | "Cs");
        match unicode_names2::name(c).filter(|_| is_known) {
            Some(name) => Ok(heap.str_value(&name.to_string())),
            None => default(heap, args, "no such name"),
        }
    },
);
const LOOKUP: Native = Native::leaf(
    "lookup(name, /)",
    "Look up character by name. Raises KeyError if there is none of this name.",
    lookup,
);
const NORMALIZE: Native = Native::leaf(
    "normalize(form, unistr, /)",
    "Return the normal form 'form' for the Unicode string unistr. Valid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.",
    |heap, args| {
        let (form, text) = form(heap, args, "normalize")?;
        heap.try_str(&normalize(heap, text, form)?)
    },
);
const IS_NORMALIZED: Native = Native::leaf(
    "is_normalized(form, unistr, /)",
    "Return whether the Unicode string unistr is in the normal form 'form'. Valid values for form are 'NFC', 'NFKC', 'NFD', and 'NFKD'.",
    |heap, args| {
        let (form, text) = form(heap, args, "is_normalized")?;
        Ok(Value::bool(normalize(heap, text, form)? == text))
    },
);

/// The character that is the first argument.
fn character(heap: &Heap, args: Args<'_>, what: &str) -> Result<char, Raised> {
    let value = args.get(0);
    let mut chars = as_str(heap, value)
        .map(|text| text.as_str())
        .unwrap_or_default()
        .chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Ok(c);
    }
    let class = heap.type_name(value);
    let message = format!("{what} must be a unicode character, not {class}");
    Err(heap.type_error(message))
}

fn text_of<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    what: &str,
    field: fn(&Record) -> &'static str,
) -> Out<'h> {
    let c = character(heap, args, what)?;
    Ok(heap.str_value(field(&record(code_point(c)))))
}

/// The second argument, or ValueError where there is none.
fn default<'h>(heap: &'h Heap, args: Args<'h>, message: &str) -> Out<'h> {
    if args.get(1).is_undef() {
        return Err(heap.value_error(message));
    }
    Ok(args.get(1))
}

/// The value of a character that is a number of at least this kind.
fn value_of<'h>(heap: &'h Heap, args: Args<'h>, what: &str, kind: u32, missing: &str) -> Out<'h> {
    let c = character(heap, args, what)?;
    match number(code_point(c)).filter(|(found, _)| found & kind == kind) {
        Some((_, value)) if kind == 1 => Ok(Value::float(value)),
        Some((_, value)) => Ok(heap.int(value as i64)),
        None => default(heap, args, missing),
    }
}

fn lookup<'h>(heap: &'h Heap, args: Args<'h>) -> Out<'h> {
    let Some(name) = as_str(heap, args.get(0)) else {
        let class = heap.type_name(args.get(0));
        let message = format!("a bytes-like object is required, not '{class}'");
        return Err(heap.type_error(message));
    };
    let name = name.as_str();
    if name.len() > 256 {
        return Err(heap.raise(Builtin::KeyError, "name too long"));
    }
    match unicode_names2::character(name) {
        Some(c) => Ok(heap.char_value(c)),
        None => {
            let message = format!("undefined character name '{name}'");
            Err(heap.raise(Builtin::KeyError, message))
        }
    }
}

/// The form and the text that the arguments name.
fn form<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    function: &str,
) -> Result<(Normalization, &'h str), Raised> {
    let text = |n: usize| match as_str(heap, args.get(n)) {
        Some(text) => Ok(text.as_str()),
        None => {
            let class = heap.argument_name(args.get(n));
            let position = n + 1;
            let message = format!("{function}() argument {position} must be str, not {class}");
            Err(heap.type_error(message))
        }
    };
    let (name, text) = (text(0)?, text(1)?);
    match Normalization::of(name) {
        Some(form) => Ok((form, text)),
        None => Err(heap.value_error("invalid normalization form")),
    }
}
