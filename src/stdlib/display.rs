//! How a prompt shows a value: nested containers over several lines, large ones cut, and a hint where a value is to be awaited.
//!
//! What fits into a line is `repr()`. A builtin list, tuple, dict or set that does not is shown with an item a line, as deep as it
//! takes; of many items only the first are looked at, so that a list of a million is shown at once. `print(_)` shows all of it.

use crate::diagnostics::width;
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::set::Set;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Vm};

/// The columns of a line.
const WIDTH: usize = 80;
/// The same on a narrow terminal.
fn columns() -> usize {
    width().map_or(WIDTH, |width| width.min(WIDTH))
}
/// How many items of one container are shown.
const ITEMS: usize = 100;
/// Items that are no longer share lines.
const SHORT: usize = 24;
/// How many lines are shown in all.
const LINES: usize = 200;
/// How many characters of a text are shown.
const TEXT: usize = 1600;
/// Containers inside of each other are laid out so deep.
const DEPTH: usize = 8;

/// The text of a value, with the end of its last line.
///
/// # Errors
/// What `repr()` raises.
pub fn display(vm: &mut Vm, value: Local) -> Result<String, Raised> {
    let mut out = Layout {
        lines: 0,
        is_cut: false,
    };
    let mut text = out.shown(vm, value, 0, DEPTH)?;
    if text.chars().count() > TEXT && !text.contains('\n') {
        text = text.chars().take(TEXT).collect::<String>() + "...";
        out.is_cut = true;
    }
    text.push('\n');
    if out.is_cut {
        text.push_str("(cut: print(_) shows all of it)\n");
    }
    match vm.heap.type_name(vm.get(value)) {
        "coroutine" => text.push_str("(a coroutine: `await _` runs it)\n"),
        "async_generator" => {
            text.push_str("(an async generator: `[x async for x in _]` runs it)\n");
        }
        _ => {}
    }
    Ok(text)
}

struct Layout {
    lines: usize,
    is_cut: bool,
}

/// The items of a container, each with its key if it has one.
struct Items {
    open: &'static str,
    close: &'static str,
    items: Vec<(Option<Local>, Local)>,
    count: usize,
}

impl Layout {
    fn shown(
        &mut self,
        vm: &mut Vm,
        value: Local,
        indent: usize,
        depth: usize,
    ) -> Result<String, Raised> {
        let Some(found) = items_of(vm, value).filter(|_| depth > 0) else {
            return vm.repr_text(value);
        };
        // A container that is small enough is tried in one line first.
        if found.count <= ITEMS {
            let whole = vm.repr_text(value)?;
            if indent + whole.chars().count() <= columns() || found.count == 0 {
                return Ok(whole);
            }
        }
        let pad = " ".repeat(indent + 1);
        let mut rows = Vec::new();
        for &(key, item) in &found.items {
            if self.lines >= LINES {
                break;
            }
            let head = match key {
                Some(key) => vm.repr_text(key)? + ": ",
                None => String::new(),
            };
            let inside = indent + 1 + head.chars().count();
            let text = self.shown(vm, item, inside, depth - 1)?;
            self.lines += 1 + text.matches('\n').count();
            rows.push(head + &text);
        }
        let left = found.count - rows.len();
        if left > 0 {
            self.is_cut = true;
            rows.push(format!("... {left} more"));
        }
        let comma = if found.open == "(" && found.count == 1 {
            ","
        } else {
            ""
        };
        Ok(format!(
            "{}{}{comma}{}",
            found.open,
            joined(&rows, &pad),
            found.close
        ))
    }
}

/// The rows of a container: one a line, or as many as fit if all are short.
fn joined(rows: &[String], pad: &str) -> String {
    let is_short = |row: &String| row.chars().count() <= SHORT && !row.contains('\n');
    if !rows.iter().all(is_short) {
        return rows.join(&format!(",\n{pad}"));
    }
    let (mut out, mut column) = (String::new(), pad.len());
    for (index, row) in rows.iter().enumerate() {
        let size = row.chars().count() + 2;
        if index > 0 {
            out.push(',');
            if column + size > columns() {
                out.push('\n');
                out.push_str(pad);
                column = pad.len();
            } else {
                out.push(' ');
            }
        }
        out.push_str(row);
        column += size;
    }
    out
}

/// The first items of a builtin container; None for everything else, subclasses included.
fn items_of(vm: &Vm, value: Local) -> Option<Items> {
    let heap = &vm.heap;
    let this = vm.get(value);
    let one = |item: Value<'_>| (None, vm.local(item));
    let (open, close, items, count) = match heap.type_name(this) {
        "list" => {
            let list = this.as_gc::<List>()?;
            let count = list.len(heap);
            let items = (0..count.min(ITEMS)).filter_map(|n| list.get().item(heap, n));
            ("[", "]", items.map(one).collect(), count)
        }
        "tuple" => {
            let tuple = this.as_gc::<Tuple>()?;
            let items = tuple.iter(heap).take(ITEMS).map(one).collect();
            ("(", ")", items, tuple.len())
        }
        "dict" => {
            let dict = this.as_gc::<Dict>()?;
            let entries = (0..dict.table.end(heap)).filter_map(|n| dict.get().table.entry(heap, n));
            let pair =
                |(key, value): (Value<'_>, Value<'_>)| (Some(vm.local(key)), vm.local(value));
            let items = entries.take(ITEMS).map(pair).collect();
            ("{", "}", items, dict.table.len(heap))
        }
        "set" => {
            let set = this.as_gc::<Set>()?;
            let members = (0..set.members.end(heap)).filter_map(|n| set.get().members.at(heap, n));
            let items = members.take(ITEMS).map(one).collect();
            ("{", "}", items, set.members.len(heap))
        }
        _ => return None,
    };
    Some(Items {
        open,
        close,
        items,
        count,
    })
}
