//! Exceptions as plain data, for reports: class, message, traceback, chain, group, what the program wrote of itself.
//!
//! Texts come from the program's own `__str__` and `__repr__`, which may fail; then a text in angle brackets stands for them.

use std::cell::Cell;
use std::collections::HashSet;

use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::report::{Failure, Written};

/// How many exceptions of a chain are described.
const CHAIN_LIMIT: usize = 50;
/// How many exceptions are described in all: groups within groups have exponentially many members.
const MOST: usize = 5_000;

/// What was described on the way to an exception, and how many more may be.
#[derive(Clone)]
struct Progress<'p> {
    seen: HashSet<usize>,
    left: &'p Cell<usize>,
}

impl Progress<'_> {
    fn may_go_on(&self) -> bool {
        self.seen.len() < CHAIN_LIMIT && self.left.get() > 0
    }
}

impl Vm {
    /// An exception as plain data.
    pub fn describe(&mut self, exception: Local) -> Failure {
        let left = Cell::new(MOST);
        let mut progress = Progress {
            seen: HashSet::new(),
            left: &left,
        };
        self.describe_within(exception, &mut progress)
    }

    fn describe_within(&mut self, exception: Local, progress: &mut Progress<'_>) -> Failure {
        let mark = self.mark();
        let heap = &self.heap;
        let this: Gc<'_, Exception> = self
            .get_gc(exception)
            .expect("the caller knows that it is an exception");
        progress.seen.insert(this.address());
        progress.left.set(progress.left.get().saturating_sub(1));
        let class = heap.class_of(this.value());
        let class = match class
            .attrs
            .get(heap, heap.intern("__module__"))
            .and_then(|v| v.as_gc::<Str>())
        {
            Some(module) if module.as_str() != "__main__" && module.as_str() != "builtins" => {
                format!("{}.{}", module.as_str(), class.qualname(heap).as_str())
            }
            _ => class.qualname(heap).as_str().to_owned(),
        };
        let compared = this.compared.get(heap).as_gc::<Tuple>();
        let compared = compared.map_or(Vec::new(), |t| t.to_vec(heap));
        let trace = this.trace(heap);
        let notes = this.attrs.get(heap).as_gc::<Dict>();
        let notes = notes
            .and_then(|d| d.get_str(heap, heap.intern("__notes__")))
            .and_then(|v| v.as_gc::<List>());
        let notes: Vec<Local> = notes.map_or(Vec::new(), |l| {
            l.to_vec(heap).into_iter().map(|v| self.local(v)).collect()
        });
        let links = [
            this.cause.get(heap),
            if this.suppress_context.get() {
                Value::UNDEF
            } else {
                this.context.get(heap)
            },
        ];
        let links = links.map(|v| v.defined().map(|v| self.local(v)));
        let members: Vec<Local> = self
            .group_members(this)
            .into_iter()
            .map(|v| self.local(v))
            .collect();
        let compared: Vec<Option<Local>> = compared
            .into_iter()
            .map(|v| v.defined().map(|v| self.local(v)))
            .collect();
        let message = self.text_or(exception, "<exception str() failed>");
        let hint = self.hint(exception);
        let notes = notes
            .into_iter()
            .map(|n| self.text_or(n, "<note str() failed>"))
            .collect();
        let compared = compared
            .into_iter()
            .map(|c| c.map(|c| self.repr_or(c)))
            .collect();
        let written = self.written(exception);
        let about_coroutine = message.contains("coroutine");
        let unstarted = match about_coroutine && (class == "TypeError" || class == "AttributeError")
        {
            true => self.unstarted(),
            false => Vec::new(),
        };
        let mut follow = |vm: &mut Vm, link: Option<Local>| {
            let link = link?;
            let address = vm.get_gc::<Exception>(link)?.address();
            (!progress.seen.contains(&address) && progress.may_go_on())
                .then(|| Box::new(vm.describe_within(link, progress)))
        };
        let cause = follow(self, links[0]);
        let context = if cause.is_some() {
            None
        } else {
            follow(self, links[1])
        };
        // A member that is also a cause or context is shown in both places.
        let members = members
            .into_iter()
            .filter(|_| progress.may_go_on())
            .map(|member| self.describe_within(member, &mut progress.clone()))
            .collect();
        self.release(mark);
        Failure {
            class,
            message,
            hint,
            unstarted,
            written,
            notes,
            compared,
            trace,
            cause,
            context,
            members,
        }
    }

    /// Where the mistake of a SyntaxError is written, if its attributes say it.
    fn written(&mut self, exception: Local) -> Option<Written> {
        if !self
            .heap
            .is_instance(self.get(exception), Builtin::SyntaxError)
        {
            return None;
        }
        let number = |vm: &mut Vm, name| {
            let found = vm.attr_or_none(exception, name)?;
            let number = vm.get(found).as_any_int()?.to_i64()?;
            u32::try_from(number).ok()
        };
        let line = number(self, "lineno")?;
        let column = number(self, "offset").unwrap_or(1);
        let end_line = number(self, "end_lineno").unwrap_or(line);
        let end_column = number(self, "end_offset").filter(|_| end_line == line);
        let text = |vm: &mut Vm, name| {
            let found = vm.attr_or_none(exception, name)?;
            vm.get_gc::<Str>(found).map(|text| text.as_str().to_owned())
        };
        Some(Written {
            file: text(self, "filename")?,
            line,
            column,
            end_column: end_column.unwrap_or(column + 1),
            text: text(self, "text"),
            message: text(self, "msg").unwrap_or_default(),
        })
    }

    fn attr_or_none(&mut self, object: Local, name: &str) -> Option<Local> {
        match self.find_attr(object, name) {
            Ok(found) => found,
            Err(raised) => {
                self.heap.take_raised(raised);
                None
            }
        }
    }

    fn group_members<'h>(&'h self, exception: Gc<'h, Exception>) -> Vec<Value<'h>> {
        let heap = &self.heap;
        if !heap.is_instance(exception.value(), Builtin::BaseExceptionGroup) {
            return Vec::new();
        }
        match exception.arg(heap, 1) {
            Some(v) if v.is_gc::<Tuple>() => v
                .as_gc::<Tuple>()
                .map(|t| t.to_vec(heap))
                .unwrap_or_default(),
            Some(v) => v
                .as_gc::<List>()
                .map(|l| l.to_vec(heap))
                .unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// `repr()` of a value, or a stand-in if that raises.
    fn repr_or(&mut self, value: Local) -> String {
        self.repr_text(value).unwrap_or_else(|raised| {
            self.heap.take_raised(raised);
            "<repr() failed>".to_owned()
        })
    }

    /// `str()` of a value, or a stand-in if that raises.
    fn text_or(&mut self, value: Local, otherwise: &str) -> String {
        match self.str(value) {
            Ok(text) => self
                .get_gc::<Str>(text)
                .map_or(String::new(), |s| s.as_str().to_owned()),
            Err(raised) => {
                self.heap.take_raised(raised);
                otherwise.to_owned()
            }
        }
    }
}
