//! "Did you mean": the nearest of several names, by edit distance.
//!
//! For messages about names that nothing is called by. The caller passes the candidates; a name that is too far from all of them
//! gets no guess.

/// Costs of CPython's suggestion search: a change of case is cheap.
const MOVE: usize = 2;
const CASE: usize = 1;
/// Longer names are not searched.
const MAX_LEN: usize = 40;

/// The candidate most like `name`, if one is near enough.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.filter(|c| *c != name) {
        let limit = (name.chars().count() + candidate.chars().count() + 3) * MOVE / 6;
        let limit = best.map_or(limit, |(d, _)| limit.min(d - 1));
        if let Some(distance) = distance(name, candidate, limit) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The Levenshtein distance in the costs above, if at most `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > MAX_LEN || b.len() > MAX_LEN || a.len().abs_diff(b.len()) * MOVE > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).map(|j| j * MOVE).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = (i + 1) * MOVE;
        for (j, &y) in b.iter().enumerate() {
            let change = if x == y {
                0
            } else if x.eq_ignore_ascii_case(&y) {
                CASE
            } else {
                MOVE
            };
            let cost = (diagonal + change)
                .min(row[j] + MOVE)
                .min(row[j + 1] + MOVE);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row.last().copied().filter(|&d| d <= limit)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_typos_but_not_strangers() {
        let names = ["append", "extend", "index", "maxsplit"];
        assert_eq!(nearest("apend", names.into_iter()), Some("append"));
        assert_eq!(nearest("max_split", names.into_iter()), Some("maxsplit"));
        assert_eq!(nearest("zzz", names.into_iter()), None);
    }
}
