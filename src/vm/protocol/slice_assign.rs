//! Assignment to and deletion of slices: lists and bytearrays.
//!
//! Contract: the new items are collected first, then the bounds are applied to the length that the target has by then, as the
//! iterable may change it; `a[:] = a` and the like work on a copy.

use crate::runtime::bytes::ByteArray;
use crate::runtime::list::List;
use crate::runtime::range::Range;
use crate::runtime::slice::Selection;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Heap, Raised, Slot, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::concat::items_of;
use crate::vm::protocol::slice::leaf_bounds;

impl Vm {
    /// `target[slice] = value`
    pub(in crate::vm) fn assign_slice(
        &mut self,
        target: Local,
        slice: Local,
        value: Local,
    ) -> Result<(), Raised> {
        let bounds = self.slice_bounds(slice)?;
        if self.get(target).is_gc::<List>() {
            let source = self.new_items(value)?;
            let items = self.list_items(target);
            let selected = bounds.select(items.len(&self.heap));
            return assign_items(&self.heap, &items, selected, self.get(source));
        }
        let new = self.new_bytes(value)?;
        let Some(array) = self.get_gc::<ByteArray>(target) else {
            return Ok(());
        };
        let selected = bounds.select(array.get().len(&self.heap));
        assign_bytes(&self.heap, array.get(), selected, &new)
    }

    /// `del target[slice]`
    pub(in crate::vm) fn delete_slice(
        &mut self,
        target: Local,
        slice: Local,
    ) -> Result<(), Raised> {
        let bounds = self.slice_bounds(slice)?;
        if let Some(array) = self.get_gc::<ByteArray>(target) {
            let selected = bounds.select(array.get().len(&self.heap));
            remove_bytes(&self.heap, array.get(), selected);
            return Ok(());
        }
        let items = self.list_items(target);
        let selected = bounds.select(items.len(&self.heap));
        if selected.count == 0 {
            return Ok(());
        }
        if selected.step == 1 {
            let start = selected.start as usize;
            items.splice(&self.heap, start..start + selected.count, &[])
        } else {
            items.replace(&self.heap, &without(&items.to_vec(&self.heap), selected))
        }
    }

    /// The items to assign: a list or tuple, made from whatever iterable.
    fn new_items(&mut self, value: Local) -> Result<Local, Raised> {
        if has_items(self.get(value)) {
            return Ok(value);
        }
        if self.get(value).is_gc::<Range>() {
            // Its length is known, which that of its iterator is not.
            return self.to_list(value);
        }
        match self.iter(value) {
            Ok(iterator) => self.to_list(iterator),
            Err(raised) if self.is_type_error(&raised) => {
                let _ = self.heap.take_raised(raised);
                Err(self
                    .heap
                    .type_error("must assign iterable to extended slice"))
            }
            Err(raised) => Err(raised),
        }
    }

    /// The bytes to assign: of a bytes-like object, or integers from an iterable.
    fn new_bytes(&mut self, value: Local) -> Result<Vec<u8>, Raised> {
        let plain = self.plain(value);
        if let Some(bytes) = self.get(plain).to_bytes() {
            return Ok(bytes);
        }
        if self.get(plain).is_gc::<Str>() || self.get(plain).as_number().is_some() {
            let message = "can assign only bytes, buffers, or iterables of ints in range(0, 256)";
            return Err(self.heap.type_error(message));
        }
        let list = self.to_list(value)?;
        let mut bytes = Vec::new();
        while let Some(item) = self.list_items(list).item(&self.heap, bytes.len()) {
            let mark = self.mark();
            let item = self.local(item);
            bytes.push(self.byte_of(item)?);
            self.release(mark);
        }
        Ok(bytes)
    }
}

/// Whether a value is a list or a tuple, whose items can be assigned as they are.
fn has_items(value: Value<'_>) -> bool {
    value.is_gc::<List>() || value.is_gc::<Tuple>()
}

