//! Exception groups: splitting them, and what `except*` does.
//!
//! A group keeps `message` and `exceptions` (a tuple) among its attributes. Splitting goes down the tree and makes, through the
//! group's `derive`, a new group for each part that is neither all nor nothing. The algorithm is CPython's.

use crate::bytecode::Instr;
use crate::runtime::class::Class;
use crate::runtime::exception::Exception;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::native::NativeFunction;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// What the wanted part of a group consists of.
#[derive(Clone, Copy)]
enum Wanted {
    /// Exceptions (groups included) of this class, or of one in this tuple.
    Class(Local),
    /// Those for which this function answers true.
    Test(Local),
    /// The leaves in this list, by identity.
    Leaves(Local),
}

/// A part of a group and what is left; each may be None.
pub struct Split {
    /// What is wanted.
    pub matched: Local,
    /// What is not.
    pub rest: Local,
}

impl Vm {
    /// A new group of the exceptions in a list; of class `ExceptionGroup` if all of them are `Exception`s.
    pub fn exception_group(&mut self, message: &str, exceptions: Local) -> Result<Local, Raised> {
        let class = self.local(
            self.heap
                .types
                .class(&self.heap, Builtin::BaseExceptionGroup)
                .value(),
        );
        let message = self.local(self.heap.str_value(message));
        self.call(class, &[message, exceptions])
    }

    /// The exceptions of a group.
    pub fn members_of_group(&self, group: Local) -> Vec<Local> {
        let exceptions = self.field(group, "exceptions");
        exceptions.map_or_else(Vec::new, |tuple| self.items(tuple))
    }

    /// `group.split(condition)`: a class, a tuple of classes or a function.
    pub fn split_group(&mut self, group: Local, condition: Local) -> Result<Split, Raised> {
        let wanted = self.wanted(condition)?;
        self.split(group, wanted)
    }

    fn wanted(&self, condition: Local) -> Result<Wanted, Raised> {
        let value = self.get(condition);
        if self.is_exception_class(value) {
            return Ok(Wanted::Class(condition));
        }
        let tuple = value.as_gc::<Tuple>();
        if tuple.is_some_and(|t| t.iter(&self.heap).all(|item| self.is_exception_class(item))) {
            return Ok(Wanted::Class(condition));
        }
        let callable = value.is_gc::<Function>()
            || value.is_gc::<NativeFunction>()
            || value.is_gc::<BoundMethod>();
        if !value.is_gc::<Class>() && (callable || self.special(value, Sym::Call).is_some()) {
            return Ok(Wanted::Test(condition));
        }
        let message = "expected an exception type, a tuple of exception types, or a callable (other than a class)";
        Err(self.heap.type_error(message))
    }

    fn is_exception_class(&self, value: Value<'_>) -> bool {
        let base = self.heap.types.class(&self.heap, Builtin::BaseException);
        value
            .as_gc::<Class>()
            .is_some_and(|class| class.is_subclass(&self.heap, base))
    }

    fn is_group(&self, exception: Local) -> bool {
        self.heap
            .is_instance(self.get(exception), Builtin::BaseExceptionGroup)
    }

    fn split(&mut self, exception: Local, wanted: Wanted) -> Result<Split, Raised> {
        let none = self.none();
        if self.is_wanted(exception, wanted)? {
            return Ok(Split {
                matched: exception,
                rest: none,
            });
        }
        if !self.is_group(exception) {
            return Ok(Split {
                matched: none,
                rest: exception,
            });
        }
        let (mut matched, mut rest) = (Vec::new(), Vec::new());
        for member in self.members_of_group(exception) {
            let part = self.nested(|vm| vm.split(member, wanted))?;
            matched.extend(Some(part.matched).filter(|&l| !self.get(l).is_none()));
            rest.extend(Some(part.rest).filter(|&l| !self.get(l).is_none()));
        }
        Ok(Split {
            matched: self.subset(exception, &matched)?,
            rest: self.subset(exception, &rest)?,
        })
    }

