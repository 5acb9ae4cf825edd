//! Which methods are wrappers of type slots in CPython.
//!
//! Their reprs and the texts of their errors differ from those of other methods. A special method of a class is one unless it is
//! listed here.

/// The dunder methods that are ordinary methods in CPython, not wrappers of type slots.
const PLAIN_DUNDERS: [&str; 27] = [
    "__reversed__",
    "__sizeof__",
    "__format__",
    "__reduce__",
    "__reduce_ex__",
    "__dir__",
    "__round__",
    "__trunc__",
    "__floor__",
    "__ceil__",
    "__getnewargs__",
    "__length_hint__",
    "__class_getitem__",
    "__init_subclass__",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "__getstate__",
    "__setstate__",
    "__subclasses__",
    "__prepare__",
    "__instancecheck__",
    "__subclasscheck__",
    "__complex__",
    "__bytes__",
    "__copy__",
];

/// Methods whose names are those of slots, and which CPython's classes define as methods beside the slot.
const PLAIN_METHODS: [(&str, &str); 6] = [
    ("list", "__getitem__"),
    ("dict", "__getitem__"),
    ("dict", "__contains__"),
    ("set", "__contains__"),
    ("frozenset", "__contains__"),
    ("float", "__getformat__"),
];

/// Whether a class of CPython has a slot wrapper under this name.
pub(in crate::vm) fn wraps_slot(owner: &str, name: &str) -> bool {
    name.starts_with("__")
        && name.ends_with("__")
        && !PLAIN_DUNDERS.contains(&name)
        && !PLAIN_METHODS.contains(&(owner, name))
}
