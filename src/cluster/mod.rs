//! The cluster: login, tracked creation, watches, facts.
