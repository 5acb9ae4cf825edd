//! Imports: loading modules and binding names.
//!
//! Contract: `import a.b` binds `a`, `import a.b as c` the leaf. What `from __future__` asks for has been done by the
//! resolver; its names are bound like others.

use super::emitter::Emitter;
use crate::bytecode::Op;
use crate::diagnostics::Span;
use crate::syntax::ast::{Alias, Ident, ImportNames, Name};

impl Emitter<'_, '_> {
    /// One part of `import a.b as c, d`.
    pub fn import(&mut self, alias: &Alias) {
        self.scratch(|e| {
            let module = e.temp();
            let name = e.here().mangle(&alias.name.name);
            let key = e.b.name(&name);
            e.op_at(
                alias.name.span,
                Op::Import,
                module,
                0,
                alias.asname.is_some().into(),
                key,
            );
            match &alias.asname {
                Some(asname) => e.store_name(&asname.name, asname.span, module),
                None => {
                    let top: Name = alias.name.name.split('.').next().unwrap_or_default().into();
                    e.store_name(&top, alias.name.span, module);
                }
            }
        });
    }

    /// `from ..module import names`
    pub fn import_from(
        &mut self,
        module: Option<&Ident>,
        level: u32,
        names: &ImportNames,
        span: Span,
    ) {
        self.scratch(|e| {
            let reg = e.temp();
            let name = module.map_or_else(|| "".into(), |module| module.name.clone());
            let key = e.b.name(&name);
            let level = u8::try_from(level).unwrap_or(u8::MAX);
            e.op_at(
                module.map_or(span, |module| module.span),
                Op::Import,
                reg,
                level,
                1,
                key,
            );
            match names {
                ImportNames::Star(at) => e.op_at(*at, Op::ImportStar, reg, 0, 0, 0),
                ImportNames::Names(names) => {
                    let value = e.temp();
                    for alias in names {
                        let name = e.here().mangle(&alias.name.name);
                        let key = e.b.name(&name);
                        e.op_at(alias.name.span, Op::ImportFrom, value, reg, 0, key);
                        let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                        e.store_name(&bound.name, bound.span, value);
                    }
                }
            }
        });
    }
}
