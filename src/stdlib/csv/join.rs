//! Writing rows: fields to one line, quoted and escaped where the dialect asks for it.
//!
//! The texts of all values are made first, since `str()` may run user code; adding a field to the line does not.
//! Errors are those of the module `csv`, which words them.

use super::{ERROR, Format, FormatState, Quoting};
use crate::runtime::Raised;
use crate::stdlib::arg::{as_int, as_str};
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Vm};

/// The line of some values.
pub fn join(vm: &mut Vm, format: Local, values: &[Local]) -> Result<Local, Raised> {
    let mut line = String::new();
    for (n, &value) in values.iter().enumerate() {
        let text = match vm.get(value).is_none() {
            true => String::new(),
            false => vm.text_of(value)?,
        };
        let asks = asks_quotes(vm, format, value)?;
        let format = &vm.payload::<FormatState>(format).format;
        if n > 0 {
            line.push(format.delimiter);
        }
        let is_none = vm.get(value).is_none();
        if let Err(message) = add(format, &mut line, &text, asks, is_none) {
            return Err(raise_text(vm, &ERROR, message));
        }
    }
    let state = vm.payload::<FormatState>(format);
    if values.len() == 1 && line.is_empty() {
        let Some(quote) = state.format.quote.filter(|_| {
            let is_none = vm.get(values[0]).is_none();
            may_quote_empty(&state.format, is_none)
        }) else {
            let message = "single empty field record must be quoted";
            return Err(raise_text(vm, &ERROR, message));
        };
        line.extend([quote, quote]);
    }
    line.push_str(&state.format.terminator);
    Ok(vm.local(vm.heap.try_str(&line)?))
}

/// Whether a value is quoted whatever its text is.
fn asks_quotes(vm: &mut Vm, format: Local, value: Local) -> Result<bool, Raised> {
    Ok(match vm.payload::<FormatState>(format).format.quoting {
        Quoting::Minimal | Quoting::Never => false,
        Quoting::All => true,
        Quoting::NotNull => !vm.get(value).is_none(),
        Quoting::Strings => as_str(&vm.heap, vm.get(value)).is_some(),
        Quoting::NonNumeric => !is_number(vm, value)?,
    })
}

fn is_number(vm: &mut Vm, value: Local) -> Result<bool, Raised> {
    if as_int(&vm.heap, vm.get(value)).is_some() {
        return Ok(true);
    }
    if as_str(&vm.heap, vm.get(value)).is_some() || vm.get(value).is_none() {
        return Ok(false);
    }
    for name in ["__float__", "__int__", "__index__", "__complex__"] {
        if vm.find_attr(value, name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn may_quote_empty(format: &Format, is_none: bool) -> bool {
    format.quoting != Quoting::Never && !(is_none && format.quoting.tells_none())
}

/// Adds a field to a line.
fn add(
    format: &Format,
    line: &mut String,
    text: &str,
    asks: bool,
    is_none: bool,
) -> Result<(), &'static str> {
    let is_special = |c: char| {
        let own = [Some(format.delimiter), format.escape, format.quote];
        matches!(c, '\n' | '\r') || own.contains(&Some(c)) || format.terminator.contains(c)
    };
    let mut quotes = asks;
    if text.is_empty() && format.delimiter == ' ' && format.skips_spaces {
        if !may_quote_empty(format, is_none) {
            return Err(
                "empty field must be quoted if delimiter is a space and skipinitialspace is true",
            );
        }
        quotes = true;
    }
    let start = line.len();
    for c in text.chars() {
        if is_special(c) {
            let is_quote = Some(c) == format.quote;
            let escapes = format.quoting == Quoting::Never
                || is_quote && !format.doubles_quotes
                || !is_quote && Some(c) == format.escape;
            quotes |= !escapes;
            match format.escape {
                Some(escape) if escapes => line.push(escape),
                None if escapes => return Err("need to escape, but no escapechar set"),
                _ if is_quote => line.push(c),
                _ => {}
            }
        }
        line.push(c);
    }
    if let Some(quote) = format.quote.filter(|_| quotes) {
        line.insert(start, quote);
        line.push(quote);
    }
    Ok(())
}
