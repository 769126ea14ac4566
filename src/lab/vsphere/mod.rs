//! A vSphere SOAP server.
