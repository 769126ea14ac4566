//! Faults of vSphere: what they are, and what to do about them.
//!
//! Source: source-providers.md sections 2.1 and 6.

use super::xml::Element;
use crate::provider::{ProviderError, Refusal};

/// A fault, of a call or of a task. Code decides by `kind`, people read `message`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The API's operation.
    pub(crate) operation: String,
    /// What it was asked of.
    pub(crate) object: String,
    /// Type (`InvalidLogin`).
    pub(crate) kind: String,
    /// The server's words.
    pub(crate) message: String,
    /// Type, words and every property, for faults that are told apart only by their text.
    pub(crate) all_words: String,
}

impl Fault {
    /// The fault of a SOAP body: `faultstring` and `detail/<X>Fault xsi:type="X"`.
    pub(crate) fn of_body(operation: &str, object: &str, body: &Element) -> Self {
        let detail = body.child("detail").and_then(|detail| detail.children.first());
        let kind = detail
            .map(|detail| detail.class.clone().unwrap_or_else(|| bare(&detail.name)))
            .or_else(|| body.text_at("faultcode").map(str::to_owned))
            .unwrap_or_else(|| "Fault".to_owned());
        Self::new(operation, object, kind, body.text_at("faultstring"), detail)
    }

    /// The error of a task: `fault xsi:type="X"` and `localizedMessage`.
    pub(crate) fn of_task(operation: &str, object: &str, error: &Element) -> Self {
        let detail = error.child("fault");
        let kind = detail.and_then(|fault| fault.class.clone()).unwrap_or_else(|| "MethodFault".to_owned());
        Self::new(operation, object, kind, error.text_at("localizedMessage"), detail)
    }

    /// A call that was answered as if there were no session.
    pub(crate) fn without_session(operation: &str, object: &str) -> Self {
        Self::new(operation, object, "NotAuthenticated".to_owned(), Some("the session has ended"), None)
    }

    fn new(operation: &str, object: &str, kind: String, message: Option<&str>, detail: Option<&Element>) -> Self {
        // Its words come before more of ours, and a vCenter ends them with a full stop.
        let words = message.map_or("", |words| words.trim().trim_end_matches('.'));
        let mut message = if words.is_empty() { "the server gives no words" } else { words }.to_owned();
        if let Some(privilege) = detail.and_then(|detail| detail.text_at("privilegeId")) {
            let target = detail.and_then(|detail| detail.text_at("object")).unwrap_or(object);
            message = format!("{message} (privilege {privilege} on {target})");
        }
        let all_words = format!("{kind} {message} {}", detail.map(Element::words).unwrap_or_default());
        Self { operation: operation.to_owned(), object: object.to_owned(), kind, message, all_words }
    }

    /// Whether it is of that type.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// The object is busy; the same request may succeed later.
    pub(crate) fn is_busy(&self) -> bool {
        ["TaskInProgress", "ConcurrentAccess", "VimFaultConcurrentAccess"].contains(&self.kind.as_str())
    }

    /// A MAC address that is taken. Only the text tells.
    pub(crate) fn is_address_in_use(&self) -> bool {
        self.all_words.to_lowercase().contains("in use")
    }

    fn remedy(&self) -> &'static str {
        let of_guest = self.operation.ends_with("Guest").then(|| guest_remedy(&self.kind)).flatten();
        of_guest.unwrap_or_else(|| self.general_remedy())
    }

    fn general_remedy(&self) -> &'static str {
        match self.kind.as_str() {
            "NoPermission" => "grant the user of providers.json this privilege, with propagation",
            "NotAuthenticated" => "the session ended twice in a row; look at the session limits of the vCenter",
            "ManagedObjectNotFound" => "it was deleted meanwhile; find out by whom and run again",
            "DuplicateName" => "delete the VM that has this name, or run with another session",
            "InvalidPowerState" => "someone else switches this VM; leave it alone during the run",
            "TaskInProgress" => "another task holds the object; wait for it in the vCenter and run again",
            "InsufficientStorageSpace" | "NoDiskSpace" => "free space on the datastore or choose another one",
            "FileAlreadyExists" => "remove the file that an earlier run left on the datastore",
            "FileNotFound" => "a file of the VM is missing on its datastore; restore it or choose another source VM",
            "CannotCreateFile" => "see that the datastore is mounted writable on the host",
            "FileLocked" => "another VM or a backup holds the disk; end that and run again",
            "InvalidArgument" | "InvalidDeviceSpec" | "InvalidDeviceBacking" => {
                "compare the scenario's disks, datastores, host and resource pool with the vCenter"
            }
            "InvalidRequest" => "this vCenter does not understand the request; report its version with the log",
            "InvalidProperty" => "this vCenter is older than 6.5 or no vCenter; give another source",
            "NotSupported" => "an ESXi host on its own cannot do this; give the vCenter that manages it",
            _ => "look at the task in the vCenter's events",
        }
    }
}

