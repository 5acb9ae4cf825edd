//! Case, and the questions about all bytes: only ASCII has letters here.
//!
//! Shared by bytes and bytearray: the result has the receiver's type. To add a method: a `Native`, its function, a word in
//! the table of `buffer/mod.rs`.

use super::this;
use crate::runtime::{Heap, Value};
use crate::stdlib::arg::Out;
use crate::text::bytes_ops::case;
use crate::vm::{Args, Native};

pub const LOWER: Native = Native::leaf(
    "lower(self, /) -> Self",
    "Return a copy with all ASCII characters converted to lowercase.",
    |heap, a| map(heap, a, <[u8]>::to_ascii_lowercase),
);

pub const UPPER: Native = Native::leaf(
    "upper(self, /) -> Self",
    "Return a copy with all ASCII characters converted to uppercase.",
    |heap, a| map(heap, a, <[u8]>::to_ascii_uppercase),
);

pub const TITLE: Native = Native::leaf(
    "title(self, /) -> Self",
    "Return a copy where ASCII words begin with an uppercase character and go on in lowercase.",
    |heap, a| map(heap, a, case::title),
);

pub const CAPITALIZE: Native = Native::leaf(
    "capitalize(self, /) -> Self",
    "Return a copy whose first ASCII character is uppercase and whose others are lowercase.",
    |heap, a| map(heap, a, case::capitalize),
);

pub const SWAPCASE: Native = Native::leaf(
    "swapcase(self, /) -> Self",
    "Return a copy with uppercase ASCII characters converted to lowercase and vice versa.",
    |heap, a| map(heap, a, case::swapcase),
);

pub const ISALPHA: Native = Native::leaf(
    "isalpha(self, /) -> bool",
    "Return True if all bytes are ASCII letters and there is at least one.",
    |heap, a| ask(heap, a, case::is_alpha),
);

pub const ISALNUM: Native = Native::leaf(
    "isalnum(self, /) -> bool",
    "Return True if all bytes are ASCII letters or digits and there is at least one.",
    |heap, a| ask(heap, a, case::is_alnum),
);

pub const ISASCII: Native = Native::leaf(
    "isascii(self, /) -> bool",
    "Return True if all bytes are ASCII; none at all are.",
    |heap, a| ask(heap, a, <[u8]>::is_ascii),
);

pub const ISDIGIT: Native = Native::leaf(
    "isdigit(self, /) -> bool",
    "Return True if all bytes are ASCII digits and there is at least one.",
    |heap, a| ask(heap, a, case::is_digit),
);

pub const ISSPACE: Native = Native::leaf(
    "isspace(self, /) -> bool",
    "Return True if all bytes are ASCII white space and there is at least one.",
    |heap, a| ask(heap, a, case::is_space_only),
);

pub const ISLOWER: Native = Native::leaf(
    "islower(self, /) -> bool",
    "Return True if all ASCII letters are lowercase and there is at least one.",
    |heap, a| ask(heap, a, case::is_lower),
);

pub const ISUPPER: Native = Native::leaf(
    "isupper(self, /) -> bool",
    "Return True if all ASCII letters are uppercase and there is at least one.",
    |heap, a| ask(heap, a, case::is_upper),
);

pub const ISTITLE: Native = Native::leaf(
    "istitle(self, /) -> bool",
    "Return True if uppercase letters only begin words, lowercase ones only follow, and there is at least one.",
    |heap, a| ask(heap, a, case::is_title),
);

fn map<'h>(heap: &'h Heap, a: Args<'h>, method: fn(&[u8]) -> Vec<u8>) -> Out<'h> {
    let data = this(heap, a)?;
    heap.poll_bytes(data.len())?;
    Ok(data.same(heap, method(&data)))
}

fn ask<'h>(heap: &'h Heap, a: Args<'h>, method: fn(&[u8]) -> bool) -> Out<'h> {
    let data = this(heap, a)?;
    heap.poll_bytes(data.len())?;
    Ok(Value::bool(method(&data)))
}
