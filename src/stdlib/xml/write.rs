//! `_xml.write`: a tree as the text of an XML document.
//!
//! Namespaces are declared at the root, in the order of their prefixes, as CPython does. What is no plain tree (names or texts that are no
//! strings) is left to library/xml/etree/_write.apy, which words the errors.

use rustc_hash::FxHashMap;

use super::element::{Field, Layout};
use crate::runtime::dict::Dict;
use crate::runtime::instance::Instance;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::Native;

/// `write`
pub const WRITE: Native = Native::leaf(
    "write(layout, root, comment, pi, prefixes, short, /)",
    "The text of a tree, or None if it is no plain one; `comment` and `pi` are the tags of those, `prefixes` a dict from namespaces.",
    |heap, args| {
        let mut writer = Writer {
            heap,
            layout: Layout::from_arg(heap, args.get(0))?,
            out: String::new(),
            special: [args.get(2), args.get(3)],
            prefixes: args.get(4),
            is_short: args.get(5).is(Value::TRUE),
            names: FxHashMap::default(),
            namespaces: Vec::new(),
        };
        match writer.tree(args.get(1)) {
            Ok(()) => heap.adopt_text(writer.out),
            Err(Refusal::Unusual) => Ok(Value::NONE),
            Err(Refusal::Raised(raised)) => Err(raised),
        }
    },
);

/// How deep a plain tree is at most. Deeper ones, and those that contain themselves, are left to the recursion in apy.
const DEEPEST: usize = 900;

enum Refusal {
    /// The tree is not plain.
    Unusual,
    Raised(Raised),
}

impl From<Raised> for Refusal {
    fn from(raised: Raised) -> Refusal {
        Refusal::Raised(raised)
    }
}

struct Writer<'h> {
    heap: &'h Heap,
    layout: &'h Layout,
    out: String,
    /// The tags of comments and processing instructions.
    special: [Value<'h>; 2],
    prefixes: Value<'h>,
    is_short: bool,
    /// From names to names with prefixes.
    names: FxHashMap<&'h str, String>,
    /// Address and prefix, in the order in which they are met.
    namespaces: Vec<(String, String)>,
}

/// An element whose end is not written yet.
struct Open<'h> {
    element: Gc<'h, Instance>,
    name: &'h str,
    children: Option<Gc<'h, List>>,
    at: usize,
}

type Written<T = ()> = Result<T, Refusal>;