/// What to do about a fault of an operation inside a guest.
fn guest_remedy(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "InvalidGuestLogin" => {
            "correct the guest's user and password in providers.json (guest_vm_linux_user or guest_vm_win_user, and the \
             password beside it); it was tried once"
        }
        "GuestOperationsUnavailable" | "ToolsUnavailable" => {
            "see that VMware Tools (open-vm-tools) are installed and run in the guest, or give the guest more time"
        }
        "GuestComponentsOutOfDate" => "update VMware Tools in the guest",
        "OperationDisabledByGuest" | "OperationNotSupportedByGuest" => {
            "allow guest operations in the configuration of VMware Tools in the guest"
        }
        "GuestPermissionDenied" => "give an account that may run programs and write its temporary folder in the guest",
        "TooManyGuestLogons" => "end other sessions in the guest and run again",
        "InvalidPowerState" => "switch the VM on: only a running guest runs commands",
        "FileNotFound" => "the guest has no such file; see that its family (Linux or Windows) is the right one",
        "CannotAccessFile" | "FileFault" => "see that the account may write its temporary folder in the guest",
        _ => return None,
    })
}

/// The type of a fault that has no `xsi:type`: its element is called `<type>Fault`.
fn bare(element: &str) -> String {
    element.strip_suffix("Fault").unwrap_or(element).to_owned()
}

/// A call that failed: by a fault that callers may look at, or otherwise.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The server refused.
    Fault(Box<Fault>),
    /// Anything else.
    Failed(ProviderError),
}

impl CallError {
    /// Whether it is a fault of that type.
    pub(crate) fn is(&self, kind: &str) -> bool {
        matches!(self, Self::Fault(fault) if fault.is(kind))
    }
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<ProviderError> for CallError {
    fn from(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}

impl From<CallError> for ProviderError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Failed(error) => error,
            CallError::Fault(fault) => {
                let remedy = fault.remedy().to_owned();
                let Fault { operation, object, kind, message, .. } = *fault;
                Self::Refused(Box::new(Refusal { operation, object, status: None, fault: kind, message, remedy }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;

    #[test]
    fn classified_by_type_whatever_the_words() {
        let body = parse(
            r#"<f:Fault xmlns:f="x" xmlns:i="y"><faultcode>ServerFaultCode</faultcode><faultstring>Permission was denied.</faultstring>
               <detail><NoPermissionFault i:type="NoPermission"><object type="Folder">group-v3</object><privilegeId>VirtualMachine.Inventory.Create</privilegeId></NoPermissionFault></detail></f:Fault>"#,
        )
        .unwrap();
        let fault = Fault::of_body("CloneVM_Task", "VM a (vm-1)", &body);
        assert!(fault.is("NoPermission"));
        assert_eq!(
            ProviderError::from(CallError::from(fault)).to_string(),
            "CloneVM_Task on VM a (vm-1): NoPermission: Permission was denied (privilege \
             VirtualMachine.Inventory.Create on group-v3); grant the user of providers.json this privilege, with propagation"
        );
        let bare = parse("<Fault><faultcode>c</faultcode><detail><RuntimeFaultFault/></detail></Fault>").unwrap();
        assert!(Fault::of_body("x", "y", &bare).is("RuntimeFault"));
        let none = parse("<Fault><faultcode>ServerFaultCode</faultcode><faultstring>s</faultstring></Fault>").unwrap();
        assert!(Fault::of_body("x", "y", &none).is("ServerFaultCode"));
    }

    #[test]
    fn addresses_in_use_are_found_in_properties_too() {
        let error = parse(
            r#"<error xmlns:x="y"><fault x:type="GenericVmConfigFault"><reason>MAC address 00:50:56:00:00:01 is In Use by b</reason></fault><localizedMessage>failed</localizedMessage></error>"#,
        )
        .unwrap();
        let fault = Fault::of_task("CloneVM_Task", "VM a", &error);
        assert!(fault.is("GenericVmConfigFault"));
        assert!(fault.is_address_in_use());
        assert!(!fault.is_busy());
    }
}
