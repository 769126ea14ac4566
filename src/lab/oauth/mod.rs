//! OpenShift's OAuth login.
