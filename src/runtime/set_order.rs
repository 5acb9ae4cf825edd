//! The order in which CPython would iterate a set: that of its hash table.
//!
//! A set keeps its members in the order of insertion. Before it is walked or shown, `settle` moves them to where CPython's table would
//! have them: small integers come sorted, and what equal programs print is equal. The order of texts depends on their hashes, which
//! are fixed here and random there. Only additions can change the order, so a set that had none since stays as it is.

use super::heap::Heap;
use super::set::Set;

/// CPython's smallest table.
const SMALLEST: usize = 8;
/// How many neighbours a probe looks at before it jumps.
const NEIGHBOURS: usize = 9;
/// By how much a jump shifts the hash.
const SHIFT: u32 = 5;
/// Tables with more members than this double when they grow; smaller ones quadruple.
const LARGE: usize = 50_000;

/// CPython's table: for each place a member's number, or nothing.
struct Places {
    places: Vec<u32>,
    used: usize,
}

const FREE: u32 = u32::MAX;

impl Places {
    fn new(size: usize) -> Places {
        Places {
            places: vec![FREE; size],
            used: 0,
        }
    }

    /// Puts a member into the first free place of its probe.
    fn put(&mut self, hash: u64, member: u32) {
        let mask = self.places.len() - 1;
        let mut perturb = hash;
        let mut at = hash as usize & mask;
        loop {
            let neighbours = if at + NEIGHBOURS <= mask {
                NEIGHBOURS
            } else {
                0
            };
            let free = (at..=at + neighbours).find(|&place| self.places[place] == FREE);
            if let Some(place) = free {
                self.places[place] = member;
                self.used += 1;
                return;
            }
            perturb >>= SHIFT;
            at = at
                .wrapping_mul(5)
                .wrapping_add(1)
                .wrapping_add(perturb as usize)
                & mask;
        }
    }

    /// Adds a member as `set.add` does: a table that is three fifths full grows.
    fn add(&mut self, hashes: &[u64], member: u32) {
        self.put(hashes[member as usize], member);
        if self.used * 5 < (self.places.len() - 1) * 3 {
            return;
        }
        let wanted = self.used * if self.used > LARGE { 2 } else { 4 };
        let old = std::mem::replace(self, Places::new(size_beyond(wanted)));
        for member in old.places.into_iter().filter(|&member| member != FREE) {
            self.put(hashes[member as usize], member);
        }
    }
}

/// The smallest size of a table that is larger than so many places.
fn size_beyond(places: usize) -> usize {
    (places + 1).next_power_of_two().max(SMALLEST)
}

/// The numbers of members with these hashes, inserted in this order, as CPython iterates them.
fn table_order(hashes: &[u64], first_size: usize) -> Vec<u32> {
    let mut table = Places::new(first_size);
    for member in 0..hashes.len() as u32 {
        table.add(hashes, member);
    }
    table.places.retain(|&member| member != FREE);
    table.places
}

impl Set {
    /// The set was made by copying so many members: CPython then makes room for twice as many at once.
    pub fn expect_members(&self, members: usize) {
        let grows = members * 5 >= (SMALLEST - 1) * 3;
        let size = if grows { size_beyond(members * 2) } else { 0 };
        self.first_size.set(size);
    }

    /// Brings the members into the order of CPython's table, unless they are in it.
    pub fn settle(&self, heap: &Heap) {
        let state = self.table.tail_state(heap);
        if self.keeps_insertion.get() || self.settled.replace(state) == state {
            return;
        }
        let first = self.first_size.get().max(SMALLEST);
        self.table.reorder(|hashes| table_order(hashes, first));
        self.settled.set(self.table.tail_state(heap));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_integers_come_sorted() {
        assert_eq!(table_order(&[3, 1, 2], SMALLEST), [1, 2, 0]);
        assert_eq!(table_order(&[8, 0, 16], SMALLEST), [0, 1, 2]);
    }

    #[test]
    fn a_table_that_grows_sorts_again() {
        let hashes: Vec<u64> = (0..100).rev().collect();
        let order: Vec<u64> = table_order(&hashes, SMALLEST)
            .iter()
            .map(|&i| hashes[i as usize])
            .collect();
        assert!(order.is_sorted());
    }
}
