//! Formats of `struct`: read into items with their offsets, padding done, and kept for the next call.
//!
//! To add a letter: `size_of` of `stdlib/packing.rs` tells its size, `add` what it puts into the layout.

use std::cell::RefCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::error;
use crate::runtime::Raised;
use crate::runtime::bytes::Bytes;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::stdlib::arg::{as_str, plain};
use crate::stdlib::packing::{Sizes, native_order, size_of};
use crate::stdlib::registry;
use crate::text::num::bytes::ByteOrder;
use crate::vm::{Local, Vm};

const MAX_SIZE: usize = 1 << 40;

/// An item of a format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub letter: u8,
    pub size: usize,
    /// For `s` and `p`: bytes of the item.
    pub count: usize,
    pub offset: usize,
}

/// A format that was read.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub items: Vec<Item>,
    pub size: usize,
    pub order: ByteOrder,
    pub sizes: Sizes,
}

/// The text of a format.
///
/// # Errors
/// TypeError.
pub(super) fn format_text(vm: &Vm, format: Local) -> Result<String, Raised> {
    if let Some(text) = as_str(&vm.heap, vm.get(format)) {
        return Ok(text.as_str().to_owned());
    }
    match vm.get_gc::<Bytes>(plain(vm, format)) {
        Some(bytes) => Ok(String::from_utf8_lossy(bytes.as_slice()).into_owned()),
        None => {
            let class = vm.heap.type_name(vm.get(format));
            let message = format!("Struct() argument 1 must be a str or bytes object, not {class}");
            Err(vm.heap.type_error(message))
        }
    }
}

/// The formats that the functions read last.
#[derive(Default)]
struct Formats {
    layouts: RefCell<FxHashMap<String, Arc<Layout>>>,
}

traced!(plain Formats);

impl Payload for Formats {}

/// How many formats are kept.
const FORMATS: usize = 100;

fn formats(vm: &Vm) -> Local {
    registry::kept(vm, "struct formats").unwrap_or_else(|| {
        let made = vm.new_inner(Formats::default());
        registry::keep(vm, "struct formats", made);
        made
    })
}

/// The layout that a format means.
///
/// # Errors
/// TypeError; `struct.error` with what is wrong.
pub(super) fn read_format(vm: &mut Vm, format: Local) -> Result<Arc<Layout>, Raised> {
    let known = formats(vm);
    let known: &Formats = vm.payload(known);
    if let Some(text) = as_str(&vm.heap, vm.get(format))
        && let Some(layout) = known.layouts.borrow().get(text.as_str())
    {
        return Ok(Arc::clone(layout));
    }
    let text = format_text(vm, format)?;
    let layout = match parse(&text) {
        Ok(layout) => Arc::new(layout),
        Err(message) => return Err(error(vm, message)),
    };
    let known = formats(vm);
    let mut known = vm.payload::<Formats>(known).layouts.borrow_mut();
    if known.len() >= FORMATS {
        known.clear();
    }
    known.insert(text, Arc::clone(&layout));
    Ok(layout)
}

fn parse(text: &str) -> Result<Layout, &'static str> {
    let (mark, rest) = match text.as_bytes() {
        bytes if bytes.contains(&0) => return Err("embedded null character"),
        [mark @ (b'@' | b'=' | b'<' | b'>' | b'!'), rest @ ..] => (*mark, rest),
        rest => (b'@', rest),
    };
    let order = match mark {
        b'<' => ByteOrder::Little,
        b'>' | b'!' => ByteOrder::Big,
        _ => native_order(),
    };
    let sizes = if mark == b'@' {
        Sizes::Native
    } else {
        Sizes::Standard
    };
    let mut layout = Layout {
        items: Vec::new(),
        size: 0,
        order,
        sizes,
    };
    let mut rest = rest.iter().copied().peekable();
    while let Some(c) = rest.next() {
        if c.is_ascii_whitespace() {
            continue;
        }
        let (mut letter, mut count) = (c, 1);
        if c.is_ascii_digit() {
            count = usize::from(c - b'0');
            while let Some(digit) = rest.next_if(u8::is_ascii_digit) {
                count = count * 10 + usize::from(digit - b'0');
                if count > MAX_SIZE {
                    return Err("total struct size too long");
                }
            }
            letter = rest
                .next()
                .ok_or("repeat count given without format specifier")?;
        }
        add(&mut layout, letter, count)?;
    }
    Ok(layout)
}

fn add(layout: &mut Layout, letter: u8, count: usize) -> Result<(), &'static str> {
    let size = size_of(letter, layout.sizes).ok_or("bad char in struct format")?;
    if layout.sizes == Sizes::Native {
        layout.size = layout.size.next_multiple_of(size);
    }
    let bytes = size.checked_mul(count).filter(|&bytes| bytes <= MAX_SIZE);
    let bytes = bytes.ok_or("total struct size too long")?;
    let offset = layout.size;
    match letter {
        b'x' => {}
        b's' | b'p' => layout.items.push(Item {
            letter,
            size,
            count,
            offset,
        }),
        _ => {
            if count > 1 << 26 {
                return Err("total struct size too long");
            }
            layout.items.extend((0..count).map(|n| Item {
                letter,
                size,
                count: 1,
                offset: offset + n * size,
            }));
        }
    }
    layout.size += bytes;
    if layout.size > MAX_SIZE {
        return Err("total struct size too long");
    }
    Ok(())
}
