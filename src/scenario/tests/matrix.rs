use super::errors::errors_of;
use crate::scenario::load::load_text;
use crate::scenario::{DiskType, PowerSetting, Scenario};

fn load(text: &str) -> Vec<Scenario> {
    load_text("m.yaml", "cold/m", text).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

#[test]
fn combinations_keep_the_types_of_values() {
    let scenarios = load(
        "description: Disk ${{ matrix.disk }} with ${{matrix.count}}.\nmatrix:\n  disk: [thin, thick-lazy]\n  count: [1, 2]\n  \
         power: [on, null]\nvirtual_machines:\n  - {name: \"a-${{ matrix.count }}\", disk_type: \"${{ matrix.disk }}\"}\n  \
         - name: b\n    snapshots: ${{ matrix.count }}\n    source_vm_power: ${{ matrix.power }}\n",
    );
    let names: Vec<_> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names.len(), 8);
    assert_eq!(names[0], "cold/m[disk=thin,count=1,power=on]");
    assert_eq!(names[7], "cold/m[disk=thick-lazy,count=2,power=null]");
    assert_eq!(scenarios[7].description, "Disk thick-lazy with 2.");
    let vms = &scenarios[7].plans[0].plan.virtual_machines;
    assert_eq!(vms[0].name, "a-2");
    assert_eq!(vms[0].disk_type, Some(DiskType::ThickLazy));
    assert_eq!(vms[1].snapshots, Some(2));
    assert_eq!(vms[1].source_vm_power, None);
    assert_eq!(scenarios[0].plans[0].plan.virtual_machines[1].source_vm_power, Some(PowerSetting::On));
    assert_eq!(scenarios[0].matrix[2], ("power".to_owned(), "on".to_owned()));
}

#[test]
fn bad_references_are_told() {
    insta::assert_snapshot!(errors_of(
        "description: ${{ matrix.dsk }} ${{ env.HOME }} ${{ matrix.disk\nmatrix: {disk: [thin], none: [1]}\n\
         virtual_machines: [{name: '${{ matrix.disk }}'}]\n"
    ), @r#"
    bad.yaml:1:14: `${{ env.HOME }}`: only `matrix.KEY` can be referred to
      1 | description: ${{ matrix.dsk }} ${{ env.HOME }} ${{ matrix.disk
        |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        = at description

    bad.yaml:1:14: `${{` without `}}`
      1 | description: ${{ matrix.dsk }} ${{ env.HOME }} ${{ matrix.disk
        |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        = at description

    bad.yaml:1:14: unknown matrix key `dsk`; did you mean `disk`?
      1 | description: ${{ matrix.dsk }} ${{ env.HOME }} ${{ matrix.disk
        |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        = at description

    bad.yaml:2:24: matrix key `none` is never used; write `${{ matrix.none }}` where it belongs
      2 | matrix: {disk: [thin], none: [1]}
        |                        ^^^^
        = at matrix.none

    4 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of(
        "description: ${{ matrix.disk }}\nvirtual_machines: [{name: a}]\n"
    ), @r#"
    bad.yaml:1:14: unknown matrix key `disk`; the file has no `matrix`
      1 | description: ${{ matrix.disk }}
        |              ^^^^^^^^^^^^^^^^^^
        = at description

    1 error in 1 scenario file
    "#);
}

#[test]
fn bad_matrices_are_told() {
    insta::assert_snapshot!(errors_of(
        "description: A.\nmatrix: {a: [], b: x, c: [1, \"1\"], d: [[1]]}\nvirtual_machines:\n  \
         - name: ${{ matrix.a }}${{ matrix.b }}${{ matrix.c }}${{ matrix.d }}\n"
    ), @r#"
    bad.yaml:2:10: a matrix key needs a list of at least one value
      2 | matrix: {a: [], b: x, c: [1, "1"], d: [[1]]}
        |          ^
        = at matrix.a

    bad.yaml:2:17: a matrix key needs a list of at least one value
      2 | matrix: {a: [], b: x, c: [1, "1"], d: [[1]]}
        |                 ^
        = at matrix.b

    bad.yaml:2:30: the value `1` is given twice
      2 | matrix: {a: [], b: x, c: [1, "1"], d: [[1]]}
        |                              ^^^
        = at matrix.c

    bad.yaml:2:40: the values of a matrix are scalars
      2 | matrix: {a: [], b: x, c: [1, "1"], d: [[1]]}
        |                                        ^
        = at matrix.d

    4 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("description: A.\nmatrix: [a]\nvirtual_machines: [{name: a}]\n"), @r#"
    bad.yaml:2:1: `matrix` is a mapping from a key to the list of its values
      2 | matrix: [a]
        | ^^^^^^
        = at matrix

    1 error in 1 scenario file
    "#);
    let many = format!("[{}]", (0..300).map(|number| number.to_string()).collect::<Vec<_>>().join(", "));
    let text = format!("description: ${{{{ matrix.a }}}}\nmatrix:\n  a: {many}\nvirtual_machines: [{{name: a}}]\n");
    insta::assert_snapshot!(errors_of(&text), @r#"
    bad.yaml:2:1: the matrix has 300 combinations; at most 256 are allowed
      2 | matrix:
        | ^^^^^^
        = at matrix

    1 error in 1 scenario file
    "#);
}

#[test]
fn bad_values_are_told_where_they_stand() {
    insta::assert_snapshot!(errors_of(
        "description: A.\nmatrix: {disk: [thin, thik]}\nvirtual_machines:\n  - name: a\n    disk_type: ${{ matrix.disk }}\n"
    ), @r#"
    bad.yaml:2:23: unknown value `thik`; did you mean `thin`? (with [disk=thik])
      2 | matrix: {disk: [thin, thik]}
        |                       ^^^^
        = at virtual_machines[0].disk_type

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of(
        "description: A.\nmatrix: {nic: [true, false]}\nvirtual_machines:\n  - name: a\n    snapshots: 0\n    \
         add_nic: ${{ matrix.nic }}\n"
    ), @r#"
    bad.yaml:5:5: the number of snapshots is 1 to 31
      5 |     snapshots: 0
        |     ^^^^^^^^^
        = at virtual_machines[0].snapshots

    bad.yaml:6:5: `add_nic` needs `add_nic_start_connected: true` or `false` (with [nic=true])
      6 |     add_nic: ${{ matrix.nic }}
        |     ^^^^^^^
        = at virtual_machines[0].add_nic

    2 errors in 1 scenario file
    "#);
}
