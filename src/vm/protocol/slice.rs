//! Slices: making them, reading their bounds, and what they select of str, bytes, bytearray, list, tuple and range.
//!
//! Contract: the bounds are read before the length, as `__index__` may change the sequence; bounds beyond 64 bits are clipped,
//! which selects the same.

use crate::bytecode::Instr;
use crate::runtime::bytes::{ByteArray, Bytes};
use crate::runtime::heap::Kind;
use crate::runtime::list::List;
use crate::runtime::range::Range;
use crate::runtime::slice::{Selection, Slice};
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::wide_range::WideRange;
use crate::runtime::{Gc, Heap, Raised, Slot, Value};
use crate::text::IntRef;
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::concat::bytes_like;

/// A slice's bounds as numbers; None where omitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) struct Bounds {
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
}

impl Bounds {
    /// What the bounds select in a sequence of `len` items; a step of zero was refused before.
    pub(in crate::vm) fn select(self, len: usize) -> Selection {
        Selection::new(self.start, self.stop, self.step, len)
    }
}

/// One bound.
enum Bound {
    Omitted,
    At(i64),
    /// The program has to say, by `__index__`.
    Ask,
}

fn bound(heap: &Heap, slot: &Slot) -> Bound {
    let value = slot.get(heap);
    match value.as_any_int() {
        Some(IntRef::Small(n)) => Bound::At(n),
        Some(n) => Bound::At(if n.is_negative() { i64::MIN } else { i64::MAX }),
        None if value.is_none() => Bound::Omitted,
        None => Bound::Ask,
    }
}

/// The bounds (start, stop and step), if all are plain numbers and the step is not zero.
pub(in crate::vm) fn leaf_bounds(heap: &Heap, slots: [&Slot; 3]) -> Option<Bounds> {
    let plain = |slot: &Slot| match bound(heap, slot) {
        Bound::Omitted => Some(None),
        Bound::At(n) => Some(Some(n)),
        Bound::Ask => None,
    };
    let [start, stop, step] = slots;
    let (start, stop, step) = (plain(start)?, plain(stop)?, plain(step)?.unwrap_or(1));
    (step != 0).then_some(Bounds { start, stop, step })
}

impl Vm {
    /// `R[a] := slice(R[b], R[b+1], R[b+2])`
    pub(in crate::vm) fn build_slice(&mut self, i: Instr) -> Result<(), Raised> {
        let slice = self
            .heap
            .slice(self.reg(i.b), self.reg(i.b + 1), self.reg(i.b + 2));
        self.set_reg(i.a, slice.value());
        Ok(())
    }

    /// The part of a sequence that a slice selects; its length is asked for last: `__index__` of a bound may change it.
    ///
    /// # Errors
    /// The exceptions of `__index__`; TypeError.
    pub fn selection(
        &mut self,
        slice: Local,
        len: impl FnOnce(&Vm) -> usize,
    ) -> Result<Selection, Raised> {
        let bounds = self.slice_bounds(slice)?;
        Ok(bounds.select(len(self)))
    }

    /// The bounds of a slice; the step first, as CPython does.
    pub(in crate::vm) fn slice_bounds(&mut self, slice: Local) -> Result<Bounds, Raised> {
        let step = self.slice_bound(slice, |s| &s.step)?.unwrap_or(1);
        if step == 0 {
            return Err(self.heap.value_error("slice step cannot be zero"));
        }
        let start = self.slice_bound(slice, |s| &s.start)?;
        let stop = self.slice_bound(slice, |s| &s.stop)?;
        Ok(Bounds { start, stop, step })
    }

    fn slice_bound(
        &mut self,
        slice: Local,
        part: fn(&Slice) -> &Slot,
    ) -> Result<Option<i64>, Raised> {
        let slice = self
            .get_gc::<Slice>(slice)
            .expect("the caller checked the kind");
        match bound(&self.heap, part(slice.get())) {
            Bound::Omitted => Ok(None),
            Bound::At(n) => Ok(Some(n)),
            Bound::Ask => {
                let value = self.local(part(slice.get()).get(&self.heap));
                if !self.is_index(value) {
                    let message =
                        "slice indices must be integers or None or have an __index__ method";
                    return Err(self.heap.type_error(message));
                }
                self.index_clipped(value).map(Some)
            }
        }
    }
}

impl Heap {
    /// `slice(start, stop, step)`
    pub fn slice<'h>(
        &'h self,
        start: Value<'h>,
        stop: Value<'h>,
        step: Value<'h>,
    ) -> Gc<'h, Slice> {
        self.alloc(Slice {
            start: Slot::new(start),
            stop: Slot::new(stop),
            step: Slot::new(step),
        })
    }
}

