//! `_collections`: what `collections` (library/collections) has in Rust, because programs use it where speed matters.

mod deque;
mod field;
mod ordered;

use super::registry::NativeModule;

/// The module that `collections` takes it from.
pub const COLLECTIONS: NativeModule = NativeModule {
    functions: &[
        &ordered::ORDERED_KEYS,
        &ordered::ORDERED_VALUES,
        &ordered::ORDERED_ITEMS,
    ],
    types: &[&deque::DEQUE, &field::FIELD],
    ..NativeModule::of("_collections", "High performance data structures.")
};
