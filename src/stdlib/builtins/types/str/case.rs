//! Case, and the questions about all characters of a text.
//!
//! The algorithms are in `text/str_ops`. To add a method: a `Native`, its function, a word in the table of
//! `str/mod.rs`.

use std::ops::Range;

use crate::runtime::Value;
use crate::runtime::str::Str;
use crate::runtime::{Heap, Raised};
use crate::stdlib::arg::{Out, checked};
use crate::stdlib::receiver::this;
use crate::text::pause;
use crate::text::str_ops::{case, classify};
use crate::vm::{Args, Native};

pub const LOWER: Native = Native::leaf(
    "lower(self, /) -> str",
    "Return a copy of the string converted to lowercase.",
    |heap, a| map_ascii(heap, a, <[u8]>::make_ascii_lowercase, case::lower),
);

pub const UPPER: Native = Native::leaf(
    "upper(self, /) -> str",
    "Return a copy of the string converted to uppercase.",
    |heap, a| map_ascii(heap, a, <[u8]>::make_ascii_uppercase, case::upper),
);

pub const TITLE: Native = Native::leaf(
    "title(self, /) -> str",
    "Return a version of the string where each word is titlecased: it begins with an uppercase character, the rest is lowercase.",
    |heap, a| map(heap, a, case::title),
);

pub const CAPITALIZE: Native = Native::leaf(
    "capitalize(self, /) -> str",
    "Return a copy of the string whose first character is uppercase and whose other characters are lowercase.",
    |heap, a| map(heap, a, case::capitalize),
);

pub const SWAPCASE: Native = Native::leaf(
    "swapcase(self, /) -> str",
    "Return a copy of the string with uppercase characters converted to lowercase and vice versa.",
    |heap, a| map(heap, a, case::swapcase),
);

pub const CASEFOLD: Native = Native::leaf(
    "casefold(self, /) -> str",
    "Return a version of the string for caseless comparisons.",
    |heap, a| map(heap, a, case::casefold),
);

pub const ISALPHA: Native = Native::leaf(
    "isalpha(self, /) -> bool",
    "Return True if all characters are letters and there is at least one.",
    |heap, a| ask_pieces(heap, a, classify::is_alpha),
);

pub const ISALNUM: Native = Native::leaf(
    "isalnum(self, /) -> bool",
    "Return True if all characters are letters or digits and there is at least one.",
    |heap, a| ask_pieces(heap, a, classify::is_alnum),
);

pub const ISASCII: Native = Native::leaf(
    "isascii(self, /) -> bool",
    "Return True if all characters are ASCII; the empty string is.",
    |heap, a| ask(heap, a, str::is_ascii),
);

pub const ISDECIMAL: Native = Native::leaf(
    "isdecimal(self, /) -> bool",
    "Return True if all characters are decimal digits and there is at least one.",
    |heap, a| ask_pieces(heap, a, classify::is_decimal),
);

pub const ISDIGIT: Native = Native::leaf(
    "isdigit(self, /) -> bool",
    "Return True if all characters are digits, such as superscripts, and there is at least one.",
    |heap, a| ask_pieces(heap, a, classify::is_digit),
);

pub const ISNUMERIC: Native = Native::leaf(
    "isnumeric(self, /) -> bool",
    "Return True if all characters have a numeric value and there is at least one.",
    |heap, a| ask_pieces(heap, a, classify::is_numeric),
);

pub const ISSPACE: Native = Native::leaf(
    "isspace(self, /) -> bool",
    "Return True if all characters are white space and there is at least one.",
    |heap, a| ask_pieces(heap, a, classify::is_space),
);

pub const ISIDENTIFIER: Native = Native::leaf(
    "isidentifier(self, /) -> bool",
    "Return True if the string is a valid identifier; reserved words are, too.",
    |heap, a| ask(heap, a, classify::is_identifier),
);

pub const ISPRINTABLE: Native = Native::leaf(
    "isprintable(self, /) -> bool",
    "Return True if repr() shows all characters as they are; the empty string is printable.",
    |heap, a| ask_pieces(heap, a, classify::is_printable),
);

pub const ISLOWER: Native = Native::leaf(
    "islower(self, /) -> bool",
    "Return True if all cased characters are lowercase and there is at least one.",
    |heap, a| ask(heap, a, classify::is_lower),
);

pub const ISUPPER: Native = Native::leaf(
    "isupper(self, /) -> bool",
    "Return True if all cased characters are uppercase and there is at least one.",
    |heap, a| ask(heap, a, classify::is_upper),
);

pub const ISTITLE: Native = Native::leaf(
    "istitle(self, /) -> bool",
    "Return True if uppercase characters only begin words, lowercase ones only follow, and there is at least one.",
    |heap, a| ask(heap, a, classify::is_title),
);

/// How a piece of a text is mapped.
type Mapping = fn(&str, Range<usize>, &mut String);

fn map<'h>(heap: &'h Heap, a: Args<'h>, method: Mapping) -> Out<'h> {
    let text = this::<Str>(heap, a)?.as_str();
    let mapped = pause::mapped(text, method, &mut |units| heap.pause(units));
    heap.adopt_text(checked(heap, mapped)?)
}

/// `map` for the two that change an ASCII text byte by byte: short ones need no `String`.
fn map_ascii<'h>(heap: &'h Heap, a: Args<'h>, ascii: fn(&mut [u8]), method: Mapping) -> Out<'h> {
    let text = this::<Str>(heap, a)?.as_str().as_bytes();
    let mut buffer = [0; 48];
    if let Some(copy) = buffer.get_mut(..text.len()) {
        copy.copy_from_slice(text);
        ascii(copy);
        if let Some(mapped) = heap.ascii_str(copy) {
            return Ok(mapped);
        }
    }
    map(heap, a, method)
}

/// `ask` for what is true of a text if it is of each piece.
fn ask_pieces<'h>(
    heap: &'h Heap,
    a: Args<'h>,
    method: fn(&str) -> bool,
) -> Result<Value<'h>, Raised> {
    let text = this::<Str>(heap, a)?.as_str();
    if text.is_empty() {
        return Ok(Value::bool(method(text)));
    }
    for piece in pause::pieces(text) {
        heap.poll_bytes(piece.len())?;
        if !method(&text[piece]) {
            return Ok(Value::FALSE);
        }
    }
    Ok(Value::TRUE)
}

fn ask<'h>(heap: &'h Heap, a: Args<'h>, method: fn(&str) -> bool) -> Result<Value<'h>, Raised> {
    let text = this::<Str>(heap, a)?.as_str();
    heap.note_bytes(text.len());
    Ok(Value::bool(method(text)))
}
