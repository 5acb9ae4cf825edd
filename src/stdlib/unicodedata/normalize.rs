//! Normalization: NFC, NFD, NFKC, NFKD, by the algorithm of Unicode Standard Annex 15.
//!
//! A text is decomposed, its marks are put into the order of their combining classes, and what can be composed is composed.

use super::tables::{composed, decomposition, record};
use crate::runtime::{Heap, Raised};

/// As many code points as one decomposes into at most.
const LONGEST: usize = 18;

const S_BASE: u32 = 0xac00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11a7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

/// A normalization form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalization {
    /// Whether compatibility characters are replaced.
    pub is_compatible: bool,
    /// Whether characters are composed again.
    pub is_composed: bool,
}

impl Normalization {
    /// The form of this name.
    pub fn of(name: &str) -> Option<Normalization> {
        let (is_compatible, is_composed) = match name {
            "NFC" => (false, true),
            "NFD" => (false, false),
            "NFKC" => (true, true),
            "NFKD" => (true, false),
            _ => return None,
        };
        Some(Normalization {
            is_compatible,
            is_composed,
        })
    }
}

/// The text in a form.
///
/// # Errors
/// MemoryError.
pub fn normalize(heap: &Heap, text: &str, form: Normalization) -> Result<String, Raised> {
    heap.room_for(text.len())?;
    if text.is_ascii() {
        return Ok(text.to_owned());
    }
    let mut codes = Vec::new();
    for c in text.chars() {
        heap.grow_vec(&mut codes, LONGEST)?;
        decompose(c as u32, form, &mut codes);
    }
    order(&mut codes);
    if form.is_composed {
        heap.room_for(codes.len().saturating_mul(size_of::<(u32, u8)>()))?;
        compose(&mut codes);
    }
    let mut normal = String::new();
    for (code, _) in codes {
        let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        heap.grow_text(&mut normal, c.len_utf8())?;
        normal.push(c);
    }
    Ok(normal)
}

/// Appends a character's parts with their combining classes.
fn decompose(code: u32, form: Normalization, out: &mut Vec<(u32, u8)>) {
    if code < 0x80 {
        out.push((code, 0));
        return;
    }
    if let Some(at) = code.checked_sub(S_BASE).filter(|&at| at < S_COUNT) {
        out.push((L_BASE + at / (V_COUNT * T_COUNT), 0));
        out.push((V_BASE + at % (V_COUNT * T_COUNT) / T_COUNT, 0));
        if at % T_COUNT != 0 {
            out.push((T_BASE + at % T_COUNT, 0));
        }
        return;
    }
    let text = decomposition(code);
    let is_canonical = !text.starts_with('<');
    if text.is_empty() || !(is_canonical || form.is_compatible) {
        out.push((code, record(code).combining));
        return;
    }
    for part in text.split(' ').skip(usize::from(!is_canonical)) {
        decompose(u32::from_str_radix(part, 16).unwrap_or(0xfffd), form, out);
    }
}

/// Sorts each run of marks by class; equal ones stay in their order.
fn order(codes: &mut [(u32, u8)]) {
    for run in codes.split_mut(|&(_, class)| class == 0) {
        run.sort_by_key(|&(_, class)| class);
    }
}

/// Composes what can be composed.
fn compose(codes: &mut Vec<(u32, u8)>) {
    let mut kept: Vec<(u32, u8)> = Vec::with_capacity(codes.len());
    let mut starter: Option<usize> = None;
    for &(code, class) in codes.iter() {
        if let Some(at) = starter {
            // A mark of the same class, or a starter, between the two blocks the composition.
            let last = kept.len() - 1;
            let is_blocked = last != at && (kept[last].1 == 0 || kept[last].1 >= class);
            if !is_blocked && let Some(whole) = pair(kept[at].0, code) {
                kept[at].0 = whole;
                continue;
            }
        }
        if class == 0 {
            starter = Some(kept.len());
        }
        kept.push((code, class));
    }
    *codes = kept;
}

fn pair(first: u32, second: u32) -> Option<u32> {
    let l = first.wrapping_sub(L_BASE);
    let v = second.wrapping_sub(V_BASE);
    if l < L_COUNT && v < V_COUNT {
        return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
    }
    let s = first.wrapping_sub(S_BASE);
    let t = second.wrapping_sub(T_BASE);
    if s < S_COUNT && s.is_multiple_of(T_COUNT) && (1..T_COUNT).contains(&t) {
        return Some(first + t);
    }
    composed(first, second)
}
