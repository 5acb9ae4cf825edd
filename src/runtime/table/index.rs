//! The index of a hash table: from hashes to positions in a list that the owner keeps.
//!
//! Open addressing with linear probing, at most half full. Each place carries the upper half of its spread hash beside the
//! position: nearly every place that belongs to another key is passed without a look at that key, and an entry's home follows from its
//! place alone, so that growing and removing (which shifts the entries behind back, no tombstones) need no hash either.

/// A hash table's index.
#[derive(Default)]
pub struct Index {
    /// A power of two, or none.
    places: Box<[Place]>,
    /// What brings a tag down to a home.
    shift: u32,
    used: usize,
}

/// The tag and position of an entry.
#[derive(Clone, Copy)]
struct Place {
    tag: u32,
    position: u32,
}

/// A walk over positions.
pub struct Probe<'a> {
    places: &'a [Place],
    tag: u32,
    at: usize,
}

impl Iterator for Probe<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let mask = self.places.len().wrapping_sub(1);
        loop {
            let place = *self.places.get(self.at & mask)?;
            self.at += 1;
            if place.is_vacant() {
                return None;
            }
            if place.tag == self.tag {
                return Some(place.position as usize);
            }
        }
    }
}

const VACANT: Place = Place {
    tag: 0,
    position: u32::MAX,
};
/// Places of the smallest index.
const SMALLEST: usize = 32;

impl Place {
    #[inline(always)]
    fn is_vacant(self) -> bool {
        self.position == VACANT.position
    }
}

impl Index {
    /// Bytes it occupies.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.places)
    }

    /// A walk over the positions under this hash, and a few others.
    #[inline(always)]
    pub fn probe(&self, hash: u64) -> Probe<'_> {
        let tag = tag_of(hash);
        Probe {
            places: &self.places,
            tag,
            at: self.home(tag),
        }
    }

    /// Adds a position under a hash.
    ///
    /// # Panics
    /// At 2^32 - 1 positions: a hundred gigabytes of entries.
    #[inline]
    pub fn insert(&mut self, hash: u64, position: usize) {
        let position = u32::try_from(position)
            .ok()
            .filter(|&p| p != VACANT.position)
            .expect("a table under 2^32 - 1 entries");
        if (self.used + 1) * 2 > self.places.len() {
            self.resize((self.places.len() * 2).max(SMALLEST));
        }
        self.used += 1;
        self.put(Place {
            tag: tag_of(hash),
            position,
        });
    }

    /// Makes room for so many positions; whether there is memory for it.
    pub fn reserve(&mut self, positions: usize) -> bool {
        let places = (positions * 2).next_power_of_two().max(SMALLEST);
        places <= self.places.len() || self.try_resize(places)
    }

    /// Removes a position that was added under this hash.
    pub fn remove(&mut self, hash: u64, position: usize) {
        if self.places.is_empty() {
            return;
        }
        let mask = self.places.len() - 1;
        let mut hole = self.home(tag_of(hash));
        while self.places[hole & mask].position as usize != position {
            if self.places[hole & mask].is_vacant() {
                return;
            }
            hole += 1;
        }
        self.used -= 1;
        // Entries after the hole move into it unless that would put them before their home.
        let mut next = hole + 1;
        loop {
            let place = self.places[next & mask];
            if place.is_vacant() {
                break;
            }
            let from_home = next.wrapping_sub(self.home(place.tag)) & mask;
            if from_home >= (next - hole) {
                self.places[hole & mask] = place;
                hole = next;
            }
            next += 1;
        }
        self.places[hole & mask] = VACANT;
    }

    /// Removes all, and makes room for as many positions.
    pub fn reset(&mut self, room: usize) {
        let places = (room * 2).next_power_of_two().max(SMALLEST);
        self.used = 0;
        if places == self.places.len() {
            self.places.fill(VACANT);
        } else {
            self.places = Box::default();
            self.resize(places);
        }
    }

    /// Removes all and gives the memory back.
    pub fn clear(&mut self) {
        *self = Index::default();
    }

    #[inline(always)]
    fn home(&self, tag: u32) -> usize {
        (tag >> self.shift) as usize
    }

    #[cold]
    #[inline(never)]
    fn resize(&mut self, places: usize) {
        self.fill(vec![VACANT; places]);
    }

    fn try_resize(&mut self, places: usize) -> bool {
        let mut new = Vec::new();
        if new.try_reserve_exact(places).is_err() {
            return false;
        }
        new.resize(places, VACANT);
        self.fill(new);
        true
    }

    /// Takes these places, all vacant, into use.
    fn fill(&mut self, new: Vec<Place>) {
        let places = new.len();
        let old = std::mem::replace(&mut self.places, new.into_boxed_slice());
        self.shift = 32_u32.saturating_sub(places.trailing_zeros());
        for &place in old.iter().filter(|place| !place.is_vacant()) {
            self.put(place);
        }
    }

    #[inline]
    fn put(&mut self, place: Place) {
        let mask = self.places.len() - 1;
        let mut at = self.home(place.tag);
        while !self.places[at & mask].is_vacant() {
            at += 1;
        }
        self.places[at & mask] = place;
    }
}

/// The upper half of a hash that is spread over all bits.
#[inline(always)]
fn tag_of(hash: u64) -> u32 {
    ((hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(index: &Index, hash: u64, position: usize) -> bool {
        index.probe(hash).any(|p| p == position)
    }

    #[test]
    fn finds_what_is_in_it_after_any_order_of_inserts_and_removes() {
        let mut index = Index::default();
        let mut present = Vec::new();
        let mut state = 7_u64;
        for step in 0..20_000_usize {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let roll = (state >> 33) as usize;
            if roll % 5 < 3 || present.is_empty() {
                // Few different hashes, so that probes run long and wrap around.
                let hash = (state >> 40) % 97;
                index.insert(hash, step);
                present.push((hash, step));
            } else {
                let (hash, position) = present.swap_remove(roll % present.len());
                index.remove(hash, position);
                assert!(!found(&index, hash, position));
            }
            if step % 500 == 0 {
                for &(hash, position) in &present {
                    assert!(found(&index, hash, position));
                }
            }
        }
        assert_eq!(index.used, present.len());
        index.reset(present.len());
        assert!(!found(&index, present[0].0, present[0].1));
    }
}
