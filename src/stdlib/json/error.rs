//! `json.JSONDecodeError`: a ValueError that knows the document and the place.
//!
//! The class is made natively, so that the reader can raise it without an import of `json`.

use super::reader::{Container, Mistake};
use crate::runtime::exception::Exception;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// The class.
pub const DECODE_ERROR: ModuleType = ModuleType {
    name: "JSONDecodeError",
    module: "json.decoder",
    body: NativeType {
        methods: &[&INIT, &REDUCE],
        ..NativeType::of(
            Builtin::ValueError,
            "Subclass of ValueError with the attributes msg (the unformatted error message), doc (the JSON document being parsed), pos (the start index of doc where parsing failed), lineno and colno.",
        )
    },
};

const INIT: Native = Native::vm(
    "__init__(self, msg, doc, pos)",
    "Initialize self. Adds the place to the message.",
    init,
);
const REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "What copies are made of.",
    |vm, args| {
        let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
        let mut fields = Vec::new();
        for name in ["msg", "doc", "pos"] {
            fields.push(vm.get_attr_named(args.at(0), name)?);
        }
        let fields = vm.tuple_of(&fields);
        Ok(vm.tuple_of(&[class, fields]))
    },
);

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let pos = vm.index(args.at(3))?;
    let until = usize::try_from(pos).unwrap_or(0);
    let (mut line, mut column) = (1, pos + 1);
    if let Some(doc) = vm.get_gc::<Str>(args.at(2)).map(Gc::as_str) {
        for (at, c) in doc.chars().take(until).enumerate() {
            if c == '\n' {
                line += 1;
                column = pos - at as i64;
            }
        }
    }
    let message = vm.text_of(args.at(1))?;
    let text = format!("{message}: line {line} column {column} (char {pos})");
    for (name, value) in ["msg", "doc", "pos"].into_iter().zip(1..) {
        vm.set_attr_named(this, name, args.at(value))?;
    }
    for (name, value) in [("lineno", line), ("colno", column)] {
        let value = vm.local(vm.heap.int(value));
        vm.set_attr_named(this, name, value)?;
    }
    if let Some(exception) = vm.get_gc::<Exception>(this) {
        let text = vm.heap.str_value(&text);
        exception.args.set(vm.heap.tuple(&[text]).value());
    }
    Ok(vm.none())
}

/// The exception for a mistake in a document.
pub fn complain(vm: &mut Vm, mistake: Mistake, doc: Local) -> Raised {
    let (message, at) = match mistake {
        Mistake::Syntax(message, at) => (message, at),
        Mistake::TooDeep(container) => {
            let what = match container {
                Container::Array => "array",
                Container::Object => "object",
            };
            let message = format!(
                "maximum recursion depth exceeded while decoding a JSON {what} from a unicode string"
            );
            return vm.heap.raise(Builtin::RecursionError, message);
        }
    };
    let pos = vm.get_gc::<Str>(doc).map_or(at, |doc| {
        super::char_index(&vm.heap, doc, at.min(doc.byte_len()))
    });
    let class = class_of(vm, &DECODE_ERROR);
    let args = [
        vm.local(vm.heap.str_value(message)),
        doc,
        vm.local(vm.heap.usize(pos)),
    ];
    match vm.call(class, &args) {
        Ok(made) => vm.raise_local(made),
        Err(raised) => raised,
    }
}