impl<'h> Writer<'h> {
    fn tree(&mut self, root: Value<'h>) -> Written {
        let mut open = Vec::new();
        open.extend(self.start(root)?);
        let head = open
            .first()
            .map_or(0, |root: &Open<'h>| 1 + self.names[root.name].len());
        while let Some(top) = open.last_mut() {
            let child = top.children.and_then(|list| list.item(self.heap, top.at));
            top.at += 1;
            match child {
                Some(child) => open.extend(self.start(child)?),
                None => {
                    if let Some(done) = open.pop() {
                        self.end(&done)?;
                    }
                }
            }
            self.heap.poll(1)?;
            if open.len() > DEEPEST {
                return Err(Refusal::Unusual);
            }
        }
        self.declare(head);
        Ok(())
    }

    /// Writes an element up to the first one in it; None: that was all.
    fn start(&mut self, element: Value<'h>) -> Written<Option<Open<'h>>> {
        let element = element.as_gc::<Instance>().ok_or(Refusal::Unusual)?;
        let tag = self.field(element, Field::Tag)?;
        let text = self.field(element, Field::Text)?;
        if tag.is(self.special[0]) || tag.is(self.special[1]) {
            let text = text.as_gc::<Str>().ok_or(Refusal::Unusual)?.as_str();
            let (before, after) = match tag.is(self.special[0]) {
                true => ("<!--", "-->"),
                false => ("<?", "?>"),
            };
            for part in [before, text, after] {
                self.put(part)?;
            }
            self.text(self.field(element, Field::Tail)?)?;
            return Ok(None);
        }
        let name = tag.as_gc::<Str>().ok_or(Refusal::Unusual)?.as_str();
        self.put("<")?;
        self.name(name)?;
        self.attributes(element)?;
        let children = self.layout.children(self.heap, element);
        let has_children = children.is_some_and(|list| list.len(self.heap) > 0);
        let has_text = text
            .as_gc::<Str>()
            .is_some_and(|text| !text.as_str().is_empty());
        if !has_text && !has_children && self.is_short {
            self.put(" />")?;
            self.text(text)?;
            self.text(self.field(element, Field::Tail)?)?;
            return Ok(None);
        }
        self.put(">")?;
        self.text(text)?;
        Ok(Some(Open {
            element,
            name,
            children,
            at: 0,
        }))
    }

    fn end(&mut self, open: &Open<'h>) -> Written {
        self.put("</")?;
        self.name(open.name)?;
        self.put(">")?;
        self.text(self.field(open.element, Field::Tail)?)
    }

    fn field(&self, element: Gc<'h, Instance>, field: Field) -> Written<Value<'h>> {
        let value = self.layout.get(self.heap, element, field);
        value.ok_or(Refusal::Unusual)
    }

    fn put(&mut self, text: &str) -> Written {
        Ok(self.heap.append_text(&mut self.out, text)?)
    }

    /// A name with the prefix of its namespace.
    fn name(&mut self, name: &'h str) -> Written {
        if !self.names.contains_key(name) {
            let written = self.prefixed(name)?;
            self.names.insert(name, written);
        }
        let written = &self.names[name];
        Ok(self.heap.append_text(&mut self.out, written)?)
    }

    fn prefixed(&mut self, name: &str) -> Written<String> {
        let Some(rest) = name.strip_prefix('{') else {
            return Ok(name.to_owned());
        };
        let (address, local) = rest.rsplit_once('}').ok_or(Refusal::Unusual)?;
        let known = self.namespaces.iter().find(|(known, _)| known == address);
        let prefix = match known {
            Some((_, prefix)) => prefix.clone(),
            None => self.new_prefix(address),
        };
        Ok(format!("{prefix}:{local}"))
    }

    fn new_prefix(&mut self, address: &str) -> String {
        let registered = self.prefixes.as_gc::<Dict>();
        let registered = registered
            .and_then(|known| known.get_str(self.heap, self.heap.intern(address)))
            .and_then(|prefix| prefix.as_gc::<Str>());
        let prefix = match registered {
            Some(prefix) => prefix.as_str().to_owned(),
            None => format!("ns{}", self.namespaces.len()),
        };
        if prefix != "xml" {
            self.namespaces.push((address.to_owned(), prefix.clone()));
        }
        prefix
    }

    fn attributes(&mut self, element: Gc<'h, Instance>) -> Written {
        let attrib = self.field(element, Field::Attrib)?;
        let attrib = attrib.as_gc::<Dict>().ok_or(Refusal::Unusual)?;
        if attrib.table.len(self.heap) == 0 {
            return Ok(());
        }
        for (key, value) in attrib.table.entries(self.heap) {
            let (Some(key), Some(value)) = (key.as_gc::<Str>(), value.as_gc::<Str>()) else {
                return Err(Refusal::Unusual);
            };
            self.put(" ")?;
            self.name(key.as_str())?;
            self.put("=\"")?;
            self.escaped(value.as_str(), attribute_escape)?;
            self.put("\"")?;
        }
        Ok(())
    }

    /// A text or tail; None is nothing.
    fn text(&mut self, text: Value<'h>) -> Written {
        if text.is_none() {
            return Ok(());
        }
        let text = text.as_gc::<Str>().ok_or(Refusal::Unusual)?;
        self.escaped(text.as_str(), text_escape)
    }

    fn escaped(&mut self, text: &str, escape: fn(u8) -> Option<&'static str>) -> Written {
        let mut done = 0;
        for (at, byte) in text.bytes().enumerate() {
            if let Some(escape) = escape(byte) {
                self.put(&text[done..at])?;
                self.put(escape)?;
                done = at + 1;
            }
        }
        self.put(&text[done..])
    }

    /// Declares the namespaces at the root, whose name ends at a place of the text.
    fn declare(&mut self, head: usize) {
        self.namespaces.sort_by(|a, b| a.1.cmp(&b.1));
        let mut declared = String::new();
        for (address, prefix) in &self.namespaces {
            declared.push_str(if prefix.is_empty() {
                " xmlns"
            } else {
                " xmlns:"
            });
            declared.push_str(prefix);
            declared.push_str("=\"");
            for c in address.chars() {
                match u8::try_from(c).ok().and_then(attribute_escape) {
                    Some(escape) => declared.push_str(escape),
                    None => declared.push(c),
                }
            }
            declared.push('"');
        }
        if !declared.is_empty() {
            self.out.insert_str(head, &declared);
        }
    }
}

fn text_escape(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        _ => None,
    }
}

fn attribute_escape(byte: u8) -> Option<&'static str> {
    match byte {
        b'"' => Some("&quot;"),
        b'\r' => Some("&#13;"),
        b'\n' => Some("&#10;"),
        b'\t' => Some("&#09;"),
        _ => text_escape(byte),
    }
}
