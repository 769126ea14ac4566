//! One call: the envelope that goes out, and what the answer means.
//!
//! Source: source-providers.md section 2.1.

use super::fault::{CallError, Fault};
use super::xml::{Element, MoRef, parse};
use crate::provider::ProviderError;
use crate::provider::patience::is_unavailable;
use bytes::Bytes;
use http::{Response, StatusCode};

/// Older versions are accepted by every server up to 9, newer ones are refused.
pub(crate) const SOAP_ACTION: &str = "urn:vim25/6.5";

const ENVELOPE: &str = r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>"#;

/// A call of one method on one object.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Method.
    pub(crate) method: &'static str,
    /// The object, in people's words, for errors.
    pub(crate) object: String,
    /// Whether it only reads, so that it may be sent again when no answer came.
    pub(crate) reads: bool,
    /// Name of the VM that its task makes.
    pub(crate) makes: Option<String>,
    body: Element,
}

impl Call {
    /// A call that changes something: it is sent once.
    pub(crate) fn new(method: &'static str, this: &MoRef) -> Self {
        let body = Element::new(method).with(Element::moref("_this", this));
        Self { method, object: this.to_string(), reads: false, makes: None, body }
    }

    /// A call that only reads: it is repeated when no answer came.
    pub(crate) fn read(method: &'static str, this: &MoRef) -> Self {
        Self { reads: true, ..Self::new(method, this) }
    }

    /// With the object's name for errors.
    #[must_use]
    pub(crate) fn about(mut self, object: &(impl std::fmt::Display + ?Sized)) -> Self {
        self.object = object.to_string();
        self
    }

    /// Whose task makes a VM of this name.
    #[must_use]
    pub(crate) fn making(mut self, name: &str) -> Self {
        self.makes = Some(name.to_owned());
        self
    }

    /// With one more argument.
    #[must_use]
    pub(crate) fn with(mut self, argument: Element) -> Self {
        self.body = self.body.with(argument);
        self
    }

    /// The envelope.
    pub(crate) fn envelope(&self) -> String {
        let mut text = ENVELOPE.to_owned();
        self.body.write(&mut text, r#" xmlns="urn:vim25""#);
        text.push_str("</soapenv:Body></soapenv:Envelope>");
        text
    }

    /// What the answer means: the response element, or the fault.
    pub(crate) fn judge(&self, answer: &Response<Bytes>) -> Result<Element, CallError> {
        let malformed = |problem: String, remedy: &'static str| {
            CallError::from(ProviderError::Malformed {
                operation: self.method.to_owned(),
                object: self.object.clone(),
                problem,
                remedy,
            })
        };
        let text = String::from_utf8_lossy(answer.body());
        let parsed = parse(&text);
        let content = parsed.as_ref().ok().and_then(|root| root.child("Body")).and_then(|body| body.children.first());
        match content {
            Some(fault) if fault.name == "Fault" => Err(Fault::of_body(self.method, &self.object, fault).into()),
            Some(response) if answer.status() == StatusCode::OK => Ok(response.clone()),
            None if answer.status() == StatusCode::OK => {
                let problem = parsed.err().map_or_else(|| "no SOAP body".to_owned(), |error| error.to_string());
                Err(malformed(
                    format!("the answer is no SOAP ({problem})"),
                    "see that api_url in providers.json is the vCenter's https://HOST/sdk",
                ))
            }
            _ => Err(malformed(
                format!("HTTP {} without a SOAP fault", answer.status()),
                if is_unavailable(answer.status()) {
                    "wait until the vCenter's services run"
                } else {
                    "see that api_url in providers.json is the vCenter's https://HOST/sdk, without a proxy between"
                },
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_exact() {
        let call = Call::new("PowerOffVM_Task", &MoRef::new("VirtualMachine", "vm-12"));
        assert_eq!(
            call.envelope(),
            concat!(
                r#"<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" "#,
                r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>"#,
                r#"<PowerOffVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-12</_this></PowerOffVM_Task>"#,
                "</soapenv:Body></soapenv:Envelope>"
            )
        );
    }

    #[test]
    fn answers_are_told_apart() {
        let call = Call::new("Login", &MoRef::new("SessionManager", "SessionManager"));
        let answer = |status: u16, body: &str| {
            call.judge(&Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap())
        };
        let fine = "<e:Envelope xmlns:e='x'><e:Body><LoginResponse><returnval/></LoginResponse></e:Body></e:Envelope>";
        assert_eq!(answer(200, fine).unwrap().name, "LoginResponse");
        let fault = "<e:Envelope xmlns:e='x' xmlns:i='y'><e:Body><e:Fault><faultstring>no</faultstring><detail><XFault i:type='InvalidLogin'/></detail></e:Fault></e:Body></e:Envelope>";
        assert!(answer(500, fault).unwrap_err().is("InvalidLogin"));
        let words = |status, body| ProviderError::from(answer(status, body).unwrap_err()).to_string();
        assert!(words(200, "<html>").contains("no SOAP"), "{}", words(200, "<html>"));
        assert!(words(503, "down").contains("HTTP 503"), "{}", words(503, "down"));
        assert!(words(404, fine).contains("HTTP 404"));
    }
}
