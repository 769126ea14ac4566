//! Walks a parsed template: are its functions and variables known, and which fields of the data does it read?
//!
//! Go finds all of this when it parses; the engine would find it only when it renders, and only where it comes by.

use gotmpl::parse::{BranchNode, DefineNode, Expr, ListNode, Node, PipeNode};
use std::collections::BTreeSet;

/// Go's own functions.
const BUILTIN: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "slice", "urlquery",
];

/// Functions whose outcome Go keeps as a 64-bit number.
const LONG: [&str; 8] = ["add", "add1", "div", "max", "min", "mod", "mul", "sub"];

/// Functions with arguments that Go wants as plain numbers, and refuses as 64-bit ones: name, positions.
const PLAIN: [(&str, &[usize]); 4] = [("repeat", &[1]), ("round", &[2]), ("substr", &[1, 2]), ("trunc", &[1])];

/// What is wrong with a word of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A function that is not there.
    Function(String),
    /// Anything else, in words.
    Other(String),
}

/// The walk: which variables are declared here, whether the dot is the data itself, and what was found.
pub(super) struct Words<'a> {
    offered: &'a [&'a str],
    declared: Vec<Declared>,
    dot_is_data: bool,
    /// Fields of the data that the template reads.
    pub(super) fields: BTreeSet<String>,
    /// Why it fails wherever it is rendered.
    pub(super) fails: Option<String>,
}

/// A variable, without its `$`.
struct Declared {
    name: String,
    long: bool,
}

/// Go's builtin functions and the product's own, sorted.
pub(super) fn functions<'a>(offered: &[&'a str]) -> Vec<&'a str> {
    let mut all: Vec<&str> = offered.iter().copied().chain(BUILTIN).collect();
    all.sort_unstable();
    all
}

impl<'a> Words<'a> {
    /// Walks a template whose functions, beside Go's own, are `offered`.
    ///
    /// # Errors
    /// The first word that Go would not parse.
    pub(super) fn of(offered: &'a [&'a str], tree: &ListNode, defines: &[DefineNode]) -> Result<Self, Wrong> {
        let mut words = Self { offered, declared: Vec::new(), dot_is_data: true, fields: BTreeSet::new(), fails: None };
        words.list(tree)?;
        for define in defines {
            words.declared.clear();
            // What it is called with is not known here.
            words.dot_is_data = false;
            words.list(&define.body)?;
        }
        Ok(words)
    }

    fn list(&mut self, list: &ListNode) -> Result<(), Wrong> {
        list.nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Result<(), Wrong> {
        match node {
            Node::List(list) => self.list(list),
            Node::Action(action) => self.pipe(&action.pipe),
            Node::If(branch) => self.branch(branch, self.dot_is_data),
            Node::With(branch) => self.branch(branch, self.dot_is_data && is_dot(&branch.pipe)),
            Node::Range(branch) => self.branch(branch, false),
            Node::Template(call) => match &call.pipe {
                Some(pipe) if !is_dot(pipe) => self.pipe(pipe),
                _ => Ok(()),
            },
            Node::Text(_) | Node::Define(_) | Node::Break(_) | Node::Continue(_) => Ok(()),
        }
    }

    fn branch(&mut self, branch: &BranchNode, dot_is_data: bool) -> Result<(), Wrong> {
        let (declared, outside) = (self.declared.len(), self.dot_is_data);
        if !is_dot(&branch.pipe) {
            self.pipe(&branch.pipe)?;
        }
        let inside = self.declared.len();
        self.dot_is_data = dot_is_data;
        self.list(&branch.body)?;
        self.dot_is_data = outside;
        self.declared.truncate(inside);
        if let Some(other) = &branch.else_body {
            self.list(other)?;
        }
        self.declared.truncate(declared);
        Ok(())
    }

    fn pipe(&mut self, pipe: &PipeNode) -> Result<(), Wrong> {
        for command in &pipe.commands {
            command.args.iter().try_for_each(|expression| self.expression(expression))?;
            self.numbers(&command.args);
        }
        // Go looks for the variable of an assignment only when it renders.
        if pipe.is_assign {
            let undeclared = pipe.decl.iter().find_map(|name| self.variable(name).err());
            if let Some(Wrong::Other(why)) = undeclared {
                self.fails = Some(why);
            }
        } else {
            let long = is_long(pipe);
            self.declared.extend(pipe.decl.iter().map(|name| Declared { name: bare(name).to_owned(), long }));
        }
        Ok(())
    }

    /// Finds a 64-bit number where a plain one is wanted: Go converts none.
    fn numbers(&mut self, command: &[Expr]) {
        let Some(Expr::Identifier(_, function)) = command.first() else { return };
        let wanted = PLAIN.iter().find(|(name, _)| name == function).map_or(&[][..], |(_, wanted)| wanted);
        let long = |argument: &Expr| match argument {
            Expr::Pipe(_, pipe) => is_long(pipe),
            Expr::Variable(_, name, path) if path.is_empty() => {
                self.declared.iter().rev().find(|one| one.name == bare(name)).is_some_and(|one| one.long)
            }
            _ => false,
        };
        if wanted.iter().filter_map(|at| command.get(*at)).any(long) {
            self.fails = Some(format!("{function}: wrong type for value; expected int; got int64"));
        }
    }

    fn expression(&mut self, expression: &Expr) -> Result<(), Wrong> {
        match expression {
            Expr::Identifier(_, name) if !self.knows(name) => Err(Wrong::Function(name.to_string())),
            Expr::Dot(_) if self.dot_is_data => {
                Err(Wrong::Other("`.` alone is all of the data, whose text can never be part of a name".to_owned()))
            }
            Expr::Field(_, path) => {
                if self.dot_is_data {
                    self.fields.extend(path.first().map(ToString::to_string));
                }
                Ok(())
            }
            Expr::Variable(_, name, path) => {
                if bare(name).is_empty() {
                    let Some(field) = path.first() else {
                        let why = "`$` alone is all of the data, whose text can never be part of a name";
                        return Err(Wrong::Other(why.to_owned()));
                    };
                    self.fields.insert(field.to_string());
                }
                self.variable(name)
            }
            Expr::Pipe(_, pipe) => self.pipe(pipe),
            Expr::Chain(_, inner, _) => self.expression(inner),
            _ => Ok(()),
        }
    }

    fn knows(&self, function: &str) -> bool {
        self.offered.contains(&function) || BUILTIN.contains(&function)
    }

    fn variable(&self, name: &str) -> Result<(), Wrong> {
        let name = bare(name);
        if name.is_empty() || self.declared.iter().any(|one| one.name == name) {
            return Ok(());
        }
        Err(Wrong::Other(format!("undefined variable \"${name}\"")))
    }
}

fn bare(variable: &str) -> &str {
    variable.trim_start_matches('$')
}

/// Whether the outcome is that of a function of 64-bit numbers.
fn is_long(pipe: &PipeNode) -> bool {
    let last = pipe.commands.last().and_then(|command| command.args.first());
    matches!(last, Some(Expr::Identifier(_, name)) if LONG.contains(&name.as_str()))
}

fn is_dot(pipe: &PipeNode) -> bool {
    pipe.decl.is_empty() && matches!(pipe.commands.as_slice(), [only] if matches!(only.args.as_slice(), [Expr::Dot(_)]))
}
