//! The exceptions.

use crate::runtime::Builtin;

/// The exceptions that are builtin names.
pub fn named() -> impl Iterator<Item = Builtin> {
    let elsewhere = |class: &Builtin| super::MODULES.iter().any(|(_, classes)| classes.contains(class));
    Builtin::all().filter(move |class| class.derives_from(Builtin::BaseException) && !elsewhere(class))
}
