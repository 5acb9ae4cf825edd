//! Gives every symbol its place: variable, cell of the closure, namespace of a class, or global.
//!
//! Scopes come parents first, so a name that is searched for outwards meets scopes whose own bindings are known.
//! A capture marks the binding as a cell and threads the cell through every frame between. The rules are Python's:
//! class scopes are invisible from inside, except for `__class__`.

use crate::compile::scope::{CLASS_CELL, CLASS_DICT, Place, ScopeId, ScopeKind, ScopeTree};
use crate::diagnostics::{Diagnostic, ErrorCode, Span};
use crate::syntax::ast::Name;

/// Resolves all symbols of the tree.
pub(super) fn analyze(tree: &mut ScopeTree, problems: &mut Vec<Diagnostic>) {
    for id in tree.ids() {
        for index in 0..tree.get(id).symbols.len() as u32 {
            let place = place(tree, id, index, problems);
            tree.get_mut(id).symbols[index as usize].place = place;
        }
    }
    sort_cells(tree);
}

/// Puts the cells of each frame into the order of their names, as `co_freevars` shows them.
fn sort_cells(tree: &mut ScopeTree) {
    for frame in tree.ids() {
        let cells = &tree.get(frame).free;
        if cells.len() < 2 {
            continue;
        }
        let name = |cell: u16| {
            let (owner, index) = cells[usize::from(cell)];
            &tree.symbol(owner, index).name
        };
        let mut order: Vec<u16> = (0..cells.len() as u16).collect();
        order.sort_by(|&a, &b| name(a).cmp(name(b)));
        let sorted: Vec<_> = order.iter().map(|&old| cells[usize::from(old)]).collect();
        tree.get_mut(frame).free = sorted;
        let moved = |old: u16| order.iter().position(|&o| o == old).unwrap_or_default() as u16;
        for id in tree.ids() {
            if tree.get(id).frame != frame {
                continue;
            }
            for symbol in &mut tree.get_mut(id).symbols {
                match &mut symbol.place {
                    Place::Free(cell) | Place::Namespace(Some(cell)) => *cell = moved(*cell),
                    Place::ClassNamespace(dict, cell) => {
                        *dict = moved(*dict);
                        *cell = cell.map(moved);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn place(tree: &mut ScopeTree, id: ScopeId, index: u32, problems: &mut Vec<Diagnostic>) -> Place {
    let scope = tree.get(id);
    let symbol = &scope.symbols[index as usize];
    let is_class = scope.kind == ScopeKind::Class;
    if is_class && index == CLASS_CELL {
        return Place::Var(id, index);
    }
    if symbol.global.is_some() {
        return Place::Global;
    }
    if symbol.nonlocal.is_some() && !symbol.is_param {
        return nonlocal(tree, id, index, problems);
    }
    match scope.kind {
        ScopeKind::Module => Place::Global,
        ScopeKind::Class if symbol.is_bound => Place::Namespace(None),
        ScopeKind::Class => match search(tree, id, index) {
            Some(found) => Place::Namespace(Some(capture(tree, id, found))),
            None => Place::Namespace(None),
        },
        _ if symbol.is_bound => Place::Var(id, index),
        ScopeKind::TypeParams | ScopeKind::Bound | ScopeKind::AliasValue => {
            match class_around(tree, id, index) {
                Some(class) => class_namespace(tree, id, index, class),
                None => match search(tree, id, index) {
                    Some(found) => reach(tree, id, found),
                    None => Place::Global,
                },
            }
        }
        _ => match search(tree, id, index) {
            Some(found) => reach(tree, id, found),
            None => Place::Global,
        },
    }
}

/// The class whose body contains a part of a type directly, unless a type parameter in between has the name.
fn class_around(tree: &ScopeTree, id: ScopeId, index: u32) -> Option<ScopeId> {
    let name = &tree.symbol(id, index).name;
    if name.starts_with('.') || &**name == "__class__" {
        return None;
    }
    let mut around = tree.get(id).parent?;
    loop {
        let scope = tree.get(around);
        match scope.kind {
            ScopeKind::Class => return Some(around),
            ScopeKind::TypeParams | ScopeKind::Bound | ScopeKind::AliasValue => {}
            _ => return None,
        }
        if scope.symbol(name).is_some_and(|symbol| symbol.is_bound) {
            return None;
        }
        around = scope.parent?;
    }
}

/// A name that the namespace of a class may have; if it has not, and the body binds it, it is a global.
fn class_namespace(tree: &mut ScopeTree, id: ScopeId, index: u32, class: ScopeId) -> Place {
    let name = tree.symbol(id, index).name.clone();
    let in_class = tree.get(class).symbol(&name);
    if in_class.is_some_and(|symbol| symbol.global.is_some()) {
        return Place::Global;
    }
    let is_bound = in_class.is_some_and(|symbol| symbol.is_bound && symbol.nonlocal.is_none());
    let fallback = match search(tree, id, index) {
        Some(found) if !is_bound => Some(capture(tree, id, found)),
        _ => None,
    };
    let hidden: Name = CLASS_DICT.into();
    tree.get_mut(class).mention(&hidden, Span::default());
    let dict = tree.get(class).find(CLASS_DICT).unwrap_or_default();
    Place::ClassNamespace(capture(tree, id, (class, dict)), fallback)
}

fn nonlocal(
    tree: &mut ScopeTree,
    id: ScopeId,
    index: u32,
    problems: &mut Vec<Diagnostic>,
) -> Place {
    let found = search(tree, id, index);
    let symbol = tree.symbol(id, index);
    let span = symbol.nonlocal.unwrap_or_default();
    match found {
        Some((owner, _)) if tree.get(owner).kind == ScopeKind::TypeParams => {
            let message = format!(
                "nonlocal binding not allowed for type parameter '{}'",
                symbol.name
            );
            problems.push(Diagnostic::error(ErrorCode::NoNonlocal, span, message).by_compiler());
            Place::Global
        }
        Some(found) => Place::Free(capture(tree, id, found)),
        None => {
            let message = format!("no binding for nonlocal '{}' found", symbol.name);
            let help = "`nonlocal` names a variable of a function around; for one of the module use `global`";
            let problem = Diagnostic::error(ErrorCode::NoNonlocal, span, message).by_compiler();
            problems.push(problem.quoted(symbol.declared.unwrap_or(span)).help(help));
            Place::Global
        }
    }
}

/// The scope around that binds the name, and the symbol there; None for a global.
fn search(tree: &ScopeTree, from: ScopeId, index: u32) -> Option<(ScopeId, u32)> {
    let name = &tree.symbol(from, index).name;
    let mut next = tree.get(from).parent;
    while let Some(id) = next {
        let scope = tree.get(id);
        next = scope.parent;
        match scope.kind {
            ScopeKind::Module => return None,
            ScopeKind::Class if &**name == "__class__" => return Some((id, CLASS_CELL)),
            ScopeKind::Class => continue,
            _ => {}
        }
        let Some(index) = scope.find(name) else {
            continue;
        };
        let symbol = &scope.symbols[index as usize];
        if symbol.global.is_some() {
            return None;
        }
        if symbol.is_bound && symbol.nonlocal.is_none() {
            return Some((id, index));
        }
    }
    None
}

/// A use in the frame that also runs the binding scope needs no cell.
fn reach(tree: &mut ScopeTree, id: ScopeId, (owner, index): (ScopeId, u32)) -> Place {
    if tree.get(id).frame == tree.get(owner).frame {
        Place::Var(owner, index)
    } else {
        Place::Free(capture(tree, id, (owner, index)))
    }
}

/// Makes the binding a cell and hands it through all frames from its own to this scope's.
fn capture(tree: &mut ScopeTree, id: ScopeId, (owner, index): (ScopeId, u32)) -> u16 {
    tree.get_mut(owner).symbols[index as usize].is_cell = true;
    let home = tree.get(owner).frame;
    let frame = tree.get(id).frame;
    let slot = free_slot(tree, frame, (owner, index));
    let mut around = tree.get(frame).parent;
    while let Some(frame) = around
        .map(|id| tree.get(id).frame)
        .filter(|&frame| frame != home)
    {
        free_slot(tree, frame, (owner, index));
        around = tree.get(frame).parent;
    }
    slot
}

fn free_slot(tree: &mut ScopeTree, frame: ScopeId, cell: (ScopeId, u32)) -> u16 {
    let free = &mut tree.get_mut(frame).free;
    let slot = free
        .iter()
        .position(|&other| other == cell)
        .unwrap_or_else(|| {
            free.push(cell);
            free.len() - 1
        });
    u16::try_from(slot).unwrap_or(u16::MAX)
}