    fn is_wanted(&mut self, exception: Local, wanted: Wanted) -> Result<bool, Raised> {
        match wanted {
            Wanted::Class(class) => Ok(self.is_of_class(exception, class)),
            Wanted::Test(function) => {
                let answer = self.call(function, &[exception])?;
                self.truth(answer)
            }
            Wanted::Leaves(list) => {
                let value = self.get(exception);
                let list: Gc<'_, List> = self.get_gc(list).expect("the list was made in this file");
                Ok(!self.is_group(exception)
                    && list.to_vec(&self.heap).iter().any(|leaf| leaf.is(value)))
            }
        }
    }

    /// Whether an exception is of a class or of one of a tuple of them.
    fn is_of_class(&self, exception: Local, class: Local) -> bool {
        let heap = &self.heap;
        let actual = heap.class_of(self.get(exception));
        let fits = |class: Value<'_>| {
            class
                .as_gc::<Class>()
                .is_some_and(|class| actual.is_subclass(heap, class))
        };
        match self.get_gc::<Tuple>(class) {
            Some(classes) => classes.iter(heap).any(fits),
            None => fits(self.get(class)),
        }
    }

    /// A group of some of a group's members: like the original in everything else. None for no members.
    fn subset(&mut self, group: Local, members: &[Local]) -> Result<Local, Raised> {
        if members.is_empty() {
            return Ok(self.none());
        }
        let members = self.list_of(members);
        let derived = self.call_method(group, "derive", &[members])?;
        if !self.is_group(derived) {
            return Err(self
                .heap
                .type_error("derive must return an instance of BaseExceptionGroup"));
        }
        self.copy_circumstances(group, derived);
        Ok(derived)
    }

    /// Traceback, context, cause and notes.
    fn copy_circumstances(&self, from: Local, to: Local) {
        let heap = &self.heap;
        let (Some(from), Some(to)) = (self.get_gc::<Exception>(from), self.get_gc::<Exception>(to))
        else {
            return;
        };
        to.set_traceback(from.traceback(heap));
        to.context.set(from.context.get(heap));
        to.cause.set(from.cause.get(heap));
        to.suppress_context.set(from.suppress_context.get());
        let notes = own_notes(heap, from).and_then(|notes| notes.as_gc::<List>());
        if let Some(notes) = notes {
            let copy = heap.list(notes.to_vec(heap));
            to.attrs(heap)
                .set_str(heap, heap.sym(Sym::Notes), copy.value());
        }
    }

    fn field(&self, exception: Local, name: &str) -> Option<Local> {
        let exception: Gc<'_, Exception> = self.get_gc(exception)?;
        exception
            .fields(&self.heap)
            .get_str(&self.heap, self.heap.intern(name))
            .map(|v| self.local(v))
    }

    fn list_of(&self, items: &[Local]) -> Local {
        self.local(self.heap.list(items.iter().map(|&l| self.get(l))).value())
    }
}

