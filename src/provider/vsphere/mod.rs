//! vSphere over SOAP.
