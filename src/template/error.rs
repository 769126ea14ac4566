//! What can be wrong with a template or with what it renders.

use thiserror::Error;

/// Why a template, or the name it renders, is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// It is no template: an action or block is not closed, an `{{end}}` has no beginning, a variable is not declared.
    #[error("template {template:?} does not parse: {why}")]
    Syntax {
        /// The template.
        template: String,
        /// What is wrong, in the words of the parser.
        why: String,
    },
    /// It calls a function that the product does not offer.
    #[error("template {template:?} calls `{name}`, which the product does not offer; it offers {offered}")]
    UnknownFunction {
        /// The template.
        template: String,
        /// The function.
        name: String,
        /// The functions there are, separated by spaces.
        offered: String,
    },
    /// It parses, but cannot be rendered with these variables.
    #[error("template {template:?} cannot be rendered: {why}")]
    Render {
        /// The template.
        template: String,
        /// What is wrong, in the words of the engine.
        why: String,
    },
    /// What it renders cannot name a claim.
    #[error(
        "template {template:?} gives {rendered:?}, which is no DNS-1123 label: lower-case letters, digits and dashes, \
         a letter or digit at both ends, at most 63 characters"
    )]
    NotALabel {
        /// The template.
        template: String,
        /// The text it gives.
        rendered: String,
    },
}
