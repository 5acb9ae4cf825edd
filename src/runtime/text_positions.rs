//! The positions of long texts that were asked for since the last collection.
//!
//! They are found by the string's address, so they are forgotten when objects may be freed. Nothing is ever taken out between two
//! collections: what is given lives as long as a borrow of the heap.

use std::cell::OnceCell;

use super::heap::{Gc, Heap};
use super::str::Str;
use crate::text::positions::{Indexed, Positions};

/// How many chains there are.
const CHAINS: usize = 64;

/// The known positions, in chains by address. They stay short: their memory counts as allocated.
pub(super) struct TextPositions([Link; CHAINS]);

type Link = OnceCell<Box<Node>>;

struct Node {
    /// The address of the string.
    string: usize,
    positions: Positions,
    next: Link,
}

impl Default for TextPositions {
    fn default() -> TextPositions {
        TextPositions([const { OnceCell::new() }; CHAINS])
    }
}

impl Heap {
    /// A string's text with its positions.
    pub fn indexed<'h>(&'h self, string: Gc<'h, Str>) -> Indexed<'h> {
        let (text, len) = (string.as_str(), string.char_len());
        let positions = Positions::are_worth(text.len(), len).then(|| self.positions_of(string));
        Indexed::with_len(text, len, positions)
    }

    fn positions_of<'h>(&'h self, string: Gc<'h, Str>) -> &'h Positions {
        let address = std::ptr::from_ref(string.get()).addr();
        let mut link = &self.text_positions.0[(address >> 4) % CHAINS];
        loop {
            let node = link.get_or_init(|| {
                let positions = Positions::of(string.as_str());
                self.charge(size_of::<Node>() + positions.size());
                Box::new(Node {
                    string: address,
                    positions,
                    next: OnceCell::new(),
                })
            });
            if node.string == address {
                return &node.positions;
            }
            link = &node.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_its_own_positions() {
        let heap = Heap::new();
        let texts: Vec<_> = (0..300)
            .map(|n| heap.str(&format!("{}é{}", "x".repeat(n), "漢".repeat(100))))
            .collect();
        for _ in 0..2 {
            for (n, &text) in texts.iter().enumerate() {
                assert_eq!(heap.indexed(text).byte_of(n + 1), n + 2);
                assert_eq!(heap.indexed(text).slice(n, n + 2), "é漢");
            }
        }
    }
}
