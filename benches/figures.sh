#!/usr/bin/env bash
# Prints the figures of docs/performance.md: wall time and peak memory of whole processes, median of several runs.
# Usage: benches/figures.sh [RUNS]        (needs python3; builds the release binary if it is not there)
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --release --quiet
binary="${CARGO_TARGET_DIR:-target}/release/mtvtest"
collected=$(mktemp -d)
trap 'rm -rf "$collected"' EXIT

python3 - "$binary" "$collected" "${1:-7}" <<'PY'
import json, os, statistics, sys, time

binary, collected, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])

def once(arguments):
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(binary, [binary, *arguments])
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - begun
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"mtvtest {' '.join(arguments)} exited {os.waitstatus_to_exitcode(status)}")
    return wall * 1000, usage.ru_maxrss / 1024

def step_ms(step):
    """How long a step of the newest run took, by its own events."""
    with open(os.path.join(collected, "latest", "events.jsonl")) as lines:
        events = [json.loads(line) for line in lines]
    return next(one["took_ms"] for one in events if one.get("event") == "step-finished" and one.get("step") == step)

VSPHERE = ["--source-provider", "vsphere-8"]

for name, arguments in [
    ("list the shipped catalogue", ["list"]),
    ("run cold/sanity on the lab", ["run", "--lab", "--filter", "cold/sanity", *VSPHERE, "--data-collector-path", collected]),
    ("run the whole catalogue on vSphere on the lab", ["run", "--lab", *VSPHERE, "--data-collector-path", collected]),
    ("run the whole catalogue on all five sources of the lab", ["run", "--lab", "--data-collector-path", collected]),
]:
    once(arguments)  # warm-up
    walls, peaks = zip(*(once(arguments) for _ in range(runs)))
    print(f"{name}: {statistics.median(walls):.0f} ms wall (max {max(walls):.0f}), "
          f"{statistics.median(peaks):.0f} MiB peak (max {max(peaks):.0f}), {runs} runs")

for name, test in [("one running guest", "one"), ("fifty running guests of one plan", "fifty")]:
    arguments = ["run", "--lab", "--scenarios", "benches/guests", "--exact", test, *VSPHERE,
                 "--data-collector-path", collected]
    once(arguments)  # warm-up
    found = [(once(arguments)[1], step_ms("check")) for _ in range(runs)]
    peaks, steps = zip(*found)
    print(f"check of {name}: {statistics.median(steps):.0f} ms (max {max(steps):.0f}), "
          f"{statistics.median(peaks):.0f} MiB peak of the whole run, {runs} runs")
PY
