//! Tests of scenario files as their authors meet them: whole files in, scenarios or full messages out.

mod errors;
mod full;
mod matrix;
mod needs;
mod robust;
mod rules;
mod selecting;
mod templates;
