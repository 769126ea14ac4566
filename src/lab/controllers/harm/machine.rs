//! The machine of a target VM: power, CPU, memory, firmware, serial, name.

use crate::facts::{Seed, parse_quantity_bytes};
use crate::lab::fault::ProductFault;
use serde_json::{Value, json};

const DOMAIN: &str = "/spec/template/spec/domain";
/// Annotation with the source's name. Source: forklift-api.md section 7 (name).
const DISPLAY_NAME: &str = "openshift.io/display-name";

/// Harms a VirtualMachine.
pub(super) fn harm(fault: ProductFault, vm: &mut Value) {
    harm_power_and_name(fault, vm);
    let Some(domain) = vm.pointer_mut(DOMAIN).filter(|domain| domain.is_object()) else { return };
    match fault {
        ProductFault::LostCore => lose_core(&mut domain["cpu"]),
        ProductFault::SocketsForCores => swap_topology(&mut domain["cpu"]),
        ProductFault::DoubledThreads => domain["cpu"]["threads"] = json!(2),
        ProductFault::LostTopology => ["sockets", "cores"].iter().for_each(|part| remove(&mut domain["cpu"], part)),
        ProductFault::LostNesting => remove(&mut domain["cpu"], "features"),
        ProductFault::HalvedMemory => halve_memory(&mut domain["memory"]),
        ProductFault::DecimalMemory => {
            let decimal = domain["memory"]["guest"].as_str().map(|text| text.trim_end_matches('i').to_owned());
            domain["memory"]["guest"] = json!(decimal);
        }
        ProductFault::LostMemory => remove(&mut domain["memory"], "guest"),
        ProductFault::OldMachine => domain["machine"]["type"] = json!("pc"),
        ProductFault::UnaskedTpm => domain["devices"]["tpm"] = json!({"persistent": true}),
        _ => harm_firmware(fault, &mut domain["firmware"]),
    }
}

fn harm_power_and_name(fault: ProductFault, vm: &mut Value) {
    let own = vm["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let runs = vm["spec"]["runStrategy"] == "Always";
    let strategy = |runs: bool| json!(if runs { "Always" } else { "Halted" });
    let renamed = vm["metadata"]["annotations"].get(DISPLAY_NAME).is_some();
    match fault {
        ProductFault::WrongPower => vm["spec"]["runStrategy"] = strategy(!runs),
        ProductFault::UnaskedStart => vm["spec"]["runStrategy"] = strategy(true),
        ProductFault::UnaskedStop => vm["spec"]["runStrategy"] = strategy(false),
        ProductFault::WrongName => vm["metadata"]["name"] = json!(format!("vm-{}", Seed(0).suffix(&own, 4))),
        ProductFault::SuffixedName => {
            vm["metadata"]["name"] = json!(format!("{own}-{}", Seed(0).suffix(&own, 4)));
        }
        ProductFault::LostDisplayName => remove(&mut vm["metadata"]["annotations"], DISPLAY_NAME),
        ProductFault::WrongDisplayName if renamed => vm["metadata"]["annotations"][DISPLAY_NAME] = json!(own),
        _ => {}
    }
}

fn harm_firmware(fault: ProductFault, firmware: &mut Value) {
    let serial = firmware["serial"].as_str().unwrap_or_default().to_owned();
    let loader = &mut firmware["bootloader"];
    let efi = loader.get("efi").is_some();
    match fault {
        ProductFault::WrongFirmware if efi => *loader = json!({"bios": {}}),
        ProductFault::WrongFirmware => *loader = json!({"efi": {"secureBoot": false}}),
        ProductFault::LostSecureBoot if efi => loader["efi"]["secureBoot"] = json!(false),
        ProductFault::UnaskedSecureBoot if efi => loader["efi"] = json!({}),
        ProductFault::WrongSerial => firmware["serial"] = json!(in_form_of(&serial, &random_uuid(&serial))),
        ProductFault::PlainSerial => firmware["serial"] = json!(uuid_of(&serial)),
        ProductFault::SwappedSerial => {
            let digits = digits_of(&serial);
            let (head, tail) = digits.split_at(digits.len() / 2);
            firmware["serial"] = json!(in_form_of(&serial, &format!("{tail}{head}")));
        }
        ProductFault::LostSerial => remove(firmware, "serial"),
        _ => {}
    }
}

/// Takes a field away.
pub(super) fn remove(object: &mut Value, field: &str) {
    if let Some(fields) = object.as_object_mut() {
        fields.remove(field);
    }
}

fn topology(cpu: &Value) -> (u64, u64) {
    (cpu["sockets"].as_u64().unwrap_or(1), cpu["cores"].as_u64().unwrap_or(1))
}

fn lose_core(cpu: &mut Value) {
    match topology(cpu) {
        (_, cores @ 2..) => cpu["cores"] = json!(cores - 1),
        (sockets @ 2.., _) => cpu["sockets"] = json!(sockets - 1),
        _ => {}
    }
}

fn swap_topology(cpu: &mut Value) {
    let (sockets, cores) = topology(cpu);
    let (sockets, cores) = if cores > 1 { (sockets * cores, 1) } else { (1, sockets) };
    cpu["sockets"] = json!(sockets);
    cpu["cores"] = json!(cores);
}

fn halve_memory(memory: &mut Value) {
    let bytes = memory["guest"].as_str().and_then(|text| parse_quantity_bytes(text).ok());
    if let Some(bytes) = bytes {
        memory["guest"] = json!((bytes / 2).to_string());
    }
}

/// The 32 digits of a serial in either form.
fn digits_of(serial: &str) -> String {
    serial.trim_start_matches("VMware-").to_lowercase().chars().filter(char::is_ascii_hexdigit).collect()
}

fn uuid_of(serial: &str) -> String {
    let digits = digits_of(serial);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// Other digits, in the form that the serial has.
fn in_form_of(serial: &str, digits: &str) -> String {
    let digits = digits_of(digits);
    if !serial.starts_with("VMware-") {
        return uuid_of(&digits);
    }
    let bytes: Vec<&str> = (0..digits.len() / 2).filter_map(|at| digits.get(2 * at..2 * at + 2)).collect();
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    format!("VMware-{}-{}", head.join(" "), tail.join(" "))
}

fn random_uuid(purpose: &str) -> String {
    let mut stream = Seed(1).stream(purpose);
    (0..32).map(|_| stream.digit(16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_keep_their_form() {
        let (uuid, own) =
            ("4217c0de-0102-0304-0506-0708090a0b0c", "VMware-42 17 c0 de 01 02 03 04-05 06 07 08 09 0a 0b 0c");
        assert_eq!((uuid_of(own).as_str(), in_form_of(own, uuid).as_str()), (uuid, own));
        assert_eq!(in_form_of(uuid, &digits_of(own)), uuid);
        let mut firmware = json!({"serial": own, "bootloader": {"bios": {}}});
        harm_firmware(ProductFault::SwappedSerial, &mut firmware);
        assert_eq!(firmware["serial"], "VMware-05 06 07 08 09 0a 0b 0c-42 17 c0 de 01 02 03 04");
    }
}
