//! The names around a program: builtins, modules, and how their functions are called.
//!
//! Lints know the text of one program; what else a name may refer to is the embedder's to say, who has the tables of the runtime and
//! the folders in which imports look. An answer of None always means "not known": then lints stay silent.

/// What surrounds a program.
pub trait World {
    /// The names that are there without a definition.
    fn builtins(&self) -> Vec<String>;
    /// Where `import name` would find its module.
    fn module(&self, name: &str) -> Origin;
    /// The names that a module of the library has; None for modules that only running would show.
    fn names(&self, module: &str) -> Option<Vec<String>>;
    /// Whether a module of the library has this attribute.
    fn has_attribute(&self, module: &str, name: &str) -> Option<bool>;
    /// How a function of a module of the library is called: `name(params)`.
    fn signature(&self, module: &str, name: &str) -> Option<String>;
    /// The names of modules that can be imported, for suggestions.
    fn modules(&self) -> Vec<String>;
}

/// Where a module comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is part of apy.
    Library,
    /// A file beside the program or among the installed packages.
    File,
    /// CPython's library has it, apy lacks it.
    Lacking,
    /// Nobody knows it.
    Unknown,
}
