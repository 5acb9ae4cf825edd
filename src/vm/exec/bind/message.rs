//! What a call with wrong arguments says, for functions of either sort.
//!
//! The words are CPython's; `tests/golden/` compares them.

use crate::runtime::{Heap, Raised};

/// No parameter has this name.
pub(super) fn unexpected_keyword<'a>(
    heap: &Heap,
    function: &str,
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Raised {
    let hint = crate::diagnostics::similar::nearest(name, candidates)
        .map_or(String::new(), |n| format!(". Did you mean '{n}'?"));
    heap.type_error(format!(
        "{function}() got an unexpected keyword argument '{name}'{hint}"
    ))
}

/// These parameters were not given.
pub(super) fn missing_arguments(heap: &Heap, function: &str, sort: &str, names: &[&str]) -> Raised {
    let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
    let list = match quoted.as_slice() {
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
        [] => String::new(),
    };
    let (count, plural) = (names.len(), plural(names.len()));
    heap.type_error(format!(
        "{function}() missing {count} required {sort} argument{plural}: {list}"
    ))
}

/// What follows a noun.
pub(super) fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// More positional arguments than parameters.
pub(super) fn too_many_arguments(
    heap: &Heap,
    function: &str,
    min: usize,
    max: usize,
    given: usize,
    keyword_only: usize,
) -> Raised {
    let takes = if min == max {
        format!("{max}")
    } else {
        format!("from {min} to {max}")
    };
    let plural_max = if min == max { plural(max) } else { "s" };
    let were = if given == 1 && keyword_only == 0 {
        "was"
    } else {
        "were"
    };
    let given = if keyword_only == 0 {
        format!("{given}")
    } else {
        let (p, k) = (plural(given), plural(keyword_only));
        format!("{given} positional argument{p} (and {keyword_only} keyword-only argument{k})")
    };
    heap.type_error(format!(
        "{function}() takes {takes} positional argument{plural_max} but {given} {were} given"
    ))
}
