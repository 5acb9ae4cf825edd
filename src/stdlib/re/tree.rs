//! `_re.tree`: the tree of a pattern as tuples and lists, for `re._parser` (src/library/re).
//!
//! A node is a pair of CPython's name for it and its argument. To add a node: an arm of `node`.

use super::ast::{At, Category, Greed, Item, Node, Polarity};
use super::error::complain;
use super::parse::parse;
use super::subject::Subject;
use crate::runtime::{Heap, Value};
use crate::stdlib::arg::vm_index_or;
use crate::text::surrogate;
use crate::vm::Native;

/// `_re.tree`
pub const TREE: Native = Native::vm(
    "tree(pattern, flags, /)",
    "The nodes of a pattern, all its flags, how many groups it has, and their numbers by name.",
    |vm, args| {
        let Some(subject) = Subject::of(&vm.heap, vm.get(args.at(0))) else {
            let message = "first argument must be string or compiled pattern";
            return Err(vm.heap.type_error(message));
        };
        let (kind, chars) = (subject.kind(), subject.chars());
        drop(subject);
        let flags = u32::try_from(vm_index_or(vm, args.at(1), 0)? & 0xffff).unwrap_or(0);
        let parsed = match parse(chars, kind, flags) {
            Ok(parsed) => parsed,
            Err(complaint) => return Err(complain(vm, complaint, args.at(0))),
        };
        let heap = &vm.heap;
        let names = heap.dict();
        for (name, group) in &parsed.names {
            names.set_str(heap, heap.intern(name), heap.int(i64::from(*group)));
        }
        let parts = [
            sequence(heap, &parsed.body),
            heap.int(i64::from(parsed.flags)),
            heap.int(i64::from(parsed.groups)),
            names.value(),
        ];
        Ok(vm.local(heap.tuple(&parts).value()))
    },
);

fn sequence<'h>(heap: &'h Heap, nodes: &[Node]) -> Value<'h> {
    let values: Vec<Value<'h>> = nodes.iter().map(|each| node(heap, each)).collect();
    heap.list(values).value()
}

fn pair<'h>(heap: &'h Heap, name: &str, argument: Value<'h>) -> Value<'h> {
    heap.tuple(&[heap.str_value(name), argument]).value()
}

fn number(heap: &Heap, n: u32) -> Value<'_> {
    heap.int(i64::from(n))
}

fn character(heap: &Heap, c: u32) -> Value<'_> {
    number(heap, surrogate::of(c))
}

fn node<'h>(heap: &'h Heap, node: &Node) -> Value<'h> {
    let (name, argument) = match node {
        Node::Char(c) => ("LITERAL", character(heap, *c)),
        Node::NotChar(c) => ("NOT_LITERAL", character(heap, *c)),
        Node::Any => ("ANY", Value::NONE),
        Node::Set(polarity, items) => ("IN", set(heap, *polarity, items)),
        Node::At(at) => ("AT", heap.str_value(at_name(*at))),
        Node::Group {
            index,
            add,
            del,
            body,
        } => {
            let index = index.map_or(Value::NONE, |index| number(heap, index));
            let parts = [
                index,
                number(heap, *add),
                number(heap, *del),
                sequence(heap, body),
            ];
            ("SUBPATTERN", heap.tuple(&parts).value())
        }
        Node::Atomic(body) => ("ATOMIC_GROUP", sequence(heap, body)),
        Node::Repeat {
            min,
            max,
            greed,
            body,
        } => {
            let name = match greed {
                Greed::Greedy => "MAX_REPEAT",
                Greed::Lazy => "MIN_REPEAT",
                Greed::Possessive => "POSSESSIVE_REPEAT",
            };
            let parts = [number(heap, *min), number(heap, *max), sequence(heap, body)];
            (name, heap.tuple(&parts).value())
        }
        Node::Branch(items) => {
            let items: Vec<Value<'h>> = items.iter().map(|item| sequence(heap, item)).collect();
            let parts = [Value::NONE, heap.list(items).value()];
            ("BRANCH", heap.tuple(&parts).value())
        }
        Node::Ref(group, _) => ("GROUPREF", number(heap, *group)),
        Node::Cond(group, yes, no) => {
            let no = no.as_ref().map_or(Value::NONE, |no| sequence(heap, no));
            let parts = [number(heap, *group), sequence(heap, yes), no];
            ("GROUPREF_EXISTS", heap.tuple(&parts).value())
        }
        Node::Ahead(polarity, body) => look(heap, *polarity, 1, body),
        Node::Behind(polarity, body) => look(heap, *polarity, -1, body),
        Node::Fail => ("FAILURE", Value::NONE),
    };
    pair(heap, name, argument)
}

fn look<'h>(
    heap: &'h Heap,
    polarity: Polarity,
    direction: i64,
    body: &[Node],
) -> (&'static str, Value<'h>) {
    let name = match polarity {
        Polarity::Positive => "ASSERT",
        Polarity::Negative => "ASSERT_NOT",
    };
    let parts = [heap.int(direction), sequence(heap, body)];
    (name, heap.tuple(&parts).value())
}

fn set<'h>(heap: &'h Heap, polarity: Polarity, items: &[Item]) -> Value<'h> {
    let mut values = Vec::with_capacity(items.len() + 1);
    if polarity == Polarity::Negative {
        values.push(pair(heap, "NEGATE", Value::NONE));
    }
    for item in items {
        values.push(match *item {
            Item::Char(c) => pair(heap, "LITERAL", character(heap, c)),
            Item::Range(first, last) => {
                let range = heap.tuple(&[character(heap, first), character(heap, last)]);
                pair(heap, "RANGE", range.value())
            }
            Item::Category(category) => {
                pair(heap, "CATEGORY", heap.str_value(category_name(category)))
            }
        });
    }
    heap.list(values).value()
}

const fn at_name(at: At) -> &'static str {
    match at {
        At::Caret => "AT_BEGINNING",
        At::Start => "AT_BEGINNING_STRING",
        At::Dollar => "AT_END",
        At::End => "AT_END_STRING",
        At::Boundary => "AT_BOUNDARY",
        At::NotBoundary => "AT_NON_BOUNDARY",
    }
}

const fn category_name(category: Category) -> &'static str {
    match category {
        Category::Digit => "CATEGORY_DIGIT",
        Category::NotDigit => "CATEGORY_NOT_DIGIT",
        Category::Space => "CATEGORY_SPACE",
        Category::NotSpace => "CATEGORY_NOT_SPACE",
        Category::Word => "CATEGORY_WORD",
        Category::NotWord => "CATEGORY_NOT_WORD",
    }
}
