//! The order of a class's ancestors, and the layout that it inherits.
//!
//! Order: C3 (Barrett et al. 1996): merge the bases' orders and the list of bases, taking each time the first head that is in no
//! other list's tail. Layout: at most one of the bases' native layouts may win.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::runtime::class::Class;
use crate::runtime::heap::Kind;
use crate::runtime::{Gc, Heap};

/// The ancestors of a class with these bases, nearest first. `Err`: the message of a TypeError.
pub(in crate::vm) fn linearize<'h>(
    heap: &'h Heap,
    bases: &[Gc<'h, Class>],
) -> Result<Vec<Gc<'h, Class>>, String> {
    linearize_by(heap, bases, |base| base.mro(heap).collect())
}

/// The same where the orders of the bases are about to change: `order_of` knows them.
pub(in crate::vm) fn linearize_by<'h>(
    heap: &'h Heap,
    bases: &[Gc<'h, Class>],
    order_of: impl Fn(Gc<'h, Class>) -> Vec<Gc<'h, Class>>,
) -> Result<Vec<Gc<'h, Class>>, String> {
    let mut seen = FxHashSet::default();
    for base in bases {
        if !seen.insert(base.address()) {
            return Err(format!("duplicate base class {}", base.name(heap).as_str()));
        }
    }
    let mut lists: Vec<Vec<Gc<'h, Class>>> = bases.iter().map(|base| order_of(*base)).collect();
    lists.push(bases.to_vec());
    for list in &mut lists {
        list.reverse();
    }
    // In how many tails a class is: the search for the next head must not go through all lists again.
    let mut tails: FxHashMap<usize, usize> = FxHashMap::default();
    for class in lists
        .iter()
        .flat_map(|list| list.split_last())
        .flat_map(|(_, tail)| tail)
    {
        *tails.entry(class.address()).or_default() += 1;
    }
    let mut order = Vec::new();
    while let Some(first) = lists.iter().position(|list| !list.is_empty()) {
        let is_next =
            |class: &Gc<'h, Class>| tails.get(&class.address()).is_none_or(|&count| count == 0);
        let mut heads = lists[first..]
            .iter()
            .filter_map(|list| list.last().copied());
        let Some(next) = heads.find(is_next) else {
            return Err(inconsistent(heap, &lists));
        };
        order.push(next);
        for list in &mut lists[first..] {
            if list.last() != Some(&next) {
                continue;
            }
            list.pop();
            // The class that follows is the head now, no longer in the tail.
            if let Some(count) = list.last().and_then(|head| tails.get_mut(&head.address())) {
                *count -= 1;
            }
        }
    }
    Ok(order)
}

fn inconsistent(heap: &Heap, lists: &[Vec<Gc<'_, Class>>]) -> String {
    let mut stuck: Vec<&str> = Vec::new();
    for head in lists.iter().filter_map(|list| list.last()) {
        let name = head.name(heap).as_str();
        if !stuck.contains(&name) {
            stuck.push(name);
        }
    }
    format!(
        "Cannot create a consistent method resolution order (MRO) for bases {}",
        stuck.join(", ")
    )
}

/// The layout of a class with these bases, or None where two of them exclude each other.
pub(in crate::vm) fn layout<'h>(heap: &'h Heap, bases: &[Gc<'h, Class>]) -> Option<Kind> {
    let mut winner: Option<Gc<'h, Class>> = None;
    for base in bases {
        let Some(solid) = solid_base(heap, *base) else {
            continue;
        };
        match winner {
            Some(other) if other.is_subclass(heap, solid) => {}
            Some(other) if !solid.is_subclass(heap, other) => return None,
            _ => winner = Some(solid),
        }
    }
    Some(winner.map_or(Kind::Instance, |class| class.layout))
}

/// The ancestor that brought the class's native layout in; None for plain instances.
fn solid_base<'h>(heap: &'h Heap, class: Gc<'h, Class>) -> Option<Gc<'h, Class>> {
    if class.layout == Kind::Instance {
        return None;
    }
    class.mro(heap).filter(|c| c.layout == class.layout).last()
}