/// `sequence[bounds]`
pub(in crate::vm) fn sliced<'h>(
    heap: &'h Heap,
    sequence: Value<'h>,
    bounds: Bounds,
) -> Result<Value<'h>, Raised> {
    let kind = sequence.as_object().map(Gc::kind);
    match kind {
        Some(Kind::Str) => slice_text(heap, sequence, bounds),
        Some(Kind::Range) => Ok(sequence
            .as_gc::<Range>()
            .map_or(sequence, |range| slice_range(heap, *range.get(), bounds))),
        Some(Kind::List) => {
            let Some(list) = sequence.as_gc::<List>() else {
                return Ok(sequence);
            };
            let selected = bounds.select(list.len(heap));
            Ok(list.part(heap, selected)?.value())
        }
        Some(Kind::Tuple) => {
            let Some(tuple) = sequence.as_gc::<Tuple>() else {
                return Ok(sequence);
            };
            let selected = bounds.select(tuple.len());
            if is_whole(selected, tuple.len()) {
                return Ok(sequence);
            }
            let at = |i| tuple.at(heap, selected.position(i)).unwrap_or(Value::UNDEF);
            Ok(heap.tuple_with(selected.count, at).value())
        }
        Some(Kind::Bytes) if is_whole_bytes(sequence, bounds) => Ok(sequence),
        _ => {
            let part = match (sequence.as_gc::<Bytes>(), sequence.as_gc::<ByteArray>()) {
                (Some(bytes), _) => slice_bytes(heap, bytes.get().as_slice(), bounds)?,
                (_, Some(array)) => slice_bytes(heap, &array.get().read(heap), bounds)?,
                _ => Vec::new(),
            };
            Ok(bytes_like(heap, kind.unwrap_or(Kind::Bytes), part))
        }
    }
}

fn slice_bytes(heap: &Heap, data: &[u8], bounds: Bounds) -> Result<Vec<u8>, Raised> {
    let selected = bounds.select(data.len());
    heap.room_for(selected.count)?;
    Ok(match selected.range() {
        Some(range) => data[range].to_vec(),
        None => selected.positions().map(|i| data[i]).collect(),
    })
}

/// The same of bytes.
fn is_whole_bytes(sequence: Value<'_>, bounds: Bounds) -> bool {
    let len = sequence
        .as_gc::<Bytes>()
        .map_or(0, |bytes| bytes.get().as_slice().len());
    is_whole(bounds.select(len), len)
}

/// Whether the selection is the whole of an immutable sequence, which then stands for itself.
fn is_whole(selected: Selection, len: usize) -> bool {
    selected.step == 1 && selected.count == len
}

fn slice_text<'h>(
    heap: &'h Heap,
    sequence: Value<'h>,
    bounds: Bounds,
) -> Result<Value<'h>, Raised> {
    let Some(text) = sequence.as_gc::<Str>() else {
        return Ok(sequence);
    };
    let selected = bounds.select(text.char_len());
    if is_whole(selected, text.char_len()) {
        return Ok(sequence);
    }
    if let Some(range) = selected.range() {
        return Ok(heap.str_value(heap.indexed(text).slice(range.start, range.end)));
    }
    let bytes = text.as_str().as_bytes();
    let part = if text.is_ascii() {
        gathered(
            heap,
            selected,
            selected.positions().map(|i| char::from(bytes[i])),
        )?
    } else {
        let (start, step) = (
            selected.start as usize,
            selected.step.unsigned_abs() as usize,
        );
        let chars = text.as_str().chars();
        match selected.step {
            0.. => gathered(heap, selected, chars.skip(start).step_by(step))?,
            _ => {
                let after = text.char_len() - 1 - start;
                gathered(heap, selected, chars.rev().skip(after).step_by(step))?
            }
        }
    };
    heap.adopt_text(part)
}

/// The text of the selected code points, which the iterator begins with.
fn gathered(
    heap: &Heap,
    selected: Selection,
    mut chars: impl Iterator<Item = char>,
) -> Result<String, Raised> {
    /// How many code points are gone through between two polls.
    const BLOCK: usize = 1 << 14;
    let step = selected.step.unsigned_abs().min(BLOCK as u64) as usize;
    let block = BLOCK / step;
    let mut text = String::new();
    for begin in (0..selected.count).step_by(block) {
        let count = block.min(selected.count - begin);
        heap.poll(count * step)?;
        heap.grow_text(&mut text, count * 4)?;
        text.extend(chars.by_ref().take(count));
    }
    Ok(text)
}

/// A range of the same numbers.
fn slice_range(heap: &Heap, range: Range, bounds: Bounds) -> Value<'_> {
    let len = usize::try_from(range.len())
        .unwrap_or(usize::MAX)
        .min(i64::MAX as usize);
    let selected = bounds.select(len);
    let at =
        |position: i64| i128::from(range.start) + i128::from(position) * i128::from(range.step);
    heap.any_range(WideRange {
        start: at(selected.start).into(),
        stop: at(selected.stop).into(),
        step: (i128::from(range.step) * i128::from(selected.step)).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(heap: &Heap, source: &str, start: Option<i64>, stop: Option<i64>, step: i64) -> String {
        let part =
            sliced(heap, heap.str_value(source), Bounds { start, stop, step }).expect("no error");
        part.as_gc::<Str>()
            .map(|s| s.as_str().to_owned())
            .expect("a string")
    }

    #[test]
    fn slices_of_text_count_code_points() {
        let heap = Heap::new();
        assert_eq!(text(&heap, "aé漢🙂z", Some(1), Some(-1), 1), "é漢🙂");
        assert_eq!(text(&heap, "aé漢🙂z", None, None, -2), "z漢a");
        assert_eq!(text(&heap, "abc", Some(2), Some(1), 1), "");
        assert_eq!(text(&heap, "abc", None, None, -1), "cba");
        assert_eq!(text(&heap, "abc", Some(i64::MIN), Some(i64::MAX), 1), "abc");
    }

    #[test]
    fn slices_of_ranges_are_ranges() {
        let heap = Heap::new();
        let range = Range {
            start: 0,
            stop: 10,
            step: 2,
        };
        let part = slice_range(
            &heap,
            range,
            Bounds {
                start: None,
                stop: None,
                step: -1,
            },
        );
        let part = *part.as_gc::<Range>().expect("a range").get();
        assert_eq!((part.start, part.stop, part.step), (8, -2, -2));
    }
}
