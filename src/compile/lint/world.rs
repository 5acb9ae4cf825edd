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
    /// Whether a module of the library has this attribute; with dots in it, whether what it names does.
    fn has_attribute(&self, module: &str, path: &str) -> Option<bool>;
    /// How a function or class of a module of the library is called: `name(params)`. The name may have dots.
    fn signature(&self, module: &str, path: &str) -> Option<String>;
    /// Which kind of thing a module of the library has under a name, perhaps with dots.
    fn entity(&self, module: &str, path: &str) -> Entity;
    /// What objects of a class of the library have under a name.
    fn member(&self, module: &str, class: &str, name: &str) -> Member;
    /// The public names that objects of a class of the library have.
    fn member_names(&self, module: &str, class: &str) -> Vec<String>;
    /// The names of a class of the library and of all its bases, itself first.
    fn ancestors(&self, module: &str, class: &str) -> Vec<String>;
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

/// What a name of a module stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A class; calling it makes an object of it.
    Class,
    /// A function.
    Function,
    /// Something else, or nobody knows.
    Other,
}

/// What objects of a class have under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// Nobody can say.
    Unknown,
    /// Nothing: AttributeError.
    Absent,
    /// A value, or a method of which nothing more is known.
    Value,
    /// A method: how it is called, without `self`.
    Method(String),
}
