//! Definite assignment: which variables surely have a value at a place, so that reading them needs no check.
//!
//! The emitter carries one state along as it emits, hands a copy to every label that it jumps to and intersects where
//! paths meet. A place that cannot be reached has no state. Loops and handlers, where a path comes from below, start
//! from what holds before them minus what the code in question unbinds.

use smallvec::SmallVec;

/// A variable of a frame: its register, or 256 + its slot in the spill area.
pub type Var = usize;

/// What surely has a value; empty while the place cannot be reached.
#[derive(Clone, Debug)]
pub struct Assigned(Option<SmallVec<[u64; 4]>>);

impl Assigned {
    /// At the start of a frame: nothing.
    pub fn start() -> Assigned {
        Assigned(Some(SmallVec::new()))
    }

    /// Where no path leads.
    pub fn unreachable() -> Assigned {
        Assigned(None)
    }

    /// Whether a path leads here.
    pub fn is_reachable(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the variable surely has a value.
    pub fn has(&self, var: Var) -> bool {
        let Some(bits) = &self.0 else { return true };
        bits.get(var / 64)
            .is_some_and(|word| word >> (var % 64) & 1 == 1)
    }

    /// The variable has a value from here on.
    pub fn set(&mut self, var: Var) {
        let Some(bits) = &mut self.0 else { return };
        if bits.len() <= var / 64 {
            bits.resize(var / 64 + 1, 0);
        }
        bits[var / 64] |= 1 << (var % 64);
    }

    /// The variable may have no value from here on.
    pub fn clear(&mut self, var: Var) {
        if let Some(word) = self.0.as_mut().and_then(|bits| bits.get_mut(var / 64)) {
            *word &= !(1 << (var % 64));
        }
    }

    /// Another path joins.
    pub fn meet(&mut self, other: &Assigned) {
        let Some(theirs) = &other.0 else { return };
        let Some(mine) = &mut self.0 else {
            self.0 = Some(theirs.clone());
            return;
        };
        mine.truncate(theirs.len());
        mine.iter_mut()
            .zip(theirs)
            .for_each(|(mine, theirs)| *mine &= theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_sure_only_if_every_path_gives_one() {
        let (mut a, mut b) = (Assigned::start(), Assigned::start());
        a.set(3);
        a.set(300);
        b.set(3);
        a.meet(&Assigned::unreachable());
        assert!(a.has(300));
        a.meet(&b);
        assert!(a.has(3) && !a.has(300));
        a.clear(3);
        assert!(!a.has(3));
        assert!(Assigned::unreachable().has(7));
    }
}
