//! Attributes that some exceptions have: set by the program or the constructor, or else read off the arguments.
//!
//! To add one: a row in `FIELDS`, and a getter with the row's number in the table of its class.

use super::init;
use crate::runtime::exception::Exception;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::receiver::this;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::Args;

/// Where an attribute is found that nobody set.
enum Origin {
    /// Nowhere: it is None.
    Nowhere,
    /// The argument at this position.
    Arg(usize),
    /// The same, if there are at least two arguments.
    ArgOfMany(usize),
    /// The argument, if there is just one.
    Only,
    /// In the tuple that is the second argument.
    Detail(usize),
    /// None, the only argument, or all of them.
    All,
}

/// Name, where it is found, documentation.
const FIELDS: [(&str, Origin, &str); 28] = [
    (
        "value",
        Origin::Arg(0),
        "The result of the generator or coroutine.",
    ),
    (
        "code",
        Origin::All,
        "The exit status, or a message; None for 0.",
    ),
    ("name", Origin::Nowhere, "The name that was not found."),
    (
        "obj",
        Origin::Nowhere,
        "The object whose attribute was asked for.",
    ),
    (
        "path",
        Origin::Nowhere,
        "Where the module was looked for, or None.",
    ),
    (
        "name_from",
        Origin::Nowhere,
        "The name that could not be imported from the module.",
    ),
    ("msg", Origin::Arg(0), "The message."),
    ("encoding", Origin::Arg(0), "The name of the encoding."),
    (
        "object",
        Origin::Arg(1),
        "What was to be decoded or encoded.",
    ),
    (
        "start",
        Origin::Arg(2),
        "Where what could not be decoded or encoded begins.",
    ),
    ("end", Origin::Arg(3), "Where it ends."),
    ("reason", Origin::Arg(4), "Why that is not possible."),
    ("filename", Origin::Detail(0), "The name of the file."),
    (
        "lineno",
        Origin::Detail(1),
        "The line of the mistake, from 1.",
    ),
    ("offset", Origin::Detail(2), "Its column, from 1."),
    ("text", Origin::Detail(3), "The line's text."),
    (
        "end_lineno",
        Origin::Detail(4),
        "The line that the mistake ends on.",
    ),
    (
        "end_offset",
        Origin::Detail(5),
        "The column that the mistake ends before.",
    ),
    (
        "errno",
        Origin::ArgOfMany(0),
        "The system's number of the error.",
    ),
    (
        "strerror",
        Origin::ArgOfMany(1),
        "The system's words for the error.",
    ),
    (
        "filename",
        Origin::ArgOfMany(2),
        "The file, if there is one.",
    ),
    (
        "filename2",
        Origin::ArgOfMany(4),
        "The second file, of operations that have two.",
    ),
    (
        "print_file_and_line",
        Origin::Nowhere,
        "None; for old programs.",
    ),
    ("reason", Origin::Arg(3), "Why that is not possible."),
    ("object", Origin::Arg(0), "What was to be translated."),
    (
        "start",
        Origin::Arg(1),
        "Where what could not be translated begins.",
    ),
    ("end", Origin::Arg(2), "Where it ends."),
    ("msg", Origin::Only, "The message."),
];

/// The attribute of row `N`.
pub const fn getter<const N: usize>() -> Getter {
    Getter::leaf(FIELDS[N].0, FIELDS[N].2, get::<N>)
        .with_set(set::<N>)
        .as_member()
}

fn get<'h, const N: usize>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    let (name, source, _) = &FIELDS[N];
    if !exception.fields.is_undef()
        && let Some(value) = exception.fields(heap).get_str(heap, heap.intern(name))
    {
        return Ok(value);
    }
    Ok(from_args(heap, exception.args(heap), source).unwrap_or(Value::NONE))
}

fn from_args<'h>(heap: &'h Heap, args: Gc<'h, Tuple>, source: &Origin) -> Option<Value<'h>> {
    match *source {
        Origin::Nowhere => None,
        Origin::Arg(i) => args.at(heap, i),
        Origin::ArgOfMany(i) if args.len() > 1 => args.at(heap, i),
        Origin::ArgOfMany(_) => None,
        Origin::Only if args.len() == 1 => args.at(heap, 0),
        Origin::Only => None,
        Origin::Detail(i) => args.at(heap, 1)?.as_gc::<Tuple>()?.at(heap, i),
        Origin::All if args.len() > 1 => Some(args.value()),
        Origin::All => args.at(heap, 0),
    }
}

fn set<'h, const N: usize>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    let value = args.get(1).or(Value::NONE);
    exception
        .fields(heap)
        .set_str(heap, heap.intern(FIELDS[N].0), value);
    Ok(Value::NONE)
}

/// The classes with such attributes; OSError has a file of its own.
pub const TYPES: &[NativeType] = &[
    NativeType {
        getters: &[getter::<0>()],
        ..NativeType::of(
            Builtin::StopIteration,
            "Signal the end from iterator.__next__().",
        )
    },
    NativeType {
        getters: &[getter::<1>()],
        ..NativeType::of(Builtin::SystemExit, "Request to exit from the interpreter.")
    },
    NativeType {
        methods: &[&init::NAME],
        getters: &[getter::<2>()],
        ..NativeType::of(Builtin::NameError, "Name not found globally.")
    },
    NativeType {
        methods: &[&init::ATTRIBUTE],
        getters: &[getter::<2>(), getter::<3>()],
        ..NativeType::of(Builtin::AttributeError, "Attribute not found.")
    },
    NativeType {
        methods: &[&init::IMPORT],
        getters: &[getter::<2>(), getter::<4>(), getter::<5>(), getter::<27>()],
        ..NativeType::of(
            Builtin::ImportError,
            "Import can't find module, or can't find name in module.",
        )
    },
    NativeType {
        methods: &[&init::CODEC],
        getters: &[
            getter::<7>(),
            getter::<8>(),
            getter::<9>(),
            getter::<10>(),
            getter::<11>(),
        ],
        ..NativeType::of(Builtin::UnicodeDecodeError, "Unicode decoding error.")
    },
    NativeType {
        methods: &[&init::CODEC],
        getters: &[
            getter::<7>(),
            getter::<8>(),
            getter::<9>(),
            getter::<10>(),
            getter::<11>(),
        ],
        ..NativeType::of(Builtin::UnicodeEncodeError, "Unicode encoding error.")
    },
    NativeType {
        methods: &[&init::TRANSLATE],
        getters: &[
            getter::<23>(),
            getter::<24>(),
            getter::<25>(),
            getter::<26>(),
        ],
        ..NativeType::of(Builtin::UnicodeTranslateError, "Unicode translation error.")
    },
    NativeType {
        methods: &[&init::SYNTAX],
        getters: &[
            getter::<6>(),
            getter::<12>(),
            getter::<13>(),
            getter::<14>(),
            getter::<15>(),
            getter::<16>(),
            getter::<17>(),
            getter::<22>(),
        ],
        ..NativeType::of(Builtin::SyntaxError, "Invalid syntax.")
    },
];