// except*
impl Vm {
    /// `R[a], R[a+1] :=` the part of `R[b]` that matches `R[c]`, the rest; None where empty.
    pub(in crate::vm) fn exc_star_split_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (exception, class) = (self.reg_local(i.b), self.reg_local(i.c));
        self.check_star_class(class)?;
        let split = if self.get(exception).is_none() {
            Split {
                matched: exception,
                rest: exception,
            }
        } else {
            self.star_split(exception, class)?
        };
        self.set_reg(i.a, self.get(split.matched));
        self.finish(mark, i.a + 1, split.rest);
        Ok(())
    }

    fn star_split(&mut self, exception: Local, class: Local) -> Result<Split, Raised> {
        if self.is_group(exception) {
            return self.split(exception, Wanted::Class(class));
        }
        let none = self.none();
        if !self.is_of_class(exception, class) {
            return Ok(Split {
                matched: none,
                rest: exception,
            });
        }
        let members = self.tuple_of(&[exception]);
        let group = self.exception_group("", members)?;
        if let (Some(naked), Some(group)) = (
            self.get_gc::<Exception>(exception),
            self.get_gc::<Exception>(group),
        ) {
            group.note_last_of(&self.heap, naked);
        }
        Ok(Split {
            matched: group,
            rest: none,
        })
    }

    fn check_star_class(&self, class: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let group = heap.types.class(heap, Builtin::BaseExceptionGroup);
        let classes = self
            .get_gc::<Tuple>(class)
            .map_or_else(|| vec![self.get(class)], |t| t.to_vec(heap));
        if !classes.iter().all(|&class| self.is_exception_class(class)) {
            return Err(heap.type_error(
                "catching classes that do not inherit from BaseException is not allowed",
            ));
        }
        let is_group = |class: &Value<'_>| {
            class
                .as_gc::<Class>()
                .is_some_and(|class| class.is_subclass(heap, group))
        };
        if classes.iter().any(is_group) {
            return Err(heap.type_error(
                "catching ExceptionGroup with except* is not allowed. Use except instead.",
            ));
        }
        Ok(())
    }

    /// The end of `except*` on `R[a]`: raises what the list `R[b]` of raised and unmatched parts amounts to.
    pub(in crate::vm) fn exc_star_finish_op(&mut self, i: Instr) -> Result<(), Raised> {
        let mark = self.mark();
        let (whole, parts) = (self.reg_local(i.a), self.reg_local(i.b));
        let outcome = self.star_outcome(whole, parts)?;
        let raised = outcome.map(|exception| {
            let exception: Gc<'_, Exception> =
                self.get_gc(exception).expect("parts are exceptions");
            self.heap.raise_exception(exception)
        });
        self.release(mark);
        raised.map_or(Ok(()), Err)
    }

    fn star_outcome(&mut self, whole: Local, parts: Local) -> Result<Option<Local>, Raised> {
        let list: Gc<'_, List> = self.get_gc(parts).expect("the compiler makes the list");
        let parts: Vec<Local> = list
            .to_vec(&self.heap)
            .into_iter()
            .map(|v| self.local(v))
            .collect();
        if !self.is_group(whole) || parts.is_empty() {
            return Ok(parts.first().copied());
        }
        let (same, mut raised): (Vec<Local>, Vec<Local>) = parts
            .iter()
            .copied()
            .partition(|&part| self.is_untouched(part, whole));
        let again = self.projection(whole, &same)?;
        if raised.is_empty() {
            return Ok(Some(again).filter(|&l| !self.get(l).is_none()));
        }
        if !self.get(again).is_none() {
            raised.push(again);
        }
        if let [single] = raised[..] {
            return Ok(Some(single));
        }
        let list = self.list_of(&raised);
        self.exception_group("", list).map(Some)
    }

    /// Whether a part is as it was split off: neither raised anew nor made by a handler.
    fn is_untouched(&self, part: Local, whole: Local) -> bool {
        let heap = &self.heap;
        let (Some(a), Some(b)) = (
            self.get_gc::<Exception>(part),
            self.get_gc::<Exception>(whole),
        ) else {
            return false;
        };
        let notes =
            |e| own_notes(heap, e).map_or(0, |n| n.as_gc::<List>().map_or(0, |l| l.len(heap)));
        a.context.get(heap).is(b.context.get(heap))
            && a.cause.get(heap).is(b.cause.get(heap))
            && notes(a) == notes(b)
            && a.has_trace_of(heap, b)
    }

    /// The part of a group that holds the leaves of some of its parts, in the group's structure.
    fn projection(&mut self, whole: Local, parts: &[Local]) -> Result<Local, Raised> {
        let leaves = self.list_of(&[]);
        for &part in parts {
            self.collect_leaves(part, leaves)?;
        }
        let split = self.split(whole, Wanted::Leaves(leaves))?;
        Ok(split.matched)
    }

    fn collect_leaves(&mut self, exception: Local, leaves: Local) -> Result<(), Raised> {
        if !self.is_group(exception) {
            let list: Gc<'_, List> = self.get_gc(leaves).expect("the caller made the list");
            return list.push(&self.heap, self.get(exception));
        }
        for member in self.members_of_group(exception) {
            self.nested(|vm| vm.collect_leaves(member, leaves))?;
        }
        Ok(())
    }
}

fn own_notes<'h>(heap: &'h Heap, exception: Gc<'h, Exception>) -> Option<Value<'h>> {
    if exception.attrs.is_undef() {
        return None;
    }
    exception.attrs(heap).get_str(heap, heap.sym(Sym::Notes))
}
