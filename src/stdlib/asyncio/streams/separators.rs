//! The separators that `StreamReader.readuntil` looks for.
//!
//! Several may be given; the chunk ends with the one that ends first. How much has to be there before one can be found, and how much
//! of what was searched may be the beginning of one, follows from their lengths.

use super::super::super::arg::Buffer;
use crate::runtime::Raised;
use crate::runtime::Value;
use crate::runtime::tuple::Tuple;
use crate::text::bytes_ops::search::find;
use crate::vm::{Local, Vm};

/// The separators that may end a chunk.
pub struct Separators {
    /// Shortest first.
    all: smallvec::SmallVec<[Vec<u8>; 1]>,
    /// The length of the shortest.
    pub shortest: usize,
    /// The length of the longest.
    pub longest: usize,
}

impl Separators {
    /// From an argument: bytes, a tuple of them, None for the end of a line.
    ///
    /// # Errors
    /// ValueError for none or an empty one, TypeError for other objects.
    pub fn of(vm: &Vm, given: Local) -> Result<Separators, Raised> {
        let heap = &vm.heap;
        let value = vm.get(given);
        let mut all = smallvec::SmallVec::new();
        if value.is_none() {
            all.push(b"\n".to_vec());
        } else if let Some(tuple) = value.as_gc::<Tuple>() {
            for item in tuple.iter(heap) {
                all.push(Separators::bytes(vm, item)?);
            }
            all.sort_by_key(Vec::len);
        } else {
            all.push(Separators::bytes(vm, value)?);
        }
        let lengths = all.first().zip(all.last());
        let Some((shortest, longest)) = lengths.map(|(a, b)| (a.len(), b.len())) else {
            return Err(heap.value_error("Separator should contain at least one element"));
        };
        if shortest == 0 {
            return Err(heap.value_error("Separator should be at least one-byte string"));
        }
        Ok(Separators {
            all,
            shortest,
            longest,
        })
    }

    fn bytes(vm: &Vm, value: Value<'_>) -> Result<Vec<u8>, Raised> {
        Buffer::of(&vm.heap, value)
            .map(|bytes| bytes.to_vec())
            .ok_or_else(|| {
                let class = vm.heap.type_name(value);
                let message =
                    format!("argument should be integer or bytes-like object, not '{class}'");
                vm.heap.type_error(message)
            })
    }

    /// Where the separator begins and ends that ends first.
    pub fn first_in(&self, data: &[u8]) -> Option<(usize, usize)> {
        let found = self.all.iter().filter_map(|separator| {
            let start = find(data, separator)?;
            Some((start, start + separator.len()))
        });
        found.min_by_key(|&(_, end)| end)
    }
}