/// `object[bounds] = value`, if the object is a list, the value a list or tuple, and the three bounds are plain numbers; None: the VM has
/// to look closer.
pub(in crate::vm) fn assign_leaf(
    heap: &Heap,
    object: Value<'_>,
    bounds: &[Slot],
    value: Value<'_>,
) -> Option<Result<(), Raised>> {
    let list = object.as_gc::<List>()?;
    let [start, stop, step] = bounds else {
        return None;
    };
    let bounds = leaf_bounds(heap, [start, stop, step])?;
    let selected = bounds.select(list.get().len(heap));
    has_items(value).then(|| assign_items(heap, list.get(), selected, value))
}

/// Assigns the items of a list or tuple.
fn assign_items<'h>(
    heap: &'h Heap,
    items: &List,
    selected: Selection,
    source: Value<'h>,
) -> Result<(), Raised> {
    if selected.step == 1
        && let Some(list) = source.as_gc::<List>()
    {
        return items.splice_list(heap, replaced_range(selected), list.get());
    }
    let new = &items_of(heap, source).unwrap_or_default();
    if selected.step == 1 {
        return items.splice(heap, replaced_range(selected), new);
    }
    check_count(heap, "sequence", selected, new.len())?;
    for (at, &value) in selected.positions().zip(new) {
        items.set_item(heap, at, value);
    }
    Ok(())
}

fn assign_bytes(
    heap: &Heap,
    array: &ByteArray,
    selected: Selection,
    new: &[u8],
) -> Result<(), Raised> {
    if selected.step == 1 {
        return array.splice(heap, replaced_range(selected), new);
    }
    if new.is_empty() {
        // A bytearray takes this for a deletion.
        remove_bytes(heap, array, selected);
        return Ok(());
    }
    check_count(heap, "bytes", selected, new.len())?;
    let mut data = array.write(heap);
    for (at, &byte) in selected.positions().zip(new) {
        data[at] = byte;
    }
    Ok(())
}

fn remove_bytes(heap: &Heap, array: &ByteArray, selected: Selection) {
    let rest = without(&array.read(heap), selected);
    array.replace(heap, rest);
}

/// Where the new items go; an empty selection is a place between two items.
fn replaced_range(selected: Selection) -> std::ops::Range<usize> {
    let start = selected.start as usize;
    start..start + selected.count
}

fn check_count(heap: &Heap, what: &str, selected: Selection, new: usize) -> Result<(), Raised> {
    if new == selected.count {
        return Ok(());
    }
    let count = selected.count;
    Err(heap.value_error(format!(
        "attempt to assign {what} of size {new} to extended slice of size {count}"
    )))
}

/// What is left when the selected positions are taken out.
fn without<T: Copy>(items: &[T], selected: Selection) -> Vec<T> {
    let mut gone = vec![false; items.len()];
    for at in selected.positions() {
        gone[at] = true;
    }
    items
        .iter()
        .zip(gone)
        .filter(|(_, gone)| !gone)
        .map(|(&item, _)| item)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deletion_works_in_either_direction() {
        let items = [0, 1, 2, 3, 4, 5];
        assert_eq!(without(&items, Selection::new(None, None, 2, 6)), [1, 3, 5]);
        assert_eq!(
            without(&items, Selection::new(Some(4), Some(1), -1, 6)),
            [0, 1, 5]
        );
        assert_eq!(
            without(&items, Selection::new(Some(4), Some(1), 1, 6)),
            items
        );
    }

    #[test]
    fn an_empty_selection_inserts() {
        let heap = Heap::new();
        let array = heap.bytearray(vec![1, 2, 3]);
        assert!(
            assign_bytes(
                &heap,
                array.get(),
                Selection::new(Some(2), Some(1), 1, 3),
                &[9, 9]
            )
            .is_ok()
        );
        assert_eq!(array.read(&heap)[..], [1, 2, 9, 9, 3]);
    }
}
