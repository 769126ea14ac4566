//! OpenShift's integrated OAuth server, as far as a password login needs it.
//!
//! It owns its codes and hands out the tokens that the world gives its users; whether a token may do something is the
//! API server's business.
//!
//! Transport faults meet requests by the verb `OAUTH:<method>` and the request's path.
//!
//! Source: cluster-api.md section 3.1.

mod server;

pub use server::OauthServer;
